// Package recordings holds sample voices and round videos for the demo's members. make.sh beside it made them; no person was recorded.
package recordings

import "embed"

//go:embed *.ogg *.mp4
var files embed.FS

// Recording is one sample.
type Recording struct {
	Kind, MIME, Name string
	Seconds          int
	Content          []byte
}

var seconds = map[string]int{"en-1": 7, "en-2": 7, "en-3": 6, "ru-1": 5, "ru-2": 5, "ru-3": 7}

func load(kind, mime, name string, seconds int) Recording {
	b, err := files.ReadFile(name)
	if err != nil {
		panic(err) // embedded: cannot fail
	}
	return Recording{Kind: kind, MIME: mime, Name: name, Seconds: seconds, Content: b}
}

// Voices are the samples in a language, en or ru.
func Voices(lang string) []Recording {
	if lang != "ru" {
		lang = "en"
	}
	var out []Recording
	for _, n := range []string{"1", "2", "3"} {
		out = append(out, load("voice", "audio/ogg", lang+"-"+n+".ogg", seconds[lang+"-"+n]))
	}
	return out
}

// Notes are round videos.
func Notes() []Recording {
	return []Recording{load("video_note", "video/mp4", "note-1.mp4", 5), load("video_note", "video/mp4", "note-2.mp4", 5)}
}
