package console

import (
	"slices"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/reports"
)

// because is why a message was not sent, or not yet: the gates in their order, up to the one that said no.
type because struct {
	Summary string
	Checked string
	Gates   []gate
	Rest    string // what happens next
}

type gate struct {
	OK   bool
	Text string
}

// gates are asked in this order (docs/architecture.md, The gates); each with the reasons that it says no with.
var gates = []struct {
	name string
	no   []campaigns.Reason
}{
	{"wanted", []campaigns.Reason{campaigns.EnrollmentOver, campaigns.AlreadyAnswered, campaigns.QuestionClosed, campaigns.MemberErased, campaigns.RoundOver}},
	{"stop", []campaigns.Reason{campaigns.Stopped}},
	{"address", []campaigns.Reason{
		campaigns.NoAddress, campaigns.ChannelOff, campaigns.SuppressedAddr, campaigns.Blocked, campaigns.NotStarted, campaigns.Gone, campaigns.Unconfirmed,
	}},
	{"consent", []campaigns.Reason{campaigns.NoConsent}},
	{"pause", []campaigns.Reason{campaigns.CampaignPaused}},
	{"late", []campaigns.Reason{campaigns.TooLate, campaigns.ChannelAway, campaigns.NoConnection, campaigns.Late, campaigns.NextWindow}},
	{"quiet", []campaigns.Reason{campaigns.QuietHours, campaigns.QuietSkipped}},
	{"budget", []campaigns.Reason{campaigns.OverBudget}},
	{"question", []campaigns.Reason{campaigns.QuestionOpen}},
	{"text", []campaigns.Reason{campaigns.RenderFailed, campaigns.MediaMissing, campaigns.Stumbled}},
	{"channel", []campaigns.Reason{campaigns.Rejected, campaigns.AttemptsUsedUp, campaigns.RateLimited, campaigns.Temporary, campaigns.OutcomeUnknown}},
}

// becauseOf tells which gates were passed and which said no, as far as the row's reason tells. Blocked and gone are said by Telegram itself as well, after
// the other gates; the row does not know, so what stands after the address is not claimed.
func (b memberBuilder) becauseOf(e reports.Entry) *because {
	at := slices.IndexFunc(gates, func(g struct {
		name string
		no   []campaigns.Reason
	},
	) bool {
		return slices.Contains(g.no, e.Reason)
	})
	if e.Kind != reports.KindDelivery || at < 0 {
		return nil
	}
	out := &because{Checked: b.T("console.because.checked", "n", at+1)}
	key := "console.because.not_sent"
	if e.DueAt != nil {
		key = "console.because.later"
		out.Rest = b.T("console.because.due", "when", look.Moment(b.Lang, e.DueAt.In(b.zone), b.now))
	}
	out.Summary = b.T(key, "reason", b.T("console.why."+string(e.Reason)))
	for _, g := range gates[:at] {
		out.Gates = append(out.Gates, gate{true, b.T("console.gate." + g.name)})
	}
	out.Gates = append(out.Gates, gate{false, b.T("reason." + string(e.Reason))})
	return out
}

// marks are the icon and the colour of what happened.
func mark(e reports.Entry) (icon, class string) {
	switch e.Kind {
	case reports.KindEntered:
		return "campaigns", ""
	case reports.KindEnded:
		if e.State == string(campaigns.EnrollmentCompleted) {
			return "check", "ok"
		}
		return "leave", ""
	case reports.KindResponse:
		return "check", "ok"
	case reports.KindPoints:
		return "star", "ok"
	case reports.KindConsent:
		return "lock", ""
	case reports.KindMessage:
		return "message", "wait"
	case reports.KindDelivery, reports.KindNotice, reports.KindCall:
		return deliveryMark(e)
	}
	return eventMark(e)
}

func deliveryMark(e reports.Entry) (icon, class string) {
	switch campaigns.DeliveryState(e.State) {
	case campaigns.Sent:
		if e.Channel == campaigns.Email {
			return "letter", ""
		}
		return "message", ""
	case campaigns.Failed, campaigns.Unknown:
		return "warning", "stop"
	case campaigns.Suppressed, campaigns.Expired, campaigns.Canceled, campaigns.HeldOut:
		return "cross", ""
	}
	return "clock", "wait"
}

func eventMark(e reports.Entry) (icon, class string) {
	switch {
	case strings.HasPrefix(e.Event, "member.blocked"), strings.HasPrefix(e.Event, "member.stopped"):
		return "leave", ""
	case strings.HasPrefix(e.Event, "round."):
		return "clock", ""
	}
	return "flag", ""
}

func unsent(e reports.Entry) bool {
	s := campaigns.DeliveryState(e.State)
	return e.Kind == reports.KindDelivery && s != campaigns.Sent && (s.Final() || e.Reason != "")
}

// days groups entries by the member's own days.
func (b memberBuilder) days(entries []reports.Entry, only string) []dayView {
	var days []dayView
	for _, e := range entries {
		if only == "unsent" && !unsent(e) || only == "answers" && e.Kind != reports.KindResponse {
			continue
		}
		days = b.addTo(days, e.At, b.entry(e))
	}
	return days
}

// addTo adds what happened at the moment to its day, where days are in order.
func (b memberBuilder) addTo(days []dayView, at time.Time, v entryView) []dayView {
	at = at.In(b.zone)
	v.Time = look.Clock(at)
	if day := look.Day(b.Lang, at, b.now); len(days) == 0 || days[len(days)-1].Day != day {
		days = append(days, dayView{Day: day})
	}
	last := &days[len(days)-1]
	last.Entries = append(last.Entries, v)
	return days
}

func (b memberBuilder) entry(e reports.Entry) entryView {
	v := entryView{What: e.What}
	v.Icon, v.Mark = mark(e)
	if e.Campaign != "" {
		v.Campaign, v.Href = e.Name, "/console/campaigns/"+string(e.Campaign)
		if e.Step != "" {
			v.Href += "?step=" + string(e.Step)
		}
	}
	if v.Because = b.becauseOf(e); v.Because != nil {
		v.What = strings.TrimSpace(strings.TrimSuffix(e.What, b.T("reason."+string(e.Reason))))
	}
	if e.Value != nil && e.Kind == reports.KindResponse {
		v.Value = words{Frame: b.Frame, def: e.Def}.value(e.Question, e.Value)
	}
	return v
}
