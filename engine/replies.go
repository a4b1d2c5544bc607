package engine

import (
	"context"
	"fmt"
	"html"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// say is a text of the catalogs in the member's language.
func say(lang campaigns.Lang, key string, args map[string]any) string {
	return locale.T(locale.Match(string(lang)), key, args)
}

// renderReply makes the message of a system reply. Its words come from the catalogs, its values from the rows of this moment.
func (e *Engine) renderReply(ctx context.Context, d *store.Delivery, p *store.Profile, c *store.Community) (*channels.Message, error) {
	lang := spoken(p, c)
	m := &channels.Message{Delivery: d.ID, To: p.Addresses.On(d.Channel).Value, Lang: lang}
	args := map[string]any{"community": c.Name, "name": members.Shown(p.FirstName)}
	switch d.Name {
	case "start", "returned":
		m.HTML = greeting(lang, d.Name, p, c)
	case linkMail, confirmMail:
		return e.renderLinkMail(d, p, c)
	case "stop", "free_text", "unknown_command", "language_set", "canceled",
		"link_ask", "link_bad_address", "link_sent", "link_limit", "link_mail_off", "mailbox_linked", "mailbox_linked_off":
		m.HTML = text(lang, "bot."+d.Name, args)
	case string(joinedNow), string(joinedBefore), string(joinedUsed), string(joinedExpired), string(joinedUnknown):
		m.HTML = linkReply(lang, d.Name, p, c)
	case "help":
		m.HTML = text(lang, named("bot.help", c), args) + "\n\n" + commandList(lang)
	case "privacy":
		m.HTML = privacy(lang, c)
	case "language":
		m.HTML, m.Keyboard = text(lang, "bot.language", nil), e.languageKeys(m.To)
	case "settings":
		var err error
		if m.Keyboard, err = e.settingsKeys(ctx, lang, m.To, p, c); err != nil {
			return nil, err
		}
		m.HTML = settingsText(lang, p, c, e.now())
	case "delete_confirm":
		m.HTML, m.Keyboard = text(lang, "bot.delete_confirm", nil), e.eraseKeys(lang, m.To)
	case "mydata":
		var err error
		if m.HTML, err = e.mydata(ctx, lang, p); err != nil {
			return nil, err
		}
	case "top":
		var err error
		if m.HTML, err = e.top(ctx, lang, p); err != nil {
			return nil, err
		}
	case "answer_again":
		m.HTML = answerAgain(lang, params(d))
	default:
		return nil, fmt.Errorf("render reply: unknown name %q", d.Name)
	}
	return m, nil
}

// text is a catalog's text as Telegram HTML, its values escaped.
func text(lang campaigns.Lang, key string, args map[string]any) string {
	return html.EscapeString(say(lang, key, args))
}

// named is the key of a text that names the community, or of the one that does without: nobody has given it a name yet.
func named(key string, c *store.Community) string {
	if c.Name == "" {
		return key + "_unnamed"
	}
	return key
}

func greeting(lang campaigns.Lang, name string, p *store.Profile, c *store.Community) string {
	first := members.Shown(p.FirstName)
	args := map[string]any{"community": c.Name, "name": first}
	key := "bot." + name
	if first == "" {
		key += "_nameless"
	}
	if name == "start" {
		key = named(key, c)
	}
	return text(lang, key, args)
}

// linkReply tells what became of a code; who turned everything off is reminded that it stays so.
func linkReply(lang campaigns.Lang, name string, p *store.Profile, c *store.Community) string {
	key := "bot." + name
	if joined(name) == joinedNow {
		key = named(key, c)
	}
	out := text(lang, key, map[string]any{"community": c.Name})
	if joined(name).ok() && p.StoppedAt != nil {
		out += "\n\n" + text(lang, "bot.linked_stopped", nil)
	}
	return out
}

func commandList(lang campaigns.Lang) string {
	var lines []string
	for _, c := range Commands() {
		lines = append(lines, "/"+c+" – "+text(lang, "bot.command."+c, nil))
	}
	return strings.Join(lines, "\n")
}

func privacy(lang campaigns.Lang, c *store.Community) string {
	out := text(lang, named("bot.privacy", c), map[string]any{"community": c.Name})
	if c.PrivacyURL != "" {
		out += "\n\n" + html.EscapeString(c.PrivacyURL)
	}
	return out
}

// languageKeys offers the product's languages, each by its own name.
func (e *Engine) languageKeys(chat string) [][]channels.Button {
	var row []channels.Button
	for _, l := range locale.Languages() {
		row = append(row, channels.Button{Text: locale.T(l, "bot.language_name", nil), Data: e.buttonData(chat, button{pressLanguage, 0, l})})
	}
	return [][]channels.Button{row}
}

func (e *Engine) eraseKeys(lang campaigns.Lang, chat string) [][]channels.Button {
	return [][]channels.Button{
		{{Text: say(lang, "bot.delete_no", nil), Data: e.buttonData(chat, button{pressErase, 0, "no"})}},
		{{Text: say(lang, "bot.delete_yes", nil), Data: e.buttonData(chat, button{pressErase, 0, "yes"})}},
	}
}

// answerAgain says kindly what was wrong with an answer.
func answerAgain(lang campaigns.Lang, params map[string]any) string {
	code, _ := params["code"].(string)
	args, _ := params["args"].(map[string]any)
	out := text(lang, "answer."+code, args)
	if last, _ := params["last"].(bool); last {
		out += "\n\n" + text(lang, "bot.answer_last", nil)
	}
	return out
}

// maxMyData keeps the list inside one message, in the UTF-16 units that Telegram counts; maxMyLine one line. The whole is to be had from a person.
const (
	maxMyData = 3500
	maxMyLine = 500
)

// mydata lists what is known about the member.
func (e *Engine) mydata(ctx context.Context, lang campaigns.Lang, p *store.Profile) (string, error) {
	given, err := e.Store.Responses(ctx, store.ResponseFilter{Member: p.ID}, store.Page{Limit: 1000})
	if err != nil {
		return "", err
	}
	title := say(lang, "bot.mydata", nil)
	out, left, cut := "<b>"+html.EscapeString(title)+"</b>", maxMyData-length(title), false
	add := func(key, value string) {
		if value == "" {
			return
		}
		line := say(lang, "bot.mydata_"+key, nil) + ": " + clip(value, maxMyLine)
		cut = cut || clip(value, maxMyLine) != value
		if left -= length(line) + 1; left < 0 {
			cut = true
			return
		}
		out += "\n" + html.EscapeString(line)
	}
	add("name", p.FullName())
	add("language", languageName(p.Language))
	add("zone", p.TimeZone)
	if f, known := formalityOf(&p.Member); known {
		add("formality", say(lang, "formality."+string(f), nil))
	}
	add("email", p.Addresses.On(campaigns.Email).Value)
	add("telegram", p.Addresses.On(campaigns.Telegram).Value)
	add("topics", topicList(locale.Match(string(lang)), p))
	if p.Quiet != nil {
		add("quiet", p.Quiet.Words())
	}
	add("answers", locale.Number(locale.Match(string(lang)), float64(len(given))))
	add("tags", strings.Join(p.Tags, ", "))
	add("attributes", attributeList(p.Attributes))
	if cut {
		out += "\n" + text(lang, "bot.mydata_more", nil)
	}
	return out, nil
}

// length is a text's length as Telegram counts it (Bot API "Message entities").
func length(s string) int { return len(utf16.Encode([]rune(s))) }

func attributeList(as map[string]any) string {
	var out []string
	for k, v := range as {
		if k == campaigns.FormalityAttribute && !badFormality(k, v) { // it has a line of its own, in words
			continue
		}
		out = append(out, fmt.Sprintf("%s = %v", k, v))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// topicList is what comes, and where; nothing of it does while everything is off.
func topicList(lang string, p *store.Profile) string {
	var out []string
	for k, given := range p.Consents {
		if given && k.Topic != members.Everything {
			out = append(out, locale.T(lang, "channel."+string(k.Channel), nil)+": "+locale.Topic(lang, k.Topic))
		}
	}
	slices.Sort(out)
	list := strings.Join(out, ", ")
	if p.StoppedAt != nil {
		return strings.TrimSpace(locale.T(lang, "bot.mydata_stopped", nil) + " " + list)
	}
	return list
}

// languageName is the language as its readers call it; one that the product does not speak is its tag.
func languageName(tag campaigns.Lang) string {
	if base, _, _ := strings.Cut(string(tag), "-"); slices.Contains(locale.Languages(), base) {
		return locale.T(base, "bot.language_name", nil)
	}
	return string(tag)
}
