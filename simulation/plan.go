package simulation

import (
	"cmp"
	"maps"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/meant"
	"github.com/kruzhok/kruzhok/internal/fault"
)

const (
	defaultDays    = 60
	defaultMembers = 20
	defaultStories = 5
)

// checked fills what was left out in, and refuses what is beyond the bounds, each with its place.
func (p Plan) checked() (Plan, error) {
	p.Days, p.Stories = cmp.Or(p.Days, defaultDays), cmp.Or(p.Stories, defaultStories)
	p.messages, p.database, p.kept = cmp.Or(p.messages, maxMessages), cmp.Or(p.database, maxDatabase), cmp.Or(p.kept, maxKept)
	if p.Members == nil {
		p.Invented = cmp.Or(p.Invented, defaultMembers)
	}
	if len(p.Mix) == 0 {
		p.Mix = []Share{{Behaviour: Behaviour{Name: Answers, After: defaultAfter}, Weight: 1}}
	}
	p.Community.Name, p.Community.TimeZone = cmp.Or(p.Community.Name, "Kruzhok"), cmp.Or(p.Community.TimeZone, "UTC")
	p.Community.PostalAddress = cmp.Or(p.Community.PostalAddress, "—")
	p.Start = p.Start.UTC().Truncate(time.Second)
	var wrong []fault.Detail
	wrong = between(wrong, "days", p.Days, 1, MaxDays)
	wrong = between(wrong, "members", max(p.Invented, len(p.Members)), 1, MaxMembers)
	wrong = between(wrong, "stories", p.Stories, 0, MaxMembers)
	wrong = between(wrong, "campaigns", len(p.Campaigns), 1, MaxCampaigns)
	wrong = p.badEvents(wrong)
	var err error
	if p.zone, err = time.LoadLocation(p.Community.TimeZone); err != nil {
		wrong = append(wrong, fault.Detail{Path: "time_zone", Code: "bad_zone", Expected: "Europe/Berlin", DidYouMean: meant.Zone(p.Community.TimeZone)})
	}
	if f := p.Attributes[campaigns.FormalityAttribute]; f != nil {
		if _, known := campaigns.FormalityOf(f); !known {
			wrong = append(wrong, fault.Detail{Path: "attributes." + campaigns.FormalityAttribute, Code: "bad_formality", Expected: "informal, formal"})
		}
	}
	if len(wrong) > 0 {
		return p, fault.New(fault.Invalid, "invalid.simulation", nil).With(wrong...)
	}
	p.Attributes = maps.Clone(p.Attributes)
	return p, nil
}

func between(wrong []fault.Detail, path string, n, least, most int) []fault.Detail {
	if n >= least && n <= most {
		return wrong
	}
	return append(wrong, fault.Detail{Path: path, Code: "out_of_range", Args: map[string]any{"min": least, "max": most}})
}
