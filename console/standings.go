package console

import (
	"slices"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/reports"
)

// standingsPage is who stands where in a challenge.
type standingsPage struct {
	look.Frame
	Head   head
	Rule   string
	Rows   []placeRow
	Rounds string // heading of the rounds
	Spoken bool   // minutes are known
	Total  string
	Next   string
	Hidden bool // the reader may not see names
}

type placeRow struct {
	Place      int
	Name, Href string
	Avatar     look.Avatar
	Days       look.Days
	Done, Of   string
	Points     string
	Minutes    string
}

// standingsLimit is how many places a page has.
const standingsLimit = 50

func (r *request) standings() error {
	ctx, key := r.Request.Context(), campaigns.Key(r.Param("key"))
	flow, err := r.k.o.Reports.Flow(ctx, r.who, key, r.lang)
	if err != nil {
		return err
	}
	skip := int(min(r.after("skip"), 1_000_000))
	st, err := r.k.o.Reports.Standings(ctx, r.who, key, r.lang, skip, standingsLimit)
	if err != nil {
		return err
	}
	p := standingsPage{Frame: r.frame(look.Campaigns, flow.Head.Name), Rule: st.Rule}
	p.Live = "/console/live/campaigns/" + string(key) + "/standings"
	p.Head = headOf(p.Frame, flow.Head, r.sinceWords(p.Frame, flow), "standings")
	if err := r.stand(p.Frame, &p.Head, flow.Head); err != nil {
		return err
	}
	p.Rounds = p.T("console.rounds", "n", st.Rounds)
	p.Total = p.T("console.standings.total", "n", st.Total)
	for _, x := range st.Places {
		p.Spoken = p.Spoken || x.Seconds > 0
	}
	for _, x := range st.Places {
		p.Rows = append(p.Rows, placeOf(p.Frame, st, x))
	}
	p.Hidden = len(st.Places) > 0 && st.Places[0].Name == "" && r.who.Require("members:read") != nil
	if skip+len(st.Places) < st.Total {
		p.Next = "/console/campaigns/" + string(key) + "/standings?skip=" + idText(int64(skip+len(st.Places)))
	}
	return r.render("standings.html", p)
}

func placeOf(f look.Frame, st *reports.Standings, x reports.StandingRow) placeRow {
	row := placeRow{Place: x.Place, Name: x.Name, Points: f.N(x.Points), Done: f.N(x.RoundsDone), Of: f.T("console.of", "n", f.N(st.Rounds))}
	if x.Profile != nil {
		row.Avatar = avatarOf(f, x.Profile.FirstName, x.Profile.LastName, waysOf(x.Profile))
	}
	if row.Name == "" {
		row.Name = x.ExternalID
	}
	if row.Name == "" {
		row.Name = f.T("console.standings.nameless")
	} else {
		row.Href = "/console/members/" + idText(x.MemberID)
	}
	row.Days = daysOf(f, x.Rounds, st.Rounds, 0)
	if x.Seconds > 0 {
		row.Minutes = locale.Number(f.Lang, float64((x.Seconds+5)/6)/10)
	}
	return row
}

// daysOf is a ring with a segment for each round.
func daysOf(f look.Frame, answered []int, rounds, now int) look.Days {
	d := look.Days{Done: make([]bool, min(rounds, 60)), Now: now, Label: f.T("console.rounds_done", "n", len(answered), "of", f.N(rounds)), In: f.N(len(answered))}
	for _, round := range answered {
		if i := round - 1; i >= 0 && i < len(d.Done) {
			d.Done[i] = true
		}
	}
	if !slices.Contains(d.Done, true) && rounds == 0 {
		d.In = ""
	}
	return d
}
