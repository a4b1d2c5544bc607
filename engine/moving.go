package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/difference"
	"github.com/kruzhok/kruzhok/store"
)

// moveAgain is how long after a publication it is looked once more for members in older versions: who was being enrolled while it was published is found then.
const moveAgain = time.Minute

// moveDue takes one part of each move that is due further, and reports whether anybody was moved. A move that fails stops none of the others.
func (e *Engine) moveDue(ctx context.Context, failed map[campaigns.CampaignID]bool) (progress bool, err error) {
	moves, err := e.Store.DueMoves(ctx, e.now())
	if err != nil {
		return false, err
	}
	for _, m := range moves {
		if failed[m.Campaign] {
			continue
		}
		some, merr := e.movePart(ctx, m)
		failed[m.Campaign] = merr != nil
		progress, err = progress || some, errors.Join(err, merr)
	}
	return progress, err
}

// movePart moves one transaction's worth of members. When one of them cannot be decided, each is tried by itself.
func (e *Engine) movePart(ctx context.Context, m *store.Move) (bool, error) {
	ids, err := e.Store.InOlderVersions(ctx, m, e.Store.BulkRows())
	if err != nil {
		return false, err
	}
	part := movedPart{e: e, from: m.Last, ids: ids, ends: len(ids) < e.Store.BulkRows()}
	err = part.write(ctx, m)
	if err != nil && ctx.Err() == nil && len(ids) > 0 {
		e.Log.Error("enrollments not moved together; trying each", "campaign", m.Campaign, "error", err)
		err = part.each(ctx, m)
	}
	if err == nil && part.moved > 0 {
		e.wakeLanes(ctx)
	}
	return part.moved > 0 || part.further, err
}

// movedPart is some of those whom a move is about.
type movedPart struct {
	e    *Engine
	from campaigns.EnrollmentID // what the move had come to when they were listed
	ids  []campaigns.EnrollmentID
	ends bool // the round through them is over with these

	moved, left int  // those to be looked at again
	further     bool // the move has come further, and its round is not over
}

func (p *movedPart) write(ctx context.Context, m *store.Move) (err error) {
	defer recovered(&err)
	return p.e.Store.WriteBulk(ctx, func(tx *store.Tx) error {
		p.moved, p.left, p.further = 0, 0, false
		now := p.e.now()
		m, err := tx.LockMove(ctx, m.Campaign, m.Version, now)
		if err != nil || m == nil || m.Last != p.from { // another worker was here meanwhile
			return err
		}
		if err := p.take(ctx, tx, m); err != nil {
			return err
		}
		return p.note(ctx, tx, m, now)
	})
}

// each moves them one by one. Whoever cannot be decided stays in their version.
func (p *movedPart) each(ctx context.Context, m *store.Move) error {
	all := *p
	for i, id := range all.ids {
		*p = movedPart{e: all.e, from: m.Last, ids: all.ids[i : i+1], ends: all.ends && i == len(all.ids)-1}
		if err := p.write(ctx, m); err != nil {
			p.e.Log.Error("enrollment not moved", "enrollment", id, "error", err)
			if err := errors.Join(ctx.Err(), p.passOver(ctx, m)); err != nil {
				return err
			}
		}
		all.moved, all.further, m.Last = all.moved+p.moved, p.further, id
	}
	p.moved, p.further = all.moved, all.further
	return nil
}

// passOver goes on behind one who cannot be moved.
func (p *movedPart) passOver(ctx context.Context, m *store.Move) error {
	return p.e.Store.Write(ctx, func(tx *store.Tx) error {
		p.moved, p.left = 0, 0
		m, err := tx.LockMove(ctx, m.Campaign, m.Version, p.e.now())
		if err != nil || m == nil || m.Last != p.from {
			return err
		}
		return p.note(ctx, tx, m, p.e.now())
	})
}

// note writes how far the move has come. A round in which somebody was moved, or has to be waited for, is followed by another; one in which nobody was is the
// last, once who was being enrolled during the publication must be there.
func (p *movedPart) note(ctx context.Context, tx *store.Tx, m *store.Move, now time.Time) error {
	m.Found, m.Moved, m.DueAt = m.Found+p.moved+p.left, m.Moved+p.moved, &now
	if len(p.ids) > 0 {
		m.Last = p.ids[len(p.ids)-1]
	}
	p.further = !p.ends
	if p.further {
		return tx.SaveMove(ctx, m)
	}
	again := m.AskedAt.Add(moveAgain)
	switch {
	case m.Found == 0 && now.Before(again):
		m.DueAt = &again
	case m.Found == 0:
		m.DueAt = nil
	case p.moved == 0: // they wait for something; the longer it lasts already, the longer it may
		later := now.Add(min(max(now.Sub(m.AskedAt)/10, time.Second), moveAgain))
		m.DueAt = &later
	}
	m.Last, m.Found = 0, 0
	if err := tx.SaveMove(ctx, m); err != nil || m.DueAt != nil {
		return err
	}
	name := "campaign.inside_moved"
	if m.End {
		name = "campaign.inside_ended"
	}
	return tx.AppendEvents(ctx, []store.Event{p.e.event(now, name, m.Campaign, map[string]any{"version": m.Version, "n": m.Moved})})
}

// take moves, or ends, those who can be.
func (p *movedPart) take(ctx context.Context, tx *store.Tx, m *store.Move) error {
	rows, err := tx.LockInOlderVersions(ctx, p.ids, m.Version)
	if err != nil || len(rows) == 0 {
		return err
	}
	p.left = len(p.ids) - len(rows) // held by others, or moved on by themselves
	if m.End {
		return p.end(ctx, tx, rows)
	}
	ways := ways{e: p.e, m: m, inputs: map[int]*decide.Moved{}}
	fit, waiting, err := ways.fit(ctx, tx, rows)
	if err != nil {
		return err
	}
	p.left += waiting
	if fit, err = p.unbegun(ctx, tx, m, fit); err != nil || len(fit) == 0 {
		return err
	}
	return p.over(ctx, tx, m, fit, ways)
}

