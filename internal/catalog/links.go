package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/lectern-av/lectern/internal/access"
)

// LinkKind says how often a link can be opened, and by whom.
type LinkKind string

// The kinds of links.
const (
	LinkReusable LinkKind = "link"  // can be opened any number of times until it expires
	LinkOneTime  LinkKind = "once"  // can be opened once
	LinkAPIToken LinkKind = "token" // for programs
)

// Link gives a person or program access. Only the hash of its secret is stored.
type Link struct {
	Kind LinkKind
	access.Grant
	CreatedBy string
	Created   time.Time
	Expires   time.Time
	Revoked   time.Time // zero: valid
	Used      time.Time // zero: never
}

// Valid reports whether the link is neither revoked nor expired at a time. A one-time link that was
// used stays valid.
func (l Link) Valid(now time.Time) bool { return l.Revoked.IsZero() && now.Before(l.Expires) }

// AddLink saves a link under the hash of its secret, and returns it with its LinkID and the time of
// its creation.
func (c *Catalog) AddLink(ctx context.Context, hash []byte, l Link) (Link, error) {
	err := c.withChange(ctx, "create a link for", l.Talk, l.CreatedBy, func(tx *change) error {
		l.Created = tx.now
		err := tx.QueryRowContext(ctx, `INSERT INTO links (hash, kind, role, slug, language, name, email, maker, created_ms, expires_ms)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
			hash, l.Kind, l.Role, l.Talk, l.Language, l.Name, l.Email, l.CreatedBy, l.Created.UnixMilli(), l.Expires.UnixMilli()).Scan(&l.LinkID)
		if err != nil {
			return err
		}
		return tx.event(ctx, "link", nil, map[string]any{"link": l.LinkID, "role": l.Role, "language": l.Language, "name": l.Name})
	})
	return l, err
}

const linkColumns = `id, kind, role, slug, language, name, email, maker, created_ms, expires_ms, revoked_ms, used_ms`

// scan reads a row of linkColumns.
func (l *Link) scan(row interface{ Scan(...any) error }) error {
	return row.Scan(&l.LinkID, &l.Kind, &l.Role, &l.Talk, &l.Language, &l.Name, &l.Email, &l.CreatedBy,
		timeColumn{&l.Created}, timeColumn{&l.Expires}, timeColumn{&l.Revoked}, timeColumn{&l.Used})
}

// LinkByHash returns the link whose secret has that hash, valid or not, or ErrNotFound.
func (c *Catalog) LinkByHash(ctx context.Context, hash []byte) (l Link, err error) {
	err = l.scan(c.read.QueryRowContext(ctx, `SELECT `+linkColumns+` FROM links WHERE hash = ?`, hash))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return l, fmt.Errorf("look up a link: %w", err)
	}
	return l, nil
}

// Links returns all links that were ever made, newest first.
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

// RevokeLink ends a link and every session that it opened. A link that was revoked before keeps the
// time of its first revocation. RevokeLink returns ErrNotFound if there is no such link.
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
		if err := tx.exec(ctx, `DELETE FROM sessions WHERE link = ?`, id); err != nil {
			return err
		}
		return tx.event(ctx, "link", map[string]any{"link": id}, nil)
	})
}

// OpenSession saves a session under the hash of its secret, and marks its link as used. It returns
// ErrNotFound if the link was revoked, has expired, or is a one-time link that was used before. It
// also deletes all sessions that have expired.
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

// SessionGrant returns what the link of a session grants. It returns ErrNotFound if the session or
// the link has expired or the link was revoked. A session of a one-time link goes on when the link
// expires.
func (c *Catalog) SessionGrant(ctx context.Context, hash []byte) (access.Grant, error) {
	var l Link
	err := l.scan(c.read.QueryRowContext(ctx, `SELECT `+linkColumns+` FROM links
		WHERE id = (SELECT link FROM sessions WHERE hash = ?1 AND expires_ms > ?2) AND revoked_ms IS NULL AND (expires_ms > ?2 OR kind = ?3)`,
		hash, time.Now().UnixMilli(), LinkOneTime))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return access.Grant{}, fmt.Errorf("look up a session: %w", err)
	}
	return l.Grant, nil
}

// EndSession deletes the session whose secret has that hash, if there is one.
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
