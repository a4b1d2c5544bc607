package seed

import (
	"fmt"
	"strconv"
	"strings"
)

// Campaigns are those that the members went through.
var Campaigns = []Campaign{
	{Key: "welcome", Kind: "onboarding", ID: firstID + 1, Of: 1, Name: "Welcome", YAML: `key: welcome
kind: onboarding
name: Welcome
topic: community
languages: [en]
channels: [email]
entry: {event: member.joined}
steps:
  - {id: hello, send: {subject: {en: Hi}, text: {en: Hi there.}}}
  - {id: rest, wait: {for: 1d}}
  - {id: tips, send: {subject: {en: Tips}, text: {en: Some tips.}}}
  - {id: more, send: {subject: {en: More}, text: {en: More of them.}}}
`},
	{Key: "survey", Kind: "survey", ID: firstID + 2, Of: 1, Name: "Survey", YAML: `key: survey
kind: survey
name: Survey
topic: surveys
languages: [en]
channels: [email]
entry: {manual: true}
steps:
  - {id: nps, ask: {type: nps, save_as: nps, text: {en: "Would you recommend us?"}}}
  - {id: way, ask: {type: choice, save_as: way, text: {en: "How do you learn?"}, options: [{value: alone, text: {en: Alone}}, {value: group, text: {en: In a group}}]}}
`},
	{Key: "challenge", Kind: "challenge", ID: firstID + 3, Of: 2, Name: "Challenge", YAML: `key: challenge
kind: challenge
name: Challenge
topic: challenges
languages: [en]
channels: [email]
entry: {manual: true}
steps:
  - id: rounds
    repeat:
      times: 2
      at: "10:00"
      steps:
        - {id: task, ask: {type: yes_no, save_as: done, text: {en: "Done?"}}}
        - {id: point, award: {points: 10}}
`},
	broadcast(4, "news"), broadcast(5, "more-news"), broadcast(6, "late-news"), broadcast(7, "last-news"),
}

func broadcast(n int64, key string) Campaign {
	return Campaign{Key: key, Kind: "broadcast", ID: firstID + n, Of: 1, Name: key, YAML: `key: ` + key + `
kind: broadcast
name: ` + key + `
topic: news
languages: [en]
channels: [email]
entry: {manual: true}
steps:
  - {id: news, send: {subject: {en: News}, text: {en: The news.}}}
`}
}

// plan fills in a statement: {m} members, {now} and {day} in microseconds, {series} the table s with i from 1 to {m}, {i0} the first id.
func (db *DB) plan(text string, members int, more ...string) string {
	series := `(WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < {m}) SELECT i FROM s) AS s`
	if db.Postgres {
		series = `generate_series(1::bigint, {m}) AS s (i)`
	}
	text = strings.ReplaceAll(text, "{series}", series)
	return strings.NewReplacer(append(more, "{m}", strconv.Itoa(members), "{now}", strconv.FormatInt(db.now, 10), "{day}", "86400000000", "{i0}", strconv.Itoa(firstID))...).Replace(text)
}

func (db *DB) statements(members int) []string {
	all := db.members(members)
	add := func(text string, more ...string) { all = append(all, db.plan(text, members, more...)) }
	add(`INSERT INTO messages (id, member_id, channel, input_id, kind, text, state, at, closed_by)
		SELECT {i0} + i, {i0} + i, 'email', {i0} + i, 'text', 'A word.', CASE WHEN i % 1000 = 0 THEN 'open' ELSE 'closed' END, {now}, '' FROM {series} WHERE i % 20 = 0`)
	for n, c := range Campaigns {
		db.campaign(add, n, c)
	}
	add(`INSERT INTO scores (campaign_id, member_id, total, last_at) SELECT campaign_id, member_id, SUM(points), MAX(at) FROM points GROUP BY campaign_id, member_id`)
	add(`INSERT INTO recounts (campaign_id, at) SELECT id, NULL FROM campaigns WHERE true ON CONFLICT (campaign_id) DO UPDATE SET at = NULL`)
	add(`INSERT INTO recounts (campaign_id, at) VALUES (0, NULL) ON CONFLICT (campaign_id) DO UPDATE SET at = NULL`)
	return all
}

