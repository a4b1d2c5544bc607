package console

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/difference"
	"github.com/kruzhok/kruzhok/campaigns/meant"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// publishPage asks what publishing the draft is to do, and says what it would.
type publishPage struct {
	look.Frame
	Head     head
	Lead     string
	Changes  []string // empty: nothing changed, or nothing was published
	Ways     []wayView
	Places   []placeView
	Lost     []string // media files that are not there
	Service  bool     // members get it who turned everything off too
	Topic    string   // the community has no such topic: what that means
	Topical  bool     // somebody said yes to that
	Over     bool     // nothing is left of the schedule
	Comes    []string // when members come in, and whom it takes
	Past     string   // the one moment of the schedule is past: what that means
	Sure     bool     // somebody said yes to that
	Untold   []string // what nobody would be told
	Unset    []string // endpoints that the settings do not name
	Outdated []string
	Accepted bool
	Missing  []string // texts that are missing in a language
	Without  bool     // it is said that they may be missing
	Problem  string   // what was wrong with what was just sent
	Wrong    []string
	Revision string
	Action   string // empty: the reader may only look, or the campaign is archived
	Preview  string // where the draft's messages are seen
	Copy     string // empty: the reader may only look
	CopyKey  string // that was typed
	CopyName string
	Leaves   *action // ends the campaign, or archives the draft; nil: it has finished, or not for this reader
}

// wayView is one thing that can become of those inside.
type wayView struct {
	Value, Name, Text string
	Chosen            bool
}

// placeView is how many stand at a step, and where they would go on.
type placeView struct {
	Title, N string
	Place    string // where; empty: it has to be said
	Field    string
	Steps    []stepChoice
}

type stepChoice struct {
	Value, Name string
	Chosen      bool
}

// moveField begins the names of the fields that say where those go on who stand at a step.
const moveField = "move:"

// ended is the choice that ends a passage: no step can be called so.
const ended = "."

func (r *request) publishForm() error { return r.publishPage(http.StatusOK, engine.Publishing{}, nil) }

func (r *request) publish() error {
	how := engine.Publishing{Inside: engine.Inside(r.PostForm("inside")), AcceptOutdated: r.PostForm("outdated") == "accept", AcceptMissing: r.PostForm("missing") == "accept", AcceptPast: r.PostForm("past") == "accept", AcceptTopic: r.PostForm("topic") == "accept"}
	rev, err := strconv.ParseInt(r.PostForm("revision"), 10, 64)
	if err != nil || rev <= 0 {
		return fault.New(fault.Invalid, "invalid.form", nil)
	}
	how.Revision = rev
	for name, values := range r.Request.PostForm {
		step, ok := strings.CutPrefix(name, moveField)
		if !ok || len(values) == 0 || values[0] == "" || how.Inside != engine.InsideMoves {
			continue
		}
		if how.Moves == nil {
			how.Moves = map[campaigns.StepID]campaigns.StepID{}
		}
		how.Moves[campaigns.StepID(step)] = campaigns.StepID(strings.TrimSuffix(values[0], ended))
	}
	key := campaigns.Key(r.Param("key"))
	if how.Inside == "" { // nobody is moved or left behind because a form came without an answer
		if pub, err := r.k.o.Engine.Publication(r.Request.Context(), r.who, key); err == nil && pub.Count() > 0 {
			return r.publishPage(http.StatusUnprocessableEntity, how, fault.New(fault.Invalid, "invalid.inside", nil))
		}
	}
	_, err = r.k.o.Engine.PublishAs(r.Request.Context(), r.who, key, how)
	if kind := fault.KindOf(err); err != nil && (kind == fault.Conflict || kind == fault.Invalid) {
		return r.publishPage(statusOf(kind), how, err)
	}
	if err != nil {
		return err
	}
	r.Redirect(http.StatusSeeOther, "/console/campaigns/"+string(key))
	return nil
}

