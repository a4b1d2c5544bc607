package answers

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kruzhok/kruzhok/campaigns"
)

// TestRecordingsAreAnswers: what is accepted is kept with its caption, and told in words.
func TestRecordingsAreAnswers(t *testing.T) {
	for _, c := range []struct {
		question, recording, caption string
		lang                         campaigns.Lang
		want                         string
	}{
		{"speak", "voice:5", "", "en", "voice message, 0:05"},
		{"speak", "video_note:60", " look\x00 here ", "ru", "кружок, 1:00. look here"},
		{"speak", "voice:0", "", "ru", "голосовое сообщение"}, // of unknown length
		{"voice", "audio:600", "", "en", "audio, 10:00"},
		{"photo", "photo:0", strings.Repeat("я", maxText+1), "ru", "фото. " + strings.Repeat("я", maxText)},
	} {
		in := raw(c.recording)
		in.Text = c.caption
		a, wrong := Read(questions[c.question], in, moscow(t, c.lang))
		if wrong != nil {
			t.Errorf("%s: %v", c.recording, wrong)
			continue
		}
		if d := cmp.Diff(in.Media, a.Media); d != "" {
			t.Error(d)
		}
		if got := Describe(a, questions[c.question], c.lang, "en"); got != c.want {
			t.Errorf("%s is %q, not %q", c.recording, got, c.want)
		}
	}
}

// TestButtonsAnswerNoRecording: neither a pressed option nor an empty form is a recording.
func TestButtonsAnswerNoRecording(t *testing.T) {
	for _, in := range []campaigns.RawAnswer{{Buttons: true}, {Buttons: true, Options: []string{"true"}}, {}} {
		if _, wrong := Read(questions["voice"], in, moscow(t, "en")); wrong == nil || wrong.Code != NotVoice {
			t.Errorf("%+v: %v", in, wrong)
		}
	}
	if _, wrong := Read(questions["level"], raw("voice:5"), moscow(t, "en")); wrong == nil || wrong.Code != ChoiceOther {
		t.Errorf("a voice chose an option: %v", wrong)
	}
}
