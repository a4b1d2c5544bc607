package reports

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/store"
)

// Standings are a campaign's members by their points: 1, 2, 2, 4.
type Standings struct {
	Rule   string        `json:"rule" doc:"How places are given, in the asked language"`
	Total  int           `json:"total" doc:"How many members have points"`
	Rounds int           `json:"rounds" doc:"How many rounds the campaign has; 0 when it repeats nothing"`
	Places []StandingRow `json:"places"`
}

// StandingRow is one member's place.
type StandingRow struct {
	Place      int                `json:"place" doc:"Equal points share one"`
	MemberID   campaigns.MemberID `json:"member_id,string"`
	ExternalID string             `json:"member,omitempty" doc:"Needs the scope members:read"`
	Name       string             `json:"name,omitempty" doc:"Needs the scope members:read"`
	Points     int                `json:"points"`
	RoundsDone int                `json:"rounds_done"`
	Rounds     []int              `json:"rounds" doc:"Which rounds were answered in time"`
	Seconds    int                `json:"seconds" doc:"Recorded in them, as far as known"`
	At         time.Time          `json:"at" doc:"When the last points came"`
	Profile    *store.Profile     `json:"-"` // with members:read
}

// Standings lists places; skip says how many lines to leave out. Scope campaigns:read; names need members:read too.
func (r *Reports) Standings(ctx context.Context, p engine.Principal, key campaigns.Key, lang string, skip, limit int) (*Standings, error) {
	c, err := r.campaign(ctx, p, engine.CampaignsRead, key)
	if err != nil {
		return nil, err
	}
	out := &Standings{Rule: locale.T(lang, "standings.rule", nil), Places: []StandingRow{}}
	if out.Total, err = r.store.CountPlaces(ctx, c.ID); err != nil {
		return nil, err
	}
	if out.Rounds, err = r.rounds(ctx, c); err != nil {
		return nil, err
	}
	places, err := r.store.Standings(ctx, c.ID, max(skip, 0), limit)
	if err != nil {
		return nil, err
	}
	for _, x := range places {
		out.Places = append(out.Places, StandingRow{Place: x.Place, MemberID: x.Member, Points: x.Points, At: x.At, Rounds: []int{}})
	}
	return out, r.fillPlaces(ctx, p, c.ID, out.Places)
}

// rounds is how many rounds the live version's repeats have together.
func (r *Reports) rounds(ctx context.Context, c *store.Campaign) (n int, err error) {
	defs, err := r.definitions(ctx, c)
	if err != nil || len(defs) == 0 {
		return 0, err
	}
	for _, s := range defs[0].Order {
		if rep := s.Repeat(); rep != nil {
			n += rep.Times
		}
	}
	return n, nil
}

func (r *Reports) fillPlaces(ctx context.Context, p engine.Principal, id campaigns.CampaignID, rows []StandingRow) error {
	ids := make([]campaigns.MemberID, len(rows))
	at := map[campaigns.MemberID]*StandingRow{}
	for i := range rows {
		ids[i], at[rows[i].MemberID] = rows[i].MemberID, &rows[i]
	}
	answered, err := r.store.RoundsAnswered(ctx, id, ids)
	if err != nil {
		return err
	}
	for _, x := range answered {
		row := at[x.Member]
		row.RoundsDone++
		row.Rounds = append(row.Rounds, x.Round)
		row.Seconds += x.Seconds
	}
	if p.Require(engine.MembersRead) != nil {
		return nil
	}
	profiles, err := r.store.Profiles(ctx, ids)
	for id, m := range profiles {
		at[id].Profile, at[id].Name, at[id].ExternalID = m, m.FullName(), m.ExternalID
	}
	return err
}
