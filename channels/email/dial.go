package email

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/textproto"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/channels"
)

// DialError is why no connection could be made. Its text holds no secret. Receipt is what it means for every mail that waits for the channel.
type DialError struct{ receipt channels.Receipt }

// Receipt is Temporary or Broken, always WholeChannel.
func (e *DialError) Receipt() channels.Receipt { return e.receipt }

func (e *DialError) Error() string {
	return "dial mail server: " + strings.TrimSpace(e.receipt.Code+" "+e.receipt.Detail)
}

func receiptOf(err error) channels.Receipt {
	var d *DialError
	if errors.As(err, &d) {
		return d.receipt
	}
	return lostBefore(err)
}

// dialError sorts what go-mail returns: an answer of the server, a certificate, a mechanism that is not there, or the network.
func dialError(err error) *DialError {
	var said *textproto.Error
	var cert *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	isAuth := strings.HasPrefix(err.Error(), "SMTP AUTH failed") // go-mail has no sentinel for it; a test holds its wording
	switch {
	case errors.Is(err, errExposed):
		return &DialError{setup(err.Error())}
	case errors.Is(err, context.Canceled):
		return &DialError{channels.Receipt{Class: channels.Temporary, Detail: "connecting was ended by us"}}
	case errors.As(err, &said):
		return &DialError{answered(said, isAuth)}
	case errors.As(err, &cert), errors.As(err, &unknown), errors.As(err, &host):
		return &DialError{setup("the mail server's certificate could not be verified")}
	case isNetwork(err):
		return &DialError{channels.Receipt{Class: channels.Temporary, WholeChannel: true, RetryAfter: time.Minute, Detail: "the mail server cannot be reached: connection " + why(err)}}
	case strings.Contains(err.Error(), "STARTTLS"):
		return &DialError{setup("the mail server does not offer STARTTLS, which is required")}
	}
	return &DialError{setup("the mail server does not offer the configured authentication, or only without TLS")}
}

func setup(detail string) channels.Receipt {
	return channels.Receipt{Class: channels.Broken, WholeChannel: true, Detail: detail}
}

func answered(said *textproto.Error, isAuth bool) channels.Receipt {
	phase := PhaseConnect
	if isAuth || said.Code == 530 || said.Code == 534 || said.Code == 535 || said.Code == 538 {
		phase = PhaseAuth
	}
	enhanced, text := splitEnhanced(said.Msg)
	return Classify(said.Code, enhanced, text, phase)
}

func isNetwork(err error) bool {
	var n net.Error
	var record tls.RecordHeaderError
	var nonsense textproto.ProtocolError
	if errors.As(err, &n) || errors.As(err, &record) || errors.As(err, &nonsense) {
		return true
	}
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
