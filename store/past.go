package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/members"
)

// eventName is the name of the event that a row of the log tells of; the index events_received holds it in these very words.
func (d dialect) eventName(row string) string {
	return d.either(`json_extract(`+row+`data, '$.event')`, `substring(`+row+`data from '"event":"([^"]*)"')`)
}

// campaignID is the campaign with the key, looked up once a statement.
func campaignID(key string) string { return "(SELECT id FROM campaigns WHERE key = " + key + ")" }

// Past reads what the conditions ask for of what was with the members, a statement for each thing. Who is not there, or has none of it, may be absent.
func (q queries) Past(ctx context.Context, ids []campaigns.MemberID, asked []*definition.Condition, now time.Time) (map[campaigns.MemberID]*definition.Past, error) {
	r := pastReader{q: q, all: list(q.dialect, ids), now: now, past: make(map[campaigns.MemberID]*definition.Past, len(ids))}
	for _, c := range asked {
		var err error
		switch c.Subject {
		case definition.SubjectConsent:
			err = r.consents(ctx, c.Name)
		case definition.SubjectEvent, definition.SubjectFirstEvent, definition.SubjectLastEvent:
			err = r.events(ctx, c)
		case definition.SubjectMessage:
			err = r.messages(ctx, campaigns.Key(c.Name))
		case definition.SubjectAnswer:
			err = r.answers(ctx, c.Of, c.Name)
		case definition.SubjectScore:
			err = r.points(ctx, c.Of)
		default:
			err = r.passages(ctx, campaigns.Key(c.Name))
		}
		if err != nil {
			return nil, wrap("read past", err)
		}
	}
	return r.past, nil
}

// pastReader reads one thing after another into what is known of each.
type pastReader struct {
	q    queries
	all  any // the members, as a parameter
	now  time.Time
	past map[campaigns.MemberID]*definition.Past
}

func (r *pastReader) of(id campaigns.MemberID) *definition.Past {
	p := r.past[id]
	if p == nil {
		p = &definition.Past{
			Consents: map[string][]campaigns.Channel{}, Events: map[string]definition.Events{}, Passages: map[campaigns.Key][]definition.Passage{},
			Messages: map[campaigns.Key][]definition.Message{}, Answers: map[campaigns.Key]map[string]campaigns.Answer{}, Points: map[campaigns.Key]int{},
		}
		r.past[id] = p
	}
	return p
}

// each runs a statement whose first column is the member, and notes each row.
func (r *pastReader) each(ctx context.Context, note func(*definition.Past), into []any, sql string, args ...any) error {
	_, err := many(ctx, r.q.run, func(rs rows) (_ struct{}, err error) {
		var id campaigns.MemberID
		if err := rs.Scan(append([]any{&id}, into...)...); err != nil {
			return struct{}{}, err
		}
		note(r.of(id))
		return
	}, sql, append([]any{r.all}, args...)...)
	return err
}

func (r *pastReader) consents(ctx context.Context, topic string) error {
	var ch campaigns.Channel
	return r.each(ctx, func(p *definition.Past) { p.Consents[topic] = append(p.Consents[topic], ch) }, []any{&ch},
		`SELECT c.member_id, c.channel FROM subscriptions c WHERE c.member_id`+r.q.dialect.among(1)+` AND c.given AND (c.topic = $2 OR c.topic = $3 AND NOT EXISTS (
			SELECT 1 FROM subscriptions o WHERE o.member_id = c.member_id AND o.channel = c.channel AND o.topic = $2)) ORDER BY c.member_id, c.channel`, topic, members.AllTopics)
}

func (r *pastReader) events(ctx context.Context, c *definition.Condition) error {
	var e definition.Events
	span, args := "", []any{c.Name}
	if c.Subject == definition.SubjectEvent {
		from, to := c.Span.Bounds(r.now)
		if !from.IsZero() {
			span, args = " AND at >= $3", append(args, micros(from))
		}
		if !to.IsZero() {
			span, args = " AND at < $3", append(args, micros(to))
		}
	}
	return r.each(ctx, func(p *definition.Past) { p.Events[c.EventKey()] = e }, []any{&e.N, timeInto{&e.First}, timeInto{&e.Last}},
		`SELECT member_id, count(*), min(at), max(at) FROM events WHERE member_id`+r.q.dialect.among(1)+` AND name = 'event.received'
			AND `+r.q.dialect.eventName("")+` = $2`+span+` GROUP BY member_id`, args...)
}

func (r *pastReader) passages(ctx context.Context, key campaigns.Key) error {
	var run definition.Passage
	var ended *time.Time
	return r.each(ctx, func(p *definition.Past) {
		if run.Ended = (time.Time{}); ended != nil {
			run.Ended = *ended
		}
		p.Passages[key] = append(p.Passages[key], run)
	}, []any{&run.State, timeInto{&run.Entered}, timesInto{&ended}},
		`SELECT member_id, state, entered_at, ended_at FROM enrollments WHERE member_id`+r.q.dialect.among(1)+` AND campaign_id = `+campaignID("$2")+` ORDER BY id`, key)
}

func (r *pastReader) messages(ctx context.Context, key campaigns.Key) error {
	var m definition.Message
	return r.each(ctx, func(p *definition.Past) { p.Messages[key] = append(p.Messages[key], m) }, []any{&m.Step, &m.State, timeInto{&m.First}, timeInto{&m.Last}},
		`SELECT e.member_id, d.step, d.state, min(d.final_at), max(d.final_at) FROM enrollments e JOIN deliveries d ON d.enrollment_id = e.id
			WHERE e.member_id`+r.q.dialect.among(1)+` AND e.campaign_id = `+campaignID("$2")+` AND d.final_at IS NOT NULL GROUP BY e.member_id, d.step, d.state`, key)
}

// answers reads the last one in time of each.
func (r *pastReader) answers(ctx context.Context, key campaigns.Key, question string) error {
	var a campaigns.Answer
	return r.each(ctx, func(p *definition.Past) { // in order: a later one stays
		if p.Answers[key] == nil {
			p.Answers[key] = map[string]campaigns.Answer{}
		}
		p.Answers[key][question] = a
		a = campaigns.Answer{}
	}, []any{jsonInto{&a}},
		`SELECT member_id, answer FROM responses WHERE member_id`+r.q.dialect.among(1)+` AND campaign_id = `+campaignID("$2")+` AND question = $3 AND NOT late AND answer <> '{}'
			ORDER BY answered_at, id`, key, question)
}

func (r *pastReader) points(ctx context.Context, key campaigns.Key) error {
	var total int
	return r.each(ctx, func(p *definition.Past) { p.Points[key] = total }, []any{&total},
		`SELECT member_id, total FROM scores WHERE member_id`+r.q.dialect.among(1)+` AND campaign_id = `+campaignID("$2"), key)
}
