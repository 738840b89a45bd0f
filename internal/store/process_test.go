package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/store"
)

// roles are what this test binary does when it is run as another process.
var roles = map[string]func(dir, arg string) error{
	"put":     putAndDie,
	"scratch": holdScratch,
	"full":    runFullDisk,
}

func TestMain(m *testing.M) {
	if role, ok := roles[os.Getenv("STORE_TEST_ROLE")]; ok {
		if err := role(os.Args[1], os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// helperProcess starts this test binary in a role on a store.
func helperProcess(t *testing.T, role, dir, arg string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, dir, arg)
	cmd.Env = append(os.Environ(), "STORE_TEST_ROLE="+role)
	cmd.Stderr = os.Stderr
	return cmd
}

// putAndDie stores an artifact and an original, and kills its own process before the n-th
// durable step.
func putAndDie(dir, n string) error {
	left, err := strconv.Atoi(n)
	if err != nil {
		return err
	}
	s, err := store.Open(dir, store.WithTrace(func(string) {
		if left--; left == 0 {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // not a step further
		}
	}))
	if err != nil {
		return err
	}
	return putBoth(s)
}

func putBoth(s *store.Local) error {
	dir, release, err := s.Scratch("attempt")
	if err != nil {
		return err
	}
	for i, content := range []string{small, large} {
		if err := os.WriteFile(filepath.Join(dir, strconv.Itoa(i)), []byte(content), 0o644); err != nil {
			return err
		}
	}
	_, put := s.Put(context.Background(), artifact("encode", small, large), dir)
	_, keep := s.PutOriginal(context.Background(), strings.NewReader(small))
	return errors.Join(put, keep, release())
}

func TestPut_KilledBeforeEachDurableStep(t *testing.T) {
	a := artifact("encode", small, large)
	for n := 1; ; n++ {
		dir := t.TempDir()
		died := helperProcess(t, "put", dir, strconv.Itoa(n)).Run()
		s := openLocal(t, dir)
		if died == nil {
			if n <= 4 {
				t.Fatalf("there were only %d steps", n-1)
			}
			return
		}
		if err := s.SweepScratch(t.Context()); err != nil {
			t.Fatal(err)
		}
		if left := leftovers(t, dir); len(left) > 0 {
			t.Errorf("step %d: scratch holds %q", n, left)
		}
		got, err := s.Get(t.Context(), a.Key)
		if finished := n > 3; !finished && !errors.Is(err, store.ErrNotFound) || finished && err != nil {
			t.Errorf("step %d: Get = %+v, %v", n, got, err)
		}
		if err := putBoth(s); err != nil {
			t.Errorf("step %d: put again: %v", n, err)
		}
		if got, err = s.Get(t.Context(), a.Key); err != nil {
			t.Fatalf("step %d: %v", n, err)
		}
		expectFile(t, s, got.Files[0], small)
		expectFile(t, s, got.Files[1], large)
	}
}

// holdScratch makes a scratch directory, prints its path, and waits to be killed.
func holdScratch(dir, _ string) error {
	s, err := store.Open(dir)
	if err != nil {
		return err
	}
	scratch, _, err := s.Scratch("encode")
	if err != nil {
		return err
	}
	fmt.Println(scratch)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func TestSweepScratch_KeepsDirectoriesOfLiveProcesses(t *testing.T) {
	dir := t.TempDir()
	s := openLocal(t, dir)
	own, release, err := s.Scratch("own")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	holder := helperProcess(t, "scratch", dir, "")
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
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	theirs := strings.TrimSpace(line)

	sweepExpecting(t, s, map[string]bool{own: true, theirs: true})
	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = holder.Wait() // "signal: killed"
	sweepExpecting(t, s, map[string]bool{own: true, theirs: false})
}

func sweepExpecting(t *testing.T, s *store.Local, want map[string]bool) {
	t.Helper()
	if err := s.SweepScratch(t.Context()); err != nil {
		t.Fatal(err)
	}
	for dir, there := range want {
		if _, err := os.Stat(dir); (err == nil) != there {
			t.Errorf("%s: %v, want it there: %v", dir, err, there)
		}
	}
}

// disk fills up, and can be given room again.
type disk struct{ fill, free func() error }

// disks work without root: the first limits the size of files that the process may write, the
// second is a small file system in a user namespace.
var disks = map[string]func(dir string) (disk, error){
	"limit": func(string) (disk, error) {
		var usual syscall.Rlimit
		err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &usual)
		limit := func(soft uint64) func() error {
			return func() error {
				return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: soft, Max: usual.Max})
			}
		}
		return disk{limit(0), limit(usual.Cur)}, err
	},
	"tmpfs": func(dir string) (disk, error) {
		ballast := filepath.Join(dir, "ballast")
		return disk{
			fill: func() error {
				err := os.WriteFile(ballast, make([]byte, 8<<20), 0o644)
				if !errors.Is(err, syscall.ENOSPC) {
					return fmt.Errorf("the disk did not fill: %w", err)
				}
				return nil
			},
			free: func() error { return os.Remove(ballast) },
		}, syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m")
	},
}

func TestPut_FullDisk(t *testing.T) {
	for name := range disks {
		t.Run(name, func(t *testing.T) {
			cmd := helperProcess(t, "full", t.TempDir(), name)
			if name == "tmpfs" {
				cmd.SysProcAttr = &syscall.SysProcAttr{
					Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
					UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
					GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
				}
			}
			err := cmd.Start()
			if name == "tmpfs" && (errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC)) {
				t.Logf("this system has no user namespaces (%v); the limit alone was tried", err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}

// runFullDisk checks that with a full disk nothing is stored partially, the error says so,
// existing artifacts stay, and storing works once there is room again.
func runFullDisk(dir, name string) error {
	room, err := disks[name](dir)
	if err != nil {
		return err
	}
	s, err := store.Open(dir)
	if err != nil {
		return err
	}
	if err := putBoth(s); err != nil {
		return err
	}
	ctx := context.Background()
	scratch, release, err := s.Scratch("attempt")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(scratch, "0"), []byte(small+"2"), 0o644); err != nil {
		return err
	}
	if err := room.fill(); err != nil {
		return err
	}
	a := artifact("late", small)
	_, put := s.Put(ctx, a, scratch)
	_, keep := s.PutOriginal(ctx, strings.NewReader(large))
	for call, err := range map[string]error{"Put": put, "Keep": keep} {
		var full *store.DiskFullError
		if !errors.As(err, &full) || inputerr.As(err) == nil || !strings.Contains(err.Error(), "disk is full") {
			return fmt.Errorf("%s on a full disk: %w", call, err)
		}
	}
	if _, err := s.Get(ctx, a.Key); !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("the late artifact: %w", err)
	}
	if _, err := s.Original(string(action.KeyOf([]byte(large)))); !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("the late original: %w", err)
	}
	if _, err := s.Get(ctx, artifact("encode").Key); err != nil {
		return fmt.Errorf("the early artifact: %w", err)
	}
	if err := room.free(); err != nil {
		return err
	}
	if _, err := s.Put(ctx, a, scratch); err != nil {
		return fmt.Errorf("with room again: %w", err)
	}
	if err := release(); err != nil {
		return err
	}
	if left, err := os.ReadDir(filepath.Join(dir, "scratch")); err != nil || len(left) > 0 {
		return fmt.Errorf("scratch holds %v, %w", left, err)
	}
	return nil
}
