package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// FileIdentity tells whether a file is still the one that was hashed, without reading it.
// Programs cannot set back the change time.
type FileIdentity struct {
	Dev, Ino         uint64
	Size             int64 // bytes
	MTimeNS, CTimeNS int64 // Unix nanoseconds
}

// IdentityOf returns the identity of the file that info describes. Take it before hashing a
// file and after, and keep the hash if the two are equal.
func IdentityOf(info os.FileInfo) FileIdentity {
	id := FileIdentity{Size: info.Size(), MTimeNS: info.ModTime().UnixNano()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		id.Dev, id.Ino, id.CTimeNS = uint64(st.Dev), st.Ino, changeTime(st)
	}
	return id
}

// stable reports whether any later write to the file will change its identity. A write in the same
// tick of the file system's clock might not, so that the last change must be older than a tick: 10
// ms at most on Linux, and 2 s on file systems with whole seconds.
func (id FileIdentity) stable(now time.Time) bool {
	tick := 20 * time.Millisecond
	if id.CTimeNS%int64(time.Second) == 0 {
		tick = 2 * time.Second
	}
	return now.Sub(time.Unix(0, id.CTimeNS)) > tick
}

// CachedHash returns the SHA-256 that was saved for a file of that identity; ok is false if
// there is none.
func (c *Catalog) CachedHash(ctx context.Context, id FileIdentity) (sha256 string, ok bool, err error) {
	err = c.read.QueryRowContext(ctx, `SELECT sha256 FROM hashes
		WHERE dev = ? AND ino = ? AND size = ? AND mtime_ns = ? AND ctime_ns = ?`,
		int64(id.Dev), int64(id.Ino), id.Size, id.MTimeNS, id.CTimeNS).Scan(&sha256)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("look up a file's hash: %w", err)
	}
	return sha256, true, nil
}

// CacheHash saves the SHA-256 of a file, replacing that of any earlier file with the same inode. It
// saves nothing for a file that changed a moment ago, since that could change again without a new
// identity.
func (c *Catalog) CacheHash(ctx context.Context, id FileIdentity, sha256 string) error {
	if !id.stable(time.Now()) {
		return nil
	}
	err := c.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO hashes (dev, ino, size, mtime_ns, ctime_ns, sha256)
			VALUES (?, ?, ?, ?, ?, ?)`, int64(id.Dev), int64(id.Ino), id.Size, id.MTimeNS, id.CTimeNS, sha256)
		return err
	})
	if err != nil {
		return fmt.Errorf("save a file's hash: %w", err)
	}
	return nil
}
