package decide

import (
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/timing"
)

// repeat comes to a repeat: for the first time, from the last step of a round, or because the next round opens.
func (r *run) repeat(s *definition.Step, rep *definition.Repeat) (*definition.Step, bool) {
	r.e.Step, r.e.Visit, r.e.Waiting = s.ID, 1, Waiting{}
	entered := r.e.Round == nil || r.e.Round.Step != s.ID
	if entered {
		r.e.Round = &Round{Step: s.ID, First: r.firstDay(rep), Over: true}
	}
	r.endRound(rep)
	n := r.newest(rep)
	switch {
	case n > r.e.Round.N && r.isOpen(n):
		r.skipRounds(n-1, entered)
		r.planRound(n, rep.At, entered)
		return r.openRound(rep, n), true
	case n < rep.Times:
		due := r.opens(n + 1)
		r.skipRounds(n, entered)
		r.e.Round.N = n
		r.wait(campaigns.WaitTime, &due)
		return nil, false
	}
	r.skipRounds(rep.Times, entered)
	if r.e.Round.N < rep.Times { // the last one passed without them: what follows was to be reached at its end
		r.planRound(rep.Times+1, rep.At, entered)
	}
	r.e.Round = nil
	return s.Next, true
}

// firstDay is the local date of day 1: the calendar's, or the first day on which a round can open from now on.
func (r *run) firstDay(rep *definition.Repeat) string {
	if d := rep.Starts; d != nil {
		return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	}
	today := r.now.In(r.f.Zone).Format(time.DateOnly)
	if openAt(today, 1, rep.At, r.f.Zone).Before(r.now) {
		today = openDay(today, 2).Format(time.DateOnly)
	}
	return today
}

// openDay is the date of the round whose first has the date first.
func openDay(first string, n int) time.Time {
	d, _ := time.Parse(time.DateOnly, first) // written by firstDay
	return d.AddDate(0, 0, n-1)
}

func openAt(first string, n int, at timing.LocalTime, zone *time.Location) time.Time {
	d := openDay(first, n)
	return timing.LocalDateTime{Year: d.Year(), Month: d.Month(), Day: d.Day(), LocalTime: at}.In(zone)
}

// opens is when round n opens, by the member's clock as it is now; n may be one beyond the last: when that is over.
func (r *run) opens(n int) time.Time {
	return openAt(r.e.Round.First, n, r.around().At, r.f.Zone).UTC()
}

// around is the repeat that the enrollment is in. A published version never changes, so it is there.
func (r *run) around() *definition.Repeat { return r.d.Step(r.e.Round.Step).Repeat() }

// isOpen reports whether the time of round n has come and is not over.
func (r *run) isOpen(n int) bool {
	return n > 0 && !r.opens(n).After(r.now) && r.opens(n+1).After(r.now)
}

// newest is the highest round that has opened, not less than the one that the enrollment has had: a move to the west takes none back.
func (r *run) newest(rep *definition.Repeat) int {
	n := r.e.Round.N
	for n < rep.Times && !r.opens(n+1).After(r.now) {
		n++
	}
	return n
}

// skipRounds records the rounds after the enrollment's up to n, which passed with nothing begun. Those before the member came are not theirs.
func (r *run) skipRounds(n int, entered bool) {
	if entered {
		if n > 0 {
			r.add(&Record{Name: "rounds.joined_late", Step: r.e.Step, Visit: 1, Data: map[string]any{"before": n}})
		}
		return
	}
	for i := r.e.Round.N + 1; i <= n; i++ {
		r.missed(i)
	}
}

func (r *run) missed(n int) {
	r.add(&Record{Name: "round.missed", Step: r.e.Round.Step, Visit: n, Data: map[string]any{"round": n}})
}

// planRound: a round was to be reached when it opened, whatever the one before it waited for, and however long. Who came to it after that, or was brought to it by
// a clock that moved, was to reach it then.
func (r *run) planRound(n int, at timing.LocalTime, entered bool) {
	opens := r.opens(n)
	switch {
	case entered && r.plan.At.After(opens):
	case !entered && r.since.After(opens):
		r.plan = Plan{At: r.since}
	default:
		r.plan = Plan{At: opens, Clock: r.unshown(&at, opens)}
	}
}

// openRound begins round n: what the one before was told is its own.
func (r *run) openRound(rep *definition.Repeat, n int) *definition.Step {
	r.e.Round.N, r.e.Round.Answered, r.e.Round.Over = n, false, false
	definition.Within(rep.Steps, func(s *definition.Step) {
		switch body := s.Body.(type) {
		case *definition.Ask:
			delete(r.e.Answers, s.SavesAs())
		case *definition.Call:
			delete(r.e.Calls, body.SaveAs)
		}
	})
	r.add(&Record{Name: "round.opened", Step: r.e.Round.Step, Visit: n, Data: map[string]any{"round": n}})
	return rep.Steps[0]
}

