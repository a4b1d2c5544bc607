//go:build unix

package faults

import (
	"fmt"
	"strconv"
	"strings"
)

// Sums is what the comparison of the ledgers found.
type Sums struct {
	Rows, Sent, Refused      int
	Lost                     int // due and neither final nor due again; or sent and never taken; or never written
	Unknown, Arrived         int // of the unknown
	Unexplained              int // unknown without a fault that explains it
	Duplicates, Bound        int // more of one message than one; the bound is what must never be exceeded
	Renamed                  int // mails that were tried again under another Message-ID
	Updates, Inputs          int
	Answers, Answered, Twice int // given, stored, stored more than once
	Circle                   CircleSums
}

// problems collects what is wrong, and shows the first of each kind.
type problems map[string][]string

func (p problems) add(kind, format string, args ...any) {
	p[kind] = append(p[kind], fmt.Sprintf(format, args...))
}

// Reconcile compares what the sinks took, what the store says, and what should have been sent.
func (s *Site) Reconcile() Sums {
	s.t.Helper()
	defer s.hold()()
	rows, err := s.books.rows(s.t.Context())
	s.must(err)
	r := &reconciler{site: s, mails: s.mailsTaken(), tried: s.tally.messageIDs(), problems: problems{}, seen: map[string]bool{}, unasked: map[string]bool{}, told: map[string]bool{}, asked: map[int]row{}, twins: map[int]row{}}
	r.course()
	for _, row := range rows {
		r.row(row)
	}
	r.missing()
	r.circle()
	r.strangers()
	r.causes()
	r.answers()
	r.shown()
	for kind, list := range r.problems {
		s.t.Errorf("%s: %d, such as\n  %s", kind, len(list), strings.Join(list[:min(len(list), 5)], "\n  "))
	}
	if s.t.Failed() {
		s.t.Logf("seed %d; again: %s", s.opt.Seed, s.opt.Replay)
	}
	return r.sums
}

type reconciler struct {
	site     *Site
	mails    map[string]map[string]int // by recipient and Message-ID
	tried    map[string][]string       // the Message-IDs that came for an address, taken or not
	problems problems
	sums     Sums
	seen     map[string]bool // member and step that have a row
	unasked  map[string]bool // members whose question is unknown and did not arrive: the campaign waits for an answer that nobody gives
	versions map[string]int  // of the course, by member
	asked    map[int]row     // the questions, by person
	twins    map[int]row     // those that went by mail too
	told     map[string]bool // what sinks took and a row stands for: address and marker or Message-ID
}

func (s *Site) mailsTaken() map[string]map[string]int {
	mails := map[string]map[string]int{}
	s.Mail.Ledger.Each(func(to, id string, n int) {
		if mails[to] == nil {
			mails[to] = map[string]int{}
		}
		mails[to][id] = n
	})
	return mails
}

// row judges one row of the store.
func (r *reconciler) row(d row) {
	r.sums.Rows++
	if p := r.site.person(d.member); p != nil {
		r.circleRow(p, d)
		return
	}
	m := r.site.member(d.member)
	if m == nil {
		r.problems.add("rows for nobody", "%+v", d)
		return
	}
	want, ok := r.site.crowd.fates(m)[d.step]
	switch key := d.member + " " + d.step; {
	case !ok:
		r.problems.add("rows that should not be", "%+v for a member by %s", d, m.kind)
	case r.seen[key]:
		r.problems.add("two rows for one message", "%+v", d)
	default:
		r.seen[key] = true
	}
	taken := r.taken(m, d)
	if taken > 1 {
		r.sums.Duplicates += taken - 1
		r.problems.add("duplicates", "%+v came %d times", d, taken)
	}
	switch {
	case d.state == "unknown":
		r.sums.Unknown++
		if taken > 0 {
			r.sums.Arrived++
		} else if d.step == "going" {
			r.unasked[d.member] = true
		}
	case d.state == "pending" || d.state == "claimed" || d.state == "sending":
		r.sums.Lost++
		r.problems.add("not final", "%+v", d)
	case want.arrives && d.state == "sent":
		r.sums.Sent++
		if taken == 0 {
			r.sums.Lost++
			r.problems.add("sent and never arrived", "%+v", d)
		}
	case want.arrives:
		r.problems.add("should have arrived", "%+v", d)
	default:
		r.sums.Refused++
		if d.reason != want.reason || d.state != "failed" && d.state != "suppressed" {
			r.problems.add("ended otherwise than it should", "%+v, want %s", d, want.reason)
		}
		if taken > 0 {
			r.problems.add("arrived, and the row denies it", "%+v", d)
		}
	}
}

// taken is how often a sink took the row's message.
func (r *reconciler) taken(m *member, d row) int {
	if m.inTelegram() {
		r.told[m.marker(d.step)+" "+strconv.FormatInt(m.chat(), 10)] = true
		return r.site.Bot.Ledger.Count(strconv.FormatInt(m.chat(), 10), m.marker(d.step))
	}
	return r.mailed(m.mail(), d)
}

// mailed is how often the mail server took the row's mail.
func (r *reconciler) mailed(to string, d row) int {
	prefix := "d" + strconv.FormatInt(d.id, 36) + "."
	sum := 0
	for id, n := range r.mails[to] {
		if strings.HasPrefix(id, prefix) {
			r.told[id+" "+to] = true
			sum += n
		}
	}
	var tried []string
	for _, id := range r.tried[to] {
		if strings.HasPrefix(id, prefix) {
			tried = append(tried, id)
		}
	}
	if len(tried) > 1 {
		r.sums.Renamed += len(tried) - 1
		r.problems.add("tried again under another Message-ID", "%+v: %s", d, strings.Join(tried, ", "))
	}
	return sum
}

