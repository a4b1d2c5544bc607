package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// LinkCode is a single-use right to join an address to a member.
type LinkCode struct {
	ID          int64
	Hash        string // keyed hash of the code
	Member      campaigns.MemberID
	Kind        CodeKind
	Address     string               // email: the mailbox, until the code is used
	AddressHash string               // email
	Delivery    campaigns.DeliveryID // confirm: the mail that asks; else 0
	CreatedAt   time.Time
	ExpiresAt   time.Time
	UsedAt      *time.Time
}

// CodeKind says what a code is for. The SQL CHECK of link_codes.kind repeats the list.
type CodeKind string

const (
	ChatCode    CodeKind = "telegram" // joins a chat to the member
	MailboxCode CodeKind = "email"    // joins a mailbox to the member whose chat asked
	// ConfirmCode proves a mailbox that somebody else named; whoever has the mailbox then is its member. Its row is kept without the address: a mailbox
	// is asked once.
	ConfirmCode CodeKind = "confirm"
)

const linkCodeColumns = `id, hash, member_id, kind, address, address_hash, delivery_id, created_at, expires_at, used_at`

func scanLinkCode(r rows) (*LinkCode, error) {
	c := &LinkCode{}
	err := r.Scan(&c.ID, &c.Hash, &c.Member, &c.Kind, &c.Address, &c.AddressHash, orZero(&c.Delivery), timeInto{&c.CreatedAt}, timeInto{&c.ExpiresAt}, timesInto{&c.UsedAt})
	return c, err
}

// keptCodes is how long a code that has ended is told apart from one that never was.
const keptCodes = 24 * time.Hour

// DropLinkCodes removes the codes that ended long ago, with the mailboxes in them; of those that asked, the keyed hash stays.
func (tx *Tx) DropLinkCodes(ctx context.Context, now time.Time) error {
	old := micros(now.Add(-keptCodes))
	if _, err := tx.run.exec(ctx, `DELETE FROM link_codes WHERE expires_at < $1 AND kind <> 'confirm'`, old); err != nil {
		return wrap("remove old codes", err)
	}
	_, err := tx.run.exec(ctx, `UPDATE link_codes SET address = '' WHERE expires_at < $1 AND address <> ''`, old)
	return wrap("empty old codes", err)
}

// WasAsked reports whether the mail that asks went to the mailbox, or is on its way there, whosever it was then. One that never left is none.
func (q queries) WasAsked(ctx context.Context, addressHash string) (bool, error) {
	_, asked, err := one(ctx, q.run, value[int64], `SELECT c.id FROM link_codes c LEFT JOIN deliveries d ON d.id = c.delivery_id
		WHERE c.address_hash = $1 AND c.address_hash <> '' AND c.kind = 'confirm' AND COALESCE(d.state, 'sent') NOT IN ('expired', 'suppressed', 'canceled')
		AND NOT (COALESCE(d.state, 'sent') = 'failed' AND COALESCE(d.reason, '') = 'attempts_used_up') LIMIT 1`, addressHash)
	return asked, wrap("read codes", err)
}

// EmptyLinkCodes takes the mailbox out of every code for it, whoever asked.
func (tx *Tx) EmptyLinkCodes(ctx context.Context, addressHash string) error {
	_, err := tx.run.exec(ctx, `UPDATE link_codes SET address = '' WHERE address_hash = $1 AND address_hash <> ''`, addressHash)
	return wrap("empty codes", err)
}

// InsertLinkCode writes a code.
func (tx *Tx) InsertLinkCode(ctx context.Context, c *LinkCode) error {
	_, err := tx.run.exec(ctx, `INSERT INTO link_codes (`+linkCodeColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		c.ID, c.Hash, c.Member, c.Kind, c.Address, c.AddressHash, zeroNull(c.Delivery), micros(c.CreatedAt), micros(c.ExpiresAt), nullMicros(c.UsedAt))
	return wrap("insert code", err)
}

// LinkCode finds a code by its hash. Fault not_found.link.
func (q queries) LinkCode(ctx context.Context, hash string) (*LinkCode, error) {
	c, ok, err := one(ctx, q.run, scanLinkCode, `SELECT `+linkCodeColumns+` FROM link_codes WHERE hash = $1`, hash)
	return found("link", nil, c, ok, err)
}

// LinkCodesByID reads many; unknown ones are absent.
func (q queries) LinkCodesByID(ctx context.Context, ids []int64) (map[int64]*LinkCode, error) {
	out := make(map[int64]*LinkCode, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	cs, err := many(ctx, q.run, scanLinkCode, `SELECT `+linkCodeColumns+` FROM link_codes WHERE id`+q.dialect.among(1), list(q.dialect, ids))
	for _, c := range cs {
		out[c.ID] = c
	}
	return out, wrap("read codes", err)
}

// UseLinkCode uses the code; false when it was used already, or its time is over.
func (tx *Tx) UseLinkCode(ctx context.Context, id int64, now time.Time) (bool, error) {
	n, err := tx.run.exec(ctx, `UPDATE link_codes SET used_at = $2, address = '' WHERE id = $1 AND used_at IS NULL AND expires_at > $2`, id, micros(now))
	return n == 1, wrap("use code", err)
}

// CountLinkMails counts the codes that were mailed since: asked for by the member, or to the mailbox.
func (q queries) CountLinkMails(ctx context.Context, member campaigns.MemberID, addressHash string, since time.Time) (int, error) {
	n, _, err := one(ctx, q.run, value[int], `SELECT count(*) FROM (SELECT id FROM link_codes WHERE member_id = $1 AND kind = 'email' AND created_at > $3
		UNION SELECT id FROM link_codes WHERE address_hash = $2 AND address_hash <> '' AND created_at > $3) AS c`, member, addressHash, micros(since))
	return n, wrap("count codes", err)
}

// CountLinkCodes counts the codes of the kind that were made for the member since.
func (q queries) CountLinkCodes(ctx context.Context, member campaigns.MemberID, kind CodeKind, since time.Time) (int, error) {
	n, _, err := one(ctx, q.run, value[int], `SELECT count(*) FROM link_codes WHERE member_id = $1 AND kind = $2 AND created_at > $3`, member, kind, micros(since))
	return n, wrap("count codes", err)
}
