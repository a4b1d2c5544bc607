package engine

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

const (
	// linkCodeLife is how long a code can be used.
	linkCodeLife = 15 * time.Minute
	// maxLinkCodes is how many codes a member may be given within linkSpan.
	maxLinkCodes = 50
	linkSpan     = 24 * time.Hour
	// codeLetters are 32 letters and digits of which none is taken for another; a code has 12 of them, 60 bits.
	codeLetters = "0123456789abcdefghjkmnpqrstvwxyz"
	codeLength  = 12
	// codePrefix makes a start payload a code (another one is a source).
	codePrefix = "l_"
)

// LinkCode is a code that joins a Telegram chat to the member: once, and not for long.
type LinkCode struct {
	// Code is typed behind /link, URL opens the bot with it; URL is empty while the bot's name is not known.
	Code, URL string
	ExpiresAt time.Time
}

// MakeLinkCode makes a code for the member with the external id. Fault conflict.telegram_off.
func (e *Engine) MakeLinkCode(ctx context.Context, p Principal, externalID string) (*LinkCode, error) {
	if err := p.Require(MembersWrite); err != nil {
		return nil, err
	}
	m, err := e.Store.MemberByExternalID(ctx, externalID)
	if err != nil {
		return nil, err
	}
	return e.linkCode(ctx, m.ID)
}

// linkCode writes a code for the member, of which only the hash is kept.
func (e *Engine) linkCode(ctx context.Context, id campaigns.MemberID) (*LinkCode, error) {
	if e.off(campaigns.Telegram) || e.Chat == nil {
		return nil, fault.New(fault.Conflict, "conflict.telegram_off", nil)
	}
	row, err := e.Store.NextID(ctx)
	if err != nil {
		return nil, err
	}
	code, now := newCode(), e.now()
	out := &LinkCode{Code: code, ExpiresAt: now.Add(linkCodeLife)}
	err = e.Store.Write(ctx, func(tx *store.Tx) error {
		p, err := tx.LockMember(ctx, id)
		if err != nil {
			return err
		}
		if p.State == members.Erased {
			return fault.New(fault.NotFound, "not_found.member", nil)
		}
		n, err := tx.CountLinkCodes(ctx, p.ID, store.ChatCode, now.Add(-linkSpan))
		if err != nil {
			return err
		}
		if n >= maxLinkCodes {
			return fault.New(fault.RateLimited, "rate_limited.link_codes", nil)
		}
		return tx.InsertLinkCode(ctx, &store.LinkCode{
			ID: row, Hash: e.codeHash(code), Member: p.ID, Kind: store.ChatCode, CreatedAt: now, ExpiresAt: out.ExpiresAt,
		})
	})
	if err != nil {
		return nil, err
	}
	if name := e.botName(ctx); name != "" {
		out.URL = cmp.Or(e.BotLinks, "https://t.me/") + name + "?start=" + codePrefix + code
	}
	return out, nil
}

// DropLinkCodes removes codes that ended a day ago and more, with the mailboxes that they were for.
func (e *Engine) DropLinkCodes(ctx context.Context) error {
	return e.Store.Write(ctx, func(tx *store.Tx) error { return tx.DropLinkCodes(ctx, e.now()) })
}

func newCode() string {
	b := make([]byte, codeLength)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	for i := range b {
		b[i] = codeLetters[b[i]&31]
	}
	return string(b)
}

// readCode is a code as it was typed, or empty when it is none.
func readCode(s string) string {
	s = strings.NewReplacer("-", "", " ", "", "o", "0", "i", "1", "l", "1").Replace(strings.ToLower(s))
	if len(s) != codeLength || strings.Trim(s, codeLetters) != "" {
		return ""
	}
	return s
}

// codeHash is how a code is kept.
func (e *Engine) codeHash(code string) string { return hex.EncodeToString(mac(e.keys.codes, 32, code)) }

// botName is the bot's name in links, asked for once and kept; empty while it is not known.
func (e *Engine) botName(ctx context.Context) string {
	if name := e.bot.Load(); name != nil {
		return *name
	}
	ctx, cancel := context.WithTimeout(ctx, botNameLimit)
	defer cancel()
	name, err := e.Chat.Name(ctx)
	if err != nil || name == "" {
		e.Log.Warn("the bot's name is not known yet", "error", err)
		return ""
	}
	e.bot.Store(&name)
	return name
}

const botNameLimit = 5 * time.Second

// joined is what became of the code that came from a chat.
type joined string

const (
	joinedNone    joined = ""               // no code came
	joinedNow     joined = "linked"         // the chat is the member's now
	joinedBefore  joined = "linked_already" // it was before
	joinedUsed    joined = "link_used"
	joinedExpired joined = "link_expired"
	joinedUnknown joined = "link_unknown"
)

// ok reports whether the chat is the member's whom the code names.
func (j joined) ok() bool { return j == joinedNow || j == joinedBefore }

