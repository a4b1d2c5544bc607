package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/kruzhok/kruzhok/internal/config"
)

// composeSecrets are the files that the head of compose.yaml tells to make.
var composeSecrets = []string{"postgres_password", "database_url", "secret_key", "smtp_url", "telegram_token"}

// TestComposeIsRight: Compose itself takes the file, with the secrets that its head says to make.
func TestComposeIsRight(t *testing.T) {
	compose := composeCommand(t)
	dir := t.TempDir()
	for _, name := range []string{"compose.yaml", "Dockerfile"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(read(t, name)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "secrets"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range composeSecrets {
		if err := os.WriteFile(filepath.Join(dir, "secrets", name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(compose[0], append(compose[1:], "config", "--quiet")...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// composeCommand is Compose as this machine has it: a plugin of docker, or a program of its own. No engine is needed.
func composeCommand(t *testing.T) []string {
	t.Helper()
	if exec.Command("docker", "compose", "version").Run() == nil {
		return []string{"docker", "compose"}
	}
	if path, err := exec.LookPath("docker-compose"); err == nil {
		return []string{path}
	}
	if os.Getenv("KRUZHOK_REQUIRE_SERVICES") == "1" {
		t.Fatal("Compose is missing: install docker-compose")
	}
	t.Skip("Compose is missing")
	return nil
}

// TestComposeFitsTheProgram: its services run commands that exist, with roles that exist, and its secrets are the files that its head says to make.
func TestComposeFitsTheProgram(t *testing.T) {
	var file struct {
		Services map[string]struct {
			Command     []string
			Image       string
			Environment map[string]string
			Secrets     []string
		}
		Secrets map[string]struct{ File string }
	}
	source := read(t, "compose.yaml")
	if err := yaml.UnmarshalWithOptions([]byte(source), &file, yaml.AllowDuplicateMapKey()); err != nil {
		t.Fatal(err)
	}
	commands, ours := commandLine(t), 0
	for name, s := range file.Services {
		for _, secret := range s.Secrets {
			if !slices.Contains(composeSecrets, secret) {
				t.Errorf("%s: nobody makes the secret %s", name, secret)
			}
		}
		if s.Image != "kruzhok" {
			continue
		}
		ours++
		if _, ok := command(commands, s.Command); !ok {
			t.Errorf("%s runs %q, which is no command", name, s.Command)
		}
		for role := range strings.SplitSeq(s.Environment["KRUZHOK_ROLES"], ",") {
			if role != "" && !slices.Contains(config.AllRoles(), config.Role(role)) {
				t.Errorf("%s: %q is no role", name, role)
			}
		}
	}
	if ours < 2 {
		t.Errorf("%d services run Kruzhok; the API and the workers are apart", ours)
	}
	for _, name := range composeSecrets {
		if file.Secrets[name].File != "./secrets/"+name || !strings.Contains(source, "> secrets/"+name) {
			t.Errorf("the secret %s is not declared, or the head of the file does not make it", name)
		}
	}
}

// TestUnitFitsTheProgram: the systemd unit starts a command that exists with flags that exist, and names each secret by a setting that takes a file.
func TestUnitFitsTheProgram(t *testing.T) {
	unit := read(t, "deploy/kruzhok.service")
	start := regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/kruzhok (\w+)(.*)$`).FindStringSubmatch(unit)
	if start == nil {
		t.Fatal("the unit starts something else")
	}
	flags, ok := command(commandLine(t), start[1:2])
	if !ok {
		t.Fatalf("%q is no command", start[1])
	}
	for _, m := range regexp.MustCompile(`--([a-z-]+)`).FindAllStringSubmatch(start[2], -1) {
		if !slices.Contains(flags, m[1]) {
			t.Errorf("--%s is no flag of %s", m[1], start[1])
		}
	}
	loaded := regexp.MustCompile(`(?m)^LoadCredential=([a-z-]+):/etc/kruzhok/([a-z-]+)$`).FindAllStringSubmatch(unit, -1)
	if len(loaded) != 3 {
		t.Errorf("%d credentials", len(loaded))
	}
	for _, m := range loaded {
		setting := "KRUZHOK_" + strings.ToUpper(strings.ReplaceAll(m[1], "-", "_")) + "_FILE"
		if m[1] != m[2] || !strings.Contains(unit, "Environment="+setting+"=%d/"+m[1]+"\n") || !slices.Contains(flags, m[1]+"-file") {
			t.Errorf("the credential %s does not reach its setting", m[1])
		}
		if !strings.Contains(section(t, "docs/operations.md", "## As a systemd service"), "> /etc/kruzhok/"+m[1]) {
			t.Errorf("operations.md does not make %s", m[1])
		}
	}
}
