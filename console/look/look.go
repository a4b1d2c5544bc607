// Package look is how the console and the sandbox look: the frame around every page, styles, fonts, icons, our script, and the live connection.
// A page is a struct that embeds Frame; a template draws it. Nothing here knows what a campaign is.
package look

import (
	"log/slog"
	"sync"
	"time"
)

// Options is what the pages of one process share.
type Options struct {
	// Sandbox shows the sandbox in the menu.
	Sandbox bool
	// Virtual is the demo's clock, nil outside of the demo.
	Virtual func() Virtual
	// Community is the community's name, for titles; may be nil.
	Community func() string
	// Secure marks our cookies Secure: the pages are reached over https.
	Secure bool
	// Log hears of pages that could not be drawn; nil: nobody does.
	Log *slog.Logger
}

// Virtual is the sandbox's clock as a page shows it. It is marked sky-blue on every page.
type Virtual struct {
	Now   time.Time      // virtual
	Zone  *time.Location // of the community
	Ahead time.Duration  // of the real clock
	Rate  int            // 1 or 60; 0 while it jumps
	// Busy says what the clock is doing ("playing the past: day 9 of 21"), in the reader's language; empty at rest.
	Busy func(lang string) string
}

// Section names a place in the menu.
type Section string

const (
	Today     Section = "today"
	Campaigns Section = "campaigns"
	Members   Section = "members"
	Sandbox   Section = "sandbox"
)

// Look renders pages and holds their streams. It is safe for concurrent use.
type Look struct {
	o       Options
	streams hub
}

// New makes a Look. Its partials can be used in every template that Parse and ParseFS make.
func New(o Options) *Look {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Look{o: o, streams: hub{ended: make(chan struct{}), end: &sync.Once{}, polls: map[string]*poll{}}}
}

// Close ends every stream, so that a server can be shut down.
func (l *Look) Close() { l.streams.end.Do(func() { close(l.streams.ended) }) }
