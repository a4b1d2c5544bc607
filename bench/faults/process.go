//go:build unix

package faults

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/kruzhok/kruzhok/bench/servers"
)

// Process is one process of the program.
type Process struct {
	Args []string
	site *Site
	addr string
	log  string
	cmd  *exec.Cmd
}

// spawn starts one that serves on addr, if it serves.
func (s *Site) spawn(addr string, args ...string) {
	s.t.Helper()
	p := &Process{Args: args, site: s, addr: addr, log: filepath.Join(s.Dir, fmt.Sprintf("process-%d.log", len(s.procs)))}
	s.procs = append(s.procs, p)
	p.Start()
	s.t.Cleanup(func() {
		p.Kill()
		if s.t.Failed() {
			s.t.Logf("the last words of %v:\n%s", args, p.lastWords(3000))
		}
	})
}

// Processes are those that were started.
func (s *Site) Processes() []*Process { return s.procs }

// Start starts it, again if it has ended. Its log goes on.
func (p *Process) Start() {
	p.site.t.Helper()
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	p.site.must(err)
	defer log.Close()
	p.cmd = exec.Command(p.site.opt.Program, append(p.Args, "--clock-file="+p.site.clock.file)...)
	p.cmd.Env = p.site.settings()
	if p.addr != "" {
		p.cmd.Env = append(p.cmd.Env, "KRUZHOK_LISTEN="+p.addr)
	}
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.SysProcAttr = log, log, servers.Mortal(nil)
	p.site.must(p.cmd.Start())
}

// Kill ends it without a word.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// Stop asks it to end, and waits until it has.
func (p *Process) Stop() error {
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	return p.cmd.Wait()
}

// lines is how many connections to the channels it may have at once: a kill may repeat one message on each.
func (p *Process) lines() int {
	if slices.ContainsFunc(p.Args, func(a string) bool { return strings.HasPrefix(a, "--roles=") }) {
		return 2 * interactiveLines // it sends only what a page asks for
	}
	return 2 * (bulkLines + interactiveLines)
}

func (p *Process) signal(sig syscall.Signal) { _ = p.cmd.Process.Signal(sig) }

// Log is everything that it printed.
func (p *Process) Log() string {
	b, _ := os.ReadFile(p.log)
	return string(b)
}

// said is how often any process said so.
func (s *Site) said(words string) (n int) {
	for _, p := range s.procs {
		n += strings.Count(p.Log(), words)
	}
	return n
}

func (p *Process) lastWords(n int) string {
	log := p.Log()
	return log[max(0, len(log)-n):]
}
