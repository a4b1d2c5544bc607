package reports

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// TestPassed: why a message left that quiet hours, everything off or a missing consent would have held back; of one that nothing held, nothing.
func TestPassed(t *testing.T) {
	night := time.Date(2026, 11, 24, 22, 30, 0, 0, time.UTC)
	off, later := night.Add(-time.Hour), night.Add(time.Hour)
	campaign, own := &timing.Window{From: timing.LocalTime{Hour: 22}, To: timing.LocalTime{Hour: 9}}, &timing.Window{From: timing.LocalTime{Hour: 21}, To: timing.LocalTime{Hour: 8}}
	agreed := members.Consents{{Channel: campaigns.Email, Topic: "news"}: true}
	for name, x := range map[string]struct {
		purpose    campaigns.Purpose
		quiet, own *timing.Window
		lane       campaigns.Lane
		state      campaigns.DeliveryState
		params     string
		part       int
		before     int // how many versions before that of the passage
		stopped    *time.Time
		consents   members.Consents
		at         time.Time
		want       string
	}{
		"an answer":                     {quiet: campaign, own: own, lane: campaigns.Interactive, want: "campaign’s quiet hours (22:00–09:00): it follows from what"},
		"an answer, the member's own":   {own: own, lane: campaigns.Interactive, want: "member’s own quiet hours (21:00–08:00, as they are now): it follows"},
		"a second part of it":           {quiet: campaign, lane: campaigns.Interactive, part: 1},
		"one that is asked for again":   {quiet: campaign, lane: campaigns.Interactive, params: `{"again":true}`},
		"of the version before":         {quiet: campaign, lane: campaigns.Interactive, before: 1},
		"one that waits":                {quiet: campaign, lane: campaigns.Interactive, state: campaigns.Pending},
		"by day":                        {quiet: campaign, own: own, lane: campaigns.Interactive, at: night.Add(12 * time.Hour)},
		"quiet hours of other days":     {quiet: campaign, own: own, lane: campaigns.Bulk},
		"a service":                     {purpose: campaigns.Service, own: own, lane: campaigns.Bulk, want: "declares no quiet hours is sent at any hour"},
		"a service with hours":          {purpose: campaigns.Service, quiet: campaign, own: own, lane: campaigns.Bulk},
		"a service after a stop":        {purpose: campaigns.Service, lane: campaigns.Bulk, stopped: &off, want: "has had everything turned off since 24 November, 21:30"},
		"a service before a stop":       {purpose: campaigns.Service, lane: campaigns.Bulk, stopped: &later},
		"a service nobody asked about":  {purpose: campaigns.Service, lane: campaigns.Bulk, consents: members.Consents{}},
		"a service asked elsewhere":     {purpose: campaigns.Service, lane: campaigns.Bulk, consents: members.Consents{{Channel: campaigns.Telegram, Topic: "news"}: false}},
		"a service after a no":          {purpose: campaigns.Service, lane: campaigns.Bulk, consents: members.Consents{{Channel: campaigns.Email, Topic: "news"}: false}, want: "said no to the topic"},
		"a service after a no to all":   {purpose: campaigns.Service, lane: campaigns.Bulk, consents: members.Consents{{Channel: campaigns.Email, Topic: members.AllTopics}: false}, want: "needs no consent"},
		"a stop after what was no such": {lane: campaigns.Bulk, stopped: &off},
		"a stop and the night":          {purpose: campaigns.Service, own: own, lane: campaigns.Bulk, stopped: &off, want: "at any hour. | It left although"},
	} {
		for _, lang := range []string{"en", "ru"} {
			if x.consents == nil {
				x.consents = agreed
			}
			if x.at.IsZero() {
				x.at = night
			}
			if x.state == "" {
				x.state = campaigns.Sent
			}
			w := &passage{
				row:       &store.Enrollment{Version: 2},
				explainer: &explainer{lang: lang, zone: time.UTC, p: &store.Profile{Member: members.Member{Quiet: x.own, StoppedAt: x.stopped}, Consents: x.consents}},
				def:       &definition.Definition{Topic: "news", Purpose: x.purpose, Quiet: x.quiet},
			}
			var said []string
			for _, l := range w.passed(&store.Delivery{Version: 2 - x.before, Step: "one", Channel: campaigns.Email, Kind: store.StepDelivery, State: x.state, Lane: x.lane, Part: x.part, Params: []byte(x.params)}, x.at) {
				if l.Kind != WhyPassed || l.Step != "one" || l.Local == "" || strings.Contains(l.What, "why.") || strings.Contains(l.What, "{") {
					t.Errorf("%s: %+v", name, l)
				}
				said = append(said, l.What)
			}
			got := strings.Join(said, " | ")
			if lang == "en" && !strings.Contains(got, x.want) || (got == "") != (x.want == "") {
				t.Errorf("%s, %s: %s", name, lang, fmt.Sprintf("%q, want %q", got, x.want))
			}
		}
	}
}
