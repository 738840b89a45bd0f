package bundle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/fileio"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/timeline"
)

// TestMain makes the test binary the process that [runAndKill] starts, if WRITE_ROOT is set.
func TestMain(m *testing.M) {
	if root := os.Getenv("WRITE_ROOT"); root != "" {
		writeAndDie(root, os.Getenv("WRITE_STEP"), os.Getenv("WRITE_RENAMES") != "")
	}
	os.Exit(m.Run())
}

// writeAndDie writes version two of the bundle into root and kills its own process before step.
// Without a step it prints the steps and exits.
func writeAndDie(root, step string, renames bool) {
	var steps []string
	w := newWriter(root, "api", func(s string) {
		if steps = append(steps, s); s == step {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
	})
	if renames {
		w.exchange = func(_, _ string) error { return syscall.EINVAL }
	}
	if err := w.write(context.Background(), testEntries(filepath.Join(root, "..", "store"), "two")); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(strings.Join(steps, "\n"))
	os.Exit(0)
}

// videoData is large enough to be hard-linked instead of copied.
var videoData = strings.Repeat("the video ", maxCopySize/10+1)

// testEntries returns a bundle of a video, and captions that differ between versions, with its
// sources in the directory store.
func testEntries(store, version string) []Entry {
	c := Manifest{Talk: conference.Talk{Slug: "api", Title: version}}
	c.Edition.Programme.Rate = timeline.Rate{Num: 25, Den: 1}
	var files []Entry
	for path, data := range map[string]string{"video/api.mp4": videoData, "captions/api.en.srt": "captions " + version} {
		f := NewEntry(path, []byte(data))
		f.Source, f.Data = filepath.Join(store, f.SHA256), nil
		files = append(files, f)
		c.Files = append(c.Files, File{Path: path, SHA256: f.SHA256, Size: f.Size})
	}
	m, err := EncodeManifest(c)
	if err != nil {
		panic(err)
	}
	manifest := NewEntry(ManifestName, m)
	return append(files, manifest, NewEntry(SumsName, EncodeSums(append(c.Files, File{Path: ManifestName, SHA256: manifest.SHA256}))))
}

// newRootAndStore creates a store with the sources of versions one and two, and an empty root
// beside it.
func newRootAndStore(t *testing.T) (root, store string) {
	t.Helper()
	root, store = filepath.Join(t.TempDir(), "out"), ""
	store = filepath.Join(root, "..", "store")
	if err := errors.Join(os.Mkdir(root, 0o755), os.Mkdir(store, 0o755)); err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"one", "two"} {
		for _, data := range []string{videoData, "captions " + version} {
			if err := os.WriteFile(filepath.Join(store, sha256Hex([]byte(data))), []byte(data), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return root, store
}

func mustWrite(t *testing.T, root string, files []Entry) string {
	t.Helper()
	dir, _, err := Write(t.Context(), root, "api", files, nil)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// bundleVersion returns the version of the bundle in dir, and fails the test if a file is damaged.
func bundleVersion(t *testing.T, dir string) string {
	t.Helper()
	c, err := readManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	e, err := loadPrevious(dir)
	if err != nil {
		t.Fatal(err)
	}
	for path, sum := range e.sums {
		if got, _, err := fileio.HashFile(t.Context(), filepath.Join(dir, path)); err != nil || got != sum {
			t.Errorf("%s is %s and should be %s: %v", path, got, sum, err)
		}
	}
	return c.Talk.Title
}

func mustStat(t *testing.T, path string) os.FileInfo {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// expectOnlyBundle fails the test if root contains anything but the bundle.
func expectOnlyBundle(t *testing.T, root string) {
	t.Helper()
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "api" {
			t.Errorf("%s was left behind", e.Name())
		}
	}
}

func TestWrite_UnchangedFilesKeepTheirInode(t *testing.T) {
	root, store := newRootAndStore(t)
	dir := mustWrite(t, root, testEntries(store, "one"))
	video := mustStat(t, filepath.Join(dir, "video/api.mp4"))
	if !os.SameFile(video, mustStat(t, filepath.Join(store, sha256Hex([]byte(videoData))))) {
		t.Error("the video is not hard-linked to the store")
	}
	// With another store of the same content, the bundle's own file is linked.
	_, other := newRootAndStore(t)
	mustWrite(t, root, testEntries(other, "two"))
	if got := bundleVersion(t, dir); got != "two" {
		t.Errorf("found version %s", got)
	}
	if !os.SameFile(video, mustStat(t, filepath.Join(dir, "video/api.mp4"))) {
		t.Error("the video has another inode, and its content is unchanged")
	}
	expectOnlyBundle(t, root)
}

func TestWrite_UnchangedBundleIsNotTouched(t *testing.T) {
	root, store := newRootAndStore(t)
	dir := mustWrite(t, root, testEntries(store, "one"))
	before := []os.FileInfo{mustStat(t, root), mustStat(t, dir), mustStat(t, filepath.Join(dir, SumsName))}
	mustWrite(t, root, testEntries(store, "one"))
	for i, path := range []string{root, dir, filepath.Join(dir, SumsName)} {
		if now := mustStat(t, path); !os.SameFile(before[i], now) || !before[i].ModTime().Equal(now.ModTime()) {
			t.Errorf("%s was touched", path)
		}
	}
}

func TestWrite_ReplacesDamagedFile(t *testing.T) {
	root, store := newRootAndStore(t)
	dir := mustWrite(t, root, testEntries(store, "one"))
	srt := filepath.Join(dir, "captions/api.en.srt")
	if err := errors.Join(os.WriteFile(srt, []byte("captions ONE"), 0o644), os.Chtimes(srt, time.Time{}, time.Now().Add(time.Hour))); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, root, testEntries(store, "one"))
	bundleVersion(t, dir)
}

// A caption is edited in the bundle several times, and the bundle is written again.
func TestWrite_SavesFilesEditedByHand(t *testing.T) {
	root, store := newRootAndStore(t)
	dir := mustWrite(t, root, testEntries(store, "one"))
	srt := filepath.Join(dir, "captions/api.en.srt")
	for i, trial := range []struct {
		text, next, kept string
	}{
		{"captions by hand", "two", "api.edited/captions/api.en.srt"},
		{"captions by another hand", "two", "api.edited/captions/api.en-2.srt"},
		{"captions by hand", "one", "api.edited/captions/api.en.srt"}, // it lies there already
		{"captions two", "two", ""},                                   // it is what is published now
	} {
		later := time.Now().Add(time.Duration(i+1) * time.Hour)
		if err := errors.Join(os.WriteFile(srt, []byte(trial.text), 0o644), os.Chtimes(srt, time.Time{}, later)); err != nil {
			t.Fatal(err)
		}
		_, edited, err := Write(t.Context(), root, "api", testEntries(store, trial.next), nil)
		if err != nil {
			t.Fatal(err)
		}
		bundleVersion(t, dir)
		if trial.kept == "" {
			if len(edited) > 0 {
				t.Errorf("%q: saved %v, and it is in the bundle", trial.text, edited)
			}
			continue
		}
		want := []EditedFile{{"captions/api.en.srt", filepath.Join(root, trial.kept)}}
		if !slices.Equal(edited, want) {
			t.Fatalf("%q: kept %v, want %v", trial.text, edited, want)
		}
		if kept, err := os.ReadFile(edited[0].SavedAs); err != nil || string(kept) != trial.text {
			t.Errorf("kept %q, %v; want %q", kept, err, trial.text)
		}
	}
}

func TestWrite_ConcurrentReaderAlwaysFindsBundle(t *testing.T) {
	root, store := newRootAndStore(t)
	dir := mustWrite(t, root, testEntries(store, "one"))
	ctx, stop := context.WithCancel(t.Context())
	var reader sync.WaitGroup
	reads := make(chan struct{})
	reader.Go(func() {
		for ctx.Err() == nil {
			if _, err := readManifest(dir); err != nil {
				t.Errorf("a reader found %v", err)
				stop()
			}
			select {
			case reads <- struct{}{}:
			default:
			}
		}
	})
	for n := range 40 {
		mustWrite(t, root, testEntries(store, []string{"two", "one"}[n%2]))
		select {
		case <-reads: // the reader had its turn
		case <-ctx.Done():
		}
	}
	stop()
	reader.Wait()
}

// Killed before any step, Write leaves version one or two, and the next Write leaves version two and
// nothing else.
func TestWrite_KilledAtAnyStep(t *testing.T) {
	for _, renames := range []bool{false, true} {
		name := map[bool]string{false: "exchange", true: "two renames"}[renames]
		t.Run(name, func(t *testing.T) {
			steps := runAndKill(t, newRootWithBundle(t), "", renames)
			if len(steps) < 8 {
				t.Fatalf("got only these steps: %v", steps)
			}
			for _, step := range steps {
				root := newRootWithBundle(t)
				runAndKill(t, root, step, renames)
				if err := Recover(root, "api"); err != nil {
					t.Fatal(err)
				}
				expectOnlyBundle(t, root)
				want := map[bool]string{true: "two", false: "one"}[step == "sweep"]
				if got := bundleVersion(t, filepath.Join(root, "api")); got != want {
					t.Errorf("killed before %q: found version %s, want %s", step, got, want)
				}
				mustWrite(t, root, testEntries(filepath.Join(root, "..", "store"), "two"))
				expectOnlyBundle(t, root)
				if got := bundleVersion(t, filepath.Join(root, "api")); got != "two" {
					t.Errorf("killed before %q, written again: found version %s", step, got)
				}
			}
		})
	}
}

func newRootWithBundle(t *testing.T) string {
	root, store := newRootAndStore(t)
	mustWrite(t, root, testEntries(store, "one"))
	return root
}

// runAndKill writes the bundle in another process, which is killed before step, and returns the
// steps of the process.
func runAndKill(t *testing.T, root, step string, renames bool) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "WRITE_ROOT="+root, "WRITE_STEP="+step)
	if renames {
		cmd.Env = append(cmd.Env, "WRITE_RENAMES=1")
	}
	out, err := cmd.CombinedOutput()
	if killed := cmd.ProcessState.ExitCode() == -1; killed != (step != "") {
		t.Fatalf("killed before %q: %v\n%s", step, err, out)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

func TestWrite_RefusesForeignFiles(t *testing.T) {
	tests := []struct {
		name    string
		prepare func(root, dir string) error
		says    string
	}{
		{"a foreign directory", func(_, dir string) error {
			return errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(filepath.Join(dir, "thesis.odt"), nil, 0o644))
		}, "not a bundle that Lectern made"},
		{"a foreign bundle.json", func(_, dir string) error {
			return errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(filepath.Join(dir, ManifestName), []byte(`{"name":"x"}`), 0o644))
		}, "not a bundle that Lectern made"},
		{"a file", func(_, dir string) error { return os.WriteFile(dir, nil, 0o644) }, "is not a directory"},
		{"a link", func(root, dir string) error { return os.Symlink(root, dir) }, "is not a directory"},
		{"a root that is a file", func(root, _ string) error {
			return errors.Join(os.Remove(root), os.WriteFile(root, nil, 0o644))
		}, "is not a directory"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			root, store := newRootAndStore(t)
			if err := test.prepare(root, filepath.Join(root, "api")); err != nil {
				t.Fatal(err)
			}
			_, _, err := Write(t.Context(), root, "api", testEntries(store, "one"), nil)
			if f := inputerr.As(err); f == nil || !strings.Contains(f.Problem, test.says) || f.Remedy == "" {
				t.Errorf("got %v, want an input error with %q", err, test.says)
			}
		})
	}
	t.Run("a foreign file in a bundle", func(t *testing.T) {
		root, store := newRootAndStore(t)
		dir := mustWrite(t, root, testEntries(store, "one"))
		notes := filepath.Join(dir, "video", "notes.txt")
		if err := os.WriteFile(notes, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		_, _, err := Write(t.Context(), root, "api", testEntries(store, "two"), nil)
		if f := inputerr.As(err); f == nil || !strings.Contains(f.Problem, "video/notes.txt") {
			t.Errorf("%v", err)
		}
		mustStat(t, notes)
	})
	for _, slug := range []string{"", ".", "..", "a/b", ".hidden", `a\b`} {
		root, store := newRootAndStore(t)
		if _, _, err := Write(t.Context(), root, slug, testEntries(store, "one"), nil); inputerr.As(err) == nil {
			t.Errorf("the slug %q gave %v", slug, err)
		}
	}
}

func TestWrite_FailureLeavesPreviousBundle(t *testing.T) {
	stopped := errors.New("stopped")
	tests := []struct {
		name string
		fail func(files []Entry, stop context.CancelCauseFunc) (trace func(string), err error)
		is   error
	}{
		{"a source that is gone", func(files []Entry, _ context.CancelCauseFunc) (func(string), error) {
			i := slices.IndexFunc(files, func(f Entry) bool { return f.Path == "captions/api.en.srt" })
			return nil, os.Remove(files[i].Source)
		}, os.ErrNotExist},
		{"the end of the context", func(_ []Entry, stop context.CancelCauseFunc) (func(string), error) {
			return func(step string) {
				if step == "stage" {
					stop(stopped)
				}
			}, nil
		}, stopped},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			root, store := newRootAndStore(t)
			dir := mustWrite(t, root, testEntries(store, "one"))
			ctx, stop := context.WithCancelCause(t.Context())
			defer stop(nil)
			files := testEntries(store, "two")
			trace, err := test.fail(files, stop)
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := Write(ctx, root, "api", files, trace); !errors.Is(err, test.is) {
				t.Errorf("%v, not %v", err, test.is)
			}
			if got := bundleVersion(t, dir); got != "one" {
				t.Errorf("found version %s", got)
			}
			expectOnlyBundle(t, root)
		})
	}
}

