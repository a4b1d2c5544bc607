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
	noticeTries   = 8                // with the pauses between them, some two hours
	noticeBackoff = 30 * time.Second // doubled with each try
	// noticeBurst is of how many members one address hears by a message each, within noticeSpan and about one step. What comes on top is told together, in a
	// message each noticePause: an audience must not flood a chat that people read.
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

// somebody is one address of the staff; without an address, the channel has none.
type somebody struct {
	channel campaigns.Channel
	address string
}

// staff is who hears what is for these channels; none of them: for all.
func (e *Engine) staff(to []campaigns.Channel) (all []somebody) {
	for _, ch := range []campaigns.Channel{campaigns.Telegram, campaigns.Email} {
		if len(to) > 0 && !slices.Contains(to, ch) {
			continue
		}
		if !e.off(ch) && len(e.Staff[ch]) > 0 {
			for _, address := range e.Staff[ch] {
				all = append(all, somebody{ch, address})
			}
		} else if len(to) > 0 {
			all = append(all, somebody{channel: ch})
		}
	}
	if len(all) == 0 {
		return []somebody{{}}
	}
	return all
}

// untold are the steps that tell the staff, where nobody is set up for some of it.
func (e *Engine) untold(def *definition.Definition) (ids []campaigns.StepID) {
	for _, s := range def.Order {
		if body, ok := s.Body.(*definition.Notify); ok && slices.ContainsFunc(e.staff(body.To), func(to somebody) bool { return to.address == "" }) {
			ids = append(ids, s.ID)
		}
	}
	return ids
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
		if wait, err := e.cooling(ctx, to.channel); err != nil || wait > 0 {
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

// tellStaff tells the notice: alone, or with all that are like it where they have become many.
func (e *Engine) tellStaff(ctx context.Context, n *store.Notice) error {
	now, like := e.now(), n.Alike()
	told, last, err := e.Store.NoticesTold(ctx, like, now.Add(-noticeSpan), noticeBurst)
	if err != nil {
		return err
	}
	waiting, err := e.Store.NoticesWaiting(ctx, like, now, noticeBurst+1)
	if err != nil {
		return err
	}
	t := &telling{e: e, claim: fmt.Sprintf("%s/%d", e.Owner, e.claims.Add(1)), until: now.Add(noticeClaim)}
	switch {
	case told+waiting <= noticeBurst:
		err = e.Store.Write(ctx, func(tx *store.Tx) error {
			t.reset()
			return t.take(ctx, tx, like, now, 1)
		})
	case last != nil && now.Sub(*last) < noticePause:
		return e.batches(ctx, func(tx *store.Tx, rows int) (int, error) {
			return tx.PutOffNotices(ctx, like, now, last.Add(noticePause), rows)
		})
	default:
		err = t.takeAll(ctx, like, now)
	}
	if err != nil || len(t.ids) == 0 {
		return err
	}
	return t.send(ctx)
}

// telling is one message on its way to the staff.
type telling struct {
	e     *Engine
	claim string
	until time.Time
	ids   []int64         // of the notices that it tells
	named []*store.Notice // the first of them
}

func (t *telling) reset() { t.ids, t.named = nil, nil }

// take claims some. A process that dies leaves them to be told again.
func (t *telling) take(ctx context.Context, tx *store.Tx, like store.Alike, now time.Time, most int) error {
	ns, err := tx.ClaimNotices(ctx, like, t.claim, now, t.until, most)
	for _, n := range ns {
		t.ids = append(t.ids, n.ID)
		if len(t.named) < maxNamed {
			t.named = append(t.named, n)
		}
	}
	return err
}

func (t *telling) takeAll(ctx context.Context, like store.Alike, now time.Time) error {
	for before := -1; before < len(t.ids); {
		before = len(t.ids)
		ids, named := t.ids, t.named
		err := t.e.Store.WriteBulk(ctx, func(tx *store.Tx) error {
			t.ids, t.named = ids, named // the transaction may be repeated
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
	var o store.NoticeOutcome
	switch {
	case err != nil:
		t.e.Log.Error("notice not made", "notice", t.ids[0], "error", err)
		o = store.NoticeOutcome{State: store.NoticeFailed, Reason: campaigns.RenderFailed}
	case m == nil:
		o = store.NoticeOutcome{State: store.NoticeFailed, Reason: campaigns.MemberErased}
	default:
		o = t.outcome(t.leave(ctx, m))
	}
	o.Together = len(t.ids)
	for ids := range slices.Chunk(t.ids, t.e.Store.BulkRows()) {
		err := t.e.Store.WriteBulk(ctx, func(tx *store.Tx) error { return tx.SettleNotices(ctx, ids, t.claim, o) })
		if err != nil {
			return err
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

// outcome is what is written of a receipt. What may or may not have arrived is sent again: a person who reads it twice loses nothing.
func (t *telling) outcome(r channels.Receipt) store.NoticeOutcome {
	now, n := t.e.now(), t.named[0]
	if r.Class == channels.OK {
		return store.NoticeOutcome{State: store.NoticeSent, ToldAt: &now}
	}
	t.e.Log.Warn("notice not sent", "notice", n.ID, "tries", n.Tries, "class", r.Class, "code", r.Code, "detail", r.Detail)
	again := now.Add(max(r.RetryAfter, noticeBackoff<<min(n.Tries-1, 10)))
	switch {
	case r.Class == channels.RateLimited:
		again = now.Add(max(r.RetryAfter, noticeBackoff))
		return store.NoticeOutcome{State: store.NoticePending, Reason: campaigns.RateLimited, Due: &again, Uncount: true}
	case r.Class == channels.Refused:
		return store.NoticeOutcome{State: store.NoticeFailed, Reason: campaigns.Rejected}
	case n.Tries >= noticeTries:
		return store.NoticeOutcome{State: store.NoticeFailed, Reason: campaigns.AttemptsUsedUp}
	}
	return store.NoticeOutcome{State: store.NoticePending, Reason: campaigns.Temporary, Due: &again}
}
