package pages

import (
	"cmp"
	"context"
	"errors"
	"html/template"
	"io"
	"mime"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/demo"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// phoneView is one chat on the member's phone, beside the others.
type phoneView struct {
	look.Frame
	Who      personView
	Person   string // external id, or empty
	Chat     string
	Started  bool
	Blocked  bool
	Deleted  bool
	Action   string // what the bot is doing, in words
	Notice   string
	Items    []item
	Commands []sandbox.BotCommand
	Others   []personView
	Faults   []faultView
	Fault    string // words for the fault that is on, or empty
	Replying *item
	Emoji    []string
	Told     string // what became of enrolling
}

type faultView struct {
	Name, Words string
	On          bool
}

// item is a line of the talk: a day, or a message.
type item struct {
	Day        string // set: a new day begins
	ID         int64
	Mine       bool
	HTML       template.HTML
	Plain      string // of an own message, to be changed
	At         string
	Edited     bool
	Quote      string
	Keys       [][]key
	Media      *mediaView
	Bot, Human string // reactions
}

type key struct {
	Text, Data, URL string
}

type mediaView struct {
	Kind, Src, Name, Length string
	Known                   bool // its content is here
}

// myEmoji are the reactions that a visitor can put.
var myEmoji = []string{"👍", "❤", "🔥", "👏", "😁", "🎉", "🤔", "😢"}

func (p *Pages) phone(c *gin.Context) error {
	id, err := chatID(c.Param("chat"))
	if err != nil {
		return errNobody
	}
	chat, known := p.Bot.View(id)
	if !known {
		return errNobody
	}
	v := phoneView{
		Frame: p.frame(c, "sandbox.phone"), Chat: c.Param("chat"), Started: chat.Started, Blocked: chat.Blocked, Deleted: chat.Deleted,
		Notice: chat.Notice, Emoji: myEmoji,
	}
	v.Live = phonePath(v.Chat) + "/live"
	zone := time.UTC
	v.Who = personView{Name: strings.TrimSpace(chat.User.FirstName + " " + chat.User.LastName), Lang: locale.Language(v.Lang, chat.User.LanguageCode)}
	for _, x := range p.Lead.Everyone() {
		switch {
		case x.Chat == id:
			v.Who, v.Person = p.person(v.Lang, x), x.ID
			if z, err := time.LoadLocation(x.Zone); err == nil {
				zone = z
			}
		case x.Chat != 0 && len(v.Others) < 6:
			v.Others = append(v.Others, p.person(v.Lang, x))
		}
	}
	v.Title, v.Told = v.Who.Name, enrolled(c, v.Frame)
	if chat.Action != "" {
		v.Action = v.T("sandbox.action")
	}
	v.Commands = p.menu(chat.User.LanguageCode)
	v.Items = items(v.Lang, chat.Messages, zone)
	v.switchboard(p.Bot.Switched(), id)
	v.reply(c.Query("reply"))
	p.Look.Render(c, templates, http.StatusOK, "phone.html", v)
	return nil
}

// menu is the bot's commands in the member's language, else those for everybody.
func (p *Pages) menu(lang string) []sandbox.BotCommand {
	if list := p.Bot.Commands(lang); len(list) > 0 {
		return list
	}
	return p.Bot.Commands("")
}

func (v *phoneView) switchboard(on map[int64]string, chat int64) {
	now := on[chat]
	if now == "" {
		now = on[0]
	}
	for _, name := range sandbox.FaultNames() {
		v.Faults = append(v.Faults, faultView{Name: name, Words: v.T("sandbox.fault." + name), On: name == now})
	}
	if now != "" {
		v.Fault = v.T("sandbox.fault." + now)
	}
}

func (v *phoneView) reply(id string) {
	for i := range v.Items {
		if id != "" && strconv.FormatInt(v.Items[i].ID, 10) == id {
			v.Replying = &v.Items[i]
		}
	}
}

func items(lang string, messages []sandbox.BotMessage, zone *time.Location) []item {
	var out []item
	texts := map[int64]string{}
	day := ""
	for _, m := range messages {
		at := m.At.In(zone)
		if d := look.Weekday(lang, at) + ", " + locale.Date(lang, at); d != day {
			day = d
			out = append(out, item{Day: d})
		}
		texts[m.ID] = clip(m.Text, 60)
		out = append(out, message(m, at, texts))
	}
	return out
}

func message(m sandbox.BotMessage, at time.Time, texts map[int64]string) item {
	x := item{ID: m.ID, Mine: m.FromMember, At: look.Clock(at), Edited: m.Edited, Quote: texts[m.ReplyTo], Bot: m.BotReaction, Human: m.MemberReaction}
	if m.FromMember {
		x.HTML, x.Plain = look.ChatText(m.Text), m.Text
	} else {
		x.HTML = look.ChatHTML(m.HTML)
	}
	for _, row := range m.Keyboard {
		var keys []key
		for _, b := range row {
			keys = append(keys, key{b.Text, b.Data, look.SafeURL(b.URL)})
		}
		x.Keys = append(x.Keys, keys)
	}
	if f := m.Media; f != nil {
		x.Media = &mediaView{Kind: f.Kind, Name: f.Name, Src: "/sandbox/file/" + f.FileID, Known: f.URL == ""}
		if f.URL != "" {
			x.Media.Name = f.URL
		}
		if f.Seconds > 0 {
			x.Media.Length = look.Length(f.Seconds)
		}
	}
	return x
}

// phoneLive tells of changes in the chat.
func (p *Pages) phoneLive(c *gin.Context) error {
	id, err := chatID(c.Param("chat"))
	if err != nil {
		return errNobody
	}
	p.Look.Signals(c, func(ctx context.Context) error {
		chat, known := p.Bot.View(id)
		if !known {
			return errNobody
		}
		select {
		case <-chat.Changed:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Second): // the clock's band moves on
			return nil
		}
	})
	return nil
}

