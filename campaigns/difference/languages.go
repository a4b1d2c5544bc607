package difference

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/templates"
)

// Text is one text in the campaign's languages.
type Text struct {
	Step     campaigns.StepID // empty: of the campaign itself
	Path     string           // below the step or the campaign, as a Field has it
	Wordings []Wording        // in the order of the campaign's languages, a missing one too
}

// Wording is a text in one language.
type Wording struct {
	Lang  campaigns.Lang
	Text  string
	State WordingState
}

// WordingState is how a wording stands to the versions that were published.
type WordingState string

const (
	Unchanged WordingState = "unchanged"
	Rewritten WordingState = "changed"
	New       WordingState = "new"
	// Outdated: another language says something else since a later version than its own, or since the draft.
	Outdated WordingState = "outdated"
	// Missing: the text is not there in this language. Members who read it get the campaign's first language.
	Missing WordingState = "missing"
)

// Outdated reports whether the text lags behind in any language.
func (t Text) Outdated() bool { return t.any(Outdated) }

// Missing reports whether the text is missing in any language.
func (t Text) Missing() bool { return t.any(Missing) }

func (t Text) any(state WordingState) bool {
	return slices.ContainsFunc(t.Wordings, func(w Wording) bool { return w.State == state })
}

// Has reports whether the text is there in the language.
func (t Text) Has(lang campaigns.Lang) bool {
	return slices.ContainsFunc(t.Wordings, func(w Wording) bool { return w.Lang == lang && w.State != Missing })
}

// Name is how people are told which text it is.
func (t Text) Name() string { return strings.TrimSpace(string(t.Step) + " " + t.Path) }

// Beside names a wording together with those beside it: SHA-256 in lower-case hex. It is another one as soon as any of them says something else.
func (t Text) Beside(lang campaigns.Lang) string {
	said := []string{string(lang)}
	for _, w := range t.Wordings {
		said = append(said, string(w.Lang), w.Text)
	}
	return definition.SourceHash([]byte(fmt.Sprintf("%q", said)))
}

// Settle takes those out of Outdated that right says are right as they are, by Beside.
func (t Text) Settle(right func(beside string) bool) Text {
	t.Wordings = slices.Clone(t.Wordings)
	for i := range t.Wordings {
		if w := &t.Wordings[i]; w.State == Outdated && right(t.Beside(w.Lang)) {
			w.State = Unchanged
		}
	}
	return t
}

// History is what the published versions of a campaign leave for the next: the newest of them, and which of its texts lag behind. The zero value is that of a
// campaign that was never published. It does not change.
type History struct {
	last   *Document
	behind map[place]beside
}

// place is where a wording stands.
type place struct {
	step campaigns.StepID
	path string
	lang campaigns.Lang
}

// beside is what the other languages said when the wording was last right.
type beside map[campaigns.Lang]string

// With is the history after one more version.
func (h History) With(version *Document) History {
	r := h.read(version)
	return History{last: version, behind: r.behind}
}

// Languages lists every text of the document, which is to be the next version, in its languages.
func (h History) Languages(now *Document) []Text { return h.read(now).list }

func (h History) read(now *Document) *languages {
	r := &languages{History: h, now: now, behind: map[place]beside{}}
	if h.last == nil {
		r.walk(spot{}, spot{}, nil, settings(now.root))
		for _, s := range now.steps {
			r.walk(spot{}, spot{step: s.id}, nil, s.own)
		}
		return r
	}
	c := &comparison{was: h.last, now: now}
	c.match()
	r.walk(spot{}, spot{}, settings(h.last.root), settings(now.root))
	for _, s := range now.steps {
		if o := c.before[s]; o != nil {
			r.walk(spot{step: o.id}, spot{step: s.id}, o.own, s.own)
		} else {
			r.walk(spot{}, spot{step: s.id}, nil, s.own)
		}
	}
	return r
}

// languages collects texts, by the paths that a comparison gives them.
type languages struct {
	History
	now    *Document
	list   []Text
	behind map[place]beside // of now
}

// spot is a place in a document.
type spot struct {
	step campaigns.StepID
	path string
}

func (s spot) below(key string) spot {
	return spot{s.step, strings.TrimPrefix(s.path+"."+key, ".")}
}

func (s spot) item(t *definition.Tree, i int) spot {
	return spot{s.step, s.path + " " + label(nil, t, i)}
}

