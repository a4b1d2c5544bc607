package demo

import (
	"context"
	"encoding/csv"
	"fmt"
	"strings"
	"text/tabwriter"
	"unicode"
)

// Check compares what arrived and what was answered with what the script says, over the API and in the members' own chats and mailboxes,
// and prints it. It returns an error that names everything that is missing.
func (s *Stage) Check(ctx context.Context, cast []*Player) error {
	c := &checker{stage: s, answers: map[string]map[string]string{}}
	for _, key := range []string{"first-week", "how-are-we"} {
		if err := c.responses(ctx, key); err != nil {
			return err
		}
	}
	w := tabwriter.NewWriter(s.Out, 2, 2, 2, ' ', 0)
	fmt.Fprintln(w, "  member\tlanguage\tin Telegram\tby mail\tanswers")
	for _, p := range cast {
		c.player(ctx, p)
		fmt.Fprintf(w, "  %s\t%s\t%d\t%d\t%d\n", p.Name, p.Language, len(s.Bot.Chat(p.Chat)), s.Mail.Count(p.Email), len(c.answers[p.key()]))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	blocked := 0
	for _, p := range cast {
		if p.Blocked {
			blocked++
		}
	}
	c.report(ctx, "first-week", len(cast), blocked)
	c.report(ctx, "fourteen-days", len(cast)-1, 0)
	c.report(ctx, "how-are-we", len(cast)-1, 0)
	c.standings(ctx, cast)
	if len(c.missing) > 0 {
		return fmt.Errorf("%d things are not as they should be:\n  - %s", len(c.missing), strings.Join(c.missing, "\n  - "))
	}
	return nil
}

type checker struct {
	stage   *Stage
	answers map[string]map[string]string // by member and question
	missing []string
}

func (c *checker) miss(format string, args ...any) {
	c.missing = append(c.missing, fmt.Sprintf(format, args...))
}

// key is how the responses name the member: the external id; a member who came by the bot alone has none.
func (p *Player) key() string { return p.ID }

// responses reads a campaign's answers as CSV, as a coordinator would.
func (c *checker) responses(ctx context.Context, campaign string) error {
	body, err := c.stage.API.Raw(ctx, "GET", "/v1/campaigns/"+campaign+"/responses", nil, "text/csv")
	if err != nil {
		return err
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(body), "\ufeff"))).ReadAll()
	if err != nil {
		return fmt.Errorf("read CSV of %s: %w", campaign, err)
	}
	at := map[string]int{}
	for i, name := range rows[0] {
		at[name] = i
	}
	for _, row := range rows[1:] {
		member, question := row[at["member"]], row[at["question"]]
		if c.answers[member] == nil {
			c.answers[member] = map[string]string{}
		}
		if _, twice := c.answers[member][question]; twice {
			c.miss("%s: the answer of %s to %s is stored twice", campaign, member, question)
		}
		c.answers[member][question] = row[at["value"]]
	}
	return nil
}

// questions of the two campaigns, by a part of their words.
var questions = map[string][]string{
	"level": {"How does speaking feel", "Как тебе говорить"}, "goal": {"talk about in three months", "О чём хочется уметь говорить"},
	"comfortable": {"spoken with somebody", "поговорить"}, "recommend": {"How likely are you to recommend", "Порекомендуешь ли ты"},
	"why": {"main reason for your score", "Почему именно такая оценка"}, "change": {"What should we work on first", "Над чем поработать"},
	"contact": {"May a person write to you", "Можно ли нам написать"},
}

// onboarding are the questions that members without an external id get too.
var onboarding = map[string]bool{"level": true, "goal": true, "comfortable": true}

func (c *checker) player(ctx context.Context, p *Player) {
	for name, words := range questions {
		if p.ID == "" && !onboarding[name] {
			continue
		}
		c.answered(p, name, words)
	}
	for _, text := range c.received(p) {
		if cyrillic(text) != (p.Language == "ru") {
			c.miss("%s got a text in the other language: %.60q", p.Name, text)
		}
	}
	if p.ID == "" {
		return
	}
	var timeline struct{ Items []struct{ What string } }
	if err := c.stage.API.Do(ctx, "GET", "/v1/members/"+p.ID+"/timeline", nil, &timeline); err != nil {
		c.miss("timeline of %s: %v", p.Name, err)
	} else if len(timeline.Items) < 5 {
		c.miss("the timeline of %s has only %d entries", p.Name, len(timeline.Items))
	}
}

