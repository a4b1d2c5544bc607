//go:build unix

package faults

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// CircleSums is what the comparison found about the circle.
type CircleSums struct {
	Calls, Asked   int // calls that were written; how often the other system was asked
	Notices, Told  int // messages to the staff that were due; that came
	Retold, Bound  int // of those, how many more than once; what the faults explain
	Twins, Answers int // questions that went by mail too; answers
	Skipped        int // messages for which the budget had no room
	Joined, Moved  int // who came in by the segment; who went on in the second version
}

// staff is whom notify steps tell.
const (
	staffChat = -100500
	staffMail = "staff@k.example.org"
)

// person is the one with this external id; nil: none of the circle.
func (s *Site) person(id string) *person {
	n, err := strconv.Atoi(strings.TrimPrefix(id, "c"))
	if s.circle == nil || !strings.HasPrefix(id, "c") || err != nil || n < 0 || n >= len(s.circle.people) {
		return nil
	}
	return s.circle.people[n]
}

// hasBlocked says whether the person has blocked the bot; nobody has not.
func (p *person) hasBlocked() bool {
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.blocked
}

// must are the steps whose message must have come. It follows from the seed, how far the run came, who had a chance to answer, and which version the course
// came to an end in.
func (r *reconciler) must(p *person) []string {
	switch {
	case p.n >= r.site.circle.inside:
		return nil
	case p.role == reader:
		return []string{"first", "second", "third", "flash"}
	case p.role == newcomer && r.versions[p.id()] == 2:
		return []string{"hi", "hello", "mid", "bye", "encore"}
	case p.role == newcomer:
		return []string{"hi", "hello", "mid", "bye"}
	case p.refused:
		return []string{"sorry"}
	case len(p.answers) > 0:
		return []string{"seat", "free", "done"}
	}
	return []string{"seat", "free"}
}

// circle compares the ledgers about the circle, after every row was judged.
func (r *reconciler) circle() {
	if r.site.circle == nil {
		return
	}
	for _, p := range r.site.circle.people {
		for _, step := range r.must(p) {
			if !r.seen[p.id()+" "+step] {
				r.sums.Lost++
				r.problems.add("never written", "%s to %s, %s who answers %s", step, p.id(), p.role, p.manner)
			}
		}
	}
	r.calls()
	r.questions()
	r.notices()
	r.budget()
	r.joined()
	r.moved()
}

// hold keeps what the sinks wrote down about the circle as it is, until it is let go.
func (s *Site) hold() (letGo func()) {
	if s.circle == nil {
		return func() {}
	}
	locks := []sync.Locker{&s.circle.mu, &s.desk.mu}
	for _, p := range s.circle.people {
		locks = append(locks, &p.mu)
	}
	for _, l := range locks {
		l.Lock()
	}
	return func() {
		for _, l := range locks {
			l.Unlock()
		}
	}
}

// course reads in which version each newcomer's passage is.
func (r *reconciler) course() {
	r.versions = map[string]int{}
	r.each(`SELECT m.external_id, e.version FROM enrollments e JOIN campaigns c ON c.id = e.campaign_id JOIN members m ON m.id = e.member_id WHERE c.key = 'course'`, func(scan scanner) {
		var id string
		var version int
		r.site.must(scan(&id, &version))
		r.versions[id] = version
	})
}

type scanner func(...any) error

// each shows the rows of a query.
func (r *reconciler) each(query string, show func(scanner)) {
	rs, err := r.site.books.db.QueryContext(r.site.t.Context(), query)
	r.site.must(err)
	defer rs.Close()
	for rs.Next() {
		show(rs.Scan)
	}
	r.site.must(rs.Err())
}

