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

// SlotState says what happened to an action in a run.
type SlotState string

// The states of a slot.
const (
	SlotWaiting SlotState = "waiting" // not done yet
	SlotReused  SlotState = "reused"  // its artifact existed
	SlotRan     SlotState = "ran"
	SlotFailed  SlotState = "failed"
)

// SlotResult is the state of one action in one run.
type SlotResult struct {
	Slot     string          `json:"slot"` // the action's name within the talk: "encode/1080/r1/17"
	Kind     string          `json:"kind"`
	Key      action.Key      `json:"key"`
	Preimage []byte          `json:"-"` // what the key is the hash of, as canonical JSON
	State    SlotState       `json:"state"`
	Attempts int             `json:"attempts"`
	Took     time.Duration   `json:"took"` // to the millisecond
	Failure  *action.Failure `json:"failure,omitempty"`
}

// Run is one time that the conductor worked on a talk.
type Run struct {
	ID      int64        `json:"id"`
	Command string       `json:"command"`
	Started time.Time    `json:"begun"`
	Ended   time.Time    `json:"ended"`   // zero: still running, or its process died
	Outcome string       `json:"outcome"` // "" likewise
	Slots   []SlotResult `json:"slots"`   // by slot
}

// BeginRun saves a new run of a talk, which starts now, and returns its ID. command is the command
// line that started it.
func (c *Catalog) BeginRun(ctx context.Context, slug, command string) (run int64, err error) {
	err = c.withChange(ctx, "begin a run of", slug, systemUser, func(tx *change) error {
		return tx.QueryRowContext(ctx, `INSERT INTO runs (slug, command, begun_ms) VALUES (?, ?, ?) RETURNING id`,
			slug, command, tx.now.UnixMilli()).Scan(&run)
	})
	return run, err
}

// RecordSlots saves the states of some slots of a run in one transaction. Those of slots that were
// saved before are replaced.
func (c *Catalog) RecordSlots(ctx context.Context, run int64, slots []SlotResult) error {
	err := c.tx(ctx, func(tx *sql.Tx) error { return recordSlots(ctx, tx, run, slots) })
	if err != nil {
		return fmt.Errorf("record %d slots of run %d: %w", len(slots), run, err)
	}
	return nil
}

