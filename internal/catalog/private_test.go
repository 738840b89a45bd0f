package catalog

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// modes returns the permissions of the data directory and of the files that hold its secrets.
func modes(t *testing.T, dir string) map[string]fs.FileMode {
	t.Helper()
	found := make(map[string]fs.FileMode)
	for _, name := range []string{".", "catalog.db", "catalog.db-wal", "catalog.db-shm", "lectern.lock"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		found[name] = info.Mode().Perm()
	}
	return found
}

func TestOpen_HidesDataFromOtherUsers(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	for _, test := range []struct {
		name    string
		prepare func(t *testing.T, dir string)
	}{
		{name: "new", prepare: func(*testing.T, string) {}},
		{name: "made by an older version", prepare: func(t *testing.T, dir string) {
			openPrivate(t, dir)()
			for name, mode := range map[string]fs.FileMode{".": 0o755, "catalog.db": 0o644, "lectern.lock": 0o644} {
				if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
					t.Fatal(err)
				}
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			test.prepare(t, dir)
			defer openPrivate(t, dir)()
			for name, mode := range modes(t, dir) {
				if mode&0o077 != 0 {
					t.Errorf("%s has mode %o, want none for group and others", name, mode)
				}
			}
		})
	}
}

func TestOpen_LeavesSharedDirectories(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777|fs.ModeSticky); err != nil {
		t.Fatal(err)
	}
	defer openPrivate(t, dir)()
	found := modes(t, dir)
	if found["."] != 0o777 || found["catalog.db"] != 0o600 {
		t.Errorf("modes are %v, want 777 for the directory and 600 for catalog.db", found)
	}
}

// openPrivate locks and opens the data directory, and returns what closes it again.
func openPrivate(t *testing.T, dir string) func() {
	t.Helper()
	lock, err := Lock(dir, "test")
	if err != nil {
		t.Fatal(err)
	}
	c, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if err := lock.Release(); err != nil {
			t.Error(err)
		}
	}
}
