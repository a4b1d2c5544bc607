//go:build !unix

package telegram

import (
	"errors"
	"net"
)

const canAsk = false

type asking struct{}

func newAsking(net.Conn) (*asking, error) { return nil, errors.ErrUnsupported }

func (*asking) quiet() bool { return false }
