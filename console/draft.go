package console

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/difference"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/internal/locale"
)

const (
	campaignsPath   = "/console/campaigns"
	newCampaignPath = "/console/new-campaign" // not below the others: a campaign may be called anything that a path can be
)

// maxDraft is how many bytes the form of a draft may have: a line's end travels as six.
const maxDraft = 6*definition.MaxBytes + maxForm

// draftPage is a campaign as the text that it is.
type draftPage struct {
	look.Frame
	Head     *head  // nil: the campaign is still to be
	Lead     string // which draft it is, and what runs meanwhile
	Action   string // empty: the reader may only look
	Source   string
	Revision int64
	Refused  string // why it was not saved
	Theirs   string // what somebody else saved meanwhile
	Fine     bool   // it was looked at, and nothing is in the way
	Wrong    []spot // what is in the way
	Doubts   []spot // what can be published, if it is meant
	Excerpts []excerpt
}

// spot is a problem and where it is.
type spot struct {
	At, Text string // no At: in no line
	line     int
}

// Href is its line among the excerpts.
func (s spot) Href() string { return fmt.Sprint("#l", s.line) }

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

// newDraft is what a campaign may begin with: it is complete, in the reader's language.
const newDraft = `key: my-campaign
name: %s
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
        %[3]s: %[4]s
      text:
        %[3]s: |
          %[5]s
`

func (r *request) newCampaign() error {
	topics, err := r.k.o.Reports.Topics(r.Request.Context())
	if err != nil {
		return err
	}
	topic := "news"
	if i := slices.IndexFunc(topics, definition.TopicName); i >= 0 {
		topic = topics[i]
	}
	f := r.frame(look.Campaigns, "")
	return r.draftPage(http.StatusOK, nil, draftPage{Source: fmt.Sprintf(newDraft, f.T("console.draft.begin_name"), topic, f.Lang, f.T("console.draft.begin_subject"), f.T("console.draft.begin_text"))})
}

// savedDraft is a campaign's draft as it stands.
type savedDraft struct {
	engine.Draft
	key   campaigns.Key
	state campaigns.State
	rev   int64
	at    time.Time
	live  int // the version that runs; 0: none was published
}

func (r *request) savedDraft() (*savedDraft, error) {
	c, err := r.k.o.Engine.Campaign(r.Request.Context(), r.who, campaigns.Key(r.Param("key")))
	if err != nil {
		return nil, err
	}
	return &savedDraft{engine.Draft{Source: c.Draft, Format: definition.Format(c.DraftFormat)}, c.Key, c.State, c.DraftRev, c.UpdatedAt, c.LiveVersion}, nil
}

func (r *request) editDraft() error {
	c, err := r.savedDraft()
	if err != nil {
		return err
	}
	p := draftPage{Source: c.Source, Revision: c.rev}
	if err := r.check(&p, c, c.Draft); err != nil {
		return err
	}
	return r.draftPage(http.StatusOK, c, p)
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
	c, err := r.savedDraft()
	if err != nil {
		return err
	}
	return r.writeDraft(c, c.Format, func(d engine.Draft, rev int64) (campaigns.Key, error) {
		switch {
		case c.state == campaigns.Archived:
			return "", fault.New(fault.Conflict, "conflict.campaign_state", map[string]any{"state": locale.Term("state.campaign." + string(c.state))})
		case d.Source == c.Source && rev == c.rev:
			return c.key, nil
		}
		_, err := r.k.o.Engine.PutDraft(r.Request.Context(), r.who, c.key, rev, d)
		return c.key, err
	})
}

