package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/members"
)

// MemberFacts is what deciding by one definition looks at of a member: a part of the profile, so that thousands can be read at once.
type MemberFacts struct {
	ID         campaigns.MemberID
	Language   campaigns.Lang
	TimeZone   string
	StoppedAt  *time.Time
	LastActAt  *time.Time
	Attributes map[string]any // when asked for
	Tags       []string       // when asked for
	Addresses  []AddressFacts // at most one a channel; those that were asked for are among them
}

// AddressFacts is what is known about a member's address.
type AddressFacts struct {
	Channel    campaigns.Channel
	Reach      channels.Reach
	Proof      members.Proof
	Suppressed bool
	Consent    bool // for the topic that was asked for
}

// Facts are what the profile says of the member where the topic is decided about, tags and attributes included.
func (p *Profile) Facts(topic string) MemberFacts {
	f := MemberFacts{
		ID: p.ID, Language: p.Language, TimeZone: p.TimeZone, StoppedAt: p.StoppedAt, LastActAt: p.LastActAt, Attributes: p.Attributes, Tags: p.Tags,
		Addresses: make([]AddressFacts, 0, len(p.Addresses)),
	}
	for _, a := range p.Addresses {
		f.Addresses = append(f.Addresses, AddressFacts{a.Channel, a.Reach, a.Proof, a.Suppressed != "", p.Consents.Allows(a.Channel, topic)})
	}
	return f
}

// FactsWanted says what of members is to be read.
type FactsWanted struct {
	Topic            string
	Channels         []campaigns.Channel
	Attributes, Tags bool
}

// MemberFacts reads many members in one statement, or two when tags are wanted. Who is not there, or was merged into another member, is absent.
func (q queries) MemberFacts(ctx context.Context, ids []campaigns.MemberID, want FactsWanted) (map[campaigns.MemberID]*MemberFacts, error) {
	fs, err := q.memberFacts(ctx, q.ofEach(ids, want.Channels, want.Topic), ids, want)
	if err != nil || !want.Tags {
		return fs, err
	}
	return fs, q.addTagFacts(ctx, list(q.dialect, ids), fs)
}

// FactsInOrder is MemberFacts for ids that ascend.
func (tx *Tx) FactsInOrder(ctx context.Context, ids []campaigns.MemberID, want FactsWanted) (fs map[campaigns.MemberID]*MemberFacts, err error) {
	err = tx.inOrder(ctx, ids, want.Channels, want.Topic, func(of membersSaid) error {
		fs, err = tx.memberFacts(ctx, of, ids, want)
		return err
	})
	if err != nil || !want.Tags {
		return fs, err
	}
	return fs, tx.addTagFacts(ctx, list(tx.dialect, ids), fs) // as every other transaction plans it
}

// memberFacts reads all but tags.
func (q queries) memberFacts(ctx context.Context, of membersSaid, ids []campaigns.MemberID, want FactsWanted) (map[campaigns.MemberID]*MemberFacts, error) {
	fs := make(map[campaigns.MemberID]*MemberFacts, len(ids))
	attributes := "'{}'"
	if want.Attributes {
		attributes = "members.attributes"
	}
	room, places := make([]MemberFacts, len(ids)), make([]AddressFacts, len(ids)) // most have one address, if they are asked for one channel
	var f MemberFacts
	var a AddressFacts
	var suppressed, consent sql.NullBool
	into := []any{
		&f.ID, &f.Language, &f.TimeZone,
		timesInto{&f.StoppedAt},
		timesInto{&f.LastActAt},
		attributesInto{&f.Attributes},
		orEmpty(&a.Channel), orEmpty(&a.Reach), orEmpty(&a.Proof), &suppressed, &consent,
	}
	_, err := many(ctx, q.run, func(r rows) (_ struct{}, err error) {
		if err := r.Scan(into...); err != nil || !of.asked(f.ID) {
			return struct{}{}, err
		}
		known := fs[f.ID]
		if known == nil {
			known = &room[0]
			*known = f
			known.Addresses = places[:0:1]
			room, places = room[1:], places[1:]
			fs[f.ID] = known
		}
		if a.Channel != "" {
			a.Suppressed, a.Consent = suppressed.Bool, consent.Bool
			known.Addresses = append(known.Addresses, a)
		}
		return
	}, `SELECT members.id, members.language, members.time_zone, members.stopped_at, members.last_act_at, `+attributes+`, a.channel, a.reach, a.proof,
			(SELECT 1 = 1 FROM suppressions s WHERE s.channel = a.channel AND s.value_hash = a.value_hash), COALESCE(`+of.about+`, `+of.all+`)`+of.from, of.args...)
	return fs, wrap("read facts", err)
}

func (q queries) addTagFacts(ctx context.Context, ids any, fs map[campaigns.MemberID]*MemberFacts) error {
	return q.eachTag(ctx, ids, func(id campaigns.MemberID, tag string) {
		if f := fs[id]; f != nil {
			f.Tags = append(f.Tags, tag)
		}
	})
}

// attributesInto reads attributes into a new map; none is no map.
type attributesInto struct{ to *map[string]any }

func (i attributesInto) Scan(src any) error {
	*i.to = nil // rows are read into one place one after another
	var s string
	if err := orEmpty(&s).Scan(src); err != nil || s == "{}" {
		return err
	}
	return jsonInto{i.to}.Scan(s)
}
