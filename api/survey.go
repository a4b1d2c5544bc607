package api

import (
	"html/template"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// surveyView is a survey's page: one question, or a word on where the survey stands.
type surveyView struct {
	frame
	TextLang string // the language of the author's text, which may be none of the product's
	// Question is nil when nothing is asked; State says why then: later, done, closed or paused.
	Question *questionView
	State    string
	Notice   string // why what was pressed in a mail is not on the page: answered, final, closed or older; empty: nothing is to be said
}

// questionView is one question with its form.
type questionView struct {
	Number  int           // 0: a question of before
	Heading template.HTML // the question's first line
	More    template.HTML // what follows it
	// Widget is the form's part for the type: list, ticks, scale, text, number or date.
	Widget    string
	Hint      string
	Options   []engine.PageOption
	MaxLength int
	Accept    string // of the file field: media types
	Typed     string
	Problem   string
	Kept      string // what the answer is so far, where it may be changed

	Step, Visit, Nonce string
}

// Invalid is the value of aria-invalid.
func (q questionView) Invalid() bool { return q.Problem != "" }

// Described names what explains the field, for aria-describedby.
func (q questionView) Described() string {
	ids := ""
	for _, part := range []struct {
		there bool
		id    string
	}{{q.More != "", "more"}, {q.Hint != "", "hint"}, {q.Problem != "", "problem"}} {
		if part.there {
			ids += " " + part.id
		}
	}
	if ids == "" {
		return ""
	}
	return ids[1:]
}

func (s *server) surveyRoutes() {
	s.page("/s/:token", s.showSurvey)
	s.public(http.MethodPost, "/s/:token", s.answerSurvey)
}

// showSurvey shows where the member stands. It records nothing: mail scanners open links. ?step= and ?visit= name the question of the mail that the link
// stood in, and ?a= ticks what its button chose, if that question takes an answer.
func (s *server) showSurvey(c *gin.Context) {
	page, err := s.Engine.Survey(c.Request.Context(), c.Param("token"), readPress(c.Request.URL.Query()))
	if err != nil {
		s.errorPage(c, err)
		return
	}
	s.render(c, http.StatusOK, "survey.html", viewSurvey(page))
}

// answerSurvey records the answer and shows what comes next; a wrong one is shown again with what was typed.
func (s *server) answerSurvey(c *gin.Context) {
	err := crossSite(c.Request)
	var form engine.PageForm
	if err == nil {
		form, err = s.readSurvey(c)
	}
	if err != nil {
		s.errorPage(c, err)
		return
	}
	told, err := s.Engine.AnswerSurvey(c.Request.Context(), c.Param("token"), form)
	if fault.Is(err, fault.TooLarge) && form.Upload != nil {
		s.askAgain(c, form, func(lang campaigns.Lang) string { return fault.Message(err, string(lang)) })
		return
	}
	if err != nil {
		s.errorPage(c, err)
		return
	}
	switch {
	case told.Closed:
		c.Redirect(http.StatusSeeOther, "/s/"+c.Param("token")+"?"+pressOf(form)) // which says so
		return
	case told.Rejection == nil:
		c.Redirect(http.StatusSeeOther, "/s/"+c.Param("token"))
		return
	}
	s.askAgain(c, form, func(lang campaigns.Lang) string { return told.Rejection.Sentence(lang) })
}

// askAgain shows the question with what was sent and what was wrong with it.
func (s *server) askAgain(c *gin.Context, form engine.PageForm, problem func(campaigns.Lang) string) {
	press := &engine.Press{Step: form.Step, Visit: form.Visit, Values: form.Values, Again: true, Typed: form.Text}
	page, err := s.Engine.Survey(c.Request.Context(), c.Param("token"), press)
	if err != nil {
		s.errorPage(c, err)
		return
	}
	if page.Step == form.Step && page.Visit == form.Visit {
		page.Problem = problem(page.Lang)
	}
	s.render(c, http.StatusUnprocessableEntity, "survey.html", viewSurvey(page))
}

// readSurvey reads the form. A file is not read here: the engine keeps it as it comes.
func (s *server) readSurvey(c *gin.Context) (engine.PageForm, error) {
	if !strings.HasPrefix(c.GetHeader("Content-Type"), "multipart/") {
		if err := readForm(c); err != nil {
			return engine.PageForm{}, err
		}
		return readAnswer(c.Request.PostForm), nil
	}
	values, file, err := readUpload(c, s.Engine.UploadLimit)
	form := readAnswer(values)
	if file != nil {
		form.Upload = &engine.Upload{Name: file.FileName(), Content: file}
	}
	return form, err
}

func readAnswer(v url.Values) engine.PageForm {
	visit, _ := strconv.Atoi(v.Get("visit")) // 0 is refused by the engine
	return engine.PageForm{
		Step: campaigns.StepID(v.Get("step")), Visit: visit, Nonce: v.Get("nonce"), Values: v["value"], Text: v.Get("text"),
	}
}

// readPress reads what a mail's link says.
func readPress(v url.Values) *engine.Press {
	visit, _ := strconv.Atoi(v.Get("visit")) // 0: it does not say
	return &engine.Press{Step: campaigns.StepID(v.Get("step")), Visit: visit, Values: v["a"]}
}

// pressOf writes a form as the mail's link does.
func pressOf(form engine.PageForm) string {
	return url.Values{"step": {string(form.Step)}, "visit": {strconv.Itoa(form.Visit)}, "a": form.Values}.Encode()
}

// SurveyPage writes the page that a member sees. Its form goes nowhere but to the address that it is served under.
func SurveyPage(w io.Writer, p *engine.SurveyPage) error {
	return pageTemplates.ExecuteTemplate(w, "survey.html", viewSurvey(p))
}

func viewSurvey(p *engine.SurveyPage) surveyView {
	lang := locale.Match(string(p.Lang))
	by := brand(p.Brand, p.Community)
	if by == p.Title { // once is enough
		by = ""
	}
	v := surveyView{frame: newFrame(lang, p.Title, by), TextLang: string(p.Lang), State: string(p.State)}
	if p.Notice != "" && (p.Notice != engine.NoticeClosed || p.State != engine.PageClosed) { // once is enough
		v.Notice = string(p.Notice)
	}
	if p.State == engine.PageQuestion {
		v.Question = viewQuestion(p, lang)
	}
	return v
}

// brand is how the community calls itself.
func brand(line, name string) string {
	if name != "" {
		return name
	}
	return line
}

func viewQuestion(p *engine.SurveyPage, lang string) *questionView {
	heading, more := clean(p.HTML)
	q := &questionView{
		Number: p.Number, Heading: heading, More: more, Widget: widgets[p.Type], Options: p.Options, MaxLength: p.MaxLength,
		Typed: p.Typed, Problem: p.Problem, Step: string(p.Step), Visit: strconv.Itoa(p.Visit), Nonce: p.Nonce,
	}
	q.Hint, q.Accept = hint(p, lang), accepts(p.Accept)
	if p.Answer != "" {
		q.Kept = locale.T(lang, "page.change", map[string]any{"answer": p.Answer})
	}
	return q
}

// widgets are the parts of the form by question type.
var widgets = map[campaigns.QuestionType]string{
	campaigns.Choice: "list", campaigns.YesNo: "list", campaigns.Choices: "ticks",
	campaigns.Scale: "scale", campaigns.NPS: "scale", campaigns.CSAT: "scale",
	campaigns.Number: "number", campaigns.Text: "text", campaigns.Date: "date",
	campaigns.Voice: "file", campaigns.VideoNote: "file", campaigns.Photo: "file", campaigns.File: "file",
}

// accepts is the file field's accept attribute; empty: any file.
func accepts(kinds []campaigns.MediaKind) string {
	var list []string
	for _, k := range kinds {
		word := map[campaigns.MediaKind]string{
			campaigns.MediaVoice: "audio/*", campaigns.MediaAudio: "audio/*", campaigns.MediaVideoNote: "video/*", campaigns.MediaVideo: "video/*", campaigns.MediaPhoto: "image/*",
		}[k]
		if word == "" {
			return ""
		}
		if !slices.Contains(list, word) {
			list = append(list, word)
		}
	}
	return strings.Join(list, ",")
}

// hint says how to answer where the form does not.
func hint(p *engine.SurveyPage, lang string) string {
	switch p.Type {
	case campaigns.NPS, campaigns.CSAT, campaigns.Choices:
		return locale.T(lang, "page.hint."+string(p.Type), nil)
	case campaigns.Voice, campaigns.VideoNote, campaigns.Photo, campaigns.File:
		return locale.T(lang, "page.hint."+string(p.Type), map[string]any{"limit": p.MaxFile >> 20})
	case campaigns.Number:
		switch {
		case p.Min != nil && p.Max != nil:
			return locale.T(lang, "page.hint.range", map[string]any{"min": *p.Min, "max": *p.Max})
		case p.Min != nil:
			return locale.T(lang, "page.hint.from", map[string]any{"min": *p.Min})
		case p.Max != nil:
			return locale.T(lang, "page.hint.to", map[string]any{"max": *p.Max})
		}
	}
	return ""
}

// errForm is what the engine says of a form that was not made by our page.
var errForm = fault.New(fault.Invalid, "invalid.form", nil)
