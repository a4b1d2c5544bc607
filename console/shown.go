package console

import (
	"html/template"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/engine"
)

// chatView is the message in a chat, in as many bubbles as it has parts.
type chatView struct {
	Lang  string
	Parts []bubbleView
}

type bubbleView struct {
	HTML  template.HTML
	Media *bubbleMedia
	Keys  [][]bubbleKey
}

type bubbleMedia struct {
	Icon, Kind, Source string
	Lost               string // said of a file that is not there
}

type bubbleKey struct{ Text, URL string }

// mailView is the message as a mail.
type mailView struct {
	Subject, From      string
	Frame, Text        string // one of them
	Width, Shade       string
	Parts, Sizes, Hues []tab
}

// surveyFrame is the page behind a mail.
type surveyFrame struct {
	Frame, Width, Shade string
	Sizes, Hues         []tab
}

// show draws the message that was asked for, and says what to know about it.
func (p *previewPage) show(s seen, made *engine.Preview) {
	m := &made.Messages[0]
	switch {
	case s.view == campaigns.Page:
		p.Survey = &surveyFrame{Frame: s.at("/page"), Width: s.width, Shade: s.shade, Sizes: p.sizes(s), Hues: p.hues(s)}
	case m.Mail != nil:
		p.Mail = p.mail(s, m.Mail)
	default:
		p.Chat = &chatView{Lang: string(m.Lang)}
		for _, part := range m.Parts {
			bubble := p.bubble(part)
			if m.Lost != "" && bubble.Media != nil {
				bubble.Media.Lost = p.T("console.preview.lost")
			}
			p.Chat.Parts = append(p.Chat.Parts, bubble)
		}
	}
	if m.Staff {
		p.Notes = append(p.Notes, p.T("preview.print.staff"))
	}
	if m.Fallback {
		p.Notes = append(p.Notes, p.T("preview.print.fallback"))
	}
	if m.Formality != "" {
		p.Notes = append(p.Notes, p.T("preview.print.form."+string(m.Formality)))
	}
	w := words{Frame: p.Frame, def: made.Definition}
	var missing []string
	for _, path := range m.Missing {
		missing = append(missing, "⟨"+w.variable(path)+"⟩")
		p.Unfold = p.Unfold || strings.HasPrefix(path, "answers.")
	}
	if len(missing) > 0 {
		p.Missing = p.T("console.preview.missing", "variables", strings.Join(missing, ", "))
	}
	past := "console.preview.no_past"
	if p.Whose != nil {
		past = "console.preview.past"
	}
	p.Notes = append(p.Notes, p.T(past), p.T("preview.print.nothing_sent"))
}

func (p *previewPage) mail(s seen, m *channels.Mail) *mailView {
	v := &mailView{Subject: m.Subject, From: m.FromName + " <" + m.FromAddress + ">", Width: s.width, Shade: s.shade}
	for _, part := range []string{"html", "text"} {
		to := s
		to.part = part
		v.Parts = append(v.Parts, tab{to.at(""), p.T("console.preview." + part), part == s.part})
	}
	if s.part == "text" {
		v.Text = string(m.Text)
		return v
	}
	v.Frame, v.Sizes, v.Hues = s.at("/mail"), p.sizes(s), p.hues(s)
	return v
}

func (p *previewPage) sizes(s seen) (out []tab) {
	for _, width := range []string{"wide", "phone"} {
		to := s
		to.width = width
		out = append(out, tab{to.at(""), p.T("console.preview." + width), width == s.width})
	}
	return out
}

// hues are the reader's colours; pressing the one that is on goes back to those of the page.
func (p *previewPage) hues(s seen) (out []tab) {
	for _, shade := range []string{"light", "dark"} {
		to := s
		if to.shade = shade; s.shade == shade {
			to.shade = ""
		}
		out = append(out, tab{to.at(""), p.T("console.preview." + shade), shade == s.shade})
	}
	return out
}

var mediaIcons = map[channels.MediaKind]string{channels.Photo: "photo", channels.Video: "play", channels.Audio: "mic", channels.Voice: "mic"}

func (p *previewPage) bubble(m *channels.Message) bubbleView {
	v := bubbleView{HTML: look.ChatHTML(m.HTML)}
	if m.Media != nil {
		v.Media = &bubbleMedia{Icon: "file", Kind: p.T("console.preview.media." + string(m.Media.Kind)), Source: m.Media.Source}
		if icon := mediaIcons[m.Media.Kind]; icon != "" {
			v.Media.Icon = icon
		}
	}
	for _, row := range m.Keyboard {
		var keys []bubbleKey
		for _, b := range row {
			keys = append(keys, bubbleKey{b.Text, look.SafeURL(b.URL)})
		}
		v.Keys = append(v.Keys, keys)
	}
	return v
}
