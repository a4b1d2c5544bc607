package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/store"
)

// subject is one enrollment with what its input is made from: the delivery that it waited for, where it did.
type subject struct {
	l   *live
	row *store.Enrollment
	p   *store.Profile     // nil: facts are enough
	f   *store.MemberFacts // one of many, without a profile
	d   *store.Delivery
}

// decideMany decides for enrollments that the transaction holds, with the input that `in` makes for each, and returns its work.
// A member whose row must change and is held elsewhere is left for later: bulk work takes enrollments before members, and so never waits for one.
func (e *Engine) decideMany(ctx context.Context, tx *store.Tx, rows []*store.Enrollment, in func(*work, subject) (decide.Input, error)) (*work, error) {
	w, err := e.newWork(ctx, tx)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return w, nil
	}
	w.bulk = true
	around, err := e.around(ctx, tx, rows)
	if err != nil {
		return nil, err
	}
	for _, l := range around.versions {
		if err := w.rememberRows(ctx, l, rows); err != nil {
			return nil, err
		}
	}
	for _, row := range rows {
		s := subject{row: row, p: around.profiles[row.Member], f: around.facts[row.Member], d: around.waited[row.WaitDelivery]}
		if err := w.decideOne(ctx, s, in); err != nil {
			return nil, err
		}
	}
	_, err = w.flush(ctx)
	return w, err
}

// decideOne decides for one row of many.
func (w *work) decideOne(ctx context.Context, s subject, in func(*work, subject) (decide.Input, error)) (err error) {
	if s.l, err = w.e.version(ctx, w.tx, s.row.Campaign, s.row.Version); err != nil {
		return w.leftUnread(ctx, s, in, err)
	}
	if s.p == nil && s.f == nil {
		return fmt.Errorf("decide enrollment %d: it has no member", s.row.ID)
	}
	if changesMembers(s.l.def) {
		p, ok, err := w.tx.TryLockMember(ctx, s.row.Member)
		if changed := w.dirty[s.row.Member]; changed != nil { // by another run of theirs in this transaction
			p = changed
		}
		if err != nil || !ok {
			return err
		}
		s.p = p
	}
	input, err := in(w, s)
	if err != nil {
		return err
	}
	if err = w.decideEither(ctx, s, input); errors.Is(err, errBadRow) {
		return w.leftUnread(ctx, s, in, err)
	}
	return err
}

// decideEither decides by the profile, or by facts where they are enough.
func (w *work) decideEither(ctx context.Context, s subject, in decide.Input) error {
	if s.p != nil {
		return w.decide(ctx, s.row, s.p, in)
	}
	standing, err := w.standing(ctx, s.row.Campaign)
	if err != nil {
		return err
	}
	return w.decideBy(ctx, s.l, s.row, nil, w.factsOf(s.f, standing), in)
}

// leftUnread lets a passage that cannot be read be left with the others; for everything else it fails.
func (w *work) leftUnread(ctx context.Context, s subject, in func(*work, subject) (decide.Input, error), cause error) error {
	input, err := in(w, subject{row: s.row, p: s.p})
	if _, leaves := input.(*decide.Left); err != nil || !leaves {
		return cause
	}
	return w.without(ctx, s.row, input, cause)
}

// surround is what the decisions about rows of one campaign are made from: the versions, the members (facts alone where they are enough), and the
// deliveries that the rows wait for.
type surround struct {
	versions map[int]*live
	profiles map[campaigns.MemberID]*store.Profile
	facts    map[campaigns.MemberID]*store.MemberFacts
	waited   map[campaigns.DeliveryID]*store.Delivery
}

func (e *Engine) around(ctx context.Context, tx *store.Tx, rows []*store.Enrollment) (s surround, err error) {
	ids := make([]campaigns.MemberID, 0, len(rows))
	var waits []campaigns.DeliveryID
	s.versions = map[int]*live{}
	for _, r := range rows {
		ids = append(ids, r.Member)
		if r.WaitDelivery != 0 {
			waits = append(waits, r.WaitDelivery)
		}
		if _, seen := s.versions[r.Version]; !seen { // nil: it cannot be read, which its rows' decisions tell
			s.versions[r.Version], _ = e.version(ctx, tx, r.Campaign, r.Version)
		}
	}
	if err := s.members(ctx, tx, ids, false); err != nil {
		return s, err
	}
	s.waited, err = tx.DeliveriesByID(ctx, waits)
	return s, err
}

