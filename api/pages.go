package api

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/internal/locale"
)

//go:embed pages/*.html
var pageFiles embed.FS

// pageTemplates are the pages by file name; each is one struct of this package.
var pageTemplates = template.Must(template.ParseFS(pageFiles, "pages/*.html"))

// frame is what every page has.
type frame struct {
	Lang  string // of the product's languages: the page's own words
	Title string
	Brand string // the community's name for itself, or empty
	CSS   string
}

func newFrame(lang, title, brand string) frame {
	return frame{Lang: locale.Match(lang), Title: title, Brand: brand, CSS: assetURL("page.css")}
}

// T is a word of the page: a key, then names and values in turn.
func (f frame) T(key string, args ...any) string {
	var m map[string]any
	for i := 0; i+1 < len(args); i += 2 {
		if m == nil {
			m = map[string]any{}
		}
		m[fmt.Sprint(args[i])] = args[i+1]
	}
	return locale.T(f.Lang, key, m)
}

// pagePolicy lets a page load our style and fonts and send its form to us, and nothing else: no script, no frame around it.
const pagePolicy = "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// render writes the page. Addresses of pages are secrets of one member: nobody may keep, index or pass them on.
func (s *server) render(c *gin.Context, status int, name string, page any) {
	var b bytes.Buffer
	if err := pageTemplates.ExecuteTemplate(&b, name, page); err != nil {
		s.Log.ErrorContext(c.Request.Context(), "page not rendered", "page", name, "error", err)
		c.String(http.StatusInternalServerError, "")
		return
	}
	c.Header("Content-Security-Policy", pagePolicy)
	c.Header("X-Robots-Tag", "noindex, nofollow")
	c.Data(status, "text/html; charset=utf-8", b.Bytes())
}

// lonePage says one thing: what went wrong, and what to do.
type lonePage struct {
	frame
	Text string
	// RequestID is the code to quote when the fault is ours.
	RequestID string
	// Fell shows the fallen seat: our page.
	Fell bool
}

// errorPage tells a fault to somebody with a browser.
func (s *server) errorPage(c *gin.Context, err error) {
	r := requestOf(c.Request.Context())
	status := statusOf(err)
	page := lonePage{frame: newFrame(r.lang, "", ""), Text: locale.T(r.lang, pageKey(status)+".text", nil)}
	page.Title = locale.T(r.lang, pageKey(status)+".title", nil)
	if page.Fell = status >= http.StatusInternalServerError; page.Fell {
		page.RequestID = r.id
		s.logFault(c.Request.Context(), fault.KindOf(err), err)
	}
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		c.Header("Retry-After", fmt.Sprint(retryAfter))
	}
	c.Abort()
	s.render(c, status, "lone.html", page)
}

// pageKey is where the words for a status are.
func pageKey(status int) string {
	switch status {
	case http.StatusNotFound:
		return "page.missing"
	case http.StatusGone:
		return "page.expired"
	case http.StatusForbidden:
		return "page.foreign"
	case http.StatusTooManyRequests:
		return "page.busy"
	case http.StatusServiceUnavailable, http.StatusInternalServerError:
		return "page.broken"
	}
	return "page.refused"
}

// crossSite refuses a form that another site sends (Fetch Metadata, Origin). The token in the address is the only right that a page
// has, so little could be gained; but nothing is lost either.
func crossSite(r *http.Request) error {
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		return fault.Wrap(fault.Forbidden, err, "forbidden.origin", nil)
	}
	return nil
}

// pressed reads the form of a page of ours. It reports false when the form was none, or another site's, which the reader has been told then.
func (s *server) pressed(c *gin.Context) bool {
	err := readForm(c)
	if err == nil {
		err = crossSite(c.Request)
	}
	if err != nil {
		s.errorPage(c, err)
	}
	return err == nil
}

// maxForm bounds what a page may send.
const maxForm = 128 << 10

// readForm reads the form, urlencoded or multipart, bounded.
func readForm(c *gin.Context) error {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxForm)
	var err error
	if strings.HasPrefix(c.GetHeader("Content-Type"), "multipart/") {
		err = c.Request.ParseMultipartForm(maxForm)
	} else {
		err = c.Request.ParseForm()
	}
	if err != nil {
		return bodyFault(err, maxForm)
	}
	return nil
}
