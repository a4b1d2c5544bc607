package pages

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/demo"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// overviewView is who one can be.
type overviewView struct {
	look.Frame
	Query  string
	People []personView
	More   int // how many are not shown
	Zones  []string
}

// personView is one person in the list.
type personView struct {
	Name, Lang, City string
	Avatar           look.Avatar
	Phone, Mail      string // addresses of the pages, or empty
	Last             string // what they got last
	Taken            bool
}

// shown bounds the list; a search finds the others.
const shown = 40

func (p *Pages) overview(c *gin.Context) error {
	v := overviewView{Frame: p.frame(c, "sandbox.title"), Query: strings.TrimSpace(c.Query("q")), Zones: visitorZones}
	for _, x := range p.Lead.Everyone() {
		if v.Query != "" && !strings.Contains(strings.ToLower(x.Name()+" "+x.Email), strings.ToLower(v.Query)) {
			continue
		}
		if len(v.People) == shown {
			v.More++
			continue
		}
		v.People = append(v.People, p.person(v.Lang, x))
	}
	p.Look.Render(c, templates, http.StatusOK, "overview.html", v)
	return nil
}

func (p *Pages) person(lang string, x *demo.Person) personView {
	v := personView{Name: strings.TrimSpace(x.Name()), Lang: locale.Language(lang, x.Language), City: locale.City(lang, x.Zone), Taken: p.Lead.Taken(x.ID)}
	v.Avatar = look.Avatar{Initials: look.Initials(x.First, x.Last), Telegram: look.Off, Email: look.Off}
	if x.Chat != 0 {
		v.Phone, v.Avatar.Telegram = phonePath(chatOf(x)), look.Arrives
		if all := p.Bot.Chat(x.Chat); len(all) > 0 {
			v.Last = clip(all[len(all)-1].Text, 70)
		}
	}
	if x.Email != "" {
		v.Mail, v.Avatar.Email = mailPath(x.Email), look.Arrives
		if all := p.Mail.Mails(x.Email); len(all) > 0 && v.Last == "" {
			v.Last = clip(all[len(all)-1].Subject(), 70)
		}
	}
	return v
}

func clip(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// visitorZones are where a visitor can live.
var visitorZones = []string{"Europe/Berlin", "Europe/London", "Europe/Moscow", "Asia/Tbilisi", "Asia/Almaty", "Asia/Tokyo", "America/New_York", "America/Sao_Paulo"}

// meet makes somebody new.
func (p *Pages) meet(c *gin.Context) error {
	v := demo.Visitor{First: textOf(c, "name"), Language: c.PostForm("language"), Zone: c.PostForm("zone"), ByMail: c.PostForm("by") == "mail"}
	if source := textOf(c, "source"); source != "" && !v.ByMail {
		v.Source = source
	}
	if !name(v.First) || v.Language != "en" && v.Language != "ru" || !slices.Contains(visitorZones, v.Zone) || !payload(v.Source) {
		return errInput
	}
	x, err := p.Lead.Meet(c.Request.Context(), v)
	if err != nil {
		return err
	}
	if v.ByMail {
		c.Redirect(http.StatusSeeOther, mailPath(x.Email))
		return nil
	}
	c.Redirect(http.StatusSeeOther, phonePath(chatOf(x)))
	return nil
}

// payload is what a start link may carry (Bot API "Deep linking").
func payload(s string) bool {
	return len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

// take stops the script of a person, or lets it go on.
func (p *Pages) take(c *gin.Context) error {
	p.Lead.Take(c.PostForm("person"), c.PostForm("taken") == "true")
	return back(c, "/sandbox")
}

// enroll puts the person into a campaign.
func (p *Pages) enroll(c *gin.Context) error {
	for _, x := range p.Lead.Everyone() {
		if x.ID == c.PostForm("person") {
			result, err := p.Lead.Enroll(c.Request.Context(), x, url.PathEscape(c.PostForm("campaign")))
			if err != nil {
				return err
			}
			to := look.LocalPath(c.PostForm("back"))
			if c.PostForm("back") == "" {
				to = "/sandbox"
			}
			c.Redirect(http.StatusSeeOther, withQuery(to, "enrolled", result))
			return nil
		}
	}
	return errNobody
}

// withQuery is the local path with one more parameter.
func withQuery(to, name, value string) string {
	u, err := url.Parse(to)
	if err != nil {
		return to
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}

// enrolled is what became of the last enrolling, in words, or empty.
func enrolled(c *gin.Context, f look.Frame) string {
	if key := "entry." + c.Query("enrolled"); locale.Has(key) {
		return f.T(key)
	}
	return ""
}

// faults switches an error of the Bot API on or off, for one chat or for all.
func (p *Pages) faults(c *gin.Context) error {
	chat, err := chatID(c.DefaultPostForm("chat", "0"))
	if err != nil {
		return errInput
	}
	if name := c.PostForm("fault"); name != "off" && !slices.Contains(sandbox.FaultNames(), name) {
		return errInput
	}
	p.Bot.Switch(chat, c.PostForm("fault"))
	return back(c, "/sandbox")
}

// clock moves the clock. A leap goes on when the visitor goes elsewhere; the band tells.
func (p *Pages) clock(c *gin.Context) error {
	var err error
	switch move := c.PostForm("move"); move {
	case "x1":
		err = p.Lead.SetRate(1)
	case "x60":
		err = p.Lead.SetRate(60)
	case "next", "hour", "day":
		err = p.leap(demo.Leap(move))
	default:
		err = errInput
	}
	if err != nil {
		return err
	}
	return back(c, "/sandbox")
}

// leapPatience is how long the answer waits for the clock to arrive: most leaps are over then.
const leapPatience = 3 * time.Second

func (p *Pages) leap(how demo.Leap) error {
	done := make(chan error, 1)
	go func() { done <- p.Lead.Leap(context.Background(), how) }()
	select {
	case err := <-done:
		return err
	case <-time.After(leapPatience):
		return nil
	}
}
