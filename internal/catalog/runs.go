package catalog

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/conference"
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

// Interrupted is the outcome of a run that was ended before its time.
const Interrupted = "interrupted"

// EndLostRuns closes the book on runs that are open: as no two processes hold a data
// directory, whoever was at them has died.
func (c *Catalog) EndLostRuns(ctx context.Context) error {
	err := c.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE runs SET ended_ms = ?, outcome = ? WHERE ended_ms IS NULL`, time.Now().UnixMilli(), Interrupted)
		return err
	})
	if err != nil {
		return fmt.Errorf("end runs that were lost: %w", err)
	}
	return nil
}

// Pace is how long some actions took, and for how much.
type Pace struct {
	Took      time.Duration // of all that were measured
	Programme time.Duration // how much of programmes they made
	Actions   int
}

// Group is the actions of a kind at one place of their stage: "encode" of "1080".
type Group struct{ Kind, Place string }

// GroupOf is the group of an action of a kind by its slot.
func GroupOf(kind, slot string) Group {
	_, rest, _ := strings.Cut(slot, "/")
	place, _, _ := strings.Cut(rest, "/")
	return Group{kind, place}
}

// measuredRuns is how many of the last runs Paces goes by.
const measuredRuns = 60

// Paces is what the last runs measured, by group and, with no place, by kind. Each action of a group in a run is taken to have made
// as much of the programme as any other of it.
func (c *Catalog) Paces(ctx context.Context) (map[Group]Pace, error) {
	paces := make(map[Group]Pace)
	err := inTx(ctx, c.read, func(tx *sql.Tx) error {
		lengths, err := lengthsOfRuns(ctx, tx, measuredRuns)
		for run, length := range lengths {
			if err == nil {
				err = addPaces(ctx, tx, run, length, paces)
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("how long actions took: %w", err)
	}
	return paces, nil
}

// lengthsOfRuns is the last n runs that ended, and how long the programme is that their talk
// was last published with.
func lengthsOfRuns(ctx context.Context, q querier, n int) (map[int64]time.Duration, error) {
	lengths := make(map[int64]time.Duration)
	err := each(ctx, q, func(rows *sql.Rows) error {
		var run int64
		var e conference.Edition
		err := rows.Scan(&run, asJSON{&e})
		lengths[run] = e.Programme.Duration()
		return err
	}, `SELECT runs.id, body FROM runs
		JOIN publications p ON p.id = (SELECT max(id) FROM publications WHERE slug = runs.slug)
		JOIN editions e ON e.id = p.edition
		WHERE ended_ms IS NOT NULL ORDER BY runs.id DESC LIMIT ?`, n)
	return lengths, err
}

// addPaces adds what a run measured.
func addPaces(ctx context.Context, q querier, run int64, length time.Duration, paces map[Group]Pace) error {
	type sum struct {
		took     time.Duration
		ran, all int
	}
	sums := make(map[Group]sum)
	err := each(ctx, q, func(rows *sql.Rows) error {
		var kind, slot, state string
		var took int64
		err := rows.Scan(&kind, &slot, &state, &took)
		g := GroupOf(kind, slot)
		s := sums[g]
		if s.all++; state == Ran {
			s.ran++
			s.took += time.Duration(took) * time.Millisecond
		}
		sums[g] = s
		return err
	}, `SELECT kind, slot, state, took_ms FROM slots WHERE run = ?`, run)
	for g, s := range sums {
		if s.ran > 0 {
			measured := Pace{s.took, length * time.Duration(s.ran) / time.Duration(s.all), s.ran}
			if g.Place != "" {
				paces[g] = paces[g].Plus(measured)
			}
			paces[Group{Kind: g.Kind}] = paces[Group{Kind: g.Kind}].Plus(measured)
		}
	}
	return err
}

// Plus is what p and q measured together.
func (p Pace) Plus(q Pace) Pace {
	return Pace{p.Took + q.Took, p.Programme + q.Programme, p.Actions + q.Actions}
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