// walk looks for texts at a place and below. was is what stood there in the newest version, at from; nil: nothing.
func (r *languages) walk(from, at spot, was, now *definition.Tree) {
	if f := (&fieldList{langs: r.now.langs}); now.Kind == definition.TreeMapping && f.text(now) {
		r.text(from, at, was, now)
		return
	}
	for _, e := range now.Entries {
		if !slices.Contains(whole, e.Key) && !slices.Contains(free, e.Key) {
			r.walk(from.below(e.Key), at.below(e.Key), was.Get(e.Key), e.Value)
		}
	}
	if !hasMappings(now) {
		return
	}
	for _, p := range align(items(was), now.Items) {
		switch {
		case p.now >= 0 && p.was >= 0:
			o, n := was.Items[p.was], now.Items[p.now]
			r.walk(from.item(o, p.was), at.item(n, p.now), o, n)
		case p.now >= 0:
			r.walk(spot{}, at.item(now.Items[p.now], p.now), nil, now.Items[p.now])
		}
	}
}

// lagged is what stood beside a wording of the newest version when it was last right, if it lags behind.
func (r *languages) lagged(at spot, lang campaigns.Lang) (beside, bool) {
	then, ok := r.History.behind[place{at.step, at.path, lang}]
	return then, ok
}

// text is one of them. A language that was changed leaves those behind that were not; one that was added, or that caught up, leaves nobody. Those that lag behind
// already do so until they say something else, or the others say again what they said.
func (r *languages) text(from, at spot, was, now *definition.Tree) {
	out := Text{Step: at.step, Path: at.path}
	old := r.wordings(was)
	rewritten := false
	for _, e := range now.Entries {
		w := Wording{Lang: campaigns.Lang(e.Key), Text: strings.TrimRight(e.Value.Text, "\n"), State: Unchanged}
		switch before, had := old[w.Lang]; {
		case !had:
			w.State = New
		case strings.TrimRight(before, "\n") != w.Text:
			w.State = Rewritten
			_, lagged := r.lagged(from, w.Lang)
			rewritten = rewritten || !lagged && !r.saysTheSame(before, w.Text)
		}
		out.Wordings = append(out.Wordings, w)
	}
	for i := range out.Wordings {
		w := &out.Wordings[i]
		then, lags := r.lagged(from, w.Lang)
		switch {
		case w.State == New || w.State == Rewritten && !(lags && r.saysTheSame(old[w.Lang], w.Text)):
			continue
		case !lags && !rewritten:
			continue
		case !lags:
			then = old
		}
		if r.speaks(then, w.Lang, out.Wordings) {
			w.State = Outdated
			r.behind[place{at.step, at.path, w.Lang}] = then
		}
	}
	r.list = append(r.list, r.complete(out))
}

// wordings are what stood there; a text without the name of its language is in the only one.
func (r *languages) wordings(was *definition.Tree) beside {
	out := beside{}
	switch {
	case was == nil:
	case was.Kind == definition.TreeText && len(r.last.langs) == 1:
		out[r.last.langs[0]] = was.Text
	case was.Kind == definition.TreeMapping && (&fieldList{langs: r.last.langs}).text(was):
		for _, e := range was.Entries {
			out[campaigns.Lang(e.Key)] = e.Value.Text
		}
	}
	return out
}

// speaks reports whether another language says something else than it did then.
func (r *languages) speaks(then beside, lang campaigns.Lang, now []Wording) bool {
	return slices.ContainsFunc(now, func(w Wording) bool {
		said, had := then[w.Lang]
		return had && w.Lang != lang && strings.TrimRight(said, "\n") != w.Text && !r.saysTheSame(said, w.Text)
	})
}

// saysTheSame reports a text that says what it said to those who are addressed by default, or that got another form of address beside it.
func (r *languages) saysTheSame(before, now string) bool {
	in := func(text string, form campaigns.Formality) []string {
		return strings.Fields(templates.InForm(text, string(form)))
	}
	if slices.Equal(in(before, r.now.form), in(now, r.now.form)) {
		return true
	}
	return slices.ContainsFunc(campaigns.Formalities(), func(form campaigns.Formality) bool {
		return slices.Equal(in(now, form), strings.Fields(before))
	})
}

// complete puts the wordings in the order of the campaign's languages, with those that are missing.
func (r *languages) complete(t Text) Text {
	for _, l := range r.now.langs {
		if !slices.ContainsFunc(t.Wordings, func(w Wording) bool { return w.Lang == l }) {
			t.Wordings = append(t.Wordings, Wording{Lang: l, State: Missing})
		}
	}
	slices.SortStableFunc(t.Wordings, func(a, b Wording) int {
		return cmp.Compare(slices.Index(r.now.langs, a.Lang), slices.Index(r.now.langs, b.Lang))
	})
	return t
}
