// Package config reads the settings of a process: flags over KRUZHOK_* variables over a YAML file over defaults.
//
// Each setting has one name in three spellings: --telegram-rate, KRUZHOK_TELEGRAM_RATE, telegram_rate in the file.
// A secret may also be named by a file that holds it: KRUZHOK_SECRET_KEY_FILE. No error text repeats a secret.
package config

import (
	"net"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Config is every setting. Commands embed it; Parse fills it.
type Config struct {
	// Config is the YAML file that was named, or empty.
	Config string `name:"config" placeholder:"FILE" help:"YAML file with settings, named as the flags are, with underscores."`

	Listen    string `name:"listen" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Address to serve HTTP on."`
	PublicURL string `name:"public-url" placeholder:"URL" help:"How members and coordinators reach this service (default: http:// and the listen address)."`

	// SecretKey as given; use Key for its bytes.
	SecretKey     string `name:"secret-key" placeholder:"KEY" help:"Signs links and sessions: at least 32 bytes as hex, base64 or text. 'kruzhok secret' makes one."`
	SecretKeyFile string `name:"secret-key-file" placeholder:"FILE" help:"File that holds the secret key."`

	// DatabaseURL is sqlite:PATH or postgres://….
	DatabaseURL     string `name:"database-url" placeholder:"URL" help:"sqlite:PATH or postgres://… (default: sqlite: and kruzhok.db in the data folder)."`
	DatabaseURLFile string `name:"database-url-file" placeholder:"FILE" help:"File that holds the database URL."`
	// RedisURL is redis://, rediss:// or unix://, or one of workers.OpenRedis for Sentinels and clusters; empty means the embedded one.
	RedisURL     string `name:"redis-url" placeholder:"URL" help:"Redis that all processes share: redis://, redis-sentinel:// or redis-cluster:// (default: an embedded one, for a single process)."`
	RedisURLFile string `name:"redis-url-file" placeholder:"FILE" help:"File that holds the Redis URL."`

	TelegramToken     string `name:"telegram-token" placeholder:"TOKEN" help:"The bot's token, from @BotFather."`
	TelegramTokenFile string `name:"telegram-token-file" placeholder:"FILE" help:"File that holds the bot's token."`
	TelegramAPIURL    string `name:"telegram-api-url" default:"https://api.telegram.org" placeholder:"URL" help:"Bot API server."`
	// TelegramMode is "polling" or "webhook".
	TelegramMode              string  `name:"telegram-mode" default:"polling" placeholder:"polling|webhook" help:"How updates arrive."`
	TelegramWebhookSecret     string  `name:"telegram-webhook-secret" placeholder:"TEXT" help:"What Telegram sends with each webhook call (default: derived from the secret key)."`
	TelegramWebhookSecretFile string  `name:"telegram-webhook-secret-file" placeholder:"FILE" help:"File that holds the webhook secret."`
	TelegramRate              float64 `name:"telegram-rate" default:"25" placeholder:"N" help:"Messages a second for the whole bot; 0 is unlimited."`
	TelegramChatRate          float64 `name:"telegram-chat-rate" default:"1" placeholder:"N" help:"Messages a second to one chat; 0 is unlimited."`
	TelegramChatBurst         int     `name:"telegram-chat-burst" default:"5" placeholder:"N" help:"Messages to a quiet chat that may go at once."`
	TelegramGroupRate         float64 `name:"telegram-group-rate" default:"20" placeholder:"N" help:"Messages a minute to one group; 0 is unlimited."`
	TelegramConnections       int     `name:"telegram-connections" default:"8" placeholder:"N" help:"Messages on their way to Telegram at once."`

	// SMTPURL is smtp://user:password@host:port or smtps://…; empty: no mail is sent.
	SMTPURL         string `name:"smtp-url" placeholder:"URL" help:"Mail server: smtp://user:password@host:587 or smtps://…:465."`
	SMTPURLFile     string `name:"smtp-url-file" placeholder:"FILE" help:"File that holds the mail server's URL."`
	SMTPConnections int    `name:"smtp-connections" default:"4" placeholder:"N" help:"Connections to the mail server."`
	// DKIMKeyFile and DKIMSelector are lists: a selector for each file.
	DKIMKeyFile  string `name:"dkim-key-file" placeholder:"FILE,…" help:"Private keys that sign each mail (PEM; RSA of 2048 bits, then Ed25519 if wanted)."`
	DKIMSelector string `name:"dkim-selector" placeholder:"NAME,…" help:"The keys' selectors: the public key is at NAME._domainkey of the sender's domain in DNS."`
	// MailDomainRates slow down what goes to single domains.
	MailDomainRates DomainRates `name:"mail-domain-rates" placeholder:"DOMAIN=N,…" help:"Mails a second by recipients' domain, such as gmail.com=20,*=0; * is every other domain, 0 is unlimited."`
	// MailFrom is "Name <a@b>".
	MailFrom    string `name:"mail-from" placeholder:"NAME <A@B>" help:"Sender of the mails."`
	ReplyDomain string `name:"reply-domain" placeholder:"DOMAIN" help:"Domain whose mail comes back to this service, for replies and bounces."`

	StaffTelegram string `name:"staff-telegram" placeholder:"CHAT" help:"Chat that notify steps tell about members: the id of a group that the bot is in, such as -1001234567890, or of a person who pressed Start."`
	StaffEmail    string `name:"staff-email" placeholder:"A@B,…" help:"Mail addresses that notify steps tell about members."`

	SwitchErrors     float64 `name:"switch-errors" default:"5" placeholder:"PERCENT" help:"Share of messages that fail at which sending stops until a person releases it; 0: it never does."`
	SwitchComplaints float64 `name:"switch-complaints" default:"0.1" placeholder:"PERCENT" help:"The same for complaints about mail."`
	SwitchBlocks     float64 `name:"switch-blocks" default:"2" placeholder:"PERCENT" help:"The same for members who block the bot or stop everything within an hour of a Telegram message."`
	SwitchMinimum    int     `name:"switch-minimum" default:"100" placeholder:"N" help:"Messages that must have been sent before a share means anything."`

	SegmentsEvery time.Duration `name:"segments-every" default:"5m" placeholder:"TIME" help:"How often all members are looked at for segments that campaigns take members in by: what time alone changes is noticed within it."`

	DataDir  string `name:"data-dir" default:"./kruzhok-data" placeholder:"DIR" help:"Folder of the database, the journals and the media."`
	MediaDir string `name:"media-dir" placeholder:"DIR" help:"Folder of media files (default: media in the data folder)."`

	BlobDir     string `name:"blob-dir" placeholder:"DIR" help:"Folder of what members send; shared by all processes (default: blobs in the data folder)."`
	MediaLimit  Bytes  `name:"media-limit" default:"20MB" placeholder:"SIZE" help:"Largest file that is fetched from a chat; the Bot API gives out 20MB at most."`
	UploadLimit Bytes  `name:"upload-limit" default:"20MB" placeholder:"SIZE" help:"Largest file that can be sent on a survey page."`

	ImportLimit Bytes `name:"import-limit" default:"64MB" placeholder:"SIZE" help:"Largest CSV file of members."`

	MaxRequests int `name:"max-requests" default:"64" placeholder:"N" help:"Requests of the API that work at once; four times as many wait, others are told to come again."`

	// Roles are what this process does.
	Roles []Role `name:"roles" default:"api,worker,scheduler,inbound" placeholder:"ROLE,…" help:"What this process does: api, worker, scheduler, inbound."`

	LogLevel        string        `name:"log-level" default:"info" placeholder:"LEVEL" help:"debug, info, warn or error."`
	LogFormat       string        `name:"log-format" default:"text" placeholder:"text|json" help:"Form of the log."`
	ShutdownTimeout time.Duration `name:"shutdown-timeout" default:"20s" placeholder:"DURATION" help:"How long work under way may take to end."`

	// Webhooks are the endpoints that call steps name.
	Webhooks map[string]*Webhook `kong:"-"`

	sources map[string]string // by setting name; how each value came to be
}

// Role is one part of the work that a process can do.
type Role string

const (
	API       Role = "api"       // serves HTTP
	Worker    Role = "worker"    // claims and sends
	Scheduler Role = "scheduler" // finds what is due
	Inbound   Role = "inbound"   // takes updates and mails
)

// AllRoles returns every role, the default.
func AllRoles() []Role { return []Role{API, Worker, Scheduler, Inbound} }

// Has reports whether the process does the role.
func (c *Config) Has(r Role) bool { return slices.Contains(c.Roles, r) }

// Split reports whether other processes must do some of the roles.
func (c *Config) Split() bool {
	return slices.ContainsFunc(AllRoles(), func(r Role) bool { return !c.Has(r) })
}

// SQLite returns the path of the database file, if the database is one.
func (c *Config) SQLite() (path string, ok bool) { return strings.CutPrefix(c.DatabaseURL, "sqlite:") }

// JournalDir is where workers keep what they have begun.
func (c *Config) JournalDir() string { return filepath.Join(c.DataDir, "journal") }

// derive fills what follows from other settings.
func (c *Config) derive() {
	fill := func(name string, target *string, value string) {
		if *target == "" && value != "" {
			*target = value
			c.setSource(name, "derived")
		}
	}
	fill("public-url", &c.PublicURL, publicURL(c.Listen))
	fill("database-url", &c.DatabaseURL, "sqlite:"+filepath.Join(c.DataDir, "kruzhok.db"))
	fill("blob-dir", &c.BlobDir, filepath.Join(c.DataDir, "blobs"))
	fill("media-dir", &c.MediaDir, filepath.Join(c.DataDir, "media"))
	if key, err := c.Key(); err == nil {
		fill("telegram-webhook-secret", &c.TelegramWebhookSecret, deriveSecret(key, "telegram webhook"))
	}
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	c.TelegramAPIURL = strings.TrimRight(c.TelegramAPIURL, "/")
}

// publicURL is the address that a browser on this machine can open.
func publicURL(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return ""
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

func (c *Config) setSource(name, source string) {
	if c.sources == nil {
		c.sources = map[string]string{}
	}
	c.sources[name] = source
}
