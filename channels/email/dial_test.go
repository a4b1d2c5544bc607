package email

import (
	"errors"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/channels/sandbox"
)

func TestVerifiedCertificate(t *testing.T) {
	srv, err := sandbox.NewMailServer(sandbox.MailConfig{StartTLS: true})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	cfg := mustParse(t, "smtp://"+srv.Addr()+"?tls=required")
	wantDial(t, cfg, channels.Receipt{Class: channels.Broken, WholeChannel: true, Detail: "the mail server's certificate could not be verified"})
	cfg = mustParse(t, "smtp://"+srv.Addr()+"?tls=required&ca="+writeFile(t, srv.CertPEM()))
	c, err := New(cfg).Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
}

func wantDial(t *testing.T, cfg Config, want channels.Receipt) {
	t.Helper()
	_, err := New(cfg).Dial(t.Context())
	var d *DialError
	if !errors.As(err, &d) {
		t.Fatalf("dial: %v, want a *DialError", err)
	}
	if d.Receipt() != want {
		t.Errorf("dial:\n got %+v\nwant %+v", d.Receipt(), want)
	}
}

func TestDialErrorText(t *testing.T) {
	for r, want := range map[channels.Receipt]string{
		{Code: "535 5.7.8", Detail: "no"}: "dial mail server: 535 5.7.8 no",
		{Detail: "unreachable"}:           "dial mail server: unreachable",
	} {
		if got := (&DialError{r}).Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestDialFailures(t *testing.T) {
	type tc struct {
		srv    sandbox.MailConfig
		fault  *sandbox.MailFault
		change func(*Config)
		want   channels.Receipt
	}
	whole := func(class channels.Class, code, detail string) channels.Receipt {
		return channels.Receipt{Class: class, WholeChannel: true, Code: code, Detail: detail}
	}
	retry := func(r channels.Receipt, d time.Duration) channels.Receipt {
		r.RetryAfter = d
		return r
	}
	for name, c := range map[string]tc{
		"wrong password": {
			srv: sandbox.MailConfig{StartTLS: true, User: "u", Password: "p"}, change: func(c *Config) { c.Password = "x" },
			want: whole(channels.Broken, "535 5.7.8", "authentication failed"),
		},
		"mechanism missing": {
			srv: sandbox.MailConfig{StartTLS: true, User: "u", Password: "p", Mechanisms: []string{"LOGIN"}}, change: func(c *Config) { c.Auth = AuthPlain },
			want: whole(channels.Broken, "", "the mail server does not offer the configured authentication, or only without TLS"),
		},
		"no AUTH at all": {
			change: func(c *Config) { c.User, c.Password, c.Auth = "u", "p", AuthAuto },
			want:   whole(channels.Broken, "", "the mail server does not offer the configured authentication, or only without TLS"),
		},
		"no STARTTLS": {
			change: func(c *Config) { c.TLS = TLSRequired },
			want:   whole(channels.Broken, "", "the mail server does not offer STARTTLS, which is required"),
		},
		"554 greeting": {
			fault: &sandbox.MailFault{Phase: sandbox.MailAtConnect, Reply: "554 5.7.1 no service for you@home"},
			want:  retry(whole(channels.Temporary, "554 5.7.1", "no service for <address>"), greylisted),
		},
		"421 greeting": {
			fault: &sandbox.MailFault{Phase: sandbox.MailAtConnect, Reply: "421 busy"},
			want:  retry(whole(channels.Temporary, "421", "busy"), greylisted),
		},
		"hangs up": {
			fault: &sandbox.MailFault{Phase: sandbox.MailAtConnect, Cut: true},
			want:  retry(whole(channels.Temporary, "", "the mail server cannot be reached: connection was lost"), time.Minute),
		},
		"silent": {
			fault: &sandbox.MailFault{Phase: sandbox.MailAtConnect, Delay: time.Hour}, change: func(c *Config) { c.ConnectTimeout = 50 * time.Millisecond },
			want: retry(whole(channels.Temporary, "", "the mail server cannot be reached: connection timed out"), time.Minute),
		},
	} {
		t.Run(name, func(t *testing.T) {
			srv, err := sandbox.NewMailServer(c.srv)
			if err != nil {
				t.Fatal(err)
			}
			defer srv.Close()
			if c.fault != nil {
				srv.Fault(*c.fault)
			}
			cfg := mustParse(t, srv.URL())
			if c.change != nil {
				c.change(&cfg)
			}
			wantDial(t, cfg, c.want)
		})
	}
}

func TestServerIsDown(t *testing.T) {
	srv, c := newServer(t, sandbox.MailConfig{})
	srv.Down()
	var b begins
	r := c.Send(t.Context(), sample(), b.begin)
	if r.Class != channels.Temporary || !r.WholeChannel || b.n != 0 {
		t.Errorf("down: %+v, begun %d", r, b.n)
	}
	if err := srv.Up(); err != nil {
		t.Fatal(err)
	}
	if r := c.Send(t.Context(), sample(), b.begin); r.Class != channels.OK {
		t.Errorf("up again: %+v", r)
	}
}

func TestPasswordsStayOffTheNetwork(t *testing.T) {
	cfg := Config{Host: "mail.example.org", Port: 25, TLS: TLSOpportunistic, Auth: AuthXOAUTH2, User: "u", Password: "p"}
	wantDial(t, cfg, channels.Receipt{Class: channels.Broken, WholeChannel: true, Detail: errExposed.Error()})
}