func (c *checker) answered(p *Player, question string, words []string) {
	want := ""
	for _, a := range p.Answers {
		for _, w := range words {
			if a.Question == w {
				want = a.Say
			}
		}
	}
	got, has := c.answers[p.key()][question]
	switch {
	case want == "" && has:
		c.miss("%s never answered %s, and there is an answer", p.Name, question)
	case want != "" && !has:
		c.miss("the answer of %s to %s is missing", p.Name, question)
	case question == "goal" || question == "why" || question == "recommend":
		if got != want {
			c.miss("the answer of %s to %s came back changed: %q", p.Name, question, got)
		}
	}
}

// received are the texts that came to the member, by chat and by mail.
func (c *checker) received(p *Player) []string {
	var out []string
	for _, m := range c.stage.Bot.Chat(p.Chat) {
		out = append(out, m.Text)
	}
	for _, m := range c.stage.Mail.Mails(p.Email) {
		out = append(out, m.Text())
	}
	least := 5
	if len(out) < least {
		c.miss("%s got only %d messages", p.Name, len(out))
	}
	return out
}

func cyrillic(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) })
}

// report checks a campaign's numbers: everybody entered, everybody came to an end, and each delivery has a final state. Failed may only be the first
// messages to those who have blocked the bot, where that was learned from the refusal; after them mail took over.
func (c *checker) report(ctx context.Context, campaign string, members, failed int) {
	var r struct {
		Enrollments struct {
			Total  int
			States []struct {
				State string
				N     int
			}
		}
		Steps []struct {
			States []struct {
				State string
				N     int
			}
		}
	}
	if err := c.stage.API.Do(ctx, "GET", "/v1/campaigns/"+campaign+"/report", nil, &r); err != nil {
		c.miss("report of %s: %v", campaign, err)
		return
	}
	if r.Enrollments.Total != members {
		c.miss("%s: %d of %d members enrolled", campaign, r.Enrollments.Total, members)
	}
	for _, st := range r.Enrollments.States {
		if st.State != "completed" {
			c.miss("%s: %d members are %s", campaign, st.N, st.State)
		}
	}
	total := map[string]int{}
	for _, step := range r.Steps {
		for _, st := range step.States {
			total[st.State] += st.N
		}
	}
	fmt.Fprintf(c.stage.Out, "  %s: %d enrolled, deliveries %v\n", campaign, r.Enrollments.Total, total)
	if total["failed"] > failed {
		c.miss("%s: %d deliveries failed, at most %d should have", campaign, total["failed"], failed)
	}
	for _, bad := range []string{"pending", "claimed", "sending", "unknown", "expired"} {
		if total[bad] > 0 {
			c.miss("%s: %d deliveries are %s", campaign, total[bad], bad)
		}
	}
}

// The points of "14 days of speaking" for a recording on each day: 10 a day, 20 for half of the way, 50 for all of it.
const (
	days      = 14
	allPoints = days*10 + 20 + 50
)

// standings checks the challenge: who spoke every day shares the first place, with every day and every second counted; the others have no points.
func (c *checker) standings(ctx context.Context, cast []*Player) {
	var got struct {
		Places []struct {
			Place, Points, Seconds int
			Member                 string
			RoundsDone             int `json:"rounds_done"`
		}
	}
	if err := c.stage.API.Do(ctx, "GET", "/v1/campaigns/fourteen-days/standings", nil, &got); err != nil {
		c.miss("standings: %v", err)
		return
	}
	speaks, timed := map[string]bool{}, map[string]bool{} // a file that was uploaded does not say how long it is
	for _, p := range cast {
		if _, ok := p.answer("Day 1 of 14, День 1 из 14"); ok && p.ID != "" {
			speaks[p.ID], timed[p.ID] = true, p.Chat != 0 && !p.Blocked
		}
	}
	for _, x := range got.Places {
		if !speaks[x.Member] || x.Place != 1 || x.Points != allPoints || x.RoundsDone != days || timed[x.Member] != (x.Seconds > 0) {
			c.miss("standings: %s has place %d with %d points, %d days and %d seconds", x.Member, x.Place, x.Points, x.RoundsDone, x.Seconds)
		}
		delete(speaks, x.Member)
	}
	for id := range speaks {
		c.miss("standings: %s spoke every day and has no place", id)
	}
	fmt.Fprintf(c.stage.Out, "  standings: %d share the first place with %d points\n", len(got.Places), allPoints)
}
