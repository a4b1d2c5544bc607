package config

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"
)

// Setting is one line of the effective configuration. Value is safe to print.
type Setting struct {
	Variable string // KRUZHOK_…
	Value    string
	Source   string // flag, env, file, default, derived; with ", from a file of its own" for secrets that were
}

// String is "KRUZHOK_LISTEN=127.0.0.1:8080 (default)".
func (s Setting) String() string { return fmt.Sprintf("%s=%s (%s)", s.Variable, s.Value, s.Source) }

// Effective returns what is in force, without what must stay secret, in the order of Config. Empty settings are left out.
func (c *Config) Effective() []Setting {
	var settings []Setting
	v := reflect.ValueOf(c).Elem()
	for i := range v.NumField() {
		name := v.Type().Field(i).Tag.Get("name")
		if name == "" || v.Field(i).IsZero() {
			continue
		}
		source := c.sources[name]
		if source == "" {
			source = "default"
		}
		settings = append(settings, Setting{Variable(name), redact(name, v.Field(i)), source})
	}
	return append(settings, c.effectiveWebhooks()...)
}

func redact(name string, v reflect.Value) string {
	switch name {
	case "secret-key", "telegram-webhook-secret":
		return "…"
	case "telegram-token":
		bot, _, ok := strings.Cut(v.String(), ":")
		if !ok {
			return "…"
		}
		return bot + ":…"
	case "database-url", "redis-url", "smtp-url":
		return redactURL(v.String())
	case "roles":
		return strings.ReplaceAll(strings.Trim(fmt.Sprint(v.Interface()), "[]"), " ", ",")
	}
	return fmt.Sprint(v.Interface())
}

// redactURL masks the password and every parameter: PostgreSQL takes passwords there too.
func redactURL(value string) string {
	if strings.HasPrefix(value, "sqlite:") {
		return value
	}
	u, err := url.Parse(value)
	if err != nil || u.Scheme == "" || u.Opaque != "" {
		return "…"
	}
	query := ""
	if u.RawQuery != "" {
		query = "?…"
	}
	u.RawQuery, u.Fragment = "", ""
	if _, has := u.User.Password(); has {
		user := url.User(u.User.Username()).String()
		u.User = nil
		return strings.Replace(u.String(), "://", "://"+user+":…@", 1) + query
	}
	return u.String() + query
}