// act does what the visitor does in the chat.
func (p *Pages) act(c *gin.Context) error {
	id, err := chatID(c.Param("chat"))
	if err != nil {
		return errNobody
	}
	if err := c.Request.ParseMultipartForm(1 << 20); err != nil && err != http.ErrNotMultipart { //nolint:errorlint // returned as it is
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return err
		}
		return errInput
	}
	view, known := p.Bot.View(id)
	if !known {
		return errNobody
	}
	message, _ := strconv.ParseInt(c.PostForm("message"), 10, 64)
	switch c.Param("act") {
	case "say":
		err = p.say(c, id)
	case "press":
		_, err = p.Bot.Press(id, message, c.PostForm("data"))
	case "react":
		err = p.react(c, id, message)
	case "revise":
		if text := textOf(c, "text"); text == "" || !written(text, maxText) {
			return errInput
		}
		err = p.Bot.Revise(id, message, textOf(c, "text"))
	case "start":
		if !payload(textOf(c, "source")) {
			return errInput
		}
		p.Bot.Start(view.User, textOf(c, "source"))
	case "block":
		p.Bot.Block(id)
	default:
		return errInput
	}
	if err != nil {
		return err
	}
	return back(c, phonePath(c.Param("chat")))
}

func (p *Pages) react(c *gin.Context, chat, message int64) error {
	emoji := c.PostForm("emoji")
	if emoji != "" && !slices.Contains(myEmoji, emoji) {
		return errInput
	}
	return p.Bot.React(chat, message, emoji)
}

// The longest message and the longest caption (Bot API Message.text, Message.caption).
const (
	maxText    = 4096
	maxCaption = 1024
)

// say writes a text, or sends a file with the text as its caption.
func (p *Pages) say(c *gin.Context, chat int64) error {
	text := textOf(c, "text")
	reply, _ := strconv.ParseInt(c.PostForm("reply"), 10, 64)
	if f, head, err := c.Request.FormFile("file"); err == nil {
		defer f.Close()
		content, err := io.ReadAll(f)
		if err != nil {
			return err
		}
		if len(content) > 0 && !written(text, maxCaption) {
			return errInput
		}
		if len(content) > 0 {
			seconds, _ := strconv.Atoi(c.PostForm("seconds"))
			kind := kindOf(cmp.Or(c.PostForm("kind"), c.PostForm("as")), head.Header.Get("Content-Type"))
			_, err = p.Bot.SendUpload(chat, sandbox.BotUpload{
				Kind: kind, Name: path.Base(head.Filename), MIME: head.Header.Get("Content-Type"), Caption: text, Seconds: max(0, seconds), Content: content, ReplyTo: reply,
			})
			return err
		}
	}
	switch {
	case text == "" || !written(text, maxText):
		return errInput
	case reply != 0:
		_, err := p.Bot.ReplyTo(chat, reply, text)
		return err
	}
	_, err := p.Bot.Say(chat, text)
	return err
}

// kindOf is what a messenger makes of a chosen file.
func kindOf(asked, mime string) string {
	if slices.Contains([]string{"voice", "video_note", "photo", "document"}, asked) {
		return asked
	}
	family, _, _ := strings.Cut(mime, "/")
	switch family {
	case "image":
		return "photo"
	case "audio":
		return "voice"
	case "video":
		return "video_note"
	}
	return "document"
}

// file serves what lies in a chat. Only pictures and recordings are shown in place.
func (p *Pages) file(c *gin.Context) error {
	f, ok := p.Bot.File(c.Param("id"))
	if !ok {
		return errNobody
	}
	kind := http.DetectContentType(f.Content)
	if f.MIME != "" && (kind == "application/octet-stream" || kind == "application/ogg" || strings.HasPrefix(kind, "video/") && strings.HasPrefix(f.MIME, "audio/")) {
		kind, _, _ = mime.ParseMediaType(f.MIME)
	}
	c.Header("Content-Security-Policy", "sandbox; default-src 'none'")
	if family, _, _ := strings.Cut(kind, "/"); family != "image" && family != "audio" && family != "video" || strings.Contains(kind, "svg") {
		kind = "application/octet-stream"
		c.Header("Content-Disposition", "attachment")
	}
	c.Header("Content-Type", kind)
	http.ServeContent(c.Writer, c.Request, "", time.Time{}, strings.NewReader(string(f.Content)))
	return nil
}

func chatID(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) }

func chatOf(x *demo.Person) string { return strconv.FormatInt(x.Chat, 10) }
