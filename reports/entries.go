package reports

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/explain"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

func enrollmentEntries(e *store.Enrollment) []Entry {
	base := Entry{Version: e.Version, Enrollment: text(int64(e.ID)), Source: e.Source, campaign: e.Campaign, id: int64(e.ID)}
	entered := base
	entered.At, entered.Kind, entered.State, entered.words = e.EnteredAt, KindEntered, string(e.State), "timeline.entered"
	if !e.State.Final() {
		entered.Step, entered.DueAt = e.Step, e.DueAt
	}
	if e.EndedAt == nil {
		return []Entry{entered}
	}
	ended := base
	ended.At, ended.Kind, ended.State, ended.Reason = *e.EndedAt, KindEnded, string(e.State), e.Reason
	ended.Step, ended.Source, ended.words = e.Step, "", "timeline."+string(e.State)
	return []Entry{entered, ended}
}

func deliveryEntries(d *store.Delivery) []Entry {
	e := Entry{
		At: d.CreatedAt, Kind: KindDelivery, Version: d.Version, Delivery: text(int64(d.ID)), Step: d.Step, Channel: d.Channel,
		State: string(d.State), Reason: d.Reason, detail: d.Detail, campaign: d.Campaign, id: int64(d.ID), words: "timeline.delivery." + string(d.State),
	}
	if d.Enrollment != 0 {
		e.Enrollment = text(int64(d.Enrollment))
	}
	if d.FinalAt != nil {
		e.At = *d.FinalAt
	} else {
		e.DueAt = d.DueAt
	}
	if d.Kind == store.SystemDelivery {
		e.words = "timeline.reply." + string(d.State)
	}
	return []Entry{e}
}

// noticeEntries tell what a step told the staff. To which address is the settings' matter.
func noticeEntries(n *store.Notice) []Entry {
	e := Entry{
		At: n.CreatedAt, Kind: KindNotice, Version: n.Version, Enrollment: text(int64(n.Enrollment)), Step: n.Step, Channel: n.Channel,
		State: string(n.State), Reason: n.Reason, DueAt: n.DueAt, campaign: n.Campaign, id: n.ID, words: "timeline.notice." + string(n.State),
	}
	if n.ToldAt != nil {
		e.At = *n.ToldAt
	}
	if n.Address == "" {
		e.words = "timeline.notice.nobody"
	}
	return []Entry{e}
}

// callEntries tell what a step asked of another system. What was answered is told by what the step's passage does with it.
func callEntries(c *store.OutsideCall) []Entry {
	e := Entry{
		At: c.CreatedAt, Kind: KindCall, Version: c.Version, Enrollment: text(int64(c.Enrollment)), Step: c.Step, State: string(c.State), Reason: c.Reason, DueAt: c.DueAt,
		campaign: c.Campaign, id: c.ID, named: c.Endpoint, words: "timeline.call." + string(c.State),
	}
	if c.EndedAt != nil {
		e.At = *c.EndedAt
	}
	return []Entry{e}
}

// pointsEntries tell what a step gave. Why has that among what steps did.
func pointsEntries(p store.Points) []Entry {
	return []Entry{{
		At: p.At, Kind: KindPoints, Enrollment: text(int64(p.Enrollment)), Step: p.Step, Points: p.Points, campaign: p.Campaign, id: p.ID, words: "timeline.points",
	}}
}

func responseEntries(r *store.Response, values bool) []Entry {
	e := Entry{
		At: r.AnsweredAt, Kind: KindResponse, Version: r.Version, Enrollment: text(int64(r.Enrollment)), Step: r.Step,
		Question: r.Question, campaign: r.Campaign, id: r.ID, words: "timeline.response",
	}
	switch {
	case r.Erased:
		e.words = "timeline.response_erased"
	case r.Answer.Late:
		e.words = "timeline.response_late"
	}
	if !r.Erased {
		e.Channel = r.Answer.Channel
		if values {
			e.Value = Value(r.Answer)
		}
	}
	return []Entry{e}
}

// Value is an answer as JSON has it: a text, a number, true or false, or a list.
func Value(a campaigns.Answer) any {
	switch a.Type {
	case campaigns.Choices:
		return append([]string{}, a.List...)
	case campaigns.YesNo:
		return a.Bool
	case campaigns.Scale, campaigns.NPS, campaigns.CSAT, campaigns.Number:
		return a.Number
	case campaigns.Voice, campaigns.VideoNote, campaigns.Photo, campaigns.File:
		if a.Media != nil {
			return MediaValue{text(int64(a.Media.ID)), a.Media.Kind, a.Media.Seconds, a.Media.Size, a.Text}
		}
	}
	return a.Text
}

// MediaValue is a recording or a file as an answer; GET /v1/media/{media_id} has the content.
type MediaValue struct {
	ID      string              `json:"media_id"`
	Kind    campaigns.MediaKind `json:"kind"`
	Seconds int                 `json:"seconds,omitempty"`
	Size    int64               `json:"size,omitempty"`
	Caption string              `json:"caption,omitempty"`
}

func messageEntries(m *store.Message) []Entry {
	return []Entry{{At: m.At, Kind: KindMessage, Channel: m.Channel, State: m.State, id: m.ID, words: "timeline.message"}}
}

