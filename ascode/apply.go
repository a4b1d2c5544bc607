package ascode

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// Apply does what the plan says, one campaign after the other, and tells each: it saves all drafts and segments and then publishes, since they may name each other.
// A draft that is no longer the one that was compared is left as it is, and ends the work: before anything is changed, where it shows then.
func (s *Service) Apply(ctx context.Context, p *Plan, tell func(line string)) error {
	for _, it := range p.Items {
		if err := s.saidYes(it); err != nil {
			return err
		}
		if err := s.refused(it); err != nil {
			return err
		}
		if err := s.unchanged(ctx, it); err != nil {
			return err
		}
	}
	w := &applying{Service: s, left: slices.Clone(p.Items), tell: tell}
	err := w.all(ctx, p.Items)
	switch {
	case err != nil && !w.done:
		return fmt.Errorf("%w %s", err, locale.T(s.lang, "cli.apply.declined", nil))
	case err != nil:
		return s.cutShort(err, w.left)
	}
	return nil
}

// saidYes refuses what is published only with an explicit yes.
func (s *Service) saidYes(it *Item) error {
	pub := it.Publication
	if pub == nil {
		return nil
	}
	for _, need := range []struct {
		texts         []string
		said, refusal string
	}{{pub.Outdated, s.choice.OutdatedTexts, "cli.apply.outdated"}, {pub.Missing, s.choice.MissingTexts, "cli.apply.missing"}} {
		if len(need.texts) > 0 && need.said == "" {
			return errors.New(locale.T(s.lang, need.refusal, map[string]any{"key": it.File.Key(), "texts": strings.Join(need.texts, "; ")}))
		}
	}
	return nil
}

// applying is how far the work is.
type applying struct {
	*Service
	tell func(string)
	done bool    // something was changed
	left []*Item // what is not done with
}

func (w *applying) all(ctx context.Context, items []*Item) error {
	for _, it := range saved(items) {
		if err := w.save(ctx, it); err != nil {
			return w.orStale(it, err)
		}
		if it.Publication == nil {
			w.isDone(it)
		}
	}
	for _, it := range items {
		if it.Publication == nil {
			continue
		}
		version, err := w.publish(ctx, it)
		if err != nil {
			return w.orStale(it, err)
		}
		w.isDone(it)
		w.say("cli.apply.published", map[string]any{"key": it.File.Key(), "version": version})
	}
	return nil
}

func (w *applying) isDone(it *Item) {
	w.left = slices.DeleteFunc(w.left, func(other *Item) bool { return other == it })
}

func (w *applying) say(key string, args map[string]any) {
	w.done = true
	w.tell(locale.T(w.lang, key, args))
}

// unchanged looks once more, since a person may have read the plan for an hour.
func (s *Service) unchanged(ctx context.Context, it *Item) error {
	if it.State == Same && it.Publication == nil {
		return nil
	}
	draft, err := s.text(ctx, it.File.text())
	switch {
	case it.State == New && refusedWith(err, it.File.absent()):
		return nil
	case err != nil && it.State != New && !refusedWith(err, it.File.absent()):
		return err
	case err != nil || it.State == New || draft.etag != it.etag:
		return s.stale(it)
	}
	return nil
}

func (s *Service) stale(it *Item) error {
	return errors.New(locale.T(s.lang, it.File.saying("cli.apply.stale"), map[string]any{"key": it.File.Key()}))
}

// save writes the draft, or the segment, where it is another one, and notes its revision.
func (w *applying) save(ctx context.Context, it *Item) error {
	r := request{method: http.MethodPut, path: it.File.text(), body: it.File.Source, format: it.File.Format, ifMatch: it.etag}
	switch it.State {
	case Same:
		return nil
	case New:
		r = request{method: http.MethodPost, path: it.File.list(), body: it.File.Source, format: it.File.Format}
	}
	a, err := w.call(ctx, r)
	if err != nil {
		return withPlaces(err)
	}
	it.saved = a.header.Get("ETag")
	w.say(it.File.saying("cli.apply.saved"), map[string]any{"key": it.File.Key()})
	return nil
}

func (w *applying) publish(ctx context.Context, it *Item) (version int, err error) {
	choice := w.choice
	choice.Moves = it.Publication.Choice.Moves // those that are meant for this campaign
	body, err := json.Marshal(choice)
	if err != nil {
		return 0, fmt.Errorf("write the choice: %w", err)
	}
	path := campaignPath(it.File.Key()) + "/publication"
	a, err := w.call(ctx, request{method: http.MethodPost, path: path, ifMatch: cmp.Or(it.saved, it.etag), body: body, format: definition.JSON})
	if err != nil {
		return 0, withPlaces(err)
	}
	var v struct {
		Version int `json:"version"`
	}
	return v.Version, a.into(&v)
}

// withPlaces adds the places that a refusal names.
func withPlaces(err error) error {
	var r *Refusal
	if errors.As(err, &r) {
		for _, p := range r.Errors {
			r.Detail += "\n  " + p.Message
		}
	}
	return err
}

// orStale finds the words for what somebody else did in between.
func (s *Service) orStale(it *Item, err error) error {
	for _, code := range it.File.taken() {
		if refusedWith(err, code) {
			return s.stale(it)
		}
	}
	return err
}

// cutShort adds what was left undone.
func (s *Service) cutShort(err error, left []*Item) error {
	var keys []string
	for _, it := range left {
		if it.State != Same || it.Publication != nil {
			keys = append(keys, it.File.Key())
		}
	}
	return fmt.Errorf("%w\n%s", err, locale.T(s.lang, "cli.apply.left", map[string]any{"keys": strings.Join(keys, ", ")}))
}
