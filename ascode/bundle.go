package ascode

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// bundling is an export that grows by what its documents name, themselves or by way of others.
type bundling struct {
	*Service
	folder string
	wanted []wanted
	files  []*export
}

// wanted is one document of an export.
type wanted struct {
	key     string
	segment bool
	asked   bool // for itself; else another document names it, and it need not be there yet
}

func (b *bundling) all(ctx context.Context, keys, segments []string) error {
	for _, key := range keys {
		b.want(wanted{key: key, asked: true})
	}
	for _, key := range segments {
		b.want(wanted{key: key, segment: true})
	}
	for i := 0; i < len(b.wanted); i++ { // it grows
		if err := b.add(ctx, b.wanted[i]); err != nil {
			return err
		}
	}
	return nil
}

func (b *bundling) want(w wanted) {
	if !slices.ContainsFunc(b.wanted, func(x wanted) bool { return x.key == w.key && x.segment == w.segment }) {
		b.wanted = append(b.wanted, w)
	}
}

// add reads the document and wants what it names.
func (b *bundling) add(ctx context.Context, w wanted) error {
	path, name := campaignPath(w.key)+"/draft", w.key
	if w.segment {
		path, name = segmentPath(w.key), w.key+".segment"
	}
	f, err := b.export(ctx, path, w.key, filepath.Join(b.folder, name))
	if !w.asked && (refusedWith(err, "not_found.campaign") || refusedWith(err, "not_found.segment")) {
		return nil
	}
	if err != nil {
		return err
	}
	b.files = append(b.files, f)
	for _, u := range uses(f) {
		b.want(wanted{key: string(u.Key), segment: u.Segment()})
	}
	return nil
}

// uses are what the document names; a draft with problems names what it names to nobody.
func uses(f *export) []definition.Use {
	read, problems := readFile(f.path, f.source)
	if len(problems) > 0 {
		return nil
	}
	return read.uses()
}
