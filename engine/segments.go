package engine

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
)

// segmentCache keeps the conditions of segments, parsed, as long as their marks stay the same.
type segmentCache struct {
	mu    sync.Mutex
	marks []store.SegmentMark
	all   definition.Segments
}

// segmentsNow returns the conditions of all segments, as they are in the transaction. Nobody changes what it returns.
func (e *Engine) segmentsNow(ctx context.Context, from source) (definition.Segments, error) {
	marks, err := from.SegmentMarks(ctx)
	if err != nil {
		return nil, err
	}
	e.segments.mu.Lock()
	all, same := e.segments.all, slices.Equal(e.segments.marks, marks)
	e.segments.mu.Unlock()
	if same && all != nil {
		return all, nil
	}
	rows, err := from.Segments(ctx)
	if err != nil {
		return nil, err
	}
	all = SegmentConditions(rows)
	e.segments.mu.Lock()
	defer e.segments.mu.Unlock()
	e.segments.all, e.segments.marks = all, marks
	return all, nil
}

// SegmentConditions are the segments' conditions. One that this binary cannot read, or that leads to itself, holds nobody.
func SegmentConditions(rows []*store.Segment) definition.Segments {
	all := definition.Segments{}
	for _, r := range rows {
		if s, problems := definition.ParseStoredSegment([]byte(r.Source), definition.Format(r.Format)); len(problems) == 0 {
			all[s.Key] = &s.Who
		}
	}
	return all.Without()
}

// ParseSegment reads a segment's document; every problem of it is a detail of the fault.
func ParseSegment(d Draft) (*definition.Segment, error) {
	return readSegment(d, definition.ParseSegment)
}

// ParseStoredSegment is ParseSegment for one that was saved, perhaps when the language allowed more.
func ParseStoredSegment(d Draft) (*definition.Segment, error) {
	return readSegment(d, definition.ParseStoredSegment)
}

func readSegment(d Draft, parse func([]byte, definition.Format) (*definition.Segment, []definition.Problem)) (*definition.Segment, error) {
	s, problems := parse([]byte(d.Source), d.Format)
	if len(problems) > 0 {
		return nil, invalidDefinition(problems)
	}
	return s, nil
}

// Segments lists all, by key.
func (e *Engine) Segments(ctx context.Context, p Principal) ([]*store.Segment, error) {
	if err := p.Require(CampaignsRead); err != nil {
		return nil, err
	}
	return e.Store.Segments(ctx)
}

// Segment returns the segment.
func (e *Engine) Segment(ctx context.Context, p Principal, key campaigns.Key) (*store.Segment, error) {
	if err := p.Require(CampaignsRead); err != nil {
		return nil, err
	}
	return e.Store.Segment(ctx, key)
}

// SampleSegment returns the first n members of the segment. Scopes as for Sample.
func (e *Engine) SampleSegment(ctx context.Context, p Principal, key campaigns.Key, n int) ([]*MemberView, error) {
	if err := p.Require(MembersRead); err != nil {
		return nil, err
	}
	row, err := e.Store.Segment(ctx, key)
	if err != nil {
		return nil, err
	}
	s, err := ParseStoredSegment(Draft{row.Source, definition.Format(row.Format)})
	if err != nil {
		return nil, err
	}
	return e.Sample(ctx, p, nil, &s.Who, n)
}

// CheckSegment reports every problem of a segment's document; without an error it could be saved. The warnings are what may stand there and is probably not meant.
func (e *Engine) CheckSegment(ctx context.Context, p Principal, d Draft) (warnings []fault.Detail, err error) {
	if err := p.Require(CampaignsRead); err != nil {
		return nil, err
	}
	s, err := ParseSegment(d)
	if err != nil {
		return nil, err
	}
	doubts, err := e.doubts(ctx, s.Mentions)
	if err != nil {
		return nil, err
	}
	return append(places(s.Warnings), doubts...), e.checkSegment(ctx, e.Store, s)
}

