package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/conference"
)

// SaveEdition saves an edition of a talk, which then never changes. To save it again does nothing;
// a different one with the same ID is an error.
func (c *Catalog) SaveEdition(ctx context.Context, slug string, e conference.Edition) error {
	return c.withChange(ctx, "save an edition of", slug, systemUser, func(tx *change) error {
		existing, err := edition(ctx, tx, e.ID)
		if err == nil {
			if !reflect.DeepEqual(existing, e) {
				return fmt.Errorf("another edition has the id %s", e.ID)
			}
			return nil
		}
		if !errors.Is(err, ErrNotFound) {
			return err
		}
		body, err := jsonText(e)
		if err != nil {
			return err
		}
		if err := tx.exec(ctx, `INSERT INTO editions (id, body, created_ms) VALUES (?, ?, ?)`,
			e.ID, body, tx.now.UnixMilli()); err != nil {
			return err
		}
		return tx.event(ctx, "edition", nil, e)
	})
}

// Edition returns the edition with that id, or ErrNotFound.
func (c *Catalog) Edition(ctx context.Context, id string) (conference.Edition, error) {
	e, err := edition(ctx, c.read, id)
	if err != nil {
		return conference.Edition{}, fmt.Errorf("edition %s: %w", id, err)
	}
	return e, nil
}

func edition(ctx context.Context, q querier, id string) (e conference.Edition, err error) {
	err = q.QueryRowContext(ctx, `SELECT body FROM editions WHERE id = ?`, id).Scan(jsonColumn{&e})
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return e, err
}

// BindUpload records that an uploaded subtitle file on programme time was made for an edition, and
// returns that edition. A file that was bound before keeps its first edition, which is then
// returned: its times are converted to reel time only once. The edition must have been saved; the
// talk need not have been.
func (c *Catalog) BindUpload(ctx context.Context, slug, language, sha256, edition string) (bound string, err error) {
	err = c.withChange(ctx, "bind a subtitle file of", slug, systemUser, func(tx *change) error {
		err := tx.QueryRowContext(ctx, `SELECT edition FROM uploads WHERE slug = ? AND language = ? AND sha256 = ?`,
			slug, language, sha256).Scan(&bound)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		bound = edition
		if err := tx.exec(ctx, `INSERT INTO uploads (slug, language, sha256, edition, created_ms) VALUES (?, ?, ?, ?, ?)`,
			slug, language, sha256, edition, tx.now.UnixMilli()); err != nil {
			return fmt.Errorf("to edition %s: %w", edition, err)
		}
		return tx.event(ctx, "upload."+language, nil, map[string]string{"sha256": sha256, "edition": edition})
	})
	if err != nil {
		return "", err
	}
	return bound, nil
}

// BoundEdition returns the edition that BindUpload bound a subtitle file to; ok is false if it was
// not bound.
func (c *Catalog) BoundEdition(ctx context.Context, slug, language, sha256 string) (edition string, ok bool, err error) {
	err = c.read.QueryRowContext(ctx, `SELECT edition FROM uploads WHERE slug = ? AND language = ? AND sha256 = ?`,
		slug, language, sha256).Scan(&edition)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("look up a subtitle file of %s: %w", slug, err)
	}
	return edition, true, nil
}

// Publication is a bundle whose files are ready.
type Publication struct {
	Edition string       `json:"edition"`
	Dir     string       `json:"dir"`  // the bundle's own directory
	Keys    []action.Key `json:"keys"` // of every artifact in it
	At      time.Time    `json:"at"`   // to the millisecond; zero: now
}

// RecordPublication records that a talk's bundle was published. If it differs from the last
// publication only in its time, nothing is saved.
func (c *Catalog) RecordPublication(ctx context.Context, slug string, p Publication) error {
	return c.withChange(ctx, "record the publication of", slug, systemUser, func(tx *change) error {
		last, ok, err := lastPublication(ctx, tx, slug)
		if err != nil {
			return err
		}
		if ok && last.Edition == p.Edition && last.Dir == p.Dir && slices.Equal(last.Keys, p.Keys) {
			return nil
		}
		if p.At.IsZero() {
			p.At = tx.now
		}
		keys, err := jsonText(p.Keys)
		if err != nil {
			return err
		}
		if err := tx.exec(ctx, `INSERT INTO publications (slug, edition, dir, keys, at_ms) VALUES (?, ?, ?, ?, ?)`,
			slug, p.Edition, p.Dir, keys, p.At.UnixMilli()); err != nil {
			return err
		}
		return tx.event(ctx, "published", publicationEvent(last, ok), publicationEvent(p, true))
	})
}

// publicationEvent returns the value that an event records of a publication: its edition and
// directory. It is nil if ok is false.
func publicationEvent(p Publication, ok bool) any {
	if !ok {
		return nil
	}
	return map[string]string{"edition": p.Edition, "dir": p.Dir}
}

// LastPublication returns the last publication of a talk; ok is false if there is none.
func (c *Catalog) LastPublication(ctx context.Context, slug string) (Publication, bool, error) {
	p, ok, err := lastPublication(ctx, c.read, slug)
	if err != nil {
		return Publication{}, false, fmt.Errorf("publication of %s: %w", slug, err)
	}
	return p, ok, nil
}

func lastPublication(ctx context.Context, q querier, slug string) (p Publication, ok bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT edition, dir, keys, at_ms FROM publications WHERE slug = ? ORDER BY id DESC LIMIT 1`, slug).
		Scan(&p.Edition, &p.Dir, jsonColumn{&p.Keys}, timeColumn{&p.At})
	if errors.Is(err, sql.ErrNoRows) {
		return p, false, nil
	}
	return p, err == nil, err
}

// AllPublishedKeys returns the keys of the artifacts in the last publications of all talks, sorted,
// each once.
func (c *Catalog) AllPublishedKeys(ctx context.Context) ([]action.Key, error) {
	var all []action.Key
	err := eachRow(ctx, c.read, func(rows *sql.Rows) error {
		var keys []action.Key
		err := rows.Scan(jsonColumn{&keys})
		all = append(all, keys...)
		return err
	}, `SELECT keys FROM publications WHERE id IN (SELECT max(id) FROM publications GROUP BY slug)`)
	if err != nil {
		return nil, fmt.Errorf("list published keys: %w", err)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}
