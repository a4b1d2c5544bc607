package telegram

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kruzhok/kruzhok/channels"
)

// TestHasMedia: a file is looked for in the folder; what only the provider knows is taken to be there, and so is a file that is there and wrong.
func TestHasMedia(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"a.jpg": "a", "empty.jpg": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := NewSender(nil, SenderConfig{MediaDir: dir})
	for source, want := range map[string]bool{
		"a.jpg": true, "empty.jpg": true, "nowhere.jpg": false, "../a.jpg": false, "https://a.example/b.jpg": true, "AgACAgIAAxkBAAIBYmDzTz": true,
	} {
		if got := s.HasMedia(&channels.Media{Kind: channels.Photo, Source: source}); got != want {
			t.Errorf("%s: %v", source, got)
		}
	}
}
