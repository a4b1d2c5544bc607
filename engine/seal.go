package engine

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"

	"github.com/kruzhok/kruzhok/internal/fault"
)

// newSeals makes the cipher of sealed texts. A nonce is random, which is enough for 2³² of them (NIST SP 800-38D §8.3).
func newSeals(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil { // only for a length that no AES key has
		panic(err)
	}
	seals, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil { // only for a block that is not AES
		panic(err)
	}
	return seals
}

// Seal makes a text that may stand in an address out of what may not: it tells nobody anything, and Unseal for the same use alone reads it. It gives no right.
func (e *Engine) Seal(use string, v any) (string, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return "", fault.Wrap(fault.Internal, err, "internal", nil)
	}
	return base64.RawURLEncoding.EncodeToString(e.keys.seals.Seal(nil, nil, plain, []byte(use))), nil
}

// Unseal reads a sealed text into v. Fault not_found.link for what was not sealed here, or for another use.
func (e *Engine) Unseal(use, text string, v any) error {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return fault.Wrap(fault.NotFound, err, "not_found.link", nil)
	}
	plain, err := e.keys.seals.Open(nil, nil, raw, []byte(use))
	if err == nil {
		err = json.Unmarshal(plain, v)
	}
	if err != nil {
		return fault.Wrap(fault.NotFound, err, "not_found.link", nil)
	}
	return nil
}
