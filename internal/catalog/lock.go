package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// LockedError says who has a data directory. A holder that has only just come may not have
// said yet who it is; then PID is 0.
type LockedError struct {
	Dir     string    `json:"-"`
	PID     int       `json:"pid"`
	Command string    `json:"command"`
	Since   time.Time `json:"since"`
}

// Error says it in one line.
func (e *LockedError) Error() string {
	if e.PID == 0 {
		return e.Dir + " is in use by another process"
	}
	return fmt.Sprintf("%s is in use by %s (process %d) since %s",
		e.Dir, e.Command, e.PID, e.Since.Local().Format(time.DateTime))
}

// DirLock is this process's hold of a data directory. It ends with Release or with the
// process.
type DirLock struct{ file *os.File }

// Lock takes the data directory dir, which is made if need be, for this process; what
// says for what ("lectern serve"). If another has it the error is a *HeldError.
func Lock(dir, what string) (*DirLock, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lectern.lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	if err = acquire(f, dir, what); err != nil {
		f.Close()
		return nil, err
	}
	return &DirLock{f}, nil
}

func acquire(f *os.File, dir, what string) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		held := &LockedError{Dir: dir}
		_ = json.NewDecoder(f).Decode(held) // it may be writing
		return held
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", dir, err)
	}
	b, err := json.Marshal(LockedError{PID: os.Getpid(), Command: what, Since: time.Now()})
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

// Release lets the data directory go. The file stays: removing it would let two others
// hold two files of that name.
func (l *DirLock) Release() error {
	return errors.Join(l.file.Truncate(0), l.file.Close())
}

// lockPollInterval is how often a waiting process looks whether a data directory is free.
const lockPollInterval = 100 * time.Millisecond

// LockWait is Lock that waits until the directory is free or ctx ends. onWait, if not
// nil, is told once of every holder that is waited for.
func LockWait(ctx context.Context, dir, what string, onWait func(LockedError)) (*DirLock, error) {
	ticker := time.NewTicker(lockPollInterval)
	defer ticker.Stop()
	told := -1
	for {
		l, err := Lock(dir, what)
		var held *LockedError
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
