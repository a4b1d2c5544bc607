package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
)

// RawUpdate is one Telegram update as it came.
type RawUpdate struct {
	ID    int64
	HasID bool // false: it could not be read; its bytes stand in for the id
	Raw   json.RawMessage
}

// StoreUpdates stores raw updates, each once by its update_id, and wakes whoever handles them. Only after it returned nil may they be confirmed.
// An update that cannot be read is stored too, for a person to look at.
func (e *Engine) StoreUpdates(ctx context.Context, updates []RawUpdate) error {
	inputs := make([]*store.Input, 0, len(updates))
	for _, u := range updates {
		in := &store.Input{Source: "telegram", Kind: "update", Raw: strings.ToValidUTF8(string(u.Raw), "\uFFFD"), Actor: "telegram:?"}
		in.Raw = strings.ReplaceAll(in.Raw, "\x00", "\uFFFD") // PostgreSQL's text holds no NUL
		if u.HasID {
			in.SourceKey = strconv.FormatInt(u.ID, 10)
		} else {
			sum := sha256.Sum256(u.Raw)
			in.SourceKey = "sha256:" + hex.EncodeToString(sum[:])
		}
		if inc, err := e.Chat.Decode(u.Raw); err == nil && inc.Chat != "" {
			in.Actor = chatActor(inc.Chat)
		}
		inputs = append(inputs, in)
	}
	_, err := e.storeInputs(ctx, inputs)
	return err
}

const (
	// actorClaim is how long one worker may hold an actor. A worker that dies is followed by another after it.
	actorClaim = 30 * time.Second
	// maxTries is how often handling an input is tried before a person has to look.
	maxTries = 5
)

// HandleActor handles what the actor's inputs ask for, in their order, and sends what they cause. Another worker's claim is left alone. An actor that keeps
// on writing goes to the end of the line: handlers are few, and others wait.
func (e *Engine) HandleActor(ctx context.Context, actor string) error {
	claim, err := e.claimActor(ctx, actor)
	if err != nil || claim == "" {
		return err
	}
	err = e.drain(ctx, actor)
	if rerr := e.releaseActor(ctx, actor, claim); err == nil {
		err = rerr
	}
	if err != nil {
		return err
	}
	// Release, then look again: an input that came after "empty" and before the release had its wake-up refused.
	waits, err := e.Store.StoredInputs(ctx, actor, 1)
	if err == nil && len(waits) > 0 {
		e.wake("actor", e.Waker.WakeActors(ctx, actor))
	}
	return err
}

// claimActor claims the actor for the caller alone: two goroutines of one process exclude each other as two processes do.
// The claim's name is empty when another holds it.
func (e *Engine) claimActor(ctx context.Context, actor string) (claim string, err error) {
	name := e.Owner + "#" + strconv.FormatUint(e.claims.Add(1), 36)
	now := e.now()
	mine, err := e.Store.ClaimActor(ctx, actor, name, now, now.Add(actorClaim))
	if !mine {
		name = ""
	}
	return name, err
}

func (e *Engine) releaseActor(ctx context.Context, actor, claim string) error {
	ctx = context.WithoutCancel(ctx)
	return e.Store.ReleaseActor(ctx, actor, claim)
}

// drainAtOnce is how many inputs of an actor are read together.
const drainAtOnce = 20

// drain handles some of the actor's inputs, until one fails.
func (e *Engine) drain(ctx context.Context, actor string) error {
	ins, err := e.Store.StoredInputs(ctx, actor, drainAtOnce)
	for end, i := time.Now().Add(actorClaim/2), 0; err == nil && i < len(ins) && time.Now().Before(end); i++ {
		_, err = e.handle(ctx, ins[i])
	}
	return errors.Join(err, ctx.Err())
}

// after is what is left to do when an input's transaction is committed.
type after struct {
	send []campaigns.DeliveryID
	// mark shows on the pressed message what was chosen, or on a recording that it was taken; nil: nothing is shown.
	mark *mark
	// fetch: a file's content is to be fetched; blobs are contents that an erasure left without a row.
	fetch bool
	blobs []string
	// page is what the survey page tells at once.
	page *PageAnswer
}

func (a *after) add(b *after) {
	if b != nil {
		a.send = append(a.send, b.send...)
	}
}

