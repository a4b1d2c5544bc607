package engine

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/internal/blob"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
)

// upload keeps a form's file before anything else of the form is stored: when the process dies in between, the sweep of blobs takes it away.
// Fault too_large.upload names the limit.
func (e *Engine) upload(ask *definition.Ask, u *Upload) (*pageFile, error) {
	if u == nil || !ask.Type.Media() {
		return nil, nil
	}
	if e.Blobs == nil {
		return nil, fault.New(fault.Unavailable, "unavailable.blobs", nil)
	}
	b, err := e.Blobs.Put(u.Content, e.UploadLimit)
	switch {
	case errors.Is(err, blob.ErrTooLarge):
		return nil, fault.New(fault.TooLarge, "too_large.upload", map[string]any{"limit": e.UploadLimit >> 20})
	case err != nil: // the browser went away; or our disk, which the log tells
		return nil, fault.Wrap(fault.Invalid, err, "invalid.upload", nil)
	case b.Size == 0: // the field was left empty
		return nil, e.dropBlobs(context.Background(), []string{b.SHA256})
	}
	kind := uploadKind(ask, MIMEOf(campaigns.MediaDocument, b.Head))
	return &pageFile{Kind: kind, Name: clip(oneLine(u.Name), maxName), MIME: MIMEOf(kind, b.Head), SHA256: b.SHA256, Size: b.Size}, nil
}

// uploadKind is what the file is to the question: the first of its kinds that the content can be. A container that may hold either is
// what the question asks for.
func uploadKind(ask *definition.Ask, mime string) campaigns.MediaKind {
	family, _, _ := strings.Cut(mime, "/")
	kinds := map[string][]campaigns.MediaKind{
		"audio": {campaigns.MediaVoice, campaigns.MediaAudio},
		"video": {campaigns.MediaVideoNote, campaigns.MediaVideo},
		"image": {campaigns.MediaPhoto},
	}[family]
	if mime == "video/webm" || mime == "video/mp4" { // a recorder's sound comes in them too
		kinds = append(kinds, campaigns.MediaVoice, campaigns.MediaAudio)
	}
	for _, k := range kinds {
		if slices.Contains(ask.Accept, k) {
			return k
		}
	}
	return campaigns.MediaDocument
}

// uploaded writes the row of a file that the form brought.
func uploaded(ctx context.Context, tx *store.Tx, in *store.Input, member campaigns.MemberID, f *pageFile, now time.Time) (campaigns.MediaID, error) {
	id, err := tx.NextID(ctx)
	if err != nil {
		return 0, err
	}
	m := &store.Media{
		ID: campaigns.MediaID(id), Member: member, Input: in.ID, Channel: campaigns.Page, Kind: f.Kind, Name: f.Name, MIME: f.MIME, Size: f.Size,
		SHA256: f.SHA256, State: store.MediaStored, CreatedAt: now, StoredAt: &now,
	}
	return m.ID, tx.InsertMedia(ctx, m)
}
