package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// ArrivalState says whether an arrival belongs to a talk.
type ArrivalState string

// The states of an arrival.
const (
	ArrivalNew       ArrivalState = "new"       // not assigned to a talk yet
	ArrivalAssigned  ArrivalState = "taken"     // assigned to at least one
	ArrivalDismissed ArrivalState = "dismissed" // belongs to no talk
)

// Arrival is a recording that was uploaded, or found in the watched folder, and where it is.
type Arrival struct {
	ID        string          // of the upload, or derived from the file's identity
	Name      string          // of the file, as submitted
	Path      string          // absolute
	SHA256    string          //
	Size      int64           // bytes
	Who       string          // submitted it
	Room      string          // "": unknown
	StartedAt time.Time       // zero: unknown
	Length    time.Duration   // 0: not analysed yet
	Findings  json.RawMessage // of the analysis; "null": not analysed yet
	State     ArrivalState
	At        time.Time // when it arrived
	Talks     []string  // slugs of the talks that use it
}

// AddArrival adds an arrival that is assigned to no talk and not analysed yet; its Length,
// Findings, State and At are ignored. An arrival whose ID exists already stays as it is: a process
// that was killed may add it again.
func (c *Catalog) AddArrival(ctx context.Context, a Arrival) error {
	return c.withChange(ctx, "add a recording", "", a.Who, func(tx *change) error {
		var begun any
		if !a.StartedAt.IsZero() {
			begun = a.StartedAt.UnixMilli()
		}
		result, err := tx.ExecContext(ctx, `INSERT INTO arrivals VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, 'null', ?, ?) ON CONFLICT DO NOTHING`,
			a.ID, a.Name, a.Path, a.SHA256, a.Size, a.Who, a.Room, begun, ArrivalNew, tx.now.UnixMilli())
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return tx.event(ctx, "arrival", nil, map[string]any{"id": a.ID, "name": a.Name, "size": a.Size})
	})
}

// SaveFindings saves the length of an arrival and what its analysis found, as JSON. begun is when
// the recording was started; it is saved only if that was unknown. It does nothing if there is no
// such arrival.
func (c *Catalog) SaveFindings(ctx context.Context, id string, begun time.Time, length time.Duration, findings any) error {
	text, err := jsonText(findings)
	if err != nil {
		return err
	}
	var ms any
	if !begun.IsZero() {
		ms = begun.UnixMilli()
	}
	err = c.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE arrivals SET begun_ms = coalesce(begun_ms, ?), length_ms = ?, findings = ? WHERE id = ?`,
			ms, length.Milliseconds(), text, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("save the findings about recording %s: %w", id, err)
	}
	return nil
}

// SetArrivalState changes the state of an arrival. It returns ErrNotFound if there is none with
// that id.
func (c *Catalog) SetArrivalState(ctx context.Context, who, id string, state ArrivalState) error {
	return c.withChange(ctx, "change the state of a recording", "", who, func(tx *change) error {
		var old ArrivalState
		err := tx.QueryRowContext(ctx, `SELECT state FROM arrivals WHERE id = ?`, id).Scan(&old)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil || old == state {
			return err
		}
		if err := tx.exec(ctx, `UPDATE arrivals SET state = ? WHERE id = ?`, state, id); err != nil {
			return err
		}
		return tx.event(ctx, "arrival", map[string]string{"id": id, "state": string(old)}, map[string]string{"id": id, "state": string(state)})
	})
}

const arrivalColumns = `SELECT id, name, path, sha256, size, who, room, begun_ms, coalesce(length_ms, 0), findings, state, arrived_ms,
	(SELECT json_group_array(DISTINCT r.slug) FROM recordings r WHERE r.sha256 = arrivals.sha256) FROM arrivals`

// scan reads a row of arrivalColumns.
func (a *Arrival) scan(row interface{ Scan(...any) error }) error {
	var length int64
	var findings string
	err := row.Scan(&a.ID, &a.Name, &a.Path, &a.SHA256, &a.Size, &a.Who, &a.Room, timeColumn{&a.StartedAt}, &length, &findings, &a.State, timeColumn{&a.At}, jsonColumn{&a.Talks})
	a.Length, a.Findings = time.Duration(length)*time.Millisecond, json.RawMessage(findings)
	return err
}

// Arrivals returns all arrivals, dismissed ones too, newest first.
func (c *Catalog) Arrivals(ctx context.Context) (all []Arrival, err error) {
	err = eachRow(ctx, c.read, func(rows *sql.Rows) error {
		var a Arrival
		err := a.scan(rows)
		all = append(all, a)
		return err
	}, arrivalColumns+` ORDER BY arrived_ms DESC, id`)
	if err != nil {
		return nil, fmt.Errorf("list arrivals: %w", err)
	}
	return all, nil
}

// Arrival returns the arrival with that id, or ErrNotFound.
func (c *Catalog) Arrival(ctx context.Context, id string) (a Arrival, err error) {
	err = a.scan(c.read.QueryRowContext(ctx, arrivalColumns+` WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return a, fmt.Errorf("recording %s: %w", id, err)
	}
	return a, nil
}
