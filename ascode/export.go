package ascode

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// Written says what became of an exported file.
type Written string

const (
	WroteNew  Written = "new"
	WroteOver Written = "over" // there was another text
	WroteNone Written = "none" // it was there already
)

// export is one draft on its way to a file.
type export struct {
	path    string
	source  []byte
	written Written
}

// Export writes drafts into the folder as they were typed, one file for each key, and the segments and campaigns that they name, so that the folder can be applied
// elsewhere; without keys, all segments and all campaigns that are not archived. An archived campaign that is only named gets a file that Archived knows. A file with another text stops it before anything is written, unless force is given.
func (s *Service) Export(ctx context.Context, folder string, keys []string, force bool, tell func(path string, w Written)) error {
	segments := []string{}
	if len(keys) == 0 {
		var err error
		if keys, err = s.keys(ctx); err != nil {
			return err
		}
		if segments, err = s.segments(ctx); err != nil {
			return err
		}
	}
	b := &bundling{Service: s, folder: folder}
	if err := b.all(ctx, keys, segments); err != nil {
		return err
	}
	if err := s.mayWrite(b.files, force); err != nil {
		return err
	}
	for _, f := range b.files {
		if err := f.write(); err != nil {
			return unreadable(f.path, err, s.lang)
		}
		tell(f.path, f.written)
	}
	return nil
}

// segments lists all segments.
func (s *Service) segments(ctx context.Context) (keys []string, err error) {
	var list struct {
		Items []struct {
			Key string `json:"key"`
		} `json:"items"`
	}
	err = s.get(ctx, segmentList, &list)
	for _, x := range list.Items {
		keys = append(keys, x.Key)
	}
	return keys, err
}

// keys lists the campaigns that are not archived.
func (s *Service) keys(ctx context.Context) (keys []string, err error) {
	for cursor := ""; ; {
		var page struct {
			Items      []campaign `json:"items"`
			NextCursor string     `json:"next_cursor"`
		}
		if err := s.get(ctx, campaignList+"?limit=500&cursor="+url.QueryEscape(cursor), &page); err != nil {
			return nil, err
		}
		for _, c := range page.Items {
			if c.State != campaigns.Archived {
				keys = append(keys, c.Key)
			}
		}
		if cursor = page.NextCursor; cursor == "" {
			return keys, nil
		}
	}
}

// fileKey is the form of a key. What a service calls a key becomes a file's name, so it is looked at here.
var fileKey = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func (s *Service) export(ctx context.Context, from, key, to string) (*export, error) {
	if !fileKey.MatchString(key) {
		return nil, errors.New(locale.T(s.lang, "cli.export.key", map[string]any{"key": fmt.Sprintf("%q", key)}))
	}
	doc, err := s.text(ctx, from)
	if err != nil {
		return nil, err
	}
	ext := ".yaml"
	if doc.format == definition.JSON {
		ext = ".json"
	}
	f := &export{path: to + ext, source: doc.source, written: WroteNew}
	there, err := os.ReadFile(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, unreadable(f.path, err, s.lang)
	case bytes.Equal(there, f.source):
		f.written = WroteNone
	default:
		f.written = WroteOver
	}
	return f, nil
}

func (s *Service) mayWrite(files []*export, force bool) error {
	var changed []string
	for _, f := range files {
		if f.written == WroteOver {
			changed = append(changed, f.path)
		}
	}
	if len(changed) == 0 || force {
		return nil
	}
	return errors.New(locale.T(s.lang, "cli.export.changed", map[string]any{"n": len(changed), "files": strings.Join(changed, ", ")}))
}

// write puts the whole file in place at once: a cut cable leaves the old one.
func (f *export) write() error {
	if f.written == WroteNone {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(f.path), 0o755); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(f.path), ".export-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(f.source)
	if err = errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), f.path)
}
