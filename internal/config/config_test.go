package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
)

const (
	key   = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	token = "123456:AAfrom_BotFather-x"
)

// commands has the shape of cmd/kruzhok's grammar.
type commands struct {
	Serve serve `cmd:""`
	Token struct {
		Create serve `cmd:""`
	} `cmd:""`
	Version struct{} `cmd:""`
}

type serve struct {
	Config
	Name string `help:"A flag of the command's own."`
}

func parse(t *testing.T, args ...string) (*Config, error) {
	t.Helper()
	var cli commands
	_, err := Parse(&cli, append([]string{"serve"}, args...))
	return &cli.Serve.Config, err
}

func mustParse(t *testing.T, args ...string) *Config {
	t.Helper()
	c, err := parse(t, args...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDefaults(t *testing.T) {
	c := mustParse(t)
	want := Config{
		Listen: "127.0.0.1:8080", PublicURL: "http://127.0.0.1:8080", DatabaseURL: "sqlite:" + filepath.Join("kruzhok-data", "kruzhok.db"),
		TelegramAPIURL: "https://api.telegram.org", TelegramMode: "polling", TelegramRate: 25, TelegramConnections: 8, SMTPConnections: 4,
		TelegramChatRate: 1, TelegramChatBurst: 5, TelegramGroupRate: 20, SwitchErrors: 5, SwitchComplaints: 0.1, SwitchBlocks: 2, SwitchMinimum: 100,
		SegmentsEvery: 5 * time.Minute,
		DataDir:       "./kruzhok-data", MediaDir: filepath.Join("kruzhok-data", "media"), Roles: AllRoles(), BlobDir: "kruzhok-data/blobs", MediaLimit: 20 << 20, UploadLimit: 20 << 20, ImportLimit: 64 << 20, MaxRequests: 64,
		LogLevel: "info", LogFormat: "text", ShutdownTimeout: 20 * time.Second,
	}
	got := *c
	got.sources = nil
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Config{})); diff != "" {
		t.Error(diff)
	}
	if err := c.Check(); err != nil {
		t.Error(err)
	}
	if _, err := c.Key(); err != ErrNoSecretKey || !strings.Contains(err.Error(), "kruzhok secret") {
		t.Errorf("without a key: %v", err)
	}
}

func TestPrecedence(t *testing.T) {
	file := write(t, "k.yaml", "listen: 0.0.0.0:1\nlog_level: debug\nlog-format: json\ntelegram_rate: 3\nroles: [api, worker]\nshutdown_timeout: 5s\n")
	t.Setenv("KRUZHOK_CONFIG", file)
	t.Setenv("KRUZHOK_LISTEN", "0.0.0.0:2")
	t.Setenv("KRUZHOK_LOG_LEVEL", "warn")
	t.Setenv("KRUZHOK_LOG_FORMAT", "") // an empty variable is none
	c := mustParse(t, "--listen", ":3")
	if c.Listen != ":3" || c.LogLevel != "warn" || c.LogFormat != "json" || c.TelegramRate != 3 || c.ShutdownTimeout != 5*time.Second {
		t.Errorf("got %+v", c)
	}
	if diff := cmp.Diff([]Role{API, Worker}, c.Roles); diff != "" {
		t.Error(diff)
	}
	if c.PublicURL != "http://localhost:3" {
		t.Errorf("public URL %q", c.PublicURL)
	}
	want := map[string]string{
		"KRUZHOK_LISTEN": "flag", "KRUZHOK_LOG_LEVEL": "env", "KRUZHOK_LOG_FORMAT": "file", "KRUZHOK_ROLES": "file", "KRUZHOK_CONFIG": "env",
		"KRUZHOK_SMTP_CONNECTIONS": "default", "KRUZHOK_PUBLIC_URL": "derived",
	}
	for _, s := range c.Effective() {
		if w, ok := want[s.Variable]; ok && w != s.Source {
			t.Errorf("%s, want %s", s, w)
		}
		delete(want, s.Variable)
	}
	if len(want) > 0 {
		t.Errorf("not shown: %v", want)
	}
}

