package reports

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// Member is what a coordinator sees of one member.
type Member struct {
	*store.Profile
	Zone    string // their own, or the community's
	Own     bool   // the zone is their own
	Ledger  []members.Consent
	Runs    []MemberRun // the newest first
	Answers []AnswerRow // the newest first; empty without responses:read
	// Values: the principal may read answers.
	Values bool
}

// Name is what to call the member.
func (m *Member) Name() string { return nameOf(m.Profile) }

// MemberRun is one passage of a member through a campaign.
type MemberRun struct {
	*store.Enrollment
	Head CampaignHead
	Def  *definition.Definition `json:"-"` // nil: not readable any more
	// Rounds done, of how many, and the one that is open; 0 outside of a repeat.
	RoundsDone, Rounds, Round int
	Points                    int
	// Passed is how many of the version's steps the member entered, Steps how many there are.
	Passed, Steps int
	Answered      []int // rounds answered in time
}

// AnswerRow is one answer with its file, where it is one.
type AnswerRow struct {
	*store.Response
	Name  string // of the member; empty without members:read
	Media *store.Media
	Head  CampaignHead
	Def   *definition.Definition // the version that asked; nil where a page has it already
}

// Numbers of what one page shows.
const (
	memberRuns    = 50
	memberAnswers = 20
)

// Member returns the member by internal id. Scope members:read; answers need responses:read. Fault not_found.member.
func (r *Reports) Member(ctx context.Context, p engine.Principal, id campaigns.MemberID, lang string) (*Member, error) {
	if err := p.Require(engine.MembersRead); err != nil {
		return nil, err
	}
	found, err := r.store.Member(ctx, id)
	if err != nil {
		return nil, err
	}
	id = found.ID // of the one who stayed, where the id was merged
	profiles, err := r.store.Profiles(ctx, []campaigns.MemberID{id})
	if err != nil {
		return nil, err
	}
	community, err := r.store.Community(ctx)
	if err != nil {
		return nil, err
	}
	m := &Member{Profile: profiles[id], Zone: community.TimeZone, Values: p.Require(engine.ResponsesRead) == nil}
	if m.TimeZone != "" {
		m.Zone, m.Own = m.TimeZone, true
	}
	if m.Ledger, err = r.store.ConsentLedger(ctx, id); err != nil {
		return nil, err
	}
	if err := r.addRuns(ctx, m, lang); err != nil || !m.Values {
		return m, err
	}
	answers, err := r.store.LatestResponses(ctx, store.ResponseFilter{Member: id}, 0, memberAnswers)
	if err != nil {
		return nil, err
	}
	m.Answers, err = r.answerRows(ctx, engine.Principal{}, answers)
	for i := range m.Answers {
		a := &m.Answers[i]
		a.Head = m.head(a.Campaign)
		var derr error
		if a.Def, derr = r.version(ctx, a.Campaign, a.Version); derr != nil {
			return nil, derr
		}
	}
	return m, err
}

func (m *Member) head(id campaigns.CampaignID) CampaignHead {
	for _, run := range m.Runs {
		if run.Head.ID == id {
			return run.Head
		}
	}
	return CampaignHead{}
}

// addRuns reads where the member is and was.
func (r *Reports) addRuns(ctx context.Context, m *Member, lang string) error {
	es, err := r.store.Enrollments(ctx, store.EnrollmentFilter{Member: m.ID}, store.Page{Limit: memberRuns})
	if err != nil {
		return err
	}
	heads, err := r.heads(ctx, lang)
	if err != nil {
		return err
	}
	slices.Reverse(es)
	for _, e := range es {
		run := MemberRun{Enrollment: e, Head: heads[e.Campaign]}
		if run.Def, err = r.version(ctx, e.Campaign, e.Version); err != nil {
			return err
		}
		run.read()
		m.Runs = append(m.Runs, run)
	}
	return r.addRounds(ctx, m)
}

// read takes from the run's own record what the page shows; its form is decide.Enrollment's.
func (run *MemberRun) read() {
	var data struct {
		Visits map[campaigns.StepID]int `json:"visits"`
		Round  *struct {
			N int `json:"n"`
		} `json:"round"`
		RoundsDone int `json:"rounds_done"`
		Points     int `json:"points"`
	}
	if json.Unmarshal(run.Data, &data) != nil {
		return
	}
	run.RoundsDone, run.Points = data.RoundsDone, data.Points
	if data.Round != nil && !run.State.Final() {
		run.Round = data.Round.N
	}
	if run.Def == nil {
		return
	}
	run.Rounds, run.Steps = roundsIn(run.Def), len(run.Def.Order)
	for _, s := range run.Def.Order {
		if data.Visits[s.ID] > 0 {
			run.Passed++
		}
	}
	if run.State == campaigns.EnrollmentCompleted {
		run.Passed = run.Steps
	}
}

func (r *Reports) addRounds(ctx context.Context, m *Member) error {
	asked := map[campaigns.CampaignID]bool{}
	for i := range m.Runs {
		id := m.Runs[i].Campaign
		if m.Runs[i].Rounds == 0 || asked[id] || len(asked) >= 5 {
			continue
		}
		asked[id] = true
		rounds, err := r.store.RoundsAnswered(ctx, id, []campaigns.MemberID{m.ID})
		if err != nil {
			return err
		}
		for _, x := range rounds {
			m.Runs[i].Answered = append(m.Runs[i].Answered, x.Round)
		}
	}
	return nil
}

// heads are all campaigns by id, named in the language.
func (r *Reports) heads(ctx context.Context, lang string) (map[campaigns.CampaignID]CampaignHead, error) {
	all, err := r.store.Campaigns(ctx, store.Page{Limit: 500})
	heads := make(map[campaigns.CampaignID]CampaignHead, len(all))
	for _, c := range all {
		heads[c.ID] = headOf(c, lang)
	}
	return heads, err
}

// MemberTimeline is Timeline by internal id: a member of the bot alone has no other.
func (r *Reports) MemberTimeline(ctx context.Context, p engine.Principal, id campaigns.MemberID, q TimelineQuery) (*Timeline, error) {
	if err := p.Require(engine.MembersRead); err != nil {
		return nil, err
	}
	from, err := readPlace(q.Cursor)
	if err != nil {
		return nil, err
	}
	m, err := r.store.Member(ctx, id)
	if err != nil {
		return nil, err
	}
	return r.timeline(ctx, p, m, from, q)
}
