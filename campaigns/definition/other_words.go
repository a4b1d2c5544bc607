package definition

import (
	"slices"
	"strings"
)

// otherWords are what other tools call our keys: by the mapping that they stand in, ours, then theirs, in small letters with underscores.
var otherWords = map[string]map[string]string{
	"campaign": theirs(`
entry: trigger triggers start enter entrance entry_point on_event enrollment audience
key: id slug code identifier campaign
name: title label
kind: type category
topic: subscription subscriptions list consent
languages: language lang langs locale locales
channels: channel via transport
formality: tone address_form
exit: exits exit_rules leave unsubscribe_when stop_if
goal: goals conversion target objective
holdout: control control_group holdback
quiet_hours: quiet silence do_not_disturb dnd night
fragments: blocks snippets partials includes
steps: flow actions nodes workflow journey sequence scenario stages messages`),
	"step": theirs(`
wait: delay sleep pause timer time_delay wait_for wait_until until
send: message msg email mail e_mail sms telegram push text send_message send_email notification broadcast
ask: question questions poll survey form quiz input prompt
branch: if condition conditions when switch case filter decision choice conditional yes_no_split if_else
set: add_tag add_tags remove_tag remove_tags tag tags untag attribute attributes set_attribute set_attributes update update_member update_profile property language set_tag
call: webhook http request http_request api api_call fetch post url endpoint
goto: jump jump_to go go_to goto_step next next_step continue redirect
end: stop exit finish quit done complete leave terminate
split: ab_test ab a_b a_b_test abtest random random_split experiment percentage variants
repeat: loop foreach for_each cycle daily rounds times
award: points score reward badge add_points
notify: alert notify_team notify_staff slack tell inform team
enroll: start trigger subscribe enter start_campaign add_to_campaign campaign enrol
use: include fragment snippet block template import
id: name key step step_id label title`),
	"entry": theirs(`
event: trigger on when
manual: by_hand hand api
schedule: at cron time every
segment: list audience
if: filter condition where
reentry: repeat again reenter re_entry
after: cooldown
key: unique_by group_by`),
	"schedule": theirs(`
at: date time when start starts start_at datetime
zone: timezone time_zone tz
audience: segment who to filter members if
every: repeat recur recurs frequency interval freq
on: weekdays days days_of_week weekday
until: end ends end_at
times: count occurrences
rrule: cron rule`),
	"exit_rule": theirs(`
event: trigger on
if: condition when filter where`),
	"goal": theirs(`
event: conversion trigger on
within: window days time deadline
if: condition filter where
then: action on_reach`),
	"quiet_hours": theirs(`
from: start begin begins since
to: end until till ends
then: action mode
over: during spread`),
	"late": theirs(`
after: tolerance
then: action do`),
	"escalate": theirs(`
after: in wait delay timeout`),
	"send": theirs(`
text: body content message html msg markdown template
subject: title headline topic
media: image photo picture attachment file attachments video
buttons: button links link cta keyboard
channels: channel via to
expires: ttl expire expiry valid_for`),
	"media": theirs(`
photo: image picture foto img pic gif
video: movie clip animation
document: file attachment pdf
audio: music sound mp3
voice: recording`),
	"button": theirs(`
text: label title name caption
url: link href address`),
	"ask": theirs(`
type: kind format
text: question body content message msg title label
options: answers choices buttons variants values
save_as: variable save store_as save_to name key field var attribute
timeout: time_limit deadline wait
retries: retry attempts
channels: channel via
expires: ttl`),
	"option": theirs(`
text: label title name caption
value: id key payload code`),
	"timeout": theirs(`
after: for time in wait
goto: then step next else`),
	"wait": theirs(`
for: duration time delay period days hours minutes
until: at time_of_day
on: weekdays days_of_week day weekday
event: until_event for_event trigger
timeout: max max_wait else`),
	"wait_date": theirs(`
attribute: field property
before: minus
after: plus
missed: past else`),
	"arm": theirs(`
if: condition when case filter where
steps: then do actions yes
else: otherwise default no`),
	"split_arm": theirs(`
share: weight percent percentage ratio probability
name: variant label id key
steps: then do actions`),
	"set": theirs(`
attributes: attribute properties fields traits values
add_tags: add_tag tags tag
remove_tags: remove_tag untag delete_tags
language: lang locale`),
	"award": theirs(`
points: score amount value`),
	"notify": theirs(`
text: message body content
to: channel channels via`),
	"repeat": theirs(`
times: count days rounds n
at: time hour
starts: start from date begin
prompts: texts tasks messages
steps: do actions`),
	"call": theirs(`
endpoint: url webhook service system name
send: body payload data params
save_as: variable save store_as
timeout: deadline
failed: error else on_error on_failure otherwise`),
	"end": theirs(`
reason: message text why`),
	"condition": theirs(`
all: and every
any: or some
not: none nor
attribute: property field custom_field trait
answer: answers response
tag: has_tag tags
language: lang locale
channel: has_channel reachable
segment: in_segment list
event: has_event happened did
inside: in_campaign
of: campaign
was: status state outcome
within: last since during
older_than: before ago
is: equals equal eq == =
is_not: not_equals ne neq != <>
in: one_of any_of
exists: is_set present has
greater_than: gt > more_than above
less_than: lt < below
at_least: gte >= min
at_most: lte <= max
contains: includes has_substring like`),
	"segment": theirs(`
who: if condition filter members audience where
key: id slug
name: title label`),
}

