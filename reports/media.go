package reports

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
)

// Blobs opens kept contents by their hash. Error fs.ErrNotExist.
type Blobs interface {
	Get(hash string) (*os.File, error)
}

// Media opens a file that a member sent. Scope responses:read. Faults: not_found.media; conflict.media_pending while its content is on its way;
// gone.media when it cannot be had any more.
func (r *Reports) Media(ctx context.Context, p engine.Principal, id campaigns.MediaID) (*store.Media, *os.File, error) {
	if err := p.Require(engine.ResponsesRead); err != nil {
		return nil, nil, err
	}
	m, err := r.store.Media(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	switch m.State {
	case store.MediaPending:
		return m, nil, fault.New(fault.Conflict, "conflict.media_pending", nil)
	case store.MediaFailed, store.MediaErased:
		return m, nil, fault.New(fault.NotFound, "not_found.media_content", nil)
	}
	if r.blobs == nil {
		return m, nil, fault.New(fault.NotFound, "not_found.media_content", nil)
	}
	c, err := r.blobs.Get(m.SHA256)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil, fault.New(fault.NotFound, "not_found.media_content", nil)
	}
	return m, c, err
}

// inline are the media types that a browser may show in our pages; everything else is only downloaded. None of them can run a script.
var inline = []string{
	"audio/ogg", "audio/mpeg", "audio/mp4", "audio/webm", "audio/wav", "audio/aiff", "video/mp4", "video/webm", "image/jpeg", "image/png", "image/webp", "image/gif",
}

// Playable reports whether a browser may show the file in a page.
func Playable(m *store.Media) bool {
	return m.State == store.MediaStored && slices.Contains(inline, m.MIME)
}

// ServeMedia writes a file with ranges, so that players can seek. What it is was read from the content; a browser must not guess otherwise.
func ServeMedia(w http.ResponseWriter, r *http.Request, m *store.Media, content *os.File) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cache-Control", "private, max-age=86400, immutable")
	h.Set("Content-Type", m.MIME)
	if !Playable(m) {
		h.Set("Content-Type", "application/octet-stream")
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": cmp.Or(m.Name, string(m.Kind)+"-"+strconv.FormatInt(int64(m.ID), 10))}))
	}
	http.ServeContent(w, r, "", time.Time{}, content)
}
