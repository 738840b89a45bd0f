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

	"github.com/lectern-av/lectern/internal/fsutil"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/subtitle"
)

// Check is one thing that was looked at, and what was found in words.
type Check struct {
	File    string `json:"file,omitempty"` // in the bundle; "" is the bundle as a whole
	Kind    string `json:"what"`           // "sum", "frames", "soft subtitles", …
	OK      bool   `json:"ok"`
	Message string `json:"says"`
}

// Report is what verifying a bundle found.
type Report struct {
	Dir    string  `json:"dir"`
	OK     bool    `json:"ok"` // every check is
	Checks []Check `json:"checks"`
}

// Failed are the checks that are not OK.
func (r Report) Failed() []Check {
	return slices.DeleteFunc(slices.Clone(r.Checks), func(c Check) bool { return c.OK })
}

// Verify checks a bundle with nothing but its directory: sums, the manifest against the
// files, and then the files against what the manifest says they are, as a player would
// read them. What is wrong with the bundle is in the report; the error is for a
// directory that is no bundle at all, and for what kept Verify from looking.
func Verify(ctx context.Context, tools media.Tools, dir string) (Report, error) {
	v := &verifier{ctx: ctx, tools: tools, dir: dir, report: Report{Dir: dir}, sidecars: map[string]subtitle.Document{}}
	var err error
	if v.content, err = readManifest(dir); err != nil {
		return Report{}, inputerr.New(dir, "is no bundle: %v", err)
	}
	if v.content.FormatVersion != FormatVersion {
		return Report{}, inputerr.New(dir, "is a bundle of form %d, and this Lectern reads form %d", v.content.FormatVersion, FormatVersion)
	}
	if v.present, err = listFiles(dir); err != nil {
		return Report{}, fmt.Errorf("verify %s: %w", dir, err)
	}
	for _, check := range []func() error{v.checkSums, v.checkManifest, v.checkTracks, v.checkVideos, v.checkAudioFiles, v.checkThumbnails, v.checkSprites, v.checkChapters, v.checkYouTube} {
		if err := check(); err != nil {
			return Report{}, fmt.Errorf("verify %s: %w", dir, err)
		}
	}
	v.report.OK = len(v.report.Failed()) == 0
	return v.report, nil
}

type verifier struct {
	ctx      context.Context
	tools    media.Tools
	dir      string
	content  Manifest
	present  map[string]fs.FileInfo
	hashes   map[string]string            // of the files that are there
	sidecars map[string]subtitle.Document // sidecars that could be read, by path
	report   Report
}

// record records a check: ok with what was found, or the problem, where there is one.
func (v *verifier) record(file, what, found string, problem error) {
	c := Check{File: file, Kind: what, OK: problem == nil, Message: found}
	if problem != nil {
		c.Message = problem.Error()
	}
	v.report.Checks = append(v.report.Checks, c)
}

func (v *verifier) path(file string) string { return filepath.Join(v.dir, filepath.FromSlash(file)) }

// filesWithRole are the manifest's files of a role that are there.
func (v *verifier) filesWithRole(r Role) (files []File) {
	for _, f := range v.content.Files {
		if _, ok := v.hashes[f.Path]; ok && f.Role == r {
			files = append(files, f)
		}
	}
	return files
}

// checkSums compares every file with SHA256SUMS, and the list of files with the directory.
func (v *verifier) checkSums() error {
	v.hashes = map[string]string{}
	for _, path := range slices.Sorted(maps.Keys(v.present)) {
		if !v.present[path].Mode().IsRegular() {
			v.record(path, "sum", "", errors.New("it is no regular file"))
			continue
		}
		sum, _, err := fsutil.HashFile(v.ctx, v.path(path))
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
			problem = errors.New("it is missing")
		} else if got != sums[path] {
			problem = fmt.Errorf("its content is not what %s says: %s, not %s", SumsName, got, sums[path])
		} else {
			continue
		}
		wrong++
		v.record(path, "sum", "", problem)
	}
	for path := range v.present {
		if _, listed := sums[path]; !listed && path != SumsName {
			wrong++
			v.record(path, "sum", "", fmt.Errorf("it is not in %s", SumsName))
		}
	}
	if wrong == 0 {
		v.record(SumsName, "sums", fmt.Sprintf("%d files are there and are what it says", len(sums)), nil)
	}
	return nil
}

