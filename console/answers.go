package console

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/reports"
)

// answersPage is what was answered, question by question.
type answersPage struct {
	look.Frame
	Head      head
	Questions []questionView
	Who       *whoAnswered
	CSV       string
	// Hidden: the reader may not see values; counts only.
	Hidden bool
}

type whoAnswered struct {
	Ring look.Ring
	Text string
}

// questionView is one question: a score, bars, or what was said.
type questionView struct {
	ID, Title, Sub string
	Score          *scoreView
	Bars           []answerBar
	Sentence       string
	Latest         []saidView
	Older          string // address of older answers
}

// scoreView is an NPS or a mean with its margin.
type scoreView struct {
	Big, Margin, Say string
	Label            string
	Lo, W, Dot       float64 // on a scale of 600
	Marks            []scoreMark
	Value            string
	Columns          []column
	ColumnsLabel     string
	Legend           []legend
}

type scoreMark struct {
	X    float64
	Text string
}

type column struct {
	X, Mid, Y, H, Over float64
	Class, N, Text     string
}

type legend struct{ Class, Text string }

// answerBar is one answer's share with its 95 % interval (Wilson); of a few answers, its count alone.
type answerBar struct {
	Label, Bold, Of string
	Fill            float64 // of 600
	Whisker         string  // a path; empty: none
	Halo            string
}

type saidView struct {
	Name, Href, When string
	Text             string
	Round            string
	Media            *mediaView
}

// latestAnswers is how many texts and recordings a question shows at once.
const latestAnswers = 10

func (r *request) answers() error {
	ctx, key := r.Request.Context(), campaigns.Key(r.Param("key"))
	report, err := r.k.o.Reports.Campaign(ctx, r.who, key, r.lang)
	if err != nil {
		return err
	}
	flow, err := r.k.o.Reports.Flow(ctx, r.who, key, r.lang)
	if err != nil {
		return err
	}
	p := answersPage{Frame: r.frame(look.Campaigns, flow.Head.Name)}
	p.Live = "/console/live/campaigns/" + string(key) + "/answers"
	p.Head = headOf(p.Frame, flow.Head, r.sinceWords(p.Frame, flow), "answers")
	if err := r.stand(p.Frame, &p.Head, flow.Head); err != nil {
		return err
	}
	p.Hidden = r.who.Require(engine.ResponsesRead) != nil
	if !p.Hidden && len(report.Questions) > 0 {
		p.CSV = "/console/campaigns/" + string(key) + "/answers.csv"
	}
	w := words{Frame: p.Frame, def: flow.Def}
	for _, q := range report.Questions {
		view, err := r.question(w, key, q, p.Hidden)
		if err != nil {
			return err
		}
		p.Questions = append(p.Questions, view)
	}
	if total := flow.Head.Total; total > 0 && len(p.Questions) > 0 {
		n := min(flow.Answered, total)
		p.Who = &whoAnswered{look.Ring{Fill: n, Of: total, In: percent(n, total), Size: "l"}, p.T("console.answers.who", "n", total, "answered", p.N(n))}
	}
	return r.render("answers.html", p)
}

func (r *request) question(w words, key campaigns.Key, q reports.Question, hidden bool) (questionView, error) {
	v := questionView{ID: "q-" + q.Question, Title: w.asked(q), Sub: w.T("console.answers.n", "n", q.N)}
	if q.Late > 0 {
		v.Sub += " · " + w.T("console.answers.late", "n", q.Late)
	}
	switch {
	case q.Type == campaigns.NPS:
		v.Score = w.nps(q)
	case q.Type == campaigns.Scale || q.Type == campaigns.CSAT:
		v.Score = w.mean(q)
	case len(q.Values) > 0 && q.Type != campaigns.Text && q.Type != campaigns.Date && !q.Type.Media():
		v.Bars = w.bars(q)
		if q.Type == campaigns.Choices {
			v.Sentence = w.T("console.answers.several")
		}
		if q.N >= fewAnswers {
			v.Sentence = strings.TrimSpace(v.Sentence + " " + w.T("console.answers.whisker"))
		}
	}
	if told := q.Type == campaigns.Text || q.Type == campaigns.Date || q.Type.Media(); !told || q.N == 0 || hidden {
		return v, nil
	}
	before := int64(0)
	if r.Query("q") == q.Question {
		before = r.after("before")
	}
	rows, err := r.k.o.Reports.LatestAnswers(r.Request.Context(), r.who, key, q.Question, before, latestAnswers+1)
	if err != nil {
		return v, err
	}
	if len(rows) > latestAnswers {
		rows = rows[:latestAnswers]
		v.Older = fmt.Sprintf("/console/campaigns/%s/answers?q=%s&before=%d#%s", key, q.Question, rows[len(rows)-1].ID, v.ID)
	}
	for _, a := range rows {
		v.Latest = append(v.Latest, r.said(w.Frame, a))
	}
	return v, nil
}

