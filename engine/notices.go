package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/store"
)

// Limits of telling the staff.
const (
	noticeClaim   = 2 * time.Minute  // how long one message may take before it is sent again
	noticeTries   = 9                // with the pauses between them, some two hours
	noticeBackoff = 30 * time.Second // doubled with each try
	// noticeBurst is of how many members one address hears by a message each, within noticeSpan and about one step. What comes on top is told together, in a
	// message each noticePause: an audience must not flood a chat that people read. However many wait, the first have their own texts.
	noticeBurst = 20
	noticeSpan  = time.Hour
	noticePause = 10 * time.Minute
	// maxNamed is how many a message about several members names.
	maxNamed = 10
	// noticeLease is held by the process that tells, so that what one address hears is counted by one.
	noticeLease = "notices"
)

// notify writes whom the step tells; where nobody is set up, a row that says so.
func (w *work) notify(ctx context.Context, l *live, row *store.Enrollment, x *decide.Notify) error {
	step := l.def.Step(x.Step)
	body, ok := step.Body.(*definition.Notify)
	if !ok {
		return fmt.Errorf("notify of enrollment %d: its step tells nobody", row.ID)
	}
	for _, to := range w.e.staff(body.To) {
		id, err := w.tx.NextID(ctx)
		if err != nil {
			return err
		}
		n := &store.Notice{
			ID: id, Campaign: row.Campaign, Version: row.Version, Enrollment: row.ID, Member: row.Member, Step: x.Step, Visit: x.Visit,
			Channel: to.channel, Address: to.address, State: store.NoticePending, DueAt: &w.now, CreatedAt: w.now,
		}
		if to.address == "" {
			n.State, n.Reason, n.DueAt = store.NoticeFailed, campaigns.NobodyToTell, nil
		}
		w.notices = append(w.notices, n)
	}
	return nil
}