func recordSlots(ctx context.Context, tx *sql.Tx, run int64, slots []SlotResult) error {
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

// EndRun records that a run ends now, and with which outcome.
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

// RunInterrupted is the outcome of a run that was stopped early.
const RunInterrupted = "interrupted"

// EndInterruptedRuns ends all runs that have not ended, with the outcome RunInterrupted. Call it
// only with the directory's Lock, which ensures that the processes of these runs have died.
func (c *Catalog) EndInterruptedRuns(ctx context.Context) error {
	err := c.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE runs SET ended_ms = ?, outcome = ? WHERE ended_ms IS NULL`, time.Now().UnixMilli(), RunInterrupted)
		return err
	})
	if err != nil {
		return fmt.Errorf("end interrupted runs: %w", err)
	}
	return nil
}

// Timing is how long some actions took, for how much of a programme.
type Timing struct {
	Took      time.Duration // of all measured actions
	Programme time.Duration // how much of programmes they produced
	Actions   int
}

// TimingGroup is the actions of a kind in one part of their stage: "encode" of "1080".
type TimingGroup struct{ Kind, Part string }

// TimingGroupOf returns the group of an action. Its part is the second element of the slot: "1080"
// of "encode/1080/r1/17".
func TimingGroupOf(kind, slot string) TimingGroup {
	_, rest, _ := strings.Cut(slot, "/")
	place, _, _ := strings.Cut(rest, "/")
	return TimingGroup{kind, place}
}

// timedRuns is how many of the last runs Timings evaluates.
const timedRuns = 60

// Timings returns how long actions took in the last runs, for each group, and for each kind under
// an empty Part. Only actions that ran count, not reused ones. A talk's programme length is divided
// equally among the actions of a group in a run.
func (c *Catalog) Timings(ctx context.Context) (map[TimingGroup]Timing, error) {
	timings := make(map[TimingGroup]Timing)
	err := inTx(ctx, c.read, func(tx *sql.Tx) error {
		lengths, err := programmeLengths(ctx, tx, timedRuns)
		for run, length := range lengths {
			if err == nil {
				err = addTimings(ctx, tx, run, length, timings)
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read timings of actions: %w", err)
	}
	return timings, nil
}

// programmeLengths returns the length of the talk's programme, as it was last published, for each
// of the last n runs that ended. Runs of talks that were never published do not count.
func programmeLengths(ctx context.Context, q querier, n int) (map[int64]time.Duration, error) {
	lengths := make(map[int64]time.Duration)
	err := eachRow(ctx, q, func(rows *sql.Rows) error {
		var run int64
		var e conference.Edition
		err := rows.Scan(&run, jsonColumn{&e})
		lengths[run] = e.Programme.Duration()
		return err
	}, `SELECT runs.id, body FROM runs
		JOIN publications p ON p.id = (SELECT max(id) FROM publications WHERE slug = runs.slug)
		JOIN editions e ON e.id = p.edition
		WHERE ended_ms IS NOT NULL ORDER BY runs.id DESC LIMIT ?`, n)
	return lengths, err
}

// addTimings adds the timings of the actions that ran in a run to timings. length is that of the
// programme.
func addTimings(ctx context.Context, q querier, run int64, length time.Duration, timings map[TimingGroup]Timing) error {
	type sum struct {
		took     time.Duration
		ran, all int
	}
	sums := make(map[TimingGroup]sum)
	err := eachRow(ctx, q, func(rows *sql.Rows) error {
		var kind, slot string
		var state SlotState
		var took int64
		err := rows.Scan(&kind, &slot, &state, &took)
		g := TimingGroupOf(kind, slot)
		s := sums[g]
		s.all++
		if state == SlotRan {
			s.ran++
			s.took += time.Duration(took) * time.Millisecond
		}
		sums[g] = s
		return err
	}, `SELECT kind, slot, state, took_ms FROM slots WHERE run = ?`, run)
	for g, s := range sums {
		if s.ran > 0 {
			measured := Timing{s.took, length * time.Duration(s.ran) / time.Duration(s.all), s.ran}
			if g.Part != "" {
				timings[g] = timings[g].Add(measured)
			}
			timings[TimingGroup{Kind: g.Kind}] = timings[TimingGroup{Kind: g.Kind}].Add(measured)
		}
	}
	return err
}

// Add returns the timing of the actions of p and those of q together.
func (p Timing) Add(q Timing) Timing {
	return Timing{p.Took + q.Took, p.Programme + q.Programme, p.Actions + q.Actions}
}

// LastRuns returns the last n runs of a talk with their slots, newest first.
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
	err = eachRow(ctx, q, func(rows *sql.Rows) error {
		var r Run
		err := rows.Scan(&r.ID, &r.Command, timeColumn{&r.Started}, timeColumn{&r.Ended}, &r.Outcome)
		runs = append(runs, r)
		return err
	}, `SELECT id, command, begun_ms, ended_ms, coalesce(outcome, '') FROM runs WHERE slug = ? ORDER BY id DESC LIMIT ?`, slug, n)
	return runs, err
}

func slotsOf(ctx context.Context, q querier, run int64) (slots []SlotResult, err error) {
	err = eachRow(ctx, q, func(rows *sql.Rows) error {
		var s SlotResult
		var took int64
		err := rows.Scan(&s.Slot, &s.Kind, &s.Key, &s.Preimage, &s.State, &s.Attempts, &took, jsonColumn{&s.Failure})
		s.Took = time.Duration(took) * time.Millisecond
		slots = append(slots, s)
		return err
	}, `SELECT slot, kind, key, preimage, state, attempts, took_ms, failure
		FROM slots LEFT JOIN preimages USING (key) WHERE run = ? ORDER BY slot`, run)
	return slots, err
}

// PruneRuns deletes all runs of each talk but the last keep ones, and the preimages that no slot
// has any more.
func (c *Catalog) PruneRuns(ctx context.Context, keep int) error {
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
		return fmt.Errorf("prune runs: %w", err)
	}
	return nil
}
