package service

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/bundle"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/timeline"
	"github.com/lectern-av/lectern/internal/translation"
)

// Bundles opens and verifies the published bundles of talks.
type Bundles struct {
	catalog *catalog.Catalog
	tools   media.Tools
	tracks  translation.Service
}

// Bundle is an open bundle. All reads see the same version, even if the talk is published again
// meanwhile. Close it after use.
type Bundle struct {
	bundle.Manifest
	Sums         []byte    // SHA256SUMS
	ManifestJSON []byte    // bundle.json
	Published    time.Time //
	dir          string
	root         *os.Root
}

// Close closes the directory of the bundle. Files that were opened stay open.
func (b *Bundle) Close() error { return b.root.Close() }

// Open opens the last published bundle of a talk. It requires access.ViewTalk, and returns
// ErrNotFound if there is no bundle or if its directory is missing.
func (svc *Bundles) Open(ctx context.Context, p access.Person, slug string) (_ *Bundle, err error) {
	if !p.May(access.ViewTalk, slug, "") {
		return nil, access.ErrForbidden
	}
	published, ok, err := svc.catalog.LastPublication(ctx, slug)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("the bundle of %s: %w", slug, catalog.ErrNotFound)
	}
	root, err := os.OpenRoot(published.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("the bundle of %s is missing from %s: %w", slug, published.Dir, catalog.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	b := &Bundle{Published: published.At, dir: published.Dir, root: root}
	if b.ManifestJSON, err = root.ReadFile(bundle.ManifestName); err == nil {
		err = json.Unmarshal(b.ManifestJSON, &b.Manifest)
	}
	if err == nil {
		b.Sums, err = root.ReadFile("SHA256SUMS")
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read the bundle of %s: %w", slug, err), root.Close())
	}
	return b, nil
}

// File opens a file of the bundle. It returns ErrNotFound for a name that the manifest does not
// list.
func (b *Bundle) File(name string) (*os.File, bundle.File, error) {
	i := slices.IndexFunc(b.Files, func(f bundle.File) bool { return f.Path == name })
	if i < 0 {
		return nil, bundle.File{}, fmt.Errorf("file %q of the bundle: %w", name, catalog.ErrNotFound)
	}
	f, err := b.root.Open(name)
	return f, b.Files[i], err
}

// Missing returns the paths of files in the manifest that do not exist or have another size. It
// does not read their content, as Bundles.Verify does.
func (b *Bundle) Missing() (paths []string) {
	for _, f := range b.Files {
		if info, err := b.root.Stat(f.Path); err != nil || info.Size() != f.Size {
			paths = append(paths, f.Path)
		}
	}
	return paths
}

// archiveFile is one file of the archive of a bundle.
type archiveFile struct {
	name string
	size int64
	open func() (io.ReadCloser, error)
}

// archiveFiles returns the files for an archive of the bundle: the manifest, the checksums and all
// files that the manifest lists.
func (b *Bundle) archiveFiles() []archiveFile {
	given := func(name string, data []byte) archiveFile {
		return archiveFile{name, int64(len(data)), func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
	}
	all := []archiveFile{given(bundle.ManifestName, b.ManifestJSON), given("SHA256SUMS", b.Sums)}
	for _, f := range b.Files {
		all = append(all, archiveFile{f.Path, f.Size, func() (io.ReadCloser, error) { return b.root.Open(f.Path) }})
	}
	return all
}

// Playback holds what a player needs to show a talk.
type Playback struct {
	Slug, Title string
	Language    string // the spoken one (BCP 47)
	Duration    time.Duration
	Renditions  []Rendition    // the best first
	Tracks      []CaptionTrack // the spoken language's first
	Poster      string         // a path in the bundle; "": there is none
	Chapters    string
	Sprite      string // the WebVTT that maps times to preview images
}

// Rendition is one version of the video, at one size and in one codec.
type Rendition struct {
	Name   string // for people: "1080p", "1080p vp9"
	Path   string // in the bundle
	Size   int64  // bytes
	Height int
	Type   string // "video/mp4"
}

// CaptionTrack names subtitles that a player can show.
type CaptionTrack struct {
	Language string // BCP 47
	Kind     conference.TrackKind
	Revision int
}

// Playback returns what a player needs to show a talk: the videos of its last bundle, and the
// current subtitles, which may be newer than the bundle. It requires access.ViewTalk, and returns
// ErrNotFound if there is no bundle.
func (svc *Bundles) Playback(ctx context.Context, p access.Person, slug string) (Playback, error) {
	b, err := svc.Open(ctx, p, slug)
	if err != nil {
		return Playback{}, err
	}
	defer b.Close()
	play := Playback{Slug: slug, Title: b.Talk.Title, Language: b.Talk.Language, Duration: b.Edition.Programme.Duration()}
	for _, f := range b.Files {
		switch {
		case f.Role == bundle.RoleVideo && len(f.SubtitleLanguages) == 0:
			play.Renditions = append(play.Renditions, newRendition(f))
		case f.Role == bundle.RoleThumbnail:
			play.Poster = f.Path
		case f.Role == bundle.RoleChapters && (play.Chapters == "" || f.Path == bundle.ChaptersPath(slug, b.Talk.Language)):
			play.Chapters = f.Path
		case f.Role == bundle.RoleSprite && path.Ext(f.Path) == ".vtt":
			play.Sprite = f.Path
		}
	}
	slices.SortStableFunc(play.Renditions, func(a, b Rendition) int { return cmp.Compare(b.Height, a.Height) })
	tracks, err := svc.currentTracks(ctx, slug)
	for _, t := range tracks {
		play.Tracks = append(play.Tracks, CaptionTrack{t.Language, t.Kind, t.Revision})
	}
	return play, err
}

// newRendition returns a video file of a bundle in the form that a player offers. Without metadata,
// its name is the file name.
func newRendition(f bundle.File) Rendition {
	var is struct {
		Codec  string
		Height int
	}
	_ = json.Unmarshal(f.Media, &is) // without metadata, the file name is shown
	r := Rendition{Path: f.Path, Size: f.Size, Height: is.Height, Name: path.Base(f.Path), Type: "video/mp4"}
	if path.Ext(f.Path) == ".webm" {
		r.Type = "video/webm"
	}
	if is.Height > 0 {
		r.Name = fmt.Sprintf("%dp", is.Height)
		if is.Codec != "h264" {
			r.Name += " " + is.Codec
		}
	}
	return r
}

// currentTracks returns the current subtitles of a talk in reel time, the spoken language first.
// Translations include texts that are still drafts.
func (svc *Bundles) currentTracks(ctx context.Context, slug string) ([]conference.Track, error) {
	s, err := svc.catalog.Talk(ctx, slug)
	if err != nil {
		return nil, err
	}
	tracks := s.Facts.Tracks
	if conference.FindAuthored(tracks) != nil {
		all, err := translation.Service{Catalog: svc.catalog}.Latest(ctx, slug)
		if err != nil {
			return nil, err
		}
		for _, h := range all {
			cues := translation.ReleasedCues(h.Cues, translation.Draft)
			if len(cues) > 0 && conference.FindTrack(tracks, h.Language) == nil {
				tracks = append(tracks, conference.Track{Language: h.Language, Kind: conference.Translation, Revision: h.Number, Cues: cues})
			}
		}
	}
	slices.SortStableFunc(tracks, func(a, b conference.Track) int {
		return cmp.Or(compareTrueFirst(a.Kind != conference.Authored, b.Kind != conference.Authored), cmp.Compare(a.Language, b.Language))
	})
	return tracks, nil
}

// WriteWebVTT writes the current subtitles of a talk in a language as WebVTT, with the times of the
// video in its last bundle. It requires access.ViewTalk, and returns ErrNotFound if there is no
// bundle or no such track.
func (svc *Bundles) WriteWebVTT(ctx context.Context, p access.Person, slug, language string, w io.Writer) error {
	b, err := svc.Open(ctx, p, slug)
	if err != nil {
		return err
	}
	defer b.Close()
	tracks, err := svc.currentTracks(ctx, slug)
	if err != nil {
		return err
	}
	t := conference.FindTrack(tracks, language)
	if t == nil {
		return fmt.Errorf("subtitles of %s in %s: %w", slug, language, catalog.ErrNotFound)
	}
	placed, _ := subtitle.ToProgramme(b.Edition.Programme, t.Cues)
	_, err = subtitle.Write(w, placed, subtitle.WebVTT, subtitle.WriteOptions{Language: language, Edition: b.Edition.ID})
	if errors.Is(err, subtitle.ErrNoCues) {
		_, err = io.WriteString(w, "WEBVTT\n")
	}
	return err
}

// Verify reads the last bundle of a talk completely and compares it with its manifest. It requires
// access.ManageRecordings, and returns ErrNotFound if there is no bundle. Damage is in the report
// and is no error.
func (svc *Bundles) Verify(ctx context.Context, p access.Person, slug string) (bundle.Report, error) {
	if !p.May(access.ManageRecordings, slug, "") {
		return bundle.Report{}, access.ErrForbidden
	}
	published, ok, err := svc.catalog.LastPublication(ctx, slug)
	if err != nil {
		return bundle.Report{}, err
	}
	if !ok {
		return bundle.Report{}, fmt.Errorf("the bundle of %s: %w", slug, catalog.ErrNotFound)
	}
	return bundle.Verify(ctx, svc.tools, published.Dir)
}

// ProgrammeTimes returns a function that maps a cue in reel time to its start in the talk's last
// video. The function returns false for a cue that was trimmed away, and for all cues if there is
// no video. ProgrammeTimes requires access.ViewTalk.
func (svc *Bundles) ProgrammeTimes(ctx context.Context, p access.Person, slug string) (func(conference.Cue) (time.Duration, bool), error) {
	b, err := svc.Open(ctx, p, slug)
	if errors.Is(err, catalog.ErrNotFound) {
		return func(conference.Cue) (time.Duration, bool) { return 0, false }, nil
	}
	if err != nil {
		return nil, err
	}
	programme := b.Edition.Programme
	return func(c conference.Cue) (time.Duration, bool) {
		seen, ok := programme.FromReel(timeline.Span{From: c.Start, To: c.End})
		return seen.From, ok
	}, b.Close()
}
