package console

import (
	"net/http"
	"slices"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/reports"
)

// membersPage lists members. A search is a POST: names and addresses do not belong into an address, which browsers and proxies keep.
type membersPage struct {
	look.Frame
	Query             string
	Language, Channel string
	Languages         []choice
	Channels          []choice
	Rows              []memberRow
	Next              string // the place of the next page
	Count             string
	Nobody            bool // not one member in the community
}

type choice struct {
	Value, Name string
	Chosen      bool
}

type memberRow struct {
	Href, Name, Sub, Seen string
	Avatar                look.Avatar
}

const membersLimit = 40

func (r *request) members() error {
	q := reports.MemberQuery{Limit: membersLimit, Language: campaigns.Lang(r.field("language")), Channel: campaigns.Channel(r.field("channel"))}
	if r.Request.Method == http.MethodPost {
		q.Text = searched(r.PostForm("q"))
	}
	if !slices.Contains([]campaigns.Channel{campaigns.Telegram, campaigns.Email}, q.Channel) {
		q.Channel = ""
	}
	if after, err := number(r.field("after"), "member"); err == nil {
		q.After = after
	}
	list, err := r.k.o.Reports.Members(r.Request.Context(), r.who, q)
	if err != nil {
		return err
	}
	return r.render("members.html", r.membersOf(q, list))
}

// searched is what was typed into a search, as the database can be asked for it.
func searched(text string) string {
	text = strings.TrimSpace(text)
	if len(text) > 200 {
		text = text[:200]
	}
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "")
}

// field reads a filter from the form or, for a list that was not searched, from the address.
func (r *request) field(name string) string {
	v := r.Query(name)
	if r.Request.Method == http.MethodPost {
		v = r.PostForm(name)
	}
	if len(v) > 64 || strings.ContainsRune(v, 0) {
		return ""
	}
	return strings.ToValidUTF8(v, "")
}

func (r *request) membersOf(q reports.MemberQuery, list *reports.MemberList) membersPage {
	p := membersPage{Frame: r.frame(look.Members, ""), Query: q.Text, Language: string(q.Language), Channel: string(q.Channel)}
	p.Title = p.T("look.menu.members")
	w := words{Frame: p.Frame}
	all := 0
	for _, l := range list.Languages {
		all += l.N
		if l.Language != "" {
			p.Languages = append(p.Languages, choice{string(l.Language), w.language(l.Language), l.Language == q.Language})
		}
	}
	for _, ch := range []campaigns.Channel{campaigns.Telegram, campaigns.Email} {
		p.Channels = append(p.Channels, choice{string(ch), p.T("console.channel." + string(ch)), ch == q.Channel})
	}
	p.Nobody = all == 0
	p.Count = p.T("console.members", "n", list.Total)
	if q.Text != "" {
		p.Count = p.T("console.members_found", "n", len(list.Rows))
		if list.Next > 0 {
			p.Count = p.T("console.members_found_more", "n", len(list.Rows))
		}
	}
	if list.Next > 0 {
		p.Next = idText(list.Next)
	}
	for _, m := range list.Rows {
		p.Rows = append(p.Rows, r.memberRow(p.Frame, m))
	}
	return p
}

func (r *request) memberRow(f look.Frame, m reports.MemberRow) memberRow {
	w := words{Frame: f}
	ways := waysOf(m.Profile)
	row := memberRow{Href: "/console/members/" + idText(m.ID), Name: m.Name(), Avatar: avatarOf(f, m.FirstName, m.LastName, ways), Sub: reachWords(f, ways)}
	if m.Language != "" {
		row.Sub = w.language(m.Language) + " · " + row.Sub
	}
	if m.LastActAt != nil {
		row.Seen = f.T("console.member.seen", "when", look.Moment(f.Lang, m.LastActAt.In(r.zone), r.now()))
	}
	return row
}
