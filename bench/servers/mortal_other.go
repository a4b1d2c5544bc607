//go:build unix && !linux

package servers

import "syscall"

// Mortal is known to Linux alone.
func Mortal(a *syscall.SysProcAttr) *syscall.SysProcAttr { return a }
