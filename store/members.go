package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/members"
)

// Profile is everything about a member that deciding and sending look at.
type Profile struct {
	members.Member
	Addresses members.Addresses // Suppressed filled from the suppression list
	Consents  members.Consents
}

const memberColumns = `id, external_id, first_name, last_name, language, time_zone, attributes, state, stopped_at, last_act_at, created_at, updated_at, quiet_from, quiet_to`

// memberRow is what memberColumns are read into, one row after another.
type memberRow struct {
	m        members.Member
	from, to sql.NullInt64
}

func (x *memberRow) into() []any {
	m := &x.m
	return []any{
		&m.ID, orEmpty(&m.ExternalID), &m.FirstName, &m.LastName, &m.Language, &m.TimeZone,
		attributesInto{&m.Attributes},
		&m.State,
		timesInto{&m.StoppedAt},
		timesInto{&m.LastActAt},
		timeInto{&m.CreatedAt},
		timeInto{&m.UpdatedAt},
		&x.from, &x.to,
	}
}

// member is the one that was read.
func (x *memberRow) member() members.Member {
	m := x.m
	if m.Attributes == nil {
		m.Attributes = map[string]any{}
	}
	if x.from.Valid && x.to.Valid {
		m.Quiet = &timing.Window{From: localTime(x.from.Int64), To: localTime(x.to.Int64)}
	}
	return m
}

func scanMember(r rows) (*members.Member, error) {
	var x memberRow
	err := r.Scan(x.into()...)
	m := x.member()
	return &m, err
}

// Quiet hours stand in their columns as minutes of the local day.

func localTime(minutes int64) timing.LocalTime {
	return timing.LocalTime{Hour: int(minutes / 60), Minute: int(minutes % 60)}
}

func minutes(lt timing.LocalTime) int64 { return int64(lt.Hour*60 + lt.Minute) }

func quietFrom(m *members.Member) any {
	if m.Quiet == nil {
		return nil
	}
	return minutes(m.Quiet.From)
}

func quietTo(m *members.Member) any {
	if m.Quiet == nil {
		return nil
	}
	return minutes(m.Quiet.To)
}

// Member returns the member; an id that was merged leads to the one who stayed. Fault not_found.member.
func (q queries) Member(ctx context.Context, id campaigns.MemberID) (*members.Member, error) {
	return q.member(ctx, `SELECT `+memberColumns+` FROM members WHERE id = COALESCE((SELECT into_id FROM member_merges WHERE from_id = $1), $1)`, id)
}

// MemberByExternalID returns the member; the external id of one who was merged leads to the one who stayed. Fault not_found.member.
func (q queries) MemberByExternalID(ctx context.Context, externalID string) (*members.Member, error) {
	return q.member(ctx, `SELECT `+memberColumns+` FROM members WHERE id = COALESCE((SELECT id FROM members WHERE external_id = $1),
		(SELECT into_id FROM member_merges WHERE external_id = $1))`, externalID)
}

// MemberByAddress returns the member who has the address (key: see members addresses), or fault not_found.member.
func (q queries) MemberByAddress(ctx context.Context, ch campaigns.Channel, key string) (*members.Member, error) {
	if q.foreseen != nil && ch == campaigns.Telegram {
		if m, ok := once(q.foreseen.byChat, key); ok {
			return m, nil
		}
	}
	return q.member(ctx, `SELECT `+memberColumns+` FROM members
		WHERE id = (SELECT member_id FROM addresses WHERE channel = $1 AND value_key = $2)`, ch, key)
}

func (q queries) member(ctx context.Context, sql string, by ...any) (m *members.Member, err error) {
	err = q.snapshot(ctx, func(q queries) error {
		var ok bool
		m, ok, err = one(ctx, q.run, scanMember, sql, by...)
		if m, err = found("member", nil, m, ok, err); err != nil {
			return err
		}
		return q.addTags(ctx, []*members.Member{m})
	})
	return m, err
}

