package definition

import (
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
)

func (r *reader) send(n *node) Body {
	s := &Send{}
	rec, ok := r.record(n, sendObject)
	if !ok {
		return s
	}
	rec.with("subject", func(n *node) { s.Subject = r.multilingual(n, subjectText) })
	kind := sendText
	rec.with("media", func(n *node) {
		s.Media = r.media(n)
		kind = mediaText
	})
	rec.with("text", func(n *node) { s.Text = r.multilingual(n, kind) })
	rec.with("buttons", func(n *node) { s.Buttons = r.buttons(n) })
	rec.with("channels", func(n *node) { s.Channels = r.channels(n) })
	rec.with("expires", func(n *node) { s.Expires = r.period(n) })
	rec.with("late", func(n *node) { s.Late = r.late(n) })
	rec.with("escalate", func(n *node) { s.Escalate = r.escalate(n) })
	return s
}

func (r *reader) media(n *node) *channels.Media {
	rec, ok := r.record(n, mediaObject)
	if !ok {
		return nil
	}
	kind := rec.one()
	if kind == "" {
		return nil
	}
	value := rec.get(kind)
	source, ok := r.short(value, 2000)
	if ok && !mediaSource(source) {
		r.out.add(value.place, "media_source", "value", source).expect("welcome.jpg, https://…")
	}
	return &channels.Media{Kind: channels.MediaKind(kind), Source: source}
}

// mediaSource accepts an http(s) address or a file inside the media folder.
func mediaSource(s string) bool {
	if strings.Contains(s, "://") {
		u, err := url.Parse(s)
		return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil
	}
	return !strings.ContainsAny(s, `\:`) && !strings.HasPrefix(s, "/") && path.Clean(s) == s && s != "." && s != ".." && !strings.HasPrefix(s, "../")
}

func (r *reader) buttons(n *node) (list []LinkButton) {
	items := r.list(n)
	if len(items) > maxButtons {
		r.out.add(items[maxButtons].place, "too_many_items", "limit", maxButtons)
	}
	for _, it := range items {
		rec, ok := r.record(it, buttonObject)
		if !ok {
			continue
		}
		b := LinkButton{}
		rec.with("text", func(n *node) { b.Text = r.multilingual(n, labelText) })
		rec.with("url", func(n *node) { b.URL = r.buttonURL(n) })
		list = append(list, b)
	}
	return list
}

// buttonURL reads an address whose scheme and host are literal: a member's value may say what is shown there, never whom to trust.
func (r *reader) buttonURL(n *node) string {
	s, ok := r.short(n, 2000)
	if !ok {
		return ""
	}
	literal, variables := cutLiquid(s)
	u, err := url.Parse(literal)
	switch {
	case err != nil || u.Scheme != "https" && u.Scheme != "http" && u.Scheme != "tg" || u.Host == "" || u.User != nil || strings.ContainsAny(literal, " \"<>"):
		r.out.add(n.place, "button_url", "value", s).expect("https://…").meant(meantURL(s))
	case variables && !strings.ContainsAny(strings.TrimPrefix(literal, u.Scheme+"://"), "/?#"):
		r.out.add(n.place, "button_url_host")
	case variables:
		r.texts = append(r.texts, textUse{node: n, kind: urlText, around: r.around})
	}
	return s
}

func cutLiquid(s string) (literal string, variables bool) {
	for _, open := range []string{"{{", "{%"} {
		if before, _, found := strings.Cut(s, open); found {
			s, variables = before, true
		}
	}
	return s, variables
}

func meantURL(s string) string {
	if strings.Contains(s, "://") || !strings.Contains(s, ".") || strings.ContainsAny(s, " @:") {
		return ""
	}
	return "https://" + s
}

// multilingual reads a text in the campaign's languages. A draft may lack some of them, but not all; only a campaign of one language may leave out the language's name.
func (r *reader) multilingual(n *node, kind textKind) Texts {
	if n.kind != mappingNode {
		r.uncut(n)
		s, ok := r.shown(n)
		switch {
		case !ok:
		case len(r.d.Languages) == 1:
			r.texts = append(r.texts, textUse{node: n, kind: kind, lang: r.d.Languages[0], around: r.around})
			return Texts{r.d.Languages[0]: s}
		case len(r.d.Languages) > 1:
			r.out.add(n.place, "text_without_language", "languages", joined(r.d.Languages)).expect(exampleTexts(r.d.Languages))
		}
		return nil
	}
	t := Texts{}
	for _, e := range r.entriesOf(n) {
		lang, ok := r.textLanguage(e)
		if s, full := r.shown(e.value); ok && full {
			t[lang] = s
			r.texts = append(r.texts, textUse{node: e.value, kind: kind, lang: lang, around: r.around})
		}
	}
	r.missingLanguages(n)
	return t
}

// textLanguage reads the key of a text. Without a list of languages there is nothing to hold it against.
func (r *reader) textLanguage(e entry) (campaigns.Lang, bool) {
	if len(r.d.Languages) == 0 {
		return campaigns.Lang(e.key), true
	}
	for _, l := range r.d.Languages {
		if string(l) == e.key {
			return l, true
		}
	}
	before := len(r.out.list)
	if _, ok := r.languageTag(e.place, e.key); ok && len(r.out.list) == before && !r.noSpeech {
		r.out.add(e.place, "undeclared_language", "language", e.key, "languages", joined(r.d.Languages)).meant(r.out.nearest(e.key, names(r.d.Languages)))
	}
	return "", false
}

func (r *reader) missingLanguages(n *node) {
	var missing []campaigns.Lang
	for _, l := range r.d.Languages {
		if !slices.ContainsFunc(n.entries, func(e entry) bool { return e.key == string(l) }) {
			missing = append(missing, l)
		}
	}
	told := slices.ContainsFunc(n.entries, func(e entry) bool { return !slices.Contains(names(r.d.Languages), e.key) }) // of another key, which may be one of them
	switch len(missing) {
	case 0:
	case len(r.d.Languages):
		if told {
			return
		}
		r.out.add(n.place, "missing_language", "languages", joined(missing))
	default:
		r.out.warn(n.place, "untranslated", "languages", joined(missing))
	}
}

func names[T ~string](list []T) []string {
	all := make([]string, len(list))
	for i, v := range list {
		all[i] = string(v)
	}
	return all
}

func joined[T ~string](list []T) string { return strings.Join(names(list), ", ") }

func exampleTexts(langs []campaigns.Lang) string {
	parts := make([]string, len(langs))
	for i, l := range langs {
		parts[i] = string(l) + ": …"
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