func eventEntries(ev store.Event) []Entry {
	e := Entry{At: ev.At, Kind: KindEvent, Step: ev.Step, Reason: ev.Reason, Event: ev.Name, campaign: ev.Campaign, id: ev.ID, words: "timeline.event." + ev.Name}
	if ev.Enrollment != 0 {
		e.Enrollment = text(int64(ev.Enrollment))
	}
	if ev.Delivery != 0 {
		e.Delivery = text(int64(ev.Delivery))
	}
	var data struct {
		Event     string            `json:"event"`
		Topic     string            `json:"topic"`
		Source    string            `json:"source"`
		Channel   campaigns.Channel `json:"channel"`
		Name      string            `json:"name"`
		Attribute string            `json:"attribute"`
		Segment   campaigns.Key     `json:"segment"`
		From      any               `json:"from"` // a version, or with other events a channel or a member
		To        any               `json:"to"`
		After     string            `json:"after"` // how long a question had no answer
		Lost      campaigns.Reason  `json:"lost"`  // why its channel does not reach the member any more, where that ended the silence
		definition.Misfit
		engine.Reentry
		repeat
	}
	if json.Unmarshal(ev.Data, &data) == nil {
		e.Topic, e.Source, e.Channel, e.named, e.segment = data.Topic, data.Source, data.Channel, cmp.Or(data.Name, data.Attribute, string(data.Segment)), data.Segment
		e.from, e.to, e.unfit, e.again = data.From, data.To, data.Misfit, data.Reentry
		if strings.HasPrefix(ev.Name, "enroll.") {
			e.other = campaigns.Key(data.Name)
		}
		if data.Event != "" {
			e.Event = data.Event
		}
		if to, ok := data.To.(string); ok && strings.HasSuffix(ev.Name, ".escalated") {
			e.Channel = campaigns.Channel(to)
			e.silence, _ = timing.ParsePeriod(data.After) // written by the decider
		}
		if e.lost = data.Lost; e.lost != "" {
			e.words += "_lost"
		}
		if data.Call != 0 {
			return data.entries(e)
		}
	}
	return []Entry{e}
}

func consentEntry(c members.Consent, i int) Entry {
	given := c.Given
	e := Entry{At: c.At, Kind: KindConsent, Channel: c.Channel, Topic: c.Topic, Given: &given, Source: c.Source, id: int64(i), words: "timeline.consent"}
	if c.Topic == members.AllTopics || c.Topic == members.Everything {
		e.words += "_all"
	}
	if !c.Given {
		e.words += "_withdrawn"
	}
	return e
}

// sentence is what happened and, where there is one, why.
func (e *Entry) sentence(lang string, zone *time.Location) string {
	key := e.words
	if e.words == "timeline.event.enrollment.refused" {
		key = e.refusedWords()
	}
	if key += reentryWords(e.again); !locale.Has(key) {
		key = "timeline.event"
	}
	s := locale.T(lang, key, map[string]any{
		"campaign": cmp.Or(e.Name, string(e.Campaign)), "at": reentryAt(lang, e.again, zone, e.At), "zone": zone.String(), "step": string(e.Step), "question": e.Question, "event": e.Event, "topic": locale.Topic(lang, e.Topic),
		"channel": channelWord(e.Channel), "arm": e.named, "attribute": e.named, "other": e.named, "endpoint": e.named, "by": e.by, "points": e.Points,
		"from": e.from, "to": e.to, "span": explain.Words{Lang: lang}.Period(e.silence), "field": e.unfit.Field, "came": explain.Words{Lang: lang}.NoRunKey(e.unfit.Came),
	})
	if e.words == "timeline.event.enrollment.refused" { // the reasons' sentences speak of a step, and none was begun
		return s
	}
	if e.words == againWords+string(store.CallFailed) { // the reasons' sentences say where the member goes on, and nobody does by this one
		return s
	}
	if e.lost != "" {
		s += " " + against(lang, e.lost)
	}
	if strings.HasSuffix(e.Event, ".not_escalated") { // nor was this one skipped
		return s + " " + against(lang, e.Reason)
	}
	if why := ruleWords(lang, e.Reason, e.detail); why != "" {
		s += " " + why
	}
	return s
}

// ruleWords is the sentence of a delivery's reason, with the rule where the reason is one of the budget's.
func ruleWords(lang string, reason campaigns.Reason, detail string) string {
	s := reasonWords(lang, reason)
	if rule, ok := decide.ReadBudgetRule(detail); ok && reason == campaigns.OverBudget {
		s += " " + explain.Words{Lang: lang}.Budget(rule)
	}
	if reason == campaigns.MediaMissing && detail != "" {
		s += " " + locale.T(lang, "media.lost_file", map[string]any{"file": detail})
	}
	return s
}

// refusedWords is the sentence for why somebody was not taken in.
func (e *Entry) refusedWords() string {
	key := "timeline.refused." + string(e.Reason)
	if e.unfit.Field != "" {
		key += "_field"
	}
	return key
}

func channelWord(ch campaigns.Channel) any {
	if ch == "" {
		return ""
	}
	return locale.Term("channel." + string(ch))
}

func text(id int64) string { return strconv.FormatInt(id, 10) }