// writeDraft does what the form asks for; c is the campaign as it stands, nil for one that is still to be.
func (r *request) writeDraft(c *savedDraft, format definition.Format, write func(engine.Draft, int64) (campaigns.Key, error)) error {
	if err := r.Request.ParseForm(); err != nil {
		return fault.Wrap(fault.Invalid, err, "too_large.form", nil)
	}
	p := draftPage{Source: strings.ReplaceAll(r.PostForm("source"), "\r\n", "\n")} // as browsers send it
	if c != nil {
		var err error
		if p.Revision, err = number(r.PostForm("revision"), "campaign"); err != nil || p.Revision <= 0 {
			return fault.New(fault.Invalid, "invalid.form", nil)
		}
	}
	d := engine.Draft{Source: p.Source, Format: format}
	if r.PostForm("do") == "look" {
		if err := r.check(&p, c, d); err != nil {
			return err
		}
		return r.draftPage(http.StatusOK, c, p)
	}
	saved, err := write(d, p.Revision)
	kind := fault.KindOf(err)
	if err == nil {
		r.Redirect(http.StatusSeeOther, after(r.PostForm("do"), saved))
		return nil
	}
	if kind != fault.Invalid && kind != fault.Conflict {
		return err
	}
	p.Refused = fault.Message(err, r.lang)
	p.Wrong = spots(r.frame(look.Campaigns, ""), d, fault.Details(err, r.lang))
	if kind == fault.Conflict && c != nil && c.state != campaigns.Archived && p.Revision != c.rev {
		p.Theirs, p.Revision = c.Source, c.rev
	}
	return r.draftPage(statusOf(kind), c, p)
}

// after is where a saved draft leads.
func after(do string, key campaigns.Key) string {
	switch do {
	case "preview":
		return seen{key: key}.at("")
	case "publish":
		return campaignsPath + "/" + string(key) + "/publish"
	}
	return editPath(key)
}

func editPath(key campaigns.Key) string { return campaignsPath + "/" + string(key) + "/edit" }

