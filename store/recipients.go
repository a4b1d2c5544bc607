package store

import (
	"context"
	"database/sql"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/members"
)

// recipientColumns are a member's, in a statement in which addresses stand too.
var recipientColumns = "members." + strings.ReplaceAll(memberColumns, ", ", ", members.")

// Recipients reads, in one statement, the parts of profiles that a message about the topic on the channel needs: the member, their address there, and what they
// said about the topic and about all topics. Tags are not among them, nor what concerns other channels and topics. Who is not there, or was merged into
// another member, is absent.
func (q queries) Recipients(ctx context.Context, ids []campaigns.MemberID, ch campaigns.Channel, topic string) (map[campaigns.MemberID]*Profile, error) {
	ps := make(map[campaigns.MemberID]*Profile, len(ids))
	of := "a.member_id = members.id AND a.channel = $2"
	_, err := many(ctx, q.run, func(r rows) (_ struct{}, err error) {
		a := members.Address{Channel: ch}
		var about, all sql.NullBool
		m, err := scanMember(alsoScan{r, []any{orEmpty(&a.Value), orEmpty(&a.Reach), orEmpty(&a.Proof), orEmpty(&a.Suppressed), &about, &all}})
		if err != nil {
			return struct{}{}, err
		}
		p := &Profile{Member: *m, Addresses: map[campaigns.Channel]members.Address{}, Consents: members.Consents{}}
		if a.Reach != "" {
			a.Member = m.ID
			p.Addresses[ch] = a
		}
		if about.Valid {
			p.Consents[members.ConsentKey{Channel: ch, Topic: topic}] = about.Bool
		}
		if all.Valid {
			p.Consents[members.ConsentKey{Channel: ch, Topic: members.AllTopics}] = all.Bool
		}
		ps[m.ID] = p
		return
	}, `SELECT `+recipientColumns+`, a.value, a.reach, a.proof,
			(SELECT reason FROM suppressions s WHERE s.channel = a.channel AND s.value_hash = a.value_hash),
			(SELECT given FROM subscriptions c WHERE c.member_id = members.id AND c.channel = $2 AND c.topic = $3),
			(SELECT given FROM subscriptions c WHERE c.member_id = members.id AND c.channel = $2 AND c.topic = $4)
		FROM members LEFT JOIN `+q.dialect.either("addresses a ON "+of, "LATERAL (SELECT * FROM addresses a WHERE "+of+q.dialect.perRow()+") a ON true")+`
		WHERE members.id`+q.dialect.among(1), list(q.dialect, ids), ch, topic, members.AllTopics)
	return ps, wrap("read recipients", err)
}