// members loads facts, or whole profiles where those do not do. inOrder: the ids ascend.
func (s *surround) members(ctx context.Context, tx *store.Tx, ids []campaigns.MemberID, inOrder bool) (err error) {
	if want, ok := s.wanted(); ok {
		facts := tx.MemberFacts
		if inOrder {
			facts = tx.FactsInOrder
		}
		if s.facts, err = facts(ctx, ids, want); err != nil {
			return err
		}
		if !slices.ContainsFunc(ids, func(id campaigns.MemberID) bool { return s.facts[id] == nil }) {
			return nil
		}
		s.facts = nil // one was merged: the profile of the one who stayed stands under their id
	}
	s.profiles, err = tx.Profiles(ctx, ids)
	return err
}

// wanted is what all versions together need to know; not ok: facts do not do.
func (s *surround) wanted() (want store.FactsWanted, ok bool) {
	for _, l := range s.versions {
		if l == nil || !l.facts || ok && want.Topic != l.def.Topic {
			return want, false
		}
		want.Topic, ok = l.def.Topic, true
		want.Attributes, want.Tags = want.Attributes || l.needs.Attributes, want.Tags || l.needs.Tags
		for _, ch := range l.needs.Channels {
			if !slices.Contains(want.Channels, ch) {
				want.Channels = append(want.Channels, ch)
			}
		}
	}
	return want, ok
}

// decideAll decides the same input for every enrollment of a member whose row the transaction has locked. keep chooses among the campaigns; nil is all.
// What a passage in a version that cannot be read is about, nobody can say: it is among all, and nothing else. Nothing of it is sent meanwhile.
func (e *Engine) decideAll(ctx context.Context, tx *store.Tx, id campaigns.MemberID, in decide.Input, keep func(*live) bool) error {
	var failed error
	err := e.decideAllRuns(ctx, tx, id, in, func(row *store.Enrollment) bool {
		if keep == nil {
			return true
		}
		l, err := e.version(ctx, tx, row.Campaign, row.Version)
		if err != nil && !errors.Is(err, errBadVersion) {
			failed = err
		}
		return err == nil && keep(l)
	})
	if err == nil {
		err = failed
	}
	return err
}

// decideAllRuns is decideAll with the choice among the rows themselves.
func (e *Engine) decideAllRuns(ctx context.Context, tx *store.Tx, id campaigns.MemberID, in decide.Input, keep func(*store.Enrollment) bool) error {
	rows, err := tx.LockMemberEnrollments(ctx, id)
	if err != nil || len(rows) == 0 {
		return err
	}
	profiles, err := tx.Profiles(ctx, []campaigns.MemberID{id})
	if err != nil {
		return err
	}
	w, err := e.newWork(ctx, tx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if !keep(row) {
			continue
		}
		if err := w.decide(ctx, row, profiles[id], in); err != nil {
			if err = w.without(ctx, row, in, err); err != nil {
				return err
			}
		}
	}
	_, err = w.flush(ctx)
	return err
}

// without goes on without a decision for the row, where its cause is that it cannot be read: one that cannot is no reason why a member's wish, or what
// happens in their other passages, should fail. Whoever leaves it leaves it; for everything else it rests as it is.
func (w *work) without(ctx context.Context, row *store.Enrollment, in decide.Input, cause error) error {
	if !errors.Is(cause, errBadVersion) && !errors.Is(cause, errBadRow) {
		return cause
	}
	w.e.Log.Error("enrollment cannot be decided", "enrollment", row.ID, "error", cause)
	left, ok := in.(*decide.Left)
	if !ok {
		return nil
	}
	row.State, row.Reason, row.WaitKind, row.WaitDelivery, row.DueAt = campaigns.EnrollmentExited, left.Reason, campaigns.WaitNone, 0, nil
	row.UpdatedAt, row.EndedAt = w.now, &w.now
	w.rows = append(w.rows, row)
	w.canceled[campaigns.EnrollmentOver] = append(w.canceled[campaigns.EnrollmentOver], row.ID)
	return w.tx.FreeQuestionSlot(ctx, row.Member, row.ID, w.now)
}
