package measure

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of times in /proc (USER_HZ, 100 a second on every Linux that Go runs on; proc(5)).
const tick = 10 * time.Millisecond

// moment is how things stand before or after a turn.
type moment struct {
	at    time.Time
	busy  time.Duration // CPU used by everybody, and what a hypervisor took
	whole time.Duration // CPU that there was
	used  []Usage
}

// look reads the processes, and forgets their peaks of memory where the kernel lets it.
func look(watched []Process) (m moment, err error) {
	for _, p := range watched {
		u, err := usageOf(p)
		if err != nil {
			return m, err
		}
		m.used = append(m.used, u)
		_ = os.WriteFile(procFile(p.PID, "clear_refs"), []byte("5"), 0) // refused: the peak is that of the process's life
	}
	m.at = time.Now()
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return m, fmt.Errorf("measuring needs Linux: %w", err)
	}
	m.busy, m.whole, err = machineTime(string(stat))
	return m, err
}

func between(a, b moment, watched []Process) Turn {
	t := Turn{Wall: b.at.Sub(a.at)}
	var ours time.Duration
	for i, p := range watched {
		u := Usage{Process: p.Name, CPU: b.used[i].CPU - a.used[i].CPU, Peak: b.used[i].Peak}
		ours += u.CPU
		t.Usage = append(t.Usage, u)
	}
	if whole := b.whole - a.whole; whole > 0 {
		t.Others = max(0, float64(b.busy-a.busy-ours)/float64(whole))
	}
	return t
}

func usageOf(p Process) (u Usage, err error) {
	u.Process = p.Name
	if p.Tree {
		u.CPU, err = treeTime(p.PID)
		return u, err
	}
	self, err := statOf(p.PID)
	if err != nil {
		return u, err
	}
	u.CPU = self.own
	u.Peak, err = Peak(p.PID)
	return u, err
}

// Peak is the most resident memory that the process had, in bytes; 0 where the kernel does not tell.
func Peak(pid int) (int64, error) {
	status, err := os.ReadFile(procFile(pid, "status"))
	return peakOf(string(status)), err
}

// stat is what /proc/PID/stat says of one process.
type stat struct {
	parent int
	own    time.Duration // user and system
	reaped time.Duration // of children that ended, and theirs
}

func statOf(pid int) (stat, error) {
	b, err := os.ReadFile(procFile(pid, "stat"))
	if err != nil {
		return stat{}, err
	}
	return parseStat(string(b))
}

// parseStat begins after the name, which may hold spaces and brackets.
func parseStat(text string) (s stat, err error) {
	end := strings.LastIndexByte(text, ')')
	fields := strings.Fields(text[end+1:])
	if end < 0 || len(fields) < 15 {
		return s, errors.New("cannot read /proc/PID/stat")
	}
	n := make([]int, 15) // fields[0] is the third of proc(5): the state
	for _, i := range []int{1, 11, 12, 13, 14} {
		if n[i], err = strconv.Atoi(fields[i]); err != nil {
			return s, fmt.Errorf("read /proc/PID/stat: %w", err)
		}
	}
	return stat{parent: n[1], own: time.Duration(n[11]+n[12]) * tick, reaped: time.Duration(n[13]+n[14]) * tick}, nil
}

// treeTime is the CPU of the process and all its descendants. What ended is in the times that its parent took over.
func treeTime(root int) (sum time.Duration, err error) {
	all := map[int]stat{}
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	for _, f := range files {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(f)))
		if s, err := statOf(pid); err == nil { // one may end meanwhile
			all[pid] = s
		}
	}
	if _, ok := all[root]; !ok {
		return 0, fmt.Errorf("no process %d", root)
	}
	return sumTree(all, root), nil
}

func sumTree(all map[int]stat, root int) time.Duration {
	sum := all[root].own + all[root].reaped
	for pid, s := range all {
		if s.parent == root && pid != root {
			sum += sumTree(all, pid)
		}
	}
	return sum
}

// peakOf is VmHWM of /proc/PID/status in bytes; 0 where it is not told.
func peakOf(status string) int64 {
	for line := range strings.Lines(status) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kb << 10
		}
	}
	return 0
}

// machineTime reads the first line of /proc/stat: all but idle and iowait is busy. Guests' time is in user and nice already.
func machineTime(text string) (busy, whole time.Duration, err error) {
	line, _, _ := strings.Cut(text, "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return 0, 0, errors.New("cannot read /proc/stat")
	}
	for i, f := range fields[1:9] {
		n, err := strconv.Atoi(f)
		if err != nil {
			return 0, 0, fmt.Errorf("read /proc/stat: %w", err)
		}
		whole += time.Duration(n) * tick
		if i != 3 && i != 4 {
			busy += time.Duration(n) * tick
		}
	}
	return busy, whole, nil
}

func procFile(pid int, name string) string { return "/proc/" + strconv.Itoa(pid) + "/" + name }
