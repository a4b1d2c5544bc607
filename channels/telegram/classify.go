package telegram

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/channels"
)

// rule is one line of the error table. Code is the one the server documents by habit; 400 and 403 stand for each other, because the
// server turns a 403 with a raw UPPER_CASE message into a 400. Text is a lower-case substring, empty for any. Detail is what is stored.
type rule struct {
	code   int
	text   string
	class  channels.Class
	reach  channels.Reach
	whole  bool
	detail string
}

const (
	blocked    = channels.ReachBlocked
	notStarted = channels.ReachNotStarted
	gone       = channels.ReachGone
)

// rules are tried from the top. Descriptions are no contract: what matches nothing ends in fallback.
var rules = []rule{
	// The member.
	{403, "bot was blocked by the user", channels.AddressDead, blocked, false, "the member blocked the bot"},
	{403, "user_is_blocked", channels.AddressDead, blocked, false, "the member blocked the bot"},
	{403, "user is deactivated", channels.AddressDead, gone, false, "the account is deleted"},
	{403, "user_deactivated", channels.AddressDead, gone, false, "the account is deleted"},
	{403, "bot can't initiate conversation", channels.AddressDead, notStarted, false, "the member never pressed Start"},
	{403, "can't send messages to", channels.AddressDead, gone, false, "the recipient is a bot"},
	{400, "chat not found", channels.AddressDead, notStarted, false, "this bot does not know the chat"},
	{400, "peer_id_invalid", channels.AddressDead, notStarted, false, "this bot does not know the chat"},
	{400, "allow_payment_required", channels.AddressDead, blocked, false, "the recipient charges Stars for messages"},

	// Groups and channels.
	{403, "bot was kicked from", channels.AddressDead, blocked, false, "the bot was removed from the chat"},
	{403, "bot is not a member of", channels.AddressDead, blocked, false, "the bot is not in the chat"},
	{403, "group chat was deleted", channels.AddressDead, gone, false, "the group is deleted"},
	{400, "group is deactivated", channels.AddressDead, gone, false, "the group is deactivated"},
	{400, "group chat was deactivated", channels.AddressDead, gone, false, "the group is deactivated"},
	{400, "group chat was upgraded to a supergroup", channels.Temporary, "", false, "the group has a new id"},
	{400, "not enough rights", channels.Broken, "", false, "the bot lacks a right in the chat"},
	{400, "need administrator rights", channels.Broken, "", false, "the bot must be an administrator of the chat"},
	{400, "have no write access", channels.Broken, "", false, "the bot may not write in the chat"},
	{400, "chat_write_forbidden", channels.Broken, "", false, "the bot may not write in the chat"},
	{400, "chat_admin_required", channels.Broken, "", false, "the bot must be an administrator of the chat"},
	{400, "message thread not found", channels.Broken, "", false, "the forum topic is gone"},
	{400, "topic_closed", channels.Broken, "", false, "the forum topic is closed"},
	{400, "topic_deleted", channels.Broken, "", false, "the forum topic is gone"},
	{400, "user not found", channels.Refused, "", false, "the user is not in the chat"},
	{400, "member not found", channels.Refused, "", false, "the user is not in the chat"},
	{400, "participant_id_invalid", channels.Refused, "", false, "the user is not in the chat"},
	{400, "user is an administrator of the chat", channels.Refused, "", false, "the user is an administrator of the chat"},

	// Edits, deletions, callback answers: what came too late has no consequence.
	{400, "message is not modified", channels.OK, "", false, "already so"},
	{400, "message to edit not found", channels.Refused, "", false, "the message to edit is gone"},
	{400, "message can't be edited", channels.Refused, "", false, "the message cannot be edited"},
	{400, "message to delete not found", channels.OK, "", false, "already deleted"},
	{400, "message can't be deleted", channels.OK, "", false, "too old to delete"},
	{400, "message to be replied not found", channels.Refused, "", false, "the message to reply to is gone"},
	{400, "query is too old", channels.OK, "", false, "the button press is too old to be answered"},
	{400, "query id is invalid", channels.OK, "", false, "the button press is too old to be answered"},

	// Our template, our media.
	{400, textCantParse, channels.Broken, "", false, "the markup is broken"},
	{400, "message is too long", channels.Broken, "", false, "the text is too long"},
	{400, "caption is too long", channels.Broken, "", false, "the caption is too long"},
	{400, "message text is empty", channels.Broken, "", false, "the text is empty"},
	{400, "reply markup is too long", channels.Broken, "", false, "the keyboard is too large"},
	{400, "button_data_invalid", channels.Broken, "", false, "a button's data is invalid"},
	{400, "button_url_invalid", channels.Broken, "", false, "a button's link is invalid"},
	{400, textWrongFile, channels.Broken, "", false, "the media file is unknown to Telegram"},
	{400, "wrong http url specified", channels.Broken, "", false, "the media link is invalid"},
	{400, "failed to get http url content", channels.Temporary, "", false, "Telegram could not fetch the media link"},
	{413, "", channels.Broken, "", false, "the media file is too large"},

	// The bot and the server.
	{401, "", channels.Broken, "", true, "the bot token is not valid"},
	{404, "", channels.Broken, "", true, "the Bot API address or the token is wrong"},
	{409, "can't use getupdates method while webhook is active", channels.Temporary, "", true, "a webhook is set"},
	{409, "terminated by other getupdates request", channels.Temporary, "", true, "another poller runs with this token"},
	{429, "", channels.RateLimited, "", false, "too many requests"},
}

