package engine_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// listens is a campaign with one message that takes in members of a segment.
func listens(key, segment, who, more string) string {
	return campaign(key, "entry: {segment: "+segment+", who: "+who+more+"}", sends("hello", "Hello"))
}

// tagged makes the member's tags these.
func (w *world) tagged(id string, tags ...string) {
	w.t.Helper()
	if tags == nil {
		tags = []string{}
	}
	_, _, err := w.e.UpsertMember(w.t.Context(), engine.Operator, engine.MemberInput{ExternalID: id, Tags: &tags})
	must(w.t, err)
	w.settle()
}

// known makes members with a mailbox, and returns what their ids are called.
func (w *world) known(ids ...string) map[campaigns.MemberID]string {
	w.t.Helper()
	names := map[campaigns.MemberID]string{}
	for _, id := range ids {
		names[w.member(id, byMail(id+"@example.org")).ID] = id
	}
	return names
}

func (w *world) expectEntered(key campaigns.Key, names map[campaigns.MemberID]string, want ...string) {
	w.t.Helper()
	if got := w.entered(key, names); !slices.Equal(got, want) {
		w.t.Fatalf("%s: entered %v, want %v", key, got, want)
	}
}

// moments are the member's events about segments.
func (w *world) moments(m campaigns.MemberID) (got []string) {
	w.t.Helper()
	for _, e := range w.events(m) {
		if strings.HasPrefix(e, "segment.") {
			got = append(got, e)
		}
	}
	return got
}

func (w *world) id(external string) campaigns.MemberID {
	w.t.Helper()
	m, err := w.store.MemberByExternalID(w.t.Context(), external)
	must(w.t, err)
	return m.ID
}

// TestSegmentsLetIn: who is there, who comes later, or both; by what the member does at once, by time with the next round; each once.
func TestSegmentsLetIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		names := w.known("here", "there", "later", "lapses")
		w.tagged("here", "vip")
		w.tagged("there", "vip")
		w.event("lesson.done", "lapses")
		w.settle()
		w.segment("vips", "{tag: vip}")
		w.segment("lapsed", "{last_event: lesson.done, older_than: 1d}")
		for _, who := range []string{"present", "future", "both"} {
			w.publish(listens(who, "vips", who, ""))
		}
		w.publish(listens("asleep", "lapsed", "future", ""))
		w.settle()
		expect := func(present, future, both []string) {
			t.Helper()
			w.expectEntered("present", names, present...)
			w.expectEntered("future", names, future...)
			w.expectEntered("both", names, both...)
		}
		there := []string{"here", "there"}
		expect(there, nil, there)
		if got := w.moments(w.id("here")); got != nil {
			t.Errorf("who was there from the start: %q", got)
		}
		w.tagged("later", "vip", "new")
		fresh := w.member("new", func(in *engine.MemberInput) {
			byMail("new@example.org")(in)
			in.Tags = &[]string{"vip"}
		})
		names[fresh.ID] = "new"
		w.settle()
		bare := w.member("bare", func(in *engine.MemberInput) { in.Tags = &[]string{"vip"} })
		w.settle()
		if got := w.moments(bare.ID); !slices.Equal(got, []string{"segment.entered"}) {
			t.Errorf("who is new and has no address: %q", got)
		}
		all := []string{"here", "later", "new", "there"}
		expect(there, []string{"later", "new"}, all)
		w.tagged("here")
		w.tagged("here", "vip") // re-entry: never
		expect(there, []string{"here", "later", "new"}, all)
		if got := w.moments(w.id("here")); !slices.Equal(got, []string{"segment.left", "segment.entered"}) {
			t.Errorf("%q", got)
		}
		w.expectEntered("asleep", names)
		w.until(start.Add(23 * time.Hour))
		w.expectEntered("asleep", names)
		w.later(3 * time.Hour)
		w.expectEntered("asleep", names, "lapses")
		w.event("lesson.done", "lapses")
		w.settle()
		if got := w.moments(w.id("lapses")); !slices.Equal(got, []string{"segment.entered", "segment.left"}) {
			t.Errorf("%q", got)
		}
		c, err := w.store.CampaignByKey(t.Context(), "present")
		must(t, err)
		if c.State != campaigns.Finished {
			t.Errorf("who was present is through, and the campaign is %s", c.State)
		}
		w.nothingLost()
	})
}

