package answers

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// readMedia takes a recording or a file; its caption is kept beside it. A length that is unknown is taken to be right.
func readMedia(a *campaigns.Answer, q *definition.Ask, raw campaigns.RawAnswer, c Context) *Rejection {
	m := raw.Media
	switch {
	case !q.Type.Media() && q.Type != campaigns.Text:
		return other(q, c)
	case !q.Type.Media():
		return reject(NotMedia)
	case m == nil || !slices.Contains(q.Accept, m.Kind):
		return reject(notMedia(q))
	case q.Min != nil && m.Seconds > 0 && float64(m.Seconds) < *q.Min:
		return &Rejection{Code: MediaShort, Args: map[string]any{"n": int(*q.Min)}}
	case q.Max != nil && float64(m.Seconds) > *q.Max:
		return &Rejection{Code: MediaLong, Args: map[string]any{"n": int(*q.Max)}}
	}
	kept := *m
	a.Media = &kept
	if caption := clean(raw.Text); visible(caption) {
		a.Text = string([]rune(caption)[:min(len([]rune(caption)), maxText)])
	}
	return nil
}

// WantsMedia reports whether something else came where a recording, a picture or a file is asked for.
func (r *Rejection) WantsMedia() bool {
	switch r.Code {
	case NotVoice, NotVoiceNote, NotVideoNote, NotPhoto, NotFile:
		return true
	}
	return false
}

// notMedia says what is asked for.
func notMedia(q *definition.Ask) string {
	switch q.Type {
	case campaigns.Voice:
		if slices.Contains(q.Accept, campaigns.MediaVideoNote) {
			return NotVoiceNote
		}
		return NotVoice
	case campaigns.VideoNote:
		if slices.Contains(q.Accept, campaigns.MediaVoice) {
			return NotVoiceNote
		}
		return NotVideoNote
	case campaigns.Photo:
		return NotPhoto
	}
	return NotFile
}

// mediaWords names a recording or file with its length and its caption: "voice message, 0:12. Hello".
func mediaWords(a campaigns.Answer, lang campaigns.Lang) string {
	if a.Media == nil {
		return a.Text
	}
	out := locale.T(string(lang), "answer.word."+string(a.Media.Kind), nil)
	if s := a.Media.Seconds; s > 0 {
		out += fmt.Sprintf(", %d:%02d", s/60, s%60)
	}
	if a.Text != "" {
		out += ". " + strings.TrimSpace(a.Text)
	}
	return out
}
