package main

import (
	"github.com/kruzhok/kruzhok/channels/webhook"
	"github.com/kruzhok/kruzhok/internal/config"
)

// caller calls the endpoints of the settings, which were checked.
func caller(cfg *config.Config) *webhook.Caller {
	endpoints := map[string]webhook.Endpoint{}
	for name, w := range cfg.Webhooks {
		if secrets, err := w.Secrets(); err == nil {
			endpoints[name] = webhook.Endpoint{URL: w.URL, Secrets: secrets, Private: w.Private}
		}
	}
	return webhook.New(endpoints)
}