// missing finds messages that should have been sent and have no row.
func (r *reconciler) missing() {
	for _, m := range r.site.crowd.members {
		for step := range r.site.crowd.fates(m) {
			if !r.seen[m.id()+" "+step] && !(step == "thanks" && r.unasked[m.id()]) {
				r.sums.Lost++
				r.problems.add("never written", "%s to %s, a member by %s", step, m.id(), m.kind)
			}
		}
	}
}

// strangers finds messages that a sink took and no row knows.
func (r *reconciler) strangers() {
	r.site.Bot.Ledger.Each(func(chat, text string, n int) {
		if !r.told[text+" "+chat] {
			r.problems.add("sent without a row", "%q to chat %s, %d times", text, chat, n)
		}
	})
	for to, ids := range r.mails {
		for id, n := range ids {
			if !r.told[id+" "+to] {
				r.problems.add("sent without a row", "%s to %s, %d times", id, to, n)
			}
		}
	}
}

// causes holds what cannot be known, and what came twice, against what went wrong. The bound of duplicates is one message on each connection of a process
// that was killed; the journal makes it none, and so is each one a problem.
func (r *reconciler) causes() {
	c := r.site.tally.counts()
	r.sums.Bound = c.twice
	if r.sums.Unexplained = max(0, r.sums.Unknown-c.unsure); r.sums.Unexplained > 0 {
		r.problems.add("unknown without a cause", "%d unknown; the faults explain %d", r.sums.Unknown, c.unsure)
	}
	if n := r.site.said("terminated by other getUpdates"); n > c.freezes {
		r.problems.add("two pollers at once", "%d times", n)
	}
	if n := r.site.Mail.Breaches(); n > 0 {
		r.problems.add("breaches of SMTP", "%d", n)
	}
}

// answers compares what members did with what is stored.
func (r *reconciler) answers() {
	s, ctx := r.site, r.site.t.Context()
	number := func(query string) int {
		n, err := s.books.number(ctx, query)
		s.must(err)
		return int(n)
	}
	r.sums.Updates = int(s.Bot.Updates.Counts().Pushed)
	r.sums.Inputs = number(`SELECT count(*) FROM inputs WHERE source = 'telegram' AND state = 'done'`)
	r.sums.Answers = s.tally.counts().answers
	r.sums.Answered = number(`SELECT count(DISTINCT member_id) FROM responses WHERE step = 'going'`)
	r.sums.Twice = number(`SELECT count(*) FROM responses WHERE step = 'going'`) - r.sums.Answered
	if all := number(`SELECT count(*) FROM inputs WHERE source = 'telegram'`); r.sums.Updates != all || r.sums.Inputs != all {
		r.problems.add("updates and inputs differ", "%d updates came, %d are stored, %d of them handled", r.sums.Updates, all, r.sums.Inputs)
	}
	if r.sums.Answers != r.sums.Answered || r.sums.Twice != 0 {
		r.problems.add("answers and responses differ", "%d members answered, %d are stored, %d of them again", r.sums.Answers, r.sums.Answered, r.sums.Twice)
	}
}

// shown asks the API for what is unknown: it is counted in the reports and listed.
func (r *reconciler) shown() {
	counted, listed := 0, 0
	keys := []string{"fire"}
	if r.site.crowd.bell {
		keys = append(keys, "bell")
	}
	if r.site.circle != nil {
		keys = append(keys, circleKeys()...)
	}
	for _, key := range keys {
		counted += r.site.reported("/v1/campaigns/" + key + "/report")
		listed += r.site.listed("/v1/campaigns/" + key + "/deliveries?state=unknown&limit=200")
	}
	if counted != r.sums.Unknown || listed != r.sums.Unknown {
		r.problems.add("unknown is not shown", "%d are; the reports count %d, the lists have %d", r.sums.Unknown, counted, listed)
	}
}

// reported is how many unknown messages a campaign's report counts.
func (s *Site) reported(path string) (n int) {
	s.t.Helper()
	var report struct {
		Steps []struct {
			States []struct {
				State string
				N     int
			}
		}
	}
	s.must(s.API.Do(s.t.Context(), "GET", path, nil, &report))
	for _, step := range report.Steps {
		for _, st := range step.States {
			if st.State == "unknown" {
				n += st.N
			}
		}
	}
	return n
}

// listed is how many items a list has, page after page.
func (s *Site) listed(path string) (n int) {
	s.t.Helper()
	for next := path; next != ""; {
		var page struct {
			Items []struct{}
			Next  string `json:"next_cursor"`
		}
		s.must(s.API.Do(s.t.Context(), "GET", next, nil, &page))
		n += len(page.Items)
		if next = ""; page.Next != "" {
			next = path + "&cursor=" + page.Next
		}
	}
	return n
}

// member is the one with this external id.
func (s *Site) member(id string) *member {
	n, err := strconv.Atoi(strings.TrimPrefix(id, "m"))
	if err != nil || n < 0 || n >= len(s.crowd.members) {
		return nil
	}
	return s.crowd.members[n]
}
