package ascode

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/kruzhok/kruzhok/campaigns"
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
	f, err := b.read(ctx, w)
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

// read exports the document. A campaign that is only named may be archived, and its file says so.
func (b *bundling) read(ctx context.Context, w wanted) (*export, error) {
	to := filepath.Join(b.folder, w.key)
	if w.segment {
		return b.export(ctx, segmentPath(w.key), w.key, to+".segment")
	}
	if !w.asked {
		var c campaign
		if err := b.get(ctx, campaignPath(w.key), &c); err != nil {
			return nil, err
		}
		if c.State == campaigns.Archived {
			to += archivedName
		}
	}
	return b.export(ctx, campaignPath(w.key)+"/draft", w.key, to)
}

// uses are what the document names; a draft with problems names what it names to nobody.
func uses(f *export) []definition.Use {
	read, problems := readFile(f.path, f.source)
	if len(problems) > 0 {
		return nil
	}
	return read.uses()
}
