package measure

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Machine tells what figures were measured on: they compare with nothing else.
func Machine() string {
	parts := []string{
		fmt.Sprintf("%s, %d cores, %s of memory", field("/proc/cpuinfo", "model name"), runtime.NumCPU(), memory()),
		"Linux " + strings.TrimSpace(read("/proc/sys/kernel/osrelease")),
		runtime.Version(),
	}
	if bin, err := postgresBin(); err == nil {
		parts = append(parts, output(filepath.Join(bin, "postgres"), "--version"))
	}
	if v := output("redis-server", "--version"); v != "" {
		parts = append(parts, strings.Join(strings.Fields(v)[:min(3, len(strings.Fields(v)))], " "))
	}
	if v := output("git", "rev-parse", "--short", "HEAD"); v != "" {
		if output("git", "status", "--porcelain", "--untracked-files=no") != "" {
			v += " and changes"
		}
		parts = append(parts, "kruzhok "+v)
	}
	return strings.Join(parts, "; ")
}

func memory() string {
	var kb int64
	if _, err := fmt.Sscanf(field("/proc/meminfo", "MemTotal"), "%d kB", &kb); err != nil {
		return "an unknown amount"
	}
	return fmt.Sprintf("%d GB", kb>>20)
}

// field is the first value under a name in a file of "name: value" lines.
func field(file, name string) string {
	for line := range strings.Lines(read(file)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

func read(file string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return "unknown"
	}
	return string(b)
}

// output is what a command says on its first line; empty where there is none.
func output(name string, args ...string) string {
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return line
}
