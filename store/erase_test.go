package store_test

import (
	"context"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

func contains(s, part string) bool { return strings.Contains(s, part) }

// tables lists the database's own tables.
func tables(t *testing.T, s *store.Store) []string {
	t.Helper()
	if s.Embedded() {
		return must[[]string](t)(s.Texts(t.Context(), `SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`))
	}
	return must[[]string](t)(s.Texts(t.Context(), `SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1`))
}

// dump is every row of every table as text.
func dump(t *testing.T, s *store.Store) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, table := range tables(t, s) {
		row := table + "::text"
		if s.Embedded() {
			columns := must[[]string](t)(s.Texts(t.Context(), `SELECT 'COALESCE("' || name || '", '''')' FROM pragma_table_info($1)`, table))
			row = strings.Join(columns, " || '|' || ")
		}
		all[table] = strings.Join(must[[]string](t)(s.Texts(t.Context(), "SELECT "+row+" FROM "+table)), "\n")
	}
	return all
}

// secrets are values that stand in every place where a member's values are kept.
var secrets = []string{"secret-", "Секрет", "4815162342", "Ultima/Thule", "x-klingon"}

func fillMember(t *testing.T, s *store.Store) *members.Member {
	t.Helper()
	m := newMember(t, s, func(m *members.Member) {
		m.ExternalID, m.FirstName, m.LastName, m.Language, m.TimeZone = "secret-ext", "Секрет", "secret-last", "x-klingon", "Ultima/Thule"
		m.Tags, m.Attributes = []string{"secret-tag", "Секретный"}, map[string]any{"secret-name": "x", "a": "secret-value", "n": 4815162342.0}
	})
	e := newEnrollment(t, s, newCampaign(t, s, "a", campaigns.Running), m, func(e *store.Enrollment) {
		e.State, e.Data = campaigns.EnrollmentCompleted, []byte(`{"answers":{"q":"secret-answer"}}`)
	})
	linked, before := newInput("1", "telegram:4815162342"), newInput("2", "telegram:4815162342")
	linked.Raw, linked.Member, linked.Error, before.Raw = "secret-raw", m.ID, "secret-error", "secret-start"
	insertInputs(t, s, linked, before)
	insert(t, s, stepDelivery(e))
	write(t, s, func(ctx context.Context, tx *store.Tx) error {
		check(t, tx.SetAddress(ctx, members.Address{Member: m.ID, Channel: campaigns.Telegram, Value: "4815162342"}, "4815162342", "hash-1", now))
		check(t, tx.SetAddress(ctx, members.Address{Member: m.ID, Channel: campaigns.Email, Value: "Secret-mail@x"}, "secret-mail@x", "hash-2", now))
		check(t, tx.AppendConsent(ctx, m.ID, members.Consent{Channel: campaigns.Email, Topic: "*", Given: true, Source: "api", Wording: "words-v1", At: now}))
		_, err := tx.ClaimActor(ctx, "telegram:4815162342", "w", now, at(60))
		check(t, err)
		check(t, tx.InsertMessage(ctx, &store.Message{Member: m.ID, Channel: campaigns.Telegram, Input: 1, Kind: "text", Text: "secret-message", At: now}))
		check(t, tx.PutSelection(ctx, e.ID, "q", 1, []string{"secret-option"}))
		_, err = tx.TakeQuestionSlot(ctx, store.QuestionSlot{Member: m.ID, Enrollment: e.ID, Step: "q", OpenedAt: now})
		check(t, err)
		for i, text := range []string{"secret-old", "secret-new"} {
			r := newResponse(e.ID, "q", campaigns.Answer{Type: campaigns.Choice, Text: text, Input: campaigns.InputID(i + 1)})
			r.Member = m.ID
			check(t, tx.SaveResponse(ctx, r))
		}
		r := newResponse(e.ID, "n", campaigns.Answer{Type: campaigns.Number, Number: 4815162342, Input: 5})
		r.Member = m.ID
		check(t, tx.SaveResponse(ctx, r))
		for ch, hash := range must[map[campaigns.Channel]string](t)(tx.AddressHashes(ctx, m.ID)) {
			check(t, tx.Suppress(ctx, ch, hash, "erased", now))
		}
		return nil
	})
	return m
}

func TestEraseLeavesNoPersonalValue(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		other := newMember(t, s, func(m *members.Member) { m.FirstName, m.Tags = "Остаётся", []string{"stays"} })
		m := fillMember(t, s)
		places := map[string]bool{}
		for table, text := range dump(t, s) {
			for _, secret := range secrets {
				if contains(strings.ToLower(text), strings.ToLower(secret)) {
					places[table] = true
				}
			}
		}
		if len(places) < 11 {
			t.Fatalf("values stand in %v only: the test proves too little", places)
		}
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			wantFault(t, tx.EraseMember(ctx, 1<<40, now), "not_found.member")
			return tx.EraseMember(ctx, m.ID, at(9))
		})
		must[bool](t)(s.FoldCounters(t.Context())) // a counter's key may hold an answer until then
		for table, text := range dump(t, s) {
			for _, secret := range secrets {
				if contains(strings.ToLower(text), strings.ToLower(secret)) {
					t.Errorf("%s still holds %q", table, secret)
				}
			}
		}
		same(t, &members.Member{ID: m.ID, State: members.Erased, Attributes: map[string]any{}, CreatedAt: now, UpdatedAt: at(9)},
			must[*members.Member](t)(s.Member(t.Context(), m.ID)))
		same(t, other, must[*members.Member](t)(s.Member(t.Context(), other.ID)))
		same(t, "words-v1", must[[]members.Consent](t)(s.ConsentLedger(t.Context(), m.ID))[0].Wording)
		same(t, []string{"hash-1", "hash-2"}, must[[]string](t)(s.Texts(t.Context(), `SELECT value_hash FROM suppressions ORDER BY 1`)))
		rs := must[[]*store.Response](t)(s.Responses(t.Context(), store.ResponseFilter{Member: m.ID}, store.Page{}))
		if len(rs) != 2 || !rs[0].Erased || rs[0].Answer.Type != campaigns.Choice || !rs[0].Answer.At.IsZero() {
			t.Errorf("responses are %+v", rs)
		}
		same(t, 1, len(must[[]*store.Delivery](t)(s.Deliveries(t.Context(), store.DeliveryFilter{Member: m.ID}, store.Page{}))))
	})
}
