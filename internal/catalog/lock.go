package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// DirLockedError says which process holds a data directory. One that has just started may not have
// written who it is yet; then PID is 0.
type DirLockedError struct {
	Dir     string    `json:"-"`
	PID     int       `json:"pid"`
	Command string    `json:"command"`
	Since   time.Time `json:"since"`
}

// Error returns one line that names the directory and, if known, the process that holds it and
// since when.
func (e *DirLockedError) Error() string {
	if e.PID == 0 {
		return e.Dir + " is in use by another process"
	}
	return fmt.Sprintf("%s is in use by %s (process %d) since %s",
		e.Dir, e.Command, e.PID, e.Since.Local().Format(time.DateTime))
}

// DirLock is this process's lock on a data directory. It ends with Release or with the process.
type DirLock struct{ file *os.File }

// Lock locks the data directory dir, which it creates if needed. what is the command that locks it
// ("lectern serve"), for the messages of others. If another process holds the lock, it returns a
// *DirLockedError at once; only if that process was killed does it wait for up to
// orphanedLockTimeout.
func Lock(dir, what string) (*DirLock, error) {
	if err := makePrivateDir(dir); err != nil {
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	path := filepath.Join(dir, "lectern.lock")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	if err := removeOthersAccess(path, 0o600); err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	err = acquire(f, dir, what)
	for end := time.Now().Add(orphanedLockTimeout); heldByDeadProcess(err) && time.Now().Before(end); {
		time.Sleep(lockPollInterval / 10)
		err = acquire(f, dir, what)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &DirLock{f}, nil
}

// orphanedLockTimeout is how long Lock waits for a lock whose holder was killed. If it was just
// starting ffmpeg, the forked child has the lock too, until it executes ffmpeg.
const orphanedLockTimeout = 5 * time.Second

// heldByDeadProcess reports whether err is a *DirLockedError whose process no longer runs.
func heldByDeadProcess(err error) bool {
	var held *DirLockedError
	return errors.As(err, &held) && held.PID > 0 && errors.Is(syscall.Kill(held.PID, 0), syscall.ESRCH)
}

func acquire(f *os.File, dir, what string) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		held := &DirLockedError{Dir: dir}
		_ = json.NewDecoder(io.NewSectionReader(f, 0, 1<<16)).Decode(held) // the holder may be writing it just now
		return held
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", dir, err)
	}
	b, err := json.Marshal(DirLockedError{PID: os.Getpid(), Command: what, Since: time.Now()})
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.WriteAt(append(b, '\n'), 0)
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", dir, err)
	}
	return nil
}

// Release unlocks the data directory. It does not remove the lock file: two other processes could
// then lock two files of that name.
func (l *DirLock) Release() error {
	return errors.Join(l.file.Truncate(0), l.file.Close())
}

// lockPollInterval is how often LockWait tries again.
const lockPollInterval = 100 * time.Millisecond

// LockWait locks the directory as Lock does, but waits until it is free or ctx ends. It calls
// onWait, if not nil, once for every holder that it waits for.
func LockWait(ctx context.Context, dir, what string, onWait func(DirLockedError)) (*DirLock, error) {
	ticker := time.NewTicker(lockPollInterval)
	defer ticker.Stop()
	told := -1
	for {
		l, err := Lock(dir, what)
		var held *DirLockedError
		if !errors.As(err, &held) {
			return l, err
		}
		if onWait != nil && held.PID != told {
			told = held.PID
			onWait(*held)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for %s: %w", dir, ctx.Err())
		case <-ticker.C:
		}
	}
}