// MemberIDsByExternalID resolves many at once, those who were merged too; unknown ones are absent from the map. Erased members have no external id.
func (q queries) MemberIDsByExternalID(ctx context.Context, externalIDs []string) (map[string]campaigns.MemberID, error) {
	ids := make(map[string]campaigns.MemberID, len(externalIDs))
	_, err := many(ctx, q.run, func(r rows) (_ struct{}, err error) {
		var id campaigns.MemberID
		var external string
		err = r.Scan(&id, &external)
		ids[external] = id
		return
	}, `SELECT id, external_id FROM members WHERE external_id`+q.dialect.among(1)+`
		UNION ALL SELECT into_id, external_id FROM member_merges WHERE external_id`+q.dialect.among(1), list(q.dialect, externalIDs))
	return ids, wrap("read member ids", err)
}

// LockInOrder locks those of the external ids that are known, in the order of their ids, so that two who write the same members in another order do not
// wait for each other. Of SQLite there is one writer at a time anyway.
func (tx *Tx) LockInOrder(ctx context.Context, externalIDs []string) error {
	if !tx.dialect.postgres {
		return nil
	}
	_, err := many(ctx, tx.run, value[int64], `SELECT id FROM members WHERE id IN (
		SELECT id FROM members WHERE external_id`+tx.dialect.among(1)+` UNION ALL
		SELECT into_id FROM member_merges WHERE external_id`+tx.dialect.among(1)+`) ORDER BY id FOR UPDATE`, list(tx.dialect, externalIDs))
	return wrap("lock members", err)
}

// Members lists members by id.
func (q queries) Members(ctx context.Context, p Page) (ms []*members.Member, err error) {
	err = q.snapshot(ctx, func(q queries) error {
		ms, err = many(ctx, q.run, scanMember, `SELECT `+memberColumns+` FROM members WHERE id > $1 ORDER BY id LIMIT $2`, p.After, p.limit())
		if err != nil {
			return err
		}
		return q.addTags(ctx, ms)
	})
	return ms, wrap("list members", err)
}

// addTags fills Tags, sorted.
func (q queries) addTags(ctx context.Context, ms []*members.Member) error {
	byID := make(map[campaigns.MemberID]*members.Member, len(ms))
	ids := make([]campaigns.MemberID, 0, len(ms))
	for _, m := range ms {
		byID[m.ID] = m
		ids = append(ids, m.ID)
	}
	_, err := many(ctx, q.run, func(r rows) (_ struct{}, err error) {
		var id campaigns.MemberID
		var tag string
		if err = r.Scan(&id, &tag); err == nil {
			byID[id].Tags = append(byID[id].Tags, tag)
		}
		return
	}, `SELECT member_id, tag FROM member_tags WHERE member_id`+q.dialect.among(1)+` ORDER BY member_id, tag`+q.dialect.bytewise(), list(q.dialect, ids))
	return wrap("read tags", err)
}

