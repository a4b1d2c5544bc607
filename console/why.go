package console

import (
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/reports"
)

// whyPage explains what a campaign did with a member and what it did not, or asks which campaign is meant.
type whyPage struct {
	look.Frame
	Member, Name string // address and name of the member
	Campaign     string // empty: Choice is asked
	Href         string // of the campaign
	Entry        []string
	Runs         []whyRun
	Choice       []whyChoice
	Other        string // address of the choice
}

type whyRun struct {
	Title string
	Days  []dayView
}

type whyChoice struct{ Href, Name, State string }

func (r *request) whyWhich() error {
	p, _, err := r.whyFrame()
	if err != nil {
		return err
	}
	lines, err := r.k.o.Reports.Campaigns(r.Request.Context(), r.who, r.lang)
	if err != nil {
		return err
	}
	for _, c := range lines {
		p.Choice = append(p.Choice, whyChoice{p.Other + "/" + string(c.Key), c.Name, p.T("state.campaign." + string(c.State))})
	}
	return r.render("why.html", p)
}

func (r *request) why() error {
	p, b, err := r.whyFrame()
	if err != nil {
		return err
	}
	why, err := r.k.o.Reports.WhyOf(r.Request.Context(), r.who, campaigns.Key(r.Param("key")), b.m.ID, r.lang)
	if err != nil {
		return err
	}
	p.Campaign, p.Href = why.Name, "/console/campaigns/"+string(why.Campaign)
	for _, l := range why.Entry {
		p.Entry = append(p.Entry, l.What)
	}
	for i, run := range why.Runs {
		v := whyRun{Days: b.chain(run.Chain)}
		if len(why.Runs) > 1 {
			v.Title = p.T("console.why_page.run", "n", len(why.Runs)-i)
		}
		if run.Key != "" {
			v.Title = p.T("console.why_page.run_of", "n", len(why.Runs)-i, "key", run.Key)
		}
		p.Runs = append(p.Runs, v)
	}
	return r.render("why.html", p)
}

// whyFrame is what both pages say of the member.
func (r *request) whyFrame() (whyPage, memberBuilder, error) {
	n, err := number(r.Param("id"), "member")
	if err != nil {
		return whyPage{}, memberBuilder{}, err
	}
	m, err := r.k.o.Reports.Member(r.Request.Context(), r.who, campaigns.MemberID(n), r.lang)
	if err != nil {
		return whyPage{}, memberBuilder{}, err
	}
	zone, err := time.LoadLocation(m.Zone)
	if err != nil {
		zone = time.UTC
	}
	b := memberBuilder{words{Frame: r.frame(look.Members, m.Name())}, m, zone, r.now().In(zone)}
	return whyPage{Frame: b.Frame, Member: b.base(), Name: m.Name(), Other: b.base() + "/why"}, b, nil
}

// chain groups links by the member's own days. What has no moment of its own belongs to what stands before it.
func (b memberBuilder) chain(lines []reports.WhyLine) []dayView {
	var days []dayView
	for _, l := range lines {
		v := entryView{What: l.What}
		v.Icon, v.Mark = whyMark(l)
		if l.At != nil {
			days = b.addTo(days, *l.At, v)
			continue
		}
		if len(days) == 0 {
			days = append(days, dayView{})
		}
		last := &days[len(days)-1]
		last.Entries = append(last.Entries, v)
	}
	return days
}

// whyMark is the icon and the colour of a link.
func whyMark(l reports.WhyLine) (icon, class string) {
	switch l.Kind {
	case reports.WhyEntered:
		return "campaigns", ""
	case reports.WhyDecision, reports.WhyDone, reports.WhyChannel, reports.WhyPassed:
		return "arrow", ""
	case reports.WhyResponse:
		return "check", "ok"
	case reports.WhyWaiting:
		return "clock", "wait"
	case reports.WhyEnded:
		return "leave", ""
	case reports.WhyDelivery, reports.WhyNotice, reports.WhyCall:
		switch {
		case l.Why != "":
			return "cross", ""
		case l.Over == campaigns.Email:
			return "letter", ""
		}
		return "message", ""
	}
	return "flag", ""
}