// circleRow judges one row of the store about the circle.
func (r *reconciler) circleRow(p *person, d row) {
	if p.manner == leaving && d.step == "done" && d.state == "failed" && d.reason == "blocked" {
		r.sums.Refused++ // it was not known yet that the bot is blocked; the mail follows
		return
	}
	key, twin := d.member+" "+d.step, d.step == "free" && d.channel == "email"
	switch {
	case twin:
		key += " twin"
		r.twins[p.n] = d
		r.sums.Circle.Twins++
	case d.step == "free":
		r.asked[p.n] = d
	}
	switch {
	case !slices.Contains(r.must(p), d.step) || twin && p.byMail:
		r.problems.add("rows that should not be", "%+v for %s who answers %s", d, p.role, p.manner)
	case r.seen[key]:
		r.problems.add("two rows for one message", "%+v", d)
	default:
		r.seen[key] = true
	}
	taken := r.takenBy(p, d)
	if taken > 1 {
		r.sums.Duplicates += taken - 1
		r.problems.add("duplicates", "%+v came %d times", d, taken)
	}
	switch {
	case d.state == "unknown":
		r.sums.Unknown++
		r.sums.Arrived += min(taken, 1)
	case d.state == "pending" || d.state == "claimed" || d.state == "sending":
		r.sums.Lost++
		r.problems.add("not final", "%+v", d)
	case d.state == "sent":
		r.sums.Sent++
		if taken == 0 {
			r.sums.Lost++
			r.problems.add("sent and never arrived", "%+v", d)
		}
	case d.state == "expired" && d.step == "flash" && d.reason == "over_budget" && d.detail != "":
		r.sums.Circle.Skipped++
	case d.state == "expired" && d.step == "flash" && d.reason != "" && d.reason != "over_budget": // the clock went ahead of it
	case d.state == "canceled" && twin && d.reason != "" && len(p.answers) > 0:
	default:
		r.problems.add("should have arrived", "%+v, %s who answers %s", d, p.role, p.manner)
	}
	if taken > 0 && d.state != "sent" && d.state != "unknown" {
		r.problems.add("arrived, and the row denies it", "%+v", d)
	}
}

// takenBy is how often a sink took the row's message.
func (r *reconciler) takenBy(p *person, d row) (n int) {
	if d.channel == "email" {
		return r.mailed(p.mail(), d)
	}
	for _, a := range r.site.circle.arrivals[p.n] {
		if a.chat && a.step == d.step {
			r.told[p.marker(a.step)+a.said+" "+strconv.FormatInt(p.chat(), 10)] = true
			n++
		}
	}
	return n
}

// calls: the other system is asked under one number and with one body for each visit; what one of its answers says is followed once.
func (r *reconciler) calls() {
	desk := r.site.desk
	known := map[string]bool{}
	for _, wrong := range desk.wrong {
		r.problems.add("calls that are none", "%s", wrong)
	}
	r.each(`SELECT c.enrollment_id, m.external_id, c.step, c.visit, c.state, c.reason, c.code, c.tries,
		(SELECT count(*) FROM points p WHERE p.enrollment_id = c.enrollment_id)
		FROM calls c JOIN members m ON m.id = c.member_id`, func(scan scanner) {
		var enrollment, step, id, state, reason string
		var visit, code, tries, points int
		r.site.must(scan(&enrollment, &id, &step, &visit, &state, &reason, &code, &tries, &points))
		key := visitKey(enrollment, step, visit)
		said := fmt.Sprintf("call of %s: %s %s %d after %d tries, passed %d times", id, state, reason, code, tries, points)
		p, a := r.site.person(id), desk.asked[key]
		r.sums.Circle.Calls++
		known[id] = true
		if p == nil || a == nil || a.who != id {
			r.problems.add("calls that were never made", "%s", said)
			return
		}
		r.sums.Circle.Asked += a.times
		delete(desk.asked, key)
		if len(a.ids) != 1 || len(a.bodies) != 1 || a.times > tries {
			r.problems.add("called in several ways", "%s; under %d numbers, with %d bodies, %d times", said, len(a.ids), len(a.bodies), a.times)
		}
		want := [3]any{"answered", "", 1}
		if p.refused {
			want = [3]any{"failed", "call_refused", 0}
		}
		if got := [3]any{state, reason, points}; got != want || (len(a.seats) == 0) != p.refused {
			r.problems.add("a call's answer is not followed once", "%s; %d answers", said, len(a.seats))
		}
		for _, x := range r.site.circle.arrivals[p.n] {
			if x.step == "seat" && !a.seats[x.said] {
				r.problems.add("the answer that was followed was none", "%s: %q", said, x.said)
			}
		}
	})
	for key, a := range desk.asked {
		r.problems.add("calls without a row", "%s by %s, %d times", key, a.who, a.times)
	}
	for _, p := range r.site.circle.people[:r.site.circle.inside] {
		if p.role == guest && !known[p.id()] {
			r.problems.add("calls that were never written", "%s", p.id())
		}
	}
}

// slack is what the clock may have been put back between two moments of which one is after the other.
const slack = 65 * time.Minute

