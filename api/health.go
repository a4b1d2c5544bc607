package api

import (
	"errors"
	"io"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
)

// live says that the process answers.
func (s *server) live(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"status": "live", "version": s.Version})
}

// ready says whether work can be done; if not, the word for why and nothing of the cause.
func (s *server) ready(c *gin.Context) {
	if s.Ready == nil {
		c.JSON(http.StatusOK, gin.H{"status": "ready"})
		return
	}
	err := s.Ready(c.Request.Context())
	if err == nil {
		c.JSON(http.StatusOK, gin.H{"status": "ready"})
		return
	}
	reason := "internal"
	var f *fault.Error
	if errors.As(err, &f) {
		reason = f.Key
	}
	s.Log.WarnContext(c.Request.Context(), "not ready", "reason", reason, "error", err)
	c.JSON(http.StatusServiceUnavailable, gin.H{"status": "not_ready", "reason": reason})
}

// secretHeader carries the webhook's secret (Bot API setWebhook, secret_token).
const secretHeader = "X-Telegram-Bot-Api-Secret-Token"

// maxUpdate bounds one update; Telegram's are some kilobytes.
const maxUpdate = 1 << 20

// webhook stores one update raw and then says 200. Anything else makes Telegram send it again.
func (s *server) webhook(c *gin.Context) {
	if !sameSecret(c.GetHeader(secretHeader), s.Webhook.Secret) {
		s.refuse(c, fault.New(fault.Forbidden, "forbidden.webhook", nil))
		return
	}
	raw, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, maxUpdate))
	if err != nil {
		s.refuse(c, bodyFault(err, maxUpdate))
		return
	}
	u := engine.RawUpdate{Raw: raw}
	u.ID, u.HasID = updateID(raw)
	if err := s.Engine.StoreUpdates(c.Request.Context(), []engine.RawUpdate{u}); err != nil {
		s.Log.ErrorContext(c.Request.Context(), "update not stored", "request_id", requestOf(c.Request.Context()).id, "error", err)
		c.Status(http.StatusInternalServerError)
		return
	}
	c.Status(http.StatusOK)
}
