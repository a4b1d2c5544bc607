package measure

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Lab is a temporary folder with the services and processes of a run. Close ends them and removes the folder.
type Lab struct {
	Dir   string
	close []func() error // in the order of starting
}

// NewLab makes the folder. Others may enter it but not list it: PostgreSQL runs as another user than root.
func NewLab() (*Lab, error) {
	dir, err := os.MkdirTemp("", "kruzhok-bench-")
	if err != nil {
		return nil, err
	}
	return &Lab{Dir: dir}, os.Chmod(dir, 0o711)
}

// Close ends what runs, the last first.
func (l *Lab) Close() error {
	var errs []error
	for _, end := range slices.Backward(l.close) {
		errs = append(errs, end())
	}
	l.close = nil
	return errors.Join(append(errs, os.RemoveAll(l.Dir))...)
}

func (l *Lab) atEnd(end func() error) { l.close = append(l.close, end) }

// Folder makes a new folder in the lab's.
func (l *Lab) Folder(name string) (string, error) { return os.MkdirTemp(l.Dir, name+"-") }

// Build compiles a command of this module, "./cmd/kruzhok", and returns the binary's path. It is to be called from inside the module.
func (l *Lab) Build(ctx context.Context, command string) (string, error) {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	binary := filepath.Join(l.Dir, filepath.Base(command))
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, command)
	build.Dir = strings.TrimSpace(string(root))
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return binary, nil
}

// Proc is a process that the lab started.
type Proc struct {
	Name string
	PID  int
	log  string
	stop func() error
	dead chan struct{} // closed when it has ended
}

// Process is how a Side names it.
func (p *Proc) Process() Process { return Process{Name: p.Name, PID: p.PID} }

// Start starts a process with the variables of env beside this one's; its output goes to a file that errors quote.
func (l *Lab) Start(name string, env []string, binary string, args ...string) (*Proc, error) {
	log, err := os.CreateTemp(l.Dir, name+"-*.log")
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(binary, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), env...), log, log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &Proc{Name: name, PID: cmd.Process.Pid, log: log.Name(), dead: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // told to end, or its log says why
		close(p.dead)
	}()
	p.stop = func() error { return p.end(cmd.Process) }
	l.atEnd(p.stop)
	return p, nil
}

// Stop ends the process, kindly at first.
func (p *Proc) Stop() error { return p.stop() }

func (p *Proc) end(process *os.Process) error {
	_ = process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-p.dead:
		return nil
	case <-time.After(30 * time.Second):
	}
	_ = process.Kill()
	<-p.dead
	return fmt.Errorf("%s did not end within 30 s", p.Name)
}

// Ready waits, at most a minute, until ok says yes; it quotes the log of a process that has ended before.
func (p *Proc) Ready(ctx context.Context, ok func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		err := ok(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.dead:
			return fmt.Errorf("%s ended: %s", p.Name, p.Tail())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w: %s", p.Name, err, p.Tail())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Tail is the end of what the process wrote.
func (p *Proc) Tail() string {
	b, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-2000):])
}

// FreeAddress is an address on this machine that nobody listens on yet.
func FreeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
