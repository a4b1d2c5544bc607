package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Webhook is one endpoint that call steps name: another system of the organisation. Its settings have its name in theirs, so that there may be any number:
// KRUZHOK_WEBHOOK_PLACEMENT_URL, or webhook_placement_url in the file. None is a flag, which everybody on the machine could read.
type Webhook struct {
	URL string
	// Secret is one or several, with spaces or commas between: whsec_ and base64 (Standard Webhooks). While one takes the place of another, both sign.
	Secret  string
	Private bool // it may be inside the operator's own network, and without TLS

	private string // as given
	source  string // env or file
}

const (
	webhookPrefix = "webhook-"
	secretPrefix  = "whsec_"
	minSigning    = 24 // bytes of a secret, as Standard Webhooks has them
	maxSigning    = 64
	maxSecrets    = 5
)

// webhookParts are how the names of an endpoint's settings end. The longer ones stand first.
var webhookParts = []string{"-secret-file", "-secret", "-private", "-url"}

var webhookName = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$`)

// cutWebhook takes the setting's name apart: "webhook-placement-url" is the part "-url" of "placement".
func cutWebhook(setting string) (name, part string, ok bool) {
	rest, ok := strings.CutPrefix(setting, webhookPrefix)
	if !ok {
		return "", "", false
	}
	for _, part := range webhookParts {
		if name, ok := strings.CutSuffix(rest, part); ok && webhookName.MatchString(name) {
			return name, part, true
		}
	}
	return "", "", true
}

// IsWebhook reports whether the variable is a setting of an endpoint.
func IsWebhook(variable string) bool {
	rest, ok := strings.CutPrefix(variable, "KRUZHOK_")
	name, _, _ := cutWebhook(strings.ToLower(strings.ReplaceAll(rest, "_", "-")))
	return ok && name != ""
}

// webhookSettings are those of the file and, over them, those of the environment.
func webhookSettings(file map[string]string, environ []string) (values, sources map[string]string) {
	values, sources = map[string]string{}, map[string]string{}
	for setting, value := range file {
		if strings.HasPrefix(setting, webhookPrefix) {
			values[setting], sources[setting] = value, "file"
		}
	}
	for _, pair := range environ {
		variable, value, _ := strings.Cut(pair, "=")
		rest, ok := strings.CutPrefix(variable, "KRUZHOK_")
		setting := strings.ToLower(strings.ReplaceAll(rest, "_", "-"))
		if ok && value != "" && strings.HasPrefix(setting, webhookPrefix) {
			values[setting], sources[setting] = value, "env"
		}
	}
	return values, sources
}

// readWebhooks puts the settings together, endpoint by endpoint.
func (c *Config) readWebhooks(values, sources map[string]string) error {
	var p problems
	for _, setting := range slices.Sorted(maps.Keys(values)) {
		name, part, _ := cutWebhook(setting)
		if name == "" {
			p.add(setting, "is no setting of an endpoint; write %s, and _SECRET, _SECRET_FILE or _PRIVATE in place of _URL", Variable("webhook-NAME-url"))
			continue
		}
		if c.Webhooks == nil {
			c.Webhooks = map[string]*Webhook{}
		}
		w := c.Webhooks[name]
		if w == nil {
			w = &Webhook{}
			c.Webhooks[name] = w
		}
		w.source = sources[setting]
		switch value := values[setting]; part {
		case "-url":
			w.URL = value
		case "-secret":
			w.Secret = value
		case "-private":
			w.private = value
			w.Private, _ = strconv.ParseBool(value)
		case "-secret-file":
			content, err := os.ReadFile(value)
			switch {
			case values[strings.TrimSuffix(setting, "-file")] != "":
				p = append(p, fmt.Errorf("%s and %s are both set: remove one", Variable(strings.TrimSuffix(setting, "-file")), Variable(setting)))
			case err != nil:
				p = append(p, wrapPath(setting, err))
			default:
				w.Secret = strings.TrimSpace(string(content))
			}
		}
	}
	return errors.Join(p...)
}

func (c *Config) checkWebhooks(p *problems) {
	for _, name := range slices.Sorted(maps.Keys(c.Webhooks)) {
		w, setting := c.Webhooks[name], webhookPrefix+name
		schemes := []string{"https"}
		if w.Private {
			schemes = append(schemes, "http")
		}
		u := p.url(setting+"-url", w.URL, schemes...)
		switch {
		case w.URL == "":
			p.add(setting+"-url", "is not set, and the endpoint's other settings are")
		case u != nil && u.Fragment != "":
			p.add(setting+"-url", "has a part behind #, which no server gets")
		}
		if w.Secret == "" {
			p.add(setting+"-secret", "is not set; without it the endpoint cannot know who calls. `kruzhok secret --webhook` makes one")
		} else if _, err := w.Secrets(); err != nil {
			p.add(setting+"-secret", "%s", err)
		}
		if _, err := strconv.ParseBool(w.private); w.private != "" && err != nil {
			p.add(setting+"-private", "is neither true nor false")
		}
	}
}

// Secrets are the bytes that sign. No error repeats one.
func (w *Webhook) Secrets() (secrets [][]byte, err error) {
	words := strings.FieldsFunc(w.Secret, func(r rune) bool { return r == ' ' || r == ',' || r == '\n' || r == '\r' || r == '\t' })
	if len(words) == 0 || len(words) > maxSecrets {
		return nil, fmt.Errorf("has %d secrets; 1 to %d may sign", len(words), maxSecrets)
	}
	for i, word := range words {
		encoded, ok := strings.CutPrefix(word, secretPrefix)
		secret, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(encoded, "="))
		if !ok || err != nil || len(secret) < minSigning || len(secret) > maxSigning {
			return nil, fmt.Errorf("number %d is no secret: it is %s and the base64 of %d to %d random bytes; `kruzhok secret --webhook` makes one", i+1, secretPrefix, minSigning, maxSigning)
		}
		secrets = append(secrets, secret)
	}
	return secrets, nil
}

// effectiveWebhooks are their lines of the effective configuration.
func (c *Config) effectiveWebhooks() (settings []Setting) {
	for _, name := range slices.Sorted(maps.Keys(c.Webhooks)) {
		w, setting := c.Webhooks[name], webhookPrefix+name
		if w.URL != "" {
			settings = append(settings, Setting{Variable(setting + "-url"), redactURL(w.URL), w.source})
		}
		if w.Secret != "" {
			settings = append(settings, Setting{Variable(setting + "-secret"), "…", w.source})
		}
		if w.private != "" {
			settings = append(settings, Setting{Variable(setting + "-private"), strconv.FormatBool(w.Private), w.source})
		}
	}
	return settings
}
