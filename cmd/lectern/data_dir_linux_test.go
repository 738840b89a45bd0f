package main

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// lecternUnprivileged runs lectern without root's permissions, even if root runs the test.
func (d *cliTest) lecternUnprivileged(args ...string) (stderr string, code int) {
	d.t.Helper()
	cmd := d.command(args...)
	ended := make(chan error, 1)
	var said []byte
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with what it gave up
		const (
			capabilityBoundingSetDrop = 24
			dacOverride               = 1
			dacReadSearch             = 2
		)
		for _, power := range []uintptr{dacOverride, dacReadSearch} {
			_, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, capabilityBoundingSetDrop, power, 0)
			if errno != 0 && os.Getuid() == 0 {
				ended <- errno
				return
			}
		}
		var err error
		said, err = cmd.CombinedOutput()
		ended <- err
	}()
	var exit *exec.ExitError
	if err := <-ended; err != nil && !errors.As(err, &exit) {
		d.t.Fatal(err)
	}
	return string(said), cmd.ProcessState.ExitCode()
}

// A file without permission is named, with what to do.
func TestDataDir_PermissionDenied(t *testing.T) {
	t.Parallel()
	d := newCLITest(t)
	d.record("talk.mp4", "6")
	d.record("secret.mp4", "7")
	d.write("secret.srt", "1\n00:00:01,000 --> 00:00:02,000\nPsst.\n")
	for _, name := range []string{"locked", "data-locked"} {
		if err := os.Mkdir(d.path(name), 0o555); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"secret.mp4", "secret.srt"} {
		if err := os.Chmod(d.path(name), 0); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ name, args, says string }{
		{"an unreadable recording", "secret.mp4 -o out", "secret.mp4: cannot be read: "},
		{"an unreadable subtitle file", "talk.mp4 --subtitles en=secret.srt -o out", "secret.srt: cannot be read: "},
		{"an unwritable output", "talk.mp4 -o locked", "locked: cannot be written to: "},
		{"an output where nothing can be made", "talk.mp4 -o /proc/out", "/proc/out: cannot be created: "},
		{"an output with a name too long", "talk.mp4 -o " + strings.Repeat("x", 300), "cannot be created: "},
		{"an unwritable place for it", "talk.mp4 -o locked/out", "cannot be written to: "},
		{"an unwritable data directory", "talk.mp4 -o out --data data-locked", "data-locked: cannot be written to: "},
		{"a data directory where nothing can be made", "talk.mp4 -o out --data /proc/data", "/proc/data: cannot be created: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			said, code := d.lecternUnprivileged(append([]string{"run", "--pipeline", "small.yaml"}, strings.Fields(c.args)...)...)
			if code != exitInputError || !strings.Contains(said, c.says) {
				t.Errorf("exit code %d, want %d; it said\n%swant %q", code, exitInputError, said, c.says)
			}
		})
	}
}

// On a full disk nothing half-written counts as finished. With space again, the next run finishes
// the work.
func TestDataDir_DiskFull(t *testing.T) {
	if dir := os.Getenv("SMALL_DISK"); dir != "" {
		mountSmallDisk(t, dir)
		return
	}
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestDataDir_DiskFull$", "-test.v")
	cmd.Env = append(os.Environ(), "SMALL_DISK="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) {
		t.Logf("this system has no user namespaces (%v), so there is no small disk to try", err)
		return
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// mountSmallDisk runs the test on a file system of 4 MB, in a mount namespace of its own.
func mountSmallDisk(t *testing.T, dir string) {
	d := newCLITest(t)
	d.record("talk.mp4", "12")
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Fatal(err)
	}
	args := []string{"run", "talk.mp4", "--title", "Talk", "--subtitles", "en=en.srt", "--pipeline", "small.yaml", "-o", dir + "/out", "--data", dir + "/data"}
	for _, left := range []int{300, 700, 1100} { // kB: enough for the probe, for the chunks, for some more
		ballast := dir + "/ballast"
		var free syscall.Statfs_t
		if err := syscall.Statfs(dir, &free); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(ballast, make([]byte, int(free.Bavail)*int(free.Bsize)-left*1000), 0o600); err != nil {
			t.Fatal(err)
		}
		_, said, code := d.lectern(args...)
		if code != exitInputError || !strings.Contains(said, ": the disk is full. Free some space") {
			t.Errorf("with %d kB left: exit code %d\n%s", left, code, said)
		}
		if _, err := os.Stat(dir + "/out/talk"); err == nil {
			t.Errorf("with %d kB left, something was published", left)
		}
		if err := os.RemoveAll(ballast); err != nil {
			t.Fatal(err)
		}
	}
	if _, said, code := d.lectern(args...); code != 0 {
		t.Fatalf("with room again: exit code %d\n%s", code, said)
	}
	if _, said, code := d.lectern("bundle", "verify", dir+"/out/talk"); code != 0 {
		t.Errorf("the bundle is not sound\n%s", said)
	}
}
