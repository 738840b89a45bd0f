// Package catalog keeps the durable facts of a data directory in SQLite: talks, recordings,
// cuts, track revisions, editions, publications, and an event for every change: who made it,
// when, and what it was. Beside them it records the conductor's runs and the reasons for them.
//
// Every method is one transaction and is safe for concurrent use, in one process and in
// several. What a method has written survives a power cut once it returned without error.
package catalog

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"modernc.org/sqlite" // also the driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/lectern-av/lectern/internal/inputerr"
)

// ErrNotFound says that the catalog does not contain what was asked for.
var ErrNotFound = errors.New("not in the catalogue")

// Catalog is the open catalog of a data directory.
type Catalog struct {
	dir      string
	write    *sql.DB // one connection: SQLite has one writer, and waiting here is fair
	read     *sql.DB
	onChange func(slug string) // of every change; may be nil
}

//go:embed migrations/*.sql
var migrations embed.FS

// Open opens the catalog in dir. It creates the directory and the database if needed, removes the
// permissions of other users from both, and applies migrations that are missing. It returns an
// error if a newer version of Lectern wrote the database. It does not take the directory's Lock.
func Open(ctx context.Context, dir string) (*Catalog, error) {
	c, err := open(ctx, dir, migrations)
	if err != nil {
		return nil, fmt.Errorf("open the catalogue in %s: %w", dir, err)
	}
	return c, nil
}

func open(ctx context.Context, dir string, steps fs.FS) (*Catalog, error) {
	if err := makePrivateDir(dir); err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := makePrivateDatabase(dir); err != nil {
		return nil, err
	}
	c := Catalog{dir: dir}
	if c.write, err = connect(dir, "immediate", 1); err != nil {
		return nil, err
	}
	if c.read, err = connect(dir, "deferred", 4); err == nil {
		err = migrate(ctx, c.write, steps)
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return &c, nil
}

// connect opens the database. transactions says how each one begins, as SQLite names it: an
// immediate one takes the write lock at once, so that it cannot fail halfway because it read before
// it wrote. With synchronous(FULL), a commit in WAL mode survives a power cut.
func connect(dir, transactions string, connections int) (*sql.DB, error) {
	u := url.URL{Scheme: "file", Path: filepath.Join(dir, "catalog.db")}
	u.RawQuery = url.Values{
		"_txlock": {transactions},
		"_pragma": {"busy_timeout(30000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"},
	}.Encode()
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// Close closes the connections to the database.
func (c *Catalog) Close() error {
	var err error
	for _, db := range []*sql.DB{c.read, c.write} {
		if db != nil {
			err = errors.Join(err, db.Close())
		}
	}
	return err
}

// migrate applies the numbered migrations ("migrations/0001_name.sql") that the database has
// not seen, each in a transaction with the version that it leads to.
func migrate(ctx context.Context, db *sql.DB, steps fs.FS) error {
	files, err := fs.Glob(steps, "migrations/*.sql")
	if err != nil {
		return err
	}
	version, err := schemaVersion(ctx, db)
	if err != nil {
		return err
	}
	if version > len(files) {
		return fmt.Errorf("it has schema version %d, but this lectern knows versions up to %d: use the newer lectern that wrote it", version, len(files))
	}
	for i, file := range files { // Glob sorts
		if i < version {
			continue
		}
		if number, _, _ := strings.Cut(filepath.Base(file), "_"); number != fmt.Sprintf("%04d", i+1) {
			return fmt.Errorf("migration %s is out of order", file)
		}
		step, err := fs.ReadFile(steps, file)
		if err != nil {
			return err
		}
		if err := inTx(ctx, db, func(tx *sql.Tx) error { return applyStep(ctx, tx, i+1, string(step)) }); err != nil {
			return fmt.Errorf("migration %s: %w", filepath.Base(file), err)
		}
	}
	return nil
}

// applyStep applies migration number unless the database has that version already, because another
// process applied it meanwhile.
func applyStep(ctx context.Context, tx *sql.Tx, number int, step string) error {
	if version, err := schemaVersion(ctx, tx); err != nil || version >= number {
		return err
	}
	if _, err := tx.ExecContext(ctx, step); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "PRAGMA user_version = "+strconv.Itoa(number))
	return err
}

func schemaVersion(ctx context.Context, q querier) (n int, err error) {
	err = q.QueryRowContext(ctx, "PRAGMA user_version").Scan(&n)
	return n, err
}

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// inTx calls do in one transaction, and commits it. If do fails, it rolls back and returns do's
// error.
func inTx(ctx context.Context, db *sql.DB, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		_ = tx.Rollback() // err says why
		return err
	}
	return tx.Commit()
}

// tx calls do in one writing transaction. If the disk is full, it returns an [inputerr.Error].
func (c *Catalog) tx(ctx context.Context, do func(*sql.Tx) error) error {
	err := inTx(ctx, c.write, do)
	var e *sqlite.Error
	if errors.As(err, &e) && e.Code() == sqlite3.SQLITE_FULL {
		full := inputerr.Coded("disk.full", "the disk is full").In(c.dir).Hint("Free some space, then run the same command again: nothing that was saved is lost")
		return fmt.Errorf("%w (%w)", full, err)
	}
	return err
}

// eachRow runs a query and calls scan for every row of its result, until scan fails.
func eachRow(ctx context.Context, q querier, scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// jsonColumn reads a column that holds v as JSON; v is a pointer.
type jsonColumn struct{ v any }

// jsonText returns v as JSON for a column.
func jsonText(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// Scan implements sql.Scanner: it decodes a text or blob column into v. NULL leaves v unchanged.
func (j jsonColumn) Scan(src any) error {
	switch b := src.(type) {
	case nil:
		return nil
	case string:
		return json.Unmarshal([]byte(b), j.v)
	case []byte:
		return json.Unmarshal(b, j.v)
	}
	return fmt.Errorf("a column of type %T does not hold JSON", src)
}

// timeColumn reads a column that holds a time as Unix milliseconds.
type timeColumn struct{ t *time.Time }

// Scan implements sql.Scanner; NULL leaves the time unchanged.
func (m timeColumn) Scan(src any) error {
	switch n := src.(type) {
	case nil:
		return nil
	case int64:
		*m.t = time.UnixMilli(n)
		return nil
	}
	return fmt.Errorf("a column of type %T does not hold a time", src)
}
