//go:build unix && !linux

package faults

import "syscall"

// mortal is known to Linux alone.
func mortal(a *syscall.SysProcAttr) *syscall.SysProcAttr { return a }
