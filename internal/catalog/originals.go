package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/lectern-av/lectern/internal/action"
)

// SaveOriginals saves where files are, with their sizes and times, by the SHA-256 of their content.
// It replaces what was saved for the same content.
func (c *Catalog) SaveOriginals(ctx context.Context, originals map[action.Key]action.Original) error {
	err := c.tx(ctx, func(tx *sql.Tx) error {
		for key, o := range originals {
			if _, err := tx.ExecContext(ctx, `INSERT INTO originals VALUES (?1, ?2, ?3, ?4)
				ON CONFLICT DO UPDATE SET path = ?2, size = ?3, mtime_ns = ?4
				WHERE path <> ?2 OR size <> ?3 OR mtime_ns <> ?4`, key, o.Path, o.Size, o.ModTime.UnixNano()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("save where the recordings are: %w", err)
	}
	return nil
}

// Original returns where the file with that SHA-256 was when it was last used, or ErrNotFound.
func (c *Catalog) Original(ctx context.Context, key action.Key) (o action.Original, err error) {
	var ns int64
	err = c.read.QueryRowContext(ctx, `SELECT path, size, mtime_ns FROM originals WHERE sha256 = ?`, key).Scan(&o.Path, &o.Size, &ns)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return o, fmt.Errorf("look up where %.12s is: %w", key, err)
	}
	o.ModTime = time.Unix(0, ns)
	return o, nil
}
