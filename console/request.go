package console

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
)

// request is one request with who asks.
type request struct {
	*gin.Context
	k    *Console
	who  engine.Principal
	lang string
	zone *time.Location // the community's
	ours bool           // the form is our own, and bounded
}

// maxForm bounds what a page may send.
const maxForm = 16 << 10

// handler lets through who may, and tells a fault as a page.
func (k *Console) handler(route route) gin.HandlerFunc {
	return func(c *gin.Context) {
		r := &request{Context: c, k: k, lang: look.Lang(c.Request)}
		look.Headers(c)
		err := r.admit(route)
		if err == nil {
			err = route.handle(r)
		}
		if err != nil {
			r.refuse(err)
		}
	}
}

// admit asks whether the request may be served: the form is our own, somebody is signed in, and their token has the scope.
func (r *request) admit(route route) error {
	if err := http.NewCrossOriginProtection().Check(r.Request); err != nil {
		return fault.Wrap(fault.Forbidden, err, "forbidden.origin", nil)
	}
	if r.k.o.Open && !look.OwnHost(r.Request) {
		return fault.New(fault.Forbidden, "forbidden.origin", nil)
	}
	r.Request.Body = http.MaxBytesReader(r.Writer, r.Request.Body, cmp.Or(route.access.Most, maxForm))
	r.ours = true
	if route.access.Public {
		return nil
	}
	var err error
	if r.who, err = r.signedIn(); err != nil {
		return err
	}
	if err := r.who.Require(route.access.Scope); err != nil {
		return err
	}
	r.zone, err = r.k.o.Reports.Zone(r.Request.Context())
	return err
}

// frame begins a page.
func (r *request) frame(section look.Section, title string) look.Frame {
	f := r.k.o.Look.Frame(r.Request, section, title)
	if r.Request.Method != http.MethodGet { // what a form answered with has no address to come back to
		f.Path = r.Request.URL.Path
	}
	if !r.k.o.Open {
		f.User, f.SignOut = r.who.Name, "/console/sign-out"
	}
	return f
}

func (r *request) render(name string, page any) error {
	return r.renderStatus(http.StatusOK, name, page)
}

func (r *request) renderStatus(status int, name string, page any) error {
	r.k.o.Look.Render(r.Context, r.k.pages, status, name, page)
	return nil
}

// refuse tells a fault to somebody with a browser: who is not signed in goes to sign in and comes back.
func (r *request) refuse(err error) {
	kind := fault.KindOf(err)
	if kind == fault.Unauthorized && r.Request.Method == http.MethodGet {
		r.Redirect(http.StatusSeeOther, "/console/sign-in?back="+url.QueryEscape(look.LocalPath(r.Request.URL.RequestURI())))
		return
	}
	page := lonePage{Frame: r.frame("", ""), Text: fault.Message(err, r.lang)}
	page.Fell = kind == fault.Internal || kind == fault.Unavailable
	page.Title = page.T("console.fault." + string(kind))
	if r.ours && r.Request.Method == http.MethodPost && r.Request.ParseForm() == nil {
		page.Typed = r.Request.PostForm.Get("source")
	}
	if page.Fell {
		r.k.o.Log.ErrorContext(r.Request.Context(), "page failed", "route", r.FullPath(), "error", err)
		page.Code = r.Writer.Header().Get("X-Request-Id")
	}
	_ = r.renderStatus(statusOf(kind), "lone.html", page)
}

// lonePage says one thing: what went wrong, and where to go.
type lonePage struct {
	look.Frame
	Text string
	Code string // to quote when the fault is ours
	// Typed is the text that came with it, which would be lost.
	Typed string
	Fell  bool
}

func statusOf(kind fault.Kind) int {
	switch kind {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.Unauthorized:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

func (r *request) home() error {
	r.Redirect(http.StatusSeeOther, "/console")
	return nil
}

// now is the moment as the community's clocks show it: that is what the pages tell times by, wherever the service runs.
func (r *request) now() time.Time { return r.k.o.Now().In(r.zone) }

// number reads an id from the path or the query; what is none names nothing.
func number(s, what string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 {
		return 0, fault.New(fault.NotFound, "not_found."+what, nil)
	}
	return n, nil
}

// after reads a place in a list; what is none is the beginning.
func (r *request) after(name string) int64 {
	n, err := strconv.ParseInt(r.Query(name), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
