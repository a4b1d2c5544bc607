package workers

import (
	"context"
	"math"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/internal/ratelimit"
)

// Limiter shares the channels' rates among all workers. It is the engine's Limiter.
type Limiter struct {
	buckets map[campaigns.Channel]ratelimit.Bucket
	limit   *ratelimit.Limiter
}

// interactiveShare is what bulk work leaves of the bot's rate for members who wait for an answer.
const interactiveShare = 0.2

// NewLimiter limits the bot to telegramRate messages a second; 0 is unlimited. Mail has no limit of ours yet: the server says when it is too much.
func NewLimiter(rdb redis.UniversalClient, telegramRate float64) *Limiter {
	return &Limiter{
		limit: ratelimit.New(rdb),
		buckets: map[campaigns.Channel]ratelimit.Bucket{
			campaigns.Telegram: {Rate: telegramRate, Burst: max(1, int(math.Ceil(telegramRate))), Reserve: interactiveShare},
		},
	}
}

// Take asks for n messages of the channel. Without Redis none is granted: nothing is sent.
func (l *Limiter) Take(ctx context.Context, ch campaigns.Channel, lane campaigns.Lane, n int) (granted int, wait time.Duration, err error) {
	b := l.buckets[ch]
	if b.Rate == 0 {
		return n, 0, nil
	}
	return l.limit.Take(ctx, "rate:"+string(ch), n, b, lane)
}
