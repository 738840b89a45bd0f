package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// systemUser is the author of changes that no person asked for.
const systemUser = "lectern"

// Event is one change: who made it, when, and what it was. See [Event.Message].
type Event struct {
	ID   int64           `json:"id"`
	At   time.Time       `json:"at"`
	Who  string          `json:"who"`
	What string          `json:"what"`          // what changed: "talk.title", "cut", "track.es", "salt.1080" …
	Old  json.RawMessage `json:"old,omitempty"` // absent: there was nothing
	New  json.RawMessage `json:"new,omitempty"` // absent: it was removed
}

// Events returns the history of a talk, oldest first. "" stands for changes that concern no talk.
func (c *Catalog) Events(ctx context.Context, slug string) ([]Event, error) {
	var events []Event
	err := eachRow(ctx, c.read, func(rows *sql.Rows) error {
		var e Event
		if err := rows.Scan(&e.ID, timeColumn{&e.At}, &e.Who, &e.What, jsonColumn{&e.Old}, jsonColumn{&e.New}); err != nil {
			return err
		}
		events = append(events, e)
		return nil
	}, `SELECT id, at_ms, who, what, old, new FROM events WHERE slug = ? ORDER BY id`, slug)
	if err != nil {
		return nil, fmt.Errorf("events of %s: %w", slug, err)
	}
	return events, nil
}

// change is a transaction that changes one talk, by one person at one time.
type change struct {
	*sql.Tx
	slug string
	who  string
	now  time.Time

	events int // recorded so far
}

// withChange calls do in one transaction and then, if that was committed, the function set by
// OnChange. An error is wrapped with doing and the slug: "save apis: …".
func (c *Catalog) withChange(ctx context.Context, doing, slug, who string, do func(*change) error) error {
	err := c.tx(ctx, func(tx *sql.Tx) error {
		return do(newChange(tx, slug, who))
	})
	if err != nil {
		return fmt.Errorf("%s %s: %w", doing, slug, err)
	}
	if c.onChange != nil {
		c.onChange(slug)
	}
	return nil
}

func newChange(tx *sql.Tx, slug, who string) *change {
	return &change{Tx: tx, slug: slug, who: who, now: time.Now()}
}

func (c *change) exec(ctx context.Context, query string, args ...any) error {
	_, err := c.ExecContext(ctx, query, args...)
	return err
}

// event records a change of what, such as "talk.title", in the talk's history. old and new are
// stored as JSON; old is nil if there was nothing, new if it was removed.
func (c *change) event(ctx context.Context, what string, old, new any) error {
	var columns [2]any
	for i, v := range []any{old, new} {
		if v == nil {
			continue
		}
		text, err := jsonText(v)
		if err != nil {
			return err
		}
		columns[i] = text
	}
	c.events++
	return c.exec(ctx, `INSERT INTO events (at_ms, slug, who, what, old, new) VALUES (?, ?, ?, ?, ?, ?)`,
		c.now.UnixMilli(), c.slug, c.who, what, columns[0], columns[1])
}
