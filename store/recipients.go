package store

import (
	"context"
	"database/sql"
	"maps"
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
	return q.recipients(ctx, q.ofEach(ids, chs, topic), ids, chs, topic)
}

// RecipientsInOrder is Recipients for ids that ascend.
func (tx *Tx) RecipientsInOrder(ctx context.Context, ids []campaigns.MemberID, chs []campaigns.Channel, topic string) (ps map[campaigns.MemberID]*Profile, err error) {
	err = tx.inOrder(ctx, ids, chs, topic, func(of membersSaid) error {
		ps, err = tx.recipients(ctx, of, ids, chs, topic)
		return err
	})
	return ps, err
}

func (q queries) recipients(ctx context.Context, of membersSaid, ids []campaigns.MemberID, chs []campaigns.Channel, topic string) (map[campaigns.MemberID]*Profile, error) {
	ps := make(map[campaigns.MemberID]*Profile, len(ids))
	same := map[said]members.Consents{}
	room, places := make([]Profile, len(ids)), make([]members.Address, len(ids)) // most have one address, if they are asked for one channel
	var m memberRow
	var x recipient
	into := append(m.into(), orEmpty(&x.Channel), orEmpty(&x.Value), orEmpty(&x.Reach), orEmpty(&x.Proof), orEmpty(&x.Suppressed), &x.about, &x.all)
	_, err := many(ctx, q.run, func(r rows) (_ struct{}, err error) {
		if err := r.Scan(into...); err != nil || !of.asked(m.m.ID) {
			return struct{}{}, err
		}
		p := ps[m.m.ID]
		if p == nil {
			p = &room[0]
			*p = Profile{Member: m.member(), Addresses: places[:0:1]}
			room, places = room[1:], places[1:]
			ps[p.ID] = p
		}
		x.said.channel = x.Channel
		if len(chs) == 1 {
			x.said.channel = chs[0]
		}
		x.into(p, same, topic)
		return
	}, `SELECT `+recipientColumns+`, a.channel, a.value, a.reach, a.proof,
			(SELECT reason FROM suppressions s WHERE s.channel = a.channel AND s.value_hash = a.value_hash), `+of.about+`, `+of.all+of.from, of.args...)
	return ps, wrap("read recipients", err)
}

// recipient is one address of a member, or none, and what they said about its channel.
type recipient struct {
	members.Address
	said
}

// said is what a member said about a topic on a channel, and about all topics.
type said struct {
	channel    campaigns.Channel
	about, all sql.NullBool
}

// into adds it to the profile. Those who said the same share one record, which nobody changes.
func (x *recipient) into(p *Profile, same map[said]members.Consents, topic string) {
	if x.Reach != "" {
		x.Member = p.ID
		x.Channel = x.said.channel
		p.Addresses.Set(x.Address)
	}
	cs := same[x.said]
	if cs == nil {
		cs = members.Consents{}
		if x.about.Valid {
			cs[members.ConsentKey{Channel: x.said.channel, Topic: topic}] = x.about.Bool
		}
		if x.all.Valid {
			cs[members.ConsentKey{Channel: x.said.channel, Topic: members.AllTopics}] = x.all.Bool
		}
		same[x.said] = cs
	}
	if len(p.Consents) > 0 { // what they said about another channel
		both := maps.Clone(p.Consents)
		maps.Copy(both, cs)
		cs = both
	}
	p.Consents = cs
}
