package config

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Check returns every mistake at once, each naming the variable and the remedy. A command that needs the secret key asks Key.
// It repeats no secret and no URL that can hold one. (Not called Validate: kong would call that by itself, before secret files are read.)
func (c *Config) Check() error {
	var p problems
	c.checkHTTP(&p)
	c.checkStorage(&p)
	c.checkTelegram(&p)
	c.checkMail(&p)
	c.checkStaff(&p)
	c.checkWebhooks(&p)
	c.checkSwitch(&p)
	c.checkProcess(&p)
	return errors.Join(p...)
}

type problems []error

func (p *problems) add(name, format string, args ...any) {
	*p = append(*p, fmt.Errorf("%s: %s", Variable(name), fmt.Sprintf(format, args...)))
}

func (p *problems) oneOf(name, value string, allowed ...string) {
	if value != "" && !slices.Contains(allowed, value) {
		p.add(name, "%q is not known; use %s", value, strings.Join(allowed, " or "))
	}
}

func (p *problems) between(name string, n, low, high int) {
	if n < low || n > high {
		p.add(name, "%d is out of bounds; use a number from %d to %d", n, low, high)
	}
}

func (p *problems) rate(name string, n, high float64, use string) {
	if !(n >= 0 && n <= high) { // also refuses NaN
		p.add(name, "use %s", use)
	}
}

// url checks a URL without ever quoting it, since url.Parse's own error would.
func (p *problems) url(name, value string, schemes ...string) *url.URL {
	if value == "" {
		return nil
	}
	u, err := url.Parse(value)
	wanted := strings.Join(schemes, ":// or ") + "://"
	switch {
	case err != nil:
		p.add(name, "cannot be read as a URL; special characters in a password must be percent-encoded")
	case !slices.Contains(schemes, u.Scheme):
		p.add(name, "must begin with %s", wanted)
	case u.Host == "" && u.Scheme != "unix":
		p.add(name, "names no host")
	default:
		return u
	}
	return nil
}

func (c *Config) checkHTTP(p *problems) {
	if c.Listen != "" {
		_, port, err := net.SplitHostPort(c.Listen)
		if n, bad := strconv.Atoi(port); err != nil || bad != nil || n < 0 || n > 65535 {
			p.add("listen", "%q is not an address; write it as 127.0.0.1:8080, or :8080 for every interface", c.Listen)
		}
	}
	u := p.url("public-url", c.PublicURL, "http", "https")
	if u != nil && (u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" || u.User != nil) {
		p.add("public-url", "must be a scheme and a host alone, such as https://kruzhok.example")
	}
}

func (c *Config) checkStorage(p *problems) {
	path, sqlite := c.SQLite()
	switch {
	case c.DatabaseURL == "":
	case sqlite && path == "":
		p.add("database-url", "names no file; write sqlite:PATH")
	case sqlite:
	case strings.HasPrefix(c.DatabaseURL, "postgres://"), strings.HasPrefix(c.DatabaseURL, "postgresql://"):
		p.url("database-url", c.DatabaseURL, "postgres", "postgresql")
	default:
		p.add("database-url", "must begin with sqlite: or postgres://")
	}
	c.checkRedis(p)
	if c.DataDir == "" {
		p.add("data-dir", "must name a folder")
	}
	for name, size := range map[string]Bytes{"media-limit": c.MediaLimit, "upload-limit": c.UploadLimit, "import-limit": c.ImportLimit} {
		if size < 1 || size > 2<<30 {
			p.add(name, "must be a size from 1 byte to 2GB, such as 20MB")
		}
	}
	p.between("max-requests", c.MaxRequests, 1, 10000)
}

// checkRedis looks at what go-redis would take in silence. A Sentinel without a master's name knows nothing to tell; a cluster has one database.
func (c *Config) checkRedis(p *problems) {
	u := p.url("redis-url", c.RedisURL, "redis", "rediss", "unix", "redis-sentinel", "rediss-sentinel", "redis-cluster", "rediss-cluster")
	switch {
	case u == nil:
	case strings.HasSuffix(u.Scheme, "-sentinel") && u.Query().Get("master_name") == "":
		p.add("redis-url", "names no master; write redis-sentinel://HOST:26379/0?master_name=NAME&addr=HOST2:26379")
	case strings.HasSuffix(u.Scheme, "-cluster") && strings.Trim(u.Path, "/0") != "":
		p.add("redis-url", "a cluster has no database but 0; leave out what follows the host")
	}
}

