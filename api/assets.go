package api

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"mime"
	"net/http"
	"path"

	"github.com/gin-gonic/gin"

	"github.com/kruzhok/kruzhok/internal/fault"
)

// assets are the style sheet and the fonts of the pages, with the fonts' licence.
//
//go:embed assets
var assets embed.FS

// assetBuild stands for the assets' content: their addresses change when they do, so they may be kept for a year.
var assetBuild = func() string {
	entries, err := assets.ReadDir("assets")
	if err != nil {
		panic(err) // embedded: cannot fail
	}
	h := sha256.New()
	for _, e := range entries {
		b, _ := assets.ReadFile("assets/" + e.Name())
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}()

// assetURL is the address of an asset.
func assetURL(name string) string { return "/assets/" + assetBuild + "/" + name }

func (s *server) assetRoutes() {
	s.page("/assets/:build/:name", s.asset)
}

func (s *server) asset(c *gin.Context) {
	name := path.Base(c.Param("name"))
	b, err := assets.ReadFile("assets/" + name)
	if err != nil {
		s.refuse(c, fault.New(fault.NotFound, "not_found.page", nil))
		return
	}
	c.Header("Cache-Control", "no-cache")
	if c.Param("build") == assetBuild {
		c.Header("Cache-Control", "public, max-age=31536000, immutable")
	}
	c.Data(http.StatusOK, assetType(name), b)
}

func assetType(name string) string {
	switch path.Ext(name) {
	case ".woff2":
		return "font/woff2" // RFC 8081
	case ".css":
		return "text/css; charset=utf-8"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "text/plain; charset=utf-8"
}
