package definition

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/internal/locale"
)

// steps is a campaign of two languages with these steps.
func steps(list string) string { return head + "steps:\n" + list + "\n" }

// with is a campaign in which a line of the head, which begins so, is another one.
func with(begins, line string) string {
	lines := strings.Split(head, "\n")
	at := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, begins) })
	lines[at] = line
	return strings.Join(lines, "\n") + tail
}

// mistake is a source whose mistake stands at §, with the code of its problem and what was probably meant.
type mistake struct{ source, code, meant string }

// document is the source as it is written.
func (m mistake) document() string { return strings.Replace(m.source, "§", "", 1) }

const (
	asksLevel = "  - {id: level, ask: {type: choice, text: {en: a, ru: б}, options: [{value: begin, text: {en: a, ru: б}}, {value: middle, text: {en: c, ru: д}}]}}\n"
	says      = "text: {en: a, ru: б}"
)

// oneMistake are definitions with exactly one mistake each, at the place that § marks: the code of its problem, and what was probably meant.
var oneMistake = map[string]mistake{
	// Words of the language.
	"key":                    {with("kind", "§knd: survey"), "unknown_key", "kind"},
	"kind":                   {with("kind", "kind: §onbording"), "unknown_value", "onboarding"},
	"kind of another tool":   {with("kind", "kind: §newsletter"), "unknown_value", "broadcast"},
	"purpose":                {with("topic", "topic: news\npurpose: §marketting"), "unknown_value", "marketing"},
	"priority":               {with("topic", "topic: news\npriority: §hihg"), "unknown_value", "high"},
	"formality":              {with("topic", "topic: news\nformality: §du"), "unknown_value", "informal"},
	"reentry":                {with("entry", "entry: {event: lesson.booked, reentry: §nevr}"), "unknown_value", "never"},
	"reentry in short":       {with("entry", "entry: {event: lesson.booked, reentry: §nvr}"), "unknown_value", "never"},
	"reentry always":         {with("entry", "entry: {event: lesson.booked, reentry: §always}"), "unknown_value", "each_time"},
	"late":                   {steps("  - send: {" + says + ", late: {after: 2h, then: §skp}}"), "unknown_value", "skip"},
	"late in short":          {steps("  - send: {" + says + ", late: §skip}"), "expected_mapping", ""},
	"quiet":                  {with("entry", "entry: {manual: true}\nquiet_hours: {from: \"22:00\", to: \"09:00\", then: §hld}"), "unknown_value", "hold"},
	"manual":                 {with("entry", "entry: {manual: §yess}"), "expected_true", "true"},
	"final":                  {steps("  - ask: {type: nps, " + says + ", final: §yess}"), "expected_true_or_false", "true"},
	"final in Russian":       {steps("  - ask: {type: nps, " + says + ", final: §нет}"), "expected_true_or_false", "false"},
	"weekday":                {steps("  - wait: {until: \"10:00\", on: [§mon]}"), "unknown_value", "monday"},
	"weekday misspelt":       {steps("  - wait: {until: \"10:00\", on: [§wendesday]}"), "unknown_value", "wednesday"},
	"question type":          {steps("  - {id: q, ask: {type: §radio, " + says + "}}\n  - branch: [{if: {answer: q, exists: true}, steps: [{award: {points: 1}}]}]"), "unknown_value", "choice"},
	"question type missing":  {steps("  - {id: q, ask: §{" + says + "}}\n  - branch: [{if: {answer: q, is: 5}, steps: [{award: {points: 1}}]}]"), "missing_key", ""},
	"outcome":                {steps("  - branch: [{if: {message_of: welcome, was: §deliverd}, steps: [{award: {points: 1}}]}]"), "unknown_value", ""},
	"score":                  {steps("  - branch: [{if: {score: §point, at_least: 5}, steps: [{award: {points: 1}}]}]"), "unknown_value", "points"},
	"accept":                 {steps("  - ask: {type: voice, " + says + ", accept: [§voise]}"), "unknown_value", "voice"},
	"media":                  {steps("  - send: {" + says + ", media: {§foto: a.jpg}}"), "other_word", "photo"},
	"comparison":             {steps(asksLevel + "  - branch: [{if: {answer: level, §isnot: begin}, steps: [{award: {points: 1}}]}]"), "unknown_key", "is_not"},
	"comparison of programs": {steps(asksLevel + "  - branch: [{if: {answer: level, §equals: begin}, steps: [{award: {points: 1}}]}]"), "other_word", "is"},

	// Channels, languages, zones.
	"channel":                        {with("channels", "channels: [§telegramm, email]"), "unknown_value", "telegram"},
	"channel mail":                   {with("channels", "channels: [telegram, §mail]"), "unknown_value", "email"},
	"channel e-mail":                 {with("channels", "channels: [telegram, §e-mail]"), "unknown_value", "email"},
	"channel tg":                     {with("channels", "channels: [§tg, email]"), "unknown_value", "telegram"},
	"channel of a step":              {steps("  - send: {" + says + ", channels: [§почта]}"), "unknown_value", "email"},
	"language rus":                   {with("languages", "languages: [en, §rus]"), "language_spelling", "ru"},
	"language en_US":                 {steps("  - wait: 1d\n  - branch: [{if: {language: §en_US}, steps: [{award: {points: 1}}]}]"), "language_spelling", "en-US"},
	"language англ":                  {steps("  - branch: [{if: {language: §англ}, steps: [{award: {points: 1}}]}]"), "invalid_language", "en"},
	"language Russian":               {steps("  - branch: [{if: {language: §Russian}, steps: [{award: {points: 1}}]}]"), "invalid_language", "ru"},
	"language немецкий":              {steps("  - set: {language: §немецкий}"), "invalid_language", "de"},
	"language ua":                    {steps("  - set: {language: §ua}"), "invalid_language", "uk"},
	"language of a text":             {steps("  - send: {text: {en: a, ru: б, §rus: в}}"), "language_spelling", "ru"},
	"the only language of a text":    {strings.Replace(steps("  - send: {text: {§rus: в}}"), "[en, ru]", "[ru]", 1), "language_spelling", "ru"},
	"another language than the only": {strings.Replace(steps("  - send: {text: {§de: в}}"), "[en, ru]", "[ru]", 1), "undeclared_language", ""},
	"the name's language":            {strings.Replace(with("name", "name: {§English: A}"), "[en, ru]", "[en]", 1), "invalid_language", "en"},
	"language far":                   {steps("  - send: {text: {en: a, ru: б, §de: в}}"), "undeclared_language", ""},
	"zone":                           {with("entry", "entry: {schedule: {at: \"2027-03-01 10:00\", zone: §Europe/Moskow, audience: all}}"), "schedule_zone", "community"},
	"zone's word":                    {with("entry", "entry: {schedule: {at: \"2027-03-01 10:00\", zone: §comunity, audience: all}}"), "unknown_value", "community"},
	"audience":                       {with("entry", "entry: {schedule: {at: \"2027-03-01 10:00\", zone: member, audience: §everybody}}"), "unknown_audience", "all"},
	"every":                          {with("entry", "entry: {schedule: {at: \"2027-03-01 10:00\", zone: member, audience: all, every: §weekly}}"), "unknown_value", "week"},
	"rule: how often":                {rule("§FREQ=DAYLY"), "rrule_part", "FREQ=DAILY"},
	"rule: day":                      {rule("FREQ=WEEKLY;§BYDAY=MON"), "rrule_part", "BYDAY=MO"},
	"rule: days":                     {rule("FREQ=WEEKLY;§BYDAY=MON,TUE"), "rrule_part", "BYDAY=MO,TU"},
	"rule: part":                     {rule("FREQ=WEEKLY;§INTERVL=2"), "rrule_part", "INTERVAL=2"},
	"rule: small letters":            {rule("§freq=weekly;BYDAY=MO"), "rrule_part", "FREQ=WEEKLY"},
	"rule: its name":                 {rule("§RRULE:FREQ=WEEKLY;BYDAY=MO"), "rrule_part", "FREQ=WEEKLY"},
	"rule: hour":                     {rule("FREQ=WEEKLY;§BYHOUR=10"), "rrule_part", ""},
	"rule: a day":                    {rule("FREQ=WEEKLY;§UNTIL=2027-06-01"), "rrule_part", "UNTIL=20270601"},

	// Names.
	"campaign's key":        {with("key", "key: §Spring Camp"), "key_form", "spring-camp"},
	"campaign's key in ru":  {with("key", "key: §Весна"), "key_form", "vesna"},
	"topic":                 {with("topic", "topic: §News"), "topic_form", "news"},
	"event":                 {with("entry", "entry: {event: §member joined}"), "event_form", "member.joined"},
	"event of an exit":      {with("entry", "entry: {manual: true}\nexit: [{event: §lesson booked}]"), "event_form", "lesson.booked"},
	"step's id":             {steps("  - {id: §First_Step, wait: 1d}"), "step_id_form", "first-step"},
	"attribute's name":      {steps("  - set: {attributes: {§home town: x}}"), "name_form", "home_town"},
	"attribute as variable": {steps("  - branch: [{if: {attribute: §member.attributes.city, is: x}, steps: [{award: {points: 1}}]}]"), "name_form", "city"},
	"saved name":            {steps("  - ask: {type: nps, " + says + ", save_as: §answers.mood}"), "name_form", "mood"},
	"endpoint":              {steps("  - call: {endpoint: §Placement_Test}"), "endpoint_form", "placement-test"},
	"goto":                  {steps("  - {id: first, wait: 1d}\n  - goto: §frist"), "unknown_step", "first"},
	"goto of a timeout":     {steps("  - ask: {type: nps, " + says + ", timeout: {after: 1d, goto: §lst}}\n  - {id: last, award: {points: 1}}"), "unknown_step", "last"},
	"goto within a use":     {head + "fragments: {f: [{id: inner, wait: 1d}]}\nsteps:\n  - {id: one, use: f}\n  - goto: §iner\n", "unknown_step", "one.inner"},
	"goto of another case":  {steps("  - {id: first-step, wait: 1d}\n  - goto: §First_Step"), "unknown_step", "first-step"},
	"step of a message":     {steps("  - {id: hello, send: {" + says + "}}\n  - branch: [{if: {message_of: a, step: §helo, was: sent}, steps: [{award: {points: 1}}]}]"), "unknown_own_step", "hello"},
	"fragment":              {head + "fragments: {reminder: [{wait: 1d}]}\nsteps:\n  - use: reminder\n  - {id: b, use: §remindr}\n", "unknown_fragment", "reminder"},
	"answer":                {steps(asksLevel + "  - branch: [{if: {answer: §levle, exists: true}, steps: [{award: {points: 1}}]}]"), "unknown_answer", "level"},
	"answer as variable":    {steps(asksLevel + "  - branch: [{if: {answer: §answers.level, exists: true}, steps: [{award: {points: 1}}]}]"), "name_form", "level"},
	"option":                {steps(asksLevel + "  - branch: [{if: {answer: level, is: §begn}, steps: [{award: {points: 1}}]}]"), "unknown_option", "begin"},
	"call":                  {steps("  - {id: test, call: {endpoint: shop}}\n  - branch: [{if: {call: §tst.level, is: b1}, steps: [{award: {points: 1}}]}]"), "unknown_call", "test"},

	// Variables.
	"variable":               {text2("§member.frist_name"), "unknown_variable", "member.first_name"},
	"variable in short":      {text2("§first_name"), "unknown_variable", "member.first_name"},
	"variable name":          {text2("§name"), "unknown_variable", "member.first_name"},
	"attribute singular":     {text2("§member.attribute.city"), "unknown_variable", "member.attributes.city"},
	"attribute misspelt":     {text2("§member.atributes.city"), "unknown_variable", "member.attributes.city"},
	"attribute bare":         {text2("§attributes.city"), "unknown_variable", "member.attributes.city"},
	"attribute of a member":  {steps("  - set: {attributes: {city: x}}\n  - send: {text: {en: \"{{ §member.city }}\", ru: б}}"), "unknown_variable", "member.attributes.city"},
	"answer singular":        {steps(asksLevel + "  - send: {text: {en: \"{{ §answer.level }}\", ru: б}}"), "unknown_variable", "answers.level"},
	"answer misspelt":        {steps(asksLevel + "  - send: {text: {en: \"{{ §answers.levle }}\", ru: б}}"), "unknown_variable", "answers.level"},
	"answer bare":            {steps(asksLevel + "  - send: {text: {en: \"{{ §level }}\", ru: б}}"), "unknown_variable", "answers.level"},
	"filter":                 {text2("points | §upper"), "text_filter_unknown", "upcase"},
	"variable of a campaign": {text2("§campaign.nam"), "unknown_variable", "campaign.name"},

	// What other tools say.
	"step delay":       {steps("  - §delay: 1d"), "other_word", "wait"},
	"step sleep":       {steps("  - §sleep: 1d"), "other_word", "wait"},
	"step message":     {steps("  - §message: {" + says + "}"), "other_word", "send"},
	"step email":       {steps("  - §email: {" + says + "}"), "other_word", "send"},
	"step question":    {steps("  - §question: {type: nps, " + says + "}"), "other_word", "ask"},
	"step if":          {steps("  - §if: {tag: vip}"), "other_word", "branch"},
	"step condition":   {steps("  - §condition: {tag: vip}"), "other_word", "branch"},
	"step add_tag":     {steps("  - §add_tag: vip"), "other_word", "set"},
	"step add_tags":    {steps("  - §add_tags: [vip]"), "other_word", "set"},
	"step tags":        {steps("  - §tags: [vip]"), "other_word", "set"},
	"step webhook":     {steps("  - §webhook: shop"), "other_word", "call"},
	"step jump":        {steps("  - {id: a, wait: 1d}\n  - §jump: a"), "other_word", "goto"},
	"step stop":        {steps("  - §stop: true"), "other_word", "end"},
	"step exit":        {steps("  - §exit: true"), "other_word", "end"},
	"step ab_test":     {steps("  - §ab_test: []"), "other_word", "split"},
	"step random":      {steps("  - §random: []"), "other_word", "split"},
	"step by its type": {steps("  - {§type: delay, duration: 2d}"), "step_by_type", "wait"},
	"step with a name": {steps("  - {§name: first, wait: 1d}"), "other_word", "id"},
	"step pause":       {steps("  - §pause: 1d"), "other_word", "wait"},
	"and":              {steps("  - branch: [{if: {§and: [{tag: a}, {tag: b}]}, steps: [{award: {points: 1}}]}]"), "other_word", "all"},
	"step misspelt":    {steps("  - §wiat: 1d"), "unknown_key", "wait"},
	"body of a send":   {steps("  - send: {§body: {en: a, ru: б}}"), "other_word", "text"},
	"duration":         {steps("  - wait: {§duration: 2d}"), "other_word", "for"},
	"answers":          {steps("  - ask: {type: choice, " + says + ", §answers: [{value: x, " + says + "}, {value: y, " + says + "}]}"), "other_word", "options"},
	"label":            {steps("  - ask: {type: choice, " + says + ", options: [{value: x, §label: {en: a, ru: б}}, {value: y, " + says + "}]}"), "other_word", "text"},
	"then of an arm":   {steps("  - branch: [{if: {tag: vip}, §then: [{award: {points: 1}}]}]"), "other_word", "steps"},
	"weight":           {steps("  - split: [{§weight: 1, steps: []}, {share: 1, steps: [{award: {points: 1}}]}]"), "other_word", "share"},
	"trigger":          {with("entry", "§trigger: {event: lesson.booked}"), "other_word", "entry"},
	"href":             {steps("  - send: {" + says + ", buttons: [{" + says + ", §href: \"https://a.example\"}]}"), "other_word", "url"},

	// Follow-ups of one mistake.
	"wait with a bad date":     {steps("  - wait: {until: \"10:00\", date: {attribute: §1x}}"), "name_form", ""},
	"wait for with a date":     {steps("  - wait: {§for: 1d, date: {attribute: exam_on}}"), "only_one_of", ""},
	"wait for a word":          {steps("  - wait: {until: \"10:00\", date: §exam_on}"), "expected_mapping", ""},
	"wait for nothing":         {steps("  - wait: §{}"), "missing_one_of", ""},
	"wait on days":             {steps("  - wait: §{on: [monday]}"), "missing_key", ""},
	"wait for an event":        {steps("  - wait: §{event: lesson.done}"), "missing_key", ""},
	"two steps in one":         {steps("  - {wait: 1d, §award: {points: 1}}"), "only_one_of", ""},
	"period":                   {steps("  - wait: §2 days"), "expected_period", "2d"},
	"time":                     {steps("  - wait: {until: §9}"), "expected_time", "\"09:00\""},
	"empty steps of an arm":    {steps("  - branch: [§{if: {tag: vip}}]"), "missing_key", ""},
	"a broken fragment":        {head + "fragments:\n  f:\n    - {id: in, §wiat: 1d}\nsteps:\n  - {id: one, use: f}\n  - {id: two, use: f}\n  - branch: [{if: {tag: vip}, steps: [{goto: one.in}]}]\n", "unknown_key", "wait"},
	"a fragment of no list":    {head + "fragments:\n  f: §{wait: 1d}\nsteps:\n  - {id: one, use: f}\n", "expected_list", ""},
	"an empty fragment":        {head + "fragments:\n  f: §[]\nsteps:\n  - {id: one, use: f}\n  - {wait: 1d}\n", "empty_list", ""},
	"a fragment's bad name":    {head + "fragments:\n  §Bad_Name: [{wait: 1d}]\nsteps:\n  - {id: one, use: Bad_Name}\n  - {wait: 1d}\n", "key_form", "bad-name"},
	"question in a fragment":   {head + "fragments:\n  f: [{id: q, ask: {type: §radio, " + says + "}}]\nsteps:\n  - {id: one, use: f}\n  - branch: [{if: {answer: q, exists: true}, steps: [{award: {points: 1}}]}]\n", "unknown_value", "choice"},
	"a broken block":           {steps("  - repeat:\n      times: 3\n      at: \"10:00\"\n      §stpes: [{id: in, ask: {type: nps, " + says + "}}]\n  - branch: [{if: {answer: in, is: 5}, steps: [{award: {points: 1}}]}]"), "unknown_key", "steps"},
	"a broken step's id":       {steps("  - {id: first, §snd: {" + says + "}}\n  - {wait: 1d}\n  - goto: first"), "unknown_key", "send"},
	"a broken ask":             {steps("  - {id: level, §aks: {type: nps, " + says + "}}\n  - branch: [{if: {answer: level, is: 5}, steps: [{award: {points: 1}}]}]\n  - send: {text: {en: \"{{ answers.level }}\", ru: б}}"), "unknown_key", "ask"},
	"an ask of no keys":        {steps("  - {id: level, ask: §nps}\n  - branch: [{if: {answer: level, is: 5}, steps: [{award: {points: 1}}]}]"), "expected_mapping", ""},
	"a broken call":            {steps("  - {id: test, §cal: {endpoint: shop}}\n  - branch: [{if: {call: test.level, is: b1}, steps: [{award: {points: 1}}]}]\n  - send: {text: {en: \"{{ call.test.level }}\", ru: б}}"), "unknown_key", "call"},
	"save_as misspelt":         {steps("  - ask: {type: nps, " + says + ", §saveas: mood}\n  - branch: [{if: {answer: mood, is: 5}, steps: [{award: {points: 1}}]}]"), "unknown_key", "save_as"},
	"save_as of another form":  {steps("  - ask: {type: nps, " + says + ", save_as: §answers.mood}\n  - branch: [{if: {answer: mood, is: 5}, steps: [{award: {points: 1}}]}]"), "name_form", "mood"},
	"a bad step's id":          {steps("  - {id: §My_Step, wait: 1d}\n  - {wait: 2d}\n  - goto: My_Step"), "step_id_form", "my-step"},
	"a broken goto":            {steps("  - {id: a, wait: 1d}\n  - §got: a"), "unknown_key", "goto"},
	"a broken wait in a loop":  {steps("  - {id: a, §wiat: 1d}\n  - goto: a"), "unknown_key", "wait"},
	"steps behind a bad goto":  {steps("  - goto: §nowhere\n  - {id: b, award: {points: 1}}"), "unknown_step", ""},
	"prompts misspelt":         {steps("  - repeat:\n      times: 2\n      at: \"10:00\"\n      §promts: [{en: a, ru: б}, {en: c, ru: д}]\n      steps: [{send: {text: {en: \"{{ prompt }}\", ru: \"{{ prompt }}\"}}}, {wait: 1h}]"), "unknown_key", "prompts"},
	"repeat of no number":      {steps("  - repeat:\n      times: §many\n      at: \"10:00\"\n      prompts: [{en: a, ru: б}]\n      steps: [{send: {text: {en: \"{{ prompt }}\", ru: б}}}]"), "expected_whole_number", ""},
	"a misspelt repeat":        {steps("  - §repaet:\n      times: 2\n      at: \"10:00\"\n      steps: [{id: in, send: {text: {en: \"{{ round }}\", ru: б}}}]\n  - {wait: 1d}"), "unknown_key", "repeat"},
	"languages misspelt":       {with("languages", "§langauges: [en, ru]"), "unknown_key", "languages"},
	"languages as a text":      {strings.Replace(steps("  - send: {"+says+"}"), "languages: [en, ru]", "languages: §en", 1), "expected_list", ""},
	"a bad language among two": {strings.Replace(steps("  - send: {"+says+"}"), "languages: [en, ru]", "languages: [en, §rus]", 1), "language_spelling", "ru"},
	"a bad channel, escalated": {strings.Replace(steps("  - ask: {type: nps, "+says+", escalate: {after: 1d}}"), "[telegram, email]", "[§telegramm, email]", 1), "unknown_value", "telegram"},
	"options of a bad list":    {steps("  - {id: level, ask: {type: choice, " + says + ", options: §begin}}\n  - branch: [{if: {answer: level, is: begin}, steps: [{award: {points: 1}}]}]"), "expected_list", ""},
	"a bad option":             {steps("  - {id: level, ask: {type: choice, " + says + ", options: [{value: a, " + says + "}, {§valeu: b, " + says + "}]}}\n  - branch: [{if: {answer: level, is: b}, steps: [{award: {points: 1}}]}]"), "unknown_key", "value"},
	"goal's event misspelt":    {with("entry", "entry: {manual: true}\ngoal: {§evnt: lesson.booked, within: 14d}"), "unknown_key", "event"},
	"goal misspelt, holdout":   {with("entry", "entry: {manual: true}\n§gaol: {event: lesson.booked, within: 14d}\nholdout: 10"), "unknown_key", "goal"},
	"entry's event misspelt":   {with("entry", "entry: {§evnt: lesson.booked, if: {tag: vip}, key: id}"), "unknown_key", "event"},
	"entry's event, brought":   {strings.Replace(steps("  - wait: {date: {event: starts_at, before: 2h}}\n  - send: {text: {en: \"{{ event.starts_at }}\", ru: б}}"), "entry: {manual: true}", "entry: {§evnt: lesson.booked}", 1), "unknown_key", "event"},
	"segment misspelt":         {with("entry", "entry: {§segmnt: novices, who: future}"), "unknown_key", "segment"},
	"reentry misspelt":         {with("entry", "entry: {event: lesson.booked, §reentri: after, after: 7d}"), "unknown_key", "reentry"},
	"reentry of a bad word":    {with("entry", "entry: {event: lesson.booked, reentry: §aftr, after: 7d}"), "unknown_value", "after"},
	"then of a spread":         {with("entry", "entry: {manual: true}\nquiet_hours: {from: \"22:00\", to: \"09:00\", then: §spred, over: 1h}"), "unknown_value", "spread"},
	"schedule's every":         {with("entry", "entry: {schedule: {at: \"2027-03-01 10:00\", zone: member, audience: all, §evry: week, on: [monday]}}"), "unknown_key", "every"},
	"schedule's every's word":  {with("entry", "entry: {schedule: {at: \"2027-03-01 10:00\", zone: member, audience: all, every: §weak, on: [monday]}}"), "unknown_value", "week"},
	"bounds of a bad type":     {steps("  - ask: {type: §skale, " + says + ", min: 1, max: 7}"), "unknown_value", "scale"},
	"an arm of nothing":        {steps("  - branch: [§{steps: [{award: {points: 1}}]}]"), "missing_one_of", ""},
	"a use misspelt":           {head + "fragments: {f: [{wait: 1d}]}\nsteps:\n  - {id: one, §ues: f}\n", "unknown_key", "use"},
	"a segment's key":          {with("entry", "entry: {segment: §Novices, who: future}"), "key_form", "novices"},
	"a comparison too much":    {steps("  - branch: [{if: {tag: vip, §is: true}, steps: [{award: {points: 1}}]}]"), "only_one_of", ""},
	"a text of two mistakes":   {text2("points | §dfault: 1 | capitalize"), "text_filter_unknown", "default"},
	"a list in place of keys":  {steps("  - send: §[a]"), "expected_mapping", ""},
	"a step of nothing":        {steps("  - wait: 1d\n  -§ "), "expected_mapping", ""},
}

