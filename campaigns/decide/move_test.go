package decide_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/difference"
)

// move makes the input that takes the script to another version.
func (s *script) move(doc string, land map[campaigns.StepID]campaigns.StepID) *decide.Moved {
	s.t.Helper()
	was, now := s.d, define(s.t, doc)
	in := &decide.Moved{From: 1, To: 2, Was: was, Same: decide.Same(was, now, pairs(s.t, s.doc, doc)), Land: land}
	s.d, s.doc = now, doc
	return in
}

func pairs(t testing.TB, was, now string) map[campaigns.StepID]campaigns.StepID {
	t.Helper()
	return pairsOf(t, head+was, head+now)
}

// pairsOf are the steps of two documents that are the same.
func pairsOf(t testing.TB, was, now string) map[campaigns.StepID]campaigns.StepID {
	t.Helper()
	a, problems := difference.Read([]byte(was), definition.YAML)
	b, more := difference.Read([]byte(now), definition.YAML)
	if len(problems)+len(more) > 0 {
		t.Fatal(problems, more)
	}
	return difference.Pairs(a, b)
}

const (
	choiceOf = `{type: choice, text: {en: Q}, timeout: {after: 2d}, options: [{value: a, text: {en: A}}, {value: b, text: {en: B}}`
	started  = `
		deliver a/1 telegram.0 bulk until 21 Oct 10:00
		= waiting delivery a/1 telegram.0`
	atWait = `= waiting time w/1 due 21 Oct 10:00`
)

const sendAndWait = `
  - {id: a, send: {text: {en: A}}}
  - {id: w, wait: 24h}
  - {id: b, send: {text: {en: B}}}
`

// TestMovedAtAWait: it is computed anew from when it began; what was sent already is not sent again, wherever it stands now.
func TestMovedAtAWait(t *testing.T) {
	at := func(t *testing.T) *script {
		s := play(t, sendAndWait)
		s.run(line{in: &decide.Start{}, want: started}, line{in: sent("a", 1, campaigns.Telegram), want: atWait})
		return s
	}
	t.Run("longer", func(t *testing.T) {
		s := at(t)
		s.run(line{after: time.Hour, in: s.move("  - {id: a, send: {text: {en: A}}}\n  - {id: w, wait: 48h}\n  - {id: b, send: {text: {en: B}}}\n", nil), want: `
			enrollment.moved w [from:1 step:w to:2]
			= waiting time w/1 due 22 Oct 10:00`})
	})
	t.Run("over already", func(t *testing.T) {
		s := at(t)
		s.run(line{after: 2 * time.Hour, in: s.move("  - {id: a, send: {text: {en: A}}}\n  - {id: w, wait: 1h}\n  - {id: b, send: {text: {en: B}}}\n", nil), want: `
			enrollment.moved w [from:1 step:w to:2]
			= waiting time w/1 due 20 Oct 12:00`},
			line{in: &decide.Due{}, want: `
			deliver b/1 telegram.0 bulk until 21 Oct 12:00
			= waiting delivery b/1 telegram.0`})
	})
	t.Run("an event is waited for now, from when the wait began", func(t *testing.T) {
		s := at(t)
		s.run(line{after: 2 * time.Hour, in: s.move("  - {id: a, send: {text: {en: A}}}\n  - {id: w, wait: {event: lesson.done, timeout: {after: 48h}}}\n  - {id: b, send: {text: {en: B}}}\n", nil), want: `
			enrollment.moved w [from:1 step:w to:2]
			= waiting time w/1 due 22 Oct 10:00`},
			line{in: &decide.Happened{Event: "lesson.done"}, want: `
			wait.event_came w
			deliver b/1 telegram.0 bulk until 21 Oct 12:00
			= waiting delivery b/1 telegram.0`})
	})
	t.Run("a day is waited for now that nobody knows", func(t *testing.T) {
		s := at(t)
		s.run(line{in: s.move("  - {id: a, send: {text: {en: A}}}\n  - {id: w, wait: {date: {attribute: exam}, until: \"10:00\"}}\n  - {id: b, send: {text: {en: B}}}\n", nil), want: `
			enrollment.moved w [from:1 step:w to:2]
			= waiting time w/1 due 20 Oct 10:00`},
			line{in: &decide.Due{}, want: `
			wait.date_missing w [attribute:exam]
			deliver b/1 telegram.0 bulk until 21 Oct 10:00
			= waiting delivery b/1 telegram.0`})
	})
	t.Run("what was sent stands behind it now", func(t *testing.T) {
		s := at(t)
		s.run(line{in: s.move("  - {id: w, wait: 24h}\n  - {id: a, send: {text: {en: A}}}\n  - {id: b, send: {text: {en: B}}}\n", nil), want: `
			enrollment.moved w [from:1 step:w to:2]
			` + atWait},
			line{after: 24 * time.Hour, in: &decide.Due{}, want: `
			deliver b/1 telegram.0 bulk until 22 Oct 10:00
			= waiting delivery b/1 telegram.0`})
	})
	t.Run("without an id, after a step more", func(t *testing.T) {
		s := play(t, "  - {id: a, send: {text: {en: A}}}\n  - wait: 24h\n  - {id: b, send: {text: {en: B}}}\n")
		s.run(line{in: &decide.Start{}, want: started}, line{in: sent("a", 1, campaigns.Telegram), want: `= waiting time step-2/1 due 21 Oct 10:00`})
		s.run(line{in: s.move("  - {id: n, send: {text: {en: N}}}\n  - {id: a, send: {text: {en: A}}}\n  - wait: 24h\n  - {id: b, send: {text: {en: B}}}\n", nil), want: `
			enrollment.moved step-2 [from:1 step:step-3 to:2]
			= waiting time step-3/1 due 21 Oct 10:00`})
	})
	t.Run("gone", func(t *testing.T) {
		s := at(t)
		in := s.move("  - {id: a, send: {text: {en: A}}}\n  - {id: b, send: {text: {en: B}}}\n", nil)
		if may, wait := in.Fits(s.d, s.e); may || wait {
			t.Error("has a place that nobody named")
		}
		s.run(line{in: in, want: atWait}) // nothing changes
		in.Land = map[campaigns.StepID]campaigns.StepID{"w": "b"}
		s.run(line{in: in, want: `
			enrollment.moved w [from:1 step:b to:2]
			deliver b/1 telegram.0 bulk until 21 Oct 10:00
			= waiting delivery b/1 telegram.0`})
	})
	t.Run("sent back to what was had", func(t *testing.T) {
		s := at(t)
		s.run(line{in: s.move("  - {id: a, send: {text: {en: A}}}\n  - {id: c, send: {text: {en: C}}}\n", map[campaigns.StepID]campaigns.StepID{"w": "a"}), want: `
			enrollment.moved w [from:1 step:a to:2]
			deliver c/1 telegram.0 bulk until 21 Oct 10:00
			= waiting delivery c/1 telegram.0`})
	})
	t.Run("ended", func(t *testing.T) {
		s := at(t)
		s.run(line{in: s.move("  - {id: b, send: {text: {en: B}}}\n", map[campaigns.StepID]campaigns.StepID{"w": ""}), want: `
			enrollment.moved w [from:1 to:2]
			cancel enrollment_over
			close
			enrollment.exited w moved
			= exited moved w/1`})
	})
}

