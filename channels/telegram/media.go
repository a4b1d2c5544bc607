package telegram

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/kruzhok/kruzhok/channels"
)

// maxUpload is the Bot API's limit for a file that is not a photo.
const maxUpload = 50 << 20

// mediaSource is where a message's media comes from: a URL, a file_id, or a file of the media folder, whose file_id may be known by now.
type mediaSource struct {
	kind   channels.MediaKind
	url    string
	fileID string
	key    mediaKey // set for a file of the folder
}

// mediaKey names one state of a file: another time or size is another upload.
type mediaKey struct {
	kind channels.MediaKind
	path string
	size int64
	time time.Time
}

func (m mediaSource) needsUpload() bool { return m.key.path != "" && m.fileID == "" }
func (m mediaSource) cached() bool      { return m.key.path != "" && m.fileID != "" }

func (m mediaSource) remote() string {
	if m.url != "" {
		return m.url
	}
	return m.fileID
}

// mediaFolder finds media and remembers the file_id of what was uploaded, so that a campaign uploads its picture once.
type mediaFolder struct {
	dir string
	mu  sync.Mutex
	ids map[mediaKey]string
}

var fileIDShape = regexp.MustCompile(`^[A-Za-z0-9_-]{20,}$`)

func (f *mediaFolder) find(m *channels.Media) (mediaSource, *refused) {
	out := mediaSource{kind: m.Kind}
	if strings.HasPrefix(m.Source, "https://") || strings.HasPrefix(m.Source, "http://") {
		out.url = m.Source
		return out, nil
	}
	info, err := f.stat(m.Source)
	switch {
	case err != nil && fileIDShape.MatchString(m.Source):
		out.fileID = m.Source
		return out, nil
	case err != nil || !info.Mode().IsRegular():
		return out, &refused{channels.Receipt{Class: channels.Broken, Code: channels.NoMediaFile, Detail: m.Source}}
	case info.Size() > maxUpload || info.Size() == 0:
		return out, broken("the media file is empty or over 50 MB")
	}
	out.key = mediaKey{m.Kind, filepath.Clean(m.Source), info.Size(), info.ModTime()}
	out.fileID = f.known(out.key)
	return out, nil
}

// HasMedia reports whether the media is there to be sent, as far as this side knows: of a web address and of a file_id only the provider does.
func (s *Sender) HasMedia(m *channels.Media) bool {
	_, no := s.media.find(m)
	return no == nil || no.receipt.Code != channels.NoMediaFile
}

// stat looks inside the folder only: os.Root refuses paths and links that lead out of it.
func (f *mediaFolder) stat(name string) (os.FileInfo, error) {
	if f.dir == "" {
		return nil, os.ErrNotExist
	}
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.Stat(name)
}

func (f *mediaFolder) known(k mediaKey) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ids[k]
}

func (f *mediaFolder) remember(k mediaKey, id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if id != "" {
		f.ids[k] = id
	}
}

func (f *mediaFolder) forget(k mediaKey) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.ids, k)
}

// upload is one file part of a multipart request.
type upload struct {
	field, name string
	reader      io.Reader
}

// uploadPace is the slowest line that an upload's time limit allows for, in bytes a second.
const uploadPace = 256 << 10

func (s *Sender) upload(ctx context.Context, out outgoing, r request) (json.RawMessage, error) {
	file, err := os.OpenInRoot(s.media.dir, out.key.path)
	if err != nil {
		return nil, &NoAnswerError{Method: out.method, Reason: "the media file cannot be opened"}
	}
	defer file.Close()
	r.timeout += time.Duration(out.key.size/uploadPace) * time.Second
	r.file = &upload{field: string(out.kind), name: filepath.Base(out.key.path), reader: io.LimitReader(file, out.key.size)}
	res, err := s.client.do(ctx, r)
	if err == nil {
		s.media.remember(out.key, uploadedID(out.kind, res))
	}
	return res, err
}

// uploadedID reads the file_id out of a sent message; of a photo, the largest size. Empty when Telegram made another kind of it.
func uploadedID(kind channels.MediaKind, message json.RawMessage) string {
	type file struct {
		ID string `json:"file_id"`
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(message, &fields) != nil {
		return ""
	}
	var one file
	if kind != channels.Photo {
		_ = json.Unmarshal(fields[string(kind)], &one)
		return one.ID
	}
	var sizes []file
	if json.Unmarshal(fields["photo"], &sizes) != nil || len(sizes) == 0 {
		return ""
	}
	return sizes[len(sizes)-1].ID
}