func (db *DB) members(members int) (all []string) {
	add := func(text string) { all = append(all, db.plan(text, members)) }
	add(`INSERT INTO members (id, external_id, first_name, last_name, language, time_zone, attributes, state, stopped_at, last_act_at, created_at, updated_at)
		SELECT {i0} + i, 'm-' || i, 'First' || (i % 997), 'Last' || (i % 9973), CASE WHEN i % 10 < 6 THEN 'ru' WHEN i % 10 < 9 THEN 'en' ELSE '' END, 'Europe/Berlin',
			'{"level":"l' || (i % 5) || '","lessons":' || (i % 100) || '}', 'active', CASE WHEN i % 50 = 0 THEN {now} - (i % 40) * {day} END, {now}, {now} - {day}, {now} FROM {series}`)
	add(`INSERT INTO member_tags (member_id, tag_key, tag) SELECT {i0} + i, 'vip', 'VIP' FROM {series} WHERE i % 5 = 0`)
	add(`INSERT INTO member_tags (member_id, tag_key, tag) SELECT {i0} + i, 'group-' || (i % 50), 'group-' || (i % 50) FROM {series}`)
	add(`INSERT INTO member_words (word, member_id) SELECT 'm', {i0} + i FROM {series} UNION ALL SELECT CAST(i AS TEXT), {i0} + i FROM {series}
		UNION ALL SELECT 'm' || i, {i0} + i FROM {series} UNION ALL SELECT 'first' || (i % 997), {i0} + i FROM {series} UNION ALL SELECT 'last' || (i % 9973), {i0} + i FROM {series}`)
	add(`INSERT INTO member_attributes (member_id, name, kind, text_key, number) SELECT {i0} + i, 'level', 'text', 'l' || (i % 7), NULL FROM {series}`)
	add(`INSERT INTO member_attributes (member_id, name, kind, text_key, number) SELECT {i0} + i, 'lessons', 'number', NULL, i % 100 FROM {series}`)
	add(`INSERT INTO addresses (id, member_id, channel, value, value_key, value_hash, reach, reach_at, created_at)
		SELECT {i0} + i, {i0} + i, 'email', 'm' || i || '@example.org', 'm' || i || '@example.org', 'e' || i, 'ok', {now}, {now} FROM {series}`)
	add(`INSERT INTO addresses (id, member_id, channel, value, value_key, value_hash, reach, reach_at, created_at)
		SELECT 2 * {i0} + i, {i0} + i, 'telegram', CAST(i AS TEXT), CAST(i AS TEXT), 't' || i, 'ok', {now}, {now} FROM {series} WHERE i % 3 = 0`)
	add(`INSERT INTO suppressions (channel, value_hash, reason, at) SELECT 'email', 'e' || i, 'bounce', {now} FROM {series} WHERE i % 500 = 7`)
	add(`INSERT INTO subscriptions (member_id, channel, topic, given, at) SELECT {i0} + i, 'email', '*', TRUE, {now} FROM {series}`)
	add(`INSERT INTO consents (id, member_id, channel, topic, given, source, wording, at) SELECT {i0} + i, {i0} + i, 'email', '*', TRUE, 'seed', '', {now} FROM {series}`)
	return all
}

// campaign writes a running campaign and each member's passage. Enrollment i of campaign n has the id i0*(n+1)+i; its deliveries follow with room for ten.
func (db *DB) campaign(add func(string, ...string), n int, c Campaign) {
	more := []string{
		"{c}", strconv.FormatInt(c.ID, 10), "{key}", c.Key, "{kind}", c.Kind, "{name}", c.Name, "{yaml}", strings.ReplaceAll(c.YAML, "'", "''"),
		"{of}", strconv.Itoa(c.Of), "{e0}", fmt.Sprintf("CAST(%d AS BIGINT)", int64(firstID)*int64(n+1)),
		// Broadcasts lie days apart.
		"{at}", fmt.Sprintf("({now} - %d * {day} + (i %% 1000000) * 30000)", n+1),
	}
	fill := func(text string) {
		for range 2 { // a value may name another one
			text = strings.NewReplacer(more...).Replace(text)
		}
		add(text)
	}
	fill(`INSERT INTO campaigns (id, key, name, kind, state, draft, draft_format, draft_rev, live_version, created_at, updated_at, state_at, state_by)
		VALUES ({c}, '{key}', '{name}', '{kind}', 'running', '{yaml}', 'yaml', 1, 1, {now}, {now}, {now}, 'seed')`)
	fill(`INSERT INTO campaign_versions (campaign_id, version, source, format, sha256, published_at, published_by) VALUES ({c}, 1, '{yaml}', 'yaml', '', {now}, 'seed')`)
	switch c.Kind {
	case "onboarding":
		db.passages(fill, passage{
			state: `CASE WHEN i % 10 = 0 THEN 'waiting' ELSE 'completed' END`, step: `CASE WHEN i % 10 = 0 THEN 'rest' ELSE 'more' END`,
			wait: `CASE WHEN i % 10 = 0 THEN 'time' ELSE '' END`, due: `CASE WHEN i % 10 = 0 THEN {now} + (i % 700) * 900000000 + {day} END`,
			visits: `CASE WHEN i % 10 = 0 THEN '{"hello":1,"rest":1}' ELSE '{"hello":1,"more":1,"rest":1,"tips":1}' END`,
		})
		for i, step := range []string{"hello", "tips", "more"} {
			db.deliveries(fill, i, step, 1)
		}
	case "survey":
		db.passages(fill, passage{
			state: `CASE WHEN i % 4 = 0 THEN 'exited' ELSE 'completed' END`, step: `'way'`, wait: `''`, due: `NULL`, reason: `CASE WHEN i % 4 = 0 THEN 'unsubscribed' ELSE '' END`,
			visits: `'{"nps":1,"way":1}'`,
		})
		db.deliveries(fill, 0, "nps", 1)
		db.deliveries(fill, 1, "way", 1)
		db.responses(fill, 1, "nps", 1, 0, `'{"type":"nps","number":' || (i % 11) || ',"at":"2026-01-01T00:00:00Z","channel":"email","input":0}'`, "nps", "i % 11", "NULL", 2)
		db.responses(fill, 2, "way", 1, 0, `'{"type":"choice","text":"alone","at":"2026-01-01T00:00:00Z","channel":"email","input":0}'`, "choice", "NULL", "'alone'", 3)
	case "challenge":
		db.passages(fill, passage{state: `'waiting'`, step: `'rounds'`, wait: `'time'`, due: `{now} + (i % 96) * 900000000 + {day}`, visits: `'{"point":2,"rounds":1,"task":2}'`})
		for visit := 1; visit <= 2; visit++ {
			db.deliveries(fill, visit, "task", visit)
			db.responses(fill, 2+visit, "task", visit, visit, `'{"type":"yes_no","bool":true,"at":"2026-01-01T00:00:00Z","channel":"email","input":0}'`, "yes_no", "NULL", "'true'", 2)
			fill(fmt.Sprintf(`INSERT INTO points (id, campaign_id, enrollment_id, member_id, step, visit, round, points, at)
				SELECT {e0} + 10 * i + %d, {c}, {e0} + i, {i0} + i, 'point', %d, %d, 10 + i %% 7, {now} - i FROM {series} WHERE i %% ({of} * 2) = 0`, visit, visit, visit))
		}
	default:
		db.passages(fill, passage{state: `'completed'`, step: `'news'`, wait: `''`, due: `NULL`, visits: `'{"news":1}'`})
		db.deliveries(fill, 0, "news", 1)
	}
}