// CreateSegment saves a condition under the key that its document names. Fault conflict.segment when the key is taken.
func (e *Engine) CreateSegment(ctx context.Context, p Principal, d Draft) (*store.Segment, error) {
	return e.writeSegment(ctx, p, d, func(tx *store.Tx, s *store.Segment) error { return tx.InsertSegment(ctx, s) })
}

// PutSegment replaces the segment's document; what uses it asks the new condition from then on. rev 0 means whatever revision there is.
// Faults not_found.segment, conflict.segment_changed, invalid.segment_key_changed.
func (e *Engine) PutSegment(ctx context.Context, p Principal, key campaigns.Key, rev int64, d Draft) (*store.Segment, error) {
	return e.writeSegment(ctx, p, d, func(tx *store.Tx, s *store.Segment) error {
		old, err := tx.Segment(ctx, key)
		if err != nil {
			return err
		}
		if s.Key != key {
			return fault.New(fault.Invalid, "invalid.segment_key_changed", map[string]any{"key": string(key)})
		}
		if rev == 0 {
			rev = old.Rev
		}
		s.CreatedAt, s.Rev = old.CreatedAt, rev+1
		if err := tx.UpdateSegment(ctx, s, rev); err != nil {
			return err
		}
		return tx.WatchAnew(ctx, s.UpdatedAt) // of all: segments name each other
	})
}

func (e *Engine) writeSegment(ctx context.Context, p Principal, d Draft, write func(*store.Tx, *store.Segment) error) (*store.Segment, error) {
	if err := p.Require(CampaignsWrite); err != nil {
		return nil, err
	}
	read := ParseSegment
	if e.Alone { // what is there was saved elsewhere
		read = ParseStoredSegment
	}
	def, err := read(d)
	if err != nil {
		return nil, err
	}
	now := e.now()
	s := &store.Segment{Key: def.Key, Name: def.Name, Source: d.Source, Format: string(d.Format), Rev: 1, CreatedAt: now, UpdatedAt: now, UpdatedBy: p.Name}
	err = e.Store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.LockSegments(ctx); err != nil {
			return err
		}
		if err := e.checkSegment(ctx, tx, def); err != nil {
			return err
		}
		return write(tx, s)
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// checkSegment holds the segment against what else there is.
func (e *Engine) checkSegment(ctx context.Context, from source, s *definition.Segment) error {
	all, err := e.segmentsNow(ctx, from)
	if err != nil {
		return err
	}
	problems := s.CheckCircle(all)
	if len(problems) == 0 {
		problems = s.CheckWeight(all)
	}
	if len(problems) > 0 {
		return invalidDefinition(problems)
	}
	return e.checkUses(ctx, from, s.Uses, "")
}

// checkNamed reports campaigns and segments that the definition names and that are not there.
func (e *Engine) checkNamed(ctx context.Context, from source, def *definition.Definition) error {
	if e.Alone {
		return e.checkUses(ctx, from, def.Uses, def.Key)
	}
	return e.checkUses(ctx, from, def.Named(), def.Key)
}

// checkUses reports campaigns and segments that are named and not there. own is the campaign that names them.
func (e *Engine) checkUses(ctx context.Context, from source, uses []definition.Use, own campaigns.Key) error {
	if len(uses) == 0 {
		return nil
	}
	all, err := e.segmentsNow(ctx, from)
	if err != nil {
		return err
	}
	known := definition.Known{Segments: all}
	cs, err := listCampaigns(ctx, from)
	if err != nil {
		return err
	}
	for _, c := range cs {
		known.Campaigns = append(known.Campaigns, c.Key)
	}
	if known.Keyed, err = e.keyed(ctx, from, uses, cs); err != nil {
		return err
	}
	if problems := definition.CheckUses(uses, own, known); len(problems) > 0 {
		return invalidDefinition(problems)
	}
	return nil
}

// keyed are the fields that say what a run is about, of the campaigns that steps enroll in: of the version that runs, or of the draft where none does.
func (e *Engine) keyed(ctx context.Context, from source, uses []definition.Use, cs []*store.Campaign) (map[campaigns.Key]string, error) {
	out := map[campaigns.Key]string{}
	for _, c := range cs {
		if !slices.ContainsFunc(uses, func(u definition.Use) bool { return u.Enrolls() && u.Key == c.Key }) {
			continue
		}
		if c.LiveVersion == 0 {
			if def, problems := definition.ParseStored([]byte(c.Draft), definition.Format(c.DraftFormat)); len(problems) == 0 {
				out[c.Key] = def.Entry.Key
			}
			continue
		}
		l, err := e.version(ctx, from, c.ID, c.LiveVersion)
		if err != nil && !errors.Is(err, errBadVersion) {
			return nil, err
		}
		if err == nil {
			out[c.Key] = l.def.Entry.Key
		}
	}
	return out, nil
}

// checkPublished is checkNamed for what is about to be published: nobody deletes a segment meanwhile.
func (e *Engine) checkPublished(ctx context.Context, tx *store.Tx, def *definition.Definition) error {
	if len(def.Uses) > 0 {
		if err := tx.LockSegments(ctx); err != nil {
			return err
		}
	}
	return e.checkNamed(ctx, tx, def)
}

// DeleteSegment removes the segment, where nothing names it: no other segment, and no campaign that is not archived, in its draft or in a version that was
// published. Fault conflict.segment_used says what does.
func (e *Engine) DeleteSegment(ctx context.Context, p Principal, key campaigns.Key) error {
	if err := p.Require(CampaignsWrite); err != nil {
		return err
	}
	return e.Store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Segment(ctx, key); err != nil {
			return err
		}
		if err := tx.LockSegments(ctx); err != nil {
			return err
		}
		by, err := e.segmentUsers(ctx, tx, key)
		if err != nil {
			return err
		}
		if by != "" {
			return fault.New(fault.Conflict, "conflict.segment_used", map[string]any{"key": string(key), "by": by})
		}
		return tx.DeleteSegment(ctx, key)
	})
}

