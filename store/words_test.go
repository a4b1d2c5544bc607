package store_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// TestWordsOfMembers: members are found by what they are called now, by the beginnings of words in any order, looked up or walked.
func TestWordsOfMembers(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		nino := newMember(t, s, named("Алёна", "Берёза", "ru"), func(m *members.Member) { m.ExternalID = "SL-17" })
		lev := newMember(t, s, named("Lev 🌸", "O'Neil-Smith", "en"))
		long := newMember(t, s, named("Ёё", "x", "en"))
		address := func(m *members.Member, value string) {
			write(t, s, func(ctx context.Context, tx *store.Tx) error {
				return tx.SetAddress(ctx, members.Address{Member: m.ID, Channel: campaigns.Email, Value: value, Reach: "ok", Proof: members.Given}, value, value, now)
			})
		}
		address(lev, "old.name@example.org")
		address(lev, "lev.smith@example.org")
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			return tx.SetAddress(ctx, members.Address{Member: long.ID, Channel: campaigns.Telegram, Value: "123456", Reach: "ok", Proof: members.Given}, "123456", "h", now)
		})
		long.FirstName = "Мария"
		write(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateMember(ctx, long) })
		gone := newMember(t, s, named("Gone", "Girl", "en"))
		write(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.EraseMember(ctx, gone.ID, now) })

		searches := map[string][]campaigns.MemberID{
			"алена": {nino.ID}, "АЛЁНА бер": {nino.ID}, "бер ал": {nino.ID}, "sl-17": {nino.ID}, "sl-1": {nino.ID}, "17": {nino.ID}, "лена": nil, "алена лев": nil,
			"lev smith": {lev.ID}, "🌸": {lev.ID}, "o'n": {lev.ID}, "old": nil, "lev.s": {lev.ID}, "lev.smith@example.org": {lev.ID}, "lev@": nil, "smith@example": {lev.ID},
			"@example.org": {lev.ID}, "мария": {long.ID}, "ее": nil, "123456": {long.ID}, "12345": nil, "gone": nil, "%": nil, "_": nil,
		}
		find := func(how string) {
			t.Helper()
			for text, want := range searches {
				got := must[[]campaigns.MemberID](t)(s.FindMembers(t.Context(), store.MemberQuery{Text: text}, store.Page{}))
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%s %q: %v, want %v", how, text, got, want)
				}
			}
		}
		find("looked up")
		words := must[[]string](t)(s.Texts(t.Context(), `SELECT word FROM member_words ORDER BY member_id, word`))

		// As a release before left it: no words are there, and the members have to be walked.
		check(t, s.Exec(t.Context(), `DELETE FROM member_words`))
		check(t, s.Exec(t.Context(), `INSERT INTO fills (name, last, upto) VALUES ('member_words', 0, $1)`, nino.ID))
		find("walked")
		for range 10 {
			must[bool](t)(s.FillWords(t.Context()))
		}
		if must[bool](t)(s.FillWords(t.Context())) {
			t.Error("words are filled for ever")
		}
		find("filled")
		same(t, words, must[[]string](t)(s.Texts(t.Context(), `SELECT word FROM member_words ORDER BY member_id, word`)))
		t.Cleanup(store.SetUsual(0))
		find("common")
	})
}
