package console

import (
	"net/http"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/explain"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/reports"
)

const (
	segmentsPath   = "/console/segments"
	newSegmentPath = "/console/new-segment" // not below the others: a segment may be called anything that a path can be
)

// segmentsPage lists segments.
type segmentsPage struct {
	look.Frame
	May  bool // the reader may make one
	Rows []segmentRow
}

type segmentRow struct{ Href, Name, Sentence string }

func (r *request) segments() error {
	all, err := r.k.o.Engine.Segments(r.Request.Context(), r.who)
	if err != nil {
		return err
	}
	p := segmentsPage{Frame: r.frame(look.Members, ""), May: r.maySegment()}
	p.Title = p.T("console.segments.title")
	for _, s := range all {
		row := segmentRow{Href: segmentsPath + "/" + string(s.Key), Name: s.Name}
		if e, err := r.k.o.Reports.Explain(r.Request.Context(), r.who, draftOf(s), r.lang); err == nil { // one that cannot be read is named all the same
			row.Name, row.Sentence = e.Name, e.Sentence
		}
		p.Rows = append(p.Rows, row)
	}
	return r.render("segments.html", p)
}

func (r *request) maySegment() bool { return r.who.Require(engine.CampaignsWrite) == nil }

func draftOf(s *engine.Segment) engine.Draft {
	return engine.Draft{Source: s.Source, Format: definition.Format(s.Format)}
}

// segmentPage says whom one segment holds.
type segmentPage struct {
	look.Frame
	Key   string
	Holds held
	May   bool
	// Rows are some of its members; nil where the reader may see none.
	Rows []segmentMember
}

type segmentMember struct{ Href, Name string }

// held is what a condition comes to: in words, as a list where it has several parts, and in numbers.
type held struct {
	Sentence   string
	Count, Age string // empty where the reader may not count
	Listening  string // that campaigns take in who comes, and how old the list is; empty: none does
	Parts      []explain.Part
	Of         string // before the list
}

const segmentSample = 10

func (r *request) segment() error {
	s, err := r.k.o.Engine.Segment(r.Request.Context(), r.who, campaigns.Key(r.Param("key")))
	if err != nil {
		return err
	}
	p := segmentPage{Frame: r.frame(look.Members, s.Name), Key: string(s.Key), May: r.maySegment()}
	p.Holds, p.Title, err = r.holds(p.Frame, draftOf(s), s.Key)
	if fault.Is(err, fault.Invalid) { // this release cannot read it: its text is where it is mended
		return r.segmentWrong(http.StatusOK, s.Key, segmentForm{Source: s.Source, Revision: s.Rev}, err)
	}
	if err != nil {
		return err
	}
	ms, err := r.k.o.Engine.SampleSegment(r.Request.Context(), r.who, s.Key, segmentSample)
	if err != nil && !fault.Is(err, fault.Forbidden) {
		return err
	}
	for _, m := range ms {
		row := segmentMember{Href: "/console/members/" + idText(m.ID), Name: reports.MemberRow{Profile: &m.Profile}.Name()}
		p.Rows = append(p.Rows, row)
	}
	return r.render("segment.html", p)
}

// holds explains a segment's document, and counts it for who may know.
// Of one that is saved, it is told whether campaigns listen to it; no key: it is not.
func (r *request) holds(f look.Frame, d engine.Draft, saved campaigns.Key) (h held, name string, err error) {
	e, err := r.k.o.Reports.Explain(r.Request.Context(), r.who, d, r.lang)
	if err != nil {
		return h, "", err
	}
	h = held{Sentence: e.Sentence, Of: e.List.Text, Parts: e.List.Parts}
	if h.Listening, err = r.listening(f, saved); err != nil {
		return h, "", err
	}
	n, err := r.k.o.Reports.SavedSegment(r.Request.Context(), r.who, saved, d)
	switch {
	case fault.Is(err, fault.Forbidden):
		return h, e.Name, nil
	case err != nil:
		return h, "", err
	}
	h.Count = f.T("console.members", "n", n.Members)
	h.Age = f.T("console.segments.counted", "at", n.CountedAt.In(r.zone).Format("15:04"))
	return h, e.Name, nil
}

// listening says that campaigns take in who comes into the segment, and how old its list is; empty: none does.
func (r *request) listening(f look.Frame, saved campaigns.Key) (string, error) {
	all, err := r.k.o.Reports.Listening(r.Request.Context(), r.who)
	l, listens := all[saved]
	switch {
	case err != nil || !listens:
		return "", err
	case l.AsOf == nil:
		return f.T("console.segments.listening_soon"), nil
	}
	return f.T("console.segments.listening", "span", look.Span(f.Lang, r.k.o.Now().Sub(*l.AsOf))), nil
}

// segmentForm is where a segment is written.
type segmentForm struct {
	look.Frame
	Action, Back string // no Action: the reader may only look
	Source       string
	Revision     int64
	Wrong        []wrong // what stands in the way
	Doubts       []wrong // what does not, and is probably not meant
	Refused      string  // why it was not saved
	Holds        *held   // what it would hold, where it was looked at
	Deletes      string  // the form's address that deletes it
}

