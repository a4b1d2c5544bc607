package store

import (
	"bytes"
	"encoding/json"

	"github.com/kruzhok/kruzhok/campaigns"
)

// deliveryGroup is what a campaign's deliveries are counted by. One that is claimed or about to be sent counts as pending: claims are to cost nothing.
type deliveryGroup struct {
	campaign campaigns.CampaignID
	step     campaigns.StepID
	channel  campaigns.Channel
	state    campaigns.DeliveryState
	reason   campaigns.Reason
}

func (g deliveryGroup) counter() counter {
	return by(countDeliveries, g.campaign, g.step, g.channel, g.state, g.reason)
}

// finalGroup is what deliveries are counted by in the quarter of an hour in which they became final.
type finalGroup struct {
	campaign campaigns.CampaignID // 0: replies
	at       int64
	state    campaigns.DeliveryState
	reason   campaigns.Reason
}

func (g finalGroup) counter() counter {
	return counter{countFinal, g.campaign, g.at, keyOf(g.state, g.reason)}
}

// countDelivery counts a delivery in its state; at is when it became final, in microseconds.
func (tx *Tx) countDelivery(g deliveryGroup, at int64) {
	if !g.state.Final() {
		g.state = campaigns.Pending
	} else {
		tally(&tx.counts.finals, finalGroup{g.campaign, at / quarter, g.state, g.reason}, 1)
	}
	if g.campaign != 0 {
		tally(&tx.counts.deliveries, g, 1)
	}
}

// movedDelivery is what the statement returns that changes a delivery's state or reason. The row keeps the reason that it had before, so that it can be
// told by the statement itself, whoever changed it last.
type movedDelivery struct {
	deliveryGroup // as it was before: pending
	chunk         int64
}

const movedColumns = `campaign_id, step, channel, reason_before, chunk_id`

func (m *movedDelivery) into() []any {
	m.state = campaigns.Pending
	return []any{orZero(&m.campaign), &m.step, &m.channel, &m.reason, orZero(&m.chunk)}
}

func scanMoved(r rows) (m movedDelivery, err error) {
	err = r.Scan(m.into()...)
	return m, err
}

// countMoved counts that it has another state or reason now.
func (tx *Tx) countMoved(m movedDelivery, state campaigns.DeliveryState, reason campaigns.Reason, at int64) {
	if m.campaign != 0 {
		tally(&tx.counts.deliveries, m.deliveryGroup, -1)
	}
	now := m.deliveryGroup
	now.state, now.reason = state, reason
	tx.countDelivery(now, at)
}

// path is what a campaign's enrollments are counted by: the way that they went.
type path struct {
	campaign campaigns.CampaignID
	version  int
	state    campaigns.EnrollmentState
	reason   campaigns.Reason
	step     campaigns.StepID
	wait     campaigns.WaitKind
	visits   string // JSON
}

func (p path) counter() counter {
	return by(countPaths, p.campaign, p.version, p.state, p.reason, p.step, p.wait, json.RawMessage(p.visits))
}

// comingGroup is what enrollments are counted by that wait for a time.
type comingGroup struct {
	campaign campaigns.CampaignID
	version  int
	step     campaigns.StepID
	at       int64
}

func (g comingGroup) counter() counter {
	return counter{countComing, g.campaign, g.at, keyOf(g.version, g.step)}
}

// beganGroup is what enrollments are counted by that go by another version than they began in.
type beganGroup struct {
	campaign       campaigns.CampaignID
	began, version int
}

func (g beganGroup) counter() counter { return by(countBegan, g.campaign, g.began, g.version) }

// standing is an enrollment as it is counted.
type standing struct {
	path
	coming comingGroup // zero: it waits for no time
	began  beganGroup  // zero: it goes by the version in which it began
}

func (e *Enrollment) standing() standing {
	s := standing{path: path{e.Campaign, e.Version, e.State, e.Reason, e.Step, e.WaitKind, visitsOf(e.Data)}}
	if e.WaitKind == campaigns.WaitTime && e.DueAt != nil {
		s.coming = comingGroup{e.Campaign, e.Version, e.Step, quarterOf(*e.DueAt)}
	}
	if e.Began != 0 {
		s.began = beganGroup{e.Campaign, e.Began, e.Version}
	}
	return s
}

func (tx *Tx) countStanding(s standing, n int) {
	tally(&tx.counts.paths, s.path, n)
	if s.coming != (comingGroup{}) {
		tally(&tx.counts.coming, s.coming, n)
	}
	if s.began != (beganGroup{}) {
		tx.count(s.began, n)
	}
}

// beginsWithVisits is how decide.Enrollment is written.
var beginsWithVisits = []byte(`{"started":true,"visits":`)

// visitsOf cuts the visits out of a record, and parses one that is written otherwise.
func visitsOf(data []byte) string {
	if rest, ok := bytes.CutPrefix(data, beginsWithVisits); ok {
		if end := bytes.IndexByte(rest, '}'); end >= 0 {
			return string(rest[:end+1])
		}
	}
	var record struct {
		Visits map[campaigns.StepID]int `json:"visits"`
	}
	if json.Unmarshal(data, &record) != nil || record.Visits == nil {
		return "{}"
	}
	visits, _ := json.Marshal(record.Visits) // numbers by texts always can be
	return string(visits)
}
