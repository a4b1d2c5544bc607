package look

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/kruzhok/kruzhok/internal/locale"
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
	// SignOut is where the sign-out form goes; empty: there is nothing to sign out of.
	SignOut string
	// Waiting is how many things wait for a person; the menu shows it beside Today.
	Waiting int
	// Community is the community's name for itself, or empty.
	Community string
	// Scripts are further scripts of this page, by the name of their asset ("sandbox.js").
	Scripts []string
}

const (
	langCookie  = "kruzhok_lang"
	themeCookie = "kruzhok_theme"
)

// Frame makes a page's frame from the request: language and theme from their cookies, else from the browser.
func (l *Look) Frame(r *http.Request, section Section, title string) Frame {
	f := Frame{Lang: Lang(r), Theme: theme(r), Section: section, Title: title, Path: r.URL.RequestURI(), Sandbox: l.o.Sandbox}
	if l.o.Virtual != nil {
		v := l.o.Virtual()
		f.Virtual = &v
	}
	if l.o.Community != nil {
		f.Community = l.o.Community()
	}
	return f
}

// Lang is the language of a request's reader: what they chose, else what the browser asks for.
func Lang(r *http.Request) string {
	if c, err := r.Cookie(langCookie); err == nil && len(c.Value) < 9 {
		return locale.Match(c.Value)
	}
	return locale.Match(r.Header.Get("Accept-Language"))
}

func theme(r *http.Request) string {
	c, err := r.Cookie(themeCookie)
	if err != nil || c.Value != "light" && c.Value != "dark" {
		return ""
	}
	return c.Value
}

// T is a word of the page: a key, then names and values in turn.
func (f Frame) T(key string, args ...any) string {
	var m map[string]any
	for i := 0; i+1 < len(args); i += 2 {
		if m == nil {
			m = map[string]any{}
		}
		m[fmt.Sprint(args[i])] = args[i+1]
	}
	return locale.T(f.Lang, key, m)
}

// N is a number as the page's language writes it.
func (f Frame) N(n any) string { return number(f.Lang, n) }

// WindowTitle is the name of the page and whose it is. Pages have fields of their own, such as Head, which would hide a method of that name.
func (f Frame) WindowTitle() string {
	name := f.Community
	if name == "" {
		name = f.T("look.brand")
	}
	return f.Title + " — " + name
}

// Menu is the navigation.
func (f Frame) Menu() []MenuItem {
	items := []MenuItem{
		{Today, "/console", "today", f.Waiting}, {Campaigns, "/console/campaigns", "campaigns", 0}, {Members, "/console/members", "members", 0},
	}
	if f.Sandbox {
		items = append(items, MenuItem{Sandbox, "/sandbox", "sandbox", 0})
	}
	return items
}

// MenuItem is one place of the navigation.
type MenuItem struct {
	Section Section
	Href    string
	Icon    string
	Count   int
}

// Back is where a form of the frame comes back to: this page. A page that answered a POST has none of its own.
func (f Frame) Back() string { return LocalPath(f.Path) }

// LocalPath is path when it names a place on this site, and the start page otherwise: no form may lead away
// ("//other.example", "/\other.example", "https:…").
func LocalPath(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") || len(path) > 2048 {
		return "/console"
	}
	return path
}