// A copy is a file of its own, and a source whose content changed is refused.
func TestCopyEntry(t *testing.T) {
	root, store := newRootAndStore(t)
	f := NewEntry("x", []byte(videoData))
	f.Source = filepath.Join(store, f.SHA256)
	to := filepath.Join(root, "x")
	if err := copyEntry(t.Context(), f, to); err != nil {
		t.Fatal(err)
	}
	if info := mustStat(t, to); info.Mode().Perm() != 0o644 || os.SameFile(info, mustStat(t, f.Source)) {
		t.Errorf("the copy is %v", info.Mode())
	}
	if err := os.WriteFile(f.Source, []byte("the VIDEO"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := copyEntry(t.Context(), f, filepath.Join(root, "y")); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged source gave %v", err)
	}
}

// Recover keeps the staging directory of a living process.
func TestRecover_KeepsStagingOfLiveProcess(t *testing.T) {
	root, _ := newRootAndStore(t)
	for _, name := range []string{".lectern-new-api-2-77", ".lectern-new-apiary-7"} { // of other slugs
		if err := os.Mkdir(filepath.Join(root, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	w := newWriter(root, "api", nil)
	lock, err := w.createStaging()
	if err != nil {
		t.Fatal(err)
	}
	count := func() int {
		if err := Recover(root, "api"); err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(root)
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	if n := count(); n != 3 {
		t.Errorf("%d directories are left while one is being filled, want 3", n)
	}
	lock.Close()
	if n := count(); n != 2 {
		t.Errorf("%d directories are left, want the 2 of other slugs", n)
	}
}

func TestAsInputError(t *testing.T) {
	w := newWriter("out", "api", nil)
	for errno, says := range map[syscall.Errno]string{
		syscall.ENOSPC: "has no space left", syscall.EDQUOT: "has no space left",
		syscall.EROFS: "cannot be written to", syscall.EACCES: "cannot be written to",
	} {
		f := inputerr.As(w.asInputError(&os.PathError{Op: "write", Path: "x", Err: errno}))
		if f == nil || !strings.Contains(f.Problem, says) || f.Remedy == "" {
			t.Errorf("%v is explained as %v", errno, f)
		}
	}
}

func TestEncodeSums_Sha256sumAccepts(t *testing.T) {
	dir := t.TempDir()
	var files []File
	for _, name := range []string{"plain", "two words", "-leading", "new\nline", `back\slash`, "carriage\rreturn", "ünï", "captions/a b.srt"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(name), 0o644)); err != nil {
			t.Fatal(err)
		}
		files = append(files, File{Path: name, SHA256: sha256Hex([]byte(name))})
	}
	sums := EncodeSums(files)
	cmd := exec.Command("sha256sum", "-c", "--strict", "-")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(string(sums))
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("sha256sum -c: %v\n%s", err, said)
	}
	back, err := parseSums(sums)
	if err != nil || len(back) != len(files) {
		t.Fatalf("%v, %v", back, err)
	}
	for _, f := range files {
		if back[f.Path] != f.SHA256 {
			t.Errorf("%q read back as %q", f.Path, back[f.Path])
		}
	}
}