type passage struct{ state, reason, step, wait, due, visits string }

func (db *DB) passages(fill func(string), p passage) {
	if p.reason == "" {
		p.reason = `''`
	}
	fill(`INSERT INTO enrollments (id, campaign_id, version, member_id, run_key, source, state, reason, step, visit, wait_kind, due_at, data, rev, entered_at, updated_at, ended_at)
		SELECT {e0} + i, {c}, 1, {i0} + i, '', 'seed', ` + p.state + `, ` + p.reason + `, ` + p.step + `, 1, ` + p.wait + `, ` + p.due + `,
			'{"started":true,"visits":' || ` + p.visits + ` || '}', 1, {at}, {at}, {at} FROM {series} WHERE i % {of} = 0`)
	fill(`INSERT INTO events (id, at, name, member_id, campaign_id, enrollment_id, step, reason, data)
		SELECT {e0} + i, {at}, 'event.stored', {i0} + i, {c}, {e0} + i, '', '', '{}' FROM {series} WHERE i % ({of} * 2) = 0`)
}

func (db *DB) deliveries(fill func(string), n int, step string, visit int) {
	fill(fmt.Sprintf(`INSERT INTO deliveries (id, kind, campaign_id, version, enrollment_id, member_id, step, visit, channel, part, name, params, lane, priority, state, reason, code, detail, provider_id, attempts,
			expires_at, created_at, final_at)
		SELECT {e0} * 10 + 10 * i + %d, 'step', {c}, 1, {e0} + i, {i0} + i, '%s', %d, 'email', 0, '', '{}', 'bulk', 5, CASE WHEN i %% 50 = 1 THEN 'failed' WHEN i %% 50 = 2 THEN 'suppressed' ELSE 'sent' END,
			CASE WHEN i %% 50 = 1 THEN 'rejected' WHEN i %% 50 = 2 THEN 'no_consent' ELSE '' END, '250', '', '2.0.0 queued as ' || i, 1, {now}, {at}, {at} FROM {series} WHERE i %% {of} = 0`,
		n, step, visit))
}

func (db *DB) responses(fill func(string), n int, step string, visit, round int, answer, kind, number, choice string, every int) {
	question := map[string]string{"task": "done"}[step]
	if question == "" {
		question = step
	}
	fill(fmt.Sprintf(`INSERT INTO responses (id, enrollment_id, campaign_id, version, member_id, question, step, visit, answer, type, number, choice, late, channel, input_id, rev, answered_at, round)
		SELECT {e0} * 10 + 10 * i + %d, {e0} + i, {c}, 1, {i0} + i, '%s', '%s', %d, %s, '%s', %s, %s, FALSE, 'email', 0, 1, {at}, %d FROM {series} WHERE i %% {of} = 0 AND i %% %d = 0`,
		n, question, step, visit, answer, kind, number, choice, round, every))
}
