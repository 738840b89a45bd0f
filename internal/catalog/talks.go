package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
)

// Talk returns the present submission of a talk, or ErrNotFound.
func (c *Catalog) Talk(ctx context.Context, slug string) (Submission, error) {
	var s Submission
	err := inTx(ctx, c.read, func(tx *sql.Tx) (err error) {
		s, err = loadSubmission(ctx, tx, slug)
		return err
	})
	if err != nil {
		return Submission{}, fmt.Errorf("talk %s: %w", slug, err)
	}
	return s, nil
}

func loadSubmission(ctx context.Context, q querier, slug string) (Submission, error) {
	var s Submission
	f := &s.Facts
	err := q.QueryRowContext(ctx, `SELECT talk, conference, treatment, cut, channels, out, pipeline, pipeline_text FROM talks WHERE slug = ?`, slug).
		Scan(jsonColumn{&f.Talk}, jsonColumn{&f.Conference}, jsonColumn{&f.Processing}, jsonColumn{&f.Cut}, &f.Channels, &s.Out, &s.Pipeline, &s.PipelineText)
	if errors.Is(err, sql.ErrNoRows) {
		return s, ErrNotFound
	}
	if err != nil {
		return s, err
	}
	err = eachRow(ctx, q, func(rows *sql.Rows) error {
		var r conference.Recording
		err := rows.Scan(&r.SHA256, &r.Size, &r.Name)
		f.Recordings = append(f.Recordings, r)
		return err
	}, `SELECT sha256, size, name FROM recordings WHERE slug = ? ORDER BY position`, slug)
	if err != nil {
		return s, err
	}
	err = eachRow(ctx, q, func(rows *sql.Rows) error {
		var rendition string
		var salt int
		err := rows.Scan(&rendition, &salt)
		f.Salts = mergeSalts(f.Salts, map[string]int{rendition: salt})
		return err
	}, `SELECT rendition, salt FROM salts WHERE slug = ?`, slug)
	if err != nil {
		return s, err
	}
	return s, eachRow(ctx, q, func(rows *sql.Rows) error {
		var t conference.Track
		err := rows.Scan(&t.Language, &t.Kind, &t.State, &t.File, &t.Revision, jsonColumn{&t.Source}, jsonColumn{&t.Cues})
		f.Tracks = append(f.Tracks, t)
		return err
	}, `SELECT language, kind, state, file, revision, source, cues FROM tracks
		JOIN revisions USING (slug, language) WHERE slug = ? AND number = revision ORDER BY language`, slug)
}

// TalkLocation is a talk whose bundle is in some directory, and what it is made of.
type TalkLocation struct {
	Slug       string
	Title      string
	Recordings []string // content hashes, in reel order
	Cut        []conference.KeptRange
}

// TalksIn returns the talks whose bundles are in the directory out, the one that changed last
// first. Talks without recordings are left out.
func (c *Catalog) TalksIn(ctx context.Context, out string) (talks []TalkLocation, err error) {
	err = eachRow(ctx, c.read, func(rows *sql.Rows) error {
		var p TalkLocation
		var cut, sha256 string
		if err := rows.Scan(&p.Slug, &p.Title, &cut, &sha256); err != nil {
			return err
		}
		if n := len(talks); n > 0 && talks[n-1].Slug == p.Slug {
			talks[n-1].Recordings = append(talks[n-1].Recordings, sha256)
			return nil
		}
		p.Recordings = []string{sha256}
		talks = append(talks, p)
		return json.Unmarshal([]byte(cut), &talks[len(talks)-1].Cut)
	}, `SELECT slug, talk ->> 'title', cut, sha256 FROM talks JOIN recordings USING (slug) WHERE out = ?
		ORDER BY updated_ms DESC, talks.rowid DESC, position`, out)
	if err != nil {
		return nil, fmt.Errorf("list talks in %s: %w", out, err)
	}
	return talks, nil
}

// SlugTaken reports whether a talk has that slug.
func (c *Catalog) SlugTaken(ctx context.Context, slug string) (taken bool, err error) {
	err = c.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM talks WHERE slug = ?)`, slug).Scan(&taken)
	if err != nil {
		return false, fmt.Errorf("look up talk %s: %w", slug, err)
	}
	return taken, nil
}

// TalkSummary is a talk in a list.
type TalkSummary struct {
	Slug       string    `json:"slug"`
	Title      string    `json:"title"`
	Out        string    `json:"out"`
	Pipeline   string    `json:"pipeline"`
	Recordings int       `json:"recordings"`
	Languages  []string  `json:"languages"` // of its tracks
	Created    time.Time `json:"created"`
	Updated    time.Time `json:"updated"`   // when a fact last changed
	Published  time.Time `json:"published"` // zero: never
}

// Talks returns every talk, by slug.
func (c *Catalog) Talks(ctx context.Context) ([]TalkSummary, error) {
	var talks []TalkSummary
	err := eachRow(ctx, c.read, func(rows *sql.Rows) error {
		var s TalkSummary
		if err := rows.Scan(&s.Slug, &s.Title, &s.Out, &s.Pipeline, &s.Recordings, jsonColumn{&s.Languages},
			timeColumn{&s.Created}, timeColumn{&s.Updated}, timeColumn{&s.Published}); err != nil {
			return err
		}
		talks = append(talks, s)
		return nil
	}, `SELECT slug, talk ->> 'title', out, pipeline,
			(SELECT count(*) FROM recordings r WHERE r.slug = t.slug),
			(SELECT json_group_array(language) FROM tracks k WHERE k.slug = t.slug),
			created_ms, updated_ms,
			(SELECT max(at_ms) FROM publications p WHERE p.slug = t.slug)
		FROM talks t ORDER BY slug`)
	if err != nil {
		return nil, fmt.Errorf("list talks: %w", err)
	}
	return talks, nil
}

// IncrementSalt adds 1 to the salt of a talk's rendition, and returns the new one. A rendition
// without a salt has 0.
func (c *Catalog) IncrementSalt(ctx context.Context, slug, rendition string) (salt int, err error) {
	err = c.withChange(ctx, "increment a salt of", slug, systemUser, func(tx *change) error {
		err := tx.QueryRowContext(ctx, `INSERT INTO salts (slug, rendition, salt) VALUES (?, ?, 1)
			ON CONFLICT DO UPDATE SET salt = salt + 1 RETURNING salt`, slug, rendition).Scan(&salt)
		if err != nil {
			return err
		}
		return tx.event(ctx, "salt."+rendition, salt-1, salt)
	})
	return salt, err
}
