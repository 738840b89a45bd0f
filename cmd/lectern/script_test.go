package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lectern-av/lectern/internal/conductor"
)

// The scripts in testdata/script run the real command on real recordings with the real ffmpeg. A
// shim between the two (see shim_test.go) logs the calls of ffmpeg, so that a test need not trust
// what the program says.

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "ffmpeg" {
		shim()
	}
	testscript.Main(m, map[string]func(){
		"lectern": func() { os.Exit(run(os.Args[1:])) },
	})
}

func TestScripts(t *testing.T) { runScripts(t, "testdata/script") }

// runScripts runs the scripts in a directory, but not those in directories below it.
func runScripts(t *testing.T, dir string) {
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		Setup:               setUp,
		RequireExplicitExec: true,
		UpdateScripts:       *update,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"record":  record,
			"exits":   exits,
			"tree":    tree,
			"mark":    mark,
			"spoil":   spoil,
			"renewed": renewed,
			"encoded": encoded,
			"counted": counted,
			"speak":   speak,
			"retime":  retime,
			"verdict": verdict,
		},
		Condition: func(name string) (bool, error) {
			if name == "speech" {
				return canSpeak(), nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
	})
}

// setUp gives a script a data directory, the small pipeline, the examples of custom stages and the
// shim.
func setUp(e *testscript.Env) error {
	bin := filepath.Join(e.WorkDir, "bin")
	if err := installShim(bin); err != nil {
		return err
	}
	small, err := os.ReadFile("testdata/small.yaml")
	if err != nil {
		return err
	}
	e.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	sample, err := filepath.Abs("../../testdata/talk.mp4")
	if err != nil {
		return err
	}
	e.Setenv("SAMPLE", sample)
	e.Setenv("UNWATCHED", os.Getenv("PATH")) // for programs that get too small an environment for the shim
	lectern, err := exec.LookPath("lectern")
	if err != nil {
		return err
	}
	e.Setenv("LECTERN", lectern)
	e.Setenv(shimReal, realFFmpeg())
	e.Setenv(shimLog, filepath.Join(e.WorkDir, "ffmpeg.log"))
	e.Setenv("LECTERN_DATA", filepath.Join(e.WorkDir, "data"))
	e.Values[marksKey{}] = new(marks)
	if err := os.CopyFS(filepath.Join(e.WorkDir, "examples"), os.DirFS("../../pipelines/examples")); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(e.WorkDir, "small.yaml"), small, 0o600)
}

// marks is what a script noted at its last mark.
type marks struct {
	inodes map[string]uint64
	calls  int // in the shim's log
}

type marksKey struct{}

func scriptMarks(ts *testscript.TestScript) *marks { return ts.Value(marksKey{}).(*marks) }

// record FILE SECONDS [OPTION...] makes a recording of moving pictures and a tone, with
// further options for ffmpeg's output.
func record(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(makeRecording(ts.MkAbs(args[0]), args[1], args[2:]...))
}

// spoil FILE changes a byte in the store's copy of a file, as a failing disk does, and keeps its
// modification time.
func spoil(ts *testscript.TestScript, neg bool, args []string) {
	sum := sha256.Sum256([]byte(ts.ReadFile(args[0])))
	name := hex.EncodeToString(sum[:])
	path := filepath.Join(ts.Getenv("LECTERN_DATA"), "store", "blobs", name[:2], name)
	info, err := os.Stat(path)
	ts.Check(err)
	data, err := os.ReadFile(path)
	ts.Check(err)
	data[len(data)/2] ^= 1
	ts.Check(os.Chmod(path, 0o600))
	ts.Check(os.WriteFile(path, data, 0o600))
	ts.Check(os.Chtimes(path, time.Time{}, info.ModTime()))
}

// exits CODE COMMAND... runs a command that must end with that code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	code := 0
	err := ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		code = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if want := args[0]; strconv.Itoa(code) != want {
		ts.Fatalf("exit code %d, want %s\n%s%s", code, want, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

// tree DIR prints the files of a directory.
func tree(ts *testscript.TestScript, neg bool, args []string) {
	say(ts, slices.Sorted(maps.Keys(inodes(ts, args[0]))))
}

// mark DIR remembers the files of a bundle, and how often ffmpeg has been called.
func mark(ts *testscript.TestScript, neg bool, args []string) {
	m := scriptMarks(ts)
	m.inodes, m.calls = inodes(ts, args[0]), len(shimCalls(ts))
}

// renewed DIR prints the files that are not the same as at the mark: new ones, and with a minus
// those that are gone.
func renewed(ts *testscript.TestScript, neg bool, args []string) {
	before, now := scriptMarks(ts).inodes, inodes(ts, args[0])
	var all []string
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if now[name] != before[name] {
			all = append(all, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if now[name] == 0 {
			all = append(all, "-"+name)
		}
	}
	say(ts, all)
}

// encoded prints what ffmpeg encoded pictures for since the mark: cards, and chunks by the frames of
// their recording.
func encoded(ts *testscript.TestScript, neg bool, args []string) {
	say(ts, encodings(shimCalls(ts)[scriptMarks(ts).calls:]))
}

// say prints lines as the output of a script's command.
func say(ts *testscript.TestScript, lines []string) {
	out := ts.Stdout()
	for _, line := range lines {
		fmt.Fprintln(out, line)
	}
}

// counted compares the counts that the command just printed with --json to the calls of ffmpeg since
// the mark.
func counted(ts *testscript.TestScript, neg bool, args []string) {
	var said struct{ Actions map[string]conductor.Count }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &said))
	seen := map[string]int{"encode": 0, "card": 0}
	for _, what := range encodings(shimCalls(ts)[scriptMarks(ts).calls:]) {
		kind := "encode"
		if what == "card" {
			kind = "card"
		}
		seen[kind]++
	}
	for kind, n := range seen {
		if ran := said.Actions[kind].Ran; ran != n {
			ts.Fatalf("it says %d of %s ran, but ffmpeg was called for %d", ran, kind, n)
		}
	}
}

var chunkFrames = regexp.MustCompile(`trim=end_pts=(\d+):start_pts=(\d+)`)

// encodings returns what calls of ffmpeg encoded pictures for, sorted.
func encodings(calls [][]string) (all []string) {
	for _, args := range calls {
		line := strings.Join(args, " ")
		if !strings.Contains(line, "libx264") {
			continue
		}
		what := "card"
		if m := chunkFrames.FindStringSubmatch(line); m != nil {
			what = fmt.Sprintf("frames %s-%s", m[2], m[1])
		}
		all = append(all, what)
	}
	slices.Sort(all)
	return all
}

// shimCalls returns the arguments of ffmpeg's calls so far.
func shimCalls(ts *testscript.TestScript) [][]string {
	calls, err := readCalls(ts.Getenv(shimLog))
	ts.Check(err)
	return calls
}

// inodes returns the files below a directory with their inode numbers.
func inodes(ts *testscript.TestScript, dir string) map[string]uint64 {
	root := ts.MkAbs(dir)
	found := make(map[string]uint64)
	ts.Check(filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		found[name] = inodeOf(info)
		return err
	}))
	return found
}

func inodeOf(info fs.FileInfo) uint64 { return info.Sys().(*syscall.Stat_t).Ino }
