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

// FileIdentity tells whether a file is still the one that was hashed, without reading
// it. The change time cannot be set back by a program.
type FileIdentity struct {
	Dev, Ino         uint64
	Size             int64 // bytes
	MTimeNS, CTimeNS int64 // Unix nanoseconds
}

// IdentityOf is the identity of the file that info describes. A file should be asked
// before it is hashed and after, and its hash kept if the two are equal.
func IdentityOf(info os.FileInfo) FileIdentity {
	id := FileIdentity{Size: info.Size(), MTimeNS: info.ModTime().UnixNano()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		id.Dev, id.Ino, id.CTimeNS = uint64(st.Dev), st.Ino, changeTime(st)
	}
	return id
}

// stable reports whether a later write to the file must give it another identity. One
// within the same tick of the file system's clock need not: 10 ms at most on Linux,
// 2 s on file systems that know whole seconds only.
func (id FileIdentity) stable(now time.Time) bool {
	tick := 20 * time.Millisecond
	if id.CTimeNS%int64(time.Second) == 0 {
		tick = 2 * time.Second
	}
	return now.Sub(time.Unix(0, id.CTimeNS)) > tick
}

// CachedHash is the SHA-256 that a file of that identity was found to have.
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

// CacheHash keeps the hash of a file, in place of what was known of the inode. A file that
// changed a moment ago may change again unnoticed, and is not kept.
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
		return fmt.Errorf("keep a file's hash: %w", err)
	}
	return nil
}
