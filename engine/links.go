package engine

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/internal/fault"
)

// keys are derived from the installation's secret, one for each use, so that a value made for one can never serve another.
type keys struct {
	links, buttons, addresses, webhook, codes, calls *macKey
	seals                                            cipher.AEAD
}

// macKey makes MACs. Setting a key up costs as much as three short MACs, so what was set up is used again.
type macKey struct{ ready sync.Pool }

// macRoom is what one MAC is made with.
type macRoom struct {
	hash.Hash
	in  []byte
	out [sha256.Size]byte
}

func newMACKey(k []byte) *macKey {
	return &macKey{ready: sync.Pool{New: func() any { return &macRoom{Hash: hmac.New(sha256.New, k)} }}}
}

func deriveKeys(secret []byte) keys {
	derive := func(use string) []byte {
		k, err := hkdf.Key(sha256.New, secret, nil, "kruzhok "+use, 32)
		if err != nil { // only for lengths that RFC 5869 forbids
			panic(err)
		}
		return k
	}
	mac := func(use string) *macKey { return newMACKey(derive(use)) }
	return keys{mac("links"), mac("buttons"), mac("addresses"), mac("webhook"), mac("codes"), mac("calls"), newSeals(derive("seals"))}
}

// mac is the first n bytes of the key's MAC over the parts, each with its length before it.
func mac(key *macKey, n int, parts ...string) []byte { return appendMAC(nil, key, n, parts...) }

func appendMAC(dst []byte, key *macKey, n int, parts ...string) []byte {
	r := key.ready.Get().(*macRoom)
	defer key.ready.Put(r)
	r.in = r.in[:0]
	for _, p := range parts {
		r.in = append(binary.AppendUvarint(r.in, uint64(len(p))), p...)
	}
	r.Reset()
	r.Write(r.in)
	return append(dst, r.Sum(r.out[:0])[:n]...)
}

// AddressHash is the keyed hash under which an address stays on the suppression list after its erasure.
func (e *Engine) AddressHash(ch campaigns.Channel, key string) string {
	return hex.EncodeToString(mac(e.keys.addresses, 16, string(ch), key))
}

// WebhookSecret is the secret_token for setWebhook, derived when none is configured.
func (e *Engine) WebhookSecret() string {
	return hex.EncodeToString(mac(e.keys.webhook, 16, "telegram"))
}

// linkKind says what a signed link is for.
type linkKind byte

const (
	linkSurvey      linkKind = 's' // id is an enrollment
	linkUnsubscribe linkKind = 'u' // id is a delivery; never expires
	linkConnect     linkKind = 'c' // id is a delivery: of the mail whose member wants a chat
	linkSettings    linkKind = 'p' // id is a delivery: of the mail whose member chooses
	linkMailbox     linkKind = 'm' // id is a code; its row says until when
)

// never is the end of a link that has none.
var never time.Time

// surveyLinkLife is how long a survey's link can be answered.
const surveyLinkLife = 60 * 24 * time.Hour

const linkMAC = 16

// link makes the token of a signed link: kind, id and last day, and a MAC over them. It names no person.
func (e *Engine) link(kind linkKind, id int64, expires time.Time) string {
	return string(e.appendLink(nil, kind, id, expires))
}

func (e *Engine) appendLink(dst []byte, kind linkKind, id int64, expires time.Time) []byte {
	var room [1 + 2*binary.MaxVarintLen64 + linkMAC]byte
	body := binary.AppendUvarint(append(room[:0], byte(kind)), uint64(id))
	day := uint64(0)
	if !expires.IsZero() {
		day = uint64(expires.Unix()/86400 + 1)
	}
	body = binary.AppendUvarint(body, day)
	return base64.RawURLEncoding.AppendEncode(dst, appendMAC(body, e.keys.links, linkMAC, string(body)))
}

// openLink checks a token: a forged, foreign or damaged one is not found, an old one has expired.
func (e *Engine) openLink(kind linkKind, token string) (int64, error) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) < linkMAC+3 || len(raw) > 64 {
		return 0, fault.New(fault.NotFound, "not_found.link", nil)
	}
	body, sum := raw[:len(raw)-linkMAC], raw[len(raw)-linkMAC:]
	if !hmac.Equal(sum, mac(e.keys.links, linkMAC, string(body))) || body[0] != byte(kind) {
		return 0, fault.New(fault.NotFound, "not_found.link", nil)
	}
	id, n := binary.Uvarint(body[1:])
	day, m := binary.Uvarint(body[1+max(n, 0):])
	if n <= 0 || m <= 0 {
		return 0, fault.New(fault.NotFound, "not_found.link", nil)
	}
	if day != 0 && e.now().Unix()/86400 >= int64(day) {
		return 0, fault.New(fault.Conflict, "conflict.link_expired", nil)
	}
	return int64(id), nil
}

// button is what a pressed key stands for.
type button struct {
	verb buttonVerb
	id   int64 // a delivery for answers; 0 otherwise
	arg  string
}

// buttonVerb says what pressing does.
type buttonVerb string

const (
	pressOption   buttonVerb = "o" // answer with option number arg
	pressToggle   buttonVerb = "t" // tick or untick option number arg
	pressDone     buttonVerb = "d" // answer with what is ticked
	pressLanguage buttonVerb = "l" // speak arg
	pressSettings buttonVerb = "s" // what arg names in /settings
	pressErase    buttonVerb = "e" // erase my data: arg is "yes" or "no"
)

var errForeignButton = errors.New("read button: not made for this chat")

const buttonMAC = 9 // bytes; 12 characters

// buttonData makes callback_data: opaque, at most 64 bytes, bound to the chat by a MAC.
func (e *Engine) buttonData(chat string, b button) string {
	body := string(b.verb) + strconv.FormatInt(b.id, 36) + "." + b.arg
	return body + "." + base64.RawURLEncoding.EncodeToString(mac(e.keys.buttons, buttonMAC, chat, body))
}

// readButton opens callback_data that came from the chat.
func (e *Engine) readButton(chat, data string) (button, error) {
	i := strings.LastIndexByte(data, '.')
	if i < 1 || len(data) > 64 {
		return button{}, errForeignButton
	}
	body := data[:i]
	sum, err := base64.RawURLEncoding.DecodeString(data[i+1:])
	if err != nil || !hmac.Equal(sum, mac(e.keys.buttons, buttonMAC, chat, body)) {
		return button{}, errForeignButton
	}
	id, arg, ok := strings.Cut(body[1:], ".")
	n, err := strconv.ParseInt(id, 36, 64)
	if !ok || err != nil {
		return button{}, errForeignButton
	}
	return button{verb: buttonVerb(body[:1]), id: n, arg: arg}, nil
}
