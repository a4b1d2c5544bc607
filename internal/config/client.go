package config

import (
	"cmp"
	"fmt"
	"os"
	"strings"
)

// DefaultAPIURL is where `kruzhok serve` listens unless it is told otherwise.
const DefaultAPIURL = "http://127.0.0.1:8080"

// Client is how a command reaches a running service: flags over variables over defaults. It reads no configuration file; that one is the service's.
type Client struct {
	APIURL       string `name:"api-url" env:"KRUZHOK_API_URL" default:"http://127.0.0.1:8080" placeholder:"URL" help:"Address of the running service."`
	APIToken     string `name:"api-token" env:"KRUZHOK_API_TOKEN" placeholder:"TOKEN" help:"Token of the service's API. Other people of this machine can read a command line: use the variable, or a file."`
	APITokenFile string `name:"api-token-file" env:"KRUZHOK_API_TOKEN_FILE" placeholder:"FILE" help:"File that holds the token."`
}

// Address is the service's address. An empty variable counts as not set, as it does for a service's own settings.
func (c *Client) Address() string { return cmp.Or(strings.TrimSpace(c.APIURL), DefaultAPIURL) }

// Token returns the token from where it was given, or "" where it was not.
func (c *Client) Token() (string, error) {
	if c.APITokenFile == "" {
		return strings.TrimSpace(c.APIToken), nil
	}
	if c.APIToken != "" {
		return "", fmt.Errorf("%s and %s are both set: remove one", Variable("api-token"), Variable("api-token-file"))
	}
	content, err := os.ReadFile(c.APITokenFile)
	if err != nil {
		return "", wrapPath("api-token-file", err)
	}
	token := strings.TrimSpace(string(content))
	if token == "" {
		return "", fmt.Errorf("%s: the file is empty", Variable("api-token-file"))
	}
	return token, nil
}
