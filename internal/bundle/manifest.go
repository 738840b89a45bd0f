// Package bundle makes, lays out and verifies upload-ready directories.
//
// A bundle is one directory:
//
//	bundle.json           the manifest, see [Content]
//	SHA256SUMS            every other file's hash, for sha256sum -c
//	video/<slug>.mp4      the top rendition with soft subtitles
//	video/<slug>-1080.mp4 and its sisters, without
//	audio/<slug>.m4a      the sound alone, where the pipeline asks for it
//	captions/<slug>.en.srt, <slug>.en.vtt, …
//	chapters/<slug>.en.vtt  where the talk has chapters
//	drafts/<slug>.en.srt, <slug>.en.vtt   subtitles that nobody has read yet
//	thumb/<slug>.jpg      and, beside it, a contact sheet, and a sprite for players
//	youtube.json          see [YouTube]
package bundle

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/subtitle/check"
	"github.com/lectern-av/lectern/internal/subtitle/subsync"
)

// The files of a bundle whose names are fixed.
const (
	ManifestName = "bundle.json"
	SumsName     = "SHA256SUMS"
	YouTubeName  = "youtube.json"
)

// FormatVersion is the form of the manifest. Readers of a form take a newer one for unknown.
const FormatVersion = 1

// Role says what a file of a bundle is for.
type Role string

// The roles of files.
const (
	RoleVideo          Role = "video"
	RoleCaptions       Role = "captions"
	RoleThumbnail      Role = "thumbnail"
	RoleSprite         Role = "sprite"   // sheets of stills for players, and the WebVTT that says where in them
	RoleContactSheet   Role = "contact"  // a sheet of stills for people
	RoleChapters       Role = "chapters" // WebVTT of chapters in one language, for players on the web
	RoleAudio          Role = "audio"    // the sound alone, for podcasts
	RoleUploadMetadata Role = "upload"   // what a video platform is told: youtube.json
	RoleExtra          Role = "extra"    // what a stage of the user's own made, unless it says otherwise
)

// Manifest is all that a manifest says. bundle.json is this type as JSON:
//
//	lectern     the form of the file, 1
//	talk        slug, title, kind, speakers, language (BCP 47), conference, abstract, …
//	edition     id, recordings (SHA-256, in reel order) and programme: rate ("25/1"),
//	            opening, kept and closing in frames
//	files       every file but bundle.json and SHA256SUMS, by path
//	tracks      the subtitles in every language, by language: what each was handed in as,
//	            what was remarked, how well it reads and whether it is in sync
//	left_out    translations that are not released, why not, and how much of them there is
//	troubles    what is wrong with the recordings, where (in reel time), and what to do
//	provenance  what made it: pipeline, keys by slot, tools by name
//
// Durations are in nanoseconds.
type Manifest struct {
	FormatVersion int                        `json:"lectern"`
	Talk          conference.Talk            `json:"talk"`
	Edition       conference.Edition         `json:"edition"`
	Files         []File                     `json:"files"`
	Tracks        []Track                    `json:"tracks"`
	LeftOut       []conference.WithheldTrack `json:"left_out,omitempty"`
	Issues        []conference.Issue         `json:"troubles,omitempty"`
	Provenance    Provenance                 `json:"provenance"`
}

// File is one file of a bundle.
type File struct {
	Path              string          `json:"path"` // in the bundle, with slashes
	SHA256            string          `json:"sha256"`
	Size              int64           `json:"size"` // bytes
	Role              Role            `json:"role"`
	AudioLanguages    []string        `json:"sounds,omitempty"`    // languages (BCP 47) of a film's sounds behind the talk's own: interpreters
	SubtitleLanguages []string        `json:"subtitles,omitempty"` // languages (BCP 47) of a video's soft subtitles, by stream
	Language          string          `json:"language,omitempty"`  // of sound alone, BCP 47
	Media             json.RawMessage `json:"media,omitempty"`     // what probing it found
}

// Track is the subtitles in one language.
type Track struct {
	Language string                 `json:"language"` // BCP 47
	Kind     conference.TrackKind   `json:"kind"`
	Revision int                    `json:"revision"`
	State    string                 `json:"state"`
	Files    []string               `json:"files"`            // paths of its sidecars
	Cues     int                    `json:"cues"`             // in each of them
	LeftOut  []subtitle.OmittedCue  `json:"left_out"`         // cues of the track that no viewer sees
	File     string                 `json:"file"`             // the name of the file it was handed in as
	Source   *conference.SourceFile `json:"source,omitempty"` // that file, and what reading it remarked
	Check    *CheckSummary          `json:"check,omitempty"`  // how well it can be read
	Sync     *SyncSummary           `json:"sync,omitempty"`   // whether it comes when somebody speaks

	Translated *conference.Completeness `json:"translated,omitempty"` // how much of its source it holds
}