// TestSegmentsLetInAgain: by the entry rule, also in a later version, which takes nobody in again who was there.
func TestSegmentsLetInAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		names := w.known("anna", "boris", "clara")
		w.tagged("anna", "vip")
		w.segment("vips", "{tag: vip}")
		src := listens("both", "vips", "both", ", reentry: each_time")
		w.publish(src)
		w.settle()
		w.tagged("anna")
		w.tagged("anna", "vip")
		w.tagged("boris", "vip")
		want := []string{"anna", "anna", "boris"}
		w.expectEntered("both", names, want...)
		_, err := w.e.PutDraft(t.Context(), engine.Operator, "both", 0, engine.Draft{Source: strings.ReplaceAll(src, "Hello", "Hi"), Format: "yaml"})
		must(t, err)
		_, err = w.e.Publish(t.Context(), engine.Operator, "both")
		must(t, err)
		w.settle()
		w.expectEntered("both", names, want...)
		_, err = w.e.PutSegment(t.Context(), engine.Operator, "vips", 0, segmentDraft("vips", "{not: {tag: vip}}"))
		must(t, err)
		w.settle()
		w.expectEntered("both", names, "anna", "anna", "boris", "clara")
		if got := w.moments(w.id("boris")); !slices.Equal(got, []string{"segment.entered", "segment.left"}) {
			t.Errorf("of the changed segment: %q", got)
		}
	})
}

// woken counts who is woken to decide.
type woken struct{ due int }

func (w *woken) WakeDue(context.Context) error { w.due++; return nil }

func (w *woken) WakeActors(context.Context, ...string) error { return nil }

func (w *woken) WakeLane(context.Context, campaigns.Lane, campaigns.Channel) error { return nil }

// TestSweepFindsWhoChanged: where nothing else is due, the sweep wakes whoever looks at members who changed, and it is told that there is something to do.
func TestSweepFindsWhoChanged(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.known("later")
		w.segment("vips", "{tag: vip}")
		w.publish(listens("vips", "vips", "future", ""))
		w.settle()
		counted := &woken{}
		sweeper := w.engineWith("sweeper", counted)
		sweep := func(want int) {
			t.Helper()
			counted.due = 0
			must(t, sweeper.Sweep(t.Context()))
			idle, err := w.e.Idle(t.Context())
			must(t, err)
			if counted.due != want || idle != (want == 0) {
				t.Errorf("woken %d times, want %d; idle %t", counted.due, want, idle)
			}
		}
		sweep(0)
		_, _, err := w.e.UpsertMember(t.Context(), engine.Operator, engine.MemberInput{ExternalID: "later", Tags: &[]string{"vip"}})
		must(t, err)
		sweep(1)
		w.settle()
		sweep(0)
	})
}

// TestNobodyListens: nothing is listed, marked or told where no open campaign listens; a paused one does.
func TestNobodyListens(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		names := w.known("anna", "boris")
		w.segment("vips", "{tag: vip}")
		nothing := func() {
			t.Helper()
			ws, err := w.store.Watches(ctx)
			must(t, err)
			marks, err := w.store.Marks(ctx)
			must(t, err)
			if len(ws) > 0 || marks {
				t.Fatalf("%d watches, marks: %v", len(ws), marks)
			}
		}
		w.publish(listens("present", "vips", "present", ""))
		w.tagged("anna", "vip")
		nothing()
		w.publish(listens("future", "vips", "future", ""))
		w.settle()
		w.publish(listens("both", "vips", "both", ""))
		_, err := w.e.Pause(ctx, engine.Operator, "both")
		must(t, err)
		_, err = w.e.Pause(ctx, engine.Operator, "future")
		must(t, err)
		w.tagged("boris", "vip")
		w.expectEntered("future", names, "boris")
		w.expectEntered("both", names) // he is there when present members come in
		_, err = w.e.Resume(ctx, engine.Operator, "both")
		must(t, err)
		w.settle()
		w.expectEntered("both", names, "anna", "boris")
		_, err = w.e.End(ctx, engine.Operator, "both")
		must(t, err)
		_, err = w.e.Resume(ctx, engine.Operator, "future")
		must(t, err)
		w.settle()
		w.expectRows(w.id("boris"), "hello email sent", "hello email sent")
		_, err = w.e.End(ctx, engine.Operator, "future")
		must(t, err)
		w.settle()
		nothing()
		_, err = w.e.Publish(ctx, engine.Operator, "future")
		must(t, err)
		w.settle()
		w.tagged("anna")
		if got := w.moments(w.id("anna")); !slices.Equal(got, []string{"segment.left"}) {
			t.Errorf("listed anew: %q", got)
		}
	})
}

