package api

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
)

const apiIntroduction = `Everything that the console does can be done here.

Requests carry a bearer token (kruzhok token create); each call names the scope that it needs. Lists come in pages: ask for limit items and pass next_cursor on as cursor. ` +
	`Times are RFC 3339 in UTC, ids are texts. Accept-Language (en, ru) chooses the language of sentences. ` +
	`Every error is a problem (RFC 9457): its code is stable, and errors names each place that is wrong.`

func humaConfig(o Options) huma.Config {
	config := huma.DefaultConfig("Kruzhok", orVersion(o.Version))
	config.Info.Description = apiIntroduction
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", "" // ours are at the end of this file: they need no foreign host
	config.CreateHooks = nil                                             // no $schema link: it trusts the Host header
	config.RejectUnknownQueryParameters = true
	if o.PublicURL != "" {
		config.Servers = []*huma.Server{{URL: o.PublicURL}}
	}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "Made by kruzhok token create or POST /v1/tokens."},
	}
	config.Tags = []*huma.Tag{
		{Name: "Campaigns", Description: "Definitions, versions and states."},
		{Name: "Enrollments", Description: "Who is inside."},
		{Name: "Reports", Description: "What was sent and answered."},
		{Name: "Members", Description: "People and what is known about them."},
		{Name: "Events", Description: "What happens on the platform."},
		{Name: "Messages", Description: "What members wrote and no question waited for."},
		{Name: "Settings", Description: "The community."},
		{Name: "Tokens", Description: "Who may call."},
	}
	return config
}

func orVersion(v string) string {
	if v == "" {
		return "dev"
	}
	return v
}

// documentRoutes come last: the document is written once, when every operation is registered.
func (s *server) documentRoutes() error {
	document, err := json.MarshalIndent(s.huma.OpenAPI(), "", "  ")
	if err != nil {
		return fmt.Errorf("write openapi: %w", err)
	}
	docs := newDocsPage(s.huma.OpenAPI())
	s.page("/openapi.json", func(c *gin.Context) {
		c.Header("Cache-Control", "no-cache")
		c.Data(http.StatusOK, "application/openapi+json;version=3.1", document)
	})
	s.page("/docs", func(c *gin.Context) { s.render(c, http.StatusOK, "docs.html", docs) })
	return nil
}