// wrong is a problem with the line that it stands in.
type wrong struct{ At, Text string }

const newSegment = "key: \nname: \nwho:\n  all:\n    - {tag: }\n"

func (r *request) newSegment() error {
	return r.segmentForm(http.StatusOK, segmentForm{Source: newSegment}, "")
}

func (r *request) editSegment() error {
	s, err := r.k.o.Engine.Segment(r.Request.Context(), r.who, campaigns.Key(r.Param("key")))
	if err != nil {
		return err
	}
	return r.segmentForm(http.StatusOK, segmentForm{Source: s.Source, Revision: s.Rev}, s.Key)
}

// segmentForm shows the form; key is the segment's, empty for a new one.
func (r *request) segmentForm(status int, p segmentForm, key campaigns.Key) error {
	p.Frame, p.Action, p.Back = r.frame(look.Members, ""), segmentsPath, segmentsPath
	p.Title = p.T("console.segments.new")
	if key != "" {
		p.Back += "/" + string(key)
		p.Action, p.Deletes, p.Title = p.Back, p.Back+"/delete", p.T("console.segments.edit", "key", string(key))
	}
	if !r.maySegment() {
		p.Action, p.Deletes, p.Title = "", "", string(key)
	}
	return r.renderStatus(status, "segment-form.html", p)
}

// createSegment and putSegment save what was typed, or only look at it; what stands in the way is shown beside it, and nothing typed is lost.
func (r *request) createSegment() error {
	return r.writeSegment("", func(d engine.Draft, _ int64) (*engine.Segment, error) {
		return r.k.o.Engine.CreateSegment(r.Request.Context(), r.who, d)
	})
}

func (r *request) putSegment() error {
	key := campaigns.Key(r.Param("key"))
	return r.writeSegment(key, func(d engine.Draft, rev int64) (*engine.Segment, error) {
		return r.k.o.Engine.PutSegment(r.Request.Context(), r.who, key, rev, d)
	})
}

func (r *request) writeSegment(key campaigns.Key, write func(engine.Draft, int64) (*engine.Segment, error)) error {
	if err := r.Request.ParseForm(); err != nil {
		return fault.Wrap(fault.Invalid, err, "too_large.form", nil)
	}
	d, form := engine.Draft{Source: r.PostForm("source"), Format: definition.YAML}, segmentForm{}
	form.Source = d.Source
	if rev, err := number(r.PostForm("revision"), "segment"); err == nil {
		form.Revision = rev
	}
	if r.PostForm("do") == "look" {
		return r.lookAtSegment(key, d, form)
	}
	s, err := write(d, form.Revision)
	if err != nil {
		return r.segmentRefused(key, form, err)
	}
	r.Redirect(http.StatusSeeOther, segmentsPath+"/"+string(s.Key))
	return nil
}

func (r *request) lookAtSegment(key campaigns.Key, d engine.Draft, form segmentForm) error {
	warnings, err := r.k.o.Engine.CheckSegment(r.Request.Context(), r.who, d)
	if err != nil {
		return r.segmentRefused(key, form, err)
	}
	form.Doubts = wrongs(r.frame(look.Members, ""), fault.Told(warnings, r.lang))
	h, _, err := r.holds(r.frame(look.Members, ""), d, "")
	if err != nil {
		return err
	}
	form.Holds = &h
	return r.segmentForm(http.StatusOK, form, key)
}

// segmentRefused shows the form again with what is wrong; other faults have a page of their own.
func (r *request) segmentRefused(key campaigns.Key, form segmentForm, err error) error {
	kind := fault.KindOf(err)
	if kind != fault.Invalid && kind != fault.Conflict {
		return err
	}
	return r.segmentWrong(statusOf(kind), key, form, err)
}

// segmentWrong shows the form with what is wrong with its text.
func (r *request) segmentWrong(status int, key campaigns.Key, form segmentForm, err error) error {
	form.Refused = fault.Message(err, r.lang)
	form.Wrong = wrongs(r.frame(look.Members, ""), fault.Details(err, r.lang))
	return r.segmentForm(status, form, key)
}

// wrongs are places with their lines.
func wrongs(f look.Frame, places []fault.Detail) (out []wrong) {
	for _, d := range places {
		w := wrong{At: f.T("console.segments.line", "n", d.Line), Text: locale.Hinted(f.Lang, d.Message, d.DidYouMean, d.Expected)}
		out = append(out, w)
	}
	return out
}

func (r *request) deleteSegment() error {
	if err := r.sure(); err != nil {
		return err
	}
	if err := r.k.o.Engine.DeleteSegment(r.Request.Context(), r.who, campaigns.Key(r.Param("key"))); err != nil {
		return err
	}
	r.Redirect(http.StatusSeeOther, segmentsPath)
	return nil
}