func (r *request) said(f look.Frame, a reports.AnswerRow) saidView {
	s := saidView{Name: a.Name, When: look.Moment(f.Lang, a.AnsweredAt.In(r.zone), r.now()), Text: textOf(f.Lang, a.Answer), Media: mediaOf(f, a, a.Name)}
	if a.Name != "" {
		s.Href = "/console/members/" + idText(a.Member)
	}
	if a.Round > 0 {
		s.Round = f.T("console.round", "n", a.Round)
	}
	return s
}

// textOf is what was typed; a day as a day.
func textOf(lang string, a campaigns.Answer) string {
	if day, err := time.Parse(time.DateOnly, a.Text); err == nil && a.Type == campaigns.Date {
		return locale.LongDate(lang, day)
	}
	return a.Text
}

// asked is the question's own words.
func (w words) asked(q reports.Question) string {
	if w.def != nil {
		if s := w.def.Step(q.Step); s != nil {
			return w.title(s)
		}
	}
	return q.Question
}

// fewAnswers is the number under which counts stand alone.
const fewAnswers = 20

func (w words) bars(q reports.Question) []answerBar {
	out := make([]answerBar, 0, len(q.Values))
	for _, v := range q.Values {
		label := v.Label
		if q.Type == campaigns.YesNo {
			label = w.T("console.bool." + v.Value)
		}
		b := answerBar{Label: w.bare(label), Bold: w.N(v.N), Of: w.T("console.of", "n", w.N(q.N))}
		if q.N > 0 {
			b.Fill = 600 * float64(v.N) / float64(q.N)
		}
		if q.N >= fewAnswers {
			lo, hi := wilson(v.N, q.N)
			b.Bold = fmt.Sprint(look.Percent(v.N, q.N), "%")
			b.Of = fmt.Sprintf("%s %s · %.0f–%.0f", w.N(v.N), w.T("console.of", "n", w.N(q.N)), lo*100, hi*100)
			x, y := oneDigit(600*lo), oneDigit(600*hi)
			b.Halo = "M" + x + " 7H" + y
			b.Whisker = b.Halo + "M" + x + " 3v8M" + y + " 3v8"
		}
		out = append(out, b)
	}
	return out
}

func oneDigit(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }

// z95 is the normal quantile of a two-sided 95 % interval.
const z95 = 1.959964

// wilson is the score interval of a share (Wilson 1927): it stays within 0 and 1 and is right for small counts too.
func wilson(n, of int) (lo, hi float64) {
	if of == 0 {
		return 0, 1
	}
	p, m := float64(n)/float64(of), float64(of)
	centre := (p + z95*z95/(2*m)) / (1 + z95*z95/m)
	half := z95 / (1 + z95*z95/m) * math.Sqrt(p*(1-p)/m+z95*z95/(4*m*m))
	return math.Max(0, centre-half), math.Min(1, centre+half)
}

// nps is promoters less detractors with its margin: the variance of a variable that is +1, 0 or −1.
func (w words) nps(q reports.Question) *scoreView {
	s := &scoreView{Legend: []legend{
		{"c-stop", w.T("console.nps.detractors", "n", q.NPS.Detractors)},
		{"c-edge", w.T("console.nps.passives", "n", q.NPS.Passives)},
		{"c-fill", w.T("console.nps.promoters", "n", q.NPS.Promoters)},
	}}
	w.columns(s, q, 0, 10, func(v int) string {
		switch {
		case v >= 9:
			return "c-fill"
		case v >= 7:
			return "c-edge"
		}
		return "c-stop"
	})
	if q.NPS.Score == nil {
		s.Say = w.T("console.nps.few", "n", q.NPS.N)
		return s
	}
	n := float64(q.NPS.N)
	score := float64(q.NPS.Promoters-q.NPS.Detractors) / n
	margin := 100 * z95 * math.Sqrt((float64(q.NPS.Promoters+q.NPS.Detractors)/n-score*score)/n)
	lo, hi := math.Max(-100, 100*score-margin), math.Min(100, 100*score+margin)
	s.Big, s.Margin, s.Value = w.signed(100*score), "± "+w.N(math.Round(margin)), w.signed(100*score)
	s.Say = w.T("console.nps.say", "n", q.NPS.N, "promoters", w.T("console.nps.promoter_count", "n", q.NPS.Promoters),
		"detractors", w.T("console.nps.detractor_count", "n", q.NPS.Detractors), "lo", w.signed(lo), "hi", w.signed(hi)) + " " + w.T("console.nps."+verdict(lo, hi))
	s.Label = w.T("console.nps.label", "score", w.signed(100*score), "lo", w.signed(lo), "hi", w.signed(hi))
	at := func(v float64) float64 { return 300 + v*2.8 }
	s.Lo, s.W, s.Dot = at(lo), at(hi)-at(lo), at(100*score)
	for _, v := range []float64{-100, -50, 0, 50, 100} {
		s.Marks = append(s.Marks, scoreMark{at(v), w.signed(v)})
	}
	return s
}