// TestMembersOfSegmentsEnd: erased members are in no segment, and of two who become one the one who stays is in what either was in.
func TestMembersOfSegmentsEnd(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.known("anna", "boris", "clara", "dora")
		for _, id := range []string{"anna", "boris", "dora"} {
			w.tagged(id, "vip")
		}
		w.segment("vips", "{tag: vip}")
		w.publish(listens("future", "vips", "future", ", reentry: each_time"))
		w.settle()
		listed := func(want ...campaigns.MemberID) {
			t.Helper()
			ws, err := w.store.Watches(ctx)
			must(t, err)
			got, err := w.store.Listed(ctx, ws[0].ID, 0, 100)
			must(t, err)
			if !slices.Equal(got, want) {
				t.Fatalf("listed %v, want %v", got, want)
			}
		}
		anna, boris, clara, dora := w.id("anna"), w.id("boris"), w.id("clara"), w.id("dora")
		listed(anna, boris, dora)
		must(t, w.e.EraseMember(ctx, engine.Operator, "anna"))
		listed(boris, dora)
		w.settle()
		become := func(from campaigns.MemberID) { // as the engine does after it has settled their passages
			t.Helper()
			must(t, w.store.Write(ctx, func(tx *store.Tx) error {
				ps, err := tx.Profiles(ctx, []campaigns.MemberID{from, clara})
				if err != nil {
					return err
				}
				into := &ps[clara].Member
				into.Tags = []string{"vip"}
				if err := tx.MergeMembers(ctx, store.Merge{From: ps[from], Into: ps[clara], Keep: map[campaigns.Channel]campaigns.MemberID{campaigns.Email: clara}, At: w.clock.now()}); err != nil {
					return err
				}
				return tx.UpdateMember(ctx, into)
			}))
		}
		become(boris)
		listed(clara, dora)
		become(dora)
		listed(clara)
		w.settle()
		listed(clara)
		if got := w.moments(clara); got != nil {
			t.Errorf("%q", got)
		}
	})
}

// dies lets an engine work that dies when its rounds look at the clock for the first time, then one that dies the second time, and so on, until one comes to
// its end. They look in the middle of their transactions, which end with that: a context that is canceled would not do it where a transaction ends by itself.
func (w *world) dies() (deaths int) {
	w.t.Helper()
	for looks := 1; ; looks++ {
		left, o := looks, w.e.Options
		o.Now = func() time.Time {
			if inRound() {
				if left--; left == 0 {
					panic(errDies)
				}
			}
			return w.clock.now()
		}
		e, err := engine.New(o)
		must(w.t, err)
		died := func() (died bool) {
			defer func() {
				if r := recover(); r != nil && r != errDies {
					panic(r)
				} else if r != nil {
					died = true
				}
			}()
			_, err = e.AdvanceDue(w.t.Context(), time.Second)
			return false
		}()
		e.Close()
		must(w.t, err)
		if !died {
			return deaths
		}
		deaths++
	}
}

var errDies = errors.New("dies")

// inRound reports whether whoever asks the time is at work for segments.
func inRound() bool {
	callers := make([]uintptr, 40)
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers)])
	for {
		f, more := frames.Next()
		if strings.HasSuffix(f.Function, "(*Engine).watchRound") {
			return true
		}
		if !more {
			return false
		}
	}
}

