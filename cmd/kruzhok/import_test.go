package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/internal/config"
)

// TestImportCommand: a dry run names the rows that are wrong and writes nothing; the run writes, and a second one finds everybody known.
func TestImportCommand(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "members.csv")
	if err := os.WriteFile(file, []byte("external_id;first_name;email\r\nu1;Аня;anya@example.org\r\nu2;Бо;nowhere\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	key := config.NewSecretKey()
	try := func(args ...string) (int, string, string) {
		return kruzhok(t, append([]string{"import", file, "--data-dir", filepath.Join(dir, "data"), "--secret-key", key, "--consent-source", "form"}, args...)...)
	}
	code, out, errs := try("--dry-run", "--lang", "ru")
	if !strings.Contains(errs, "не принята 1 строка") {
		t.Errorf("in Russian: %s", errs)
	}
	if code, _, errs := kruzhok(t, "import", dir, "--data-dir", filepath.Join(dir, "data"), "--secret-key", key); code != 1 || !strings.Contains(errs, "is a folder") {
		t.Errorf("a folder: %d %s", code, errs)
	}
	if code != 1 || !strings.Contains(out, "новых 1") || !strings.Contains(out, "Ничего не записано") || !strings.Contains(errs, "members.csv:3: email: ") {
		t.Errorf("dry run: %d\n%s%s", code, out, errs)
	}
	if _, out, _ = try(); !strings.Contains(out, "1 new") || !strings.Contains(out, "1 mailbox without proof") {
		t.Errorf("run: %s", out)
	}
	if _, out, _ = try(); !strings.Contains(out, "0 new, 0 changed, 1 as before") {
		t.Errorf("again: %s", out)
	}
	if code, _, errs = kruzhok(t, "import", file, "--data-dir", filepath.Join(dir, "data")); code == 0 || !strings.Contains(errs, "KRUZHOK_SECRET_KEY") {
		t.Errorf("without the key: %d %s", code, errs)
	}
	if err := os.WriteFile(file, []byte("external_id\n"+strings.Repeat("u1\n", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs = try("--import-limit", "1KB"); code != 1 || !strings.Contains(errs, "KRUZHOK_IMPORT_LIMIT") {
		t.Errorf("over the limit: %d %s", code, errs)
	}
}
