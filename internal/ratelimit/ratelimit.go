// Package ratelimit holds token buckets in Redis that all workers share.
//
// A bucket that Redis does not know starts with a single token, not full: after a FLUSHALL nobody may burst twice, and the first message to a
// quiet chat does not wait. An idle bucket expires a minute after it would be full.
package ratelimit

import (
	"context"
	_ "embed"
	"fmt"
	"math"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kruzhok/kruzhok/campaigns"
)

// prefix of the buckets' keys.
const prefix = "kruzhok:rate:"

//go:embed take.lua
var source string

var script = redis.NewScript(source)

// Bucket says how fast tokens come and how many can wait.
type Bucket struct {
	Rate  float64 // tokens a second; 0: unlimited, Redis is not asked
	Burst int     // the most that can be taken at once; at least 1
	// Reserve is the share of Burst, from 0 to below 1, that bulk work leaves for interactive work. At least one token is left to bulk.
	Reserve float64
}

// Limiter takes tokens from buckets. It may be used from any goroutine.
type Limiter struct{ client redis.UniversalClient }

// New returns a limiter on the Redis that all workers share.
func New(client redis.UniversalClient) *Limiter { return &Limiter{client} }

// Take takes up to n tokens. It grants what there is, perhaps none, and never waits; wait tells when to come back for more,
// and is 0 when all were granted. The bulk lane leaves the bucket's reserve alone. An error means that nothing is known to be granted: send nothing.
func (l *Limiter) Take(ctx context.Context, bucket string, n int, b Bucket, lane campaigns.Lane) (granted int, wait time.Duration, err error) {
	if b.Rate <= 0 || n <= 0 {
		return max(n, 0), 0, nil
	}
	burst := max(b.Burst, 1)
	reserve := 0
	if lane == campaigns.Bulk {
		reserve = min(int(math.Ceil(b.Reserve*float64(burst))), burst-1)
	}
	reply, err := script.Run(ctx, l.client, []string{prefix + bucket}, b.Rate, burst, reserve, n).Int64Slice()
	if err != nil {
		return 0, 0, fmt.Errorf("take tokens of %s: %w", bucket, err)
	}
	if len(reply) != 2 {
		return 0, 0, fmt.Errorf("take tokens of %s: the script returned %d values", bucket, len(reply))
	}
	return int(reply[0]), time.Duration(reply[1]) * time.Microsecond, nil
}
