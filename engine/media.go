package engine

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/internal/blob"
	"github.com/kruzhok/kruzhok/store"
)

// Why a file's content is not here. Their words are the catalogs' "media.reason.<word>".
const (
	mediaTooLarge = "too_large" // more than the limit, or than the provider gives out
	mediaRefused  = "refused"   // the provider does not have it any more
	mediaUsedUp   = "attempts_used_up"
)

// Limits of fetching.
const (
	fetchClaim   = 2 * time.Minute // how long one fetch may take before another tries
	fetchAtOnce  = 4
	fetchTries   = 8
	fetchBackoff = 10 * time.Second // doubled with each try
)

// recording makes the row of what the member sent; its content is fetched after the transaction.
func (t *conversation) recording(ctx context.Context) (*campaigns.Media, error) {
	kind := campaigns.MediaKind(t.inc.Media)
	f := t.inc.File
	id, err := t.tx.NextID(ctx)
	if err != nil {
		return nil, err
	}
	m := &store.Media{
		ID: campaigns.MediaID(id), Member: t.p.ID, Input: t.in.ID, Channel: campaigns.Telegram, Kind: kind, FileID: f.ID, Name: clip(oneLine(f.Name), maxName),
		Size: f.Size, Seconds: f.Seconds, State: store.MediaPending, DueAt: &t.now, CreatedAt: t.now,
	}
	if t.e.Blobs == nil || f.Size > t.e.MediaLimit {
		m.State, m.Reason, m.DueAt = store.MediaFailed, mediaTooLarge, nil
	}
	t.out.fetch = true
	return &campaigns.Media{ID: m.ID, Kind: kind, Seconds: f.Seconds, Size: f.Size}, t.tx.InsertMedia(ctx, m)
}

// media is a recording or a file: an answer where a question waits for one, else something for a person.
func (t *conversation) media(ctx context.Context) error {
	if t.inc.File == nil {
		return t.keep(ctx, t.inc.Media, t.inc.Text)
	}
	m, err := t.recording(ctx)
	if err != nil {
		return err
	}
	return t.said(ctx, campaigns.RawAnswer{Media: m, Text: t.inc.Text}, t.inc.Media)
}

// thanks puts the bot's reaction on an accepted recording: quicker than words, and no message more.
func (t *conversation) thanks() {
	chat, message := t.inc.Chat, t.inc.Message
	t.marked(func(ctx context.Context) error { return t.e.Chat.React(ctx, chat, message, "👍") })
}

