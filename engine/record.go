package engine

import (
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/decide/replay"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/store"
)

// Decided is one decision that was made and committed, with all that it was made of.
type Decided struct {
	Campaign   campaigns.Key
	Enrollment campaigns.EnrollmentID
	Member     campaigns.MemberID
	// Rev is the row's revision before: decisions about one enrollment come in its order, or at the same one in the order in which they were made.
	Rev int64
	// Definition is the version by which it was decided, Was the one that a move came from. Nobody changes them.
	Definition, Was *definition.Definition
	replay.Decision
}

// recording is a decision that is being made; nil where nobody records.
type recording struct {
	Decided
	err error
}

// record begins to take down a decision: what is asked, as it is before anything is decided.
func (e *Engine) record(l *live, row *store.Enrollment, en decide.Enrollment, f decide.Facts, in decide.Input, now time.Time) *recording {
	if e.Record == nil {
		return nil
	}
	r := &recording{Decided: Decided{Campaign: l.def.Key, Enrollment: row.ID, Member: row.Member, Rev: row.Rev, Definition: l.def}}
	if moved, ok := in.(*decide.Moved); ok {
		r.Was = moved.Was
	}
	r.Decision, r.err = replay.Write(replay.Asked{Version: l.version, Enrollment: en, Facts: f, Input: in, Now: now})
	return r
}

// answered adds what was decided.
func (r *recording) answered(next decide.Enrollment, effects []decide.Effect) {
	if r != nil && r.err == nil {
		r.Decision, r.err = r.Decision.Answered(next, effects)
	}
}

// recorded gives recordings to whoever records.
func (e *Engine) recorded(rs ...*recording) {
	for _, r := range rs {
		if r.err != nil {
			e.Log.Error("decision not recorded", "enrollment", r.Enrollment, "error", r.err)
			continue
		}
		e.Record(r.Decided)
	}
}

// recordOver is record for a passage that was completed beforehand, with the outcome of its last message: it is decided for this one by itself.
func (e *Engine) recordOver(j job, o store.Outcome) func() {
	if e.Record == nil || o.Over == nil {
		return nil
	}
	in := deliveredBy(j, o)
	r := e.record(j.l, j.row, *j.en, decide.Facts{}, in, o.At)
	_, effects := decide.Decide(j.l.def, *j.en, decide.Facts{}, in, o.At)
	next, err := fromRow(o.Over)
	r.answered(next, effects)
	if err != nil {
		r.err = err
	}
	return func() { e.recorded(r) }
}
