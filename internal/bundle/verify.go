package bundle

import (
	"bytes"
	"context"
	"encoding/json"
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
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/subtitle"
)

// Check is the result of one check of a bundle.
type Check struct {
	File    string          `json:"file,omitempty"` // in the bundle; "" is the bundle as a whole
	Kind    string          `json:"what"`           // "sum", "frames", "soft subtitles", …
	OK      bool            `json:"ok"`
	Message string          `json:"says"` // what was found, or the problem
	Problem *inputerr.Error `json:"-"`    // the same for translation; nil if OK
}

// Report is the result of verifying a bundle.
type Report struct {
	Dir    string  `json:"dir"`
	OK     bool    `json:"ok"` // whether every check is
	Checks []Check `json:"checks"`
}

// Failed returns the checks that are not OK, in order.
func (r Report) Failed() []Check {
	return slices.DeleteFunc(slices.Clone(r.Checks), func(c Check) bool { return c.OK })
}

// Verify checks a bundle using only its directory: the checksums, the manifest against the files,
// and the files, as a player would read them, against what the manifest says about them. Problems
// of the bundle are in the report. It returns an error for a directory that is not a bundle, and if
// it cannot check it.
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

// record adds a check to the report: OK with the message found, or failed if problem is not nil.
func (v *verifier) record(file, kind, found string, problem error) {
	c := Check{File: file, Kind: kind, OK: problem == nil, Message: found}
	if problem != nil {
		c.Message, c.Problem = problem.Error(), inputerr.As(problem)
		if c.Problem == nil {
			c.Problem = inputerr.Coded("check.failed", "cannot be checked: {error}", "error", problem)
		}
	}
	v.report.Checks = append(v.report.Checks, c)
}

func (v *verifier) path(file string) string { return filepath.Join(v.dir, filepath.FromSlash(file)) }

// filesWithRole returns the existing files for which the manifest has this role.
func (v *verifier) filesWithRole(r Role) (files []File) {
	for _, f := range v.content.Files {
		if _, ok := v.hashes[f.Path]; ok && f.Role == r {
			files = append(files, f)
		}
	}
	return files
}

// checkSums hashes all files in the directory into v.hashes, and records where they differ from
// SHA256SUMS.
func (v *verifier) checkSums(ctx context.Context) error {
	v.hashes = map[string]string{}
	for _, path := range slices.Sorted(maps.Keys(v.present)) {
		if !v.present[path].Mode().IsRegular() {
			v.record(path, "sum", "", inputerr.Coded("check.not_regular", "is not a regular file"))
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
			problem = inputerr.Coded("check.missing", "is missing")
		} else if got != sums[path] {
			problem = inputerr.Coded("check.sum_mismatch", "does not match {sums}: its SHA-256 is {found}, not {expected}", "sums", SumsName, "found", got, "expected", sums[path])
		} else {
			continue
		}
		wrong++
		v.record(path, "sum", "", problem)
	}
	for path := range v.present {
		if _, listed := sums[path]; !listed && path != SumsName {
			wrong++
			v.record(path, "sum", "", inputerr.Coded("check.unlisted", "is not listed in {list}", "list", SumsName))
		}
	}
	if wrong == 0 {
		v.record(SumsName, "sums", fmt.Sprintf("%d files match", len(sums)), nil)
	}
	return nil
}

