package servers

import "syscall"

// Mortal lets a process end with this one, even when this one is killed and cleans up nothing.
func Mortal(a *syscall.SysProcAttr) *syscall.SysProcAttr {
	if a == nil {
		a = &syscall.SysProcAttr{}
	}
	a.Pdeathsig = syscall.SIGKILL
	return a
}
