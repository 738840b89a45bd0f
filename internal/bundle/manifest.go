// Package bundle writes, compares and verifies bundles: upload-ready directories of one talk.
//
// A bundle is one directory:
//
//	bundle.json           the manifest, see [Manifest]
//	SHA256SUMS            the hash of every other file, for sha256sum -c
//	video/<slug>.mp4      the best rendition, with subtitle streams
//	video/<slug>-1080.mp4 and the other renditions, without
//	audio/<slug>.m4a      audio only, if the pipeline asks for it
//	captions/<slug>.en.srt, <slug>.en.vtt, …
//	chapters/<slug>.en.vtt  if the talk has chapters
//	drafts/<slug>.en.srt, <slug>.en.vtt   subtitles that are not reviewed yet
//	thumb/<slug>.jpg      the thumbnail; beside it a contact sheet, and a sprite for players
//	youtube.json          see [YouTubeJSON]
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
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/subtitle/check"
	"github.com/lectern-av/lectern/internal/subtitle/subsync"
)

// Names of files in every bundle; youtube.json only in bundles for YouTube.
const (
	ManifestName = "bundle.json"
	SumsName     = "SHA256SUMS"
	YouTubeName  = "youtube.json"
)

// FormatVersion is the version of the format of bundle.json. Readers refuse other versions.
const FormatVersion = 1

// Role is the purpose of a file in a bundle.
type Role string

// The roles of files.
const (
	RoleVideo          Role = "video"
	RoleCaptions       Role = "captions"
	RoleThumbnail      Role = "thumbnail"
	RoleSprite         Role = "sprite"   // sheets of thumbnails for the seek bar of players, and the WebVTT that maps times to them
	RoleContactSheet   Role = "contact"  // one picture with many thumbnails, for people
	RoleChapters       Role = "chapters" // WebVTT chapters in one language, for web players
	RoleAudio          Role = "audio"    // audio only, for podcasts
	RoleUploadMetadata Role = "upload"   // youtube.json: title, description and the like for the platform
	RoleExtra          Role = "extra"    // the output of a custom stage that declares no other role
)

// Manifest is the content of bundle.json, which is this type as JSON:
//
//	lectern     the format version, 1
//	talk        slug, title, kind, speakers, language (BCP 47), conference, abstract, …
//	edition     id, recordings (SHA-256, in reel order) and programme: rate ("25/1"),
//	            opening card, kept ranges and closing card in frames
//	files       every file but bundle.json and SHA256SUMS, by path
//	tracks      the subtitles by language: the uploaded file and what parsing it reported,
//	            readability and sync
//	left_out    translations that are not published, the reason, and how complete they are
//	troubles    issues found in the recordings: where (in reel time) and what to do
//	provenance  what made the bundle: pipeline, action keys by slot, tool versions by name
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
	AudioLanguages    []string        `json:"sounds,omitempty"`    // BCP 47, of a video's audio streams after the first: interpreters
	SubtitleLanguages []string        `json:"subtitles,omitempty"` // BCP 47, of a video's subtitle streams
	Language          string          `json:"language,omitempty"`  // BCP 47, of an audio file
	Media             json.RawMessage `json:"media,omitempty"`     // codec, size and the like, as probed
}

// Track describes the subtitles in one language.
type Track struct {
	Language string                 `json:"language"` // BCP 47
	Kind     conference.TrackKind   `json:"kind"`
	Revision int                    `json:"revision"`
	State    string                 `json:"state"`
	Files    []string               `json:"files"`            // paths of its caption files
	Cues     int                    `json:"cues"`             // in each of them
	LeftOut  []subtitle.OmittedCue  `json:"left_out"`         // cues that are outside of the programme
	File     string                 `json:"file"`             // name of the uploaded file
	Source   *conference.SourceFile `json:"source,omitempty"` // that file, and what parsing it reported
	Check    *CheckSummary          `json:"check,omitempty"`  // readability
	Sync     *SyncSummary           `json:"sync,omitempty"`   // whether its cues coincide with speech

	Translated *conference.Completeness `json:"translated,omitempty"` // how much of its source is translated
}

// CheckSummary is the readability of a track. `lectern subtitles check` lists the cues.
type CheckSummary struct {
	Profile string       `json:"profile"` // the rules
	Grade   string       `json:"grade"`   // A to F
	Share   float64      `json:"share"`   // of cues with findings; see [check.Report]
	Counts  check.Counts `json:"counts"`
}

