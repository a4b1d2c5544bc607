package decide_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/channels"
)

// open passes every gate; each row of a test changes one thing.
func open(t testing.TB) decide.GateFacts {
	return decide.GateFacts{
		Standing: true, Purpose: campaigns.Marketing, HasAddress: true, Lane: campaigns.Bulk, Zone: berlin(t),
		Channel: decide.ChannelFacts{Reach: channels.ReachOK, Consent: true}, Expires: noon.Add(time.Hour), Plan: decide.Plan{At: noon},
	}
}

func window(from, to int) *timing.Window {
	return &timing.Window{From: timing.LocalTime{Hour: from}, To: timing.LocalTime{Hour: to}}
}

// Clocks in Berlin show 12:00.
var lunch = window(11, 13)

func TestGate(t *testing.T) {
	one := noon.Add(time.Hour)
	two := noon.Add(2 * time.Hour)
	send := decide.Verdict{}
	verdict := func(s campaigns.DeliveryState, r campaigns.Reason) decide.Verdict {
		return decide.Verdict{State: s, Reason: r}
	}
	late := verdict(campaigns.Expired, campaigns.TooLate)
	held := decide.Verdict{State: campaigns.Pending, Reason: campaigns.QuietHours, Until: &one}
	for name, c := range map[string]struct {
		change func(*decide.GateFacts)
		want   decide.Verdict
	}{
		"nothing in the way":         {func(g *decide.GateFacts) {}, send},
		"unknown reach":              {func(g *decide.GateFacts) { g.Channel.Reach = channels.ReachUnknown }, send},
		"enrollment over":            {func(g *decide.GateFacts) { g.EnrollmentFinal = true }, verdict(campaigns.Canceled, campaigns.EnrollmentOver)},
		"not standing":               {func(g *decide.GateFacts) { g.Standing = false }, verdict(campaigns.Canceled, campaigns.AlreadyAnswered)},
		"erased":                     {func(g *decide.GateFacts) { g.MemberErased = true }, verdict(campaigns.Canceled, campaigns.MemberErased)},
		"stopped":                    {func(g *decide.GateFacts) { g.Stopped = true }, verdict(campaigns.Suppressed, campaigns.Stopped)},
		"stopped, service":           {func(g *decide.GateFacts) { g.Stopped, g.Purpose = true, campaigns.Service }, send},
		"no address":                 {func(g *decide.GateFacts) { g.HasAddress = false }, verdict(campaigns.Suppressed, campaigns.NoAddress)},
		"channel off":                {func(g *decide.GateFacts) { g.Channel.Off = true }, verdict(campaigns.Suppressed, campaigns.ChannelOff)},
		"suppressed":                 {func(g *decide.GateFacts) { g.Channel.Suppressed = true }, verdict(campaigns.Suppressed, campaigns.SuppressedAddr)},
		"suppressed, service":        {func(g *decide.GateFacts) { g.Channel.Suppressed, g.Purpose = true, campaigns.Service }, verdict(campaigns.Suppressed, campaigns.SuppressedAddr)},
		"blocked":                    {func(g *decide.GateFacts) { g.Channel.Reach = channels.ReachBlocked }, verdict(campaigns.Suppressed, campaigns.Blocked)},
		"not started":                {func(g *decide.GateFacts) { g.Channel.Reach = channels.ReachNotStarted }, verdict(campaigns.Suppressed, campaigns.NotStarted)},
		"gone":                       {func(g *decide.GateFacts) { g.Channel.Reach = channels.ReachGone }, verdict(campaigns.Suppressed, campaigns.Gone)},
		"no consent":                 {func(g *decide.GateFacts) { g.Channel.Consent = false }, verdict(campaigns.Suppressed, campaigns.NoConsent)},
		"no consent, service":        {func(g *decide.GateFacts) { g.Channel.Consent, g.Purpose = false, campaigns.Service }, send},
		"paused":                     {func(g *decide.GateFacts) { g.CampaignPaused = true }, verdict(campaigns.Pending, campaigns.CampaignPaused)},
		"at the limit":               {func(g *decide.GateFacts) { g.Expires = noon }, send},
		"past the limit":             {func(g *decide.GateFacts) { g.Expires = noon.Add(-1) }, late},
		"no limit":                   {func(g *decide.GateFacts) { g.Expires = time.Time{} }, send},
		"quiet":                      {func(g *decide.GateFacts) { g.Quiet = []*timing.Window{nil, lunch} }, held},
		"quiet elsewhere":            {func(g *decide.GateFacts) { g.Quiet = []*timing.Window{window(22, 9)} }, send},
		"quiet past the limit":       {func(g *decide.GateFacts) { g.Quiet, g.Expires = []*timing.Window{lunch}, one.Add(-1) }, late},
		"the union past the limit":   {func(g *decide.GateFacts) { g.Quiet = []*timing.Window{lunch, window(13, 14)} }, late},
		"the union within the limit": {func(g *decide.GateFacts) { g.Quiet, g.Expires = []*timing.Window{lunch, window(13, 14)}, two }, decide.Verdict{State: campaigns.Pending, Reason: campaigns.QuietHours, Until: &two}},
		"quiet all day": {func(g *decide.GateFacts) {
			g.Quiet, g.Expires = []*timing.Window{window(0, 12), window(12, 0)}, time.Time{}
		}, late},
		"quiet in another zone": {func(g *decide.GateFacts) { g.Quiet, g.Zone = []*timing.Window{lunch}, zone(t, "Asia/Tokyo") }, send},
		"quiet without a zone":  {func(g *decide.GateFacts) { g.Quiet, g.Zone = []*timing.Window{lunch}, nil }, send},
		"quiet, interactive":    {func(g *decide.GateFacts) { g.Quiet, g.Lane = []*timing.Window{lunch}, campaigns.Interactive }, send},
		"quiet, service":        {func(g *decide.GateFacts) { g.Quiet, g.Purpose = []*timing.Window{lunch}, campaigns.Service }, send},
		"late, interactive":     {func(g *decide.GateFacts) { g.Lane, g.Expires = campaigns.Interactive, noon.Add(-1) }, late},
	} {
		t.Run(name, func(t *testing.T) {
			g := open(t)
			c.change(&g)
			if diff := cmp.Diff(c.want, decide.Gate(g, noon)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A reply to the member's own act needs an address that works, and nothing else.
func TestGateOfReplies(t *testing.T) {
	reply := decide.GateFacts{
		System: true, EnrollmentFinal: true, Stopped: true, Purpose: campaigns.Marketing, HasAddress: true, Lane: campaigns.Bulk,
		Zone: berlin(t), Channel: decide.ChannelFacts{Reach: channels.ReachOK}, Quiet: []*timing.Window{lunch}, CampaignPaused: true,
	}
	if v := decide.Gate(reply, noon); v != (decide.Verdict{}) {
		t.Fatalf("a reply is held: %+v", v)
	}
	for want, change := range map[campaigns.Reason]func(*decide.GateFacts){
		campaigns.MemberErased:   func(g *decide.GateFacts) { g.MemberErased = true },
		campaigns.NoAddress:      func(g *decide.GateFacts) { g.HasAddress = false },
		campaigns.ChannelOff:     func(g *decide.GateFacts) { g.Channel.Off = true },
		campaigns.SuppressedAddr: func(g *decide.GateFacts) { g.Channel.Suppressed = true },
		campaigns.Blocked:        func(g *decide.GateFacts) { g.Channel.Reach = channels.ReachBlocked },
		campaigns.TooLate:        func(g *decide.GateFacts) { g.Expires = noon.Add(-1) },
	} {
		g := reply
		change(&g)
		if v := decide.Gate(g, noon); v.Reason != want {
			t.Errorf("%s: %+v", want, v)
		}
	}
}

// Everything is in the way; taken away from the front, each gate shows the next one.
func TestGatesInOrder(t *testing.T) {
	g := decide.GateFacts{
		EnrollmentFinal: true, MemberErased: true, Stopped: true, Purpose: campaigns.Marketing, Lane: campaigns.Bulk, Zone: berlin(t),
		Channel: decide.ChannelFacts{Reach: channels.ReachGone, Suppressed: true, Off: true},
		Expires: noon.Add(-time.Second), Quiet: []*timing.Window{lunch}, CampaignPaused: true,
	}
	for _, step := range []struct {
		want  campaigns.Reason
		clear func()
	}{
		{campaigns.EnrollmentOver, func() { g.EnrollmentFinal = false }},
		{campaigns.AlreadyAnswered, func() { g.Standing = true }},
		{campaigns.MemberErased, func() { g.MemberErased = false }},
		{campaigns.Stopped, func() { g.Stopped = false }},
		{campaigns.NoAddress, func() { g.HasAddress = true }},
		{campaigns.ChannelOff, func() { g.Channel.Off = false }},
		{campaigns.SuppressedAddr, func() { g.Channel.Suppressed = false }},
		{campaigns.Gone, func() { g.Channel.Reach = channels.ReachOK }},
		{campaigns.NoConsent, func() { g.Channel.Consent = true }},
		{campaigns.CampaignPaused, func() { g.CampaignPaused = false }},
		{campaigns.TooLate, func() { g.Expires = noon.Add(24 * time.Hour) }},
		{campaigns.QuietHours, func() { g.Quiet = nil }},
		{"", func() {}},
	} {
		if v := decide.Gate(g, noon); v.Reason != step.want {
			t.Fatalf("got %q, want %q", v.Reason, step.want)
		}
		step.clear()
	}
}

// The step's choice of a channel and the gate before its bytes leave go by one rule.
func TestUsableEqualsGate(t *testing.T) {
	for _, purpose := range []campaigns.Purpose{campaigns.Marketing, campaigns.Service} {
		for bits := range 1 << 5 {
			on := func(i int) bool { return bits>>i&1 == 1 }
			for _, reach := range []channels.Reach{channels.ReachUnknown, channels.ReachOK, channels.ReachBlocked, channels.ReachNotStarted, channels.ReachGone} {
				g := open(t)
				g.Purpose, g.Stopped, g.HasAddress = purpose, on(0), on(1)
				g.Channel = decide.ChannelFacts{Reach: reach, Consent: on(2), Suppressed: on(3), Off: on(4)}
				f := decide.Facts{Stopped: g.Stopped, Channels: map[campaigns.Channel]decide.ChannelFacts{}}
				if g.HasAddress {
					f.Channels[campaigns.Email] = g.Channel
				}
				if a, b := decide.Usable(f, campaigns.Email, purpose), decide.Gate(g, noon).Reason; a != b {
					t.Fatalf("Usable %q, Gate %q for %+v", a, b, g)
				}
			}
		}
	}
}
