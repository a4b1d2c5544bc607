package sandbox

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// botFiles are the files that the server knows by file_id.
type botFiles struct {
	mu   sync.Mutex
	next int
	byID map[string]botFile
}

type botFile struct {
	kind, path string
	name, mime string // as the sender said
	content    []byte // kept only with KeepTexts
	size       int64
}

// keep gives a file its file_id, which looks like Telegram's.
func (f *botFiles) keep(kind string, content []byte, keepContent bool) (string, int64) {
	return f.put(botFile{kind: kind, content: content}, keepContent)
}

func (f *botFiles) put(file botFile, keepContent bool) (string, int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.byID == nil {
		f.byID = map[string]botFile{}
	}
	f.next++
	n := strconv.Itoa(f.next)
	id := "SandboxFile_" + file.kind + "_" + strings.Repeat("0", 12-len(n)) + n
	file.path, file.size = file.kind+"/file_"+n, int64(len(file.content))
	if file.content = bytes.Clone(file.content); !keepContent {
		file.content = nil
	}
	f.byID[id] = file
	return id, file.size
}

func (f *botFiles) get(id string) (botFile, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	file, ok := f.byID[id]
	return file, ok
}

func (f *botFiles) at(path string) (botFile, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, file := range f.byID {
		if file.path == path {
			return file, true
		}
	}
	return botFile{}, false
}

// ForgetFiles makes every file_id unknown, as when a bot's token moves to another bot.
func (b *BotAPI) ForgetFiles() {
	b.files.mu.Lock()
	defer b.files.mu.Unlock()
	clear(b.files.byID)
}

// readMedia takes an upload, a known file_id or a link, which is not fetched (Bot API "Sending files").
func (b *BotAPI) readMedia(kind string, p botParams) (*BotMedia, *botError) {
	if up, ok := p.files[kind]; ok {
		if len(up.content) == 0 {
			return nil, botBad("file must be non-empty")
		}
		id, size := b.files.keep(kind, up.content, b.cfg.KeepTexts)
		return &BotMedia{Kind: kind, FileID: id, Name: up.name, Size: size}, nil
	}
	source := p.get(kind)
	switch {
	case source == "":
		return nil, botBad("there is no " + kind + " in the request")
	case strings.Contains(source, "://"):
		if !validBotURL(source) {
			return nil, botBad("wrong HTTP URL specified")
		}
		return &BotMedia{Kind: kind, FileID: b.linked(kind), URL: source}, nil
	}
	file, ok := b.files.get(source)
	if !ok {
		return nil, botBad("wrong file identifier/HTTP URL specified")
	}
	return &BotMedia{Kind: kind, FileID: source, Size: file.size}, nil
}

// linked is the file_id of a link's content; a load test does not keep one for each send.
func (b *BotAPI) linked(kind string) string {
	if !b.cfg.KeepTexts {
		return "SandboxFile_" + kind + "_linked"
	}
	id, _ := b.files.keep(kind, nil, false)
	return id
}

// json is the message's media field; a photo has two sizes, as the server always makes smaller ones.
func (m *BotMedia) json() string {
	one := func(id string) string {
		s := `{"file_id":` + botQuote(id) + `,"file_unique_id":` + botQuote("u"+id) + `,"file_size":` + strconv.FormatInt(m.Size, 10)
		if m.Kind != "photo" && m.Kind != "document" {
			s += `,"duration":` + strconv.Itoa(m.Seconds)
		}
		if m.Kind == "video_note" {
			s += `,"length":240` // Bot API VideoNote
		}
		if m.Name != "" && m.Kind != "photo" && m.Kind != "voice" && m.Kind != "video_note" {
			s += `,"file_name":` + botQuote(m.Name)
		}
		if m.MIME != "" && m.Kind != "photo" && m.Kind != "video_note" {
			s += `,"mime_type":` + botQuote(m.MIME)
		}
		return s + `}`
	}
	if m.Kind == "photo" {
		return `"photo":[` + one("thumb_"+m.FileID) + `,` + one(m.FileID) + `]`
	}
	return `"` + m.Kind + `":` + one(m.FileID)
}

// botMaxDownload is what the server gives out (Bot API getFile).
const botMaxDownload = 20 << 20

func (b *BotAPI) getFile(_ context.Context, p botParams) ([]byte, *botError) {
	id := p.get("file_id")
	if id == "" {
		return nil, botBad("file_id not specified")
	}
	file, ok := b.files.get(id)
	if !ok {
		return nil, botBad("invalid file_id")
	}
	if file.size > botMaxDownload {
		return nil, botBad("file is too big")
	}
	return []byte(`{"file_id":` + botQuote(id) + `,"file_unique_id":` + botQuote("u"+id) +
		`,"file_size":` + strconv.FormatInt(file.size, 10) + `,"file_path":` + botQuote(file.path) + `}`), nil
}

func (b *BotAPI) serveFile(w http.ResponseWriter, r *http.Request, rest string) {
	token, path, _ := strings.Cut(rest, "/")
	file, ok := b.files.at(path)
	if token != b.cfg.Token || !ok {
		writeBotError(w, &botError{code: 404, text: "Not Found"})
		return
	}
	http.ServeContent(w, r, path, time.Time{}, bytes.NewReader(file.content))
}