var (
	tokenForm         = regexp.MustCompile(`^[0-9]+:[A-Za-z0-9_-]+$`)
	webhookSecretForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`) // Bot API setWebhook, secret_token
)

func (c *Config) checkTelegram(p *problems) {
	if c.TelegramToken != "" && !tokenForm.MatchString(c.TelegramToken) {
		p.add("telegram-token", "is not a token as @BotFather gives it (digits, a colon, letters); look for a space or a line end in it")
	}
	u := p.url("telegram-api-url", c.TelegramAPIURL, "http", "https")
	if u != nil && (u.RawQuery != "" || u.Fragment != "" || u.User != nil) {
		p.add("telegram-api-url", "must be a scheme, a host and perhaps a path")
	}
	p.oneOf("telegram-mode", c.TelegramMode, "polling", "webhook")
	if c.TelegramWebhookSecret != "" && !webhookSecretForm.MatchString(c.TelegramWebhookSecret) {
		p.add("telegram-webhook-secret", "may have 1 to 256 letters, digits, underscores and hyphens; leave it out to have one derived")
	}
	if c.TelegramMode == "webhook" && c.TelegramToken != "" && c.PublicURL != "" && !strings.HasPrefix(c.PublicURL, "https://") {
		p.add("telegram-mode", "a webhook needs an https address: set %s, or use polling", Variable("public-url"))
	}
	p.rate("telegram-rate", c.TelegramRate, 10_000, "messages a second, from 0 (unlimited) to 10000")
	p.rate("telegram-chat-rate", c.TelegramChatRate, 1000, "messages a second, from 0 (unlimited) to 1000")
	p.rate("telegram-group-rate", c.TelegramGroupRate, 10_000, "messages a minute, from 0 (unlimited) to 10000")
	p.between("telegram-chat-burst", c.TelegramChatBurst, 2, 100)
	p.between("telegram-connections", c.TelegramConnections, 1, 1000)
}

var domainForm = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$`)

func (c *Config) checkMail(p *problems) {
	p.url("smtp-url", c.SMTPURL, "smtp", "smtps")
	p.between("smtp-connections", c.SMTPConnections, 1, 1000)
	_, err := mail.ParseAddress(c.MailFrom)
	switch {
	case c.MailFrom == "" && c.SMTPURL != "":
		p.add("mail-from", `not set, and mail needs a sender; write it as "Name <address@domain>"`)
	case c.MailFrom != "" && err != nil:
		p.add("mail-from", `cannot be read; write it as "Name <address@domain>"`)
	}
	if c.ReplyDomain != "" && !domainForm.MatchString(c.ReplyDomain) {
		p.add("reply-domain", "%q is not a domain such as reply.kruzhok.example", c.ReplyDomain)
	}
	if files, selectors := c.DKIM(); len(files) != len(selectors) {
		p.add("dkim-selector", "names %d, and %s names %d files; give a selector for each key, in the same order", len(selectors), Variable("dkim-key-file"), len(files))
	}
}

// DKIM lists the key files and their selectors, as many of the one as of the other once Check was content.
func (c *Config) DKIM() (files, selectors []string) {
	words := func(list string) []string {
		return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
	}
	return words(c.DKIMKeyFile), words(c.DKIMSelector)
}

func (c *Config) checkSwitch(p *problems) {
	for name, percent := range map[string]float64{"switch-errors": c.SwitchErrors, "switch-complaints": c.SwitchComplaints, "switch-blocks": c.SwitchBlocks} {
		p.rate(name, percent, 100, "a percentage from 0 (never) to 100")
	}
	p.between("switch-minimum", c.SwitchMinimum, 10, 1_000_000)
}

func (c *Config) checkProcess(p *problems) {
	for _, r := range c.Roles {
		p.oneOf("roles", string(r), "api", "worker", "scheduler", "inbound")
	}
	if len(c.Roles) == 0 {
		p.add("roles", "names none; leave it out for all of api, worker, scheduler, inbound")
	}
	if c.Split() && c.RedisURL == "" {
		p.add("roles", "the other roles run elsewhere, and processes meet in Redis: set %s, or run all roles here", Variable("redis-url"))
	}
	if _, sqlite := c.SQLite(); sqlite && c.Split() {
		p.add("roles", "the other roles run elsewhere, and SQLite serves one process: set %s to postgres://…, or run all roles here", Variable("database-url"))
	}
	p.oneOf("log-level", c.LogLevel, "debug", "info", "warn", "error")
	p.oneOf("log-format", c.LogFormat, "text", "json")
	if c.SegmentsEvery < 10*time.Second || c.SegmentsEvery > 24*time.Hour {
		p.add("segments-every", "must be from 10s to 24h, such as 5m")
	}
	if c.ShutdownTimeout <= 0 {
		p.add("shutdown-timeout", "must be longer than nothing, such as 20s")
	}
}
