package catalog_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/catalog"
)

// roles are what this test binary does when it is run as another process.
var roles = map[string]func(dir string) error{
	"edit": editForever,
	"work": func(dir string) error { return work(context.Background(), dir) },
	"hold": holdLock,
}

// editForever saves one edit after the other and prints the number of each when it is saved.
func editForever(dir string) error {
	ctx := context.Background()
	c, err := catalog.Open(ctx, dir)
	if err != nil {
		return err
	}
	defer c.Close()
	s, err := c.Talk(ctx, "talk")
	if err != nil && !errors.Is(err, catalog.ErrNotFound) {
		return err
	}
	for n := editOf(s) + 1; ; n++ {
		if _, err := c.Save(ctx, "ada", edited("talk", n)); err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// editOf returns the number of the edit that a submission contains; 0 if none.
func editOf(s catalog.Submission) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(s.Facts.Talk.Title, "Edit "))
	return n
}

// TestSave_KilledWhileWriting kills a process that is saving: the catalog then holds the last
// edit it printed or a later one, and always a complete one.
func TestSave_KilledWhileWriting(t *testing.T) {
	dir := t.TempDir()
	for round := range 10 {
		told := editAndKill(t, dir, 1+rand.IntN(40))
		c, err := catalog.Open(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		got := must(c.Talk(t.Context(), "talk"))
		n := editOf(got)
		if n < told {
			t.Errorf("round %d: edit %d was saved, but edit %d is there", round, told, n)
		}
		want := edited("talk", n)
		for i := range want.Facts.Tracks {
			want.Facts.Tracks[i].Revision = n
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("round %d: %+v\nwant %+v", round, got, want)
		}
		titles := 0
		for _, e := range must(c.Events(t.Context(), "talk")) {
			if e.What == "talk.title" {
				titles++
			}
		}
		if titles != n {
			t.Errorf("round %d: %d events of %d edits", round, titles, n)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		expectConsistent(t, dir)
	}
}

// editAndKill lets a process edit, kills it after that many edits, and returns the last one
// that it printed.
func editAndKill(t *testing.T, dir string, edits int) (told int) {
	t.Helper()
	editor := helperProcess(t, "edit", dir)
	out, err := editor.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := editor.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for ; edits > 0 && lines.Scan(); edits-- {
		told = must(strconv.Atoi(lines.Text()))
	}
	if err := editor.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() { // what it said before it died
		if n, err := strconv.Atoi(lines.Text()); err == nil {
			told = n
		}
	}
	_ = editor.Wait() // "signal: killed"
	return told
}

func expectConsistent(t *testing.T, dir string) {
	t.Helper()
	db := raw(t, dir)
	var verdict string
	if err := db.QueryRow(`PRAGMA integrity_check`).Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("integrity_check: %s, %v", verdict, err)
	}
	rows, err := db.Query(`PRAGMA foreign_key_check`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if rows.Next() {
		t.Error("foreign_key_check finds a row that refers to nothing")
	}
}

// How much work does.
const turns = 25

// work changes the catalog as a busy process does, from two goroutines.
func work(ctx context.Context, dir string) error {
	c, err := catalog.Open(ctx, dir)
	if err != nil {
		return err
	}
	defer c.Close()
	var both sync.WaitGroup
	errs := make([]error, 2)
	for i := range errs {
		both.Go(func() {
			for turn := range turns {
				errs[i] = errors.Join(errs[i], workOnce(ctx, c, turn))
			}
		})
	}
	both.Wait()
	return errors.Join(errs...)
}

func workOnce(ctx context.Context, c *catalog.Catalog, turn int) error {
	if _, err := c.IncrementSalt(ctx, "talk", "720"); err != nil {
		return err
	}
	s, err := c.Talk(ctx, "talk")
	if err != nil {
		return err
	}
	s.Facts.Talk.Title = fmt.Sprint("Turn ", turn)
	if _, err := c.Save(ctx, "ada", s); err != nil {
		return err
	}
	run, err := c.BeginRun(ctx, "talk", "work")
	if err != nil {
		return err
	}
	return c.RecordSlots(ctx, run, slotsFor(20))
}

func TestCatalog_ConcurrentProcessesLoseNothing(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir)
	must(c.Save(t.Context(), "ada", edited("talk", 1)))
	processes := []*exec.Cmd{helperProcess(t, "work", dir), helperProcess(t, "work", dir)}
	for _, p := range processes {
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
	}
	if err := work(t.Context(), dir); err != nil {
		t.Error(err)
	}
	for _, p := range processes {
		if err := p.Wait(); err != nil {
			t.Error(err)
		}
	}
	want := 3 * 2 * turns
	if got := must(c.Talk(t.Context(), "talk")).Facts.Salts["720"]; got != want {
		t.Errorf("the salt was raised %d times, want %d", got, want)
	}
	runs := must(c.LastRuns(t.Context(), "talk", 2*want))
	if len(runs) != want {
		t.Errorf("%d runs, want %d", len(runs), want)
	}
	for _, run := range runs {
		if len(run.Slots) != 20 {
			t.Errorf("run %d has %d slots", run.ID, len(run.Slots))
		}
	}
	expectConsistent(t, dir)
}

// holdLock locks a data directory, says so, and keeps it until it is killed.
func holdLock(dir string) error {
	if _, err := catalog.Lock(dir, "lectern serve"); err != nil {
		return err
	}
	fmt.Println("held")
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// A killed process may leave a child that has its lock for a moment longer.
func TestLock_WaitsForChildOfKilledHolder(t *testing.T) {
	dir := t.TempDir()
	dead := exec.Command("true")
	if err := dead.Run(); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(dir, "lectern.lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(file, `{"pid":%d,"command":"lectern serve"}`, dead.Process.Pid); err != nil {
		t.Fatal(err)
	}
	child := exec.Command("sleep", "0.3")
	child.ExtraFiles = []*os.File{file} // the same lock
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	file.Close()
	lock, err := catalog.Lock(dir, "lectern serve")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(lock.Release(), child.Wait()); err != nil {
		t.Error(err)
	}
}

func TestLock_OneProcessPerDataDirectory(t *testing.T) {
	dir := t.TempDir()
	holder := helperProcess(t, "hold", dir)
	if _, err := holder.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(line, err)
	}

	_, err = catalog.Lock(dir, "lectern run")
	expectLocked(t, err, holder.Process.Pid)

	ctx, cancel := context.WithCancel(t.Context())
	told := 0
	_, err = catalog.LockWait(ctx, dir, "lectern run", func(catalog.DirLockedError) { told++; cancel() })
	if !errors.Is(err, context.Canceled) || told != 1 {
		t.Errorf("LockWait = %v, told %d times", err, told)
	}

	lock, err := catalog.LockWait(t.Context(), dir, "lectern run", func(held catalog.DirLockedError) {
		expectLocked(t, &held, holder.Process.Pid)
		if err := holder.Process.Kill(); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = holder.Wait() // "signal: killed"
	if err := lock.Release(); err != nil {
		t.Fatal(err)
	}
	again, err := catalog.Lock(dir, "lectern gc")
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Release(); err != nil {
		t.Error(err)
	}
}

func expectLocked(t *testing.T, err error, pid int) {
	t.Helper()
	var held *catalog.DirLockedError
	if !errors.As(err, &held) || held.PID != pid || held.Command != "lectern serve" || time.Since(held.Since).Abs() > time.Minute {
		t.Fatalf("held: %+v", err)
	}
}