// FetchMedia fetches what members sent, as long as something is due. Each file is claimed in SQL: a fetch that dies is done again.
func (e *Engine) FetchMedia(ctx context.Context) error {
	if e.Blobs == nil || e.Chat == nil || e.off(campaigns.Telegram) {
		return nil
	}
	for ctx.Err() == nil {
		var claimed []*store.Media
		now := e.now()
		err := e.Store.Write(ctx, func(tx *store.Tx) (err error) {
			claimed, err = tx.ClaimMedia(ctx, now, now.Add(fetchClaim), fetchAtOnce)
			return err
		})
		if err != nil || len(claimed) == 0 {
			return err
		}
		var all sync.WaitGroup
		errs := make([]error, len(claimed))
		for i, m := range claimed {
			all.Go(func() { errs[i] = e.fetch(ctx, m) })
		}
		all.Wait()
		if err := errors.Join(errs...); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// fetch brings one file's content into the blob folder. An error is the database's; what the provider says is noted on the row.
func (e *Engine) fetch(ctx context.Context, m *store.Media) error {
	ctx, cancel := context.WithTimeout(ctx, fetchClaim)
	defer cancel()
	b, receipt := e.download(ctx, m.FileID)
	if receipt.Class == channels.OK {
		return e.keepBlob(ctx, m, b)
	}
	reason, due := mediaRefused, (*time.Time)(nil)
	switch receipt.Class {
	case channels.Temporary, channels.RateLimited, channels.Uncertain, channels.Broken:
		again := e.now().Add(max(receipt.RetryAfter, fetchBackoff<<min(m.Tries, 10)))
		if reason = mediaUsedUp; m.Tries < fetchTries {
			due = &again
		}
	case channels.Refused:
		if receipt.Code == mediaTooLarge || strings.Contains(receipt.Detail, "too big") {
			reason = mediaTooLarge
		}
	}
	e.Log.Warn("file not fetched", "media", m.ID, "tries", m.Tries, "again", due != nil, "code", receipt.Code, "detail", receipt.Detail)
	return e.Store.Write(ctx, func(tx *store.Tx) error { return tx.FailMedia(ctx, m.ID, reason, due) })
}

func (e *Engine) download(ctx context.Context, file string) (blob.Blob, channels.Receipt) {
	r, receipt := e.Chat.Fetch(ctx, file)
	if receipt.Class != channels.OK {
		return blob.Blob{}, receipt
	}
	defer r.Close()
	b, err := e.Blobs.Put(r, e.MediaLimit)
	switch {
	case errors.Is(err, blob.ErrTooLarge):
		return blob.Blob{}, channels.Receipt{Class: channels.Refused, Code: mediaTooLarge}
	case err != nil: // the connection, or our disk
		return blob.Blob{}, channels.Receipt{Class: channels.Temporary, Detail: "the content broke off"}
	}
	return b, channels.Receipt{}
}

func (e *Engine) keepBlob(ctx context.Context, m *store.Media, b blob.Blob) error {
	kept := false
	err := e.Store.Write(ctx, func(tx *store.Tx) (err error) {
		kept, err = tx.StoreMedia(ctx, m.ID, b.SHA256, MIMEOf(m.Kind, b.Head), b.Size, 0, e.now())
		return err
	})
	if err != nil || kept {
		return err
	}
	return e.dropBlobs(ctx, []string{b.SHA256}) // the member was erased meanwhile
}

// dropBlobs removes contents that no row names.
func (e *Engine) dropBlobs(ctx context.Context, hashes []string) error {
	if e.Blobs == nil {
		return nil
	}
	for _, h := range hashes {
		used, err := e.Store.BlobUsed(ctx, h)
		if err != nil {
			return err
		}
		if used {
			continue
		}
		if err := e.Blobs.Remove(h); err != nil {
			return fmt.Errorf("drop blob: %w", err)
		}
	}
	return nil
}

// orphanAge is how old a content must be before it counts as left behind: the row comes after it.
const orphanAge = 24 * time.Hour

// SweepBlobs removes contents that no row names: a process was killed between the two, or a member was erased.
func (e *Engine) SweepBlobs(ctx context.Context) error {
	if e.Blobs == nil {
		return nil
	}
	return e.Blobs.Old(orphanAge, func(hash string) error { return e.dropBlobs(ctx, []string{hash}) })
}

// MIMEOf tells a content's media type from its first bytes; what the sender says is not believed. A container that may hold either is
// sound where the kind is.
func MIMEOf(kind campaigns.MediaKind, head []byte) string {
	sound := kind == campaigns.MediaVoice || kind == campaigns.MediaAudio
	switch mime, _, _ := strings.Cut(http.DetectContentType(head), ";"); {
	case mime == "application/ogg":
		return "audio/ogg"
	case mime == "video/webm" && sound:
		return "audio/webm"
	case mime == "video/mp4" && sound:
		return "audio/mp4"
	case mime == "audio/wave":
		return "audio/wav"
	default:
		return mime
	}
}

// defaultFile bounds a file where nothing else is said: what the Bot API gives out (getFile).
const defaultFile = 20 << 20

// signal tells one waiting goroutine that there is something to do.
type signal chan struct{}

func (s signal) wake() {
	select {
	case s <- struct{}{}:
	default: // it knows
	}
}

// MediaWaits tells when a file was noted in this process that is to be fetched.
func (e *Engine) MediaWaits() <-chan struct{} { return e.fetches }
