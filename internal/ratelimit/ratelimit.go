// Package ratelimit holds token buckets in Redis that all workers share.
//
// A bucket that Redis does not know starts with a single token, not full: after a FLUSHALL nobody may burst twice, and the first message after a quiet
// time does not wait. A bucket that starts full (a chat: there are many, and each is quiet most of the time) is forgotten as soon as it is full.
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

// prefix of the buckets' keys. One script reads several, so a cluster must keep them together (the part in braces).
const prefix = "kruzhok:{rate}:"

//go:embed take.lua
var source string

var script = redis.NewScript(source)

// Bucket says how fast tokens come and how many can wait.
type Bucket struct {
	Name  string
	Rate  float64 // tokens a second, above 0: what is unlimited has no bucket
	Burst int     // the most that can be taken at once; at least 1
	// Reserve is the share of Burst, from 0 to below 1, that bulk work leaves for interactive work. At least one token is left to bulk.
	Reserve float64
	// Full: a bucket that Redis does not know starts full.
	Full bool
	// Lines: whoever gets no token is given a moment of its own, one after another at the bucket's rate. Otherwise all try again.
	Lines bool
	// Opens is how long the bucket gives nothing yet.
	Opens time.Duration
}

// Ask is for N messages, each of which takes one token of each of the buckets Of (indexes).
type Ask struct {
	N  int
	Of []int
	// Again: they stood in line before.
	Again bool
}

// Grant answers an Ask: the first N messages may leave; the last Lined come back one by one, the first after First; those between try again.
type Grant struct {
	N, Lined int
	First    time.Duration
}

// Limiter takes tokens from buckets. It may be used from any goroutine.
type Limiter struct{ client redis.UniversalClient }

// New returns a limiter on the Redis that all workers share.
func New(client redis.UniversalClient) *Limiter { return &Limiter{client} }

// Take answers all asks in one call, in their order. It grants what there is, perhaps nothing, and never waits; dry tells when a bucket without a line
// has more for those who try again. An error means that nothing is known to be granted: send nothing.
func (l *Limiter) Take(ctx context.Context, lane campaigns.Lane, buckets []Bucket, asks []Ask) (grants []Grant, dry time.Duration, err error) {
	keys := make([]string, len(buckets))
	args := make([]any, 0, 1+6*len(buckets)+4*len(asks))
	args = append(args, len(asks))
	for i, b := range buckets {
		keys[i] = prefix + b.Name
		args = b.arguments(args, lane)
	}
	for _, a := range asks {
		args = append(args, a.N, flag(a.Again), len(a.Of))
		for _, i := range a.Of {
			args = append(args, i+1)
		}
	}
	reply, err := script.Run(ctx, l.client, keys, args...).Int64Slice()
	if err != nil {
		return nil, 0, fmt.Errorf("take tokens: %w", err)
	}
	if len(reply) != 3*len(asks)+1 {
		return nil, 0, fmt.Errorf("take tokens: the script returned %d values for %d asks", len(reply), len(asks))
	}
	grants = make([]Grant, len(asks))
	for i := range grants {
		grants[i] = Grant{int(reply[3*i]), int(reply[3*i+1]), micros(reply[3*i+2])}
	}
	return grants, micros(reply[3*len(asks)]), nil
}

func (b Bucket) arguments(args []any, lane campaigns.Lane) []any {
	burst, reserve, unknown := max(b.Burst, 1), 0, 1
	if lane == campaigns.Bulk {
		reserve = min(int(math.Ceil(b.Reserve*float64(burst))), burst-1)
	}
	if b.Full {
		unknown = burst
	}
	return append(args, b.Rate, burst, reserve, unknown, flag(b.Lines), max(b.Opens, 0).Microseconds())
}

// Gap is the time between two tokens.
func (b Bucket) Gap() time.Duration { return time.Duration(float64(time.Second) / b.Rate) }

func flag(on bool) int {
	if on {
		return 1
	}
	return 0
}

func micros(n int64) time.Duration { return time.Duration(n) * time.Microsecond }
