package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
)

// access is who may call a route. Every route has one; a test walks them all.
type access struct {
	// Public: whoever knows the address. Links carry their right in the address, the webhook in a header.
	Public bool
	// Scope is what the token must have; the engine asks for it again.
	Scope engine.Scope
}

// public registers a route that needs no token.
func (s *server) public(method, path string, h gin.HandlerFunc) {
	s.access[method+" "+path] = access{Public: true}
	s.gin.Handle(method, path, h)
}

// page registers a page: it answers HEAD like GET, without the body (RFC 9110 §9.3.2).
func (s *server) page(path string, h gin.HandlerFunc) {
	s.public(http.MethodGet, path, h)
	s.public(http.MethodHead, path, h)
}

// guard lets through who holds a token with the scope, and notes who it is.
func (s *server) guard(scope engine.Scope) gin.HandlerFunc {
	return func(c *gin.Context) {
		p, err := s.authenticate(c, scope)
		if err != nil {
			s.refuse(c, err)
			return
		}
		c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), principalKey{}, p))
	}
}

func (s *server) authenticate(c *gin.Context, scope engine.Scope) (engine.Principal, error) {
	kind, token, _ := strings.Cut(c.GetHeader("Authorization"), " ")
	if !strings.EqualFold(kind, "Bearer") { // the scheme's case does not matter (RFC 9110 §11.1)
		return engine.Principal{}, fault.New(fault.Unauthorized, "unauthorized.token", nil)
	}
	p, err := s.Engine.Authenticate(c.Request.Context(), strings.TrimSpace(token))
	if fault.Is(err, fault.Unauthorized) {
		err = fault.New(fault.Unauthorized, "unauthorized.token", nil)
	}
	if err != nil {
		return engine.Principal{}, err
	}
	return p, p.Require(scope)
}

type principalKey struct{}

// principal is who calls. Behind guard it is always there.
func principal(ctx context.Context) engine.Principal {
	p, _ := ctx.Value(principalKey{}).(engine.Principal)
	return p
}

// operation is one call of the API.
type operation struct {
	id, method, path string
	tag, summary     string
	doc              string
	scope            engine.Scope
	status           int   // default 200, or 204 where the reply has no body
	once             bool  // takes an Idempotency-Key
	secret           bool  // its answer holds a secret and is not kept for repetitions
	bare             bool  // takes no body; one that is sent is not looked at
	loose            bool  // its body may be left out
	max              int64 // of the body; default Options.MaxBody
	errors           []int // beyond those that every operation has
	body             *huma.RequestBody
	replies          map[string]*huma.Response
}

// add registers the operation with its handler.
func add[I, O any](s *server, o operation, h func(context.Context, engine.Principal, *I) (*O, error)) {
	s.access[o.method+" "+ginPath(o.path)] = access{Scope: o.scope}
	huma.Register(s.huma, s.describe(o), func(ctx context.Context, in *I) (*O, error) {
		return h(ctx, principal(ctx), in)
	})
}

// describe makes huma's form of the operation.
func (s *server) describe(o operation) huma.Operation {
	limit := orElse(o.max, s.MaxBody)
	h := huma.Operation{
		OperationID: o.id, Method: o.method, Path: o.path, Tags: []string{o.tag}, Summary: o.summary, Description: o.doc,
		DefaultStatus: o.status, RequestBody: o.body, SkipValidateBody: o.body != nil, Responses: o.replies,
		MaxBodyBytes:    limit + 1, // ours is checked first and is exact
		BodyReadTimeout: -1,        // the server's own limit holds
		Errors:          append([]int{http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests, http.StatusServiceUnavailable}, o.errors...),
		Security:        []map[string][]string{{"token": {}}},
		Extensions:      map[string]any{"x-scope": string(o.scope)},
	}
	chain := []gin.HandlerFunc{s.guard(o.scope)}
	if o.method != http.MethodGet && o.method != http.MethodDelete && !o.bare {
		chain = append(chain, func(c *gin.Context) { s.readBody(c, limit, h.RequestBody, o.loose) })
		h.Errors = append(h.Errors, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	h.Middlewares = huma.Middlewares{through(chain...)}
	if o.once {
		h.Parameters = append(h.Parameters, idempotencyParam())
		h.Errors = append(h.Errors, http.StatusConflict)
		h.Middlewares = append(h.Middlewares, func(ctx huma.Context, next func(huma.Context)) {
			s.once(humagin.Unwrap(ctx), o.secret, func() { next(ctx) })
		})
	}
	return h
}

// through runs gin handlers before the operation; one that answers ends it.
func through(chain ...gin.HandlerFunc) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		c := humagin.Unwrap(ctx)
		for _, h := range chain {
			if h(c); c.IsAborted() {
				return
			}
		}
		next(ctx)
	}
}

// ginPath writes {key} as :key.
func ginPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}
