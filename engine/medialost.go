package engine

import (
	"slices"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
)

// LostMedia is a file that a step sends and that is not in the media folder.
type LostMedia struct {
	Step campaigns.StepID
	File string
}

// mediaHolder is a sender that knows what it can send along.
type mediaHolder interface {
	HasMedia(*channels.Media) bool
}

// HasMedia reports whether the media is there to be sent, as far as this process knows.
func (e *Engine) HasMedia(m *channels.Media) bool {
	holder, ok := e.Senders[campaigns.Telegram].(mediaHolder)
	return !ok || m == nil || holder.HasMedia(m)
}

// Lost are the media of steps that has says are not there, in document order: their messages fail in the chat.
func Lost(def *definition.Definition, has func(*channels.Media) bool) (lost []LostMedia) {
	for _, s := range def.Order {
		body, ok := s.Body.(*definition.Send)
		if ok && body.Media != nil && slices.Contains(def.ChannelsOf(s), campaigns.Telegram) && !has(body.Media) {
			lost = append(lost, LostMedia{s.ID, body.Media.Source})
		}
	}
	return lost
}
