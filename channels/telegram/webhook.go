package telegram

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"regexp"
)

// SecretHeader carries the webhook's secret_token with every update (Bot API setWebhook).
const SecretHeader = "X-Telegram-Bot-Api-Secret-Token"

var secretShape = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

// CheckSecret refuses what Telegram would refuse as secret_token; the error does not repeat it.
func CheckSecret(secret string) error {
	if !secretShape.MatchString(secret) {
		return errors.New("telegram: the webhook secret must be 1–256 of letters, digits, - and _")
	}
	return nil
}

// VerifySecret compares the header with the configured secret in constant time. A malformed or empty secret lets nothing in.
func VerifySecret(header, secret string) bool {
	if CheckSecret(secret) != nil {
		return false
	}
	a, b := sha256.Sum256([]byte(header)), sha256.Sum256([]byte(secret)) // equal lengths, so that none is told
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}
