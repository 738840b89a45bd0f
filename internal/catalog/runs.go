package catalog

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/lectern-av/lectern/internal/action"
)

// The states of a slot.
const (
	Waiting = "waiting" // not done yet
	Reused  = "reused"  // its artifact was there
	Ran     = "ran"
	Failed  = "failed"
)

// Slot is what became of one action in one run.
type Slot struct {
	Slot     string          `json:"slot"` // its place in the talk, "encode/1080/r1/17"
	Kind     string          `json:"kind"`
	Key      action.Key      `json:"key"`
	Preimage []byte          `json:"-"` // what the key is the hash of, canonical JSON
	State    string          `json:"state"`
	Attempts int             `json:"attempts"`
	Took     time.Duration   `json:"took"` // to the millisecond
	Failure  *action.Failure `json:"failure,omitempty"`
}

// Run is one time that the conductor worked on a talk.
type Run struct {
	ID      int64     `json:"id"`
	Command string    `json:"command"`
	Begun   time.Time `json:"begun"`
	Ended   time.Time `json:"ended"`   // zero: it goes on, or its process died
	Outcome string    `json:"outcome"` // empty likewise
	Slots   []Slot    `json:"slots"`   // by slot
}

// BeginRun opens the book on a run.
func (c *Catalog) BeginRun(ctx context.Context, slug, command string) (run int64, err error) {
	err = c.change(ctx, "begin a run of", slug, lectern, func(tx *change) error {
		return tx.QueryRowContext(ctx, `INSERT INTO runs (slug, command, begun_ms) VALUES (?, ?, ?) RETURNING id`,
			slug, command, tx.now.UnixMilli()).Scan(&run)
	})
	return run, err
}

// RecordSlots writes how things stand with these slots of a run, in one transaction. A
// slot that was written before is replaced.
func (c *Catalog) RecordSlots(ctx context.Context, run int64, slots []Slot) error {
	err := c.tx(ctx, func(tx *sql.Tx) error { return recordSlots(ctx, tx, run, slots) })
	if err != nil {
		return fmt.Errorf("record %d slots of run %d: %w", len(slots), run, err)
	}
	return nil
}

func recordSlots(ctx context.Context, tx *sql.Tx, run int64, slots []Slot) error {
	preimage, err := tx.PrepareContext(ctx, `INSERT INTO preimages (key, preimage) VALUES (?, ?) ON CONFLICT DO NOTHING`)
	if err != nil {
		return err
	}
	defer preimage.Close()
	slot, err := tx.PrepareContext(ctx, `INSERT OR REPLACE INTO slots (run, slot, kind, key, state, attempts, took_ms, failure)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	defer slot.Close()
	for _, s := range slots {
		if len(s.Preimage) > 0 {
			if _, err := preimage.ExecContext(ctx, s.Key, s.Preimage); err != nil {
				return err
			}
		}
		var failure any
		if s.Failure != nil {
			if failure, err = jsonText(s.Failure); err != nil {
				return err
			}
		}
		if _, err := slot.ExecContext(ctx, run, s.Slot, s.Kind, s.Key, s.State, s.Attempts, s.Took.Milliseconds(), failure); err != nil {
			return err
		}
	}
	return nil
}

// EndRun closes the book on a run.
func (c *Catalog) EndRun(ctx context.Context, run int64, outcome string) error {
	err := c.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE runs SET ended_ms = ?, outcome = ? WHERE id = ?`,
			time.Now().UnixMilli(), outcome, run)
		return err
	})
	if err != nil {
		return fmt.Errorf("end run %d: %w", run, err)
	}
	return nil
}

// LastRuns is the last n runs of a talk with their slots, the newest first.
func (c *Catalog) LastRuns(ctx context.Context, slug string, n int) ([]Run, error) {
	var runs []Run
	err := inTx(ctx, c.read, func(tx *sql.Tx) (err error) {
		runs, err = lastRuns(ctx, tx, slug, n)
		for i := 0; err == nil && i < len(runs); i++ {
			runs[i].Slots, err = slotsOf(ctx, tx, runs[i].ID)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("runs of %s: %w", slug, err)
	}
	return runs, nil
}

func lastRuns(ctx context.Context, q querier, slug string, n int) (runs []Run, err error) {
	err = each(ctx, q, func(rows *sql.Rows) error {
		var r Run
		err := rows.Scan(&r.ID, &r.Command, millis{&r.Begun}, millis{&r.Ended}, &r.Outcome)
		runs = append(runs, r)
		return err
	}, `SELECT id, command, begun_ms, ended_ms, coalesce(outcome, '') FROM runs WHERE slug = ? ORDER BY id DESC LIMIT ?`, slug, n)
	return runs, err
}

func slotsOf(ctx context.Context, q querier, run int64) (slots []Slot, err error) {
	err = each(ctx, q, func(rows *sql.Rows) error {
		var s Slot
		var took int64
		err := rows.Scan(&s.Slot, &s.Kind, &s.Key, &s.Preimage, &s.State, &s.Attempts, &took, asJSON{&s.Failure})
		s.Took = time.Duration(took) * time.Millisecond
		slots = append(slots, s)
		return err
	}, `SELECT slot, kind, key, preimage, state, attempts, took_ms, failure
		FROM slots LEFT JOIN preimages USING (key) WHERE run = ? ORDER BY slot`, run)
	return slots, err
}

// ForgetRuns forgets all but the last keep runs of every talk, and the preimages that
// no slot needs any more.
func (c *Catalog) ForgetRuns(ctx context.Context, keep int) error {
	err := c.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM runs WHERE id IN (SELECT id FROM (
			SELECT id, row_number() OVER (PARTITION BY slug ORDER BY id DESC) AS age FROM runs) WHERE age > ?)`, keep)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM preimages WHERE key NOT IN (SELECT key FROM slots)`)
		return err
	})
	if err != nil {
		return fmt.Errorf("forget old runs: %w", err)
	}
	return nil
}