func (r *request) publishPage(status int, how engine.Publishing, refused error) error {
	ctx, key := r.Request.Context(), campaigns.Key(r.Param("key"))
	pub, err := r.k.o.Engine.Publication(ctx, r.who, key)
	if err != nil {
		return err
	}
	flow, err := r.k.o.Reports.Flow(ctx, r.who, key, r.lang)
	if err != nil {
		return err
	}
	p := publishPage{Frame: r.frame(look.Campaigns, flow.Head.Name), Revision: strconv.FormatInt(pub.Campaign.DraftRev, 10), Accepted: how.AcceptOutdated, Without: how.AcceptMissing, Sure: how.AcceptPast, Topical: how.AcceptTopic}
	p.Head = headOf(p.Frame, flow.Head, r.sinceWords(p.Frame, flow), "publish")
	if r.who.Require(engine.CampaignsWrite) == nil {
		p.Copy = "/console/campaigns/" + string(key) + "/copy"
		p.Leaves = p.leaves(flow.Head)
		p.CopyKey, p.CopyName = r.PostForm("key"), r.PostForm("name")
	}
	if p.Copy != "" && flow.Head.State != campaigns.Archived {
		p.Action = "/console/campaigns/" + string(key) + "/publish"
	}
	p.Preview = seen{key: key}.at("")
	p.Over, p.Service = pub.Over, pub.Draft.Purpose == campaigns.Service
	if pub.Strange {
		p.Topic = p.T("console.publish.topic", "topic", pub.Draft.Topic, "topics", strings.Join(pub.Topics, ", "))
		if near := meant.Word(pub.Draft.Topic, pub.Topics); near != "" {
			p.Topic += " " + p.T("console.publish.topic_meant", "near", near)
		}
	}
	p.lead(pub)
	if err := r.comes(&p, pub); err != nil {
		return err
	}
	p.ways(pub, how)
	p.places(pub, how)
	p.Unset = pub.Unset
	for _, m := range pub.Lost {
		p.Lost = append(p.Lost, words{Frame: p.Frame, def: pub.Draft}.title(pub.Draft.Step(m.Step))+": "+m.File)
	}
	for _, id := range pub.Untold {
		p.Untold = append(p.Untold, words{Frame: p.Frame, def: pub.Draft}.title(pub.Draft.Step(id)))
	}
	for _, t := range pub.Outdated() {
		p.Outdated = append(p.Outdated, textLine(words{Frame: p.Frame, def: pub.Draft}, t, difference.Outdated))
	}
	for _, t := range pub.Missing() {
		p.Missing = append(p.Missing, textLine(words{Frame: p.Frame, def: pub.Draft}, t, difference.Missing))
	}
	if refused != nil {
		p.Problem = fault.Message(refused, r.lang)
		for _, d := range fault.Details(refused, r.lang) {
			p.Wrong = append(p.Wrong, d.Message)
		}
	}
	return r.renderStatus(status, "publish.html", p)
}

func (p *publishPage) lead(pub *engine.Publication) {
	switch {
	case pub.Campaign.LiveVersion == 0:
		p.Lead = p.T("console.publish.first")
	case pub.Difference == nil:
		p.Lead = p.T("console.publish.unread", "version", pub.Version-1)
	case pub.Difference.Empty():
		p.Lead = p.T("console.publish.same", "version", pub.Version-1)
	default:
		p.Lead = p.T("console.publish.since", "version", pub.Version-1)
		p.Changes = pub.Difference.Lines(p.Lang)
	}
}

