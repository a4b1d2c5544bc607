package config

import (
	"strings"
	"testing"
)

const signing = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" // published with Standard Webhooks

func TestWebhooks(t *testing.T) {
	t.Setenv("KRUZHOK_WEBHOOK_PLACEMENT_URL", "https://placement.example/in?key=hunter2")
	t.Setenv("KRUZHOK_WEBHOOK_PLACEMENT_SECRET", signing+" "+NewWebhookSecret())
	t.Setenv("KRUZHOK_WEBHOOK_BOOK_SHOP_SECRET_FILE", write(t, "secret", signing+"\n"))
	t.Setenv("KRUZHOK_WEBHOOK_CRM_URL", "") // an empty variable is none
	c := mustParse(t, "--config", write(t, "k.yaml", "webhook_book_shop_url: http://shop.internal/in\nwebhook-book-shop-private: true\nwebhook_placement_url: https://elsewhere.example\n"))
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	placement, shop := c.Webhooks["placement"], c.Webhooks["book-shop"]
	if len(c.Webhooks) != 2 || placement == nil || shop == nil || placement.Private || !shop.Private || placement.URL != "https://placement.example/in?key=hunter2" {
		t.Fatalf("%+v %+v of %d", placement, shop, len(c.Webhooks))
	}
	if secrets, err := placement.Secrets(); err != nil || len(secrets) != 2 || len(secrets[0]) != 24 || len(secrets[1]) != 32 {
		t.Errorf("%d secrets, %v", len(secrets), err)
	}
	shown := ""
	for _, s := range c.Effective() {
		shown += s.String() + "\n"
	}
	for _, want := range []string{"KRUZHOK_WEBHOOK_PLACEMENT_URL=https://placement.example/in?… (env)", "KRUZHOK_WEBHOOK_BOOK_SHOP_SECRET=… (", "KRUZHOK_WEBHOOK_BOOK_SHOP_PRIVATE=true (file)"} {
		if !strings.Contains(shown, want) {
			t.Errorf("lacks %s:\n%s", want, shown)
		}
	}
	if strings.Contains(shown, "hunter2") || strings.Contains(shown, "MfKQ") {
		t.Error("shows a secret")
	}
}

func TestWrongWebhooks(t *testing.T) {
	for _, tt := range []struct {
		settings map[string]string
		want     string
	}{
		{map[string]string{"A_URL": "https://a.example"}, "KRUZHOK_WEBHOOK_A_SECRET: is not set"},
		{map[string]string{"A_SECRET": signing}, "KRUZHOK_WEBHOOK_A_URL: is not set"},
		{map[string]string{"A_URL": "http://a.example", "A_SECRET": signing}, "KRUZHOK_WEBHOOK_A_URL: must begin with https://"},
		{map[string]string{"A_URL": "https://hunter2%@a.example", "A_SECRET": signing}, "KRUZHOK_WEBHOOK_A_URL: cannot be read"},
		{map[string]string{"A_URL": "https://a.example/#x", "A_SECRET": signing}, "behind #"},
		{map[string]string{"A_URL": "https://a.example", "A_SECRET": "hunter2"}, "KRUZHOK_WEBHOOK_A_SECRET: number 1 is no secret"},
		{map[string]string{"A_URL": "https://a.example", "A_SECRET": "whsec_aHVudGVyMg=="}, "is no secret"},
		{map[string]string{"A_URL": "https://a.example", "A_SECRET": strings.Repeat(signing+" ", 6)}, "has 6 secrets"},
		{map[string]string{"A_URL": "https://a.example", "A_SECRET": signing, "A_PRIVATE": "hunter2"}, "KRUZHOK_WEBHOOK_A_PRIVATE: is neither true nor false"},
		{map[string]string{"A_ADDRESS": "https://a.example"}, "KRUZHOK_WEBHOOK_A_ADDRESS: is no setting of an endpoint; write KRUZHOK_WEBHOOK_NAME_URL"},
		{map[string]string{"URL": "https://a.example"}, "KRUZHOK_WEBHOOK_URL: is no setting of an endpoint"},
		{map[string]string{"A_SECRET": signing, "A_SECRET_FILE": "x"}, "are both set: remove one"},
		{map[string]string{"A_SECRET_FILE": "hunter2"}, "KRUZHOK_WEBHOOK_A_SECRET_FILE: read the named file"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			for name, value := range tt.settings {
				t.Setenv("KRUZHOK_WEBHOOK_"+name, value)
			}
			c, err := parse(t)
			if err == nil {
				err = c.Check()
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "MfKQ") {
				t.Errorf("%v", err)
			}
		})
	}
}