// questions: one that nobody answers goes by mail too, once; an answer by either closes both, and what comes later changes nothing.
func (r *reconciler) questions() {
	r.each(`SELECT m.external_id, e.state, e.step, COALESCE(a.choice, ''), COALESCE(a.rev, 0), COALESCE(a.answered_at, 0), COALESCE(a.channel, ''),
		(SELECT count(*) FROM responses b WHERE b.enrollment_id = e.id)
		FROM enrollments e JOIN campaigns c ON c.id = e.campaign_id JOIN members m ON m.id = e.member_id LEFT JOIN responses a ON a.enrollment_id = e.id AND a.step = 'free'
		WHERE c.key = 'care'`, func(scan scanner) {
		var id, state, step, choice, channel string
		var rev, at, n int64
		r.site.must(scan(&id, &state, &step, &choice, &rev, &at, &channel, &n))
		p := r.site.person(id)
		if p == nil || p.refused {
			return
		}
		twin, twice := r.twins[p.n]
		said := fmt.Sprintf("%s who answers %s: %s at %q, answers given %v, stored %d: %q by %s, revision %d, second message %q", id, p.manner, state, step, p.answers, n, choice, channel, rev, twin.state)
		if early := twin.created.Sub(r.asked[p.n].created); twice && p.manner != leaving && early < silence-slack {
			r.problems.add("a question went by mail before its time", "%s; %s after the first", said, early)
		}
		if len(p.answers) == 0 {
			if n != 0 || state != "waiting" || step != "free" {
				r.problems.add("an answer that nobody gave", "%s", said)
			}
			if !twice {
				r.problems.add("a question that nobody answered went one way only", "%s", said)
			}
			return
		}
		r.sums.Circle.Answers++
		switch {
		case n != 1 || choice != "true" || rev != 1 || state != "completed":
			r.problems.add("an answer did not close the question", "%s", said)
		case !slices.Contains(p.answers, channel):
			r.problems.add("an answer came another way", "%s", said)
		case twice && twin.created.After(time.UnixMicro(at).Add(slack)):
			r.problems.add("a question went by mail after its answer", "%s, written %s after it", said, twin.created.Sub(time.UnixMicro(at)))
		}
	})
}

// notices: each reaches each address, and comes again only where a fault left its sender in doubt.
func (r *reconciler) notices() {
	single, together, mails := map[string]int{}, 0, map[string]int{}
	r.site.Bot.Ledger.Each(func(chat, text string, n int) {
		if chat != strconv.Itoa(staffChat) {
			return
		}
		r.told[text+" "+chat] = true
		r.sums.Circle.Told += n
		if name := between(text, `">`, `</a>`); strings.HasPrefix(name, "C") {
			single[strings.ToLower(name)] += n
		} else {
			together += n
		}
	})
	for id, n := range r.mails[staffMail] {
		r.told[id+" "+staffMail] = true
		r.sums.Circle.Told += n
		mails[strings.SplitN(id, ".", 2)[0]] += n
	}
	due, groups, letters := map[string]int{}, map[int64]bool{}, map[int64]bool{}
	r.each(`SELECT n.id, m.external_id, n.channel, n.state, n.reason, n.together, COALESCE(n.told_at, 0), n.tries FROM notices n JOIN members m ON m.id = n.member_id`, func(scan scanner) {
		var id, at int64
		var who, channel, state, reason string
		var about, tries int
		r.site.must(scan(&id, &who, &channel, &state, &reason, &about, &at, &tries))
		said := fmt.Sprintf("notice about %s by %s: %s %s about %d after %d tries", who, channel, state, reason, about, tries)
		due[who+" "+channel]++
		if p := r.site.person(who); p == nil || !p.told || p.refused || state != "sent" || due[who+" "+channel] > 1 {
			r.problems.add("notices that should be otherwise", "%s", said)
		}
		came, key := 0, "d"+strconv.FormatInt(id, 36)
		switch {
		case channel == "telegram" && about == 1:
			came = single[who]
			r.sums.Circle.Notices++
		case channel == "telegram":
			came = together
			groups[at] = true
		case about == 1:
			came = mails[key]
			r.sums.Circle.Notices++
		default: // the mail's number is the first one's of those whom it is about
			came = 1
			letters[at] = true
		}
		if state == "sent" && came == 0 {
			r.problems.add("the staff was not told", "%s", said)
		}
	})
	r.sums.Circle.Notices += len(groups) + len(letters)
	for _, p := range r.site.circle.people[:r.site.circle.inside] {
		if p.told && !p.refused && (due[p.id()+" telegram"] == 0 || due[p.id()+" email"] == 0) {
			r.problems.add("notices that were never written", "%s", p.id())
		}
	}
	c := r.site.tally.counts()
	r.sums.Circle.Bound = c.kills + c.freezes + c.retold
	if r.sums.Circle.Retold = r.sums.Circle.Told - r.sums.Circle.Notices; r.sums.Circle.Retold > r.sums.Circle.Bound || r.sums.Circle.Retold < 0 {
		r.problems.add("told more often than faults explain", "%d notices, %d messages came; the faults explain %d more", r.sums.Circle.Notices, r.sums.Circle.Told, r.sums.Circle.Bound)
	}
}