// verdict says in one sentence what the margin means.
func verdict(lo, hi float64) string {
	switch {
	case lo > 0:
		return "more_promoters"
	case hi < 0:
		return "more_detractors"
	}
	return "too_close"
}

func (w words) signed(v float64) string {
	v = math.Round(v)
	if v > 0 {
		return "+" + w.N(v)
	}
	return w.N(v)
}

// mean shows a scale: the middle of what was answered, and how often each.
func (w words) mean(q reports.Question) *scoreView {
	s := &scoreView{}
	if len(q.Values) == 0 {
		return s
	}
	lo, _ := strconv.Atoi(q.Values[0].Value)
	hi, _ := strconv.Atoi(q.Values[len(q.Values)-1].Value)
	w.columns(s, q, lo, hi, func(int) string { return "c-fill" })
	if q.Mean == nil {
		s.Say = w.T("console.answers.few", "n", q.N)
		return s
	}
	sum, n := 0.0, 0.0
	for _, v := range q.Values {
		x, _ := strconv.ParseFloat(v.Value, 64)
		sum, n = sum+float64(v.N)*(x-*q.Mean)*(x-*q.Mean), n+float64(v.N)
	}
	margin := z95 * math.Sqrt(sum/math.Max(1, n-1)/n)
	s.Big, s.Margin = w.N(math.Round(*q.Mean*10)/10), "± "+w.N(math.Max(0.1, math.Round(margin*10)/10))
	s.Say = w.T("console.answers.mean", "n", q.N, "lo", w.N(lo), "hi", w.N(hi))
	return s
}

// columns counts each value from lo to hi on a chart of 600 × 150.
func (w words) columns(s *scoreView, q reports.Question, lo, hi int, class func(int) string) {
	counts, top := map[string]int{}, 1
	for _, v := range q.Values {
		counts[v.Value] = v.N
		top = max(top, v.N)
	}
	if hi <= lo || hi-lo > 20 {
		return
	}
	step := 564 / float64(hi-lo+1)
	var told []string
	for v := lo; v <= hi; v++ {
		n := counts[strconv.Itoa(v)]
		h := 96 * float64(n) / float64(top)
		x := 18 + float64(v-lo)*step
		s.Columns = append(s.Columns, column{X: x + step*0.15, Mid: x + step/2, Y: 118 - h, H: h, Over: 112 - h, Class: class(v), N: w.N(n), Text: strconv.Itoa(v)})
		told = append(told, strconv.Itoa(n))
	}
	for i := range s.Columns {
		s.Columns[i].H = math.Max(0, s.Columns[i].H)
	}
	s.ColumnsLabel = w.T("console.answers.columns", "lo", w.N(lo), "hi", w.N(hi), "counts", strings.Join(told, ", "))
}

// Width of a column.
func (c column) Width() float64 { return math.Max(4, (c.Mid-c.X)*2) }

func (r *request) answersCSV() error {
	table, err := r.k.o.Reports.ResponsesCSV(r.Request.Context(), r.who, campaigns.Key(r.Param("key")), "")
	if err != nil {
		return err
	}
	r.Header("Content-Type", "text/csv; charset=utf-8; header=present")
	r.Header("Content-Disposition", `attachment; filename="`+r.Param("key")+`.csv"`) // a key is letters, digits and hyphens
	if err := table.Write(r.Request.Context(), r.Writer); err != nil {
		r.k.o.Log.WarnContext(r.Request.Context(), "table cut short", "kind", string(fault.KindOf(err)))
		panic(http.ErrAbortHandler) // a table that looks whole and is not would be worse
	}
	return nil
}
