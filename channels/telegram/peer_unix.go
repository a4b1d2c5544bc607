//go:build unix

package telegram

import (
	"errors"
	"net"
	"syscall"
)

const canAsk = true

// asking looks at a socket without waiting for it, as go-sql-driver/mysql does before a statement.
type asking struct {
	raw  syscall.RawConn
	look func(fd uintptr) bool
	open bool
	one  [1]byte
}

func newAsking(c net.Conn) (*asking, error) {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return nil, errors.ErrUnsupported
	}
	a := &asking{}
	a.look = func(fd uintptr) bool {
		n, err := syscall.Read(int(fd), a.one[:])
		a.open = n <= 0 && (errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EWOULDBLOCK))
		return true
	}
	var err error
	a.raw, err = sc.SyscallConn()
	return a, err
}

// quiet reports whether a read would have to wait: the connection stands, and nothing came. A byte that did come is lost, and the connection with it.
func (a *asking) quiet() bool { return a.raw.Read(a.look) == nil && a.open }
