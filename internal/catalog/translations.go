package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Translation is one revision of a translated track. It is complete and never changes.
type Translation struct {
	Language string          `json:"language"`       // BCP 47
	Number   int             `json:"number"`         // from 1
	Source   int             `json:"source"`         // the revision of the source that it translates
	State    string          `json:"state"`          // of the whole translation
	Cues     json.RawMessage `json:"cues,omitempty"` // as package translation writes them
	Who      string          `json:"who"`            // author
	Why      string          `json:"why"`            // what was done, in words
	At       time.Time       `json:"at"`
}

// Conflict says that another revision was saved meanwhile.
type Conflict struct {
	Slug, Language string
	Base           int         // the revision that the caller's was made from
	Last           Translation // the present one
}

// Error returns who changed the translation, in which revision, and which revision the caller's was
// made from, if that is known.
func (c *Conflict) Error() string {
	if c.Base == 0 {
		return fmt.Sprintf("your translation of %s into %s does not say which revision it was made from, and it changes or removes what others translated (revision %d, by %s: %q)",
			c.Slug, c.Language, c.Last.Number, c.Last.Who, c.Last.Why)
	}
	return fmt.Sprintf("%s changed the translation of %s into %s meanwhile (revision %d, %q): yours was made from revision %d",
		c.Last.Who, c.Slug, c.Language, c.Last.Number, c.Last.Why, c.Base)
}

// SaveTranslation saves t as the revision after base, and returns its number. base is the revision
// that t was made from, or 0 if it is the first. If base is not the last one, nothing is saved and
// the error is a *Conflict. A build is requested if one was requested before.
func (c *Catalog) SaveTranslation(ctx context.Context, slug string, base int, t Translation) (number int, err error) {
	err = c.withChange(ctx, "save a translation of", slug, t.Who, func(tx *change) error {
		last, err := lastTranslation(ctx, tx, slug, t.Language)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if last.Number != base {
			return &Conflict{Slug: slug, Language: t.Language, Base: base, Last: last}
		}
		number = base + 1
		if err := tx.exec(ctx, `INSERT INTO translations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			slug, t.Language, number, t.Source, t.State, string(t.Cues), t.Who, t.Why, tx.now.UnixMilli()); err != nil {
			return err
		}
		var old any
		if base > 0 {
			old = newTranslationEvent(last)
		}
		if err := tx.requestRebuild(ctx, "a translation"); err != nil {
			return err
		}
		saved := t
		saved.Number = number
		return tx.event(ctx, "translation."+t.Language, old, newTranslationEvent(saved))
	})
	return number, err
}

// translationEvent is a revision as events show it.
type translationEvent struct {
	Number int    `json:"number"`
	Source int    `json:"source"`
	State  string `json:"state"`
	Why    string `json:"why"`
}

func newTranslationEvent(t Translation) translationEvent {
	return translationEvent{Number: t.Number, Source: t.Source, State: t.State, Why: t.Why}
}

const translationColumns = `SELECT language, number, source, state, cues, who, why, created_ms FROM translations WHERE slug = ?`

// scan reads a row of translationColumns.
func (t *Translation) scan(row interface{ Scan(...any) error }) error {
	var cues string
	err := row.Scan(&t.Language, &t.Number, &t.Source, &t.State, &cues, &t.Who, &t.Why, timeColumn{&t.At})
	t.Cues = json.RawMessage(cues)
	return err
}

func lastTranslation(ctx context.Context, q querier, slug, language string) (t Translation, err error) {
	err = t.scan(q.QueryRowContext(ctx, translationColumns+` AND language = ? ORDER BY number DESC LIMIT 1`, slug, language))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return t, err
}

// Translation returns a revision of a talk's translation, or the last one if number is 0. It
// returns ErrNotFound if there is none.
func (c *Catalog) Translation(ctx context.Context, slug, language string, number int) (t Translation, err error) {
	if number == 0 {
		t, err = lastTranslation(ctx, c.read, slug, language)
	} else {
		err = t.scan(c.read.QueryRowContext(ctx, translationColumns+` AND language = ? AND number = ?`, slug, language, number))
	}
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return t, fmt.Errorf("translation of %s in %s: %w", slug, language, err)
	}
	return t, nil
}

// Translations returns the last revision of each of a talk's translations, by language.
func (c *Catalog) Translations(ctx context.Context, slug string) ([]Translation, error) {
	return c.translations(ctx, slug, translationColumns+` AND number =
		(SELECT max(number) FROM translations AS o WHERE o.slug = translations.slug AND o.language = translations.language) ORDER BY language`, slug)
}

// TranslationHistory returns all revisions of a talk's translation into a language, oldest first.
func (c *Catalog) TranslationHistory(ctx context.Context, slug, language string) ([]Translation, error) {
	return c.translations(ctx, slug, translationColumns+` AND language = ? ORDER BY number`, slug, language)
}

func (c *Catalog) translations(ctx context.Context, slug, query string, args ...any) (all []Translation, err error) {
	err = eachRow(ctx, c.read, func(rows *sql.Rows) error {
		var t Translation
		err := t.scan(rows)
		all = append(all, t)
		return err
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("translations of %s: %w", slug, err)
	}
	return all, nil
}
