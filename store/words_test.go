package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// TestWordsOfMembers: members are found by what they are called now, by the beginnings of words in any order, looked up or walked.
func TestWordsOfMembers(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		nino := newMember(t, s, named("Алёна", "Берёза", "ru"), func(m *members.Member) { m.ExternalID = "SL-17" })
		lev := newMember(t, s, named("Lev 🌸", "O'Neil-Smith", "en"))
		at := newMember(t, s, named("Zoë", "Z", "en"), func(m *members.Member) { m.ExternalID = "zoe@school" })
		many := newMember(t, s, named("Яна", "", "ru"), func(m *members.Member) {
			m.ExternalID = "1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16-17-18-19-20-21-22-23-24-25-26"
		})
		long := newMember(t, s, named("Ёё", "x", "en"))
		address := func(m *members.Member, value string) {
			write(t, s, func(ctx context.Context, tx *store.Tx) error {
				return tx.SetAddress(ctx, members.Address{Member: m.ID, Channel: campaigns.Email, Value: value, Reach: "ok", Proof: members.Given}, value, value, now)
			})
		}
		address(lev, "old.name@example.org")
		address(lev, "wolf.smith@example.org")
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			return tx.SetAddress(ctx, members.Address{Member: long.ID, Channel: campaigns.Telegram, Value: "123456", Reach: "ok", Proof: members.Given}, "123456", "h", now)
		})
		long.FirstName = "Мария"
		write(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateMember(ctx, long) })
		gone := newMember(t, s, named("Gone", "Girl", "en"))
		write(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.EraseMember(ctx, gone.ID, now) })

		searches := map[string][]campaigns.MemberID{
			"алена": {nino.ID}, "АЛЁНА бер": {nino.ID}, "бер ал": {nino.ID}, "sl-17": {nino.ID}, "sl-1": {nino.ID}, "17": {nino.ID, many.ID}, "лена": nil, "алена лев": nil,
			"lev smith": {lev.ID}, "🌸": {lev.ID}, "o'n": {lev.ID}, "old": nil, "wolf": {lev.ID}, "wol smi": {lev.ID}, "lev.s": {lev.ID}, "wolf.smith@example.org": {lev.ID}, "lev@": {lev.ID}, "smith@example": {lev.ID},
			"@example.org": {lev.ID}, "zoe@school": {at.ID}, "ZOE@": {at.ID}, "яна": {many.ID}, "мария": {long.ID}, "ее": nil, "123456": {long.ID}, "12345": nil, "gone": nil, "%": nil, "_": nil,
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
		check(t, s.Exec(t.Context(), `INSERT INTO fills (name, last, upto) VALUES ('member_words', 0, $1)`, long.ID))
		find("walked")
		fill := func(now time.Time) (over bool) {
			for more := true; more; {
				var err error
				more, over, err = s.FillWords(t.Context(), now)
				check(t, err)
			}
			return over
		}
		if fill(now) {
			t.Error("nobody looks once more after what an older worker may have changed")
		}
		find("filled")
		same(t, words, must[[]string](t)(s.Texts(t.Context(), `SELECT word FROM member_words ORDER BY member_id, word`)))
		check(t, s.Exec(t.Context(), `INSERT INTO member_words (word, member_id) VALUES ('gone', $1)`, gone.ID)) // as if an older worker had erased
		check(t, s.Exec(t.Context(), `DELETE FROM member_words WHERE member_id = $1`, lev.ID))                   // and taken in
		if !fill(now.Add(2 * time.Hour)) {
			t.Error("words are filled for ever")
		}
		same(t, words, must[[]string](t)(s.Texts(t.Context(), `SELECT word FROM member_words ORDER BY member_id, word`)))
		t.Cleanup(store.SetUsual(0))
		find("common")
	})
}
