package journal

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var at = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

// TestMain lets the test binary play the worker that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("JOURNAL_TEST_WORKER"); dir != "" {
		work(dir)
	}
	os.Exit(m.Run())
}

func work(dir string) {
	j, err := Open(dir, "worker")
	if err != nil {
		panic(err)
	}
	for i := range int64(3) {
		l, err := j.Lane()
		if err != nil {
			panic(err)
		}
		err = errors.Join(
			l.Begin(10*i+1), l.Next(10*i+1, Record{Outcome: Sent, Provider: 77 + i, At: at}, 10*i+2),
			l.Next(10*i+2, Record{Outcome: Failed, Reason: 9, At: at}, 10*i+3))
		if err != nil {
			panic(err)
		}
	}
	fmt.Println("ready")
	select {}
}

func TestKilledWorker(t *testing.T) {
	dir := t.TempDir()
	worker := exec.Command(os.Args[0])
	worker.Env = append(os.Environ(), "JOURNAL_TEST_WORKER="+dir)
	out, err := worker.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatal(line, err)
	}
	if orphans, err := Orphans(dir); err != nil || len(orphans) != 0 {
		t.Fatalf("a living owner is an orphan: %v %v", orphans, err)
	}
	if err := worker.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = worker.Wait()

	o := onlyOrphan(t, dir)
	if again, err := Orphans(dir); err != nil || len(again) != 0 {
		t.Fatalf("an orphan was taken twice: %v %v", again, err)
	}
	results, begun := replay(t, o)
	var want []Result
	for i := range int64(3) {
		want = append(want, Result{10*i + 1, Record{Outcome: Sent, Provider: 77 + i, At: at}}, Result{10*i + 2, Record{Outcome: Failed, Reason: 9, At: at}})
	}
	if diff := cmp.Diff(want, results) + cmp.Diff([]int64{3, 13, 23}, begun); diff != "" {
		t.Error(diff)
	}
	if err := o.Remove(); err != nil {
		t.Fatal(err)
	}
	checkGone(t, dir, "worker")
}

func onlyOrphan(t *testing.T, dir string) *Orphan {
	t.Helper()
	orphans, err := Orphans(dir)
	if err != nil || len(orphans) != 1 {
		t.Fatalf("orphans: %v %v", orphans, err)
	}
	return &orphans[0]
}

func replay(t *testing.T, o *Orphan) ([]Result, []int64) {
	t.Helper()
	results, begun, err := o.Replay()
	if err != nil {
		t.Fatal(err)
	}
	return results, begun
}

func open(t testing.TB, dir string) (*Journal, *Lane) {
	t.Helper()
	j, err := Open(dir, "me")
	if err != nil {
		t.Fatal(err)
	}
	l, err := j.Lane()
	if err != nil {
		t.Fatal(err)
	}
	return j, l
}

func must(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func checkGone(t *testing.T, dir, owner string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(dir, owner)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
}

func TestCleanCloseLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	j, l := open(t, dir)
	must(t, l.Begin(1), l.Result(1, Record{Outcome: Sent}), l.Committed(1), j.Close())
	checkGone(t, dir, "me")
	if err := l.Begin(2); !errors.Is(err, ErrLaneBroken) {
		t.Errorf("a closed lane took a message: %v", err)
	}
}

func TestCloseKeepsWhatIsOpen(t *testing.T) {
	dir := t.TempDir()
	j, l := open(t, dir)
	must(t, l.Begin(1), l.Begin(2), l.Result(1, Record{Outcome: Deferred, Reason: 3, At: at}), j.Close())
	if _, err := Open(dir, "me"); !errors.Is(err, ErrOwnerExists) {
		t.Errorf("records of an earlier life were taken over: %v", err)
	}
	o := onlyOrphan(t, dir)
	results, begun := replay(t, o)
	if diff := cmp.Diff([]Result{{1, Record{Outcome: Deferred, Reason: 3, At: at}}}, results) + cmp.Diff([]int64{2}, begun); diff != "" {
		t.Error(diff)
	}
	must(t, o.Release())
	must(t, onlyOrphan(t, dir).Remove())
	j, err := Open(dir, "me")
	must(t, err, j.Close())
}

