//go:build slow

package conductor_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/bundle"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conductor"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/queue"
	"github.com/lectern-av/lectern/internal/store"
	"github.com/lectern-av/lectern/internal/submission"
	"github.com/lectern-av/lectern/pipelines"
	"github.com/lectern-av/lectern/worker"
)

// These tests build a talk of nine chunks with real processes that are killed, and compare its
// files with those of an undisturbed run.

// TestMain is also the main function of the process that kills itself at a step.
func TestMain(m *testing.M) {
	if step := os.Getenv("CONDUCTOR_TEST_DIE_AT"); step != "" {
		if err := buildUntilStep(os.Args[1], step); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const pipelineYAML = `
programme: {opening: 1s, closing: 1s, chunk: 5s}
stages:
  - {uses: probe}
  - {uses: index, needs: [probe]}
  - {uses: analyse, needs: [index]}
  - {uses: encode, needs: [index], with: {renditions: [{height: 90, lossless: true, preset: ultrafast}]}}
  - {uses: card, needs: [encode]}
  - {uses: audio, needs: [index, analyse]}
  - {uses: assemble, needs: [card, encode, audio]}
  - {uses: captions}
  - {uses: subtitled, needs: [assemble, captions]}
  - {uses: bundle, needs: [assemble, subtitled, captions]}
`

const (
	subtitleSRT = "1\n00:00:01,000 --> 00:00:04,000\nWelcome to the talk.\n\n2\n00:00:30,000 --> 00:00:34,000\nThat was it.\n"
	rendition   = "90-lossless"
)

// testTalk is a directory with a recording and all that a run needs.
type testTalk struct {
	dir string // with talk.mp4, talk.srt, pipeline.yaml; data/ and out/ come
}

func newTestTalk(t *testing.T) testTalk {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"talk.srt": subtitleSRT, "pipeline.yaml": pipelineYAML} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command(t, "ffmpeg", "-v", "error", "-nostdin",
		"-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=43", "-f", "lavfi", "-i", "anoisesrc=r=48000:a=0.1:d=43:seed=1",
		"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", filepath.Join(dir, "talk.mp4"))
	return testTalk{dir}
}

// clone returns the same talk, not yet built, in a new directory.
func (k testTalk) clone(t *testing.T) testTalk {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"talk.mp4", "talk.srt", "pipeline.yaml"} {
		if err := os.Link(filepath.Join(k.dir, name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return testTalk{dir}
}

func (k testTalk) path(parts ...string) string {
	return filepath.Join(append([]string{k.dir}, parts...)...)
}

// runCommand returns `lectern run` for the talk, ready to start.
func (k testTalk) runCommand(t *testing.T, lectern string, flags ...string) *exec.Cmd {
	args := append([]string{"run", k.path("talk.mp4"), "--slug", "talk", "--title", "The talk", "--subtitles", "en=" + k.path("talk.srt"),
		"--pipeline", k.path("pipeline.yaml"), "--data", k.path("data"), "-o", k.path("out"), "--json"}, flags...)
	cmd := exec.CommandContext(t.Context(), lectern, args...)
	cmd.Stderr = new(bytes.Buffer)
	return cmd
}

// mustRun runs a command that must succeed, and returns its output and duration.
func mustRun(t *testing.T, cmd *exec.Cmd) (printed []byte, took time.Duration) {
	t.Helper()
	began := time.Now()
	printed, err := cmd.Output()
	if err != nil {
		t.Fatalf("%q: %v\n%s", cmd.Args, err, cmd.Stderr)
	}
	return printed, time.Since(began)
}

func command(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stderr = new(bytes.Buffer)
	printed, _ := mustRun(t, cmd)
	return printed
}

// buildLectern compiles lectern and returns its path.
func buildLectern(t *testing.T) (lectern string) {
	t.Helper()
	lectern = filepath.Join(t.TempDir(), "lectern")
	command(t, "go", "build", "-o", lectern, "github.com/lectern-av/lectern/cmd/lectern")
	return lectern
}

// decodedOutput returns what a viewer gets of each file: the hash and time of every decoded frame of
// video and audio, and the text of the captions.
func (k testTalk) decodedOutput(t *testing.T) map[string]string {
	t.Helper()
	files := make(map[string]string)
	videos, err := filepath.Glob(k.path("out", "talk", "video", "*"))
	if err != nil || len(videos) != 2 {
		t.Fatalf("videos: %q, %v", videos, err)
	}
	for _, path := range videos {
		files[filepath.Base(path)] = string(command(t, "ffmpeg", "-v", "error", "-nostdin", "-i", path,
			"-map", "0:v:0", "-map", "0:a:0", "-f", "framehash", "-hash", "md5", "-"))
	}
	for _, name := range []string{"talk.en.srt", "talk.en.vtt"} {
		text, err := os.ReadFile(k.path("out", "talk", "captions", name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(text)
	}
	return files
}

// expectOutput checks the output of a run, and that no scratch files or processes are left.
func (k testTalk) expectOutput(t *testing.T, want map[string]string) {
	t.Helper()
	k.verifyBundle(t)
	if got := k.decodedOutput(t); !maps.Equal(got, want) {
		for name := range want {
			if got[name] != want[name] {
				t.Errorf("%s differs from that of an undisturbed run", name)
			}
		}
	}
	for dir, pattern := range map[string]string{"scratch": k.path("data", "store", "scratch", "*"), "out": k.path("out", ".*")} {
		if left, err := filepath.Glob(pattern); err != nil || len(left) > 0 {
			t.Errorf("left in %s: %q, %v", dir, left, err)
		}
	}
	k.expectNoProcesses(t)
}

// verifyBundle checks the bundle as `lectern bundle verify` does.
func (k testTalk) verifyBundle(t *testing.T) {
	t.Helper()
	tools, err := media.FindTools()
	if err != nil {
		t.Fatal(err)
	}
	if r, err := bundle.Verify(t.Context(), tools, k.path("out", "talk")); err != nil || !r.OK {
		t.Errorf("the bundle is damaged: %v\n%v", err, r)
	}
}

// expectNoProcesses checks that no process works on the talk. The kernel kills them with their
// parent, which may take a moment.
func (k testTalk) expectNoProcesses(t *testing.T) {
	t.Helper()
	processes, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range processes {
		line, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(line, []byte(k.dir)) { // gone, or not ours
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			t.Fatal(err)
		}
		fd, err := unix.PidfdOpen(pid, 0)
		if errors.Is(err, unix.ESRCH) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		n, _ := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 5000)
		unix.Close(fd)
		if n != 1 {
			t.Errorf("process outlived its parent: %q", bytes.Split(line, []byte{0}))
		}
	}
}

func TestRun_KilledTwentyTimes(t *testing.T) {
	lectern := buildLectern(t)
	whole := newTestTalk(t)
	_, took := mustRun(t, whole.runCommand(t, lectern))
	want := whole.decodedOutput(t)
	whole.expectOutput(t, want)

	const seed = 20
	random := rand.New(rand.NewPCG(seed, 0))
	k := whole.clone(t)
	for kills := 0; kills < 20; {
		cmd := k.runCommand(t, lectern)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		// A run that continues others reaches the second half of the work.
		after := time.Duration(random.Int64N(int64(took / 2)))
		select {
		case <-time.After(after):
			if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
				t.Fatal(err)
			}
			if err := <-ended; err == nil {
				continue // it finished before the kill
			}
			kills++
			t.Logf("kill %d after %s", kills, after)
			k.expectNoProcesses(t)
		case err := <-ended:
			if err != nil {
				t.Fatalf("a run after %d kills: %v\n%s", kills, err, cmd.Stderr)
			}
			t.Logf("finished after %d kills; beginning anew", kills)
			k.expectOutput(t, want)
			k = whole.clone(t)
		}
	}
	mustRun(t, k.runCommand(t, lectern))
	k.expectOutput(t, want)
}

// Every step that makes an artifact or a bundle is durable. A process that is killed before any of
// them leaves no incomplete bundle.
func TestBuild_KilledBetweenDurableSteps(t *testing.T) {
	whole := newTestTalk(t)
	if err := build(whole.dir, nil); err != nil {
		t.Fatal(err)
	}
	want := whole.decodedOutput(t)

	k := whole.clone(t)
	for _, step := range []string{
		"blob 1", "record 1", "blob 3", "record 3", "blob 4", "record 4", "blob 2", "record 2",
		"stage 1", "place 1", "place 3", "sync 1", "rename 1",
	} {
		k.buildAndDie(t, step)
		if _, err := os.Stat(k.path("out", "talk")); err == nil {
			t.Fatalf("killed at %s, and there is a bundle", step)
		}
	}
	if err := build(k.dir, nil); err != nil {
		t.Fatal(err)
	}
	k.expectOutput(t, want)

	// With a corrected caption, the earlier bundle stays until the new one is complete.
	before := k.decodedOutput(t)
	corrected := strings.ReplaceAll(subtitleSRT, "That was it", "This was it")
	if err := os.Remove(k.path("talk.srt")); err != nil { // which is a hard link
		t.Fatal(err)
	}
	if err := os.WriteFile(k.path("talk.srt"), []byte(corrected), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, step := range []string{"record 1", "blob 2", "record 2", "stage 1", "place 2", "sync 1", "exchange 1"} {
		k.buildAndDie(t, step)
		k.verifyBundle(t)
		if !maps.Equal(k.decodedOutput(t), before) {
			t.Errorf("killed at %s: the earlier bundle changed", step)
		}
	}
	k.buildAndDie(t, "sweep 1") // the new bundle is in place
	k.verifyBundle(t)
	if err := build(k.dir, nil); err != nil {
		t.Fatal(err)
	}
	for name, text := range want {
		want[name] = strings.ReplaceAll(text, "That was it", "This was it")
	}
	k.expectOutput(t, want)
}

// buildAndDie builds the talk in a process that kills itself before the given step.
func (k testTalk) buildAndDie(t *testing.T, step string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, k.dir)
	cmd.Env = append(os.Environ(), "CONDUCTOR_TEST_DIE_AT="+step)
	said, err := cmd.CombinedOutput()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		t.Fatalf("not killed at %s: %v\n%s", step, err, said)
	}
	k.expectNoProcesses(t)
}

// buildUntilStep kills its own process before a step, such as "record 2": the second step whose
// name begins with "record".
func buildUntilStep(dir, at string) error {
	word, number, _ := strings.Cut(at, " ")
	left, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	turn := make(chan struct{}, 1) // steps come from several goroutines
	return build(dir, func(step string) {
		turn <- struct{}{}
		if strings.HasPrefix(step, word) {
			if left--; left == 0 {
				syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {} // wait to be killed
			}
		}
		<-turn
	})
}

// build does what `lectern run` does, and calls trace before every durable step.
func build(dir string, trace func(step string)) (err error) {
	if trace == nil {
		trace = func(string) {}
	}
	ctx, k := context.Background(), testTalk{dir}
	lock, err := catalog.Lock(k.path("data"), "test")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	books, err := catalog.Open(ctx, k.path("data"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, books.Close()) }()
	shelves, err := store.Open(k.path("data", "store"), store.WithTrace(trace))
	if err == nil {
		err = shelves.SweepScratch(ctx)
	}
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	q, err := queue.Open(ctx, queue.Options{Name: shelves.ID(), Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, q.Close()) }()
	tools, err := media.FindTools()
	if err != nil {
		return err
	}
	w := &worker.Worker{Store: shelves, Media: tools, Kinds: worker.Kinds(), Log: log}
	serving, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- q.Serve(serving, queue.ServeOptions{Worker: "test", Slots: 2}, w.Handle) }()
	defer func() { stop(); err = errors.Join(err, <-served) }()

	want, err := k.buildRequest(ctx, books)
	if err != nil {
		return err
	}
	r := &conductor.Builder{
		Conductor: conductor.Conductor{Store: shelves, Queue: q, Recorder: books, Log: log, MaxInFlight: 6},
		Catalog:   books, Blobs: shelves, Kinds: worker.PlanKinds(worker.Kinds()), Trace: trace,
	}
	_, err = r.Build(ctx, want)
	return err
}

// buildRequest returns the request to build the talk.
func (k testTalk) buildRequest(ctx context.Context, books *catalog.Catalog) (want conductor.BuildRequest, err error) {
	if want.Pipeline, err = pipelines.Load(k.path("pipeline.yaml"), worker.PipelineKinds(worker.Kinds())); err != nil {
		return want, err
	}
	text, err := os.ReadFile(k.path("talk.srt"))
	if err != nil {
		return want, err
	}
	spoken, err := submission.ParseSubtitleFile("talk.srt", "en", "", text)
	if err != nil {
		return want, err
	}
	spoken.Track.Kind = conference.Authored
	want.Who, want.Command = "test", "test"
	want.Uploads = []submission.SubtitleFile{spoken}
	s := &want.Submission
	s.Out, s.Pipeline, s.PipelineText = k.path("out"), want.Pipeline.Name, want.Pipeline.Text
	s.Facts.Talk = conference.Talk{Slug: "talk", Title: "The talk", Kind: "talk", Language: "en"}
	s.Facts.Recordings, want.Originals, err = submission.HashRecordings(ctx, books, []string{k.path("talk.mp4")}, nil)
	return want, err
}

// A segment that another x264 made cannot be joined to the others. The rendition is encoded again,
// once, and the output is that of an undisturbed run.
func TestRun_UnlikeSegmentsAreReencoded(t *testing.T) {
	lectern := buildLectern(t)
	whole := newTestTalk(t)
	mustRun(t, whole.runCommand(t, lectern, "--title", "Another title"))
	want := whole.decodedOutput(t)

	k := whole.clone(t)
	mustRun(t, k.runCommand(t, lectern))
	k.replaceSegment(t, "encode/"+rendition+"/r1/3")
	printed, _ := mustRun(t, k.runCommand(t, lectern, "--title", "Another title")) // has to join again
	if ran := actionCounts(t, printed)["encode"].Ran; ran != 9 {
		t.Errorf("%d chunks were encoded, want 9", ran)
	}
	k.expectOutput(t, want)
	if salts := k.submission(t).Facts.Salts; !maps.Equal(salts, map[string]int{rendition: 1}) {
		t.Errorf("salts: %v", salts)
	}
	printed, _ = mustRun(t, k.runCommand(t, lectern, "--title", "Another title"))
	if ran := totalRan(t, printed); ran != 0 {
		t.Errorf("with nothing changed %d actions ran", ran)
	}
}

// submission returns the talk as the catalog has it.
func (k testTalk) submission(t *testing.T) catalog.Submission {
	t.Helper()
	books, err := catalog.Open(t.Context(), k.path("data"))
	if err != nil {
		t.Fatal(err)
	}
	defer books.Close()
	s, err := books.Talk(t.Context(), "talk")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// findArtifact returns the store, the artifact of a slot in the last run, and the path of its file.
func (k testTalk) findArtifact(t *testing.T, slot string) (s *store.Local, a action.Artifact, path string) {
	t.Helper()
	books, err := catalog.Open(t.Context(), k.path("data"))
	if err != nil {
		t.Fatal(err)
	}
	defer books.Close()
	runs, err := books.LastRuns(t.Context(), "talk", 1)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(runs[0].Slots, func(s catalog.SlotResult) bool { return s.Slot == slot })
	if i < 0 {
		t.Fatalf("there is no %s", slot)
	}
	if s, err = store.Open(k.path("data", "store")); err != nil {
		t.Fatal(err)
	}
	if a, err = s.Get(t.Context(), runs[0].Slots[i].Key); err != nil {
		t.Fatal(err)
	}
	if path, err = s.Path(a.Files[0]); err != nil {
		t.Fatal(err)
	}
	return s, a, path
}

// replaceSegment encodes the frames of a segment with other x264 settings, and stores that under
// the segment's key.
func (k testTalk) replaceSegment(t *testing.T, slot string) {
	t.Helper()
	s, was, path := k.findArtifact(t, slot)
	dir, done, err := s.Scratch("replace")
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	command(t, "ffmpeg", "-v", "error", "-nostdin", "-i", path, "-c:v", "libx264", "-preset", "medium", "-qp", "0", filepath.Join(dir, was.Files[0].Name))
	if err := s.Forget(t.Context(), was.Key); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), was, dir); err != nil {
		t.Fatal(err)
	}
}

// A file that was removed from the store, or overwritten through the bundle's hard link, is made
// again, even where only the bundle names it.
func TestRun_MissingArtifactsAreRebuilt(t *testing.T) {
	lectern := buildLectern(t)
	k := newTestTalk(t)
	mustRun(t, k.runCommand(t, lectern))
	want := k.decodedOutput(t)
	for what, harm := range map[string]func(path string) error{
		"removed": os.Remove,
		"written into": func(path string) error {
			film, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			film[len(film)/2] ^= 1
			return errors.Join(os.Chmod(path, 0o644), os.WriteFile(path, film, 0o644))
		},
	} {
		_, _, path := k.findArtifact(t, "subtitled/"+rendition)
		if err := harm(path); err != nil {
			t.Fatal(err)
		}
		printed, _ := mustRun(t, k.runCommand(t, lectern))
		for kind, c := range actionCounts(t, printed) {
			if again := kind == "subtitled" || kind == "bundle"; again != (c.Ran == 1) {
				t.Errorf("%s: %s: %+v", what, kind, c)
			}
		}
		k.expectOutput(t, want)
	}
}