// checkManifest compares bundle.json with the directory.
func (v *verifier) checkManifest() error {
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
			bad(f.Path, "%s lists it twice", ManifestName)
		}
		listed[f.Path] = true
		info, ok := v.present[f.Path]
		switch {
		case !ok:
			bad(f.Path, "%s lists it, and it is missing", ManifestName)
		case info.Size() != f.Size:
			bad(f.Path, "it has %d bytes, and %s says %d", info.Size(), ManifestName, f.Size)
		case v.hashes[f.Path] != f.SHA256:
			bad(f.Path, "its content is not what %s says", ManifestName)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(v.present)) {
		if !listed[path] {
			bad(path, "%s does not list it", ManifestName)
		}
	}
	if v.content.Talk.Slug == "" {
		bad(ManifestName, "it names no talk")
	}
	if len(v.filesWithRole(RoleVideo)) == 0 {
		bad(ManifestName, "the bundle has no video")
	}
	if p := v.content.Edition.Programme; p.Rate.IsZero() || p.Frames() <= 0 {
		bad(ManifestName, "its edition describes no programme")
	}
	if wrong == 0 {
		v.record(ManifestName, "manifest", fmt.Sprintf("it lists exactly the %d files that are there", len(v.content.Files)), nil)
	}
	return nil
}

// YouTube's limits for a thumbnail, and the size that Lectern makes.
const (
	thumbnailWidth   = 1280
	thumbnailHeight  = 720
	maxThumbnailSize = 2 << 20 // bytes
)

func (v *verifier) checkThumbnails() error {
	for _, f := range v.filesWithRole(RoleThumbnail) {
		b, err := os.ReadFile(v.path(f.Path))
		if err != nil {
			return err
		}
		v.record(f.Path, "thumbnail", fmt.Sprintf("a JPEG of %d×%d in %d bytes", thumbnailWidth, thumbnailHeight, len(b)), checkThumbnail(b))
	}
	return nil
}

func checkThumbnail(b []byte) error {
	if len(b) >= maxThumbnailSize {
		return fmt.Errorf("it has %d bytes and must have fewer than %d", len(b), maxThumbnailSize)
	}
	still, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		return fmt.Errorf("it is no whole JPEG: %w", err)
	}
	if still.Bounds().Size() != image.Pt(thumbnailWidth, thumbnailHeight) {
		return fmt.Errorf("it is %v and must be %d×%d", still.Bounds().Size(), thumbnailWidth, thumbnailHeight)
	}
	return nil
}

// checkYouTube checks youtube.json, where there is one, against YouTube's limits and the
// captions of the bundle.
func (v *verifier) checkYouTube() error {
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
		return fmt.Errorf("its tags count %d and may count %d", n, maxTags)
	}
	if u.Video.Snippet.DefaultAudioLanguage != v.content.Talk.Language {
		return fmt.Errorf("it says that %q is spoken, and %s says %q", u.Video.Snippet.DefaultAudioLanguage, ManifestName, v.content.Talk.Language)
	}
	want, _ := json.Marshal(captionInserts(v.content.Tracks))
	got, _ := json.Marshal(u.Captions)
	if !bytes.Equal(want, got) {
		return fmt.Errorf("its captions are not those of the bundle: %s, not %s", got, want)
	}
	return nil
}

func (t localizedText) checkLimits() error {
	switch {
	case strings.TrimSpace(t.Title) == "":
		return errors.New("there is no title")
	case utf16Length(t.Title) > maxTitle:
		return fmt.Errorf("the title has %d characters and may have %d", utf16Length(t.Title), maxTitle)
	case len(t.Description) > maxDescription:
		return fmt.Errorf("the description has %d bytes and may have %d", len(t.Description), maxDescription)
	case strings.ContainsAny(t.Title+t.Description, "<>"):
		return errors.New("the title or the description holds < or >")
	}
	return nil
}
