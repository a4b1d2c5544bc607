package look

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"
)

//go:embed assets
var assetFiles embed.FS

// layers is the order of the styles: it is the whole of the specificity policy. What is not named here is a component.
var layers = []struct{ name, file string }{{"reset", "reset.css"}, {"tokens", "tokens.css"}, {"base", "base.css"}}

// assetTypes are what is served, by the end of the name.
var assetTypes = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".woff2": "font/woff2", ".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8"}

// bundle is what is served: every file by its name, the styles as one, under a build name that changes with any of them.
type bundle struct {
	build string
	files map[string][]byte
}

var assets = sync.OnceValue(func() bundle {
	b := bundle{files: map[string][]byte{}}
	entries, _ := fs.ReadDir(assetFiles, "assets") // embedded: it is there
	sum := sha256.New()
	for _, e := range entries {
		content, _ := fs.ReadFile(assetFiles, "assets/"+e.Name())
		fmt.Fprintf(sum, "%s %d ", e.Name(), len(content))
		sum.Write(content)
		b.files[e.Name()] = content
	}
	b.files["kruzhok.css"] = styles(b.files)
	b.build = hex.EncodeToString(sum.Sum(nil))[:12]
	return b
})

// styles joins the layers into one file: one request, no @import that waits for another.
func styles(files map[string][]byte) []byte {
	var out bytes.Buffer
	out.WriteString("@layer reset, tokens, base, components;\n")
	done := map[string]bool{}
	for _, l := range layers {
		fmt.Fprintf(&out, "@layer %s {\n%s}\n", l.name, files[l.file])
		done[l.file] = true
	}
	var rest []string
	for name := range files {
		if strings.HasSuffix(name, ".css") && !done[name] {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	for _, name := range rest {
		fmt.Fprintf(&out, "@layer components {\n%s}\n", files[name])
	}
	return out.Bytes()
}

// Asset is the address of an asset: "kruzhok.css", "live.js", "sandbox.js". It changes with the content and may be kept for ever.
func Asset(name string) string { return "/look/" + assets().build + "/" + name }

// Routes serves the assets and the choice of language and theme. RouteNames tells what it registers.
func (l *Look) Routes(r gin.IRouter) {
	r.GET("/look/:build/:name", l.asset)
	r.HEAD("/look/:build/:name", l.asset)
	r.POST("/look/choice", l.choose)
}

// RouteNames are the routes that Routes registers. They are public: they hold nothing of anybody.
func RouteNames() []string {
	return []string{"GET /look/:build/:name", "HEAD /look/:build/:name", "POST /look/choice"}
}

func (l *Look) asset(c *gin.Context) {
	name := c.Param("name")
	content, ok := assets().files[name]
	kind := assetTypes[path.Ext(name)]
	if !ok || kind == "" {
		c.Status(http.StatusNotFound)
		return
	}
	c.Header("Cache-Control", "no-cache")
	if c.Param("build") == assets().build {
		c.Header("Cache-Control", "public, max-age=31536000, immutable")
	}
	c.Data(http.StatusOK, kind, content)
}