// SummarizeCheck returns a report without its findings.
func SummarizeCheck(r check.Report) CheckSummary {
	return CheckSummary{Profile: r.Profile, Grade: r.Grade, Share: r.Share, Counts: r.Counts}
}

// SyncSummary tells whether the cues of a track coincide with speech. Times are on the clock of the reel.
type SyncSummary struct {
	subsync.Result
	Message string `json:"says"` // the result as a sentence
}

// OutOfSync reports whether the track is clearly out of sync. It is false if that is undecided.
func (s SyncSummary) OutOfSync() bool {
	return s.Verdict != subsync.InSync && s.Verdict != subsync.CannotTell
}

// Provenance is what a bundle was made with.
type Provenance struct {
	Pipeline string                `json:"pipeline"`
	Keys     map[string]action.Key `json:"keys"`  // by slot
	Tools    map[string]string     `json:"tools"` // versions by name
}

// EncodeManifest returns c as bundle.json, in the current format version, with files and tracks
// sorted. It has no timestamp: equal manifests give equal bytes. It returns an error if two files
// have the same path, or a path is invalid.
func EncodeManifest(c Manifest) ([]byte, error) {
	c.FormatVersion = FormatVersion
	c.Files = slices.SortedFunc(slices.Values(c.Files), func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	c.Tracks = slices.SortedFunc(slices.Values(c.Tracks), func(a, b Track) int { return cmp.Compare(a.Language, b.Language) })
	for i, f := range c.Files {
		if err := validateFilePath(f.Path); err != nil {
			return nil, err
		}
		if i > 0 && c.Files[i-1].Path == f.Path {
			return nil, fmt.Errorf("the bundle has two files named %q", f.Path)
		}
	}
	return indentedJSON(c)
}

// validateFilePath returns an error for a path outside of the bundle, and for those of bundle.json
// and SHA256SUMS.
func validateFilePath(path string) error {
	if path == ManifestName || path == SumsName {
		return inputerr.Coded("check.reserved", "{file} is reserved and cannot be a file of a stage", "file", path)
	}
	return validatePath(path)
}

// validatePath returns an error unless a path is clean, relative and inside of the bundle.
func validatePath(path string) error {
	if !filepath.IsLocal(path) || path != filepath.ToSlash(filepath.Clean(path)) || path == "." {
		return inputerr.Coded("check.outside", "“{file}” is not a path inside a bundle", "file", path)
	}
	return nil
}

// indentedJSON encodes v as indented JSON with a newline at its end.
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

// EncodeSums returns SHA256SUMS in the format of sha256sum. files are all files of the bundle,
// bundle.json included.
func EncodeSums(files []File) []byte {
	var b bytes.Buffer
	for _, f := range slices.SortedFunc(slices.Values(files), func(a, b File) int { return cmp.Compare(a.Path, b.Path) }) {
		// Like sha256sum, mark a line with an escaped name by a backslash at its start.
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

// parseSums parses SHA256SUMS, and returns the hashes by path. It returns an *inputerr.Error for an
// invalid line, a path outside of the bundle and a repeated path.
func parseSums(b []byte) (map[string]string, error) {
	sums := map[string]string{}
	for line := range strings.Lines(string(b)) {
		line, escaped := strings.CutPrefix(strings.TrimSuffix(line, "\n"), `\`)
		sum, name, ok := strings.Cut(line, "  ")
		if !ok || len(sum) != 64 {
			return nil, inputerr.Coded("check.sums_line", "{list} has a line that is not a checksum: “{line}”", "list", SumsName, "line", line)
		}
		if escaped {
			name = sumUnescaper.Replace(name)
		}
		if err := validatePath(name); err != nil {
			return nil, fmt.Errorf("%s: %w", SumsName, err)
		}
		if _, twice := sums[name]; twice {
			return nil, inputerr.Coded("check.sums_twice", "{list} has “{file}” twice", "list", SumsName, "file", name)
		}
		sums[name] = sum
	}
	return sums, nil
}

// loadManifest reads the bundle.json in dir. It returns an *inputerr.Error if dir is not a bundle
// of the current format version.
func loadManifest(dir string) (Manifest, error) {
	m, err := readManifest(dir)
	if err != nil {
		return m, inputerr.New(dir, "is not a bundle: %v", err)
	}
	if m.FormatVersion != FormatVersion {
		return m, inputerr.New(dir, "is a bundle of format version %d, and this version of Lectern reads version %d", m.FormatVersion, FormatVersion)
	}
	return m, nil
}

// readManifest reads the bundle.json in dir, of any format version.
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

// listFiles returns everything under dir except directories, by path relative to dir, with slashes.
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
