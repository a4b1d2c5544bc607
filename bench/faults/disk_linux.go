package faults

import (
	"errors"
	"os"
	"strconv"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// newDisk makes dir. It is a file system of its own where mounting is allowed, whose writes fail as those of a full disk do (ENOSPC).
// Elsewhere the process is limited: its writes fail too, with EFBIG.
func newDisk(t testing.TB, how, dir string) disk {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	switch how {
	case "":
		return nil
	case "limit":
		return limit{}
	}
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=700,size="+roomy)
	switch {
	case err == nil:
	case how == "tmpfs":
		t.Fatalf("mount: %v", err)
	default:
		return limit{}
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return tmpfs{dir}
}

// roomy is the size of a disk that is not full; it takes no more memory than is written.
const roomy = "2g"

// tmpfs is a file system in memory. When it is to be full it is made as small as what is in it.
type tmpfs struct{ dir string }

func (d tmpfs) String() string { return "tmpfs" }

func (d tmpfs) fill(s *Site) func() {
	for {
		var now syscall.Statfs_t
		s.must(syscall.Statfs(d.dir, &now))
		err := d.resize(strconv.FormatInt(int64(now.Blocks-now.Bfree)*now.Bsize, 10))
		if err == nil {
			return func() { s.must(d.resize(roomy)) }
		}
		if !errors.Is(err, syscall.EINVAL) { // somebody wrote meanwhile: it cannot be smaller than its contents
			s.must(err)
		}
	}
}

func (d tmpfs) resize(size string) error {
	return syscall.Mount("tmpfs", d.dir, "tmpfs", syscall.MS_REMOUNT, "size="+size)
}

// limit forbids the process to write to files.
type limit struct{}

func (limit) String() string { return "RLIMIT_FSIZE" }

func (limit) fill(s *Site) func() {
	pid := s.procs[0].cmd.Process.Pid
	var before unix.Rlimit
	s.must(unix.Prlimit(pid, unix.RLIMIT_FSIZE, nil, &before))
	s.must(unix.Prlimit(pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 0, Max: before.Max}, nil))
	return func() { s.must(unix.Prlimit(pid, unix.RLIMIT_FSIZE, &before, nil)) }
}