func TestDomainRates(t *testing.T) {
	t.Setenv("KRUZHOK_MAIL_DOMAIN_RATES", " Gmail.com = 20, *=0.5,")
	c := mustParse(t)
	if got := c.MailDomainRates.String(); got != "*=0.5,gmail.com=20" || c.Check() != nil {
		t.Errorf("read %q, %v", got, c.Check())
	}
	c = mustParse(t, "--config", write(t, "k.yaml", "mail_domain_rates: mail.ru=5\n"), "--mail-domain-rates", "yandex.ru=7")
	if got := c.MailDomainRates.String(); got != "yandex.ru=7" {
		t.Errorf("read %q", got)
	}
	for _, same := range []string{"почта.рф=3", "ПОЧТА.рф=3", "xn--80a1acny.xn--p1ai=3"} { // members' addresses are kept in Unicode
		var r DomainRates
		if err := r.UnmarshalText([]byte(same)); err != nil || r["почта.рф"] != 3 {
			t.Errorf("%s: %v, %v", same, r, err)
		}
	}
	for _, bad := range []string{"gmail.com", "gmail.com=-1", "gmail.com=NaN", "a b=3", "=3", "gmail.com=1e9"} {
		if err := new(DomainRates).UnmarshalText([]byte(bad)); err == nil || !strings.Contains(err.Error(), "gmail.com=20") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestConfigFlagNamesTheFile(t *testing.T) {
	t.Setenv("KRUZHOK_CONFIG", "/no/such/file")
	if c := mustParse(t, "--config", write(t, "k.yaml", "listen: :9\n")); c.Listen != ":9" {
		t.Errorf("listen %q", c.Listen)
	}
	if c := mustParse(t, "--config="+write(t, "empty.yaml", "# nothing\n")); c.Listen != "127.0.0.1:8080" {
		t.Errorf("listen %q", c.Listen)
	}
}

func TestOtherCommands(t *testing.T) {
	t.Setenv("KRUZHOK_LISTEN", ":7")
	t.Setenv("KRUZHOK_NAME", "taken from nowhere")
	var cli commands
	if _, err := Parse(&cli, []string{"token", "create"}); err != nil || cli.Token.Create.PublicURL != "http://localhost:7" || cli.Token.Create.Name != "" {
		t.Errorf("token create: %v, %+v", err, cli.Token.Create)
	}
	if _, err := Parse(&commands{}, []string{"version"}); err != nil {
		t.Error(err)
	}
}

func TestSecretFiles(t *testing.T) {
	t.Setenv("KRUZHOK_TELEGRAM_TOKEN_FILE", write(t, "token", token+"\n"))
	c := mustParse(t, "--secret-key-file", write(t, "key", key+"\r\n"))
	if c.TelegramToken != token || c.SecretKey != key || !webhookSecretForm.MatchString(c.TelegramWebhookSecret) {
		t.Errorf("token %q, key %q, webhook %q", c.TelegramToken, c.SecretKey, c.TelegramWebhookSecret)
	}
	for _, s := range c.Effective() {
		if s.Variable == "KRUZHOK_TELEGRAM_TOKEN" && s.String() != "KRUZHOK_TELEGRAM_TOKEN=123456:… (env, from a file of its own)" {
			t.Error(s)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"both":            {[]string{"--secret-key", key, "--secret-key-file", "x"}, "KRUZHOK_SECRET_KEY and KRUZHOK_SECRET_KEY_FILE are both set"},
		"no secret file":  {[]string{"--redis-url-file", "/no/such/file"}, "KRUZHOK_REDIS_URL_FILE: read the named file"},
		"empty secret":    {[]string{"--smtp-url-file", write(t, "e", "\n")}, "KRUZHOK_SMTP_URL_FILE: the file is empty"},
		"no file":         {[]string{"--config", "/no/such/file"}, "KRUZHOK_CONFIG: read the named file"},
		"unknown setting": {[]string{"--config", write(t, "u.yaml", "lisen: :1")}, "lisen is not a setting"},
		"a mapping":       {[]string{"--config", write(t, "m.yaml", "listen: {a: b}")}, "listen must be one value"},
		"not YAML":        {[]string{"--config", write(t, "n.yaml", "secret_key: [hunter2")}, "not a YAML mapping"},
		"not a number":    {[]string{"--smtp-connections", "many"}, "smtp-connections"},
	} {
		_, err := parse(t, c.args...)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		want   string // part of the error, or empty
	}{
		"https behind a proxy":  {func(c *Config) { c.PublicURL = "https://kruzhok.example/" }, ""},
		"public path":           {func(c *Config) { c.PublicURL = "https://kruzhok.example/x" }, "KRUZHOK_PUBLIC_URL"},
		"public scheme":         {func(c *Config) { c.PublicURL = "kruzhok.example" }, "KRUZHOK_PUBLIC_URL: must begin with http:// or https://"},
		"listen":                {func(c *Config) { c.Listen = "8080" }, "KRUZHOK_LISTEN"},
		"listen port":           {func(c *Config) { c.Listen = ":99999" }, "KRUZHOK_LISTEN"},
		"postgres":              {func(c *Config) { c.DatabaseURL = "postgres://u:p@h/db?sslmode=disable" }, ""},
		"mysql":                 {func(c *Config) { c.DatabaseURL = "mysql://u:hunter2@h/db" }, "KRUZHOK_DATABASE_URL: must begin with"},
		"bad password":          {func(c *Config) { c.DatabaseURL = "postgres://u:hunter2%@h/db" }, "percent-encoded"},
		"no file":               {func(c *Config) { c.DatabaseURL = "sqlite:" }, "names no file"},
		"redis":                 {func(c *Config) { c.RedisURL = "http://h" }, "KRUZHOK_REDIS_URL"},
		"sentinel":              {func(c *Config) { c.RedisURL = "redis-sentinel://h:26379/0?master_name=m&addr=h2:26379" }, ""},
		"sentinel, no master":   {func(c *Config) { c.RedisURL = "rediss-sentinel://h:26379/0?addr=h2:26379&password=hunter2" }, "names no master; write redis-sentinel://"},
		"cluster":               {func(c *Config) { c.RedisURL = "redis-cluster://h:6379?addr=h2:6379" }, ""},
		"cluster's database":    {func(c *Config) { c.RedisURL = "redis-cluster://h:6379/2" }, "no database but 0"},
		"token":                 {func(c *Config) { c.TelegramToken = token }, ""},
		"token with line end":   {func(c *Config) { c.TelegramToken = "1:hunter2\n" }, "KRUZHOK_TELEGRAM_TOKEN"},
		"token with control":    {func(c *Config) { c.TelegramToken = "1:hun\x01ter2" }, "KRUZHOK_TELEGRAM_TOKEN"},
		"api query":             {func(c *Config) { c.TelegramAPIURL = "https://h/?x=1" }, "KRUZHOK_TELEGRAM_API_URL"},
		"mode":                  {func(c *Config) { c.TelegramMode = "push" }, `"push" is not known; use polling or webhook`},
		"webhook over http":     {func(c *Config) { c.TelegramMode, c.TelegramToken = "webhook", token }, "needs an https address"},
		"webhook secret":        {func(c *Config) { c.TelegramWebhookSecret = "hunter2!" }, "KRUZHOK_TELEGRAM_WEBHOOK_SECRET"},
		"unlimited":             {func(c *Config) { c.TelegramRate = 0 }, ""},
		"negative rate":         {func(c *Config) { c.TelegramRate = -1 }, "KRUZHOK_TELEGRAM_RATE"},
		"connections":           {func(c *Config) { c.SMTPConnections = 0 }, "KRUZHOK_SMTP_CONNECTIONS"},
		"mail":                  {func(c *Config) { c.SMTPURL, c.MailFrom = "smtp://u:p@h:587", "Kruzhok <a@b.example>" }, ""},
		"selector for each key": {func(c *Config) { c.DKIMKeyFile, c.DKIMSelector = "rsa.pem, ed.pem", "k1" }, "KRUZHOK_DKIM_SELECTOR: names 1, and KRUZHOK_DKIM_KEY_FILE names 2 files"},
		"mail without sender":   {func(c *Config) { c.SMTPURL = "smtp://h" }, "KRUZHOK_MAIL_FROM: not set"},
		"sender":                {func(c *Config) { c.MailFrom = "Kruzhok" }, "KRUZHOK_MAIL_FROM: cannot be read"},
		"reply domain":          {func(c *Config) { c.ReplyDomain = "a@b" }, "KRUZHOK_REPLY_DOMAIN"},
		"staff chat":            {func(c *Config) { c.TelegramToken, c.StaffTelegram = token, "-1001234567890" }, ""},
		"staff chat by name":    {func(c *Config) { c.TelegramToken, c.StaffTelegram = token, "@staff" }, "KRUZHOK_STAFF_TELEGRAM: is not the id of a chat"},
		"staff chat, no bot":    {func(c *Config) { c.StaffTelegram = "-100" }, "KRUZHOK_STAFF_TELEGRAM: needs a bot: set KRUZHOK_TELEGRAM_TOKEN"},
		"staff": {func(c *Config) {
			c.SMTPURL, c.MailFrom, c.StaffEmail = "smtp://h", "a@b.example", "lead@b.example, help@b.example"
		}, ""},
		"staff with names": {func(c *Config) {
			c.SMTPURL, c.MailFrom, c.StaffEmail = "smtp://h", "a@b.example", "lead@b.example,Help <help@b.example>"
		}, "KRUZHOK_STAFF_EMAIL: number 2 is no mail address"},
		"staff, no mail": {func(c *Config) { c.StaffEmail = "lead@b.example" }, "KRUZHOK_STAFF_EMAIL: needs mail: set KRUZHOK_SMTP_URL"},
		"too many staff": {func(c *Config) {
			c.StaffEmail = ""
			for i := range 21 {
				c.StaffEmail += "," + string(rune('a'+i)) + "@b.example"
			}
		}, "KRUZHOK_STAFF_EMAIL: has 21 addresses"},
		"role":              {func(c *Config) { c.Roles = append(AllRoles(), "cook") }, `KRUZHOK_ROLES: "cook" is not known`},
		"requests":          {func(c *Config) { c.MaxRequests = 10000 }, ""},
		"no requests":       {func(c *Config) { c.MaxRequests = 0 }, "KRUZHOK_MAX_REQUESTS"},
		"too many requests": {func(c *Config) { c.MaxRequests = 10001 }, "KRUZHOK_MAX_REQUESTS"},
		"no roles":          {func(c *Config) { c.Roles = nil }, "names none"},
		"split, no Redis":   {func(c *Config) { c.Roles, c.DatabaseURL = []Role{API}, "postgres://h/db" }, "set KRUZHOK_REDIS_URL"},
		"split on SQLite":   {func(c *Config) { c.Roles, c.RedisURL = []Role{Worker}, "redis://h" }, "set KRUZHOK_DATABASE_URL"},
		"split":             {func(c *Config) { c.Roles, c.RedisURL, c.DatabaseURL = []Role{Worker}, "redis://h", "postgres://h/db" }, ""},
		"level":             {func(c *Config) { c.LogLevel = "loud" }, "KRUZHOK_LOG_LEVEL"},
		"format":            {func(c *Config) { c.LogFormat = "xml" }, "KRUZHOK_LOG_FORMAT"},
		"no time to stop":   {func(c *Config) { c.ShutdownTimeout = 0 }, "KRUZHOK_SHUTDOWN_TIMEOUT"},
	} {
		config := mustParse(t)
		c.change(config)
		err := config.Check()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error repeats a secret", name)
		}
	}
}

func TestEveryMistakeAtOnce(t *testing.T) {
	c := mustParse(t)
	c.Listen, c.LogLevel = "x", "y"
	if err := c.Check(); err == nil || strings.Count(err.Error(), "KRUZHOK_") != 2 {
		t.Error(err)
	}
}

func TestKey(t *testing.T) {
	for text, want := range map[string]int{
		key: 32, strings.Repeat("ab", 16): 32, "correct horse battery staple and more": 37, NewSecretKey(): 32,
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=": 32, "short": 0, strings.Repeat("x", 31): 0,
	} {
		c := Config{SecretKey: text}
		got, err := c.Key()
		if len(got) != want || (err == nil) != (want > 0) {
			t.Errorf("Key(%q) has %d bytes, want %d: %v", text, len(got), want, err)
		}
		if err != nil && strings.Contains(err.Error(), text) {
			t.Error("the error repeats the key")
		}
	}
}

// TestKeyOnTheCommandLine: a fresh key can be given as a word of its own; one that begins with a dash gets the remedy, and is not printed.
func TestKeyOnTheCommandLine(t *testing.T) {
	for range 500 {
		if fresh := NewSecretKey(); fresh[0] == '-' {
			t.Fatal("a fresh key begins with a dash")
		}
	}
	_, err := Parse(&commands{}, []string{"serve", "--secret-key", "-hunter2hunter2hunter2hunter2hunter2"})
	if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "--secret-key=…") {
		t.Errorf("a key with a dash: %v", err)
	}
	dashed := "-" + strings.Repeat("x", 40)
	if c := mustParse(t, "--secret-key="+dashed); c.SecretKey != dashed {
		t.Errorf("after an equals sign: %q", c.SecretKey)
	}
}

func TestEffectiveHidesSecrets(t *testing.T) {
	c := mustParse(t, "--secret-key", "hunter2hunter2hunter2hunter2hunter2!", "--telegram-token", "77:hunter2", "--telegram-webhook-secret", "hunter2",
		"--database-url", "postgres://anna:hunter2@h:5432/db?password=hunter2", "--redis-url", "redis://:hunter2@h/0",
		"--smtp-url", "smtps://u%40h:hunter2@mail.example:465", "--mail-from", "K <k@h.example>")
	shown := map[string]string{}
	for _, s := range c.Effective() {
		shown[s.Variable] = s.Value
		if strings.Contains(s.String(), "hunter2") {
			t.Error(s)
		}
	}
	for variable, want := range map[string]string{
		"KRUZHOK_TELEGRAM_TOKEN": "77:…", "KRUZHOK_DATABASE_URL": "postgres://anna:…@h:5432/db?…", "KRUZHOK_REDIS_URL": "redis://:…@h/0",
		"KRUZHOK_SMTP_URL": "smtps://u%40h:…@mail.example:465", "KRUZHOK_ROLES": "api,worker,scheduler,inbound", "KRUZHOK_SECRET_KEY": "…",
	} {
		if shown[variable] != want {
			t.Errorf("%s is shown as %q, want %q", variable, shown[variable], want)
		}
	}
	for _, bad := range []string{"postgres://u:hunter2%@h", "hunter2", "redis:hunter2"} {
		if got := redactURL(bad); got != "…" {
			t.Errorf("redactURL shows %q", got)
		}
	}
}

func TestHelpNamesTheVariables(t *testing.T) {
	var out strings.Builder
	_, _ = Parse(&commands{}, []string{"serve", "--help"}, kong.Writers(&out, &out), kong.Exit(func(int) {}))
	help := strings.Join(strings.Fields(out.String()), " ")
	for _, name := range names {
		if !strings.Contains(help, "--"+name+"=") || !strings.Contains(help, "($"+Variable(name)+")") {
			t.Errorf("--help lacks %s or its variable", name)
		}
	}
}

// TestSizes: a size is read as people write it, and a wrong one is told how.
func TestSizes(t *testing.T) {
	for text, want := range map[string]Bytes{"20MB": 20 << 20, " 512 kb ": 512 << 10, "1GB": 1 << 30, "100": 100} {
		var b Bytes
		if err := b.UnmarshalText([]byte(text)); err != nil || b != want {
			t.Errorf("%q is %d, %v", text, b, err)
		}
	}
	for _, text := range []string{"", "MB", "-1", "20 megabytes", "9999999999GB", "1.5MB"} {
		var b Bytes
		if err := b.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is %d", text, b)
		}
	}
	if got := Bytes(20 << 20).String(); got != "20MB" {
		t.Error(got)
	}
}
