package definition

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

// listed writes problems one a line: place, path, code, arguments, what was expected and meant.
func listed(problems []Problem) string {
	var b strings.Builder
	for _, p := range problems {
		fmt.Fprintf(&b, "%d:%d %s %s", p.Line, p.Column, p.Path, p.Code)
		for _, name := range sortedKeys(p.Args) {
			fmt.Fprintf(&b, " %s=%q", name, fmt.Sprint(p.Args[name]))
		}
		if p.Expected != "" {
			fmt.Fprintf(&b, " expected=%q", p.Expected)
		}
		if p.DidYouMean != "" {
			fmt.Fprintf(&b, " meant=%q", p.DidYouMean)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// head is a campaign of two languages, up to its steps, on seven lines.
const head = `key: a
kind: survey
name: A
topic: news
languages: [en, ru]
channels: [telegram, email]
entry: {manual: true}
`

const tail = "steps: [{wait: 1d}]\n"

// bad documents, by name; the golden file of each holds its problems. A name that ends in "json" is read as JSON.
var bad = map[string]string{
	"number_too_long":   head + "steps:\n  - set: {attributes: {n: 9007199254740993}}\n",
	"goal_by_condition": head + "goal: {if: {tag: paid}, within: 14d}\n" + tail,
	"calls": head + `steps:
  - call: placement
  - call: {endpont: placement}
  - call: {endpoint: Placement_Test, send: {}, timeout: 5s, failed: nowhere}
  - {id: level, call: {endpoint: placement, send: {a b: 1, list: [1], text: "{{ nobody }}", bad: "{{ answers", own: "**{{ call.level.course | upcase }}**"}, timeout: 8d}}
  - {id: shop, call: {endpoint: shop, save_as: "9", timeout: soon, send: text, failed: shop}}
  - {id: loop, call: {endpoint: shop, failed: loop}}
  - send: {text: {en: "{{ call.levl.course }} {{ call.level }} {{ call.level.course.name }} {{ call }}", ru: a}}
  - branch:
      - {if: {call: level.cours, is: b1}, steps: []}
      - {if: {call: levl.course, exists: true}, steps: []}
      - {if: {call: level, is: b1}, steps: []}
      - {if: {call: level.course}, steps: []}
      - {if: {call: level.course, is: b1, of: welcome}, steps: []}
  - call: {endpoint: shop, send: {long: "` + strings.Repeat("long ", 401) + `"}}
`,
	"calls_outside": strings.Replace(head, "{manual: true}", "{event: a.b, if: {call: level.course, is: b1}}", 1) + "exit: [{if: {call: level.course, is: none}}]\nsteps: [{id: level, call: {endpoint: placement}}]\n",
	"notify": head + `steps:
  - notify: hello
  - notify: {to: [sms, email, email]}
  - notify: {text: {en: "{{ nobody }}", ru: Привет}, to: [], media: {photo: a.jpg}}
  - notify: {text: {en: "` + strings.Repeat("long ", 400) + `", ru: Привет}}
`,
	"fragments": head + `fragments:
  ring: [{use: rong}, {use: bell}]
  bell: [{use: ring}]
  idle: [{wait: 1d}]
  Bad: [{wait: 1d}]
  none: []
  text: hello
  faulty: [{send: {text: {en: "{{ nobody }}", ru: Привет}}}]
  good: [{id: in, wait: 1d}]
steps:
  - use: ring
  - use: good
  - use: good
  - {id: good, wait: 1d}
  - {id: one, use: faulty}
  - {id: two, use: faulty}
  - {id: Tree, use: good}
  - {use: god}
  - {use: good, wait: 1d}
  - {use: [good]}
  - {goto: one.in}
`,
	"own steps": head + `fragments:
  f: [{id: in, wait: 1d}, {branch: [{if: {message_of: a, step: inn, was: sent}, steps: [{end: true}]}]}]
steps:
  - {id: one, use: f}
  - branch:
      - if: {any: [{message_of: a, step: in, was: sent}, {message_of: other, step: in, was: sent}, {message_of: other, step: One.in, was: sent}]}
        steps: [{end: true}]
`,
	"fragments_as_list":   head + "fragments: [{wait: 1d}]\n" + tail,
	"fragments_long_ids":  head + "fragments:\n  f: [{wait: 1d}]\n" + longIDs() + "steps: [{use: g3}, {id: short, use: g2}]\n",
	"fragments_too_large": head + "fragments:\n  f: [{wait: 1d}" + strings.Repeat(", {set: {add_tags: [a, b, c, d, e, f]}}", 400) + "]\nsteps:\n" + manyUses(20),
	"options with values": head + `steps:
  - ask:
      type: choice
      text: {en: a, ru: a}
      options: [{value: a, text: {en: "{{ member.first_name }}", ru: a}}, {value: b, text: {en: b, ru: "{% informal %}ты{% formal %}вы{% endformal %}"}}]
`,
	"formality": head + `formality: fromal
steps:
  - set: {attributes: {formality: Formal, other: fromal}}
  - set: {attributes: {formality: 1}}
  - set: {attributes: {formality: null}}
  - branch:
      - {if: {attribute: formality, is: vy}, steps: []}
      - {if: {attribute: formality, in: [Formal, infornal, true]}, steps: []}
      - {if: {attribute: formality, exists: true}, steps: []}
  - send:
      subject: {en: a, ru: "{% informal %}Тебе{% endinformal %} письмо"}
      text: {en: "{{ member.formalty }}", ru: "a {% informal %}ты{% fromal %}вы{% endformal %}"}
      buttons: [{text: {en: a, ru: "{% ты %}Жми{% вы %}Нажмите{% end %}"}, url: "https://a.example"}]
`,
	"priority": head + "priority: hihg\n" + tail,
	"quiet modes": head + `quiet_hours: {from: "22:00", to: "09:00", then: skipp}
` + tail,
	"spread without spread": head + `quiet_hours: {from: "22:00", to: "09:00", over: 1h}
` + tail,
	"spread into the next night": head + `quiet_hours: {from: "22:00", to: "09:00", then: spread, over: 2d}
` + tail,
	"lateness": head + `late: {then: skip}
steps:
  - send: {text: {en: a, ru: b}, late: {after: soon, then: next_windo}}
  - send: {text: {en: a, ru: b}, late: skip}
  - send: {text: {en: a, ru: b}, late: {after: 2h}}
`,
	"escalations": head + `escalate: {after: 2d}
steps:
  - ask: {type: nps, text: {en: a, ru: b}, timeout: {after: 1d}}
  - ask: {type: nps, text: {en: a, ru: b}, timeout: {after: 1d}, escalate: {after: 1d}}
  - ask: {type: nps, text: {en: a, ru: b}, timeout: {after: 1d}, escalate: false}
  - ask: {type: nps, text: {en: a, ru: b}, escalate: true}
  - ask: {type: nps, text: {en: a, ru: b}, escalate: {after: soon, to: email}}
  - ask: {type: nps, text: {en: a, ru: b}, channels: [email], escalate: {after: 1h}}
  - ask: {type: nps, text: {en: a, ru: b}, channels: [email]}
  - repeat: {times: 3, at: "10:00", steps: [{ask: {type: nps, text: {en: a, ru: b}}}]}
  - repeat: {times: 3, at: "10:00", steps: [{ask: {type: nps, text: {en: a, ru: b}, escalate: {after: 24h}}}, {ask: {type: nps, text: {en: a, ru: b}, escalate: {after: 5h}}}]}
  - send: {text: {en: a, ru: b}, escalate: false}
  - send: {text: {en: a, ru: b}, channels: [telegram], escalate: {after: 1h}}
  - set: {add_tags: [a], escalate: {after: 1h}}
`,
	"escalation by one channel": strings.Replace(head, "[telegram, email]", "[telegram]", 1) + "escalate: {after: 1h}\n" + tail,
	"rounds": head + `steps:
  - id: early
    award: {points: 0}
  - id: days
    repeat:
      times: 3
      at: "25:00"
      starts: tomorrow
      prompts: [{en: One., ru: "{{ points }}"}, {en: Two., ru: Два.}]
      steps:
        - id: task
          ask: {type: voice, accept: [photo, voise], min: 20, max: 10, text: {en: "{{ round }}", ru: "{{ prompt }}"}, timeout: {after: 1h, goto: early}}
        - id: inner
          repeat: {times: 0, at: "10:00", steps: [{award: {points: 5.5}}]}
        - goto: task
        - goto: days
  - id: without
    repeat: {times: 400, at: "10:00", starts: "2026-02-30", steps: [{send: {text: {en: "{{ prompt }} {{ rond }}", ru: р}}}]}
  - send: {text: {en: "{{ round }} {{ points }}", ru: "{{ prompt }}"}}
  - branch:
      - if: {score: points, exists: true}
        steps: [{goto: task}]
      - if: {score: point, at_least: 5}
        steps: [{goto: early}]
      - if: {all: [{score: rounds_done, is: many}, {score: round}, {answer: task, is: yes}]}
        steps: [{ask: {type: photo, min: 1, text: {en: a, ru: а}}}, {ask: {type: text, accept: [voice], text: {en: a, ru: а}}}]
      - else: [{end: true}]
`,
	"recurring schedule":   strings.Replace(head, "{manual: true}", `{schedule: {at: "2027-03-01 10:00", zone: member, audience: all, every: fortnight, on: [mondey], until: someday, times: 0}}`, 1) + tail,
	"recurring by rule":    strings.Replace(head, "{manual: true}", `{schedule: {at: "2027-03-01 10:00", zone: member, audience: all, rrule: "FREQ=SECONDLY", every: day}}`, 1) + tail,
	"recurring never":      strings.Replace(head, "{manual: true}", `{schedule: {at: "2027-03-01 10:00", zone: member, audience: all, rrule: "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}}`, 1) + tail,
	"recurring how often":  strings.Replace(head, "{manual: true}", `{schedule: {at: "2027-03-01 10:00", zone: member, audience: all, rrule: "BYDAY=MO"}}`, 1) + tail,
	"recurring on the day": strings.Replace(head, "{manual: true}", `{schedule: {at: "2027-03-01 10:00", zone: member, audience: all, every: day, on: [monday], until: "2027-04-01", times: 3}}`, 1) + tail,
	"recurring without":    strings.Replace(head, "{manual: true}", `{schedule: {at: "2027-03-01 10:00", zone: member, audience: all, on: [monday]}}`, 1) + tail,
	"kinds of waits": head + `steps:
  - id: a
    wait: {}
  - wait: {on: [monday]}
  - wait: {until: "10:00", on: [mondey, friday, friday, 7]}
  - wait: {until: "10:00", on: []}
  - wait: {until: "10:00", on: monday}
  - wait: {for: 1d, until: "10:00", on: [monday], date: {attribute: exam_on}}
  - wait: {date: {attribute: exam_on}}
  - wait: {until: "10:00", date: {attribut: exam_on, before: 2h, after: 1d12h}}
  - wait: {until: "10:00", date: {attribute: 1x, before: 2d, after: 1d, missed: nowhere}}
  - wait: {until: "10:00", date: exam_on}
  - wait: {event: lesson.done}
  - wait: {event: lesson done, timeout: {goto: a}}
  - wait: {event: lesson.done, for: 1d, until: "10:00", timeout: {after: 1d}}
  - wait: {timeout: {after: 1d}}
  - wait: {evnt: lesson.done}
  - wait: {event: lesson.done, tmeout: {after: 1d}}
`,
	"brought by nothing": head + `steps:
  - wait: {date: {event: starts_at, before: 2h}}
  - wait: {date: {event: starts_at, attribute: exam_on}}
  - wait: {date: {attribute: exam_on, before: 2h}}
  - send: {subject: {en: At}, text: {en: "You come at {{ event.starts_at }}, {{ event.a-b }}"}}
`,
	"circle through a date": head + "steps:\n  - id: a\n    wait: {until: \"10:00\", date: {attribute: exam_on}}\n  - goto: a\n",
	"splits": head + `steps:
  - split: []
  - split: [{share: 1, steps: [{wait: 1d}]}]
  - split: half
  - split:
      - {share: 0, steps: []}
      - {share: 1.5, steps: [{wait: 1d}]}
      - {share: 1001, name: b, steps: [{goto: nowhere}]}
      - {shares: 50, steps: []}
      - {share: 50, name: B}
      - {share: 50, name: "", steps: [{id: x, split: [{share: 1, steps: [{end: true}]}, {share: 1, steps: [{goto: x}]}]}]}
      - 50
  - split: [` + strings.Repeat("{share: 1, steps: []},", 21) + `]
  - split: [{share: 1, name: B, steps: []}, {share: 1, steps: []}]
  - wait: 1d
`,
	"split of nothing":       head + "steps:\n  - split: []\n  - wait: 1d\n  - split:\n  - wait: 1d\n",
	"circle through a split": head + "steps:\n  - id: over\n    split: [{share: 1, steps: [{end: true}, {wait: 1d}]}, {share: 1, steps: [{goto: over}]}]\n  - wait: 1d\n",
	"score outside steps":    strings.Replace(head, "entry: {manual: true}", `entry: {schedule: {at: "2026-12-01 10:00", zone: member, audience: {score: points, at_least: 5}}}`, 1) + tail,
	"empty":                  "",
	"only a comment":         "# nothing yet\n",
	"spaces json":            "  \n ",
	"invalid utf8 after cr":  "key: a\rname: \xff\n",
	"invalid utf8":           "key: a\nname: \"caf\xe9\"\n",
	"control character":      "key: a\nname: \"a\x07b\"\n",
	"several documents":      head + tail + "---\nkey: b\n",
	"after the end":          head + tail + "...\nkey: b\n",
	"anchors":                "key: &k a\nname: *k\n<<: *k\n",
	"bomb":                   "a: &a [x, x, x]\nb: &b [*a, *a, *a]\nc: [*b, *b, *b]\n",
	"tag":                    "key: !!str a\n",
	"directive":              "%YAML 1.2\n---\nkey: a\n",
	"deep brackets":          strings.Repeat("[", 300),
	"deep lists":             strings.Repeat("- ", 300) + "x\n",
	"deep json":              strings.Repeat("[", 60) + strings.Repeat("]", 60),
	"deeper json":            strings.Repeat("[", 6000) + strings.Repeat("]", 6000),
	"many nodes":             "key: [" + strings.Repeat("a,", 60_000) + "a]\n",
	"too dense":              strings.Repeat("[]", 200_000),
	"tabs":                   "key: a\nentry:\n\tmanual: true\n",
	"unclosed quote":         "key: a\nname: \"Welcome\nkind: survey\n",
	"unclosed bracket":       "key: a\nlanguages: [en, ru\n",
	"unopened bracket":       "key: a\nlanguages: ]\n",
	"colon in text":          "key: a\nname: Hello: world\n",
	"indentation":            "key: a\nentry:\n  manual: true\n reentry: never\n",
	"unquoted liquid":        head + "steps:\n  - send:\n      text:\n        en: {{ member.first_name }}, hello\n        ru: x\n",
	"unknown escape":         "key: \"\\q\"\n",
	"reserved character":     "key: @a\n",
	"list at the top":        "- key: a\n",
	"text at the top":        "hello\n",
	"json comment json":      "{\"key\": \"a\", // no\n}",
	"json comma json":        "{\"key\": \"a\",\n \"name\": \"б\",}",
	"json cut json":          "{\"key\": [1, 2",
	"json twice json":        "{\"key\": \"a\"} {\"key\": \"b\"}",
	"json yaml json":         "key: a\n",
	"json wrong json":        "{\"key\": \"а\", \"kind\": 5, \"key\": \"b\",\n \"nmae\": \"é\", \"steps\": [{\"wait\": \"1x\"}]}",
	"crlf":                   "key: a\r\nkind: survy\r\nname: A\r\n",
	"byte order mark":        "\ufeffkyy: a\n",
	"nothing is there":       "key: a\n",
	"empty values":           "key:\nkind:\nname:\ntopic:\nlanguages:\nchannels:\nentry:\nexit:\nquiet_hours:\nsteps:\n",
	"wrong types":            "key: [a]\nkind: {a: b}\nname: 2026\ntopic: true\nlanguages: en\nchannels: {telegram: true}\nentry: member.joined\nexit: member.left\nquiet_hours: [1]\nsteps: {send: {}}\n",
	"keys and words":         "key: Spring Camp\nkind: onbording\nname: \" A\"\ntopic: News\npurpose: marketting\nlanguages: [en, EN, en, pt_BR, xx-nope-nope]\nchannels: [telegramm, email, email, sms]\nentry: {evnt: x}\n" + tail,
	"duplicate keys":         head + "name: B\nкруг: 1\n" + tail,
	"unknown keys":           head + "step: []\nquite_hours: {}\n\"a b\": 1\n" + tail,
	"key not text":           head + "? [a]\n: b\n" + tail,
	"entry of two kinds":     strings.Replace(head, "{manual: true}", "{event: member.joined, manual: yes, after: 7d}", 1) + tail,
	"entry of no kind":       strings.Replace(head, "{manual: true}", "{reentry: after}", 1) + tail,
	"31 february":            strings.Replace(head, "{manual: true}", "{schedule: {at: \"2026-02-31 10:00\", zone: comunity, audience: everyone}}", 1) + tail,
	"schedule":               strings.Replace(head, "{manual: true}", "{schedule: {at: 2026-12-01, zone: Europe/Moscow, audience: {answer: level, is: a1}}}", 1) + tail,
	"event names":            strings.Replace(head, "{manual: true}", "{event: member joined}", 1) + "exit: [{event: a.b}, {event: a.b}, member.left]\n" + tail,
	"quiet hours":            head + "quiet_hours: {from: 25:00, to: 9:00}\n" + tail,
	"quiet all day":          head + "quiet_hours: {from: 22:00, to: \"22:00\"}\n" + tail,
	"no texts":               head + "steps: [{send: {text: {}}}]\n",
	"no steps":               head + "steps: []\n",
	"steps of later":         head + "steps:\n  - award: {points: 5}\n  - notify: {}\n  - call: {}\n  - enroll: Not A Key\n  - enroll: {campaign: x}\n  - repeat: {}\n",
	"step of two kinds":      head + "steps:\n  - wait: 1d\n    end: true\n  - id: x\n  - sned: {text: {en: a, ru: b}}\n  - hello\n",
	"step ids":               head + "steps:\n  - {id: a, wait: 1d}\n  - {id: B, wait: 1d}\n  - {id: a, wait: 1d}\n  - {id: x.1, wait: 1d}\n",
	"waits":                  head + "steps:\n  - wait: 2 days\n  - wait: {}\n  - wait: {for: 90, until: 24:00}\n  - wait: {untill: \"10:00\"}\n  - wait: 0d\n  - wait: 9999d\n  - wait: true\n",
	"goto nowhere":           head + "steps:\n  - {id: hello, wait: 1d}\n  - ask: {type: yes_no, text: {en: a, ru: b}, timeout: {after: 1d, goto: helo}}\n  - goto: nowhere\n",
	"unreachable":            head + "steps:\n  - {id: a, wait: 1d}\n  - goto: c\n  - {id: b, wait: 1d}\n  - {id: b2, wait: 1d}\n  - id: c\n    branch:\n      - if: {tag: x}\n        steps: [{end: true}, {id: d, wait: 1d}]\n      - else: [{end: {reason: done}}]\n  - {id: e, wait: 1d}\n",
	"cycle without wait":     head + "steps:\n  - {id: a, set: {add_tags: [x]}}\n  - branch:\n      - if: {tag: y}\n        steps: [{goto: a}]\n  - {id: b, wait: 1d}\n  - goto: c\n  - id: c\n    goto: c\n",
	"endings":                head + "steps:\n  - end: false\n",
	"end of something":       head + "steps:\n  - end: {reson: x}\n",
	"branches":               head + "steps:\n  - branch:\n      - else: []\n      - if: {tag: x}\n        steps: [{wait: 1d}]\n      - if: {tag: y}\n      - {steps: []}\n      - {else: [], steps: []}\n  - branch: [{else: []}]\n  - branch: []\n",
	"sets":                   head + "steps:\n  - set: {}\n  - set: {attributes: {level: a1, \"é é\": 1, x: [1]}, add_tags: [a, a, \"\"], remove_tags: [a, b], language: russian}\n  - set: {attributes: {}}\n",
	"names":                  strings.Replace(head, "name: A", "name: {en: \"A\\nB\", de: C}", 1) + tail,
	"missing language":       head + "steps:\n  - send:\n      text: {en: Hello}\n      subject: {ru: \"Привет\", de: Hallo}\n      buttons: [{text: {rus: a}, url: \"https://a.example\"}]\n",
	"text without names":     head + "steps:\n  - send: {text: Hello}\n",
	"texts of wrong types":   head + "steps:\n  - send: {text: {en: 5, ru: \"\"}, subject: [a]}\n",
	"unknown variable":       head + "steps:\n  - send:\n      subject: {en: \"Caf\\u00e9, {{ member.frist_name }}\", ru: 'it''s {{ first_name }}'}\n      text:\n        en: |\n          Hi {{ member.first_name }},\n            see {{ member.nick }}\n\n          and {{ answers.levl }} {{ member.attributes.any }}\n        ru: >-\n          Привет,\n          друг {{ member.last_nmae }}\n\n          и {{ answers.level }}\n  - ask:\n      type: text\n      save_as: level\n      text:\n        en: what {{ community.name }}\n          is {{ comunity.name }}\n        ru: \"что\n          за \\\n          {{ a }}\"\n",
	"lengths":                head + "steps:\n  - ask: {type: text, text: {en: \"" + strings.Repeat("a", 3501) + "\", ru: \"" + strings.Repeat("я", 3500) + "\"}}\n  - send: {text: {en: \"" + strings.Repeat("a", 12289) + "\", ru: x}}\n  - send: {media: {photo: a.jpg}, text: {en: \"" + strings.Repeat("a", 8193) + "\", ru: \"" + strings.Repeat("a", 8192) + "\"}}\n",
	"long labels":            head + "steps:\n  - send:\n      subject: {en: \"a\\nb\", ru: \"" + strings.Repeat("a", 201) + "\"}\n      text: {en: a, ru: b}\n      buttons: [{text: {en: \"" + strings.Repeat("b", 65) + "\", ru: \"a\\nb\"}, url: \"https://a.example\"}]\n",
	"buttons":                head + "steps:\n  - send:\n      text: {en: a, ru: b}\n      buttons:\n        - {text: {en: a, ru: b}, url: \"javascript:alert(1)\"}\n        - {text: {en: a, ru: b}, url: speaklingua.example/rules}\n        - {text: {en: a, ru: b}, url: \"https://{{ member.first_name }}/\"}\n        - {text: {en: a, ru: b}, url: \"https://a.example{{ member.first_name }}\"}\n        - {text: {en: a, ru: b}, url: \"https://a.example/?n={{ member.first_nam }}\"}\n        - {text: {en: a, ru: b}, url: \"tg://resolve?domain=x&start={{ member.external_id }}\"}\n        - {text: {en: a, ru: b}, url: \"https://user:pass@a.example/\"}\n        - {text: {en: a, ru: b}}\n",
	"media":                  head + "steps:\n  - send: {text: {en: a, ru: b}, media: {photo: ../secret}}\n  - send: {text: {en: a, ru: b}, media: {photo: /etc/passwd}}\n  - send: {text: {en: a, ru: b}, media: {video: \"ftp://a.example/x\"}}\n  - send: {text: {en: a, ru: b}, media: {foto: a.jpg}}\n  - send: {text: {en: a, ru: b}, media: {photo: a.jpg, video: b.mp4}}\n  - send: {text: {en: a, ru: b}, media: a.jpg}\n",
	"question types":         head + "steps:\n  - ask: {type: chioce, text: {en: a, ru: b}}\n  - ask: {type: choice, text: {en: a, ru: b}}\n  - ask: {type: nps, text: {en: a, ru: b}, min: 1, max: 5, options: [], max_length: 5}\n  - ask: {type: scale, text: {en: a, ru: b}, min: 0, max: 11}\n  - ask: {type: scale, text: {en: a, ru: b}, min: 5}\n  - ask: {type: scale, text: {en: a, ru: b}, min: 1.5}\n  - ask: {type: number, text: {en: a, ru: b}, min: 5, max: 1}\n  - ask: {type: number, text: {en: a, ru: b}, min: .inf, max: 1e3}\n  - ask: {type: text, text: {en: a, ru: b}, max_length: 5000, retries: 6, final: yes, save_as: \"a b\"}\n  - ask: {type: text, text: {en: a, ru: b}, timeout: 2d, expires: soon}\n",
	"options":                head + "steps:\n  - ask:\n      type: choice\n      text: {en: a, ru: b}\n      options:\n        - {value: a1, text: {en: a, ru: b}}\n        - {value: A1, text: {en: a, ru: b}}\n        - {value: 5, text: {en: a, ru: b}}\n        - {text: {en: a, ru: b}}\n        - b1\n  - ask: {type: choices, text: {en: a, ru: b}, options: [{value: a, text: {en: a, ru: b}}]}\n",
	"many options":           head + "steps:\n  - ask: {type: choice, text: {en: a, ru: b}, options: [" + manyOptions(31) + "]}\n",
	"conditions":             head + "steps:\n  - branch:\n      - if: {atribute: level, is: a1}\n        steps: []\n      - if: {attribute: level}\n        steps: []\n      - if: {attribute: level, is: a, is_not: b}\n        steps: []\n      - if: {tag: x, is: y}\n        steps: []\n      - if: {tag: x, language: ru}\n        steps: []\n      - if: {all: []}\n        steps: []\n      - if: {any: [{not: {channel: telegrm}}, {language: Russian}, yes]}\n        steps: []\n      - if: {attribute: level, in: a1}\n        steps: []\n      - if: {attribute: level, exists: yes}\n        steps: []\n      - if: {attribute: level, is: [a]}\n        steps: []\n      - if: {attribute: level, at_least: true}\n        steps: []\n      - if: {attribute: level, contians: a}\n        steps: []\n      - if: {}\n        steps: []\n",
	"answers":                head + "steps:\n  - ask: {type: choice, save_as: level, text: {en: a, ru: b}, options: [{value: begin, text: {en: a, ru: b}}, {value: middle, text: {en: a, ru: b}}]}\n  - ask: {type: yes_no, save_as: ok, text: {en: a, ru: b}}\n  - ask: {type: nps, save_as: nps, text: {en: a, ru: b}}\n  - ask: {type: date, save_as: day, text: {en: a, ru: b}}\n  - branch:\n      - if: {answer: levle, is: begin}\n        steps: []\n      - if: {answer: level, is: begn}\n        steps: []\n      - if: {answer: level, in: [begin, 1]}\n        steps: []\n      - if: {answer: level, greater_than: 2}\n        steps: []\n      - if: {answer: ok, is: yes}\n        steps: []\n      - if: {answer: nps, at_least: nine}\n        steps: []\n      - if: {answer: day, less_than: \"2026-02-31\"}\n        steps: []\n      - if: {all: [{answer: level, is: Begin}, {answer: nps, at_most: 6}, {answer: ok, is: false}, {answer: day, at_least: \"2026-02-28\"}]}\n        steps: []\n",
	"answer of two types":    head + "steps:\n  - ask: {type: text, save_as: x, text: {en: a, ru: b}}\n  - ask: {type: date, save_as: x, text: {en: a, ru: b}}\n",
	"too many steps":         head + "steps:\n" + strings.Repeat("  - wait: 1d\n", 1001),
	"long name":              strings.Replace(head, "name: A", "name: "+strings.Repeat("é", 201), 1) + tail,
	"not yaml":               "key: a\nlanguages: [en,,ru]\n",
	"plural words in order":  strings.Replace(head, "[en, ru]", "[en, sl]", 1) + "steps: [{send: {text: {en: hi, sl: \"{{ 5 | plural: 'dan', 'dneva', 'dnevi' }}\"}}}]\n",
	"plural words":           strings.Replace(head, "[en, ru]", "[en, ru, de]", 1) + "steps: [{send: {text: {en: \"{{ 5 | plural: 'point', 'points' }}\", ru: \"{{ 5 | plural: 'балл', 'балла' }}\", de: \"{{ 5 | plural: 'Punkt', 'Punkte' }}\"}}}]\n",
	"after quote":            "key: a\nname: \"Hello\" world\n",
	"too large":              "# " + strings.Repeat("x", MaxBytes),
	"entry by event":         strings.Replace(head, "{manual: true}", "{event: a.b, data: {}, if: {answer: level, is: a1}, key: \"é é\", reentry: each_time, after: 7d}", 1) + "exit: [{event: a.b, data: {kind: trial}}, {event: a.b, data: {kind: trial}}, {event: a.b, data: {\"é\": [], kind: {a: b}}}, {data: {kind: trial}}]\n" + tail,
	"exits and goals":        head + "holdout: 60\nexit: [{if: {answer: nothing, is: a}}, {if: {tag: x}}, {if: {tag: x}}, {}, {dat: 1}]\ngoal: {event: \"a b\", if: {score: points, is: many}, within: soon, then: stay}\n" + tail,
	"holdout alone":          head + "holdout: 10\nexit: [{if: {tag: x}}]\n" + tail,
	"goal of nothing":        head + "goal: {}\nexit: [{data: {a: 1}, if: {tag: x}}]\n" + tail,
	"entry by segment":       strings.Replace(head, "{manual: true}", "{segment: Sleeping, if: {tag: x}}", 1) + tail,
	"whose members":          strings.Replace(head, "{manual: true}", "{segment: sleeping, who: futur}", 1) + tail,
	"members of no segment":  strings.Replace(head, "{manual: true}", "{manual: true, who: both}", 1) + tail,
	"beside no event":        strings.Replace(head, "{manual: true}", "{manual: true, data: {kind: trial}, if: {tag: x}, key: id}", 1) + tail,
	"the past": strings.Replace(head, "entry: {manual: true}", `entry: {schedule: {at: "2026-12-01 10:00", zone: member, audience: {any: [{answer: level, of: Wellcome, is: a1}, {score: round, of: w, at_least: 1}, {inside: a}]}}}`, 1) +
		"steps:\n  - branch:\n      - if: {consent: News, on: sms}\n        steps: []\n      - if: {consent: news, within: 3d}\n        steps: []\n      - if: {event: lesson done}\n        steps: []\n      - if: {event: lesson.done, contains: x}\n        steps: []\n      - if: {event: lesson.done, at_least: many}\n        steps: []\n      - if: {event: lesson.done, within: 30 days, older_than: 1d}\n        steps: []\n      - if: {first_event: lesson.done}\n        steps: []\n      - if: {last_event: lesson.done, older_then: 3d}\n        steps: []\n      - if: {inside: a}\n        steps: []\n      - if: {entered: a, on: email}\n        steps: []\n      - if: {completed: Welcome}\n        steps: []\n      - if: {left: welcome, is: true}\n        steps: []\n      - if: {message_of: welcome}\n        steps: []\n      - if: {message_of: welcome, step: Hello, was: send}\n        steps: []\n      - if: {segmnt: x}\n        steps: []\n      - if: {tag: x, of: y}\n        steps: []\n",
}

func manyOptions(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "{value: v%d, text: {en: a, ru: b}},", i)
	}
	return b.String()
}

func TestBadDocuments(t *testing.T) {
	for name, src := range bad {
		t.Run(name, func(t *testing.T) {
			d, problems := Parse([]byte(src), formatOf(name))
			if d != nil || len(problems) == 0 {
				t.Fatal("the document passed")
			}
			golden(t, name, listed(problems))
		})
	}
}

func formatOf(name string) Format {
	if strings.HasSuffix(name, "json") {
		return JSON
	}
	return YAML
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "bad", strings.ReplaceAll(name, " ", "_")+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, []byte(got)) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
