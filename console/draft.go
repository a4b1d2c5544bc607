package console

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/difference"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/reports"
)

const (
	campaignsPath   = "/console/campaigns"
	newCampaignPath = "/console/new-campaign" // not below the others: a campaign may be called anything that a path can be
)

// maxDraft is how many bytes the form of a draft may have: each byte of the text as three.
const maxDraft = 3*definition.MaxBytes + maxForm

// draftPage is a campaign as the text that it is.
type draftPage struct {
	look.Frame
	Head     *head  // nil: the campaign is still to be
	Lead     string // which draft it is, and what runs meanwhile
	Action   string // empty: the reader may only look
	Source   string
	Revision int64
	Refused  string // why it was not saved
	Fine     bool   // it was looked at, and nothing is in the way
	Wrong    []spot // what is in the way
	Doubts   []spot // what can be published, if it is meant
	Excerpts []excerpt
	Preview  string // the draft's messages; empty: it cannot be read
	Publish  string
}

// spot is a problem and where it is.
type spot struct {
	Href, At string // empty: in no line
	Text     string
}

// excerpt are lines around problems.
type excerpt struct {
	From  int
	Label string
	Lines []sourceLine
}

// sourceLine is a line with its number; Class says what is in it.
type sourceLine struct {
	N           int
	Class, Text string
}

// newDraft is what a campaign may begin with: it is complete, but for the words.
const newDraft = `key: my-campaign
name: My campaign
kind: onboarding
topic: %s
languages: [%s]
channels: [telegram, email]

entry:
  manual: true

steps:
  - id: hello
    send:
      subject:
        %[2]s: Hello
      text:
        %[2]s: |
          Hello, {{ member.first_name | default: "friend" }}!
`

func (r *request) newCampaign() error {
	c, err := r.k.o.Engine.Community(r.Request.Context(), r.who)
	if err != nil && !fault.Is(err, fault.Forbidden) {
		return err
	}
	topic, lang := "news", r.lang
	if c != nil && len(c.Topics) > 0 {
		topic = c.Topics[0]
	}
	return r.draftPage(http.StatusOK, nil, draftPage{Source: fmt.Sprintf(newDraft, topic, lang)})
}

func (r *request) editDraft() error {
	c, err := r.k.o.Engine.Campaign(r.Request.Context(), r.who, campaigns.Key(r.Param("key")))
	if err != nil {
		return err
	}
	p := draftPage{Source: c.Draft, Revision: c.DraftRev}
	if err := r.check(&p, engine.Draft{Source: c.Draft, Format: definition.Format(c.DraftFormat)}); err != nil {
		return err
	}
	return r.draftPage(http.StatusOK, &c.Key, p)
}

// createDraft and putDraft save what was typed, or only look at it; what stands in the way is shown beside it, and nothing typed is lost.
func (r *request) createDraft() error {
	return r.writeDraft(nil, definition.YAML, func(d engine.Draft, _ int64) (campaigns.Key, error) {
		c, err := r.k.o.Engine.CreateCampaign(r.Request.Context(), r.who, d)
		if err != nil {
			return "", err
		}
		return c.Key, nil
	})
}

func (r *request) putDraft() error {
	c, err := r.k.o.Engine.Campaign(r.Request.Context(), r.who, campaigns.Key(r.Param("key")))
	if err != nil {
		return err
	}
	return r.writeDraft(&c.Key, definition.Format(c.DraftFormat), func(d engine.Draft, rev int64) (campaigns.Key, error) {
		_, err := r.k.o.Engine.PutDraft(r.Request.Context(), r.who, c.Key, rev, d)
		return c.Key, err
	})
}

func (r *request) writeDraft(key *campaigns.Key, format definition.Format, write func(engine.Draft, int64) (campaigns.Key, error)) error {
	if err := r.Request.ParseForm(); err != nil {
		return fault.Wrap(fault.Invalid, err, "too_large.form", nil)
	}
	p := draftPage{Source: strings.ReplaceAll(r.PostForm("source"), "\r\n", "\n")} // as browsers send it
	if key != nil {
		var err error
		if p.Revision, err = number(r.PostForm("revision"), "campaign"); err != nil || p.Revision <= 0 {
			return fault.New(fault.Invalid, "invalid.form", nil)
		}
	}
	d := engine.Draft{Source: p.Source, Format: format}
	if r.PostForm("do") == "look" {
		if err := r.check(&p, d); err != nil {
			return err
		}
		return r.draftPage(http.StatusOK, key, p)
	}
	saved, err := write(d, p.Revision)
	switch kind := fault.KindOf(err); {
	case err == nil:
		r.Redirect(http.StatusSeeOther, editPath(saved))
		return nil
	case kind != fault.Invalid && kind != fault.Conflict:
		return err
	default:
		p.Refused = fault.Message(err, r.lang)
		p.Wrong = spots(r.frame(look.Campaigns, ""), fault.Details(err, r.lang))
		return r.draftPage(statusOf(kind), key, p)
	}
}

func editPath(key campaigns.Key) string { return campaignsPath + "/" + string(key) + "/edit" }

