package pages

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/console/look"
)

// mailView is a mailbox with one letter open.
type mailView struct {
	look.Frame
	Who     personView
	Person  string
	Address string
	Letters []letterView
	Open    *letterView
	View    string // html, text, raw or headers
	Width   string // wide or phone
	Shade   string // light, dark, or empty: as the page
	Outbox  []outView
	Body    string // text, source or headers
	OneTap  bool   // the letter can be unsubscribed from in one press
	Self    string // address of the mailbox
	Told    string // what became of enrolling
}

type letterView struct {
	N                 int
	Subject, From, At string
	Frame             string // address of the HTML
}

type outView struct{ Kind, To, At, Raw string }

func (p *Pages) mailbox(c *gin.Context) error {
	address := c.Param("address")
	v := mailView{Frame: p.frame(c, "sandbox.mailbox"), Address: address, View: oneOf(c.Query("view"), "html", "text", "raw", "headers"), Width: oneOf(c.Query("width"), "wide", "phone"), Shade: oneOf(c.Query("shade"), "", "light", "dark")}
	v.Live, v.Self = mailPath(address)+"/live", mailPath(address)
	zone, known := time.UTC, p.Mail.Count(address) > 0
	for _, x := range p.Lead.Everyone() {
		if !strings.EqualFold(x.Email, address) {
			continue
		}
		v.Who, v.Person, known = p.person(v.Lang, x), x.ID, true
		if z, err := time.LoadLocation(x.Zone); err == nil {
			zone = z
		}
	}
	if !known {
		return errNobody
	}
	if v.Who.Name == "" {
		v.Who.Name = address
	}
	v.Title, v.Told = v.Who.Name, enrolled(c, v.Frame)
	all := p.Mail.Mails(address)
	for i := len(all) - 1; i >= 0; i-- {
		v.Letters = append(v.Letters, p.letter(v.Lang, address, i+1, all[i], zone))
	}
	n, err := strconv.Atoi(c.DefaultQuery("n", strconv.Itoa(len(all))))
	if err == nil && n >= 1 && n <= len(all) {
		v.open(all[n-1], v.Letters[len(all)-n])
	}
	for _, o := range p.Mail.Outbox(address) {
		v.Outbox = append(v.Outbox, outView{v.T("sandbox.outbox." + o.Kind), o.To, look.Moment(v.Lang, o.At.In(zone), p.Lead.Now()), string(o.Raw)})
	}
	p.Look.Render(c, templates, http.StatusOK, "mailbox.html", v)
	return nil
}

func (p *Pages) letter(lang, address string, n int, m sandbox.Mail, zone *time.Location) letterView {
	name, from := m.From()
	if name == "" {
		name = from
	}
	return letterView{n, m.Subject(), name, look.Moment(lang, m.At.In(zone), p.Lead.Now()), mailPath(address) + "/" + strconv.Itoa(n) + "/html"}
}

func (v *mailView) open(m sandbox.Mail, l letterView) {
	v.Open = &l
	v.OneTap = oneClick(m) != ""
	switch v.View {
	case "text":
		v.Body = m.Text()
	case "raw":
		v.Body = string(m.Raw)
	case "headers":
		head, _, _ := bytes.Cut(m.Raw, []byte("\r\n\r\n"))
		v.Body = string(head)
	}
}

func oneOf(s string, list ...string) string {
	for _, x := range list {
		if s == x {
			return s
		}
	}
	return list[0]
}

// mailLive tells of changes in the mailbox.
func (p *Pages) mailLive(c *gin.Context) error {
	address := c.Param("address")
	seen := p.Mail.Count(address) + len(p.Mail.Outbox(address))
	p.Look.Signals(c, func(ctx context.Context) error {
		for {
			changed := p.Mail.Changed()
			if now := p.Mail.Count(address) + len(p.Mail.Outbox(address)); now != seen {
				seen = now
				return nil
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(10 * time.Second):
				return nil
			}
		}
	})
	return nil
}

// part serves a letter's HTML, for the frame, or its source as a file.
func (p *Pages) part(c *gin.Context) error {
	n, err := strconv.Atoi(c.Param("n"))
	all := p.Mail.Mails(c.Param("address"))
	if err != nil || n < 1 || n > len(all) {
		return errNobody
	}
	switch c.Param("part") {
	case "html":
		look.Letter(c, all[n-1].HTML())
	case "source":
		c.Header("Content-Disposition", `attachment; filename="letter.eml"`)
		c.Data(http.StatusOK, "message/rfc822", all[n-1].Raw)
	default:
		return errNobody
	}
	return nil
}

// mailAct does what the mailbox's owner, or their provider, does with a letter.
func (p *Pages) mailAct(c *gin.Context) error {
	address := c.Param("address")
	n, err := strconv.Atoi(c.Param("n"))
	if err != nil {
		return errNobody
	}
	switch c.Param("act") {
	case "reply":
		if textOf(c, "text") == "" {
			return errInput
		}
		err = p.Mail.Reply(address, n, textOf(c, "text"))
	case "bounce":
		err = p.Mail.Bounce(address, n)
	case "complain":
		err = p.Mail.Complain(address, n)
	case "unsubscribe":
		err = p.unsubscribe(c.Request.Context(), address, n)
	default:
		return errInput
	}
	if err == sandbox.ErrNoMail { //nolint:errorlint // returned as it is
		return errNobody
	}
	if err != nil {
		return err
	}
	return back(c, mailPath(address)+"?n="+c.Param("n"))
}

var oneClickLink = regexp.MustCompile(`<(https?://[^>]+)>`)

// oneClick is the address of the letter's one-press leave (RFC 8058), or empty.
func oneClick(m sandbox.Mail) string {
	found := oneClickLink.FindStringSubmatch(m.Header("List-Unsubscribe"))
	if found == nil || !strings.EqualFold(m.Header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click") {
		return ""
	}
	return found[1]
}

// unsubscribe presses the letter's leave button as a provider does: a POST from its own servers, without cookies (RFC 8058 §3.2).
func (p *Pages) unsubscribe(ctx context.Context, address string, n int) error {
	all := p.Mail.Mails(address)
	if n < 1 || n > len(all) {
		return errNobody
	}
	link := oneClick(all[n-1])
	if !strings.HasPrefix(link, p.Lead.Stage.API.Base+"/") {
		return errInput
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, link, strings.NewReader(url.Values{"List-Unsubscribe": {"One-Click"}}.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK { // RFC 8058 §3.2: no redirect, and what fails is no success
		return fmt.Errorf("leave: %s", res.Status)
	}
	return nil
}
