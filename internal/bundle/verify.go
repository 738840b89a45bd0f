package bundle

import (
	"bytes"
	"cmp"
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
	"time"

	"github.com/lectern-av/lectern/internal/conference"
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
		sum, err := hashFile(v.ctx, v.path(path))
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

// checkTracks reads the sidecars of every language and compares them with one another, with
// the manifest and with the programme.
func (v *verifier) checkTracks() error {
	claimed := map[string]bool{}
	for _, t := range v.content.Tracks {
		if canonical, err := subtitle.CanonicalLanguage(t.Language); err != nil || canonical != t.Language {
			v.record("", "language", "", fmt.Errorf("a track is in %q, which is no canonical language tag", t.Language))
		}
		if len(t.Files) == 0 && t.Cues > 0 {
			v.record("", "captions", "", fmt.Errorf("the %s track has %d cues and no file", t.Language, t.Cues))
		}
		var first string
		for _, path := range t.Files {
			claimed[path] = true
			if _, ok := v.hashes[path]; !ok {
				continue // said already
			}
			v.record(path, "captions", fmt.Sprintf("%d cues, within the programme", t.Cues), v.checkSidecar(path, t))
			if _, read := v.sidecars[path]; !read {
				continue
			}
			if first == "" {
				first = path
				continue
			}
			v.record(path, "captions", "cue for cue as "+first, compareCues(v.sidecars[first].Cues, v.sidecars[path].Cues, "it", first))
		}
	}
	for _, f := range v.filesWithRole(RoleCaptions) {
		if !claimed[f.Path] {
			v.record(f.Path, "captions", "", errors.New("no track of the manifest has it"))
		}
	}
	return nil
}

// checkSidecar reads one file of a track.
func (v *verifier) checkSidecar(path string, t Track) error {
	data, err := os.ReadFile(v.path(path))
	if err != nil {
		return err
	}
	doc, err := subtitle.Parse(path, data, subtitle.Options{})
	if err != nil {
		return err
	}
	v.sidecars[path] = doc
	for _, d := range doc.Diagnostics { // players are less patient than Lectern; an entity is but text in SRT
		if d.Severity != subtitle.Note && d.Code != "entity" {
			return fmt.Errorf("its line %d: %s", d.Line, d.Message)
		}
	}
	ext := strings.TrimPrefix(filepath.Ext(path), ".")
	end := v.content.Edition.Programme.Duration()
	last := slices.MaxFunc(doc.Cues, func(a, b conference.Cue) int { return cmp.Compare(a.End, b.End) })
	switch {
	case string(doc.Format) != ext:
		return fmt.Errorf("it is %s inside", doc.Format)
	case !strings.HasSuffix(path, "."+t.Language+"."+ext):
		return fmt.Errorf("its name does not say that it is in %s", t.Language)
	case len(doc.Cues) != t.Cues:
		return fmt.Errorf("it has %d cues, and %s says %d", len(doc.Cues), ManifestName, t.Cues)
	case last.End > end+time.Millisecond: // files count milliseconds
		return fmt.Errorf("its cue at line %d ends at %v, after the programme, which ends at %v", last.Line, last.End, end)
	case doc.Format == subtitle.WebVTT && doc.Language != t.Language:
		return fmt.Errorf("it says that it is in %q, and its track is in %q", doc.Language, t.Language)
	case doc.Format == subtitle.WebVTT && doc.Edition != v.content.Edition.ID:
		return fmt.Errorf("it was made for the edition %q, and the bundle is %q", doc.Edition, v.content.Edition.ID)
	case doc.Format == subtitle.SRT && slices.ContainsFunc(doc.Cues, func(c conference.Cue) bool { return len(c.Spans) > 0 || c.Position != 0 }):
		return errors.New("it has markup, which YouTube does not take")
	}
	return nil
}

// compareCues compares what viewers of two lists of cues see; they go by the names a and b.
func compareCues(want, got []conference.Cue, a, b string) error {
	for i := range min(len(want), len(got)) {
		w, g := want[i], got[i]
		if !withinMillisecond(w.Start, g.Start) || !withinMillisecond(w.End, g.End) {
			return fmt.Errorf("cue %d is at %v–%v in %s and at %v–%v in %s", i+1, g.Start, g.End, a, w.Start, w.End, b)
		}
		if w.Text != g.Text {
			return fmt.Errorf("cue %d is %q in %s and %q in %s", i+1, g.Text, a, w.Text, b)
		}
	}
	if len(want) != len(got) {
		return fmt.Errorf("%s has %d cues and %s has %d", a, len(got), b, len(want))
	}
	return nil
}

// withinMillisecond allows for times that were rounded to milliseconds twice.
func withinMillisecond(a, b time.Duration) bool { return (a - b).Abs() <= time.Millisecond }

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
