package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conductor"
	"github.com/lectern-av/lectern/internal/media"
)

// Bench runs benchmarks: it has the program to measure, generated media and a work directory.
type Bench struct {
	lectern   string // the program, an absolute path
	dir       string // media and results that are kept
	work      string // all else; removed at the end
	generator MediaGenerator
	small     bool
	corrected *correctedTalk // the talk that is corrected, once there is one
}

// niceness is the niceness of ffmpeg in Lectern. The programs it is compared with get the same, so
// that other load on the machine slows all of them alike.
const niceness = "10"

func newBench(lectern, dir string, small bool) (*Bench, error) {
	tools, err := media.FindTools()
	if err != nil {
		return nil, err
	}
	if lectern, err = filepath.Abs(lectern); err != nil {
		return nil, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make a place for media: %w", err)
	}
	work, err := os.MkdirTemp(dir, "work-")
	if err != nil {
		return nil, fmt.Errorf("make a place to work: %w", err)
	}
	b := &Bench{lectern: lectern, dir: dir, work: work, small: small}
	b.generator = MediaGenerator{Tools: tools, Dir: filepath.Join(dir, "media")}
	return b, makeShims(tools, filepath.Join(work, "shims"))
}

// forSize returns real for a benchmark, or small if the bench is only being tried.
func forSize[T any](b *Bench, real, small T) T {
	if b.small {
		return small
	}
	return real
}

// runRotated runs the contestants in order, starting with a different one in each round n.
func runRotated(n int, contestants ...func() error) error {
	for i := range contestants {
		if err := contestants[(n+i)%len(contestants)](); err != nil {
			return err
		}
	}
	return nil
}

// timePlain returns how many seconds a command takes, in the work directory and at the niceness of
// Lectern's ffmpeg, until the files that it makes are on the disk. makes are their names. The
// command is added to the round, unless that is nil.
func (b *Bench) timePlain(ctx context.Context, into *Round, makes []string, command ...string) (float64, error) {
	return b.timeUntilSynced(ctx, into, func() ([]string, error) {
		cmd := exec.CommandContext(ctx, "nice", append([]string{"-n", niceness}, command...)...)
		cmd.Dir = b.work
		made := make([]string, len(makes))
		for i, name := range makes {
			made[i] = filepath.Join(b.work, name)
		}
		said, err := cmd.CombinedOutput()
		if err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", b.displayCommand(command), err, said)
		}
		return made, nil
	}, append([]string{"nice", "-n", niceness}, command...))
}

// timeUntilSynced returns how many seconds do takes until the files that it returns are on the
// disk. Earlier writes are synced first, so that they do not count. command is what the round and
// the log name; the round may be nil.
func (b *Bench) timeUntilSynced(ctx context.Context, into *Round, do func() (made []string, err error), command []string) (float64, error) {
	if err := exec.CommandContext(ctx, "sync").Run(); err != nil {
		return 0, fmt.Errorf("sync: %w", err)
	}
	if into != nil {
		into.Commands = append(into.Commands, b.displayCommand(command))
	}
	began := time.Now()
	made, err := do()
	if err != nil {
		return 0, err
	}
	for _, path := range made {
		if err := syncFile(path); err != nil {
			return 0, err
		}
	}
	took := time.Since(began).Seconds()
	fmt.Fprintf(os.Stderr, "  %8.2f s  %.100s\n", took, b.displayCommand(command))
	return took, nil
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("sync what was made: %w", err)
	}
	defer f.Close()
	return f.Sync()
}

// displayCommand returns a command as one line for the table, with the names of programs and media
// instead of their paths.
func (b *Bench) displayCommand(command []string) string {
	words := make([]string, len(command))
	for i, w := range command {
		w = strings.ReplaceAll(w, b.work+"/", "")
		w = strings.ReplaceAll(w, b.dir+"/", "")
		w = strings.ReplaceAll(w, b.generator.Tools.FFmpeg, "ffmpeg")
		words[i] = shellQuote(strings.ReplaceAll(w, b.lectern, "lectern"))
	}
	return strings.Join(words, " ")
}

// shellQuote returns s as one word of a shell, in quotation marks if needed.
func shellQuote(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=+,@%") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// dataDir is a data directory and the bundles made from it.
type dataDir struct {
	bench *Bench
	dir   string
}

// newDataDir creates an empty data directory at dir. It removes what was there.
func (b *Bench) newDataDir(dir string) (*dataDir, error) {
	h := &dataDir{b, dir}
	if err := h.remove(); err != nil {
		return nil, err
	}
	return h, os.Mkdir(dir, 0o755)
}

func (h *dataDir) remove() error { return os.RemoveAll(h.dir) }

// RunResult is the result of one run of Lectern.
type RunResult struct {
	Bundle   string                     `json:"bundle"`
	Actions  map[string]conductor.Count `json:"actions"`
	Seconds  float64                    `json:"-"` // until all files of the bundle were on the disk
	Memory   int64                      `json:"-"` // bytes, the most that the process itself held
	Programs Programs                   `json:"-"` // ffmpeg and ffprobe, by the shim
}

// actionsRun returns how many actions ran, without those whose artifacts existed.
func (r RunResult) actionsRun() (n int) {
	for _, c := range r.Actions {
		n += c.Ran
	}
	return n
}

// run runs `lectern run` with these arguments, and returns its result and measurements. The command
// is added to the round, unless that is nil.
func (h *dataDir) run(ctx context.Context, into *Round, words ...string) (ran RunResult, err error) {
	b := h.bench
	log, err := os.MkdirTemp(b.work, "log-")
	if err != nil {
		return ran, err
	}
	defer os.RemoveAll(log)
	command := append([]string{b.lectern, "run"}, words...)
	command = append(command, "--json", "--data", filepath.Join(h.dir, "data"), "-o", filepath.Join(h.dir, "out"))
	ran.Seconds, err = b.timeUntilSynced(ctx, into, func() (made []string, err error) {
		if ran.Memory, err = b.runLectern(ctx, command, log, &ran); err != nil {
			return nil, err
		}
		return listFiles(ran.Bundle)
	}, command)
	if err != nil {
		return ran, err
	}
	ran.Programs, err = readShims(log)
	return ran, err
}

// runLectern runs Lectern with the shims in its PATH, decodes its output into printed, and returns
// the most memory that the process itself held, in bytes. log is the directory that the shims write
// to.
func (b *Bench) runLectern(ctx context.Context, command []string, log string, printed *RunResult) (memory int64, err error) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Dir = b.work
	cmd.Env = append(os.Environ(), "PATH="+filepath.Join(b.work, "shims")+":"+os.Getenv("PATH"), shimLog+"="+log)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("start lectern: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-look.C:
			if now, err := peakMemory(cmd.Process.Pid); err == nil { // it may just have ended
				memory = now
			}
		case err := <-ended:
			if err != nil {
				return 0, fmt.Errorf("%s: %w\n%s", b.displayCommand(command), err, said.Bytes())
			}
			return memory, json.Unmarshal(out.Bytes(), printed)
		}
	}
}

// listFiles returns the paths of all regular files below a directory.
func listFiles(dir string) (all []string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			all = append(all, path)
		}
		return err
	})
	return all, err
}

// writeFile writes a text file called name to the work directory, and returns its path.
func (b *Bench) writeFile(name, text string) (path string, err error) {
	path = filepath.Join(b.work, name)
	return path, os.WriteFile(path, []byte(text), 0o644)
}
