package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Result is the result of a benchmark: its rounds, all with the same program on the same machine.
type Result struct {
	Setting Environment `json:"setting"`
	Wanted  int         `json:"wanted"` // rounds
	Ended   time.Time   `json:"ended"`  // of the last round
	Rounds  []Round     `json:"rounds"`
}

func (r *Result) add(round Round) {
	r.Rounds = append(r.Rounds, round)
	r.Ended = time.Now()
}

// ResultStore keeps the rounds of each benchmark as JSON, and a table of all results. A new result
// replaces the older one of the same benchmark.
type ResultStore struct {
	Table  string // the Markdown
	Rounds string // directory of the rounds; empty: nothing is kept
}

// resumable returns the stored result of a benchmark that was interrupted, if it was made with the
// same program on the same machine and with as many rounds wanted, or else an empty one.
func (b ResultStore) resumable(row string, s Environment, wanted int) (Result, error) {
	kept, err := b.load(row)
	if err != nil {
		return Result{}, err
	}
	if kept.Setting == s && kept.Wanted == wanted && len(kept.Rounds) < wanted {
		return kept, nil
	}
	return Result{Setting: s, Wanted: wanted}, nil
}

func (b ResultStore) load(row string) (r Result, err error) {
	if b.Rounds == "" {
		return r, nil
	}
	text, err := os.ReadFile(b.file(row))
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return r, fmt.Errorf("read earlier rounds: %w", err)
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, fmt.Errorf("read earlier rounds: %s: %w", b.file(row), err)
	}
	return r, nil
}

func (b ResultStore) file(row string) string { return filepath.Join(b.Rounds, row+".json") }

// save writes a benchmark's result to its file, if results are kept.
func (b ResultStore) save(row string, r Result) error {
	if b.Rounds == "" {
		return nil
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write the rounds of %s: %w", row, err)
	}
	if err := os.MkdirAll(b.Rounds, 0o755); err != nil {
		return fmt.Errorf("keep rounds: %w", err)
	}
	return writeFileAtomic(b.file(row), text)
}

// writeFileAtomic writes a file under another name, and then renames it, so that a reader sees the
// old or the new content.
func writeFileAtomic(path string, text []byte) error {
	temp := path + ".new"
	if err := os.WriteFile(temp, text, 0o644); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(temp, path)
}

const tableIntro = `# Benchmarks

` + "`make bench`" + ` measures Lectern against plain ffmpeg and plain copies, side by side on
generated talks: slides, a moving camera picture, a voice. In each round all
contestants run once, one after the other, in a rotating order; the table has medians. Times
are of the whole command from its start until its files are on the disk. What Lectern encoded is
counted by a shim in front of ffmpeg, not by Lectern. ` + "`make bench ONLY=ladder`" + ` measures one
row; the table keeps the newest result of each.

`

// renderTable writes the table of all benchmarks that have a result, with the details of each, if
// results are kept.
func (b ResultStore) renderTable(rows []Benchmark) error {
	if b.Rounds == "" {
		return nil
	}
	var table, details strings.Builder
	for _, row := range rows {
		result, err := b.load(row.Name)
		if err != nil {
			return err
		}
		if len(result.Rounds) == 0 {
			continue
		}
		for _, l := range row.Evaluate(result.Rounds) {
			table.WriteString(l.markdown(len(result.Rounds)))
		}
		details.WriteString(result.details(row))
	}
	return writeFileAtomic(b.Table, []byte(tableIntro+tableHead+table.String()+details.String()))
}

// details returns a section in Markdown on how a benchmark was measured: the method, when, with
// what and where, and the commands of the last round.
func (r Result) details(row Benchmark) string {
	var s strings.Builder
	fmt.Fprintf(&s, "\n## %s\n\n%s\n\n", row.Name, row.Method)
	fmt.Fprintf(&s, "Measured %s on %s, with %s.\n", r.Ended.Format(time.DateOnly), r.Setting.Machine, r.Setting.versions())
	last := r.Rounds[len(r.Rounds)-1]
	if len(last.Commands) > 0 {
		fmt.Fprintf(&s, "\n```sh\n%s\n```\n", strings.Join(last.Commands, "\n"))
	}
	return s.String()
}

func (s Environment) versions() string {
	return fmt.Sprintf("Lectern %s, ffmpeg %s, %s", cmp.Or(s.Commit, "of unknown commit"), s.FFmpeg, s.Go)
}
