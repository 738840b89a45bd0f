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
	"github.com/lectern-av/lectern/internal/fsutil"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/media"
)

// Difference is what an uploader must send again to bring each target from the old bundle
// to the new one.
type Difference struct {
	Slug           string   `json:"slug"`
	Old            string   `json:"old"` // directories
	New            string   `json:"new"`
	SameEdition    bool     `json:"same_edition"`      // captions made for one fit the other
	EditionChanges []string `json:"edition,omitempty"` // what is another about it, in words
	Targets        []Target `json:"targets"`           // "youtube" where the new bundle is for it, and "web"
}

// Target is one place that a bundle is sent to.
type Target struct {
	Name      string   `json:"target"`
	Steps     []Step   `json:"steps"` // in the order in which they are to be done; none: all is there
	Unchanged int      `json:"same"`  // files (captions, for YouTube) that are there as they should be
	Notes     []string `json:"notes,omitempty"`
}

// Step is one thing to do. For YouTube, Do is the method of its API. For the web it is
// "add", "change", "move" (the same content has another path now) or "remove".
type Step struct {
	Operation string   `json:"do"`
	File      string   `json:"file,omitempty"`     // of the new bundle; of the old one where it is to be removed
	From      string   `json:"from,omitempty"`     // where a moved file was
	Size      int64    `json:"size,omitempty"`     // bytes to be sent
	Language  string   `json:"language,omitempty"` // of captions, BCP 47
	Parts     []string `json:"parts,omitempty"`    // of a video's resource
	Reason    string   `json:"says,omitempty"`     // why, or what of it
}

// Bytes is how much there is to send.
func (t Target) Bytes() (n int64) {
	for _, s := range t.Steps {
		n += s.Size
	}
	return n
}

// Diff compares two bundles of one talk, of which the old one is what was uploaded. Of
// that, bundle.json and youtube.json are enough; with its videos, too, Diff can tell one
// whose pictures and sound are the same from one that must be uploaded anew. What keeps
// two directories from being compared is a *inputerr.Fault.
func Diff(ctx context.Context, tools media.Tools, old, new string) (Difference, error) {
	var both [2]loadedBundle
	for i, dir := range []string{old, new} {
		var err error
		if both[i], err = loadBundle(dir); err != nil {
			return Difference{}, err
		}
	}
	was, is := both[0], both[1]
	if was.Talk.Slug != is.Talk.Slug {
		return Difference{}, inputerr.New(new, "is a bundle of the talk %q, and %s is one of %q", is.Talk.Slug, old, was.Talk.Slug).
			Hint("Give two bundles of the same talk.")
	}
	if err := is.checkFiles(ctx); err != nil {
		return Difference{}, err
	}
	d := Difference{Slug: is.Talk.Slug, Old: old, New: new, SameEdition: was.Edition.ID == is.Edition.ID}
	if !d.SameEdition {
		d.EditionChanges = editionChanges(was.Edition, is.Edition)
	}
	if is.upload != nil {
		target, err := youtubeDiff{ctx, tools, was, is, d}.target()
		if err != nil {
			return Difference{}, err
		}
		d.Targets = append(d.Targets, target)
	}
	d.Targets = append(d.Targets, diffWeb(was.filesByPath(), is.filesByPath()))
	return d, nil
}

// loadedBundle is one of two bundles.
type loadedBundle struct {
	Manifest
	dir    string
	upload *youtubeUpload // youtube.json; nil where there is none
}

func loadBundle(dir string) (s loadedBundle, err error) {
	s.dir = dir
	if s.Manifest, err = readManifest(dir); err != nil {
		return s, inputerr.New(dir, "is no bundle: %v", err)
	}
	if s.FormatVersion != FormatVersion {
		return s, inputerr.New(dir, "is a bundle of form %d, and this Lectern reads form %d", s.FormatVersion, FormatVersion)
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
		return s, inputerr.New(s.path(YouTubeName), "is not what %s says", ManifestName).Hint("lectern bundle verify %s says more.", dir)
	}
	u, err := decodeYouTubeUpload(b)
	if err != nil {
		return s, inputerr.New(s.path(YouTubeName), "%v", err)
	}
	s.upload = &u
	return s, nil
}