// comes says when members come in by the draft, who they are, and how many of them there are now.
func (r *request) comes(p *publishPage, pub *engine.Publication) error {
	entry := &pub.Draft.Entry
	say, err := r.k.o.Reports.Words(r.Request.Context(), r.who, pub.Draft, r.lang)
	if err != nil {
		return err
	}
	if m := pub.Moment; m != nil {
		if m.Nobody {
			p.Comes = append(p.Comes, locale.T(p.Lang, "report.nobody.moment", say.At(m.At)))
		}
		p.Comes = append(p.Comes, locale.T(p.Lang, "console.publish.opens."+string(m.Opens), say.At(m.At)))
	}
	if pub.Moment == nil || pub.Moment.Zone == definition.MemberZone {
		p.Comes = append(p.Comes, say.Entry(entry))
	}
	if pub.Moment != nil && pub.Moment.Opens == engine.OpensNever {
		return nil
	}
	if m := pub.Present; m != nil && m.Opens == engine.OpensNever {
		p.Comes = append(p.Comes, p.T("console.publish.present.opened"))
		if !entry.Listens() {
			return nil
		}
	} else if m != nil && m.Nobody {
		p.Comes = append(p.Comes, p.T("console.publish.present.nobody", "segment", say.SegmentName(entry.Segment)))
	}
	if who := say.Meant(entry); who != "" {
		p.Comes = append(p.Comes, p.T("console.publish.audience", "who", who))
	}
	if entry.Audience() == nil {
		return nil
	}
	n, err := r.k.o.Reports.Audience(r.Request.Context(), r.who, campaigns.Key(r.Param("key")))
	switch {
	case fault.Is(err, fault.Forbidden):
	case err != nil:
		return err
	default:
		p.Comes = append(p.Comes, p.T("console.publish.now", "n", n.Members))
	}
	if pub.Moment != nil && pub.Moment.Opens == engine.OpensPast {
		p.Past = p.T("console.publish.past")
	}
	return nil
}

// ways asks only where somebody is inside.
func (p *publishPage) ways(pub *engine.Publication, how engine.Publishing) {
	n := pub.Count()
	if n == 0 {
		return
	}
	for _, way := range []engine.Inside{engine.InsideStays, engine.InsideMoves, engine.InsideEnds} {
		text := "console.publish.text." + string(way)
		if way == engine.InsideStays && pub.Texts {
			text = "console.publish.text.corrected"
		}
		p.Ways = append(p.Ways, wayView{string(way), p.T("console.publish.way."+string(way), "n", n), p.T(text), how.Inside == way})
	}
}

func (p *publishPage) places(pub *engine.Publication, how engine.Publishing) {
	w := words{Frame: p.Frame, def: pub.Draft}
	for _, s := range pub.Inside {
		v := placeView{N: p.T("console.members", "n", s.N), Title: p.T("console.publish.at", "step", string(s.Step), "version", s.Version)}
		switch {
		case s.Step == "":
			v.Title = p.T("console.publish.before", "version", s.Version)
			v.Place = p.T("console.publish.stays_before", "n", s.N)
		case s.Unread:
			v.Place = p.T("console.publish.unreadable", "n", s.N)
		case s.Place != nil:
			v.Place = p.T("console.publish.to", "n", s.N, "step", w.title(pub.Draft.Step(*s.Place)))
		default:
			v.Field, v.Steps = moveField+string(s.Step), p.targets(w, pub.Draft, how.Moves, s.Step)
		}
		if v.Field != "" && slices.ContainsFunc(p.Places, func(o placeView) bool { return o.Field == v.Field }) {
			v.Field, v.Steps, v.Place = "", nil, p.T("console.publish.as_above")
		}
		p.Places = append(p.Places, v)
	}
}

// targets are the steps that members can be moved to.
func (p *publishPage) targets(w words, def *definition.Definition, moves map[campaigns.StepID]campaigns.StepID, from campaigns.StepID) []stepChoice {
	to, said := moves[from]
	out := []stepChoice{{ended, p.T("console.publish.ends"), said && to == ""}}
	for _, s := range def.Order {
		if def.RepeatOf(s.ID) == nil {
			out = append(out, stepChoice{string(s.ID), w.title(s) + " (" + string(s.ID) + ")", said && to == s.ID})
		}
	}
	return out
}

// textLine names a text and the languages in which it is so.
func textLine(w words, t difference.Text, state difference.WordingState) string {
	var langs []string
	for _, x := range t.Wordings {
		if x.State == state {
			langs = append(langs, w.language(x.Lang))
		}
	}
	name := titleOf(w, t.Step)
	if t.Step != "" {
		name += " (" + string(t.Step) + ")"
	}
	return name + " · " + w.part(t.Path) + ": " + strings.Join(langs, ", ")
}