// TestSegmentsSurviveCrashes: wherever the first listing, a sweep of marks, a round or the end of it dies, the list and the events are what they would be.
func TestSegmentsSurviveCrashes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		names := w.known("anna", "boris", "clara", "dora")
		w.tagged("anna", "vip")
		w.segment("vips", "{tag: vip}")
		w.segment("all", "{not: {tag: nobody}}") // settled in the same transactions
		expect := func(what string, listed []string, moments map[string]string) {
			t.Helper()
			ws, err := w.store.Watches(ctx)
			must(t, err)
			ids, err := w.store.Listed(ctx, ws[0].ID, 0, 100)
			must(t, err)
			var got []string
			for _, id := range ids {
				got = append(got, names[id])
			}
			if !slices.Equal(got, listed) {
				t.Errorf("%s: listed %v, want %v", what, got, listed)
			}
			for id, name := range names {
				if got := strings.ReplaceAll(strings.Join(w.moments(id), " "), "segment.", ""); got != moments[name] {
					t.Errorf("%s: %s %q, want %q", what, name, got, moments[name])
				}
			}
		}
		deaths := map[string]int{}
		w.publish(listens("both", "vips", "both", ", reentry: each_time"))
		w.publish(listens("other", "all", "future", ""))
		deaths["first"] = w.dies()
		w.settle()
		expect("first", []string{"anna"}, nil)
		for id, tags := range map[string][]string{"anna": {}, "boris": {"vip"}, "clara": {"vip", "slow"}} {
			_, _, err := w.e.UpsertMember(ctx, engine.Operator, engine.MemberInput{ExternalID: id, Tags: &tags})
			must(t, err)
		}
		deaths["marks"] = w.dies()
		w.settle()
		told := map[string]string{"anna": "left", "boris": "entered", "clara": "entered"}
		expect("marks", []string{"boris", "clara"}, told)
		must(t, second(w.e.PutSegment(ctx, engine.Operator, "vips", 0, segmentDraft("vips", "{not: {tag: slow}}"))))
		deaths["round"] = w.dies()
		w.settle()
		told = map[string]string{"anna": "left entered", "boris": "entered", "clara": "entered left", "dora": "entered"}
		expect("round", []string{"anna", "boris", "dora"}, told)
		w.expectEntered("both", names, "anna", "anna", "boris", "clara", "dora")
		must(t, second(w.e.End(ctx, engine.Operator, "both")))
		must(t, second(w.e.End(ctx, engine.Operator, "other")))
		deaths["end"] = w.dies()
		w.settle()
		if ws, err := w.store.Watches(ctx); err != nil || len(ws) > 0 {
			t.Errorf("%d lists are left, %v", len(ws), err)
		}
		for part, n := range deaths {
			if n < 2 {
				t.Errorf("%s: only %d deaths", part, n)
			}
		}
	})
}

// TestSegmentsKnowWhoIsNew: who joins the community before the first round has come to them was not there from the start, and who was tagged meanwhile counts as
// there.
func TestSegmentsKnowWhoIsNew(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		names := w.known("anna")
		w.segment("vips", "{tag: vip}")
		w.publish(listens("future", "vips", "future", ""))
		w.publish(listens("both", "vips", "both", ""))
		w.clock.set(w.clock.now().Add(time.Millisecond))
		fresh := w.member("new", func(in *engine.MemberInput) {
			byMail("new@example.org")(in)
			in.Tags = &[]string{"vip"}
		})
		names[fresh.ID] = "new"
		w.tagged("anna", "vip")
		w.expectEntered("future", names, "new")
		w.expectEntered("both", names, "anna", "new")
		if got := w.moments(fresh.ID); !slices.Equal(got, []string{"segment.entered"}) {
			t.Errorf("who is new: %q", got)
		}
		if got := w.moments(w.id("anna")); got != nil {
			t.Errorf("who was tagged: %q", got)
		}
	})
}

// TestSegmentsWaitForAnAddress: who comes into a segment before anybody can write to them enters when they can be written to, once, and not where they were
// there from the start or have left the segment meanwhile.
func TestSegmentsWaitForAnAddress(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		names := map[campaigns.MemberID]string{}
		bare := func(id string, tags ...string) {
			names[w.member(id, func(in *engine.MemberInput) { in.Tags = &tags }).ID] = id
		}
		bare("there", "vip")
		w.segment("vips", "{tag: vip}")
		w.publish(listens("future", "vips", "future", ", reentry: each_time"))
		w.settle()
		for _, id := range []string{"comes", "left"} {
			bare(id, "vip")
		}
		w.settle()
		w.tagged("left")
		w.expectEntered("future", names)
		for _, id := range []string{"there", "comes", "left"} {
			w.member(id, byMail(id+"@example.org"))
		}
		w.settle()
		w.expectEntered("future", names, "comes")
		w.member("comes", byMail("anew@example.org"))
		w.settle()
		w.expectEntered("future", names, "comes")
		w.expectRows(w.id("comes"), "hello email sent")
	})
}