// InsertMember writes a new member with tags and attributes; ID 0 is filled in. Fault conflict.member when the external id is taken.
func (tx *Tx) InsertMember(ctx context.Context, m *members.Member) error {
	if err := fill(ctx, tx.ids, &m.ID); err != nil {
		return err
	}
	attributes, err := attributesJSON(m)
	if err != nil {
		return err
	}
	n, err := tx.run.exec(ctx, `INSERT INTO members (`+memberColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (external_id) DO NOTHING`,
		m.ID, orNull(m.ExternalID), m.FirstName, m.LastName, m.Language, m.TimeZone, attributes, m.State,
		nullMicros(m.StoppedAt), nullMicros(m.LastActAt), micros(m.CreatedAt), micros(m.UpdatedAt), quietFrom(m), quietTo(m))
	if err != nil {
		return fmt.Errorf("insert member: %w", err)
	}
	if n == 0 {
		return conflict("member", nil)
	}
	if m.State == members.Active {
		tx.count(counter{kind: countMembers, key: memberKey(string(m.Language), "")}, 1)
	}
	tx.changed(m.ID)
	tx.renamed(m.ID)
	return tx.putSearchRows(ctx, m)
}

// UpdateMember writes every field, tag and attribute (with their search rows). Faults not_found.member; conflict.member when the external id is taken.
func (tx *Tx) UpdateMember(ctx context.Context, m *members.Member) error {
	attributes, err := attributesJSON(m)
	if err != nil {
		return err
	}
	if err := tx.externalIDFree(ctx, m); err != nil {
		return err
	}
	var was string
	var n named
	_, err = many(ctx, tx.run, func(r rows) (_ struct{}, err error) {
		return struct{}{}, r.Scan(&was, &n.first, &n.last, orEmpty(&n.external))
	}, `SELECT state || ' ' || language, first_name, last_name, external_id FROM members WHERE id = $1`, m.ID)
	if err != nil {
		return wrap("read member", err)
	}
	if n.first != m.FirstName || n.last != m.LastName || n.external != m.ExternalID || m.State != members.Active {
		tx.renamed(m.ID)
	}
	if was != string(m.State)+" "+string(m.Language) {
		return tx.recountMembers(ctx, []campaigns.MemberID{m.ID}, func() error { return tx.updateMember(ctx, m, attributes) })
	}
	return tx.updateMember(ctx, m, attributes)
}

func (tx *Tx) updateMember(ctx context.Context, m *members.Member, attributes string) error {
	n, err := tx.run.exec(ctx, `UPDATE members SET external_id = $2, first_name = $3, last_name = $4, language = $5, time_zone = $6, attributes = $7,
		state = $8, stopped_at = $9, last_act_at = $10, updated_at = $11, quiet_from = $12, quiet_to = $13 WHERE id = $1`,
		m.ID, orNull(m.ExternalID), m.FirstName, m.LastName, m.Language, m.TimeZone, attributes,
		m.State, nullMicros(m.StoppedAt), nullMicros(m.LastActAt), micros(m.UpdatedAt), quietFrom(m), quietTo(m))
	switch {
	case taken(err):
		return conflict("member", nil)
	case err != nil:
		return fmt.Errorf("update member: %w", err)
	case n == 0:
		return notFound("member", nil)
	}
	tx.changed(m.ID)
	if err := tx.dropSearchRows(ctx, m.ID); err != nil {
		return err
	}
	return tx.putSearchRows(ctx, m)
}

// externalIDFree asks first: an index that refuses would end a PostgreSQL transaction.
func (tx *Tx) externalIDFree(ctx context.Context, m *members.Member) error {
	if m.ExternalID == "" {
		return nil
	}
	_, used, err := one(ctx, tx.run, value[int64], `SELECT id FROM members WHERE external_id = $1 AND id <> $2`, m.ExternalID, m.ID)
	if err == nil && used {
		return conflict("member", nil)
	}
	return wrap("read external id", err)
}

// TouchMember notes that the member did something.
func (tx *Tx) TouchMember(ctx context.Context, id campaigns.MemberID, at time.Time) error {
	if tx.gathered != nil {
		tx.gathered.touched = append(tx.gathered.touched, touch{id, at})
		return nil
	}
	_, err := tx.run.exec(ctx, `UPDATE members SET last_act_at = $2 WHERE id = $1 AND (last_act_at IS NULL OR last_act_at < $2)`, id, micros(at))
	return wrap("touch member", err)
}

// attributesJSON refuses what the search rows cannot hold.
func attributesJSON(m *members.Member) (string, error) {
	for _, v := range m.Attributes {
		switch v.(type) {
		case string, float64, bool:
		default:
			return "", fmt.Errorf("write attributes: a value is %T, not text, number or boolean", v)
		}
	}
	if m.Attributes == nil {
		return "{}", nil
	}
	b, err := json.Marshal(m.Attributes)
	return string(b), wrap("write attributes", err)
}

func orNull[T ~string](s T) any {
	if s == "" {
		return nil
	}
	return string(s)
}

func zeroNull[T integer](n T) any {
	if n == 0 {
		return nil
	}
	return int64(n)
}