// checkManifest records where the files in the directory differ from bundle.json, and what
// bundle.json lacks.
func (v *verifier) checkManifest(context.Context) error {
	listed := map[string]bool{ManifestName: true, SumsName: true}
	wrong := 0
	bad := func(path string, problem error) {
		wrong++
		v.record(path, "manifest", "", problem)
	}
	for _, f := range v.content.Files {
		if err := validateFilePath(f.Path); err != nil {
			bad(f.Path, err)
			continue
		}
		if listed[f.Path] {
			bad(f.Path, inputerr.Coded("check.listed_twice", "is listed twice in {list}", "list", ManifestName))
		}
		listed[f.Path] = true
		info, ok := v.present[f.Path]
		switch {
		case !ok:
			bad(f.Path, inputerr.Coded("check.listed_missing", "is listed in {list} and missing", "list", ManifestName))
		case info.Size() != f.Size:
			bad(f.Path, inputerr.Coded("check.size", "has {found} bytes, but {list} says {expected}", "found", info.Size(), "list", ManifestName, "expected", f.Size))
		case v.hashes[f.Path] != f.SHA256:
			bad(f.Path, inputerr.Coded("check.manifest_sum", "does not match its SHA-256 in {list}", "list", ManifestName))
		}
	}
	for _, path := range slices.Sorted(maps.Keys(v.present)) {
		if !listed[path] {
			bad(path, inputerr.Coded("check.unlisted", "is not listed in {list}", "list", ManifestName))
		}
	}
	if v.content.Talk.Slug == "" {
		bad(ManifestName, inputerr.Coded("check.no_talk", "has no talk"))
	}
	if len(v.filesWithRole(RoleVideo)) == 0 {
		bad(ManifestName, inputerr.Coded("check.no_video", "lists no video"))
	}
	if p := v.content.Edition.Programme; p.Rate.IsZero() || p.Frames() <= 0 {
		bad(ManifestName, inputerr.Coded("check.no_programme", "has an edition without a programme"))
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
		return inputerr.Coded("check.thumbnail_size", "has {found} bytes and must have fewer than {max}", "found", len(b), "max", maxThumbnailSize)
	}
	still, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		return inputerr.Coded("check.jpeg", "is not a complete JPEG")
	}
	if still.Bounds().Size() != image.Pt(thumbnailWidth, thumbnailHeight) {
		return inputerr.Coded("check.thumbnail_dimensions", "is {found} and must be {expected}", "found", fmt.Sprintf("%d×%d", still.Bounds().Dx(), still.Bounds().Dy()), "expected", fmt.Sprintf("%d×%d", thumbnailWidth, thumbnailHeight))
	}
	return nil
}

// checkYouTube records whether youtube.json, if there is one, is within YouTube's limits and lists
// the captions of the bundle.
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
		if err := texts[where].checkLimits(where); err != nil {
			return err
		}
	}
	if n := tagsLength(u.Video.Snippet.Tags); n > maxTags {
		return inputerr.Coded("check.tags_length", "has tags of {found} characters together, and {max} are allowed", "found", n, "max", maxTags)
	}
	if u.Video.Snippet.DefaultAudioLanguage != v.content.Talk.Language {
		return inputerr.Coded("check.spoken_language", "says that the spoken language is “{found}”, but {list} says “{expected}”", "found", u.Video.Snippet.DefaultAudioLanguage, "list", ManifestName, "expected", v.content.Talk.Language)
	}
	want, _ := json.Marshal(captionInserts(v.content.Tracks))
	got, _ := json.Marshal(u.Captions)
	if !bytes.Equal(want, got) {
		return inputerr.Coded("check.youtube_captions", "lists other captions than the bundle has: {found}, not {expected}", "found", string(got), "expected", string(want))
	}
	return nil
}

// checkLimits returns an error if YouTube would refuse the title or the description. where names
// the text in the error.
func (t localizedText) checkLimits(where string) error {
	switch {
	case strings.TrimSpace(t.Title) == "":
		return inputerr.Coded("check.no_title", "{where} has no title", "where", where)
	case utf16Length(t.Title) > maxTitle:
		return inputerr.Coded("check.title_length", "{where} has a title of {found} characters, and {max} are allowed", "where", where, "found", utf16Length(t.Title), "max", maxTitle)
	case len(t.Description) > maxDescription:
		return inputerr.Coded("check.description_length", "{where} has a description of {found} bytes, and {max} are allowed", "where", where, "found", len(t.Description), "max", maxDescription)
	case strings.ContainsAny(t.Title+t.Description, "<>"):
		return inputerr.Coded("check.angle_brackets", "{where} has < or > in the title or description", "where", where)
	}
	return nil
}
