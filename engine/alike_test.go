package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
)

// TestAudienceEntersByWhatDiffers: those who enter together take the ways of their own languages and addresses, though who is alike is decided for once.
func TestAudienceEntersByWhatDiffers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		want := map[campaigns.MemberID]string{}
		for i := range 60 {
			lang, address := []string{"en", "ru"}[i%2], fmt.Sprintf("m%d@example.org", i)
			m := w.member(fmt.Sprint("m", i), func(in *engine.MemberInput) {
				in.Language = &lang
				if i%3 > 0 {
					byMail(address)(in)
				}
			})
			if want[m.ID] = lang; i%3 == 0 {
				want[m.ID] = ""
			}
		}
		w.publish(campaign("ways", "channels: [email]\nentry: {schedule: {at: \"2026-11-24T12:00\", zone: community, audience: all}}",
			"  - id: by\n    branch:\n      - if: {language: ru}\n        steps: [{id: ru, send: {text: {en: \"Hello\"}}}]\n      - else: [{id: en, send: {text: {en: \"Hello\"}}}]"))
		w.settle()
		for id, way := range want {
			rows := w.rows(id)
			sent := slices.ContainsFunc(rows, func(s string) bool { return strings.HasSuffix(s, " sent") })
			if way == "" && sent || way != "" && !slices.Equal(rows, []string{way + " email sent"}) { // without an address nothing is sent
				t.Errorf("member %d, %q: %v", id, way, rows)
			}
		}
	})
}