// between is what stands between the two, empty where they are not there.
func between(text, from, to string) string {
	_, rest, _ := strings.Cut(text, from)
	inside, _, ok := strings.Cut(rest, to)
	if !ok {
		return ""
	}
	return inside
}

// budget: nobody got more than it allows, by what the sinks took.
func (r *reconciler) budget() {
	for _, p := range r.site.circle.people {
		if p.role != reader {
			continue
		}
		came := r.site.circle.arrivals[p.n]
		for i := mostPer; i < len(came); i++ {
			if since := came[i].last.Sub(came[i-mostPer].earliest); since < surelyPer {
				r.problems.add("over the budget", "%s got %s %s after %s, and %d between", p.id(), came[i].step, since, came[i-mostPer].step, mostPer-1)
			}
		}
	}
}

// joined: who came into the segment is in the campaign once, whether or not they left it meanwhile.
func (r *reconciler) joined() {
	in := map[string]int{}
	r.each(`SELECT m.external_id, count(*) FROM enrollments e JOIN campaigns c ON c.id = e.campaign_id JOIN members m ON m.id = e.member_id WHERE c.key = 'join' GROUP BY 1`, func(scan scanner) {
		var id string
		var n int
		r.site.must(scan(&id, &n))
		in[id] = n
		r.sums.Circle.Joined++
	})
	for _, p := range r.site.circle.people {
		want := 0
		if p.role == newcomer && p.n < r.site.circle.inside {
			want = 1
		}
		if in[p.id()] != want {
			r.problems.add("not once in by the segment", "%s is in %d times, should be %d", p.id(), in[p.id()], want)
		}
	}
}

// moved: who was inside when the second version was published went on in it, but for those who were through.
func (r *reconciler) moved() {
	number := func(query string) int64 {
		n, err := r.site.books.number(r.site.t.Context(), query)
		r.site.must(err)
		return n
	}
	const of = ` FROM campaign_moves v JOIN campaigns c ON c.id = v.campaign_id WHERE c.key = 'course'`
	moved, open := number(`SELECT sum(v.moved_n)`+of), number(`SELECT count(*)`+of+` AND v.due_at IS NOT NULL`)
	if r.sums.Circle.Moved = int(moved); !r.site.republished {
		return
	}
	events := number(`SELECT count(*) FROM events e JOIN campaigns c ON c.id = e.campaign_id WHERE c.key = 'course' AND e.name = 'enrollment.moved'`)
	over := time.UnixMicro(number(`SELECT max(e.at) FROM events e JOIN campaigns c ON c.id = e.campaign_id WHERE c.key = 'course' AND e.name = 'campaign.inside_moved'`))
	if moved == 0 && r.site.toMove > 0 || open != 0 || events != moved {
		r.problems.add("the move is not over", "%d members moved of %d inside, %d of it in their timelines, moves that go on %d", moved, r.site.toMove, events, open)
	}
	r.each(`SELECT m.external_id, e.version, e.state, e.step, COALESCE(e.ended_at, 0),
		(SELECT count(*) FROM events x WHERE x.enrollment_id = e.id AND x.name = 'enrollment.moved')
		FROM enrollments e JOIN campaigns c ON c.id = e.campaign_id JOIN members m ON m.id = e.member_id WHERE c.key = 'course'`, func(scan scanner) {
		var id, state, step string
		var version, ended, moves int64
		r.site.must(scan(&id, &version, &state, &step, &ended, &moves))
		if state != "completed" || moves > 1 || version == 1 && (moves > 0 || time.UnixMicro(ended).After(over.Add(slack))) {
			r.problems.add("left behind by the move", "%s: %s in version %d at %q, ended %s, moved %d times; the move was over %s", id, state, version, step, time.UnixMicro(ended).UTC(), moves, over.UTC())
		}
	})
}