// code is the code in the input, or empty.
func (t *conversation) code() string {
	if t.inc.Kind != channels.IncomingCommand {
		return ""
	}
	payload, start := strings.CutPrefix(t.inc.Payload, codePrefix)
	switch {
	case t.inc.Command == "start" && start, t.inc.Command == "link" && !start:
		return readCode(payload)
	case t.inc.Command == "link":
		return readCode(payload)
	}
	return ""
}

// join makes the chat the member's whom a code names, if one came. A code that does not work is told, and stops nothing.
func (t *conversation) join(ctx context.Context) error {
	code := t.code()
	if code == "" {
		if t.inc.Command == "start" && strings.HasPrefix(t.inc.Payload, codePrefix) {
			t.joined = joinedUnknown
		}
		return nil
	}
	c, err := t.tx.LinkCode(ctx, t.e.codeHash(code))
	switch {
	case fault.Is(err, fault.NotFound):
		t.joined = joinedUnknown
		return nil
	case err != nil:
		return err
	case c.Kind != store.ChatCode:
		t.joined = joinedUnknown
		return nil
	}
	return t.use(ctx, c)
}

// use uses the code: whoever comes second finds it used.
func (t *conversation) use(ctx context.Context, c *store.LinkCode) error {
	p, owner, err := t.e.holder(ctx, t.tx, c.Member, campaigns.Telegram, t.inc.Chat)
	if fault.Is(err, fault.NotFound) || err == nil && p.State == members.Erased {
		t.joined = joinedUnknown
		return nil
	}
	if err != nil {
		return err
	}
	ok, err := t.tx.UseLinkCode(ctx, c.ID, t.now)
	if err != nil {
		return err
	}
	if owner != nil && owner.ID == p.ID { // whatever became of the code: pressing a link twice is pressing it once
		t.joined = joinedBefore
		return nil
	}
	if !ok {
		return t.ended(ctx, c)
	}
	t.joined = joinedNow
	a := members.Address{Channel: campaigns.Telegram, Value: t.inc.Chat, Reach: channels.ReachOK}
	_, err = t.e.claimed(ctx, t.tx, p, owner, a, t.inc.Chat, "telegram_code")
	return err
}

// ended tells a code that was used from one whose time is over.
func (t *conversation) ended(ctx context.Context, c *store.LinkCode) error {
	fresh, err := t.tx.LinkCode(ctx, c.Hash)
	if err != nil {
		return err
	}
	t.joined = joinedExpired
	if fresh.UsedAt != nil {
		t.joined = joinedUsed
	}
	return nil
}

// linkWording names the version of the words under which joining grants consent. Raise it when they change: bot.linked, page.mailbox.
const linkWording = "link/1"

// welcomed is what follows when a chat was joined: consent for what the member never decided about there, and a word on it. What they had refused,
// or turned off, stays so.
func (t *conversation) welcomed(ctx context.Context) error {
	if err := t.e.agree(ctx, t.tx, t.p, t.c, campaigns.Telegram, "link", linkWording); err != nil {
		return err
	}
	if err := t.reply(ctx, string(t.joined), nil); err != nil {
		return err
	}
	if t.inc.Command != "start" {
		return nil
	}
	if err := t.record(ctx, "bot.started", "", map[string]any{"source": "link"}); err != nil {
		return err
	}
	more, err := t.e.happened(ctx, t.tx, t.p, happening{event: "bot.started", at: t.in.ReceivedAt, own: true})
	t.out.add(more)
	return err
}

// agree grants the community's topics (every topic where none is named) on a channel that the member just joined, where they never said yes or no,
// and lifts the suppression that an erasure left.
func (e *Engine) agree(ctx context.Context, tx *store.Tx, p *store.Profile, c *store.Community, ch campaigns.Channel, source, wording string) error {
	now := e.now()
	for _, topic := range topics(c) {
		key := members.ConsentKey{Channel: ch, Topic: topic}
		if _, decided := p.Consents[key]; decided || refusedAll(p.Consents, ch) {
			continue
		}
		if err := tx.AppendConsent(ctx, p.ID, members.Consent{Channel: ch, Topic: topic, Given: true, Source: source, Wording: wording, At: now}); err != nil {
			return err
		}
		p.Consents[key] = true
	}
	a := p.Addresses.On(ch)
	if a.Suppressed == "" {
		return nil
	}
	hash, err := tx.AddressHashes(ctx, p.ID)
	if err != nil {
		return err
	}
	a.Suppressed = ""
	p.Addresses.Set(a)
	return tx.LiftSuppression(ctx, ch, hash[ch])
}

// refusedAll reports whether the member withdrew every topic on the channel.
func refusedAll(c members.Consents, ch campaigns.Channel) bool {
	given, decided := c[members.ConsentKey{Channel: ch, Topic: members.AllTopics}]
	return decided && !given
}