func (p *movedPart) end(ctx context.Context, tx *store.Tx, rows []*store.Enrollment) error {
	w, err := p.e.decideMany(ctx, tx, rows, func(*work, subject) (decide.Input, error) {
		return &decide.Left{Reason: campaigns.ExitMoved}, nil
	})
	if err == nil {
		p.moved = len(w.rows)
		p.left += len(rows) - p.moved
	}
	return err
}

// unbegun makes the messages that they wait for the new version's, and leaves those for later whose message somebody has begun to send: it counts.
func (p *movedPart) unbegun(ctx context.Context, tx *store.Tx, m *store.Move, rows []*store.Enrollment) ([]*store.Enrollment, error) {
	var waits []campaigns.DeliveryID
	for _, row := range rows {
		if row.WaitDelivery != 0 {
			waits = append(waits, row.WaitDelivery)
		}
	}
	revised, err := tx.ReviseDeliveries(ctx, waits, m.Version)
	if err != nil {
		return nil, err
	}
	ours := map[campaigns.DeliveryID]bool{0: true}
	for _, id := range revised {
		ours[id] = true
	}
	var out []*store.Enrollment
	for _, row := range rows {
		if ours[row.WaitDelivery] {
			out = append(out, row)
		}
	}
	p.left += len(rows) - len(out)
	return out, nil
}

// over takes the rows over into the new version.
func (p *movedPart) over(ctx context.Context, tx *store.Tx, m *store.Move, rows []*store.Enrollment, ways ways) error {
	was, waits := map[*store.Enrollment]int{}, map[*store.Enrollment]campaigns.DeliveryID{}
	for _, row := range rows {
		was[row], waits[row] = row.Version, row.WaitDelivery
		if row.Step != "" { // it has begun
			row.Began = row.BeganIn()
		}
		row.Version = m.Version
	}
	w, err := p.e.decideMany(ctx, tx, rows, func(_ *work, s subject) (decide.Input, error) { return ways.inputs[was[s.row]], nil })
	if err != nil {
		return err
	}
	var taken []*store.Enrollment
	for _, row := range rows {
		if w.taken[row] {
			taken = append(taken, row)
			continue
		}
		p.left++ // the member is held by somebody; the message is the old version's again
		if _, err := tx.ReviseDeliveries(ctx, []campaigns.DeliveryID{waits[row]}, was[row]); err != nil {
			return err
		}
	}
	p.moved = len(taken)
	return tx.SetVersion(ctx, taken)
}

// ways are the inputs that take rows from each older version into the move's.
type ways struct {
	e      *Engine
	m      *store.Move
	inputs map[int]*decide.Moved // by version; nil: the move is not about it, or it cannot be read: whoever is in it stays
	now    *definition.Definition
}

// fit are the rows that can be moved now, and how many must be waited for.
func (w *ways) fit(ctx context.Context, tx *store.Tx, rows []*store.Enrollment) (fit []*store.Enrollment, waiting int, err error) {
	var records records
	for _, row := range rows {
		in, err := w.from(ctx, tx, row.Version)
		if err != nil {
			return nil, 0, err
		}
		en, err := records.fromRow(row)
		if in == nil || err != nil {
			continue
		}
		may, wait := in.Fits(w.now, en)
		switch {
		case may:
			fit = append(fit, row)
		case wait:
			waiting++
		}
	}
	return fit, waiting, nil
}

func (w *ways) from(ctx context.Context, from source, version int) (*decide.Moved, error) {
	if in, known := w.inputs[version]; known {
		return in, nil
	}
	if len(w.m.Versions) > 0 && !slices.Contains(w.m.Versions, version) {
		w.inputs[version] = nil
		return nil, nil
	}
	now, err := w.e.version(ctx, from, w.m.Campaign, w.m.Version)
	if err != nil {
		return nil, err
	}
	was, err := w.e.version(ctx, from, w.m.Campaign, version)
	if errors.Is(err, errBadVersion) {
		w.inputs[version] = nil
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	same, err := w.e.same(ctx, from, was, now)
	if err != nil {
		return nil, err
	}
	w.now = now.def
	w.inputs[version] = &decide.Moved{From: version, To: w.m.Version, Was: was.def, Same: same, Land: w.m.Landings, Corrected: len(w.m.Versions) > 0}
	return w.inputs[version], nil
}

// same are the steps of a version that another one has too.
func (e *Engine) same(ctx context.Context, from source, was, now *live) (map[campaigns.StepID]campaigns.StepID, error) {
	key := movedKey{liveKey{was.campaign, was.version}, now.version}
	e.live.mu.Lock()
	same := e.live.same[key]
	e.live.mu.Unlock()
	if same != nil {
		return same, nil
	}
	var docs [2]*difference.Document
	for i, l := range []*live{was, now} {
		v, err := from.Version(ctx, l.campaign, l.version)
		if err != nil {
			return nil, err
		}
		docs[i], _ = difference.Read([]byte(v.Source), definition.Format(v.Format)) // they were parsed before
	}
	same = decide.Same(was.def, now.def, difference.Pairs(docs[0], docs[1]))
	e.live.mu.Lock()
	defer e.live.mu.Unlock()
	if e.live.same == nil || len(e.live.same) >= maxLive {
		e.live.same = map[movedKey]map[campaigns.StepID]campaigns.StepID{}
	}
	e.live.same[key] = same
	return same, nil
}
