package engine_test

import (
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels/webhook"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// TestNearNames: what the settings nearly know is doubted with its place, zones and languages that are none say which was probably meant.
func TestNearNames(t *testing.T) {
	w := newWorld(t, storetest.Open(t, storetest.SQLiteURL(t)))
	w.e.Caller = webhook.New(map[string]webhook.Endpoint{"placement": {URL: "https://placement.example/", Secrets: [][]byte{[]byte("0123456789abcdef01234567")}}})
	_, err := w.e.PatchCommunity(t.Context(), engine.Operator, engine.CommunityPatch{Topics: []string{"newsletter", "events"}})
	must(t, err)
	campaign := "key: a\nkind: survey\nname: A\ntopic: newslettr\nlanguages: [en]\nchannels: [email]\nentry: {manual: true}\nsteps: [{call: {endpoint: placment}}]\n"
	checked, err := w.e.CheckDefinition(t.Context(), engine.Operator, engine.Draft{Source: campaign, Format: definition.YAML}, false)
	must(t, err)
	if d := checked.Warnings; len(d) != 2 || d[0].Code != "topic_near" || d[0].DidYouMean != "newsletter" || d[0].Line != 4 || d[0].Column != 8 ||
		d[1].Code != "endpoint_near" || d[1].DidYouMean != "placement" || d[1].Line != 8 {
		t.Errorf("%+v", d)
	}
	doubts, err := w.e.CheckSegment(t.Context(), engine.Operator, engine.Draft{Source: "key: b\nname: B\nwho: {consent: event}\n", Format: definition.YAML})
	must(t, err)
	if len(doubts) != 1 || doubts[0].Code != "topic_near" || doubts[0].DidYouMean != "events" || doubts[0].Line != 3 {
		t.Errorf("%+v", doubts)
	}
	_, _, err = w.e.UpsertMember(t.Context(), engine.Operator, engine.MemberInput{ExternalID: "m", TimeZone: new("Europe/Moskow"), Language: new("немецкий")})
	meant(t, err, map[string]string{"time_zone": "Europe/Moscow", "language": "de"})
	_, err = w.e.PatchCommunity(t.Context(), engine.Operator, engine.CommunityPatch{TimeZone: new("Berlin"), Languages: []campaigns.Lang{"англ"}})
	meant(t, err, map[string]string{"time_zone": "Europe/Berlin", "languages": "en"})
}

// meant holds what was probably meant, by path.
func meant(t *testing.T, err error, want map[string]string) {
	t.Helper()
	details := fault.Details(err, "en")
	if len(details) != len(want) {
		t.Errorf("%v: %+v", err, details)
	}
	for _, d := range details {
		if d.DidYouMean != want[d.Path] {
			t.Errorf("%s: %q, want %q", d.Path, d.DidYouMean, want[d.Path])
		}
	}
}
