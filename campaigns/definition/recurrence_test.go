package definition_test

import (
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/timing"
)

// TestScheduleOpensAfterNow: also in the hour that the clock shows twice, of which the first time counts for who is taken in at one moment.
func TestScheduleOpensAfterNow(t *testing.T) {
	berlin, err := timing.Zone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	start, err := timing.ParseLocalDateTime("2027-10-30 02:30")
	if err != nil {
		t.Fatal(err)
	}
	rule, err := timing.ParseRecurrence("FREQ=DAILY", start)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		zone      definition.ScheduleZone
		now, want string
	}{
		{definition.CommunityZone, "2027-10-30T00:30:00Z", "2027-10-30 02:30"},
		{definition.CommunityZone, "2027-10-30T00:30:01Z", "2027-10-31 02:30"}, // the minute has begun
		{definition.CommunityZone, "2027-10-31T00:15:00Z", "2027-10-31 02:30"}, // 02:15 for the first time
		{definition.CommunityZone, "2027-10-31T01:15:00Z", "2027-11-01 02:30"}, // and again
		{definition.MemberZone, "2027-10-31T01:15:00Z", "2027-10-31 02:30"},    // it is ahead of members elsewhere
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		s := definition.Schedule{At: start, Recurs: &rule, Zone: c.zone}
		if at, ok := s.Opens(now.In(berlin)); !ok || at.String() != c.want {
			t.Errorf("%s, %s: opens at %s, want %s", c.zone, c.now, at, c.want)
		}
	}
}
