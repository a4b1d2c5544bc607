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

// Recipients reads, in one statement, the parts of profiles that messages about the topic on the channels need: the member, their addresses there, and what they
// said about the topic and about all topics. Tags are not among them, nor what concerns other channels and topics. Who is not there, or was merged into
// another member, is absent.
func (q queries) Recipients(ctx context.Context, ids []campaigns.MemberID, chs []campaigns.Channel, topic string) (map[campaigns.MemberID]*Profile, error) {
	ps := make(map[campaigns.MemberID]*Profile, len(ids))
	args, of, on := []any{list(q.dialect, ids), topic, members.AllTopics}, "a.member_id = members.id", "a.channel"
	if len(chs) == 1 { // there are two: all else is both
		args, of, on = append(args, chs[0]), of+" AND a.channel = $4", "$4"
	}
	_, err := many(ctx, q.run, func(r rows) (_ struct{}, err error) {
		var x recipient
		m, err := scanMember(alsoScan{r, []any{orEmpty(&x.Channel), orEmpty(&x.Value), orEmpty(&x.Reach), orEmpty(&x.Proof), orEmpty(&x.Suppressed), &x.about, &x.all}})
		if err != nil {
			return struct{}{}, err
		}
		if ps[m.ID] == nil {
			ps[m.ID] = &Profile{Member: *m, Addresses: map[campaigns.Channel]members.Address{}, Consents: members.Consents{}}
		}
		ch := x.Channel
		if len(chs) == 1 {
			ch = chs[0]
		}
		x.into(ps[m.ID], ch, topic)
		return
	}, `SELECT `+recipientColumns+`, a.channel, a.value, a.reach, a.proof,
			(SELECT reason FROM suppressions s WHERE s.channel = a.channel AND s.value_hash = a.value_hash),
			(SELECT given FROM subscriptions c WHERE c.member_id = members.id AND c.channel = `+on+` AND c.topic = $2),
			(SELECT given FROM subscriptions c WHERE c.member_id = members.id AND c.channel = `+on+` AND c.topic = $3)
		FROM members LEFT JOIN `+q.dialect.either("addresses a ON "+of, "LATERAL (SELECT * FROM addresses a WHERE "+of+q.dialect.perRow()+") a ON true")+`
		WHERE members.id`+q.dialect.among(1), args...)
	return ps, wrap("read recipients", err)
}

// recipient is one address of a member, or none, and what they said about its channel.
type recipient struct {
	members.Address
	about, all sql.NullBool
}

func (x *recipient) into(p *Profile, ch campaigns.Channel, topic string) {
	if x.Reach != "" {
		x.Member = p.ID
		p.Addresses[ch] = x.Address
	}
	if x.about.Valid {
		p.Consents[members.ConsentKey{Channel: ch, Topic: topic}] = x.about.Bool
	}
	if x.all.Valid {
		p.Consents[members.ConsentKey{Channel: ch, Topic: members.AllTopics}] = x.all.Bool
	}
}
