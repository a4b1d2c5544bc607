// Package pages is the sandbox to play in: a messenger, a mailbox and the clock, in the console's frame. It exists in the demo alone.
package pages

import (
	"embed"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/demo"
)

//go:embed templates/*.html
var templateFiles embed.FS

var templates = look.ParseFS(templateFiles, "templates/*.html")

// Options is what the pages are made of.
type Options struct {
	Lead *demo.Director
	Bot  *sandbox.BotAPI
	Mail *sandbox.Mailbox
	Look *look.Look
}

// Pages draws the sandbox. Its state is the sandbox's.
type Pages struct{ Options }

// New makes the pages.
func New(o Options) *Pages { return &Pages{o} }

// Limits of what a visitor sends.
const (
	maxForm   = 64 << 10
	maxUpload = 50 << 20 // as the Bot API's clients
)

type handler func(*Pages, *gin.Context) error

type route struct {
	method, path string
	limit        int64
	handle       handler
}

func routes() []route {
	return []route{
		{"GET", "/sandbox", maxForm, (*Pages).overview},
		{"POST", "/sandbox/people", maxForm, (*Pages).meet},
		{"POST", "/sandbox/clock", maxForm, (*Pages).clock},
		{"POST", "/sandbox/faults", maxForm, (*Pages).faults},
		{"POST", "/sandbox/take", maxForm, (*Pages).take},
		{"POST", "/sandbox/enroll", maxForm, (*Pages).enroll},
		{"GET", "/sandbox/bot/:name", maxForm, (*Pages).openBot},
		{"POST", "/sandbox/bot/:name", maxForm, (*Pages).newPhone},
		{"GET", "/sandbox/phone/:chat", maxForm, (*Pages).phone},
		{"GET", "/sandbox/phone/:chat/live", maxForm, (*Pages).phoneLive},
		{"POST", "/sandbox/phone/:chat/:act", maxUpload, (*Pages).act},
		{"GET", "/sandbox/file/:id", maxForm, (*Pages).file},
		{"GET", "/sandbox/mail/:address", maxForm, (*Pages).mailbox},
		{"GET", "/sandbox/mail/:address/live", maxForm, (*Pages).mailLive},
		{"GET", "/sandbox/mail/:address/:n/:part", maxForm, (*Pages).part},
		{"POST", "/sandbox/mail/:address/:n/:act", maxForm, (*Pages).mailAct},
	}
}

// Mount registers the pages. Who reaches them is the visitor: the demo listens on this machine alone.
func (p *Pages) Mount(r gin.IRouter) {
	for _, x := range routes() {
		r.Handle(x.method, x.path, p.handler(x))
	}
}

func (p *Pages) handler(x route) gin.HandlerFunc {
	return func(c *gin.Context) {
		look.Headers(c)
		if err := own(c.Request); err != nil {
			p.refuse(c, http.StatusForbidden, "sandbox.error.foreign")
			return
		}
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, x.limit)
		if !p.Lead.Begun() {
			p.refuse(c, http.StatusServiceUnavailable, "sandbox.error.soon")
			return
		}
		if err := x.handle(p, c); err != nil {
			status, key := told(err)
			p.refuse(c, status, key)
		}
	}
}

// own refuses what another site sends (Origin, Fetch Metadata) and addresses by another name.
func own(r *http.Request) error {
	if !look.OwnHost(r) {
		return errForeign
	}
	return http.NewCrossOriginProtection().Check(r)
}

// frame is what every page of the sandbox has.
func (p *Pages) frame(c *gin.Context, title string) look.Frame {
	f := p.Look.Frame(c.Request, look.Sandbox, "")
	f.Title = f.T(title)
	f.Scripts = []string{"sandbox.js"}
	return f
}

// loneView says what went wrong, and what to do.
type loneView struct {
	look.Frame
	Text string
}

func (p *Pages) refuse(c *gin.Context, status int, key string) {
	v := loneView{Frame: p.frame(c, "sandbox.title")}
	v.Text = v.T(key)
	p.Look.Render(c, templates, status, "lone.html", v)
	c.Abort()
}

// back goes to where a form was sent from.
func back(c *gin.Context, fallback string) error {
	to := look.LocalPath(c.PostForm("back"))
	if c.PostForm("back") == "" {
		to = fallback
	}
	c.Redirect(http.StatusSeeOther, to)
	return nil
}

func phonePath(chat string) string           { return "/sandbox/phone/" + chat }
func mailPath(address string) string         { return "/sandbox/mail/" + url.PathEscape(address) }
func textOf(c *gin.Context, n string) string { return strings.TrimSpace(c.PostForm(n)) }

// name reports whether somebody can be called that: something is seen, on one line.
func name(s string) bool {
	visible := strings.ContainsFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsSymbol(r) })
	return visible && written(s, 64) && !strings.ContainsFunc(s, unicode.IsControl)
}

// written reports whether the text is one, of at most so many characters.
func written(s string, most int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= most
}
