package bundle

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/fileio"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/media"
)

// Difference lists what an uploader must send to bring each target from the old bundle to the new
// one.
type Difference struct {
	Slug           string   `json:"slug"`
	Old            string   `json:"old"` // directories
	New            string   `json:"new"`
	SameEdition    bool     `json:"same_edition"`      // subtitles made for one fit the other
	EditionChanges []string `json:"edition,omitempty"` // what differs, in words
	Targets        []Target `json:"targets"`           // "youtube" if the new bundle is for it, and "web"
}

// Target is a place that a bundle is uploaded to.
type Target struct {
	Name      string   `json:"target"`
	Steps     []Step   `json:"steps"` // in order; none: the target is up to date
	Unchanged int      `json:"same"`  // number of files (for YouTube: of captions) that need no step
	Notes     []string `json:"notes,omitempty"`
}

// Step is one request or file operation. For YouTube, Operation is the method of its API. For the
// web it is "add", "change", "move" (same content, new path) or "remove".
type Step struct {
	Operation string   `json:"do"`
	File      string   `json:"file,omitempty"`     // in the new bundle, or in the old one for "remove"
	From      string   `json:"from,omitempty"`     // old path, for "move"
	Size      int64    `json:"size,omitempty"`     // bytes to send
	Language  string   `json:"language,omitempty"` // BCP 47, of captions
	Parts     []string `json:"parts,omitempty"`    // of the video resource, for videos.update
	Reason    string   `json:"says,omitempty"`     // why, or what changed
}

// Bytes returns how many bytes all steps together send.
func (t Target) Bytes() (n int64) {
	for _, s := range t.Steps {
		n += s.Size
	}
	return n
}

// Diff returns what an uploader must send to bring each target from the bundle in oldDir to the one
// in newDir, of the same talk. Of the old bundle, bundle.json and youtube.json are enough. With its
// video, Diff can also detect that only the container changed, so that the video on YouTube can
// stay. If the two directories cannot be compared, the error is an *inputerr.Error.
func Diff(ctx context.Context, tools media.Tools, oldDir, newDir string) (Difference, error) {
	var both [2]loadedBundle
	for i, dir := range []string{oldDir, newDir} {
		var err error
		if both[i], err = loadBundle(dir); err != nil {
			return Difference{}, err
		}
	}
	before, after := both[0], both[1]
	if before.Talk.Slug != after.Talk.Slug {
		return Difference{}, inputerr.New(newDir, "is a bundle of the talk %q, but %s is a bundle of %q", after.Talk.Slug, oldDir, before.Talk.Slug).
			Hint("Give two bundles of the same talk.")
	}
	if err := after.checkFiles(ctx); err != nil {
		return Difference{}, err
	}
	d := Difference{Slug: after.Talk.Slug, Old: oldDir, New: newDir, SameEdition: before.Edition.ID == after.Edition.ID}
	if !d.SameEdition {
		d.EditionChanges = editionChanges(before.Edition, after.Edition)
	}
	if after.upload != nil {
		target, err := youtubeDiff{before: before, after: after, difference: d}.target(ctx, tools)
		if err != nil {
			return Difference{}, err
		}
		d.Targets = append(d.Targets, target)
	}
	d.Targets = append(d.Targets, diffWeb(before.filesByPath(), after.filesByPath()))
	return d, nil
}

// loadedBundle is one of the two bundles that are compared.
type loadedBundle struct {
	Manifest
	dir    string
	upload *youtubeUpload // youtube.json; nil if there is none
}

// loadBundle reads bundle.json in dir, and youtube.json if the bundle has one. It returns an
// *inputerr.Error if they are invalid.
func loadBundle(dir string) (s loadedBundle, err error) {
	s.dir = dir
	if s.Manifest, err = loadManifest(dir); err != nil {
		return s, err
	}
	for _, f := range s.Files {
		if err := validateFilePath(f.Path); err != nil {
			return s, inputerr.New(filepath.Join(dir, ManifestName), "%v", err)
		}
	}
	i := slices.IndexFunc(s.Files, func(f File) bool { return f.Path == YouTubeName })
	if i < 0 {
		return s, nil
	}
	b, err := os.ReadFile(s.path(YouTubeName))
	if err != nil {
		return s, inputerr.New(s.path(YouTubeName), "cannot be read: %v", err)
	}
	if sha256Hex(b) != s.Files[i].SHA256 {
		return s, inputerr.New(s.path(YouTubeName), "does not match its SHA-256 in %s", ManifestName).Hint("Run lectern bundle verify %s for details.", dir)
	}
	u, err := decodeYouTubeUpload(b)
	if err != nil {
		return s, inputerr.New(s.path(YouTubeName), "%v", err)
	}
	s.upload = &u
	return s, nil
}

