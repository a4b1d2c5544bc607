package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/store"
)

// scheduleDue is the moment at which a schedule opens. In members' own zones, that is when the first zone of the world gets there (UTC+14);
// each member's enrollment then waits for its own moment.
func scheduleDue(c *store.Community, s *definition.Schedule, at timing.LocalDateTime) time.Time {
	if s.Zone == definition.MemberZone {
		return inFirstZone(at)
	}
	return at.In(zone(c, "")).UTC()
}

// EnrollAudiences enrolls the next part of each audience whose schedule's time has come, and reports whether there was any. AdvanceDue does it too, and
// decides for those who are enrolled.
func (e *Engine) EnrollAudiences(ctx context.Context) (progress bool, err error) {
	return e.openSome(ctx, nil, map[campaigns.CampaignID]bool{})
}

// openSome enrolls the next part of each audience whose schedule's time has come, and reports whether there was any. Some of what follows from it is sent
// beside the caller; nil: nothing is.
func (e *Engine) openSome(ctx context.Context, beside *sync.WaitGroup, failed map[campaigns.CampaignID]bool) (progress bool, err error) {
	due, err := e.Store.DueSchedules(ctx, e.now())
	e.byRank(ctx, due)
	seated, cancel := context.WithTimeout(ctx, seatWait)
	defer cancel()
	for _, s := range due {
		if failed[s.Campaign] {
			continue
		}
		var h *hand
		if beside != nil {
			later := false
			if h, later = e.newHand(ctx, seated, &s); later {
				progress = true
				continue
			}
		}
		done, serr := e.openSchedule(ctx, s.Campaign, h)
		if serr != nil {
			h.drop()
			failed[s.Campaign] = true
			err = errors.Join(err, fmt.Errorf("open schedule of campaign %d: %w", s.Campaign, serr))
			continue
		}
		e.states.forget() // first: the campaign may run only since now, and nothing leaves of one that does not
		h.send(beside)
		progress = progress || !done
		if !done && !h.tookAll() {
			e.wakeLanes(ctx)
		}
	}
	return progress, err
}

// lookedAt is how many members are looked at for one that is enrolled, at most, in one transaction: an audience may be few among a million.
const lookedAt = 10

// openSchedule enrolls the next part of one audience. done: the audience is through, or another worker is at it.
func (e *Engine) openSchedule(ctx context.Context, id campaigns.CampaignID, h *hand) (done bool, err error) {
	err = e.claim(ctx, e.Store.WriteOften, chunkClaim, func(tx *store.Tx, _, until time.Time) error {
		h.begin(until)
		done = true
		camp, err := tx.Campaign(ctx, id)
		if err == nil && camp.State == campaigns.Scheduled { // it begins: the campaign is locked before its schedule, as publications do
			camp, err = tx.LockCampaign(ctx, camp.Key)
		}
		if err != nil || camp.State != campaigns.Running && camp.State != campaigns.Scheduled {
			return err
		}
		s, err := tx.LockSchedule(ctx, id)
		if err != nil || s == nil || s.DoneAt != nil || s.DueAt.After(e.now()) { // another worker may have opened it since it was found due
			return err
		}
		l, err := e.version(ctx, tx, id, s.Version)
		if err != nil {
			return err
		}
		now := e.now()
		if camp.State == campaigns.Scheduled {
			if err := tx.SetCampaignState(ctx, id, camp.State, campaigns.Running, "schedule", now); err != nil {
				return err
			}
		}
		if open, err := e.catchUp(ctx, tx, l, s, now); err != nil || !open {
			return err
		}
		if wait, err := e.waitsForPast(ctx, tx, s, now); err != nil || wait {
			return err
		}
		c, err := e.community(ctx, tx)
		if err != nil {
			return err
		}
		if err := tx.MergesWait(ctx); err != nil {
			return err
		}
		rows := e.Store.EntryRows()
		if l.decided {
			rows = h.rows(e.Store.BulkRows())
		}
		ids, last, what, err := e.nextOfAudience(ctx, tx, l, s, c, rows, now)
		if err != nil {
			return err
		}
		switch what {
		case audienceLater:
			return nil
		case audienceThrough:
			return e.closeOpening(ctx, tx, l, s, now)
		}
		done = false
		if err := e.enrollScheduled(ctx, tx, l, s, ids, c, now, h); err != nil {
			return err
		}
		return tx.MoveSchedule(ctx, id, last, nil)
	})
	if errors.Is(err, errEnteredElsewhere) { // the next sweep sees who it was; asking at once might go on for ever
		h.drop()
		return true, nil
	}
	return done, err
}

// audienceIs says what is to be done with an audience.
type audienceIs int