const (
	textCantParse = "can't parse entities"
	textWrongFile = "wrong file identifier"
	// unnamedPause is taken for a 429 that names no time.
	unnamedPause = 5 * time.Second
)

// Classify says what the error of a send means for the delivery and its address. nil is OK. The receipt holds no text of the message.
func Classify(err error) channels.Receipt {
	var refusal *Error
	var lost *NoAnswerError
	switch {
	case err == nil:
		return channels.Receipt{}
	case errors.As(err, &refusal):
		return classifyRefusal(refusal)
	case errors.As(err, &lost):
		return classifyLost(lost)
	}
	return channels.Receipt{Class: channels.Broken, Detail: "the request could not be made"}
}

func classifyRefusal(e *Error) channels.Receipt {
	r, known := find(e)
	if !known {
		r = fallback(e)
	}
	out := channels.Receipt{Class: r.class, Reach: r.reach, WholeChannel: r.whole, Code: strconv.Itoa(e.Code), Detail: r.detail}
	if r.class == channels.RateLimited {
		out.RetryAfter = e.RetryAfter
		if out.RetryAfter == 0 {
			out.RetryAfter = unnamedPause
		}
	}
	if e.MigrateTo != 0 {
		out.MigratedTo = strconv.FormatInt(e.MigrateTo, 10)
	}
	return out
}

func find(e *Error) (rule, bool) {
	text := strings.ToLower(e.Description)
	for _, r := range rules {
		if sameCode(r.code, e.Code) && strings.Contains(text, r.text) {
			return r, true
		}
	}
	return rule{}, false
}

func sameCode(a, b int) bool {
	refused := func(c int) bool { return c == 400 || c == 403 }
	return a == b || refused(a) && refused(b)
}

// fallback: an unknown refusal is a fault of this message, never of the member, and its text stays visible; of a server's 5xx nothing is known.
func fallback(e *Error) rule {
	switch {
	case e.Code >= 500:
		return rule{class: channels.Uncertain, detail: "the Bot API server failed"}
	case e.Code == 409:
		return rule{class: channels.Temporary, whole: true, detail: publicText(e.Description)}
	}
	return rule{class: channels.Refused, detail: publicText(e.Description)}
}

// gateway is what stood before the Bot API when the answer was no Bot API answer, by HTTP status.
var gateway = map[int]rule{
	404: {class: channels.Broken, whole: true, detail: "the Bot API address is wrong"},
	413: {class: channels.Broken, detail: "the media file is too large"},
	429: {class: channels.RateLimited, detail: "too many requests"},
}

func classifyLost(e *NoAnswerError) channels.Receipt {
	out := channels.Receipt{Class: channels.Temporary, Detail: e.Reason}
	if e.Status != 0 {
		out.Code = strconv.Itoa(e.Status)
	}
	if e.Uncertain {
		out.Class = channels.Uncertain
		return out
	}
	if r, ok := gateway[e.Status]; ok {
		out.Class, out.WholeChannel, out.Detail = r.class, r.whole, r.detail
	}
	if out.Class == channels.RateLimited {
		out.RetryAfter = unnamedPause
	}
	return out
}
