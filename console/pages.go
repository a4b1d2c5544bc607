package console

import (
	"embed"
	"html/template"

	"github.com/kruzhok/kruzhok/console/look"
)

//go:embed pages/*.html
var pageFiles embed.FS

// parsePages makes the templates; a test holds each against its struct.
func parsePages() *template.Template { return look.ParseFS(pageFiles, "pages/*.html") }
