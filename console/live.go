package console

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/reports"
)

// pollEvery is how often a page is looked at while somebody watches it; costlier pages more rarely (look.Shared).
const pollEvery = time.Second

// revision is what a page shows, as a short text. The poll is shared by all who watch, so it asks as the operator; who may watch was asked before.
func revision[T any](v T, err error) (string, error) {
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(v)
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8]), err
}

// withSwitches is revision for a page that says, beside what it shows, what is stopped: while nothing is sent, nothing else on it changes.
func (k *Console) withSwitches(ctx context.Context) func(page any, err error) (string, error) {
	return func(page any, err error) (string, error) {
		if err != nil {
			return "", err
		}
		switches, err := k.o.Engine.Switches(ctx, engine.Operator)
		return revision([]any{page, switches}, err)
	}
}

func (r *request) liveToday() error {
	k := r.k
	k.o.Look.Shared(r.Context, "today", func(ctx context.Context) (string, error) {
		return k.withSwitches(ctx)(k.o.Reports.Today(ctx, engine.Operator, k.o.Now(), locale.Default))
	}, pollEvery)
	return nil
}

func (r *request) liveLetters() error {
	k := r.k
	k.o.Look.Shared(r.Context, "dead letters", func(ctx context.Context) (string, error) {
		letters, err := k.o.Reports.Letters(ctx, engine.Operator, 0, lettersPageRows)
		if err != nil {
			return "", err
		}
		failed, err := k.o.Reports.Failed(ctx, engine.Operator, locale.Default)
		if err != nil {
			return "", err
		}
		untold, err := k.o.Reports.Untold(ctx, engine.Operator, locale.Default)
		if err != nil {
			return "", err
		}
		unanswered, err := k.o.Reports.Unanswered(ctx, engine.Operator, locale.Default)
		return revision([]any{letters, failed, untold, unanswered}, err)
	}, pollEvery)
	return nil
}

func (r *request) liveCampaign() error {
	k, key, view := r.k, campaigns.Key(r.Param("key")), r.Param("view")
	if _, err := k.o.Engine.Campaign(r.Request.Context(), r.who, key); err != nil {
		return err
	}
	var look func(context.Context) (string, error)
	switch view {
	case "answers":
		look = func(ctx context.Context) (string, error) {
			return k.withSwitches(ctx)(k.o.Reports.Campaign(ctx, engine.Operator, key, locale.Default))
		}
	case "standings":
		look = func(ctx context.Context) (string, error) {
			return k.withSwitches(ctx)(k.o.Reports.Standings(ctx, engine.Operator, key, locale.Default, 0, standingsLimit))
		}
	default:
		view = "steps"
		look = func(ctx context.Context) (string, error) {
			return k.withSwitches(ctx)(k.o.Reports.Flow(ctx, engine.Operator, key, locale.Default))
		}
	}
	k.o.Look.Shared(r.Context, "campaign "+view+" "+string(key), look, pollEvery)
	return nil
}

func (r *request) liveMember() error {
	k := r.k
	id, err := number(r.Param("id"), "member")
	if err != nil {
		return err
	}
	k.o.Look.Shared(r.Context, "member "+r.Param("id"), func(ctx context.Context) (string, error) {
		return revision(k.o.Reports.MemberTimeline(ctx, engine.Operator, campaigns.MemberID(id), reports.TimelineQuery{Newest: true, Limit: timelinePage}))
	}, pollEvery)
	return nil
}