// sameShape are the words of ours for steps that take what theirs take: what stands there is read on as ours.
var sameShape = []string{"wait", "send", "ask", "goto", "end", "enroll", "id"}

// stepExamples are how our words for steps are written.
var stepExamples = map[string]string{
	"wait": "wait: 1d", "send": "send: {text: {en: …}}", "ask": "ask: {type: yes_no, text: {en: …}}", "branch": "branch: [{if: {tag: vip}, steps: […]}]", "set": "set: {add_tags: [vip]}",
	"call": "call: {endpoint: placement}", "goto": "goto: step-id", "end": "end: true", "split": "split: [{share: 50, steps: […]}, {share: 50, steps: […]}]",
	"repeat": `repeat: {times: 7, at: "10:00", steps: […]}`, "award": "award: {points: 10}", "notify": "notify: {text: {en: …}}", "enroll": "enroll: campaign-key", "use": "use: fragment-name",
}

// theirs reads lines of one of our words and theirs for it.
func theirs(lines string) map[string]string {
	ours := map[string]string{}
	for line := range strings.Lines(lines) {
		word, others, _ := strings.Cut(strings.TrimSpace(line), ":")
		for _, other := range strings.Fields(others) {
			ours[other] = word
		}
	}
	return ours
}

// ours is our word for one of other tools, where it may still stand in the mapping; or "".
func (rec *record) ours(key string) string {
	word := otherWords[rec.object.name][strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToLower(key))]
	if _, there := rec.values[word]; there {
		return ""
	}
	return word
}

// byType are keys by which other tools say what a step is.
var byType = []string{"type", "action", "kind", "step_type"}

// typed reports a step that has no key of ours, but one that says type, whose value is what our key would be.
func (rec *record) typed(e entry) bool {
	if rec.object != stepObject || !slices.Contains(byType, strings.ToLower(e.key)) || e.value.kind != textNode {
		return false
	}
	if slices.ContainsFunc(rec.node.entries, func(e entry) bool { return slices.Contains(stepObject.oneOf, e.key) }) {
		return false
	}
	word := rec.ours(e.value.text)
	if stepObject.has(e.value.text) {
		word = e.value.text
	}
	if word == "" || word == "id" {
		return false
	}
	rec.r.out.add(e.place, "step_by_type", "key", e.key, "value", e.value.text, "word", word).expect(stepExamples[word]).meant(word)
	return true
}
