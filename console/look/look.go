// Package look is how the console and the sandbox look: the frame around every page, styles, fonts, icons, our script, and the live connection.
// A page is a struct that embeds Frame; a template draws it. Nothing here knows what a campaign is.
package look

import (
	"html/template"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// Options is what the pages of one process share.
type Options struct {
	// Sandbox shows the sandbox in the menu.
	Sandbox bool
	// Virtual is the demo's clock, nil outside of the demo.
	Virtual func() Virtual
	// Community is the community's name, for titles; may be nil.
	Community func() string
}

// Virtual is the sandbox's clock as a page shows it. It is marked sky-blue on every page.
type Virtual struct {
	Now   time.Time      // virtual
	Zone  *time.Location // of the community
	Ahead time.Duration  // of the real clock
	Rate  int            // 1 or 60; 0 while it jumps
	// Busy says what the clock is doing ("playing the past: day 9 of 21"), in the reader's language; empty at rest.
	Busy func(lang string) string
}

// Section names a place in the menu.
type Section string

const (
	Today     Section = "today"
	Campaigns Section = "campaigns"
	Members   Section = "members"
	Sandbox   Section = "sandbox"
)

// Frame is what every page has. Pages embed it.
type Frame struct {
	Lang    string // en or ru: the words of the page
	Theme   string // light, dark, or empty: the system's
	Title   string
	Section Section
	Path    string // of this page, to come back to
	Live    string // address of the page's event stream, or empty
	Virtual *Virtual
	Sandbox bool
	User    string // who is signed in, or empty
}

// Look renders pages.
type Look struct{ o Options }

// New makes a Look. Its partials can be used in every template that Parse makes.
func New(o Options) *Look { return &Look{o: o} }

// Frame makes a page's frame from the request: language and theme from their cookies, else from the browser.
func (l *Look) Frame(r *http.Request, section Section, title string) Frame {
	return Frame{Lang: "en", Section: section, Title: title, Path: r.URL.RequestURI(), Sandbox: l.o.Sandbox}
}

// Parse makes the set of templates of a front: the frame and the partials of this package, and the files given (name → text by the caller's embed.FS).
func Parse(files ...string) *template.Template { return template.New("") }

// Render writes the page with its headers (a strict Content-Security-Policy among them), all or nothing.
func (l *Look) Render(c *gin.Context, t *template.Template, status int, name string, page any) {}

// Routes serves the assets, the choice of language and theme.
func (l *Look) Routes(r gin.IRouter) {}