func (s loadedBundle) path(file string) string { return filepath.Join(s.dir, filepath.FromSlash(file)) }

// checkFiles returns an *inputerr.Error unless all files of the bundle exist and match the
// manifest. Of videos it checks only the size, because hashing them takes long.
func (s loadedBundle) checkFiles(ctx context.Context) error {
	for _, f := range s.Files {
		info, err := os.Lstat(s.path(f.Path))
		var problem string
		switch {
		case err != nil:
			problem = "is missing or cannot be read"
		case !info.Mode().IsRegular():
			problem = "is not a regular file"
		case info.Size() != f.Size:
			problem = fmt.Sprintf("has %d bytes, but %s says %d", info.Size(), ManifestName, f.Size)
		case f.Role != RoleVideo:
			sum, _, err := fileio.HashFile(ctx, s.path(f.Path))
			if err != nil {
				return fmt.Errorf("read %s: %w", s.path(f.Path), err)
			}
			if sum != f.SHA256 {
				problem = "does not match its SHA-256 in " + ManifestName
			}
		}
		if problem != "" {
			return inputerr.New(s.path(f.Path), "%s", problem).Hint("Run lectern again to repair the bundle, or lectern bundle verify %s for details.", s.dir)
		}
	}
	return nil
}

// filesByPath returns every file of the bundle by path, with bundle.json and SHA256SUMS if they
// exist.
func (s loadedBundle) filesByPath() map[string]File {
	files := make(map[string]File)
	for _, f := range s.Files {
		files[f.Path] = f
	}
	for _, name := range []string{ManifestName, SumsName} {
		b, err := os.ReadFile(s.path(name))
		if err != nil { // of an old bundle, SHA256SUMS may not have been kept
			continue
		}
		files[name] = File{Path: name, SHA256: sha256Hex(b), Size: int64(len(b))}
	}
	return files
}

// editionChanges returns in words what differs between two editions.
func editionChanges(before, after conference.Edition) (changes []string) {
	was, is := before.Programme, after.Programme
	for _, c := range []struct {
		what string
		same bool
	}{
		{"the recordings", slices.Equal(before.Recordings, after.Recordings)},
		{"the frame rate", was.Rate == is.Rate},
		{"the cut", reflect.DeepEqual(was.Kept, is.Kept)},
		{"the duration of the opening card", was.Opening == is.Opening},
		{"the duration of the closing card", was.Closing == is.Closing},
	} {
		if !c.same {
			changes = append(changes, c.what)
		}
	}
	return changes
}

// diffWeb returns the file operations that update a copy of the bundle, such as on a web server.
// New files come first and removals last, so that no link leads to a missing file.
func diffWeb(before, after map[string]File) Target {
	t := Target{Name: "web", Steps: []Step{}}
	removed := make(map[string]string) // paths by content
	for _, path := range slices.Sorted(maps.Keys(before)) {
		if _, still := after[path]; !still {
			removed[before[path].SHA256] = path
		}
	}
	moved := make(map[string]bool)
	for _, path := range slices.Sorted(maps.Keys(after)) {
		f, old := after[path], before[path]
		from, elsewhere := removed[f.SHA256]
		switch {
		case old.SHA256 == f.SHA256:
			t.Unchanged++
		case old.SHA256 != "":
			t.Steps = append(t.Steps, Step{Operation: "change", File: path, Size: f.Size})
		case elsewhere && !moved[from]:
			moved[from] = true
			t.Steps = append(t.Steps, Step{Operation: "move", File: path, From: from})
		default:
			t.Steps = append(t.Steps, Step{Operation: "add", File: path, Size: f.Size})
		}
	}
	for _, path := range slices.Sorted(maps.Keys(before)) {
		if _, still := after[path]; !still && !moved[path] {
			t.Steps = append(t.Steps, Step{Operation: "remove", File: path})
		}
	}
	order := map[string]int{"add": 0, "change": 1, "move": 2, "remove": 3}
	slices.SortStableFunc(t.Steps, func(a, b Step) int { return cmp.Compare(order[a.Operation], order[b.Operation]) })
	return t
}
