package engine

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/meant"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/members"
)

// Bounds of what may be known about a member.
const (
	maxExternalID = 200
	maxName       = 200
	maxAttributes = 200
	maxValue      = 2000
	maxTags       = 100
	maxTag        = 64
)

var attributeName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,63}$`)

// memberWrite is a MemberInput that was found good.
type memberWrite struct {
	in              MemberInput
	email, emailKey string
	chat            string
	quiet           *timing.Window
	proof           members.Proof // of the mailbox; empty: the caller vouches for it
	consents        []members.Consent
	keepRefusals    bool // consents add to what the member decided, and never take a refusal back
	newID           campaigns.MemberID
	mayExist        bool
	mustExist       bool
	adopted         bool // the member came by the bot alone and gets the external id now
	principal       Principal
	topics          *topicsRead // nil: read when they are needed; lines that are written together share them
}

// readMemberInput checks everything and names each wrong field at once. Problems never repeat the value: it is personal.
func (e *Engine) readMemberInput(in MemberInput) (*memberWrite, error) {
	w := &memberWrite{in: in}
	c := &memberCheck{}
	c.text("external_id", &in.ExternalID, maxExternalID)
	if strings.TrimSpace(in.ExternalID) == "" {
		c.wrong("external_id", "missing_value", nil, "")
	}
	c.text("first_name", in.FirstName, maxName)
	c.text("last_name", in.LastName, maxName)
	if z := in.TimeZone; z != nil && *z != "" {
		if _, err := timing.Zone(*z); err != nil {
			c.details = append(c.details, fault.Detail{Path: "time_zone", Code: "bad_zone", Expected: "Europe/Berlin", DidYouMean: meant.Zone(*z)})
		}
	}
	if l := in.Language; l != nil && *l != "" {
		if _, err := language.Parse(*l); err != nil || len(*l) > 35 {
			c.details = append(c.details, fault.Detail{Path: "language", Code: "bad_language", Expected: "en", DidYouMean: meant.Language(*l)})
		}
	}
	w.quiet = c.quiet(in.QuietHours)
	c.attributes(in.Attributes)
	c.tags(in.Tags)
	e.readAddresses(c, w)
	for i, con := range in.Consents {
		w.consents = append(w.consents, c.consent(fmt.Sprintf("consents[%d]", i), con))
	}
	if len(c.details) > 0 {
		return nil, fault.New(fault.Invalid, "invalid.member", nil).With(c.details...)
	}
	return w, nil
}

func (e *Engine) readAddresses(c *memberCheck, w *memberWrite) {
	if s := w.in.Email; s != nil && *s != "" {
		var err error
		if w.email, w.emailKey, err = e.Mailbox(*s); err != nil {
			c.wrong("email", "bad_email", nil, "anna@example.org")
		}
	}
	if s := w.in.TelegramChatID; s != nil && *s != "" {
		id, err := strconv.ParseInt(*s, 10, 64)
		if err != nil || id <= 0 || id > 1<<52 { // private chats only; ids have at most 52 significant bits (Bot API User)
			c.wrong("telegram_chat_id", "bad_chat_id", nil, "123456789")
			return
		}
		w.chat = chatKey(id)
	}
}

// memberCheck collects what is wrong.
type memberCheck struct{ details []fault.Detail }

func (c *memberCheck) wrong(path, code string, args map[string]any, expected string) {
	c.details = append(c.details, fault.Detail{Path: path, Code: code, Args: args, Expected: expected})
}

func (c *memberCheck) text(path string, s *string, most int) {
	switch {
	case s == nil:
	case !utf8.ValidString(*s):
		c.wrong(path, "bad_text", nil, "")
	case utf8.RuneCountInString(*s) > most:
		c.wrong(path, "too_long_value", map[string]any{"max": most}, "")
	case strings.ContainsFunc(*s, unicode.IsControl):
		c.wrong(path, "bad_text", nil, "")
	}
}

// maxExact is the first number behind which not every whole one can be held: what was written there may be another one already.
const maxExact = 1 << 53

func (c *memberCheck) attributes(as map[string]any) {
	if len(as) > maxAttributes {
		c.wrong("attributes", "too_many", map[string]any{"max": maxAttributes}, "")
	}
	for name, v := range as {
		path := "attributes." + name
		if !attributeName.MatchString(name) {
			c.wrong("attributes", "bad_attribute_name", nil, "level")
			continue
		}
		if badFormality(name, v) {
			c.wrong(path, "bad_formality", nil, formalities)
			continue
		}
		switch v := v.(type) {
		case nil, bool:
		case string:
			if len(v) > maxValue || !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
				c.wrong(path, "too_long_value", map[string]any{"max": maxValue}, "")
			}
		case float64:
			if math.IsNaN(v) || math.IsInf(v, 0) {
				c.wrong(path, "bad_attribute_value", nil, "")
			} else if math.Abs(v) >= maxExact {
				c.wrong(path, "number_too_long", nil, `"9007199254740993"`)
			}
		default:
			c.wrong(path, "bad_attribute_value", nil, "")
		}
	}
}

// quiet reads quiet hours. A span without a length would never be, and is refused rather than guessed at.
func (c *memberCheck) quiet(q *QuietInput) *timing.Window {
	if q == nil || *q == (QuietInput{}) {
		return nil
	}
	from, wrongFrom := timing.ParseLocalTime(q.From)
	to, wrongTo := timing.ParseLocalTime(q.To)
	if wrongFrom != nil {
		c.wrong("quiet_hours.from", "bad_local_time", nil, "22:00")
	}
	if wrongTo != nil || wrongFrom == nil && from == to {
		c.wrong("quiet_hours.to", "bad_local_time", nil, "08:00")
	}
	return &timing.Window{From: from, To: to}
}

func (c *memberCheck) tags(ts *[]string) {
	if ts == nil {
		return
	}
	if len(*ts) > maxTags {
		c.wrong("tags", "too_many", map[string]any{"max": maxTags}, "")
	}
	for i, t := range *ts {
		path := fmt.Sprintf("tags[%d]", i)
		if strings.TrimSpace(t) == "" {
			c.wrong(path, "missing_value", nil, "")
		}
		c.text(path, &t, maxTag)
	}
}

func (c *memberCheck) consent(path string, in ConsentInput) members.Consent {
	out := members.Consent{Channel: in.Channel, Topic: in.Topic, Source: in.Source, Wording: in.Wording, Given: in.Given == nil || *in.Given}
	if in.Channel != campaigns.Telegram && in.Channel != campaigns.Email {
		c.wrong(path+".channel", "bad_channel", nil, "telegram, email")
	}
	if out.Topic == "" {
		out.Topic = members.AllTopics
	}
	if strings.TrimSpace(in.Source) == "" {
		c.wrong(path+".source", "missing_value", nil, "signup form")
	}
	c.text(path+".source", &in.Source, maxName)
	c.text(path+".topic", &in.Topic, maxTag)
	c.text(path+".wording", &in.Wording, maxValue)
	return out
}