// check says what is in the way of publishing the text, and what is to be thought over.
func (r *request) check(p *draftPage, c *savedDraft, d engine.Draft) error {
	ctx, f := r.Request.Context(), r.frame(look.Campaigns, "")
	found, err := r.k.o.Engine.CheckDefinition(ctx, r.who, d, false)
	if fault.Is(err, fault.Invalid) {
		p.Wrong = spots(f, d, fault.Details(err, r.lang))
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
	if wrong, err := r.keyed(c, def.Key); err != nil || wrong != "" {
		p.Wrong = []spot{{Text: wrong}}
		return err
	}
	p.Fine, p.Doubts = true, spots(f, d, fault.Told(found.Warnings, r.lang))
	topics, err := r.k.o.Reports.Topics(ctx)
	if err != nil {
		return err
	}
	if def.Purpose != campaigns.Service && len(topics) > 0 && !slices.Contains(topics, def.Topic) {
		p.Doubts = append(p.Doubts, spot{Text: f.T("console.publish.topic", "topic", def.Topic, "topics", strings.Join(topics, ", "))})
	}
	say := words{Frame: f, def: def}
	for _, t := range found.Outdated {
		p.Doubts = append(p.Doubts, spot{Text: f.T("console.draft.outdated", "text", textLine(say, t, difference.Outdated))})
	}
	for _, name := range found.Unset {
		p.Doubts = append(p.Doubts, spot{Text: f.T("console.draft.unset", "endpoint", name)})
	}
	for _, id := range found.Untold {
		p.Doubts = append(p.Doubts, spot{Text: f.T("console.draft.untold", "step", say.title(def.Step(id)))})
	}
	for _, m := range found.Lost {
		p.Doubts = append(p.Doubts, spot{Text: f.T("console.draft.lost", "step", say.title(def.Step(m.Step)), "file", m.File)})
	}
	return nil
}

// keyed says what is wrong with the text's key: it is another campaign's, or not this one's.
func (r *request) keyed(c *savedDraft, key campaigns.Key) (string, error) {
	if c != nil {
		if key == c.key {
			return "", nil
		}
		return fault.Message(fault.New(fault.Invalid, "invalid.key_changed", map[string]any{"key": string(c.key)}), r.lang), nil
	}
	switch _, err := r.k.o.Engine.Campaign(r.Request.Context(), r.who, key); {
	case fault.Is(err, fault.NotFound):
		return "", nil
	case err != nil:
		return "", err
	}
	return fault.Message(fault.New(fault.Conflict, "conflict.campaign", map[string]any{"key": string(key)}), r.lang), nil
}

// spots are problems with their lines; JSON may have all of them in one, so that columns are told too.
func spots(f look.Frame, d engine.Draft, places []fault.Detail) (out []spot) {
	for _, at := range places {
		s := spot{Text: locale.Hinted(f.Lang, at.Message, at.DidYouMean, at.Expected), line: at.Line}
		switch {
		case at.Line > 0 && d.Format == definition.JSON:
			s.At = f.T("console.draft.column", "n", at.Line, "column", at.Column)
		case at.Line > 0:
			s.At = f.T("console.draft.line", "n", at.Line)
		}
		out = append(out, s)
	}
	return out
}

// draftPage shows the form; no campaign: it is still to be.
func (r *request) draftPage(status int, c *savedDraft, p draftPage) error {
	p.Frame = r.frame(look.Campaigns, "")
	p.Title, p.Action = p.T("console.draft.new"), campaignsPath
	p.Excerpts = excerpts(p.Frame, p.Source, p.Wrong, p.Doubts)
	may := r.who.Require(engine.CampaignsWrite) == nil
	if c != nil {
		flow, err := r.k.o.Reports.Flow(r.Request.Context(), r.who, c.key, r.lang)
		if err != nil {
			return err
		}
		if p.Theirs == "" {
			p.Lead = r.leadOfDraft(p.Frame, c)
		}
		h := headOf(p.Frame, flow.Head, r.sinceWords(p.Frame, flow), "edit")
		p.Head, p.Title, p.Action = &h, flow.Head.Name, editPath(c.key)
		may = may && c.state != campaigns.Archived
	}
	if !may {
		p.Action = ""
	}
	return r.renderStatus(status, "draft.html", p)
}

// leadOfDraft says which draft this is, when it was saved, and what runs until it is published.
func (r *request) leadOfDraft(f look.Frame, c *savedDraft) string {
	at := c.at.In(r.zone)
	lead := f.T("console.draft.saved", "n", c.rev, "date", dateOf(f.Lang, at), "time", look.Clock(at)) + " "
	if c.Format == definition.JSON {
		lead += f.T("console.draft.json") + " "
	}
	if c.live == 0 {
		return lead + f.T("console.draft.unpublished")
	}
	return lead + f.T("console.draft.published", "version", c.live)
}

const (
	around      = 2   // how many lines are shown before and after one with a problem
	mostExcerpt = 200 // how many in all
)

// longLine is how much of a line is shown, in characters.
const longLine = 400

// excerpts are the lines of the text in which something is, with a few around them.
func excerpts(f look.Frame, source string, wrong, doubts []spot) (out []excerpt) {
	class, shown := map[int]string{}, []int{}
	for _, some := range []struct {
		spots []spot
		class string
	}{{doubts, "soft"}, {wrong, "hit"}} {
		for _, s := range some.spots {
			if s.line > 0 {
				class[s.line] = some.class
				shown = append(shown, s.line)
			}
		}
	}
	slices.Sort(shown)
	lines := strings.Split(strings.TrimSuffix(source, "\n"), "\n")
	last, n := 0, 0
	for _, at := range shown {
		for line := max(at-around, last+1); line <= min(at+around, len(lines)) && n < mostExcerpt; line++ {
			if len(out) == 0 || line != last+1 {
				out = append(out, excerpt{From: line})
			}
			e := &out[len(out)-1]
			e.Lines = append(e.Lines, sourceLine{line, class[line], clipped(lines[line-1])})
			last = line
			n++
		}
	}
	for i := range out {
		e := &out[i]
		e.Label = f.T("console.draft.lines", "from", e.From, "to", e.From+len(e.Lines)-1)
	}
	return out
}

func clipped(line string) string {
	if runes := []rune(line); len(runes) > longLine {
		return string(runes[:longLine]) + "…"
	}
	return line
}
