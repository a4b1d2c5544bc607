package config

import (
	"path/filepath"
	"strings"
	"testing"
)

func client(t *testing.T, args ...string) *Client {
	t.Helper()
	var cli struct {
		Plan struct{ Client } `cmd:""`
	}
	if _, err := Parse(&cli, append([]string{"plan"}, args...)); err != nil {
		t.Fatal(err)
	}
	return &cli.Plan.Client
}

func TestClientDefaults(t *testing.T) {
	c := client(t)
	if token, err := c.Token(); c.Address() != DefaultAPIURL || token != "" || err != nil {
		t.Errorf("%q, a token: %v, %v", c.Address(), token != "", err)
	}
	t.Setenv("KRUZHOK_API_URL", "")
	if c := client(t); c.Address() != DefaultAPIURL {
		t.Errorf("an empty variable is the address %q", c.Address())
	}
}

// TestClientTokens: from the variable or a file, never both; no error repeats the token or the file's name, which may be the token by mistake.
func TestClientTokens(t *testing.T) {
	file := write(t, "token", "kzk_file\n")
	t.Setenv("KRUZHOK_API_TOKEN", "kzk_variable")
	t.Setenv("KRUZHOK_API_URL", "https://env.example")
	c := client(t, "--api-url", "https://flag.example")
	if token, err := c.Token(); token != "kzk_variable" || err != nil || c.Address() != "https://flag.example" {
		t.Errorf("%q %q %v", token, c.Address(), err)
	}
	if _, err := client(t, "--api-token-file", file).Token(); err == nil || !strings.Contains(err.Error(), "both") || strings.Contains(err.Error(), "kzk_") {
		t.Errorf("both: %v", err)
	}
	t.Setenv("KRUZHOK_API_TOKEN", "")
	t.Setenv("KRUZHOK_API_TOKEN_FILE", file)
	if token, err := client(t).Token(); token != "kzk_file" || err != nil {
		t.Errorf("%q %v", token, err)
	}
	for _, bad := range []string{write(t, "empty", "\n"), filepath.Join(t.TempDir(), "kzk_nowhere")} {
		if _, err := client(t, "--api-token-file", bad).Token(); err == nil || strings.Contains(err.Error(), bad) || !strings.Contains(err.Error(), "KRUZHOK_API_TOKEN_FILE") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
