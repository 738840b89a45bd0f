package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/lectern-av/lectern/internal/action"
)

// Verdict is the result of a review.
type Verdict string

// The verdicts on a talk.
const (
	ReviewApproved Verdict = "approved"
	ReviewRejected Verdict = "wrong" // the comment says why
)

// Review is what a person said about a talk's video before its release.
type Review struct {
	Who     string
	Verdict Verdict
	Comment string     //
	Bundle  action.Key // identifies the content that was reviewed; another key now means that the content changed
	At      time.Time
}

// AddReview saves a review of a talk, with the present time in place of v.At.
func (c *Catalog) AddReview(ctx context.Context, slug string, v Review) error {
	return c.withChange(ctx, "review", slug, v.Who, func(tx *change) error {
		if err := tx.exec(ctx, `INSERT INTO verdicts (slug, who, verdict, words, bundle, at_ms) VALUES (?, ?, ?, ?, ?, ?)`,
			slug, v.Who, v.Verdict, v.Comment, v.Bundle, tx.now.UnixMilli()); err != nil {
			return err
		}
		return tx.event(ctx, "verdict", nil, string(v.Verdict)+" "+v.Comment)
	})
}

// LastReview returns the last review of a talk; ok is false if there is none.
func (c *Catalog) LastReview(ctx context.Context, slug string) (v Review, ok bool, err error) {
	err = c.read.QueryRowContext(ctx, `SELECT who, verdict, words, bundle, at_ms FROM verdicts WHERE slug = ? ORDER BY id DESC LIMIT 1`, slug).
		Scan(&v.Who, &v.Verdict, &v.Comment, &v.Bundle, timeColumn{&v.At})
	if errors.Is(err, sql.ErrNoRows) {
		return v, false, nil
	}
	if err != nil {
		return v, false, fmt.Errorf("last review of %s: %w", slug, err)
	}
	return v, true, nil
}

// What events say of a release.
const (
	releaseRequested = "wanted" // followed by what blocks it
	releaseDone      = "done"
)

// ReleaseRequest is a talk that is to be released, or was.
type ReleaseRequest struct {
	Slug     string
	Who      string
	At       time.Time
	Blocked  string     // why it cannot be released yet; "": it can
	Released time.Time  // zero: not released
	Bundle   action.Key // that was released; "": none
	Dir      string
}

// RequestRelease requests the release of a talk. refused says why it cannot be released yet; it is
// "" if it can.
func (c *Catalog) RequestRelease(ctx context.Context, slug, who, refused string) error {
	return c.withChange(ctx, "release", slug, who, func(tx *change) error {
		if err := tx.exec(ctx, `INSERT INTO releases VALUES (?1, ?2, ?3, ?4, NULL, '', '') ON CONFLICT DO UPDATE SET who = ?2, wanted_ms = ?3, refused = ?4`,
			slug, who, tx.now.UnixMilli(), refused); err != nil {
			return err
		}
		return tx.event(ctx, "release", nil, releaseRequested+" "+refused)
	})
}

// RecordRelease records that the bundle in dir was released as its talk's, now, and that nothing
// blocks the release any more. The release must have been requested.
func (c *Catalog) RecordRelease(ctx context.Context, slug string, bundle action.Key, dir string) error {
	return c.withChange(ctx, "record the release of", slug, systemUser, func(tx *change) error {
		if err := tx.exec(ctx, `UPDATE releases SET refused = '', released_ms = ?, bundle = ?, dir = ? WHERE slug = ?`, tx.now.UnixMilli(), bundle, dir, slug); err != nil {
			return err
		}
		return tx.event(ctx, "release", nil, releaseDone)
	})
}

// CancelRelease withdraws the request to release a talk, if there is one. Files that were released
// stay where they are.
func (c *Catalog) CancelRelease(ctx context.Context, slug, who string) error {
	return c.withChange(ctx, "cancel the release of", slug, who, func(tx *change) error {
		if err := tx.exec(ctx, `DELETE FROM releases WHERE slug = ?`, slug); err != nil {
			return err
		}
		return tx.event(ctx, "release", releaseRequested, nil)
	})
}

// ReleaseRequests returns all requests to release a talk, by slug, including those of talks that
// were released since.
func (c *Catalog) ReleaseRequests(ctx context.Context) (all []ReleaseRequest, err error) {
	err = eachRow(ctx, c.read, func(rows *sql.Rows) error {
		var w ReleaseRequest
		err := rows.Scan(&w.Slug, &w.Who, timeColumn{&w.At}, &w.Blocked, timeColumn{&w.Released}, &w.Bundle, &w.Dir)
		all = append(all, w)
		return err
	}, `SELECT slug, who, wanted_ms, refused, released_ms, bundle, dir FROM releases ORDER BY slug`)
	if err != nil {
		return nil, fmt.Errorf("list releases: %w", err)
	}
	return all, nil
}