// check says what is in the way of publishing the text, and what is to be thought over.
func (r *request) check(p *draftPage, d engine.Draft) error {
	f := r.frame(look.Campaigns, "")
	found, err := r.k.o.Engine.CheckDefinition(r.Request.Context(), r.who, d, false)
	if fault.Is(err, fault.Invalid) {
		p.Wrong = spots(f, fault.Details(err, r.lang))
		if len(p.Wrong) == 0 {
			p.Wrong = []spot{{Text: fault.Message(err, r.lang)}}
		}
		return nil
	}
	if err != nil {
		return err
	}
	def, err := engine.ParseDraft(d)
	if err != nil {
		return err
	}
	p.Fine, p.Doubts = true, spots(f, fault.Told(found.Warnings, r.lang))
	say := words{Frame: f, def: def}
	for _, t := range found.Outdated {
		p.Doubts = append(p.Doubts, spot{Text: f.T("console.draft.outdated", "text", textLine(say, t, difference.Outdated))})
	}
	for _, m := range found.Lost {
		p.Doubts = append(p.Doubts, spot{Text: f.T("console.draft.lost", "step", say.title(def.Step(m.Step)), "file", m.File)})
	}
	return nil
}

func spots(f look.Frame, places []fault.Detail) (out []spot) {
	for _, d := range places {
		s := spot{Text: d.Message}
		if d.Line > 0 {
			s.Href, s.At = fmt.Sprint("#l", d.Line), f.T("console.draft.line", "n", d.Line)
		}
		if d.DidYouMean != "" {
			s.Text += " " + f.T("problem.did_you_mean", "word", d.DidYouMean)
		}
		out = append(out, s)
	}
	return out
}

// draftPage shows the form; no key: the campaign is still to be.
func (r *request) draftPage(status int, key *campaigns.Key, p draftPage) error {
	p.Frame = r.frame(look.Campaigns, "")
	p.Title, p.Action = p.T("console.draft.new"), campaignsPath
	p.Excerpts = excerpts(p.Frame, p.Source, p.Wrong, p.Doubts)
	if key != nil {
		flow, err := r.k.o.Reports.Flow(r.Request.Context(), r.who, *key, r.lang)
		if err != nil {
			return err
		}
		if p.Lead, err = r.leadOfDraft(p.Frame, flow); err != nil {
			return err
		}
		h := headOf(p.Frame, flow.Head, r.sinceWords(p.Frame, flow), "edit")
		p.Head, p.Title, p.Action = &h, flow.Head.Name, editPath(*key)
		p.Publish = campaignsPath + "/" + string(*key) + "/publish"
		if flow.Def != nil {
			p.Preview = seen{key: *key}.at("")
		}
		if flow.Head.State == campaigns.Archived {
			p.Action = ""
		}
	}
	if r.who.Require(engine.CampaignsWrite) != nil {
		p.Action = ""
	}
	return r.renderStatus(status, "draft.html", p)
}

// leadOfDraft says which draft this is, when it was saved, and what runs until it is published.
func (r *request) leadOfDraft(f look.Frame, flow *reports.Flow) (string, error) {
	c, err := r.k.o.Engine.Campaign(r.Request.Context(), r.who, flow.Head.Key)
	if err != nil {
		return "", err
	}
	at := c.UpdatedAt.In(r.zone)
	saved := f.T("console.draft.saved", "n", c.DraftRev, "date", dateOf(f.Lang, at), "time", look.Clock(at))
	if c.LiveVersion == 0 {
		return saved + " " + f.T("console.draft.unpublished"), nil
	}
	return saved + " " + f.T("console.draft.published", "version", c.LiveVersion), nil
}

const (
	around      = 2   // how many lines are shown before and after one with a problem
	mostExcerpt = 200 // how many in all
)

// excerpts are the lines of the text in which something is, with a few around them.
func excerpts(f look.Frame, source string, wrong, doubts []spot) (out []excerpt) {
	class := map[string]string{}
	for _, s := range doubts {
		class[s.Href] = "soft"
	}
	for _, s := range wrong {
		class[s.Href] = "hit"
	}
	delete(class, "")
	if len(class) == 0 {
		return nil
	}
	lines := strings.Split(strings.TrimSuffix(source, "\n"), "\n")
	shown := 0
	for n := 1; n <= len(lines) && shown < mostExcerpt; n++ {
		near := false
		for m := n - around; m <= n+around; m++ {
			near = near || class[fmt.Sprint("#l", m)] != ""
		}
		if !near {
			continue
		}
		if len(out) == 0 || out[len(out)-1].From+len(out[len(out)-1].Lines) != n {
			out = append(out, excerpt{From: n})
		}
		last := &out[len(out)-1]
		last.Lines = append(last.Lines, sourceLine{n, class[fmt.Sprint("#l", n)], lines[n-1]})
		shown++
	}
	for i := range out {
		e := &out[i]
		e.Label = f.T("console.draft.lines", "from", e.From, "to", e.From+len(e.Lines)-1)
	}
	return out
}
