package measure

import (
	"context"
	"net"

	"github.com/redis/go-redis/v9"
)

// Redis is a server of its own that keeps nothing on disk.
type Redis struct {
	*Proc
	URL string
}

// Redis starts a server in the lab.
func (l *Lab) Redis(ctx context.Context) (*Redis, error) {
	address, err := FreeAddress()
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(address)
	p, err := l.Start("redis", nil, "redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
	if err != nil {
		return nil, err
	}
	c := redis.NewClient(&redis.Options{Addr: address})
	defer c.Close()
	return &Redis{p, "redis://" + address + "/0"}, p.Ready(ctx, func(ctx context.Context) error { return c.Ping(ctx).Err() })
}
