package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/sortedkeys"
)

// ProgrammeEntry is a talk in the programme.
type ProgrammeEntry struct {
	Talk       conference.Talk
	Scheduling conference.Scheduling
	Imported   json.RawMessage // what the schedule said last; nil: it never contained the talk
	Initial    Submission      // for a new talk: what it starts with, apart from Talk
}

// Programme returns every talk, by slug, with its place in the programme. Those that have none have
// a zero Scheduling. Initial is not set.
func (c *Catalog) Programme(ctx context.Context) (all []ProgrammeEntry, err error) {
	err = eachRow(ctx, c.read, func(rows *sql.Rows) error {
		var s ProgrammeEntry
		var imported sql.NullString
		if err := rows.Scan(jsonColumn{&s.Talk}, jsonColumn{&s.Scheduling}, &imported); err != nil {
			return err
		}
		if imported.Valid {
			s.Imported = json.RawMessage(imported.String)
		}
		all = append(all, s)
		return nil
	}, `SELECT talk, scheduling, imported FROM talks LEFT JOIN programme USING (slug) ORDER BY slug`)
	if err != nil {
		return nil, fmt.Errorf("read the programme: %w", err)
	}
	return all, nil
}

// Scheduling returns a talk's place in the programme, or the zero value if it has none.
func (c *Catalog) Scheduling(ctx context.Context, slug string) (s conference.Scheduling, err error) {
	err = c.read.QueryRowContext(ctx, `SELECT scheduling FROM programme WHERE slug = ?`, slug).Scan(jsonColumn{&s})
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	if err != nil {
		return s, fmt.Errorf("scheduling of %s: %w", slug, err)
	}
	return s, nil
}

// SaveProgramme saves talks and their places in the programme, in one transaction. A talk that does
// not exist yet is added with the Initial submission of its entry. It requests a build of each talk
// that has recordings and whose own data changed; a new place alone requests none.
func (c *Catalog) SaveProgramme(ctx context.Context, who string, talks []ProgrammeEntry) error {
	err := c.tx(ctx, func(tx *sql.Tx) error {
		for _, s := range talks {
			if err := c.saveEntry(ctx, tx, who, s); err != nil {
				return fmt.Errorf("%s: %w", s.Talk.Slug, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("save the programme: %w", err)
	}
	if c.onChange != nil {
		for _, s := range talks {
			c.onChange(s.Talk.Slug)
		}
	}
	return nil
}

func (c *Catalog) saveEntry(ctx context.Context, tx *sql.Tx, who string, s ProgrammeEntry) error {
	change := newChange(tx, s.Talk.Slug, who)
	old, err := loadSubmission(ctx, tx, s.Talk.Slug)
	fresh := errors.Is(err, ErrNotFound)
	if err != nil && !fresh {
		return err
	}
	now := old
	if fresh {
		now = s.Initial
		if err := change.exec(ctx, `INSERT INTO talks VALUES (?1, '', '', '', '', '', '', ?2, ?2, '', '')`, s.Talk.Slug, change.now.UnixMilli()); err != nil {
			return err
		}
	}
	now.Facts.Talk = s.Talk
	if now, err = normalize(now); err != nil {
		return err
	}
	if err := change.save(ctx, old, now, fresh); err != nil {
		return err
	}
	if change.events > 0 && len(now.Facts.Recordings) > 0 {
		if err := change.requestBuild(ctx, "the programme changed"); err != nil {
			return err
		}
	}
	return change.saveScheduling(ctx, s)
}

// saveScheduling saves a talk's place in the programme, and records an event for each field that
// changed.
func (c *change) saveScheduling(ctx context.Context, s ProgrammeEntry) error {
	var old conference.Scheduling
	err := c.QueryRowContext(ctx, `SELECT scheduling FROM programme WHERE slug = ?`, c.slug).Scan(jsonColumn{&old})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	before, err := jsonFields(old)
	if err != nil {
		return err
	}
	after, err := jsonFields(s.Scheduling)
	if err != nil {
		return err
	}
	for _, what := range sortedkeys.Union(before, after) {
		if !reflect.DeepEqual(before[what], after[what]) {
			if err := c.event(ctx, "scheduling."+what, before[what], after[what]); err != nil {
				return err
			}
		}
	}
	text, err := jsonText(s.Scheduling)
	if err != nil {
		return err
	}
	var imported any
	if s.Imported != nil {
		imported = string(s.Imported)
	}
	return c.exec(ctx, `INSERT INTO programme VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (slug) DO UPDATE SET guid = ?2, event = ?3, scheduling = ?4, imported = ?5`,
		c.slug, s.Scheduling.GUID, s.Scheduling.Event, text, imported)
}

// jsonFields returns the fields of v's JSON object by name. v must encode as an object.
func jsonFields(v any) (all map[string]any, err error) {
	text, err := jsonText(v)
	if err == nil {
		err = json.Unmarshal([]byte(text), &all)
	}
	return all, err
}
