package bundle

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lectern-av/lectern/internal/fileio"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/subtitle"
)

// Check is the result of one check of a bundle.
type Check struct {
	File    string `json:"file,omitempty"` // in the bundle; "" is the bundle as a whole
	Kind    string `json:"what"`           // "sum", "frames", "soft subtitles", …
	OK      bool   `json:"ok"`
	Message string `json:"says"` // what was found, or the problem
}

// Report is the result of verifying a bundle.
type Report struct {
	Dir    string  `json:"dir"`
	OK     bool    `json:"ok"` // whether every check is
	Checks []Check `json:"checks"`
}

// Failed returns the checks that are not OK.
func (r Report) Failed() []Check {
	return slices.DeleteFunc(slices.Clone(r.Checks), func(c Check) bool { return c.OK })
}

// Verify checks a bundle with nothing but its directory: the checksums, the manifest against the
// files, and the files against what the manifest says about them, as a player would read them.
// Problems of the bundle are in the report. The error is for a directory that is not a bundle,
// and for failures of Verify itself.
func Verify(ctx context.Context, tools media.Tools, dir string) (Report, error) {
	v := &verifier{tools: tools, dir: dir, report: Report{Dir: dir}, sidecars: map[string]subtitle.Document{}}
	var err error
	if v.content, err = loadManifest(dir); err != nil {
		return Report{}, err
	}
	if v.present, err = listFiles(dir); err != nil {
		return Report{}, fmt.Errorf("verify %s: %w", dir, err)
	}
	checks := []func(context.Context) error{
		v.checkSums, v.checkManifest, v.checkTracks, v.checkVideos, v.checkAudioFiles, v.checkThumbnails, v.checkSprites, v.checkChapters, v.checkYouTube,
	}
	for _, check := range checks {
		if err := check(ctx); err != nil {
			return Report{}, fmt.Errorf("verify %s: %w", dir, err)
		}
	}
	v.report.OK = len(v.report.Failed()) == 0
	return v.report, nil
}

// verifier collects the checks of one bundle. Each check method returns an error only if it
// could not look.
type verifier struct {
	tools    media.Tools
	dir      string
	content  Manifest
	present  map[string]fs.FileInfo       // every file in the directory, by path
	hashes   map[string]string            // SHA-256 of the regular files in the bundle, by path
	sidecars map[string]subtitle.Document // caption files that could be parsed, by path
	report   Report
}

// record adds a check to the report: OK with the message found, or failed with the problem.
func (v *verifier) record(file, kind, found string, problem error) {
	c := Check{File: file, Kind: kind, OK: problem == nil, Message: found}
	if problem != nil {
		c.Message = problem.Error()
	}
	v.report.Checks = append(v.report.Checks, c)
}

func (v *verifier) path(file string) string { return filepath.Join(v.dir, filepath.FromSlash(file)) }

// filesWithRole returns the files that the manifest lists with a role and that exist.
func (v *verifier) filesWithRole(r Role) (files []File) {
	for _, f := range v.content.Files {
		if _, ok := v.hashes[f.Path]; ok && f.Role == r {
			files = append(files, f)
		}
	}
	return files
}

// checkSums compares the files in the directory with SHA256SUMS.
func (v *verifier) checkSums(ctx context.Context) error {
	v.hashes = map[string]string{}
	for _, path := range slices.Sorted(maps.Keys(v.present)) {
		if !v.present[path].Mode().IsRegular() {
			v.record(path, "sum", "", errors.New("is not a regular file"))
			continue
		}
		sum, _, err := fileio.HashFile(ctx, v.path(path))
		if err != nil {
			return err
		}
		v.hashes[path] = sum
	}
	b, err := os.ReadFile(v.path(SumsName))
	var sums map[string]string
	if err == nil {
		sums, err = parseSums(b)
	}
	if err != nil {
		v.record(SumsName, "sums", "", err)
		return nil
	}
	wrong := 0
	for _, path := range slices.Sorted(maps.Keys(sums)) {
		var problem error
		if got, ok := v.hashes[path]; !ok {
			problem = errors.New("is missing")
		} else if got != sums[path] {
			problem = fmt.Errorf("does not match %s: its SHA-256 is %s, not %s", SumsName, got, sums[path])
		} else {
			continue
		}
		wrong++
		v.record(path, "sum", "", problem)
	}
	for path := range v.present {
		if _, listed := sums[path]; !listed && path != SumsName {
			wrong++
			v.record(path, "sum", "", fmt.Errorf("is not listed in %s", SumsName))
		}
	}
	if wrong == 0 {
		v.record(SumsName, "sums", fmt.Sprintf("%d files match", len(sums)), nil)
	}
	return nil
}

