package workers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/redis/go-redis/v9"
)

// errRedisURL names no part of the address: it may hold a password.
var errRedisURL = errors.New("KRUZHOK_REDIS_URL: cannot be read; write redis://HOST:6379/0, redis-sentinel://HOST:26379/0?master_name=NAME&addr=HOST2:26379 or redis-cluster://HOST:6379?addr=HOST2:6379")

// OpenRedis returns a client of one server (redis://, rediss://, unix://), of the master that Sentinels name (redis-sentinel://, rediss-sentinel://), or of a cluster (redis-cluster://,
// rediss-cluster://). What follows the scheme is as go-redis reads it: of Sentinels and clusters, further addresses are parameters "addr"; with Sentinels, user and password before the host
// are theirs, and those of the servers are parameters. Nothing is asked of a server yet.
// What go-redis has to say from now on, of all clients of the process, goes to the log.
func OpenRedis(url string, log *slog.Logger) (redis.UniversalClient, error) {
	redis.SetLogger(redisLog{log})
	scheme, rest, _ := strings.Cut(url, "://")
	transport, kind, _ := strings.Cut(scheme, "-")
	plain := transport + "://" + rest
	// ContextTimeoutEnabled: a Redis that hangs holds nobody longer than the caller waits.
	switch kind {
	case "":
		o, err := redis.ParseURL(url)
		if err != nil {
			return nil, errRedisURL
		}
		o.ContextTimeoutEnabled = true
		return redis.NewClient(o), nil
	case "sentinel":
		o, err := redis.ParseFailoverURL(plain)
		if err != nil || o.MasterName == "" {
			return nil, errRedisURL
		}
		o.ContextTimeoutEnabled = true
		return redis.NewFailoverClient(o), nil
	case "cluster":
		o, err := redis.ParseClusterURL(plain)
		if err != nil {
			return nil, errRedisURL
		}
		o.ContextTimeoutEnabled = true
		return redis.NewClusterClient(o), nil
	}
	return nil, errRedisURL
}

// redisLog passes on what go-redis tells: of connections, of Sentinels and of who is the master now.
type redisLog struct{ log *slog.Logger }

func (l redisLog) Printf(ctx context.Context, format string, args ...any) {
	l.log.InfoContext(ctx, "redis", "message", fmt.Sprintf(format, args...))
}