// TestMovedAtAMessage: one that has not begun is the new version's; one whose step is gone is canceled.
func TestMovedAtAMessage(t *testing.T) {
	s := play(t, sendAndWait)
	s.run(line{in: &decide.Start{}, want: started})
	s.run(line{in: s.move("  - {id: a, send: {text: {en: New}}}\n", nil), want: `
			enrollment.moved a [from:1 step:a to:2]
			= waiting delivery a/1 telegram.0`})
	s.run(line{in: s.move("  - {id: z, send: {text: {en: Z}}}\n", map[campaigns.StepID]campaigns.StepID{"a": "z"}), want: `
			enrollment.moved a [from:1 step:z to:2]
			cancel step_left
			close
			deliver z/1 telegram.0 bulk until 21 Oct 10:00
			= waiting delivery z/1 telegram.0`})
}

// TestMovedAtAQuestion: it stays open where its answers are still answers, with the new timeout from when it was put; else it is put anew.
func TestMovedAtAQuestion(t *testing.T) {
	at := func(t *testing.T) *script {
		s := play(t, "  - {id: a, ask: "+choiceOf+"]}}\n")
		s.run(line{in: &decide.Start{}, want: started}, line{in: sent("a", 1, campaigns.Telegram), want: `= waiting answer a/1 due 22 Oct 10:00`})
		return s
	}
	t.Run("an option more, a day less", func(t *testing.T) {
		s := at(t)
		s.run(line{in: s.move("  - {id: a, ask: {type: choice, text: {en: Q2}, timeout: {after: 1d}, options: [{value: c, text: {en: C}}, {value: b, text: {en: B}}, {value: a, text: {en: A}}]}}\n", nil), want: `
			enrollment.moved a [from:1 step:a to:2]
			= waiting answer a/1 due 21 Oct 10:00`},
			line{in: pressed("a", 1, campaigns.Telegram, "b"), want: `
			save a a/1 b by telegram#7
			close
			question.answered a [channel:telegram]
			enrollment.completed a
			= completed a/1`})
	})
	t.Run("an option less", func(t *testing.T) {
		s := at(t)
		s.run(line{in: s.move("  - {id: a, ask: {type: choice, text: {en: Q}, timeout: {after: 2d}, options: [{value: b, text: {en: B}}, {value: c, text: {en: C}}]}}\n", nil), want: `
			enrollment.moved a [from:1 step:a to:2]
			close
			deliver a/2 telegram.0 bulk until 21 Oct 10:00
			= waiting delivery a/2 telegram.0`},
			line{in: pressed("a", 1, campaigns.Telegram, "a"), want: `
			answer.ignored a
			= waiting delivery a/2 telegram.0`},
			line{in: sent("a", 2, campaigns.Telegram), want: `= waiting answer a/2 due 22 Oct 10:00`})
	})
	t.Run("another question under the id of an answered one", func(t *testing.T) {
		s := at(t)
		s.run(line{in: s.move("  - {id: a, wait: 1h}\n  - {id: q, ask: {type: text, text: {en: Q}}}\n", map[campaigns.StepID]campaigns.StepID{"a": "q"}), want: `
			enrollment.moved a [from:1 step:q to:2]
			close
			deliver q/1 telegram.0 bulk until 21 Oct 10:00
			= waiting delivery q/1 telegram.0`},
			line{in: pressed("a", 1, campaigns.Telegram, "a"), want: `
			answer.ignored a
			= waiting delivery q/1 telegram.0`})
	})
}

