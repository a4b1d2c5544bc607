// Command demo measures what a newcomer waits for: the time from the start of `kruzhok demo` to its first useful page, and how much memory the process has
// taken once the sample community's past has been played.
//
//	go run ./bench/demo [-rounds 5] [-binary PATH]
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/bench/measure"
)

var address = regexp.MustCompile(`http://[0-9.:]+`)

// round is what one start was like.
type round struct {
	page, past time.Duration
	peak       int64 // bytes of resident memory; 0 where the kernel does not tell
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
		lab, err := measure.NewLab()
		if err != nil {
			return err
		}
		defer lab.Close()
		if binary, err = lab.Build(context.Background(), "./cmd/kruzhok"); err != nil {
			return err
		}
	}
	var pages []time.Duration
	for n := range rounds {
		r, err := start(binary)
		if err != nil {
			return err
		}
		fmt.Printf("round %d: first page %d ms, past played in %.1f s, peak memory %d MB\n", n+1, r.page.Milliseconds(), r.past.Seconds(), r.peak>>20)
		pages = append(pages, r.page)
	}
	page := measure.SpreadOf(pages)
	fmt.Printf("first useful page: median %d ms [%d–%d], the goal is 5000 ms\n", page.Median.Milliseconds(), page.Min.Milliseconds(), page.Max.Milliseconds())
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
			r.past = time.Since(began)
			r.peak, err = measure.Peak(cmd.Process.Pid)
			return r, err
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