func rule(parts string) string {
	return with("entry", "entry:\n  schedule:\n    at: \"2027-03-01 10:00\"\n    zone: member\n    audience: all\n    rrule: "+parts)
}

// text2 is a campaign one of whose texts shows this.
func text2(shows string) string {
	return steps("  - send: {text: {en: \"{{ " + shows + " }}\", ru: б}}")
}

// TestOneMistake: one mistake is one problem, at its place, with what was probably meant; the golden file has it as a coordinator reads it.
func TestOneMistake(t *testing.T) {
	if len(oneMistake) < 40 {
		t.Fatalf("only %d mistakes", len(oneMistake))
	}
	var told strings.Builder
	for _, name := range sortedKeys(oneMistake) {
		c := oneMistake[name]
		before, after, marked := strings.Cut(c.source, "§")
		if !marked {
			t.Fatalf("%s: no place is marked", name)
		}
		line := 1 + strings.Count(before, "\n")
		column := 1 + len([]rune(before[strings.LastIndex(before, "\n")+1:]))
		want := strings.TrimSpace(fmt.Sprintf("%d:%d %s %s", line, column, c.code, c.meant))
		_, problems := Parse([]byte(before+after), YAML)
		var got []string
		written := strings.TrimSpace(strings.Split(c.source, "\n")[line-1])
		fmt.Fprintf(&told, "%s\n  %s\n", name, written)
		for _, p := range problems {
			for _, lang := range locale.Languages() {
				fmt.Fprintf(&told, "  %s: %s\n", lang, locale.Hinted(lang, locale.T(lang, "problem."+p.Code, p.Args), p.DidYouMean, p.Expected))
			}
			got = append(got, strings.TrimSpace(fmt.Sprintf("%d:%d %s %s", p.Line, p.Column, p.Code, p.DidYouMean)))
		}
		if strings.Join(got, "\n") != want {
			t.Errorf("%s: want %s\n%s\n%s", name, want, before+after, listed(problems))
		}
	}
	reviewed(t, "testdata/mistakes.golden", told.String())
}