func TestClosedLaneGoesWithItsLastCommit(t *testing.T) {
	dir := t.TempDir()
	j, l := open(t, dir)
	must(t, l.Begin(1), l.Close())
	if files, _ := laneFiles(j.path); len(files) != 1 {
		t.Errorf("files: %v", files)
	}
	must(t, l.Committed(1))
	if files, _ := laneFiles(j.path); len(files) != 0 {
		t.Errorf("files: %v", files)
	}
	must(t, j.Close())
}

func TestOwnersAreExclusive(t *testing.T) {
	dir := t.TempDir()
	j, _ := open(t, dir)
	if _, err := Open(dir, "me"); !errors.Is(err, ErrOwnerExists) {
		t.Errorf("two owners of one folder: %v", err)
	}
	must(t, j.Close())
	for _, owner := range []string{"", ".", "..", "a/b", ".lock"} {
		if _, err := Open(dir, owner); err == nil {
			t.Errorf("%q was taken as an owner", owner)
		}
	}
}

// TestTornAtEveryByte cuts the file at each length: whole records before the cut are read, nothing is invented, nothing fails.
func TestTornAtEveryByte(t *testing.T) {
	dir := t.TempDir()
	j, l := open(t, dir)
	must(t, l.Begin(1), l.Next(1, Record{Outcome: Sent, Provider: 5}, 2), l.Result(2, Record{Outcome: Failed}))
	content, err := os.ReadFile(l.files[0].path)
	must(t, err, j.Close())
	wantResults, wantBegun := []int{0, 0, 1, 1, 2}, []int{0, 1, 0, 1, 0} // by whole records
	for n := 0; n <= len(content); n++ {
		for _, tail := range [][]byte{nil, make([]byte, recordSize-n%recordSize)} { // cut short, or filled with zeros by the file system
			results, begun := settle(parseAll(append(content[:n:n], tail...)))
			whole := n / recordSize
			if len(results) != wantResults[whole] || len(begun) != wantBegun[whole] {
				t.Fatalf("cut at %d: %v, begun %v", n, results, begun)
			}
		}
	}
	content[recordSize+9]++ // a record in the middle went bad: the ones after it still count
	results, begun := settle(parseAll(content))
	if diff := cmp.Diff([]Result{{2, Record{Outcome: Failed}}}, results) + cmp.Diff([]int64{1}, begun); diff != "" {
		t.Error(diff)
	}
}

// TestFilesStaySmall keeps one message open all the time, as a pipelined connection does.
func TestFilesStaySmall(t *testing.T) {
	j, l := open(t, t.TempDir())
	must(t, l.Begin(0))
	for id := int64(1); id <= 200_000; id++ {
		must(t, l.Next(id-1, Record{Outcome: Sent}, id))
		if id%1000 == 0 {
			must(t, l.Committed(ids(id-1000, id)...))
		}
	}
	if len(l.files) > 2 || len(l.open) > 1 {
		t.Errorf("%d files, %d open ids", len(l.files), len(l.open))
	}
	must(t, l.Result(200_000, Record{Outcome: Sent}), l.Committed(200_000))
	if l.size != 0 && l.size >= truncateAt {
		t.Errorf("%d bytes are left of what is committed", l.size)
	}
	must(t, j.Close())
}

func ids(from, to int64) (all []int64) {
	for id := from; id < to; id++ {
		all = append(all, id)
	}
	return all
}

// TestNothingOpenIsLost plays random attempts, results and late commits against a model, and replays after each step.
func TestNothingOpenIsLost(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp("", "journal")
		must(t, err)
		defer func() { _ = os.RemoveAll(dir) }()
		j, l := open(t, dir)
		defer func() { _ = j.Close() }()
		attempts, last := map[int64]int{}, map[int64]byte{}
		for range rapid.IntRange(1, 60).Draw(r, "steps") {
			id := rapid.Int64Range(1, 4).Draw(r, "id")
			switch step := rapid.IntRange(0, 3).Draw(r, "step"); {
			case step == 0:
				must(t, l.Begin(id))
				attempts[id]++
				last[id] = kindBegun
			case step == 1 && attempts[id] > 0:
				must(t, l.Result(id, Record{Outcome: Deferred}))
				last[id] = kindResult
			case step == 2 && attempts[id] > 0 && (attempts[id] > 1 || last[id] == kindResult):
				must(t, l.Committed(id))
				attempts[id]--
			case step == 3: // as if the file were full
				l.mu.Lock()
				l.size = max(l.size, rotateAt)
				must(t, l.ready())
				l.mu.Unlock()
			}
			checkOpen(r, &Orphan{path: j.path}, attempts, last)
		}
	})
}