const (
	audienceGoesOn audienceIs = iota
	audienceThrough
	audienceLater // it is not known yet who they are
)

// nextOfAudience finds up to rows members who are to enter next, and how far was looked.
func (e *Engine) nextOfAudience(ctx context.Context, tx *store.Tx, l *live, s *store.Schedule, c *store.Community, rows int, now time.Time) (ids []campaigns.MemberID, last campaigns.MemberID, _ audienceIs, err error) {
	if l.def.Entry.Listens() {
		return e.nextListed(ctx, tx, l, s, rows)
	}
	audience := l.def.Entry.Audience()
	looked := lookedAt * rows
	if audience.Everyone { // but for those who are no longer active
		looked = rows
	}
	last, any, err := tx.MemberAfter(ctx, s.LastMember, looked)
	if err != nil || !any {
		return nil, 0, audienceThrough, err
	}
	asked, err := e.asked(ctx, tx, audience, c, now)
	if err != nil {
		return nil, 0, 0, err
	}
	ids, err = e.audienceUpTo(ctx, tx, asked, s.LastMember, last, rows)
	if len(ids) == rows {
		last = ids[len(ids)-1]
	}
	return ids, last, audienceGoesOn, err
}

// nextListed takes present members from the list that tells who comes later, so that nobody enters as both.
func (e *Engine) nextListed(ctx context.Context, tx *store.Tx, l *live, s *store.Schedule, rows int) ([]campaigns.MemberID, campaigns.MemberID, audienceIs, error) {
	w, err := tx.WatchOf(ctx, l.def.Entry.Segment)
	if err != nil || w == nil || w.FilledAt == nil {
		return nil, 0, audienceLater, err
	}
	ids, err := tx.Listed(ctx, w.ID, s.LastMember, rows)
	if err != nil || len(ids) == 0 {
		return nil, 0, audienceThrough, err
	}
	return ids, ids[len(ids)-1], audienceGoesOn, nil
}

// errEnteredElsewhere: somebody took in a member of the audience at the same moment.
var errEnteredElsewhere = errors.New("a member entered by another way")

// enrollScheduled writes one part of an audience as enrollments: with the first decision made, due now, or at the schedule's moment in the member's zone.
func (e *Engine) enrollScheduled(ctx context.Context, tx *store.Tx, l *live, s *store.Schedule, ids []campaigns.MemberID, c *store.Community, now time.Time, h *hand) (err error) {
	if len(ids) == 0 {
		return nil
	}
	n, zoned, decided := 0, l.def.Entry.Schedule != nil && l.def.Entry.Schedule.Zone == definition.MemberZone, false
	if l.decided && !zoned {
		n, decided, err = e.enrollDecided(ctx, tx, l, ids, now, h)
	}
	switch {
	case decided || err != nil:
	case zoned:
		n, err = e.enrollInZones(ctx, tx, l, s, ids, c, now)
	default:
		n, err = tx.EnterTogether(ctx, store.Entry{Row: *newEnrollment(l, l.together(), now), Ended: endedBy(l.def.Entry, now)}, ids)
	}
	if err != nil || n == 0 && (s.Opens == nil || s.LooksAgain()) {
		return err
	}
	data := map[string]any{"n": n, "version": l.version}
	if s.Opens != nil {
		data["opens"] = s.Opens.String()
	}
	if s.Opens != nil && !s.LooksAgain() {
		data["passed_over"] = len(ids) - n
	}
	return tx.AppendEvents(ctx, []store.Event{e.event(now, "campaign.enrolled", l.campaign, data)})
}

// enrollDecided writes passages as they stand after their first decision, with the messages that follow from it, so that each is written once. Not ok, and
// nothing is written: one of them cannot be decided with the others, and all are to be decided in their own time.
func (e *Engine) enrollDecided(ctx context.Context, tx *store.Tx, l *live, ids []campaigns.MemberID, now time.Time, h *hand) (n int, ok bool, err error) {
	ever, err := tx.EverInside(ctx, l.campaign, ids)
	if err != nil {
		return 0, false, err
	}
	if ids, err = e.letIn(ctx, tx, l, ids, ever, now); err != nil || len(ids) == 0 {
		return 0, err == nil, err
	}
	read := time.Now()
	facts, profiles, err := e.entrants(ctx, tx, l, ids, h != nil)
	if err != nil || facts == nil {
		return 0, false, err
	}
	w, err := e.newWork(ctx, tx)
	if err != nil {
		return 0, false, err
	}
	w.bulk, w.first, w.hand = true, make(map[campaigns.MemberID]campaigns.Lang, len(ids)), h
	rows, err := newEnrollments(ctx, tx, l, ids, l.together(), now)
	if err != nil {
		return 0, false, err
	}
	for _, row := range rows {
		if !ever[row.Member] {
			w.first[row.Member] = facts[row.Member].Language
		}
	}
	if err := w.start(ctx, l, rows, facts); err != nil {
		if ctx.Err() != nil {
			return 0, false, err
		}
		e.Log.Error("audience not decided together; deciding for each", "campaign", l.campaign, "error", err)
		return 0, false, nil
	}
	if profiles != nil {
		h.knows(profiles, rows, read)
	}
	if _, err = w.flush(ctx); err == nil {
		h.wrote(w.deliveries)
	}
	return len(rows), true, err
}