// handle acts on one input in one transaction, then sends what it caused. A failure is counted on the input; after maxTries it is dead
// and stands in nobody's way.
func (e *Engine) handle(ctx context.Context, in *store.Input) (*after, error) {
	e.acknowledge(in)
	var out *after
	err := e.Store.Write(ctx, func(tx *store.Tx) (err error) {
		out = &after{}
		// What was read before the transaction may be done, or erased with its member, meanwhile.
		fresh, err := tx.Input(ctx, in.ID)
		if err != nil {
			return err
		}
		if *in = *fresh; in.State != store.InputStored {
			return errHandledElsewhere
		}
		done, err := e.dispatch(ctx, tx, in)
		if err != nil {
			return err
		}
		ok, err := tx.FinishInput(ctx, in.ID, in.Member, e.now())
		if err != nil {
			return err
		}
		if !ok {
			return errHandledElsewhere
		}
		if done != nil {
			out = done
		}
		return nil
	})
	switch {
	case errors.Is(err, errHandledElsewhere):
		return &after{}, nil
	case err != nil && ctx.Err() != nil:
		return nil, err
	case err != nil:
		return nil, e.failInput(ctx, in, err)
	}
	e.marking(ctx, in, out)()
	e.finished(ctx, in, out)
	return out, e.SendNow(ctx, out.send)
}

// finished does what follows an input's transaction, but for marking and sending.
func (e *Engine) finished(ctx context.Context, in *store.Input, out *after) {
	e.Observer.Input(in.Source, store.InputDone)
	e.woken.drop(in.Actor) // one that fails rests until the sweep's wake-up counts as lost
	if out.fetch {
		e.fetches.wake()
	}
	if err := e.dropBlobs(ctx, out.blobs); err != nil {
		e.Log.Warn("contents not removed yet", "error", err) // the sweep finds them
	}
}

var errHandledElsewhere = errors.New("input was handled elsewhere")

// errUnreadable: the input can never be read. It is dead at once, for a person to look at.
var errUnreadable = errors.New("unreadable")

func (e *Engine) failInput(ctx context.Context, in *store.Input, cause error) error {
	e.Log.Error("input failed", "input", in.ID, "source", in.Source, "kind", in.Kind, "tries", in.Tries+1, "error", cause)
	tries := maxTries
	switch {
	case fault.Is(cause, fault.Unavailable):
		tries = 1 << 30 // the database is away: that is no fault of the input
	case errors.Is(cause, errUnreadable):
		tries = 1
	}
	if in.Tries+1 >= tries {
		e.Observer.Input(in.Source, store.InputDead)
	}
	err := e.Store.Write(ctx, func(tx *store.Tx) error {
		return tx.FailInput(ctx, in.ID, firstLine(cause.Error()), tries, e.now())
	})
	if err != nil {
		return err
	}
	if in.Tries+1 >= tries { // the next one may go on
		return nil
	}
	return cause
}

// firstLine is what is kept of an error: the rest, a stack, is in the log.
func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return storable(s, 300)
}

// dispatch hands the input to what acts on it. A panic is this input's failure: it must stop nothing else.
func (e *Engine) dispatch(ctx context.Context, tx *store.Tx, in *store.Input) (out *after, err error) {
	defer recovered(&err)
	if in.Raw == "" { // its member was erased before anything acted on it
		return nil, nil
	}
	switch in.Source {
	case "telegram":
		inc, err := e.Chat.Decode(json.RawMessage(in.Raw))
		if err != nil {
			return nil, fmt.Errorf("decode update: %w: %w", errUnreadable, err)
		}
		return e.handleChat(ctx, tx, in, inc)
	case "api":
		return e.handleEvent(ctx, tx, in)
	case "page":
		return e.handlePage(ctx, tx, in)
	case enrollSource:
		return e.handleEnroll(ctx, tx, in)
	case daysSource:
		return e.handleDays(ctx, tx, in)
	}
	return nil, fmt.Errorf("unknown source of input")
}

// SweepActors lists actors whose inputs wait longer than they should: their wake-up was lost.
func (e *Engine) SweepActors(ctx context.Context, olderThan time.Duration, limit int) ([]string, error) {
	now := e.now()
	return e.Store.StoredActors(ctx, now.Add(-olderThan), now, limit)
}

// acknowledge ends the waiting circle on a pressed button: after it is stored, before anything slow, and beside the transaction that acts on it.
func (e *Engine) acknowledge(in *store.Input) {
	if in.Source != "telegram" || in.Raw == "" || e.Chat == nil {
		return
	}
	inc, err := e.Chat.Decode(json.RawMessage(in.Raw))
	if err != nil || inc.Kind != channels.IncomingPress || inc.Press == "" {
		return
	}
	notice := ""
	if _, err := e.readButton(inc.Chat, inc.Data); err != nil {
		notice = say(campaigns.Lang(inc.Language), "bot.button_foreign", nil)
	}
	e.beside.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), acknowledgeLimit)
		defer cancel()
		if err := e.Chat.Acknowledge(ctx, inc.Press, notice); err != nil {
			e.Log.Debug("press not acknowledged", "error", err)
		}
	})
}

const acknowledgeLimit = 2 * time.Second
