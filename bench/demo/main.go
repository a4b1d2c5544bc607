// Command demo measures what a newcomer waits for: the time from the start of `kruzhok demo` to its first useful page, and how much memory the process has
// taken once the sample community's past has been played.
//
//	go run ./bench/demo [-rounds 5] [-binary PATH]
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

var address = regexp.MustCompile(`http://[0-9.:]+`)

// round is what one start was like.
type round struct {
	page, past time.Duration
	peak       string // of the resident memory, as the kernel tells it; empty where it does not
}

func main() {
	rounds := flag.Int("rounds", 5, "how many starts")
	binary := flag.String("binary", "", "a built kruzhok (default: it is built first)")
	flag.Parse()
	if err := run(*rounds, *binary); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(rounds int, binary string) error {
	if binary == "" {
		dir, err := os.MkdirTemp("", "kruzhok-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		binary = filepath.Join(dir, "kruzhok")
		if out, err := exec.Command("go", "build", "-o", binary, "./cmd/kruzhok").CombinedOutput(); err != nil {
			return fmt.Errorf("build: %w\n%s", err, out)
		}
	}
	var pages []time.Duration
	for n := range rounds {
		r, err := start(binary)
		if err != nil {
			return err
		}
		fmt.Printf("round %d: first page %d ms, past played in %.1f s, peak memory %s\n", n+1, r.page.Milliseconds(), r.past.Seconds(), r.peak)
		pages = append(pages, r.page)
	}
	slices.Sort(pages)
	fmt.Printf("first useful page: median %d ms [%d–%d], the goal is 5000 ms\n", pages[len(pages)/2].Milliseconds(), pages[0].Milliseconds(), pages[len(pages)-1].Milliseconds())
	return nil
}

// start runs a demo until its past is played.
func start(binary string) (r round, err error) {
	cmd := exec.Command(binary, "demo", "--no-open")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return r, err
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return r, err
	}
	defer func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() }()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if base := address.FindString(lines.Text()); base != "" && r.page == 0 {
			if err := useful(base + "/console/campaigns"); err != nil {
				return r, err
			}
			r.page = time.Since(began)
		}
		if strings.Contains(lines.Text(), "past was played") {
			r.past, r.peak = time.Since(began), peak(cmd.Process.Pid)
			return r, nil
		}
	}
	return r, errors.New("the demo ended before its past was played")
}

// useful asks for the page that lists the running campaigns, until it names one.
func useful(url string) error {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		res, err := http.Get(url)
		if err != nil {
			continue
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close() // it was read to its end
		if err == nil && res.StatusCode == http.StatusOK && strings.Contains(string(body), "First week") {
			return nil
		}
	}
	return errors.New("no useful page after a minute")
}

// peak is the most memory that the process had (proc(5), VmHWM).
func peak(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return "unknown"
	}
	for line := range strings.SplitSeq(string(b), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			return strings.TrimSpace(rest)
		}
	}
	return "unknown"
}
