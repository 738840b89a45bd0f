package catalog

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/lectern-av/lectern/internal/conference"
)

// numberTracks returns tracks with their revisions set. A track that looks like the last revision
// in its language is that revision, and gets its cues, with their ids; any other is saved as a new
// revision.
func (c *change) numberTracks(ctx context.Context, tracks []conference.Track) ([]conference.Track, error) {
	numbered := slices.Clone(tracks)
	for i := range numbered {
		t := &numbered[i]
		want := hashVisibleCues(t.Cues)
		var last int
		var has string
		var cues []conference.Cue
		err := c.QueryRowContext(ctx, `SELECT number, digest, cues FROM revisions
			WHERE slug = ? AND language = ? ORDER BY number DESC LIMIT 1`, c.slug, t.Language).
			Scan(&last, &has, jsonColumn{&cues})
		switch {
		case err != nil && !errors.Is(err, sql.ErrNoRows):
			return nil, err
		case err == nil && has == want:
			t.Revision, t.Cues = last, cues
			continue
		}
		t.Revision = last + 1
		text, err := jsonText(t.Cues)
		if err != nil {
			return nil, err
		}
		if err := c.exec(ctx, `INSERT INTO revisions (slug, language, number, digest, cues, created_ms) VALUES (?, ?, ?, ?, ?, ?)`,
			c.slug, t.Language, t.Revision, want, text, c.now.UnixMilli()); err != nil {
			return nil, err
		}
	}
	return numbered, nil
}

// LastCues returns the cues of the last revision of a talk's track, and the ids of the cues of all
// its revisions. Both are empty if there never was such a track.
func (c *Catalog) LastCues(ctx context.Context, slug, language string) (last []conference.Cue, used []string, err error) {
	err = inTx(ctx, c.read, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT cues FROM revisions
			WHERE slug = ? AND language = ? ORDER BY number DESC LIMIT 1`, slug, language).Scan(jsonColumn{&last})
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		return eachRow(ctx, tx, func(rows *sql.Rows) error {
			var id string
			err := rows.Scan(&id)
			used = append(used, id)
			return err
		}, `SELECT DISTINCT cue.value ->> 'id' FROM revisions, json_each(cues) AS cue
			WHERE slug = ? AND language = ? ORDER BY 1`, slug, language)
	})
	if err != nil {
		return nil, nil, fmt.Errorf("cues of talk %s in %s: %w", slug, language, err)
	}
	return last, used, nil
}

// Revisions returns every revision of every track that a talk ever had, by language and number.
// Only Language, Revision and Cues are set.
func (c *Catalog) Revisions(ctx context.Context, slug string) ([]conference.Track, error) {
	var all []conference.Track
	err := eachRow(ctx, c.read, func(rows *sql.Rows) error {
		var t conference.Track
		err := rows.Scan(&t.Language, &t.Revision, jsonColumn{&t.Cues})
		all = append(all, t)
		return err
	}, `SELECT language, number, cues FROM revisions WHERE slug = ? ORDER BY language, number`, slug)
	if err != nil {
		return nil, fmt.Errorf("revisions of the tracks of %s: %w", slug, err)
	}
	return all, nil
}

// Revision returns the cues of one revision of a talk's track, or ErrNotFound.
func (c *Catalog) Revision(ctx context.Context, slug, language string, number int) (cues []conference.Cue, err error) {
	err = c.read.QueryRowContext(ctx, `SELECT cues FROM revisions WHERE slug = ? AND language = ? AND number = ?`, slug, language, number).
		Scan(jsonColumn{&cues})
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("revision %d of %s in %s: %w", number, slug, language, err)
	}
	return cues, nil
}

// hashVisibleCues returns the SHA-256 of what a viewer sees of cues: their times, texts, styles and
// positions. Ids do not count.
func hashVisibleCues(cues []conference.Cue) string {
	seen := make([]conference.Cue, len(cues))
	for i, cue := range cues {
		seen[i] = conference.Cue{Start: cue.Start, End: cue.End, Text: cue.Text, Spans: cue.Spans, Position: cue.Position}
	}
	b, _ := json.Marshal(seen) // numbers and strings cannot fail
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
