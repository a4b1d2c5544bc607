package meant

import (
	"slices"
	"strings"
)

// others are what other tools, other languages and habits say for words of ours: ours, then theirs. Which of them is meant depends on what is known where the
// word stands.
var others = table(`
telegram: tg tgram telega bot chat телеграм телеграмм тг бот
email: mail e-mail emails eml почта письмо имейл емейл mailbox
sms: text
true: yes y on да ja oui si 1 t истина
false: no n off нет nein non 0 f ложь
monday: mo mon mondays понедельник пн montag lundi
tuesday: tu tue tues tuesdays вторник вт dienstag mardi
wednesday: we wed weds wednesdays среда ср mittwoch mercredi
thursday: th thu thur thurs thursdays четверг чт donnerstag jeudi
friday: fr fri fridays пятница пт freitag vendredi
saturday: sa sat saturdays суббота сб samstag samedi
sunday: su sun sundays воскресенье вс sonntag dimanche
day: daily days everyday день ежедневно
week: weekly weeks неделя еженедельно
month: monthly months месяц ежемесячно
DAILY: day days
WEEKLY: week weeks
MONTHLY: month months
YEARLY: year years annual annually
FREQ: frequency every
BYDAY: byweekday weekday weekdays on
COUNT: times
UNTIL: end
MO: mon monday
TU: tue tues tuesday
WE: wed wednesday
TH: thu thur thurs thursday
FR: fri friday
SA: sat saturday
SU: sun sunday
never: once one-time no none false off никогда
each_time: always every every-time each anytime any-time repeat true on всегда
after: later delay
marketing: promo promotional ads advertising newsletter маркетинг
service: transactional system сервис
low: lowest minor bulk
normal: default medium standard
high: highest urgent critical major
informal: du tu ty ты casual
formal: sie vous vy вы polite
hold: wait delay defer postpone
spread: jitter random stagger
skip: drop cancel discard ignore omit пропустить
send: sent deliver
next_window: next next-day tomorrow wait hold delay
community: server local site default organisation organization utc
member: user customer contact subscriber own personal recipient
exit: end stop leave finish
count: continue keep go-on
all: everyone everybody any anyone whole both все
present: current existing now
future: new later upcoming
choice: radio single select single-choice single_choice multiple-choice option one buttons button dropdown poll
choices: checkbox checkboxes multi multiple multi-choice multi_select multiselect many
yes_no: boolean bool yesno confirm y/n true_false
scale: rating stars likert slider range
nps: promoter net-promoter
csat: satisfaction
number: int integer float numeric decimal amount
text: string free open free-text textarea comment input
date: day calendar datetime
voice: audio voice-message
video_note: video circle videonote round-video
photo: image picture img pic
file: document attachment upload doc
video: movie clip mp4
document: file attachment doc pdf
audio: music mp3 sound
onboarding: welcome onboard introduction
challenge: marathon contest
survey: poll questionnaire quiz form
broadcast: newsletter blast announcement mailing campaign
reminder: notification notice
sent: delivered ok success
failed: error bounced failure
suppressed: blocked unsubscribed
expired: late timeout
canceled: cancelled aborted
unknown: lost
points: score scores
rounds_done: days done
round: day
upcase: upper uppercase toupper
downcase: lower lowercase tolower
capitalize: title titlecase capfirst
plural: pluralize ngettext
strip: trim
number: round format_number
date: strftime time format_date
truncate: cut shorten truncatechars
default: fallback or
if: unless
elsif: elseif elif
endif: endunless end
case: switch
`)

// table reads lines of one of our words and theirs for it.
func table(lines string) map[string][]string {
	ours := map[string][]string{}
	for line := range strings.Lines(lines) {
		word, theirs, found := strings.Cut(strings.TrimSpace(line), ":")
		if !found {
			continue
		}
		for _, other := range strings.Fields(theirs) {
			ours[other] = append(ours[other], word)
		}
	}
	return ours
}

// said is the known word that others call so.
func said(word string, known []string) string {
	w := strings.ToLower(strings.TrimSpace(word))
	for _, written := range []string{w, strings.NewReplacer("_", "-", " ", "-").Replace(w), strings.NewReplacer("-", "_", " ", "_").Replace(w)} {
		for _, ours := range others[written] {
			if i := slices.IndexFunc(known, func(k string) bool { return k == ours }); i >= 0 {
				return known[i]
			}
		}
	}
	return ""
}