// checkManifest compares the files in the directory with bundle.json.
func (v *verifier) checkManifest(context.Context) error {
	listed := map[string]bool{ManifestName: true, SumsName: true}
	wrong := 0
	bad := func(path, format string, args ...any) {
		wrong++
		v.record(path, "manifest", "", fmt.Errorf(format, args...))
	}
	for _, f := range v.content.Files {
		if err := validateFilePath(f.Path); err != nil {
			bad(f.Path, "%v", err)
			continue
		}
		if listed[f.Path] {
			bad(f.Path, "is listed twice in %s", ManifestName)
		}
		listed[f.Path] = true
		info, ok := v.present[f.Path]
		switch {
		case !ok:
			bad(f.Path, "is listed in %s and missing", ManifestName)
		case info.Size() != f.Size:
			bad(f.Path, "has %d bytes, but %s says %d", info.Size(), ManifestName, f.Size)
		case v.hashes[f.Path] != f.SHA256:
			bad(f.Path, "does not match its SHA-256 in %s", ManifestName)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(v.present)) {
		if !listed[path] {
			bad(path, "is not listed in %s", ManifestName)
		}
	}
	if v.content.Talk.Slug == "" {
		bad(ManifestName, "has no talk")
	}
	if len(v.filesWithRole(RoleVideo)) == 0 {
		bad(ManifestName, "lists no video")
	}
	if p := v.content.Edition.Programme; p.Rate.IsZero() || p.Frames() <= 0 {
		bad(ManifestName, "has an edition without a programme")
	}
	if wrong == 0 {
		v.record(ManifestName, "manifest", fmt.Sprintf("lists all %d files", len(v.content.Files)), nil)
	}
	return nil
}

// The size of the thumbnails that Lectern makes, and YouTube's limit for their files.
const (
	thumbnailWidth   = 1280
	thumbnailHeight  = 720
	maxThumbnailSize = 2 << 20 // bytes
)

func (v *verifier) checkThumbnails(context.Context) error {
	for _, f := range v.filesWithRole(RoleThumbnail) {
		b, err := os.ReadFile(v.path(f.Path))
		if err != nil {
			return err
		}
		v.record(f.Path, "thumbnail", fmt.Sprintf("JPEG, %d×%d, %d bytes", thumbnailWidth, thumbnailHeight, len(b)), checkThumbnail(b))
	}
	return nil
}

func checkThumbnail(b []byte) error {
	if len(b) >= maxThumbnailSize {
		return fmt.Errorf("has %d bytes and must have fewer than %d", len(b), maxThumbnailSize)
	}
	still, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		return fmt.Errorf("is not a complete JPEG: %w", err)
	}
	if still.Bounds().Size() != image.Pt(thumbnailWidth, thumbnailHeight) {
		return fmt.Errorf("is %v and must be %d×%d", still.Bounds().Size(), thumbnailWidth, thumbnailHeight)
	}
	return nil
}

// checkYouTube checks youtube.json, if there is one, against YouTube's limits and the captions of
// the bundle.
func (v *verifier) checkYouTube(context.Context) error {
	if _, ok := v.hashes[YouTubeName]; !ok {
		return nil
	}
	b, err := os.ReadFile(v.path(YouTubeName))
	if err != nil {
		return err
	}
	v.record(YouTubeName, "limits", "within YouTube's limits, with every caption file", v.checkYouTubeLimits(b))
	return nil
}

func (v *verifier) checkYouTubeLimits(b []byte) error {
	u, err := decodeYouTubeUpload(b)
	if err != nil {
		return err
	}
	texts := map[string]localizedText{"snippet": u.Video.Snippet.localizedText}
	for language, t := range u.Video.Localizations {
		texts["localization "+language] = t
	}
	for _, where := range slices.Sorted(maps.Keys(texts)) {
		if err := texts[where].checkLimits(); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
	}
	if n := tagsLength(u.Video.Snippet.Tags); n > maxTags {
		return fmt.Errorf("has tags of %d characters together, and %d are allowed", n, maxTags)
	}
	if u.Video.Snippet.DefaultAudioLanguage != v.content.Talk.Language {
		return fmt.Errorf("says that the spoken language is %q, but %s says %q", u.Video.Snippet.DefaultAudioLanguage, ManifestName, v.content.Talk.Language)
	}
	want, _ := json.Marshal(captionInserts(v.content.Tracks))
	got, _ := json.Marshal(u.Captions)
	if !bytes.Equal(want, got) {
		return fmt.Errorf("lists other captions than the bundle has: %s, not %s", got, want)
	}
	return nil
}

func (t localizedText) checkLimits() error {
	switch {
	case strings.TrimSpace(t.Title) == "":
		return errors.New("has no title")
	case utf16Length(t.Title) > maxTitle:
		return fmt.Errorf("has a title of %d characters, and %d are allowed", utf16Length(t.Title), maxTitle)
	case len(t.Description) > maxDescription:
		return fmt.Errorf("has a description of %d bytes, and %d are allowed", len(t.Description), maxDescription)
	case strings.ContainsAny(t.Title+t.Description, "<>"):
		return errors.New("has < or > in the title or description")
	}
	return nil
}