// TestSegmentChangesInItsFirstRound: whom the old condition has listed already does not come in by the new one.
func TestSegmentChangesInItsFirstRound(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, names := t.Context(), w.known("anna", "boris")
		w.tagged("anna", "vip")
		w.segment("vips", "{tag: vip}")
		w.publish(listens("both", "vips", "both", ""))
		must(t, w.store.Write(ctx, func(tx *store.Tx) error { // as one part of the round leaves it
			watch, err := tx.WatchOf(ctx, "vips")
			if err != nil {
				return err
			}
			watch.Last = w.id("anna")
			if err := tx.ListMembers(ctx, watch.ID, []campaigns.MemberID{watch.Last}, w.clock.now()); err != nil {
				return err
			}
			return tx.SaveWatch(ctx, watch)
		}))
		must(t, second(w.e.PutSegment(ctx, engine.Operator, "vips", 0, segmentDraft("vips", "{not: {tag: vip}}"))))
		w.settle()
		w.expectEntered("both", names, "boris")
	})
}

// TestLaterVersionListens: to whom the older version took in once, those come who came into the segment meanwhile.
func TestLaterVersionListens(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	names := w.known("anna", "boris", "clara")
	w.tagged("anna", "vip")
	w.segment("vips", "{tag: vip}")
	stays := func(who string) string {
		return campaign("c", "entry: {segment: vips, who: "+who+"}", "  - id: stay\n    wait: 36h\n"+sends("hello", "Hello"))
	}
	w.publish(stays("present"))
	w.settle()
	w.tagged("boris", "vip")
	w.expectEntered("c", names, "anna")
	must(t, second(w.e.PutDraft(t.Context(), engine.Operator, "c", 0, engine.Draft{Source: stays("both"), Format: "yaml"})))
	must(t, second(w.e.Publish(t.Context(), engine.Operator, "c")))
	w.settle()
	w.tagged("clara", "vip")
	w.expectEntered("c", names, "anna", "boris", "clara")
}

// TestPresentMembersComeOnce: a version that is published after the campaign has ended takes nobody in who came into the segment since, nor those who were there,
// by whatever entry rule; nor does one that listens from then on, but for those who never were in. Where nobody was there, and for another segment, it does.
func TestPresentMembersComeOnce(t *testing.T) {
	for reentry, listening := range map[string][]string{"": {"anna", "boris"}, ", reentry: each_time": {"anna"}} {
		each(t, func(t *testing.T, w *world) {
			names := w.known("anna", "boris", "clara")
			w.segment("vips", "{tag: vip}")
			w.segment("others", "{tag: other}")
			opens := func(segment, who, text string) engine.Present {
				t.Helper()
				src := strings.ReplaceAll(listens("c", segment, who, reentry), "Hello", text)
				must(t, second(w.e.PutDraft(t.Context(), engine.Operator, "c", 0, engine.Draft{Source: src, Format: "yaml"})))
				pub, err := w.e.Publication(t.Context(), engine.Operator, "c")
				must(t, err)
				must(t, second(w.e.PublishAs(t.Context(), engine.Operator, "c", engine.Publishing{})))
				w.settle()
				return *pub.Present
			}
			ended := func(want ...string) {
				t.Helper()
				w.settle()
				w.expectEntered("c", names, want...)
				if s := w.stateOf("c"); s != campaigns.Finished {
					t.Fatalf("the campaign is %s", s)
				}
			}
			w.publish(listens("c", "vips", "present", reentry))
			w.settle()
			ended()
			w.tagged("anna", "vip")
			if p := opens("vips", "present", "Now"); p != (engine.Present{Opens: engine.OpensNow, Nobody: true}) {
				t.Errorf("nobody was there: %+v", p)
			}
			ended("anna")
			w.tagged("boris", "vip")
			if p := opens("vips", "present", "Correction"); p != (engine.Present{Opens: engine.OpensNever}) {
				t.Errorf("a correction: %+v", p)
			}
			ended("anna")
			opens("vips", "both", "Later too")
			w.expectEntered("c", names, listening...)
			must(t, second(w.e.End(t.Context(), engine.Operator, "c")))
			w.settle()
			w.tagged("clara", "other")
			if p := opens("others", "present", "Others"); p != (engine.Present{Opens: engine.OpensNow}) {
				t.Errorf("another segment: %+v", p)
			}
			ended(append(slices.Clone(listening), "clara")...)
		})
	}
}
