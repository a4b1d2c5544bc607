package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// EraseMember removes every personal value of the member: names, external id, language, zone, attributes, tags, addresses; consents' wording stays;
// answers become '{}' (number, choice NULL; their history too), raw inputs and messages become empty, selections and open questions go.
// An input's actor, which holds the chat id, becomes "member:ID"; inputs that came before the chat was linked to the member are found by it.
// Rows that say what was sent stay without values. State becomes erased. Enrollments and deliveries keep their states (the engine exits and
// cancels them first), but the data of those that are over, which holds answers, becomes '{}'.
// Fault not_found.member.
func (tx *Tx) EraseMember(ctx context.Context, id campaigns.MemberID, now time.Time) error {
	if err := tx.countErased(ctx, id); err != nil {
		return err
	}
	return tx.recountMembers(ctx, []campaigns.MemberID{id}, func() error { return tx.eraseRows(ctx, id, now) })
}

func (tx *Tx) eraseRows(ctx context.Context, id campaigns.MemberID, now time.Time) error {
	n, err := tx.run.exec(ctx, `UPDATE members SET external_id = NULL, first_name = '', last_name = '', language = '', time_zone = '', quiet_from = NULL, quiet_to = NULL, attributes = '{}',
		state = 'erased', updated_at = $2 WHERE id = $1`, id, micros(now))
	if err != nil {
		return wrap("erase member", err)
	}
	if n == 0 {
		return notFound("member", nil)
	}
	for _, sql := range erasures {
		if _, err := tx.run.exec(ctx, sql, id); err != nil {
			return wrap("erase member", err)
		}
	}
	return nil
}

// The addresses go last: chats are found by them.
var erasures = []string{
	`UPDATE response_history SET answer = '{}' WHERE response_id IN (SELECT id FROM responses WHERE member_id = $1)`,
	`UPDATE responses SET answer = '{}', number = NULL, choice = NULL, answer_key = NULL WHERE member_id = $1`,
	`DELETE FROM actor_claims WHERE actor IN (` + chats + `)`,
	`UPDATE inputs SET raw = '', error = '', member_id = $1, actor = 'member:' || CAST(CAST($1 AS BIGINT) AS TEXT)
		WHERE actor IN (` + chats + `) AND (member_id IS NULL OR member_id = $1)`,
	`UPDATE inputs SET raw = '', error = '', actor = 'member:' || CAST(CAST($1 AS BIGINT) AS TEXT) WHERE member_id = $1`,
	`UPDATE messages SET text = '', state = 'closed' WHERE member_id = $1`, // nobody can answer them any more
	`UPDATE media SET file_id = '', name = '', sha256 = '', state = 'erased', reason = '', due_at = NULL WHERE member_id = $1`,
	`UPDATE notices SET state = 'failed', reason = 'member_erased', due_at = NULL, claim = '' WHERE member_id = $1 AND state = 'pending'`,
	`UPDATE calls SET state = 'failed', reason = 'member_erased', due_at = NULL, claim = '', body = '' WHERE member_id = $1 AND state = 'pending'`,
	`DELETE FROM link_codes WHERE member_id = $1`,
	`DELETE FROM chat_prompts WHERE member_id = $1`,
	`UPDATE member_merges SET external_id = NULL WHERE into_id = $1`,
	`DELETE FROM selections WHERE enrollment_id IN (SELECT id FROM enrollments WHERE member_id = $1)`,
	`DELETE FROM open_questions WHERE member_id = $1`,
	`UPDATE enrollments SET data = '{}' WHERE member_id = $1 AND state IN ('completed', 'exited')`,
	`DELETE FROM member_tags WHERE member_id = $1`,
	`DELETE FROM member_attributes WHERE member_id = $1`,
	`DELETE FROM member_words WHERE member_id = $1`,
	unlist,
	`DELETE FROM addresses WHERE member_id = $1`,
}

// chats are the actors that are the member's own addresses.
const chats = `SELECT channel || ':' || value FROM addresses WHERE member_id = $1 UNION SELECT channel || ':' || value_key FROM addresses WHERE member_id = $1`
