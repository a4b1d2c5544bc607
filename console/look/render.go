package look

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"net/http"

	"github.com/gin-gonic/gin"
)

//go:embed templates/*.html
var frameFiles embed.FS

// policy lets a page load our own styles, scripts, pictures, fonts and recordings, and nothing from anywhere else; nothing inline.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self' blob:; font-src 'self'; connect-src 'self'; " +
	"frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"

// Parse makes the set of templates of a front: the frame and the partials of this package, and the texts given, each with its own {{define}}.
func Parse(files ...string) *template.Template {
	t := frameTemplates()
	for _, text := range files {
		template.Must(t.Parse(text))
	}
	return t
}

// ParseFS is Parse for embedded files; a file's name is its template's.
func ParseFS(files fs.FS, patterns ...string) *template.Template {
	return template.Must(frameTemplates().ParseFS(files, patterns...))
}

func frameTemplates() *template.Template {
	return template.Must(template.New("").Funcs(Funcs()).ParseFS(frameFiles, "templates/*.html"))
}

// Funcs are what every template may call.
func Funcs() template.FuncMap {
	return template.FuncMap{"icon": Icon, "icons": SmallIcon, "asset": Asset, "dict": dict}
}

// Render writes the page with its headers (a strict Content-Security-Policy among them), all or nothing.
func (l *Look) Render(c *gin.Context, t *template.Template, status int, name string, page any) {
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, name, page); err != nil {
		l.o.Log.ErrorContext(c.Request.Context(), "page not rendered", "page", name, "error", err)
		c.String(http.StatusInternalServerError, "")
		return
	}
	Headers(c)
	c.Data(status, "text/html; charset=utf-8", b.Bytes())
}

// Headers stand on every page.
func Headers(c *gin.Context) {
	c.Header("Content-Security-Policy", policy)
	c.Header("X-Content-Type-Options", "nosniff")
	c.Header("Cache-Control", "no-store")
	c.Header("Referrer-Policy", "same-origin")
	c.Header("X-Robots-Tag", "noindex, nofollow")
	c.Header("Vary", "Cookie, Accept-Language")
	// A page may ask for the microphone: the sandbox's phone records. Nothing else is asked for.
	c.Header("Permissions-Policy", "camera=(self), microphone=(self), geolocation=()")
}

// dict makes a map of names and values in turn, for partials that take several.
func dict(pairs ...any) map[string]any {
	m := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if name, ok := pairs[i].(string); ok {
			m[name] = pairs[i+1]
		}
	}
	return m
}
