package engine_test

import (
	"fmt"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// agreeing are lines of a bulk call, of which some agree to a topic that nobody could mean.
func agreeing(prefix string) (ins []engine.MemberInput) {
	for i := range 40 {
		topic := "news"
		if i%13 == 5 {
			topic = "newz"
		}
		id := fmt.Sprintf("%s%02d", prefix, i)
		ins = append(ins, engine.MemberInput{ExternalID: id, Email: new(id + "@example.org"), Consents: []engine.ConsentInput{{Channel: campaigns.Email, Topic: topic, Source: "form"}}})
	}
	return ins
}

// TestAnUnknownTopicTakesNoChunkApart: lines that agree to a topic that nobody could mean are refused, and the others of their chunk are written in one
// transaction, with the answers that they get one by one.
func TestAnUnknownTopicTakesNoChunkApart(t *testing.T) {
	take := func(t *testing.T, w *world) {
		_, err := w.e.PatchCommunity(t.Context(), engine.Operator, engine.CommunityPatch{Topics: []string{"news"}})
		must(t, err)
		answer := func(r engine.BulkResult) string { return fmt.Sprint(r.ExternalID[1:], " ", r.Created, " ", r.Err) }
		var alone, together []string
		for _, in := range agreeing("a") {
			rs, err := w.e.UpsertMembers(t.Context(), engine.Operator, []engine.MemberInput{in})
			must(t, err)
			alone = append(alone, answer(rs[0]))
		}
		rs, err := w.e.UpsertMembers(t.Context(), engine.Operator, agreeing("t"))
		must(t, err)
		refused := 0
		for _, r := range rs {
			together = append(together, answer(r))
			if r.Err != nil {
				refused++
			}
		}
		if d := cmp.Diff(alone, together); d != "" || refused != 3 || w.membersNow() != 2*37 {
			t.Errorf("%d refused, %d members (-one by one +together):\n%s", refused, w.membersNow(), d)
		}
	}
	each(t, take)
	t.Run("in one transaction", func(t *testing.T) { // PostgreSQL's rows say which one wrote them
		url := storetest.PostgresURL(t)
		take(t, newWorld(t, storetest.Open(t, url)))
		c, err := pgx.Connect(t.Context(), url)
		must(t, err)
		defer func() { _ = c.Close(t.Context()) }()
		n := 0
		must(t, c.QueryRow(t.Context(), `SELECT count(DISTINCT xmin::text) FROM members WHERE external_id LIKE 't%'`).Scan(&n))
		if n != 1 {
			t.Errorf("%d transactions", n)
		}
	})
}

// slowFile is a file that is read in parts, each as it is asked for.
type slowFile []func() string

func (f *slowFile) Read(p []byte) (int, error) {
	if len(*f) == 0 {
		return 0, io.EOF
	}
	part := (*f)[0]()
	*f = (*f)[1:]
	return copy(p, part), nil
}

// TestATopicIsTakenAwayBehindAFile: rows that agree to a topic that the community took away while the file was read are refused with their place, and the others of
// their chunk are written.
func TestATopicIsTakenAwayBehindAFile(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		set := func(topics ...string) {
			_, err := w.e.PatchCommunity(t.Context(), engine.Operator, engine.CommunityPatch{Topics: topics})
			must(t, err)
		}
		set("news", "olds")
		file := &slowFile{
			func() string { return "external_id,telegram_chat_id,consent_topics\n" },
			func() string {
				set("news")
				return "u1,7,olds\nu2,8,news\nu3,9,olds|news\nu4,10,*\n"
			},
		}
		r, err := w.e.ImportMembers(t.Context(), engine.Operator, file, engine.ImportOptions{ConsentSource: "form"})
		must(t, err)
		if d := cmp.Diff([]string{"2:consent_topics:unknown_topic", "4:consent_topics:unknown_topic"}, places(r.Problems)); d != "" || r.Created != 2 || r.Refused != 2 {
			t.Errorf("%s (-want +got):\n%s", counts(r), d)
		}
	})
}