// entrants reads what the first decision about members needs; whole, also what their messages need. No facts: one was merged, or facts do not do.
func (e *Engine) entrants(ctx context.Context, tx *store.Tx, l *live, ids []campaigns.MemberID, whole bool) (map[campaigns.MemberID]*store.MemberFacts, map[campaigns.MemberID]*store.Profile, error) {
	around := surround{versions: map[int]*live{l.version: l}}
	want, ok := around.wanted()
	if !ok || !whole || want.Tags || l.def.LeavesIf() {
		err := around.members(ctx, tx, ids, true)
		return around.facts, nil, err
	}
	profiles, err := tx.RecipientsInOrder(ctx, ids, want.Channels, want.Topic)
	if err != nil || slices.ContainsFunc(ids, func(id campaigns.MemberID) bool { return profiles[id] == nil }) {
		return nil, nil, err
	}
	facts := make(map[campaigns.MemberID]*store.MemberFacts, len(ids))
	room := make([]store.MemberFacts, len(ids))
	for i, id := range ids {
		room[i] = profiles[id].Facts(want.Topic)
		facts[id] = &room[i]
	}
	return facts, profiles, nil
}

// start decides the first step of each, and writes nothing.
func (w *work) start(ctx context.Context, l *live, rows []*store.Enrollment, facts map[campaigns.MemberID]*store.MemberFacts) (err error) {
	defer recovered(&err)
	standing, err := w.standing(ctx, l.campaign)
	if err != nil {
		return err
	}
	if err := w.rememberRows(ctx, l, rows); err != nil {
		return err
	}
	for _, row := range rows {
		if err := w.begin(ctx, l, row, facts[row.Member], standing); err != nil {
			return err
		}
	}
	return w.notDueAgain(w.now)
}

// begin decides the first step of one, or takes over what was decided for another who is alike.
func (w *work) begin(ctx context.Context, l *live, row *store.Enrollment, m *store.MemberFacts, s standing) error {
	if !l.alike {
		return w.decideBy(ctx, l, row, nil, w.factsOf(m, s), &decide.Start{})
	}
	key := alike{m.Language, m.TimeZone, m.StoppedAt != nil, w.actsNow(m), w.reachOf(m)}
	known := w.firsts[key]
	if known != nil && w.e.Record == nil {
		return w.take(ctx, l, row, nil, known, nil)
	}
	f := w.factsOf(m, s)
	en, in, err := w.asked(ctx, l, row, &f, &decide.Start{})
	if err != nil {
		return err
	}
	r := w.e.record(l, row, en, f, in, w.now) // with the decision that is taken over: whoever replays it sees whether it is theirs
	if known == nil {
		known = w.made(l, en, f, in)
		if w.firsts == nil {
			w.firsts = map[alike]*decision{}
		}
		w.firsts[key] = known
	}
	return w.take(ctx, l, row, nil, known, r)
}

// letIn keeps those whom the entry rule lets in.
func (e *Engine) letIn(ctx context.Context, tx *store.Tx, l *live, ids []campaigns.MemberID, ever map[campaigns.MemberID]bool, now time.Time) ([]campaigns.MemberID, error) {
	if len(ever) == 0 {
		return ids, nil
	}
	back := slices.DeleteFunc(slices.Clone(ids), func(id campaigns.MemberID) bool { return !ever[id] })
	may, err := e.mayEnter(ctx, tx, l, back, now)
	if err != nil {
		return nil, err
	}
	again := make(map[campaigns.MemberID]bool, len(may))
	for _, id := range may {
		again[id] = true
	}
	// A copy: who called goes on with all of them when they cannot be decided together.
	return slices.DeleteFunc(slices.Clone(ids), func(id campaigns.MemberID) bool { return ever[id] && !again[id] }), nil
}

// entersDecided reports whether the first decision of a passage can be made before it is written: an award writes at once.
func entersDecided(def *definition.Definition) bool {
	return !slices.ContainsFunc(def.Order, func(s *definition.Step) bool {
		_, ok := s.Body.(*definition.Award)
		return ok
	})
}