// CheckSummary is how well a track can be read. Which cues are to blame, `lectern subtitles
// check` says.
type CheckSummary struct {
	Profile string       `json:"profile"` // by whose rules
	Grade   string       `json:"grade"`   // A to F
	Share   float64      `json:"share"`   // of the cues are in trouble; see [check.Report]
	Counts  check.Counts `json:"counts"`
}

// SummarizeCheck is a report without its findings.
func SummarizeCheck(r check.Report) CheckSummary {
	return CheckSummary{r.Profile, r.Grade, r.Share, r.Counts}
}

// SyncSummary is whether a track comes when somebody speaks. Times are those of the reel.
type SyncSummary struct {
	subsync.Result
	Message string `json:"says"` // the same in words
}

// OutOfSync reports whether the track clearly does not.
func (s SyncSummary) OutOfSync() bool {
	return s.Verdict != subsync.InSync && s.Verdict != subsync.CannotTell
}

// Provenance is what a bundle was made by.
type Provenance struct {
	Pipeline string                `json:"pipeline"`
	Keys     map[string]action.Key `json:"keys"`  // by slot
	Tools    map[string]string     `json:"tools"` // versions by name
}

// EncodeManifest is bundle.json of c. Equal contents give equal bytes: there is no time of
// making in it.
func EncodeManifest(c Manifest) ([]byte, error) {
	c.FormatVersion = FormatVersion
	c.Files = slices.SortedFunc(slices.Values(c.Files), func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	c.Tracks = slices.SortedFunc(slices.Values(c.Tracks), func(a, b Track) int { return cmp.Compare(a.Language, b.Language) })
	for i, f := range c.Files {
		if err := validateFilePath(f.Path); err != nil {
			return nil, err
		}
		if i > 0 && c.Files[i-1].Path == f.Path {
			return nil, fmt.Errorf("two files of the bundle are called %q", f.Path)
		}
	}
	return indentedJSON(c)
}

// validateFilePath refuses paths that would lead out of a bundle or hide one of its own files.
func validateFilePath(path string) error {
	if path == ManifestName || path == SumsName {
		return fmt.Errorf("%s is the bundle's own and cannot be one of its files", path)
	}
	return validatePath(path)
}

func validatePath(path string) error {
	if !filepath.IsLocal(path) || path != filepath.ToSlash(filepath.Clean(path)) || path == "." {
		return fmt.Errorf("%q is no path inside a bundle", path)
	}
	return nil
}

// indentedJSON is v as JSON for people, with a line feed at its end.
func indentedJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// EncodeSums is SHA256SUMS of files, which are all of the bundle but itself (bundle.json
// too), in the form of sha256sum.
func EncodeSums(files []File) []byte {
	var b bytes.Buffer
	for _, f := range slices.SortedFunc(slices.Values(files), func(a, b File) int { return cmp.Compare(a.Path, b.Path) }) {
		// As sha256sum does: a name that was escaped is announced at the line's start.
		name := sumEscaper.Replace(f.Path)
		if name != f.Path {
			b.WriteByte('\\')
		}
		fmt.Fprintf(&b, "%s  %s\n", f.SHA256, name)
	}
	return b.Bytes()
}

var (
	sumEscaper   = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`)
	sumUnescaper = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\r`, "\r")
)

// parseSums reads what Sums wrote: hashes by path.
func parseSums(b []byte) (map[string]string, error) {
	sums := map[string]string{}
	for line := range strings.Lines(string(b)) {
		line, escaped := strings.CutPrefix(strings.TrimSuffix(line, "\n"), `\`)
		sum, name, ok := strings.Cut(line, "  ")
		if !ok || len(sum) != 64 {
			return nil, fmt.Errorf("%s has a line that is no sum: %q", SumsName, line)
		}
		if escaped {
			name = sumUnescaper.Replace(name)
		}
		if err := validatePath(name); err != nil {
			return nil, fmt.Errorf("%s: %w", SumsName, err)
		}
		if _, twice := sums[name]; twice {
			return nil, fmt.Errorf("%s has %q twice", SumsName, name)
		}
		sums[name] = sum
	}
	return sums, nil
}

func readManifest(dir string) (c Manifest, err error) {
	b, err := os.ReadFile(filepath.Join(dir, ManifestName))
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return c, fmt.Errorf("%s: %w", ManifestName, err)
	}
	return c, nil
}

// listFiles is everything under dir but directories, by path with slashes.
func listFiles(dir string) (map[string]fs.FileInfo, error) {
	files := map[string]fs.FileInfo{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		files[filepath.ToSlash(rel)], err = d.Info()
		return err
	})
	return files, err
}