// endRound closes the books of a round whose steps have ended or whose time has.
func (r *run) endRound(rep *definition.Repeat) {
	if r.e.Round.Over {
		return
	}
	r.e.Round.Over = true
	asks := false
	eachAsk(rep.Steps, func(q *definition.Step) {
		asks = true
		if a := r.e.Asked[q.ID]; a.Answered && a.Visit == r.e.Round.N {
			r.past(q.ID, a.Visit)
		}
	})
	switch {
	case !asks:
		r.e.RoundsDone++
	case !r.e.Round.Answered:
		r.missed(r.e.Round.N)
	}
}

func (r *run) past(id campaigns.StepID, visit int) {
	if r.e.Past == nil {
		r.e.Past = map[campaigns.StepID][]int{}
	}
	if !slices.Contains(r.e.Past[id], visit) {
		r.e.Past[id] = append(slices.Clone(r.e.Past[id]), visit)
	}
}

// closeRound ends the open round when its time was over at the moment: what stood open in it is closed, and the enrollment goes on at the repeat.
// While the campaign is paused no round opens, so that the one before stays.
func (r *run) closeRound(at time.Time) {
	if r.e.State.Final() || !r.e.Started || r.e.Round == nil || r.e.Round.Over || r.f.Paused || r.opens(r.e.Round.N+1).After(at) {
		return
	}
	if r.e.State == campaigns.EnrollmentActive && r.e.Round.Answered {
		return // a pause held what follows from the answer: that comes first
	}
	asked, put := r.e.Asked[r.e.Step]
	if put = put && asked.Visit == r.e.Visit && !asked.Answered; put {
		asked.Closed = true
		r.setAsked(r.e.Step, asked)
	}
	if r.e.Wait == campaigns.WaitAnswer || r.e.Wait == campaigns.WaitDelivery && put {
		r.record("question.timed_out", "")
	}
	if r.e.Wait == campaigns.WaitDelivery {
		r.add(&CancelPending{Reason: campaigns.RoundOver})
	}
	if r.e.Wait == campaigns.WaitAnswer || r.e.Wait == campaigns.WaitDelivery {
		r.add(&CloseQuestion{})
	}
	r.endCall(campaigns.CallLeft)
	r.e.State, r.e.Wait, r.e.Due = campaigns.EnrollmentActive, campaigns.WaitNone, nil
	r.proceed(r.d.Step(r.e.Round.Step))
}

// endsAnew ends what is under way in the open round with it, by the clock that is the member's now.
func (r *run) endsAnew() {
	switch {
	case r.e.Round == nil || r.e.Round.Over:
	case r.e.Wait == campaigns.WaitDelivery:
		r.dueAt(r.opens(r.e.Round.N + 1))
	case r.e.Waiting.Call && r.e.Due != nil:
		r.dueAt(r.capped(*r.e.Due))
	}
}

// outlived is the repeat whose open round is over by now, while a pause held what follows from its answer; nil: there is none. That is done, as far as it waits
// for nothing: a wait would be over before it began.
func (r *run) outlived() *definition.Step {
	if r.e.Round == nil || r.e.Round.Over || r.opens(r.e.Round.N+1).After(r.now) {
		return nil
	}
	return r.d.Step(r.e.Round.Step)
}

// inRound reports whether the step stands in the repeat whose round is open.
func (r *run) inRound(id campaigns.StepID) bool {
	around := r.d.RepeatOf(id)
	return around != nil && r.e.Round != nil && r.e.Round.Step == around.ID
}

// roundOf is the round that a visit of the step belongs to; 0 outside of a repeat.
func (r *run) roundOf(id campaigns.StepID, visit int) int {
	if r.d.RepeatOf(id) == nil {
		return 0
	}
	return visit
}

// roundAnswered counts the round, once.
func (r *run) roundAnswered(id campaigns.StepID) {
	if r.inRound(id) && !r.e.Round.Answered {
		r.e.Round.Answered = true
		r.e.RoundsDone++
	}
}

// capped is the moment, or the end of the open round where that is earlier: nothing of a round outlasts it.
func (r *run) capped(at time.Time) time.Time {
	if r.e.Round == nil || r.e.Round.Over {
		return at
	}
	return timing.Earlier(at, r.opens(r.e.Round.N+1))
}

func (r *run) award(a *definition.Award) {
	r.e.Points += a.Points
	r.add(&Award{Step: r.e.Step, Visit: r.e.Visit, Round: r.roundOf(r.e.Step, r.e.Visit), Points: a.Points})
}

// score is what conditions and texts know of what the passage has gathered.
func (r *run) score() map[string]float64 {
	round := 0
	if r.e.Round != nil && !r.e.Round.Over {
		round = r.e.Round.N
	}
	return map[string]float64{
		definition.ScorePoints: float64(r.e.Points), definition.ScoreDone: float64(r.e.RoundsDone), definition.ScoreRound: float64(round),
	}
}

// eachAsk calls f for every question below the steps.
func eachAsk(steps []*definition.Step, f func(*definition.Step)) {
	definition.Within(steps, func(s *definition.Step) {
		if s.Ask() != nil {
			f(s)
		}
	})
}
