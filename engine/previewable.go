package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/templates"
)

// Previewable is what can be seen of a campaign, and what its texts want to know.
type Previewable struct {
	Definition *definition.Definition
	Steps      []*definition.Step // those that send, or tell the staff
	Attributes []string           // of members, as the steps' texts name them
}

// Previewable tells what of a version can be previewed; 0 is the draft. Scope campaigns:read. Faults: those of the definition.
func (e *Engine) Previewable(ctx context.Context, p Principal, key campaigns.Key, version int) (*Previewable, error) {
	if err := p.Require(CampaignsRead); err != nil {
		return nil, err
	}
	d, err := e.previewDraft(ctx, p, PreviewRequest{Key: key, Version: version})
	if err != nil {
		return nil, err
	}
	def, err := parseDraft(d)
	if err != nil {
		return nil, err
	}
	return &Previewable{def, sending(def), attributesIn(def)}, nil
}

// ShownOn are the channels on which the step can be seen: those that it is tried on, or that the staff is told on.
func ShownOn(def *definition.Definition, s *definition.Step) []campaigns.Channel {
	body, ok := s.Body.(*definition.Notify)
	switch {
	case !ok:
		return def.ChannelsOf(s)
	case len(body.To) > 0:
		return body.To
	}
	return []campaigns.Channel{campaigns.Telegram, campaigns.Email}
}

// sending are the steps that send something or tell the staff, in document order.
func sending(def *definition.Definition) []*definition.Step {
	return slices.DeleteFunc(slices.Clone(def.Order), func(s *definition.Step) bool { return len(ShownOn(def, s)) == 0 })
}

// attributesIn are the attributes of members that messages name, in any language.
func attributesIn(def *definition.Definition) []string {
	l := &live{def: def, texts: map[string]*templates.Text{}}
	var out []string
	for _, s := range sending(def) {
		for _, ch := range ShownOn(def, s) {
			for _, t := range (&renderJob{l: l, d: &store.Delivery{Channel: ch}}).texts(s) {
				for _, src := range t {
					out = append(out, l.attributes(src)...)
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// attributes are those that one text names.
func (l *live) attributes(src string) (out []string) {
	text, err := l.text(src)
	if err != nil {
		return nil // no text that was checked fails to parse
	}
	for _, x := range text.Variables() {
		if name, ok := strings.CutPrefix(x.Path, "member.attributes."); ok {
			out = append(out, name)
		}
	}
	return out
}
