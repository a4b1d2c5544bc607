package email

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"

	"github.com/emersion/go-msgauth/dkim"
)

// DKIMKey signs mails under a selector: the receiver finds the public key in DNS at SELECTOR._domainkey.DOMAIN (RFC 6376 §3.6.2.1).
type DKIMKey struct {
	Selector string
	signer   crypto.Signer
}

// minRSA is the shortest RSA key in bits (RFC 8301 §3.2).
const minRSA = 2048

var selector = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$`)

// ParseDKIMKey reads a private key in PEM: RSA of 2048 bits or more (PKCS #1 or #8), or Ed25519 (PKCS #8, RFC 8463). Its errors hold nothing of the key.
func ParseDKIMKey(name string, file []byte) (DKIMKey, error) {
	k := DKIMKey{Selector: name}
	if len(name) > 63 || !selector.MatchString(name) {
		return k, fmt.Errorf("%q is no selector: expected letters, digits and hyphens, as in k1", name)
	}
	block, _ := pem.Decode(file)
	if block == nil {
		return k, errors.New("no key in PEM: expected a file that begins with -----BEGIN PRIVATE KEY-----")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		if key, err = x509.ParsePKCS1PrivateKey(block.Bytes); err != nil {
			return k, errors.New("the key cannot be read: expected RSA or Ed25519, without a passphrase")
		}
	}
	switch key := key.(type) {
	case *rsa.PrivateKey:
		if key.N.BitLen() < minRSA {
			return k, fmt.Errorf("the RSA key has %d bits: receivers want %d", key.N.BitLen(), minRSA)
		}
		k.signer = key
	case ed25519.PrivateKey:
		k.signer = key
	default:
		return k, errors.New("the key is neither RSA nor Ed25519")
	}
	return k, nil
}

// signed are the headers that a signature covers, where a mail has them. Message-ID and Date are not among them: some relays write their own.
// List-Unsubscribe and its companion must be (RFC 8058 §4).
var signed = []string{
	"From", "Reply-To", "To", "Subject", "Mime-Version", "Content-Type", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-Id", "Auto-Submitted",
}

// sign returns the mail with a DKIM-Signature before it for each key. It costs about a millisecond with RSA.
func sign(keys []DKIMKey, domain string, raw []byte) ([]byte, error) {
	head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	head = append([]byte("\r\n"), bytes.ToLower(head)...)
	var covered []string
	for _, name := range signed {
		if bytes.Contains(head, append(append([]byte("\r\n"), bytes.ToLower([]byte(name))...), ':')) {
			covered = append(covered, name)
		}
	}
	var out []byte
	for _, k := range keys {
		s, err := dkim.NewSigner(&dkim.SignOptions{
			Domain: domain, Selector: k.Selector, Signer: k.signer, HeaderKeys: covered,
			HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
		})
		if err != nil {
			return nil, fmt.Errorf("sign mail: %w", err)
		}
		_, werr := s.Write(raw)
		if err := errors.Join(werr, s.Close()); err != nil {
			return nil, fmt.Errorf("sign mail: %w", err)
		}
		out = append(out, s.Signature()...)
	}
	return append(out, raw...), nil
}
