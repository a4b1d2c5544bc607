package console

import (
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/reports"
)

// previewMember is a member who is there.
type previewMember struct{ Name, Href, Reach, Away string }

// whose names the member, for who may know.
func (r *request) whose(p *previewPage, s seen) error {
	if s.member == 0 {
		return nil
	}
	m, err := r.k.o.Engine.MemberByID(r.Request.Context(), r.who, s.member)
	if err != nil {
		return err
	}
	away := s
	away.member = 0
	p.Whose = &previewMember{
		Name: reports.MemberRow{Profile: &m.Profile}.Name(), Href: "/console/members/" + idText(m.ID), Reach: reachWords(p.Frame, waysOf(&m.Profile)), Away: away.at(""),
	}
	if m.State == members.Erased {
		p.Whose.Reach = p.T("console.member.erased")
	}
	return nil
}

// memberFinder finds the member whose message is seen.
type memberFinder struct {
	May    bool
	Action string
	Query  string
	Rows   []memberRow
	More   bool
	None   bool
}

const previewFound = 8

func (r *request) findMembers(s seen) (memberFinder, error) {
	q := reports.MemberQuery{Text: searched(r.PostForm("q")), Limit: previewFound}
	f := memberFinder{Query: q.Text, Action: s.at("")}
	list, err := r.k.o.Reports.Members(r.Request.Context(), r.who, q)
	if err != nil {
		return f, err
	}
	for _, m := range list.Rows {
		row := r.memberRow(r.frame(look.Campaigns, ""), m)
		s.member = m.ID
		row.Href = s.at("")
		f.Rows = append(f.Rows, row)
	}
	f.More, f.None = list.Next > 0, len(f.Rows) == 0
	return f, nil
}