func checkOpen(r *rapid.T, o *Orphan, attempts map[int64]int, last map[int64]byte) {
	results, begun, err := o.Replay()
	if err != nil {
		r.Fatal(err)
	}
	got := map[int64]byte{}
	for _, res := range results {
		got[res.ID] = kindResult
	}
	for _, id := range begun {
		got[id] = kindBegun
	}
	for id, n := range attempts {
		if n > 0 && got[id] != last[id] {
			r.Fatalf("id %d is open and its last record is %q, replayed %q", id, last[id], got[id])
		}
	}
}

func TestBrokenDiskRefusesToBegin(t *testing.T) {
	j, l := open(t, t.TempDir())
	must(t, l.Begin(1), l.file.Close()) // every write fails from here on, and so does cutting
	if err := l.Begin(2); err == nil {
		t.Error("a message may leave that is not in the journal")
	}
	if err := l.Begin(3); !errors.Is(err, ErrLaneBroken) {
		t.Errorf("a broken lane goes on: %v", err)
	}
	must(t, l.Committed(1), j.Close())
}

func TestRecordRoundTrip(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		want := entry{
			kind: kindResult, seq: rapid.Uint64Range(0, 1<<40-1).Draw(r, "seq"), id: rapid.Int64().Draw(r, "id"),
			Record: Record{
				Outcome: Outcome(rapid.ByteRange(1, 4).Draw(r, "outcome")), Reason: rapid.Byte().Draw(r, "reason"), Provider: rapid.Int64().Draw(r, "provider"),
				At: time.Unix(rapid.Int64Range(1, 1<<32-1).Draw(r, "at"), 0).UTC(),
			},
		}
		var b [recordSize]byte
		want.put(b[:])
		if got, ok := parse(b[:]); !ok || got != want {
			r.Fatalf("got %+v, want %+v", got, want)
		}
	})
}

func FuzzReplay(f *testing.F) {
	var whole [2 * recordSize]byte
	(&entry{kind: kindBegun, seq: 1, id: 7}).put(whole[:])
	(&entry{kind: kindResult, seq: 2, id: 7, Record: Record{Outcome: Sent, Provider: 1}}).put(whole[recordSize:])
	f.Add(whole[:])
	f.Add(whole[:recordSize+5])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, content []byte) {
		results, begun := settle(parseAll(content))
		if n := len(results) + len(begun); n > len(content)/recordSize {
			t.Fatalf("%d messages out of %d bytes", n, len(content))
		}
		for _, r := range results {
			if r.Outcome < Sent || r.Outcome > Unknown {
				t.Fatalf("outcome %d", r.Outcome)
			}
		}
	})
}

func BenchmarkBeginResult(b *testing.B) {
	_, l := open(b, b.TempDir())
	for id := int64(0); b.Loop(); id++ {
		must(b, l.Begin(id), l.Result(id, Record{Outcome: Sent, Provider: id, At: at}), l.Committed(id))
	}
}

func BenchmarkNext(b *testing.B) {
	_, l := open(b, b.TempDir())
	must(b, l.Begin(0))
	for id := int64(1); b.Loop(); id++ {
		must(b, l.Next(id-1, Record{Outcome: Sent}, id), l.Committed(id-1))
	}
}

// TestLiving: an owner lives as long as its journal is open; a folder that is not there has none.
func TestLiving(t *testing.T) {
	dir := t.TempDir()
	expect := func(what, dir string, want bool) {
		t.Helper()
		if living, err := Living(dir); err != nil || living != want {
			t.Errorf("%s: %v, %v", what, living, err)
		}
	}
	expect("nothing", filepath.Join(dir, "nowhere"), false)
	j, err := Open(dir, "worker-1")
	if err != nil {
		t.Fatal(err)
	}
	expect("open", dir, true)
	expect("open, asked again", dir, true)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	expect("closed", dir, false)
}
