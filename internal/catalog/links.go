package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/lectern-av/lectern/internal/access"
)

// The kinds of links.
const (
	LinkReusable = "link"  // may be opened again until it expires
	LinkOneTime  = "once"  // opens once
	LinkAPIToken = "token" // a program's
)

// Link lets somebody in. Its secret is not kept, only the hash of it.
type Link struct {
	Kind string // see the constants
	access.Grant
	CreatedBy string
	Created   time.Time
	Expires   time.Time
	Revoked   time.Time // zero: it is not
	Used      time.Time // zero: never
}

// Valid reports whether the link lets somebody in at a time.
func (l Link) Valid(now time.Time) bool { return l.Revoked.IsZero() && now.Before(l.Expires) }

// AddLink keeps a link by the hash of its secret, and gives it its number.
func (c *Catalog) AddLink(ctx context.Context, hash []byte, l Link) (Link, error) {
	err := c.withChange(ctx, "make a link for", l.Talk, l.CreatedBy, func(tx *change) error {
		l.Created = tx.now
		err := tx.QueryRowContext(ctx, `INSERT INTO links (hash, kind, role, slug, language, name, email, maker, created_ms, expires_ms)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
			hash, l.Kind, l.Role, l.Talk, l.Language, l.Name, l.Email, l.CreatedBy, l.Created.UnixMilli(), l.Expires.UnixMilli()).Scan(&l.LinkID)
		if err != nil {
			return err
		}
		return tx.event("link", nil, map[string]any{"link": l.LinkID, "role": l.Role, "language": l.Language, "name": l.Name})
	})
	return l, err
}

const linkColumns = `id, kind, role, slug, language, name, email, maker, created_ms, expires_ms, revoked_ms, used_ms`

// scan reads a row of linkColumns.
func (l *Link) scan(row interface{ Scan(...any) error }) error {
	return row.Scan(&l.LinkID, &l.Kind, &l.Role, &l.Talk, &l.Language, &l.Name, &l.Email, &l.CreatedBy,
		millis{&l.Created}, millis{&l.Expires}, millis{&l.Revoked}, millis{&l.Used})
}

// LinkByHash is the link whose secret has a hash, whether it stands or not, or ErrNone.
func (c *Catalog) LinkByHash(ctx context.Context, hash []byte) (l Link, err error) {
	err = l.scan(c.read.QueryRowContext(ctx, `SELECT `+linkColumns+` FROM links WHERE hash = ?`, hash))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return l, fmt.Errorf("look for a link: %w", err)
	}
	return l, nil
}

// Links is all links that were ever made, the newest first.
func (c *Catalog) Links(ctx context.Context) (all []Link, err error) {
	err = eachRow(ctx, c.read, func(rows *sql.Rows) error {
		var l Link
		err := l.scan(rows)
		all = append(all, l)
		return err
	}, `SELECT `+linkColumns+` FROM links ORDER BY id DESC`)
	if err != nil {
		return nil, fmt.Errorf("list links: %w", err)
	}
	return all, nil
}

// RevokeLink ends a link and every session that it opened. Revoking it again does nothing.
func (c *Catalog) RevokeLink(ctx context.Context, who string, id int64) error {
	return c.withChange(ctx, "revoke a link", "", who, func(tx *change) error {
		err := tx.QueryRowContext(ctx, `UPDATE links SET revoked_ms = coalesce(revoked_ms, ?) WHERE id = ? RETURNING slug`,
			tx.now.UnixMilli(), id).Scan(&tx.slug)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil {
			return err
		}
		if err := tx.exec(`DELETE FROM sessions WHERE link = ?`, id); err != nil {
			return err
		}
		return tx.event("link", map[string]any{"link": id}, nil)
	})
}

// OpenSession keeps a session that a link opened, until it expires. A link that opens once
// is used up; if it was, or does not stand any more, the error is ErrNone.
func (c *Catalog) OpenSession(ctx context.Context, link int64, hash []byte, expires time.Time) error {
	err := c.tx(ctx, func(tx *sql.Tx) error {
		now := time.Now().UnixMilli()
		used, err := tx.ExecContext(ctx, `UPDATE links SET used_ms = ?1
			WHERE id = ?2 AND revoked_ms IS NULL AND expires_ms > ?1 AND NOT (kind = ?3 AND used_ms IS NOT NULL)`, now, link, LinkOneTime)
		if err != nil {
			return err
		}
		if n, err := used.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrNotFound)
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE expires_ms <= ?`, now); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO sessions VALUES (?, ?, ?, ?)`, hash, link, now, expires.UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("open a session: %w", err)
	}
	return nil
}

// SessionGrant is what a session's link is for, or ErrNone once one of the two has ended. A
// link that opens once has done its work: its session goes on.
func (c *Catalog) SessionGrant(ctx context.Context, hash []byte) (access.Grant, error) {
	var l Link
	err := l.scan(c.read.QueryRowContext(ctx, `SELECT `+linkColumns+` FROM links
		WHERE id = (SELECT link FROM sessions WHERE hash = ?1 AND expires_ms > ?2) AND revoked_ms IS NULL AND (expires_ms > ?2 OR kind = ?3)`,
		hash, time.Now().UnixMilli(), LinkOneTime))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return access.Grant{}, fmt.Errorf("look for a session: %w", err)
	}
	return l.Grant, nil
}

// EndSession ends a session; one that is not there needs no end.
func (c *Catalog) EndSession(ctx context.Context, hash []byte) error {
	err := c.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE hash = ?`, hash)
		return err
	})
	if err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	return nil
}
