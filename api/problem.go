package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// Problem is every error of the API (RFC 9457). Detail and the messages are in the language of Accept-Language; Code and the places are stable.
// A value that was refused is never repeated: it may be somebody's.
type Problem struct {
	Type   string `json:"type" format:"uri" doc:"What kind of problem it is, and where that is explained"`
	Title  string `json:"title" doc:"The kind of problem in words"`
	Status int    `json:"status"`
	Detail string `json:"detail" doc:"What is wrong this time, for a person"`
	Code   string `json:"code" doc:"What is wrong this time, for a program: kind and thing, such as not_found.member"`
	// Errors are the places that are wrong, all at once.
	Errors []fault.Detail `json:"errors,omitempty"`
	// RequestID is there when the fault is ours: the code to quote.
	RequestID string `json:"request_id,omitempty"`
}

// Error implements error for huma.
func (p *Problem) Error() string { return p.Code }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

// statuses maps kinds to HTTP. byKey are the few faults for which HTTP has a word of its own.
var (
	statuses = map[fault.Kind]int{
		fault.Invalid:      http.StatusUnprocessableEntity,
		fault.NotFound:     http.StatusNotFound,
		fault.Conflict:     http.StatusConflict,
		fault.Forbidden:    http.StatusForbidden,
		fault.Unauthorized: http.StatusUnauthorized,
		fault.TooLarge:     http.StatusRequestEntityTooLarge,
		fault.Unavailable:  http.StatusServiceUnavailable,
		fault.RateLimited:  http.StatusTooManyRequests,
		fault.Internal:     http.StatusInternalServerError,
	}
	byKey = map[string]int{
		"conflict.draft":           http.StatusPreconditionFailed, // If-Match (RFC 9110 §13.1.1)
		"conflict.segment_changed": http.StatusPreconditionFailed,
		"conflict.link_expired":    http.StatusGone,
		"invalid.content_type":     http.StatusUnsupportedMediaType,
		"invalid.method":           http.StatusMethodNotAllowed,
		"invalid.slow_body":        http.StatusRequestTimeout,
	}
)

// retryAfter is when to come again, in seconds, for what passes by itself.
const retryAfter = 5

func statusOf(err error) int {
	var f *fault.Error
	if errors.As(err, &f) && byKey[f.Key] != 0 {
		return byKey[f.Key]
	}
	return statuses[fault.KindOf(err)]
}

// problem tells err to the one who asked.
func (s *server) problem(ctx context.Context, err error) *Problem {
	r := requestOf(ctx)
	kind := fault.KindOf(err)
	p := &Problem{
		Type: s.PublicURL + "/docs#" + string(kind), Title: locale.T(r.lang, "title."+string(kind), nil), Status: statusOf(err),
		Detail: fault.Message(err, r.lang), Code: string(kind), Errors: fault.Details(err, r.lang),
	}
	var f *fault.Error
	if errors.As(err, &f) && f.Key != "" {
		p.Code = f.Key
	}
	if p.Status >= http.StatusInternalServerError {
		p.RequestID = r.id
		s.logFault(ctx, kind, err)
	}
	return p
}

// logFault writes down what nobody outside is told. A caller who went away is no fault of ours.
func (s *server) logFault(ctx context.Context, kind fault.Kind, err error) {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return
	}
	s.Log.ErrorContext(ctx, "request failed", "request_id", requestOf(ctx).id, "kind", string(kind), "error", err)
}

// problemHeaders are the headers that belong to a status.
func problemHeaders(set func(name, value string), status int, lang string) {
	set("Content-Language", lang)
	switch status {
	case http.StatusUnauthorized:
		set("WWW-Authenticate", `Bearer realm="kruzhok"`)
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		set("Retry-After", strconv.Itoa(retryAfter))
	}
}

// refuse answers with a problem and ends the request.
func (s *server) refuse(c *gin.Context, err error) {
	c.Abort()
	if c.Writer.Written() {
		return
	}
	p := s.problem(c.Request.Context(), err)
	problemHeaders(c.Header, p.Status, requestOf(c.Request.Context()).lang)
	body, _ := json.Marshal(p) // strings and numbers only: never fails
	c.Data(p.Status, problemType, append(body, '\n'))
}

// refuseRoute answers where there is no route: with a page to a browser, with a problem to others.
func (s *server) refuseRoute(c *gin.Context, key string) {
	kind := fault.NotFound
	if key == "invalid.method" {
		kind = fault.Invalid
	}
	err := fault.New(kind, key, nil)
	if browser(c) {
		s.errorPage(c, err)
		return
	}
	s.refuse(c, err)
}

// browser reports whether a person looks for a page.
func browser(c *gin.Context) bool {
	return !strings.HasPrefix(c.Request.URL.Path, "/v1/") && strings.Contains(c.GetHeader("Accept"), "text/html")
}

// huma makes its errors by these two functions of the package; they are set once, before any API is made.
func init() {
	huma.NewError = func(status int, _ string, errs ...error) huma.StatusError {
		return (&server{}).problemOf(context.Background(), status, errs)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, _ string, errs ...error) huma.StatusError {
		r := requestOf(ctx.Context())
		p := r.server.problemOf(ctx.Context(), status, errs)
		problemHeaders(ctx.SetHeader, p.Status, r.lang)
		return p
	}
}

// problemOf makes a problem of what huma or a handler reports.
func (s *server) problemOf(ctx context.Context, status int, errs []error) *Problem {
	if status == 0 { // huma asks for an example, to learn the type
		return &Problem{}
	}
	var f *fault.Error
	if len(errs) == 1 && (status == http.StatusInternalServerError || errors.As(errs[0], &f)) {
		return s.problem(ctx, errs[0])
	}
	switch status {
	case http.StatusRequestEntityTooLarge:
		return s.problem(ctx, tooLarge(s.MaxBody))
	case http.StatusRequestTimeout:
		return s.problem(ctx, fault.New(fault.Invalid, "invalid.slow_body", nil))
	case http.StatusInternalServerError:
		return s.problem(ctx, errors.New("huma reported an internal error"))
	}
	return s.problem(ctx, invalidRequest(errs))
}
