package definition

import (
	"time"

	"github.com/kruzhok/kruzhok/campaigns/timing"
)

// QuietThen is what becomes of a message that comes due in quiet hours.
type QuietThen string

const (
	QuietHold   QuietThen = "hold"   // it waits for their end
	QuietSpread QuietThen = "spread" // it waits for a moment of its own after their end
	QuietSkip   QuietThen = "skip"
)

var defaultOver = timing.Period{Time: time.Hour}

// SkipsQuiet reports whether what comes due in the campaign's quiet hours is skipped.
func (d *Definition) SkipsQuiet() bool { return d.Quiet != nil && d.QuietThen == QuietSkip }

func (r *reader) quiet(n *node) {
	rec, ok := r.record(n, quietObject)
	if !ok {
		return
	}
	before := len(r.out.list)
	w := timing.Window{}
	rec.with("from", func(n *node) { w.From = r.localTime(n) })
	rec.with("to", func(n *node) { w.To = r.localTime(n) })
	if w.From == w.To && len(r.out.list) == before && rec.get("from") != nil && rec.get("to") != nil {
		r.out.add(n.place, "quiet_hours_empty")
	}
	r.d.Quiet, r.d.QuietThen = &w, QuietHold
	rec.with("then", func(n *node) { r.d.QuietThen = word(r, n, quietThens) })
	if r.d.QuietThen == QuietSpread {
		r.d.QuietOver = defaultOver
	}
	rec.with("over", func(n *node) {
		r.d.QuietOver = r.period(n)
		switch {
		case r.d.QuietThen == QuietHold || r.d.QuietThen == QuietSkip:
			r.out.add(rec.values["over"].place, "over_without_spread").expect("then: spread")
		case len(r.out.list) == before && r.d.QuietOver.Fixed() > w.Free():
			r.out.add(rec.values["over"].place, "over_too_long", "value", n.text, "limit", timing.Period{Time: w.Free()}.String())
		}
	})
	if free := w.Free(); r.d.QuietThen == QuietSpread && r.d.QuietOver.Fixed() > free { // the default, behind very long quiet hours
		r.d.QuietOver = timing.Period{Time: free}
	}
}
