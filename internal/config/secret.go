package config

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
)

// keySize is the least number of bytes of a secret key: as many as the output of the hash that it keys.
const keySize = 32

// ErrNoSecretKey tells how to get a key.
var ErrNoSecretKey = errors.New("KRUZHOK_SECRET_KEY: not set; run `kruzhok secret` to make one, and keep it: links and sessions depend on it")

// NewSecretKey returns a fresh key in the form that KRUZHOK_SECRET_KEY takes. It begins with no dash, which the command line would take for a flag's.
func NewSecretKey() string {
	key := make([]byte, keySize)
	for {
		rand.Read(key) // never fails (crypto/rand.Read, Go 1.24)
		if text := base64.RawURLEncoding.EncodeToString(key); text[0] != '-' {
			return text
		}
	}
}

// NewWebhookSecret returns a fresh secret in the form that KRUZHOK_WEBHOOK_NAME_SECRET and the endpoint itself take.
func NewWebhookSecret() string {
	secret := make([]byte, keySize)
	rand.Read(secret)
	return secretPrefix + base64.StdEncoding.EncodeToString(secret)
}

// Key returns the bytes of the secret key: decoded where it is hex or base64 of at least 32 bytes, else the text itself.
func (c *Config) Key() ([]byte, error) {
	text := strings.TrimSpace(c.SecretKey)
	if text == "" {
		return nil, ErrNoSecretKey
	}
	if key, err := hex.DecodeString(text); err == nil && len(key) >= keySize {
		return key, nil
	}
	for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if key, err := enc.DecodeString(strings.TrimRight(text, "=")); err == nil && len(key) >= keySize {
			return key, nil
		}
	}
	if len(text) < keySize {
		return nil, fmt.Errorf("KRUZHOK_SECRET_KEY: %d bytes are too few, it needs %d; run `kruzhok secret` to make one", len(text), keySize)
	}
	return []byte(text), nil
}

// deriveSecret makes a secret of its own for one purpose. Its letters are those that Telegram allows (Bot API setWebhook: A-Z a-z 0-9 _ -).
func deriveSecret(key []byte, purpose string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("kruzhok: " + purpose))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// secret is a setting that may be given by a file.
type secret struct {
	name  string
	value *string
	file  string
}

func (c *Config) secrets() []secret {
	return []secret{
		{"secret-key", &c.SecretKey, c.SecretKeyFile},
		{"database-url", &c.DatabaseURL, c.DatabaseURLFile},
		{"redis-url", &c.RedisURL, c.RedisURLFile},
		{"telegram-token", &c.TelegramToken, c.TelegramTokenFile},
		{"telegram-webhook-secret", &c.TelegramWebhookSecret, c.TelegramWebhookSecretFile},
		{"smtp-url", &c.SMTPURL, c.SMTPURLFile},
	}
}

// readSecrets takes the values of the files that were named.
func (c *Config) readSecrets() error {
	var problems []error
	for _, s := range c.secrets() {
		if s.file != "" {
			problems = append(problems, c.readSecret(s))
		}
	}
	return errors.Join(problems...)
}

func (c *Config) readSecret(s secret) error {
	if *s.value != "" {
		return fmt.Errorf("%s and %s are both set: remove one", Variable(s.name), Variable(s.name+"-file"))
	}
	content, err := os.ReadFile(s.file)
	if err != nil {
		return wrapPath(s.name+"-file", err)
	}
	*s.value = strings.TrimRight(string(content), "\r\n")
	if *s.value == "" {
		return fmt.Errorf("%s: the file is empty", Variable(s.name+"-file"))
	}
	c.setSource(s.name, c.sources[s.name+"-file"]+", from a file of its own")
	return nil
}