func (s loadedBundle) path(file string) string { return filepath.Join(s.dir, filepath.FromSlash(file)) }

// checkFiles checks that the files are there as the manifest says, so that nobody is told to
// send what is not there. Videos are believed by their size: verify reads them.
func (s loadedBundle) checkFiles(ctx context.Context) error {
	for _, f := range s.Files {
		info, err := os.Lstat(s.path(f.Path))
		var problem string
		switch {
		case err != nil:
			problem = "is missing or cannot be read"
		case !info.Mode().IsRegular():
			problem = "is no regular file"
		case info.Size() != f.Size:
			problem = fmt.Sprintf("has %d bytes, and %s says %d", info.Size(), ManifestName, f.Size)
		case f.Role != RoleVideo:
			sum, _, err := fsutil.HashFile(ctx, s.path(f.Path))
			if err != nil {
				return fmt.Errorf("read %s: %w", s.path(f.Path), err)
			}
			if sum != f.SHA256 {
				problem = "is not what " + ManifestName + " says"
			}
		}
		if problem != "" {
			return inputerr.New(s.path(f.Path), "%s", problem).Hint("Run again to have the bundle made whole; lectern bundle verify %s says more.", s.dir)
		}
	}
	return nil
}

// filesByPath is every file, those that the manifest cannot list too.
func (s loadedBundle) filesByPath() map[string]File {
	files := make(map[string]File)
	for _, f := range s.Files {
		files[f.Path] = f
	}
	for _, name := range []string{ManifestName, SumsName} {
		b, err := os.ReadFile(s.path(name))
		if err != nil { // an old bundle may lie here without it: then it is sent
			continue
		}
		files[name] = File{Path: name, SHA256: sha256Hex(b), Size: int64(len(b))}
	}
	return files
}

// editionChanges says what another edition has of its own.
func editionChanges(old, new conference.Edition) (says []string) {
	was, is := old.Programme, new.Programme
	for _, c := range []struct {
		what string
		same bool
	}{
		{"the recordings", slices.Equal(old.Recordings, new.Recordings)},
		{"the frame rate", was.Rate == is.Rate},
		{"the cut", reflect.DeepEqual(was.Kept, is.Kept)},
		{"how long the opening card stands", was.Opening == is.Opening},
		{"how long the closing card stands", was.Closing == is.Closing},
	} {
		if !c.same {
			says = append(says, c.what)
		}
	}
	return says
}

// diffWeb is what a directory that is served as it is needs: first what is new, so that
// nothing is linked to before it is there, then what goes.
func diffWeb(old, new map[string]File) Target {
	t := Target{Name: "web", Steps: []Step{}}
	gone := make(map[string]string) // paths by content
	for _, path := range slices.Sorted(maps.Keys(old)) {
		if _, still := new[path]; !still {
			gone[old[path].SHA256] = path
		}
	}
	moved := make(map[string]bool)
	for _, path := range slices.Sorted(maps.Keys(new)) {
		f, before := new[path], old[path]
		from, elsewhere := gone[f.SHA256]
		switch {
		case before.SHA256 == f.SHA256:
			t.Unchanged++
		case before.SHA256 != "":
			t.Steps = append(t.Steps, Step{Operation: "change", File: path, Size: f.Size})
		case elsewhere && !moved[from]:
			moved[from] = true
			t.Steps = append(t.Steps, Step{Operation: "move", File: path, From: from})
		default:
			t.Steps = append(t.Steps, Step{Operation: "add", File: path, Size: f.Size})
		}
	}
	for _, path := range slices.Sorted(maps.Keys(old)) {
		if _, still := new[path]; !still && !moved[path] {
			t.Steps = append(t.Steps, Step{Operation: "remove", File: path})
		}
	}
	order := map[string]int{"add": 0, "change": 1, "move": 2, "remove": 3}
	slices.SortStableFunc(t.Steps, func(a, b Step) int { return cmp.Compare(order[a.Operation], order[b.Operation]) })
	return t
}
