package definition

import (
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

var anna = Facts{
	Attributes: map[string]any{"level": "B1", "city": "Großenhain", "age": 30.0, "premium": true, "zero": 0.0, "since": "2026-03-01", "gone": nil},
	Answers: map[string]campaigns.Answer{
		"level":  {Type: campaigns.Choice, Text: "b1"},
		"topics": {Type: campaigns.Choices, List: []string{"music", "Кино"}},
		"one":    {Type: campaigns.Choices, List: []string{"music"}},
		"none":   {Type: campaigns.Choices},
		"ok":     {Type: campaigns.YesNo, Bool: false},
		"nps":    {Type: campaigns.NPS, Number: 9},
		"why":    {Type: campaigns.Text, Text: "Потому что ТАК"},
		"day":    {Type: campaigns.Date, Text: "2026-02-28"},
	},
	Tags:     []string{"VIP", "Новичок"},
	Language: "pt-BR",
	Channels: map[campaigns.Channel]bool{campaigns.Telegram: true, campaigns.Email: false},
	Now:      noon,
	Past: &Past{
		Consents: map[string][]campaigns.Channel{"news": {campaigns.Email}, "surveys": {}},
		Events: map[string]Events{
			"lesson.done":               {N: 5, First: noon.Add(-100 * day), Last: noon.Add(-10 * day)},
			"lesson.done within 30d":    {N: 3, First: noon.Add(-30 * day), Last: noon.Add(-10 * day)},
			"lesson.done older than 2d": {N: 5, First: noon.Add(-100 * day), Last: noon.Add(-10 * day)},
		},
		Passages: map[campaigns.Key][]Passage{
			"welcome":   {{State: campaigns.EnrollmentCompleted, Entered: noon.Add(-9 * day), Ended: noon.Add(-3 * day)}},
			"challenge": {{State: campaigns.EnrollmentExited, Entered: noon.Add(-9 * day), Ended: noon.Add(-3 * day)}, {State: campaigns.EnrollmentWaiting, Entered: noon.Add(-day)}},
		},
		Messages: map[campaigns.Key][]Message{"welcome": {
			{Step: "hello", State: campaigns.Sent, First: noon.Add(-9 * day), Last: noon.Add(-2 * day)}, {Step: "bye", State: campaigns.Failed, First: noon.Add(-day), Last: noon.Add(-day)},
		}},
		Answers: map[campaigns.Key]map[string]campaigns.Answer{"survey": {"level": {Type: campaigns.Choice, Text: "a1"}, "topics": {Type: campaigns.Choices, List: []string{"art"}}}},
		Points:  map[campaigns.Key]int{"challenge": 40},
	},
	Segments: Segments{
		"novices": {Subject: SubjectTag, Name: "новичок"},
		"nested":  {All: []Condition{{Subject: SubjectSegment, Name: "novices"}, {Subject: SubjectChannel, Name: "telegram"}}},
	},
}

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// TestHolds reads conditions as authors write them and asks them of one member.
func TestHolds(t *testing.T) {
	for condition, want := range map[string]bool{
		`{attribute: level, is: b1}`:                true, // case does not count
		`{attribute: level, is: b2}`:                false,
		`{attribute: level, is_not: b2}`:            true,
		`{attribute: level, is_not: b1}`:            false,
		`{attribute: nothing, is: b1}`:              false,
		`{attribute: nothing, is_not: b1}`:          true,
		`{attribute: nothing, exists: true}`:        false,
		`{attribute: nothing, exists: false}`:       true,
		`{attribute: gone, exists: true}`:           false,
		`{attribute: zero, exists: true}`:           true,
		`{attribute: city, is: GROSSENHAIN}`:        true, // full case folding
		`{attribute: city, contains: sSEn}`:         true,
		`{attribute: age, contains: "3"}`:           false,
		`{attribute: age, is: 30}`:                  true,
		`{attribute: age, is: "30"}`:                false, // a text is no number
		`{attribute: age, is_not: "30"}`:            true,
		`{attribute: age, in: [1, 30]}`:             true,
		`{attribute: age, in: ["30"]}`:              false,
		`{attribute: age, greater_than: 29.5}`:      true,
		`{attribute: age, greater_than: 30}`:        false,
		`{attribute: age, at_least: 30}`:            true,
		`{attribute: age, at_most: 29}`:             false,
		`{attribute: age, less_than: 100}`:          true, // as numbers, not as texts
		`{attribute: age, less_than: "9"}`:          false,
		`{attribute: since, at_least: 2026-02-28}`:  true,
		`{attribute: since, less_than: 2026-02-28}`: false,
		`{attribute: premium, is: true}`:            true,
		`{attribute: premium, is: "true"}`:          false,
		`{attribute: premium, is_not: false}`:       true,
		`{attribute: premium, at_least: 1}`:         false,
		`{answer: level, is: B1}`:                   true,
		`{answer: level, in: [a1, b1]}`:             true,
		`{answer: topics, contains: кино}`:          true,
		`{answer: topics, contains: mus}`:           false, // a whole option
		`{answer: topics, is: music}`:               false, // not the only one
		`{answer: one, is: music}`:                  true,
		`{answer: none, exists: true}`:              true,
		`{answer: none, is_not: music}`:             true,
		`{answer: ok, is: false}`:                   true,
		`{answer: ok, is: true}`:                    false,
		`{answer: nps, at_least: 9}`:                true,
		`{answer: nps, greater_than: 9}`:            false,
		`{answer: why, contains: так}`:              true,
		`{answer: day, less_than: 2026-03-01}`:      true,
		`{answer: day, greater_than: 2026-03-01}`:   false,
		`{tag: vip}`:          true,
		`{tag: НОВИЧОК}`:      true,
		`{tag: vi}`:           false,
		`{language: pt}`:      true,
		`{language: pt-BR}`:   true,
		`{language: pt-PT}`:   false,
		`{language: p}`:       false,
		`{channel: telegram}`: true,
		`{channel: email}`:    false,
		`{all: [{tag: vip}, {channel: telegram}]}`:                  true,
		`{all: [{tag: vip}, {channel: email}]}`:                     false,
		`{any: [{tag: x}, {channel: telegram}]}`:                    true,
		`{any: [{tag: x}, {tag: y}]}`:                               false,
		`{not: {any: [{tag: x}, {tag: y}]}}`:                        true,
		`{not: {tag: vip}}`:                                         false,
		`{consent: news}`:                                           true,
		`{consent: news, on: email}`:                                true,
		`{consent: news, on: telegram}`:                             false,
		`{consent: surveys}`:                                        false,
		`{consent: other}`:                                          false,
		`{event: lesson.done}`:                                      true,
		`{event: lesson.begun}`:                                     false,
		`{event: lesson.begun, at_most: 0}`:                         true, // never
		`{event: lesson.done, at_least: 3, within: 30d}`:            true,
		`{event: lesson.done, greater_than: 3, within: 30d}`:        false,
		`{event: lesson.done, is: 5}`:                               true,
		`{event: lesson.done, in: [4, 6], older_than: 2d}`:          false,
		`{first_event: lesson.done, older_than: 99d}`:               true,
		`{first_event: lesson.done, within: 30d}`:                   false,
		`{last_event: lesson.done, within: 10d}`:                    true, // to the moment
		`{last_event: lesson.done, older_than: 10d}`:                false,
		`{last_event: lesson.begun, older_than: 1d}`:                false,
		`{inside: challenge}`:                                       true,
		`{inside: welcome}`:                                         false,
		`{entered: welcome}`:                                        true,
		`{entered: welcome, within: 1d}`:                            false,
		`{completed: welcome, within: 72h}`:                         true,
		`{completed: welcome, older_than: 3d}`:                      false,
		`{completed: challenge}`:                                    false,
		`{left: challenge}`:                                         true,
		`{left: welcome}`:                                           false,
		`{message_of: welcome, was: sent}`:                          true,
		`{message_of: welcome, step: bye, was: sent}`:               false,
		`{message_of: welcome, step: bye, was: failed, within: 1d}`: true,
		`{message_of: welcome, was: sent, within: 1d}`:              false,
		`{message_of: welcome, was: sent, older_than: 5d}`:          true,
		`{answer: level, of: survey, is: A1}`:                       true, // here it is b1
		`{answer: level, of: welcome, is: A1}`:                      false,
		`{answer: topics, of: survey, contains: art}`:               true,
		`{score: points, of: challenge, at_least: 40}`:              true,
		`{score: points, of: welcome, is: 0}`:                       true,
		`{segment: novices}`:                                        true,
		`{not: {segment: nested}}`:                                  false,
		`{segment: gone}`:                                           false,
	} {
		c := conditionOf(t, condition)
		if got := c.Holds(anna); got != want {
			t.Errorf("%s: %v", condition, got)
		}
	}
	if everyone := (Condition{Everyone: true}); !everyone.Holds(Facts{}) {
		t.Error("all does not hold for everyone")
	}
}

// conditionOf reads a condition alone, without the campaign around it.
func conditionOf(t *testing.T, src string) Condition {
	t.Helper()
	out := &sink{}
	text, _ := readSource([]byte(src), out)
	r := &reader{text: text, out: out, d: &Definition{}}
	c := r.condition(readYAML(text, out), true)
	for _, p := range out.list {
		if p.Code != "invalid_language" {
			t.Fatalf("%s: %s", src, p.Code)
		}
	}
	return c
}
