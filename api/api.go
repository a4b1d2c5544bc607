// Package api is the HTTP side: the API under /v1 with its OpenAPI document, the public pages behind signed links, and the webhook.
//
// A handler decodes, makes one call to the engine or the reports, and renders. Nothing here decides anything of the product.
package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/reports"
	"github.com/kruzhok/kruzhok/simulation"
)

// Options is what the API is made of.
type Options struct {
	Engine  *engine.Engine
	Reports *reports.Reports
	// Simulator plays campaigns before they begin (default: in the system's temporary folder).
	Simulator *simulation.Simulator
	Log       *slog.Logger
	// Metrics answers /metrics; nil: there is none.
	Metrics http.Handler
	// PublicURL is the base of our addresses, without a slash at its end.
	PublicURL string
	// Version is this binary's.
	Version string
	// Ready reports whether work can be done; its error's kind and key are shown, its cause is not.
	Ready   func(context.Context) error
	Webhook Webhook
	// MaxBody bounds a request's body in bytes (default 1 MiB), MaxBatch one with many things in it (4 MiB), MaxBulk a stream (64 MiB).
	MaxBody, MaxBatch, MaxBulk int64
	// MaxImport bounds a file of members in bytes (default 64 MiB).
	MaxImport int64
	// Mount registers other fronts on the same router: the console, and the demo's pages.
	Mount []func(gin.IRouter)
	// MaxRequests is how many requests of the API work at once (default 64), and as many of the pages behind mails' links; four times as many wait for them.
	MaxRequests int
	// BodyPatience is how long a small body may take to come (default 30 s): it holds no place meanwhile. BodyGrace is how long a large one, which does, may
	// fall behind the slowest pace that is borne (default 5 s).
	BodyPatience, BodyGrace time.Duration
}

// Webhook is Telegram's way in.
type Webhook struct {
	Enabled bool
	// Secret is the secret_token of setWebhook; every update must carry it (Bot API setWebhook).
	Secret string
}

// server is the API's state: none but what it was made of.
type server struct {
	Options
	gin    *gin.Engine
	huma   huma.API
	access map[string]access // by method and gin's path
	// doors are the API's, pageDoors those of the pages behind mails' links.
	doors, pageDoors *doors
}

// New makes the handler.
func New(o Options) (http.Handler, error) { return newServer(o) }

func newServer(o Options) (*server, error) {
	switch {
	case o.Engine == nil || o.Reports == nil:
		return nil, errors.New("make api: no engine or no reports")
	case o.Webhook.Enabled && o.Webhook.Secret == "":
		return nil, errors.New("make api: the webhook needs a secret")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.PublicURL = strings.TrimRight(o.PublicURL, "/")
	o.MaxBody, o.MaxBatch, o.MaxBulk = orElse(o.MaxBody, 1<<20), orElse(o.MaxBatch, 4<<20), orElse(o.MaxBulk, 64<<20)
	o.MaxImport = orElse(o.MaxImport, 64<<20)
	if o.BodyPatience <= 0 {
		o.BodyPatience = bodyPatience
	}
	if o.BodyGrace <= 0 {
		o.BodyGrace = bodyGrace
	}
	if o.Simulator == nil {
		var err error
		if o.Simulator, err = simulation.NewSimulator(o.Engine, ""); err != nil {
			return nil, err
		}
	}
	s := &server{Options: o, gin: newRouter(), access: map[string]access{}}
	places := int(orElse(int64(o.MaxRequests), 64))
	s.doors, s.pageDoors = newDoors(places), newDoors(places)
	s.gin.Use(s.identify, s.log, s.recover, securityHeaders, s.await, s.admit)
	s.gin.NoRoute(func(c *gin.Context) { s.refuseRoute(c, "not_found.page") })
	s.gin.NoMethod(func(c *gin.Context) { s.refuseRoute(c, "invalid.method") })
	s.huma = humagin.New(s.gin, humaConfig(o))
	s.operations()
	for _, mount := range o.Mount {
		mount(s.gin)
	}
	return s, s.plainRoutes()
}

func orElse(n, fallback int64) int64 {
	if n > 0 {
		return n
	}
	return fallback
}

// newRouter is gin without its own words: no banner, no text for 404 and 405. Parameters are taken from the raw path,
// so that an external id may hold any character.
func newRouter() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.HandleMethodNotAllowed, r.RedirectTrailingSlash = true, false
	r.UseRawPath, r.UnescapePathValues = true, true
	_ = r.SetTrustedProxies(nil) // never fails for nil; nobody's X-Forwarded-For is believed
	return r
}

// ServeHTTP implements http.Handler. HEAD on the API and on what tells the service's health is a GET (RFC 9110 §9.3.2), of which net/http sends the headers alone.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead && (strings.HasPrefix(r.URL.Path, "/v1/") || slices.Contains([]string{"/livez", "/readyz"}, r.URL.Path)) {
		r = r.WithContext(r.Context())
		r.Method = http.MethodGet
	}
	s.gin.ServeHTTP(w, r)
}

// operations registers everything under /v1.
func (s *server) operations() {
	s.campaignOperations()
	s.draftOperations()
	s.segmentOperations()
	s.simulationOperations()
	s.previewOperation()
	s.whyOperation()
	s.enrollmentOperations()
	s.reportOperations()
	s.standingsOperations()
	s.mediaOperations()
	s.memberOperations()
	s.bulkOperation()
	s.importOperation()
	s.eventOperations()
	s.messageOperations()
	s.deadLetterOperations()
	s.failedMessageOperations()
	s.failedCallOperations()
	s.switchOperations()
	s.settingsOperations()
	s.tokenOperations()
}

// plainRoutes registers what is no operation of the API: nobody signs in there.
func (s *server) plainRoutes() error {
	s.public(http.MethodGet, "/livez", s.live)
	s.public(http.MethodGet, "/readyz", s.ready)
	if s.Metrics != nil {
		s.public(http.MethodGet, "/metrics", gin.WrapH(s.Metrics))
	}
	if s.Webhook.Enabled {
		s.public(http.MethodPost, "/telegram/webhook", s.webhook)
	}
	s.assetRoutes()
	s.surveyRoutes()
	s.unsubscribeRoutes()
	s.mailboxRoutes()
	s.settingsRoutes()
	s.connectRoutes()
	return s.documentRoutes()
}