// TellStaff sends what notify steps tell and is due: to each address one message at most, since a group takes few a minute.
func (e *Engine) TellStaff(ctx context.Context) error {
	first, err := e.Store.DueNotice(ctx, e.now())
	if err != nil || first == nil {
		return err
	}
	if mine, err := e.takeLease(ctx, noticeLease); err != nil || !mine {
		return err
	}
	all := e.staff(nil)
	if !slices.Contains(all, somebody{first.Channel, first.Address}) {
		return e.forgetAddress(ctx, first)
	}
	for _, to := range all {
		if wait, err := e.staffRests(ctx, to); err != nil || wait > 0 {
			if err != nil {
				return err
			}
			continue
		}
		n, err := e.Store.DueNoticeTo(ctx, to.channel, to.address, e.now())
		if err != nil {
			return err
		}
		if n == nil {
			continue
		}
		if err := e.tellStaff(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// forgetAddress ends what waits for an address that the settings name no more.
func (e *Engine) forgetAddress(ctx context.Context, n *store.Notice) error {
	return e.batches(ctx, func(tx *store.Tx, rows int) (int, error) {
		return tx.DropNoticesTo(ctx, n.Channel, n.Address, campaigns.NobodyToTell, rows)
	})
}

// batches does in bounded transactions what is done to very many rows, until none is left.
func (e *Engine) batches(ctx context.Context, do func(tx *store.Tx, rows int) (int, error)) error {
	rows := e.Store.BulkRows()
	for {
		n := 0
		err := e.Store.WriteBulk(ctx, func(tx *store.Tx) (err error) {
			n, err = do(tx, rows)
			return err
		})
		if err != nil || n < rows {
			return err
		}
	}
}

// tellStaff tells the notice: alone, or with all that are like it where many were told alone.
func (e *Engine) tellStaff(ctx context.Context, n *store.Notice) error {
	now, like := e.now(), n.Alike()
	told, last, err := e.Store.NoticesTold(ctx, like, now.Add(-noticeSpan), noticeBurst)
	if err != nil {
		return err
	}
	if told >= noticeBurst && now.Sub(*last) < noticePause {
		return e.batches(ctx, func(tx *store.Tx, rows int) (int, error) {
			return tx.PutOffNotices(ctx, like, now, last.Add(noticePause), rows)
		})
	}
	if !e.mayTell(ctx, n.Channel) {
		return nil
	}
	t := &telling{e: e, claim: fmt.Sprintf("%s/%d", e.Owner, e.claims.Add(1)), until: now.Add(noticeClaim)}
	if told < noticeBurst {
		err = e.Store.Write(ctx, func(tx *store.Tx) error {
			t.taken, t.named = nil, nil // the transaction may be repeated
			return t.take(ctx, tx, like, now, 1)
		})
	} else {
		err = t.takeAll(ctx, like, now)
	}
	if err != nil || len(t.taken) == 0 {
		return err
	}
	return t.send(ctx)
}

// telling is one message on its way to the staff.
type telling struct {
	e     *Engine
	claim string
	until time.Time
	taken []taken         // the notices that it tells
	named []*store.Notice // the first of them
	shown bool            // the message is only looked at
}

// taken is a notice that was claimed. Several that are told together may have been tried more or less often.
type taken struct {
	id    int64
	tries int
}

// take claims some. A process that dies leaves them to be told again.
func (t *telling) take(ctx context.Context, tx *store.Tx, like store.Alike, now time.Time, most int) error {
	ns, err := tx.ClaimNotices(ctx, like, t.claim, now, t.until, most)
	for _, n := range ns {
		t.taken = append(t.taken, taken{n.ID, n.Tries})
		if len(t.named) < maxNamed {
			t.named = append(t.named, n)
		}
	}
	return err
}

func (t *telling) takeAll(ctx context.Context, like store.Alike, now time.Time) error {
	for before := -1; before < len(t.taken); {
		before = len(t.taken)
		some, named := t.taken, t.named
		err := t.e.Store.WriteBulk(ctx, func(tx *store.Tx) error {
			t.taken, t.named = some, named // the transaction may be repeated
			return t.take(ctx, tx, like, now, t.e.Store.BulkRows())
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// send sends the message outside of any transaction, and writes down what became of it.
func (t *telling) send(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, noticeClaim)
	defer cancel()
	m, err := t.message(ctx)
	switch {
	case err != nil:
		t.e.Log.Error("notice not made", "notice", t.taken[0].id, "error", err)
		return t.fail(ctx, campaigns.RenderFailed)
	case m == nil:
		return t.fail(ctx, campaigns.MemberErased)
	}
	began := t.e.now()
	r := t.leave(ctx, m)
	now := t.e.now()
	if err := t.e.restStaff(ctx, somebody{t.named[0].Channel, t.named[0].Address}, r, began); err != nil {
		return err
	}
	if r.Class != channels.OK {
		t.e.Log.Warn("notice not sent", "notice", t.taken[0].id, "tries", t.taken[0].tries, "class", r.Class, "code", r.Code, "detail", r.Detail)
	}
	return t.settle(ctx, func(tries int) store.NoticeOutcome { return noticeOutcome(r, tries, now) })
}

func (t *telling) fail(ctx context.Context, reason campaigns.Reason) error {
	return t.settle(ctx, func(int) store.NoticeOutcome { return store.NoticeOutcome{State: store.NoticeFailed, Reason: reason} })
}

// settle writes what became of each notice, by its own tries: one that came late has all of its own, whomever it was told with.
func (t *telling) settle(ctx context.Context, became func(tries int) store.NoticeOutcome) error {
	ids := map[int][]int64{}
	for _, n := range t.taken {
		ids[n.tries] = append(ids[n.tries], n.id)
	}
	for tries, same := range ids {
		o := became(tries)
		o.Together = len(t.taken)
		for some := range slices.Chunk(same, t.e.Store.BulkRows()) {
			err := t.e.Store.WriteBulk(ctx, func(tx *store.Tx) error { return tx.SettleNotices(ctx, some, t.claim, o) })
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// leave sends. A group that Telegram gave another id is told there.
func (t *telling) leave(ctx context.Context, m *channels.Message) channels.Receipt {
	line, err := t.e.Senders[t.named[0].Channel].Dial(ctx)
	if err != nil {
		return channels.Receipt{Class: channels.Temporary, Detail: "no connection"}
	}
	defer func() { _ = line.Close() }()
	begin := func() error { return nil } // told twice is better than never: nothing need survive a crash here
	r := line.Send(ctx, m, begin)
	if r.MigratedTo != "" && r.Class != channels.OK {
		m.To = r.MigratedTo
		r = line.Send(ctx, m, begin)
	}
	return r
}

// noticeOutcome is what is written of a receipt. What may or may not have arrived is sent again: a person who reads it twice loses nothing.
func noticeOutcome(r channels.Receipt, tries int, now time.Time) store.NoticeOutcome {
	again := now.Add(max(r.RetryAfter, noticeBackoff<<min(tries-1, 10)))
	switch {
	case r.Class == channels.OK:
		return store.NoticeOutcome{State: store.NoticeSent, ToldAt: &now}
	case r.Class == channels.RateLimited:
		again = now.Add(max(r.RetryAfter, noticeBackoff))
		return store.NoticeOutcome{State: store.NoticePending, Reason: campaigns.RateLimited, Due: &again, Uncount: true}
	case r.Class == channels.Refused:
		return store.NoticeOutcome{State: store.NoticeFailed, Reason: campaigns.Rejected}
	case tries >= noticeTries:
		return store.NoticeOutcome{State: store.NoticeFailed, Reason: campaigns.AttemptsUsedUp}
	}
	return store.NoticeOutcome{State: store.NoticePending, Reason: campaigns.Temporary, Due: &again}
}
