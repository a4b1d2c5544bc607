package console

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
)

// seen is which message is looked at, and as whose. The page's address says it; what was typed is sealed there.
type seen struct {
	key      campaigns.Key
	version  int // 0: the draft
	step     campaigns.StepID
	view     campaigns.Channel // telegram, email, or page: what a mail's link opens
	round    int
	member   campaigns.MemberID // 0: somebody made up
	language campaigns.Lang     // of who is made up
	part     string             // of a mail: html or text
	width    string             // wide or phone
	shade    string             // light, dark, or empty: as the page
	typed    typed
	as       string // typed, sealed
}

// typed is what is assumed, as it was typed.
type typed struct {
	First      string              `json:"f,omitempty"`
	Last       string              `json:"l,omitempty"`
	Attributes map[string]string   `json:"m,omitempty"`
	Answers    map[string][]string `json:"a,omitempty"`
}

const (
	previewSeal = "preview"
	// maxSealed keeps the address short enough for the choice of language to come back to it (look.LocalPath).
	maxSealed = 1500
	// attributeField and answerField begin the names of fields; the attribute's or the answer's name follows.
	attributeField, answerField = "attribute:", "answer:"
)

// seen reads the address. A number that is none leads nowhere.
func (r *request) seen() (seen, error) {
	s := seen{
		key: campaigns.Key(r.Param("key")), step: campaigns.StepID(r.Query("step")), view: campaigns.Channel(r.Query("view")), language: campaigns.Lang(r.Query("language")),
		part: oneOf(r.Query("part"), "html", "text"), width: oneOf(r.Query("width"), "wide", "phone"), shade: oneOf(r.Query("shade"), "", "light", "dark"), as: r.Query("as"),
	}
	for name, into := range map[string]func(int64){
		"version": func(n int64) { s.version = int(n) }, "round": func(n int64) { s.round = int(n) }, "member": func(n int64) { s.member = campaigns.MemberID(n) },
	} {
		if text := r.Query(name); text != "" && text != "0" {
			n, err := number(text, "page")
			if err != nil {
				return s, err
			}
			into(n)
		}
	}
	if s.as == "" {
		return s, nil
	}
	return s, r.k.o.Engine.Unseal(previewSeal, s.as, &s.typed)
}

func oneOf(s string, list ...string) string {
	if slices.Contains(list, s) {
		return s
	}
	return list[0]
}

// at is the address of what is seen: of the page, or of one of its frames.
func (s seen) at(frame string) string {
	q := url.Values{}
	put := func(name, value string) {
		if value != "" && value != "0" {
			q.Set(name, value)
		}
	}
	put("version", strconv.Itoa(s.version))
	put("step", string(s.step))
	put("view", string(s.view))
	put("round", strconv.Itoa(s.round))
	put("member", idText(s.member))
	put("language", string(s.language))
	put("part", strings.TrimPrefix(s.part, "html"))
	put("width", strings.TrimPrefix(s.width, "wide"))
	put("shade", s.shade)
	put("as", s.as)
	address := "/console/campaigns/" + string(s.key) + "/preview" + frame
	if len(q) > 0 {
		address += "?" + q.Encode()
	}
	return address
}

// take makes it what a form says.
func (r *request) take(s *seen, form url.Values) error {
	number := func(name string) int {
		n, err := strconv.Atoi(strings.TrimSpace(form.Get(name)))
		if err != nil {
			return 0
		}
		return max(0, n)
	}
	s.version, s.round, s.step, s.language = number("version"), number("round"), campaigns.StepID(form.Get("step")), campaigns.Lang(form.Get("language"))
	s.typed = typed{First: strings.TrimSpace(form.Get("first")), Last: strings.TrimSpace(form.Get("last")), Attributes: map[string]string{}, Answers: map[string][]string{}}
	for field, values := range form {
		values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return strings.TrimSpace(v) == "" })
		if len(values) == 0 {
			continue
		}
		if name, ok := strings.CutPrefix(field, attributeField); ok {
			s.typed.Attributes[name] = strings.TrimSpace(values[0])
		}
		if name, ok := strings.CutPrefix(field, answerField); ok {
			s.typed.Answers[name] = values
		}
	}
	return r.seal(s)
}

// seal makes what was typed fit for an address.
func (r *request) seal(s *seen) (err error) {
	s.as = ""
	if t := s.typed; t.First == "" && t.Last == "" && len(t.Attributes) == 0 && len(t.Answers) == 0 {
		return nil
	}
	s.as, err = r.k.o.Engine.Seal(previewSeal, s.typed)
	if err == nil && len(s.as) > maxSealed {
		s.as, err = "", fault.New(fault.Invalid, "invalid.preview_long", nil)
	}
	return err
}

// asked is what is asked of the engine.
func (s *seen) asked(lang string) engine.PreviewRequest {
	out := engine.PreviewRequest{
		Key: s.key, Version: s.version, Step: s.step, Channel: s.view, Member: s.member, FirstName: s.typed.First, LastName: s.typed.Last, Language: s.language,
		Attributes: map[string]any{}, Answers: s.typed.Answers, Round: s.round, Speak: lang,
	}
	if s.view == campaigns.Page {
		out.Channel = campaigns.Email
	}
	for name, text := range s.typed.Attributes {
		out.Attributes[name] = attributeValue(text)
	}
	return out
}

// attributeValue is what was typed as the value that a platform would send: a number or yes and no where it is written as one.
func attributeValue(text string) any {
	if n, err := strconv.ParseFloat(text, 64); err == nil && strconv.FormatFloat(n, 'f', -1, 64) == text {
		return n
	}
	if text == "true" || text == "false" {
		return text == "true"
	}
	return text
}