const daily = `
  - id: r
    repeat:
      times: 3
      at: "12:00"
      steps:
        - {id: q, ask: {type: choice, text: {en: Q}, options: [{value: a, text: {en: A}}, {value: b, text: {en: B}}]}}
        - {id: t, send: {text: {en: T}}}
`

// TestMovedInARound: rounds stay; a question of a round that cannot be put another way is waited for.
func TestMovedInARound(t *testing.T) {
	s := play(t, daily)
	s.run(line{in: &decide.Start{}, want: `
			round.opened r [round:1]
			deliver q/1 telegram.0 bulk until 21 Oct 10:00
			= waiting delivery q/1 telegram.0`},
		line{in: sent("q", 1, campaigns.Telegram), want: `= waiting answer q/1 due 21 Oct 10:00`})
	other := *s
	if may, wait := other.move("  - id: r\n    repeat: {times: 3, at: \"12:00\", steps: [{id: q, ask: {type: text, text: {en: Q}}}]}\n", nil).Fits(other.d, other.e); may || !wait {
		t.Error("a round's open question is put twice")
	}
	// The thanks come first now, and at another hour; this round's question was put.
	s.run(line{in: s.move("  - id: r\n    repeat: {times: 3, at: \"13:00\", steps: [{id: t, send: {text: {en: T}}}, {id: q, ask: {type: choice, text: {en: Q}, options: [{value: a, text: {en: A}}, {value: b, text: {en: B}}]}}]}\n", nil), want: `
			enrollment.moved q [from:1 step:q to:2]
			= waiting answer q/1 due 21 Oct 11:00`},
		line{in: pressed("q", 1, campaigns.Telegram, "b"), want: `
			save q q/1 b by telegram#7
			close
			question.answered q [channel:telegram]
			= waiting time r/1 due 21 Oct 11:00`},
		line{after: 25 * time.Hour, in: &decide.Due{}, want: `
			round.opened r /2 [round:2]
			deliver t/2 telegram.0 bulk until 22 Oct 11:00
			= waiting delivery t/2 telegram.0`})
}

// Whatever two versions look like, and wherever somebody stands: nothing comes twice, nobody waits for what will not come, and who was not moved is as before.
func TestMovedWhateverHappens(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		was, doc := drawSource(rt, rapid.Bool().Draw(rt, "loops"))
		l := newLife(rt, was)
		l.take(t, &decide.Start{})
		for range rapid.IntRange(1, 3).Draw(rt, "versions") {
			for range rapid.IntRange(0, 12).Draw(rt, "inputs") {
				l.world()
				l.take(t, l.input())
			}
			if now, other := drawSource(rt, rapid.Bool().Draw(rt, "loops")); l.moved(t, doc, now, other) {
				doc = other
			}
		}
		for range rapid.IntRange(0, 12).Draw(rt, "inputs") {
			l.world()
			l.take(t, l.input())
		}
	})
}

// moved takes the life to another version, where it may go there.
func (l *life) moved(t *testing.T, doc string, now *definition.Definition, other string) bool {
	in := &decide.Moved{
		From: l.to, To: l.to + 1, Was: l.d, Same: decide.Same(l.d, now, pairsOf(t, doc, other)),
		Land: map[campaigns.StepID]campaigns.StepID{},
	}
	for _, s := range l.d.Order {
		if in.Same[s.ID] == "" || rapid.IntRange(0, 5).Draw(l.t, "elsewhere") == 0 {
			in.Land[s.ID] = rapid.SampledFrom(append([]campaigns.StepID{"", now.Steps[0].ID}, now.Steps[len(now.Steps)-1].ID)).Draw(l.t, "land")
		}
	}
	may, wait := in.Fits(now, l.e)
	if !may {
		if !wait && !l.e.State.Final() {
			if _, _, placed := in.Place(now, l.e.Step); placed {
				l.t.Fatalf("%s has a place, and is neither moved nor waited for", stand(l.e))
			}
		}
		return false
	}
	l.d, l.to = now, l.to+1
	l.take(t, in)
	return true
}
