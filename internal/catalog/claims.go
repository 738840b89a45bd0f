package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Claim says who works on a translation, until when.
type Claim struct {
	Slug     string    `json:"talk"`
	Language string    `json:"language"`
	Who      string    `json:"who"`
	Since    time.Time `json:"since"`
	Expires  time.Time `json:"expires"`
}

// Claim claims a translation for who until a time, and returns the claim that then holds. If
// another person has claimed it, their claim is returned, unchanged. Claiming again extends one's
// own claim and keeps its start.
func (c *Catalog) Claim(ctx context.Context, slug, language, who string, until time.Time) (Claim, error) {
	var active Claim
	err := c.withChange(ctx, "claim a translation of", slug, who, func(tx *change) error {
		last, err := claim(ctx, tx, slug, language, tx.now)
		switch {
		case err == nil && last.Who != who:
			active = last
			return nil
		case err == nil: // only the end changes, which is no event
			active = last
			active.Expires = until
			return tx.exec(ctx, `UPDATE claims SET expires_ms = ? WHERE slug = ? AND language = ?`, until.UnixMilli(), slug, language)
		case !errors.Is(err, ErrNotFound):
			return err
		}
		active = Claim{Slug: slug, Language: language, Who: who, Since: tx.now, Expires: until}
		if err := tx.exec(ctx, `INSERT OR REPLACE INTO claims (slug, language, who, at_ms, expires_ms) VALUES (?, ?, ?, ?, ?)`,
			slug, language, who, tx.now.UnixMilli(), until.UnixMilli()); err != nil {
			return err
		}
		return tx.event(ctx, "claim."+language, nil, who)
	})
	return active, err
}

// Unclaim ends the claim of who on a translation. It does nothing if there is none, or if it is
// another person's.
func (c *Catalog) Unclaim(ctx context.Context, slug, language, who string) error {
	return c.withChange(ctx, "end a claim on a translation of", slug, who, func(tx *change) error {
		last, err := claim(ctx, tx, slug, language, tx.now)
		if errors.Is(err, ErrNotFound) || err == nil && last.Who != who {
			return nil
		}
		if err != nil {
			return err
		}
		if err := tx.exec(ctx, `DELETE FROM claims WHERE slug = ? AND language = ?`, slug, language); err != nil {
			return err
		}
		return tx.event(ctx, "claim."+language, who, nil)
	})
}

// ActiveClaim returns the claim on a translation, or ErrNotFound if there is none or it has
// expired.
func (c *Catalog) ActiveClaim(ctx context.Context, slug, language string) (Claim, error) {
	return claim(ctx, c.read, slug, language, time.Now())
}

func claim(ctx context.Context, q querier, slug, language string, now time.Time) (Claim, error) {
	found := Claim{Slug: slug, Language: language}
	err := q.QueryRowContext(ctx, `SELECT who, at_ms, expires_ms FROM claims WHERE slug = ? AND language = ? AND expires_ms > ?`,
		slug, language, now.UnixMilli()).Scan(&found.Who, timeColumn{&found.Since}, timeColumn{&found.Expires})
	if errors.Is(err, sql.ErrNoRows) {
		return found, ErrNotFound
	}
	if err != nil {
		return found, fmt.Errorf("look up the claim on the translation of %s into %s: %w", slug, language, err)
	}
	return found, nil
}

// TalkTranslation is a revision of a talk's translation without its cues.
type TalkTranslation struct {
	Slug string
	Translation
	Claim *Claim // nil: not claimed
}

// TranslationsInto returns the last revision of every talk's translation into a language, by slug,
// each with its claim, if any has not expired.
func (c *Catalog) TranslationsInto(ctx context.Context, language string) (all []TalkTranslation, err error) {
	err = eachRow(ctx, c.read, func(rows *sql.Rows) error {
		t := TalkTranslation{Translation: Translation{Language: language}}
		var who sql.NullString
		var since, expires time.Time
		err := rows.Scan(&t.Slug, &t.Number, &t.Source, &t.State, &t.Who, &t.Why, timeColumn{&t.At}, &who, timeColumn{&since}, timeColumn{&expires})
		if who.Valid {
			t.Claim = &Claim{Slug: t.Slug, Language: language, Who: who.String, Since: since, Expires: expires}
		}
		all = append(all, t)
		return err
	}, `SELECT t.slug, t.number, t.source, t.state, t.who, t.why, t.created_ms, c.who, c.at_ms, c.expires_ms
		FROM (SELECT slug, max(number) AS number FROM translations WHERE language = ?1 GROUP BY slug) AS last
		JOIN translations t ON t.slug = last.slug AND t.language = ?1 AND t.number = last.number
		LEFT JOIN claims c ON c.slug = t.slug AND c.language = ?1 AND c.expires_ms > ?2
		ORDER BY t.slug`, language, time.Now().UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("list translations into %s: %w", language, err)
	}
	return all, nil
}

// CountTranslations returns how many revisions all talks' translations into a language have.
// Revisions never change or disappear, so what was computed from all of them stays valid as long as
// the count does.
func (c *Catalog) CountTranslations(ctx context.Context, language string) (n int, err error) {
	err = c.read.QueryRowContext(ctx, `SELECT count(*) FROM translations WHERE language = ?`, language).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count translations in %s: %w", language, err)
	}
	return n, nil
}