// segmentUsers is the key of something that names the segment; empty: nothing does.
func (e *Engine) segmentUsers(ctx context.Context, tx *store.Tx, key campaigns.Key) (string, error) {
	rows, err := tx.Segments(ctx)
	if err != nil {
		return "", err
	}
	for _, r := range rows {
		if s, problems := definition.ParseStoredSegment([]byte(r.Source), definition.Format(r.Format)); len(problems) == 0 && names(s.Uses, key) {
			return string(r.Key), nil
		}
	}
	cs, err := listCampaigns(ctx, tx)
	if err != nil {
		return "", err
	}
	for _, c := range cs {
		used, err := e.campaignNames(ctx, tx, c, key)
		if err != nil || used {
			return string(c.Key), err
		}
	}
	return "", nil
}

func (e *Engine) campaignNames(ctx context.Context, tx *store.Tx, c *store.Campaign, key campaigns.Key) (bool, error) {
	if c.State == campaigns.Archived {
		return false, nil
	}
	c, err := tx.Campaign(ctx, c.ID) // a list leaves drafts out
	if err != nil {
		return false, err
	}
	if def, err := parseDraft(Draft{c.Draft, definition.Format(c.DraftFormat)}); err == nil && names(def.Uses, key) {
		return true, nil
	}
	for number := c.LiveVersion; number > 0; number-- { // members may still be inside an old one
		l, err := e.version(ctx, tx, c.ID, number)
		if errors.Is(err, errBadVersion) {
			continue
		}
		if err != nil || names(l.def.Uses, key) {
			return err == nil, err
		}
	}
	return false, nil
}

func names(uses []definition.Use, key campaigns.Key) bool {
	return slices.ContainsFunc(uses, func(u definition.Use) bool { return u.Segment() && u.Key == key })
}
