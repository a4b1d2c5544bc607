package engine_test

import (
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// TestOneConnection plays everything on a pool of one: a transaction that asked for a second connection would wait for itself.
// (With a larger pool, as many transactions at once would wait for each other.)
func TestOneConnection(t *testing.T) {
	url := storetest.PostgresURL(t)
	storetest.Open(t, url)
	s, err := store.Open(t.Context(), store.Options{URL: url, MaxConns: 1})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	w := newWorld(t, s)
	ids := w.crowd(12)
	src := campaign("all", "entry: {event: member.joined}\nexit: [{event: member.left}]",
		sends("one", "One {{ member.first_name }}")+"  - id: mark\n    set: {add_tags: [seen]}\n"+asks("words", "text", "")+asks("fruit", "choices", twoOptions)+waits("w", "for: 1h")+sends("two", "Two"))
	w.publish(src)
	steps := []func(){
		func() { w.fresh().joins(7, "en"); w.say(7, "my words") },
		func() { w.fresh().click(7, "Apple"); w.click(7, "Done") },
		func() { w.fresh(); w.member(ids[0], func(in *engine.MemberInput) { in.TimeZone = new("Asia/Tokyo") }) },
		func() { w.fresh(); w.enroll("all", ids...); w.settle() },
		func() { w.fresh(); w.fill(w.surveyToken(w.mails(ids[0] + "@example.org")[1]), nil, "typed") },
		func() {
			w.fresh()
			must(t, second(w.e.PutDraft(t.Context(), engine.Operator, "all", 0, engine.Draft{Source: src, Format: definition.YAML})))
			must(t, second(w.e.Publish(t.Context(), engine.Operator, "all")))
		},
		func() { w.fresh().later(2 * time.Hour) },
		func() { w.fresh().say(7, "/stop"); w.say(7, "/mydata"); w.say(7, "/delete") },
		func() { w.fresh().event("member.left", ids[1]); w.settle() },
		func() { w.fresh(); must(t, second(w.e.End(t.Context(), engine.Operator, "all"))) },
	}
	for i, step := range steps {
		done := make(chan struct{})
		go func() {
			defer close(done)
			step()
		}()
		select {
		case <-done:
		case <-time.After(20 * time.Second):
			t.Fatalf("step %d waits for a second connection", i)
		}
	}
}

// fresh makes an engine that has read nothing yet.
func (w *world) fresh() *world {
	w.e = w.engine("worker-" + time.Now().Format("150405.000000000"))
	return w
}
