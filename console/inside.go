package console

import (
	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/engine"
)

// insidePage is who is inside a campaign, and where.
type insidePage struct {
	look.Frame
	Head   head
	Only   string // the step that was asked for
	All    string // address without the step
	Rows   []insideRow
	Next   string
	Hidden bool
}

type insideRow struct {
	Href, Name, Where, Wait, Since string
	About                          string // what the passage is about; empty: it has no key
	Avatar                         look.Avatar
}

const insideLimit = 50

// about says what a passage is about; empty: it has no key.
func about(f look.Frame, key string) string {
	if key == "" {
		return ""
	}
	return f.T("console.run.about", "key", key)
}

func (r *request) inside() error {
	ctx, key := r.Request.Context(), campaigns.Key(r.Param("key"))
	flow, err := r.k.o.Reports.Flow(ctx, r.who, key, r.lang)
	if err != nil {
		return err
	}
	step := campaigns.StepID(r.Query("step"))
	var stopped int64
	rows, err := r.k.o.Reports.Inside(ctx, r.who, key, step, engine.Page{After: r.after("after"), Limit: insideLimit + 1, Stopped: &stopped})
	if err != nil {
		return err
	}
	p := insidePage{Frame: r.frame(look.Campaigns, flow.Head.Name)}
	p.Live = "/console/live/campaigns/" + string(key) + "/steps"
	p.Head = headOf(p.Frame, flow.Head, r.sinceWords(p.Frame, flow), "members")
	if err := r.stand(p.Frame, &p.Head, flow.Head); err != nil {
		return err
	}
	base := "/console/campaigns/" + string(key) + "/members"
	w := words{Frame: p.Frame, def: flow.Def}
	if flow.Def != nil {
		if w.names, err = r.k.o.Reports.Words(ctx, r.who, flow.Def, r.lang); err != nil {
			return err
		}
	}
	if s := flow.Find(step); s != nil {
		p.Only, p.All = w.title(s.Step), base
		base += "?step=" + string(step) + "&"
	} else {
		base += "?"
	}
	if len(rows) > insideLimit {
		rows = rows[:insideLimit]
		stopped = int64(rows[insideLimit-1].ID)
	}
	if stopped != 0 {
		p.Next = base + "after=" + idText(stopped)
	}
	for _, x := range rows {
		row := insideRow{Name: x.Name(), Where: string(x.Step), Wait: p.T("console.wait." + string(x.WaitKind)), Since: look.Moment(p.Lang, x.EnteredAt.In(r.zone), r.now())}
		if flow.Def != nil && flow.Def.Step(x.Step) != nil {
			row.Where = w.title(flow.Def.Step(x.Step))
		}
		if x.DueAt != nil && x.WaitKind == campaigns.WaitTime {
			row.Wait = p.T("console.wait.until", "when", look.Moment(p.Lang, x.DueAt.In(r.zone), r.now()))
		}
		row.About = about(p.Frame, x.RunKey)
		if p.Hidden = x.Profile == nil; !p.Hidden {
			row.Href, row.Avatar = "/console/members/"+idText(x.Member), avatarOf(p.Frame, x.Profile.FirstName, x.Profile.LastName, waysOf(x.Profile))
		}
		p.Rows = append(p.Rows, row)
	}
	return r.render("inside.html", p)
}
