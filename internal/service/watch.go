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
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/timeline"
	"github.com/lectern-av/lectern/internal/translation"
)

// Bundle is the last bundle of a talk, opened: however often another one takes its place, what
// is read of it belongs together. It is to be closed.
type Bundle struct {
	bundle.Content
	Sums      []byte    // SHA256SUMS
	Manifest  []byte    // bundle.json
	Published time.Time //
	dir       string
	root      *os.Root
}

// Close lets the bundle go.
func (b *Bundle) Close() error { return b.root.Close() }

// OpenBundle opens the last bundle of a talk; where there is none, the error is catalog.ErrNone.
func (o *Office) OpenBundle(ctx context.Context, p access.Person, slug string) (_ *Bundle, err error) {
	if !p.May(access.See, slug, "") {
		return nil, access.ErrForbidden
	}
	published, ok, err := o.Catalog.Published(ctx, slug)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("the bundle of %s: %w", slug, catalog.ErrNone)
	}
	root, err := os.OpenRoot(published.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("the bundle of %s is not in %s any more: %w", slug, published.Dir, catalog.ErrNone)
	}
	if err != nil {
		return nil, err
	}
	b := &Bundle{Published: published.At, dir: published.Dir, root: root}
	if b.Manifest, err = root.ReadFile(bundle.ManifestName); err == nil {
		err = json.Unmarshal(b.Manifest, &b.Content)
	}
	if err == nil {
		b.Sums, err = root.ReadFile("SHA256SUMS")
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read the bundle of %s: %w", slug, err), root.Close())
	}
	return b, nil
}

// File opens one of the files that the bundle lists, and no other.
func (b *Bundle) File(name string) (*os.File, bundle.File, error) {
	i := slices.IndexFunc(b.Files, func(f bundle.File) bool { return f.Path == name })
	if i < 0 {
		return nil, bundle.File{}, fmt.Errorf("file %q of the bundle: %w", name, catalog.ErrNone)
	}
	f, err := b.root.Open(name)
	return f, b.Files[i], err
}

// Missing is which files the bundle lists that are not there, or not as large. It is a look at
// their names: whether they are what they were, `lectern bundle verify` finds out.
func (b *Bundle) Missing() (paths []string) {
	for _, f := range b.Files {
		if info, err := b.root.Stat(f.Path); err != nil || info.Size() != f.Size {
			paths = append(paths, f.Path)
		}
	}
	return paths
}

// part is one file of a bundle on its way out.
type part struct {
	name string
	size int64
	open func() (io.ReadCloser, error)
}

// parts is every file of the bundle, what it lists itself by and all that it lists.
func (b *Bundle) parts() []part {
	given := func(name string, data []byte) part {
		return part{name, int64(len(data)), func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
	}
	all := []part{given(bundle.ManifestName, b.Manifest), given("SHA256SUMS", b.Sums)}
	for _, f := range b.Files {
		all = append(all, part{f.Path, f.Size, func() (io.ReadCloser, error) { return b.root.Open(f.Path) }})
	}
	return all
}

// Programme is what a player needs to show a talk.
type Programme struct {
	Slug, Title string
	Language    string // that is spoken, BCP 47
	Duration    time.Duration
	Renditions  []Rendition    // the best first
	Tracks      []CaptionTrack // the spoken language's first
	Poster      string         // a path in the bundle; "": there is none
	Chapters    string
	Sprite      string // the WebVTT that says where in the sheets of stills what is
}

// Rendition is a film of a talk.
type Rendition struct {
	Name   string // for people: "1080p", "1080p vp9"
	Path   string // in the bundle
	Size   int64  // bytes
	Height int
	Type   string // "video/mp4"
}

// CaptionTrack is subtitles that a player can show.
type CaptionTrack struct {
	Language string // BCP 47
	Kind     conference.TrackKind
	Revision int
}

// Programme is the last bundle of a talk as a player needs it, with the subtitles that there
// are now, which may be newer.
func (o *Office) Programme(ctx context.Context, p access.Person, slug string) (Programme, error) {
	b, err := o.OpenBundle(ctx, p, slug)
	if err != nil {
		return Programme{}, err
	}
	defer b.Close()
	play := Programme{Slug: slug, Title: b.Talk.Title, Language: b.Talk.Language, Duration: b.Edition.Programme.Duration()}
	for _, f := range b.Files {
		switch {
		case f.Role == bundle.Video && len(f.Subtitles) == 0:
			play.Renditions = append(play.Renditions, renditionOf(f))
		case f.Role == bundle.Thumbnail:
			play.Poster = f.Path
		case f.Role == bundle.Chapters && (play.Chapters == "" || f.Path == bundle.ChaptersPath(slug, b.Talk.Language)):
			play.Chapters = f.Path
		case f.Role == bundle.Sprite && path.Ext(f.Path) == ".vtt":
			play.Sprite = f.Path
		}
	}
	slices.SortStableFunc(play.Renditions, func(a, b Rendition) int { return cmp.Compare(b.Height, a.Height) })
	tracks, err := o.captionTracks(ctx, slug)
	for _, t := range tracks {
		play.Tracks = append(play.Tracks, CaptionTrack{t.Language, t.Kind, t.Revision})
	}
	return play, err
}

// renditionOf is a film of a bundle for people.
func renditionOf(f bundle.File) Rendition {
	var is struct {
		Codec  string
		Height int
	}
	_ = json.Unmarshal(f.Media, &is) // a film that says nothing of itself has a name at least
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

// captionTracks is the subtitles of a talk as they are now, in reel time: what was handed in
// for it, and what is translated, be it a draft.
func (o *Office) captionTracks(ctx context.Context, slug string) ([]conference.Track, error) {
	s, err := o.Catalog.Talk(ctx, slug)
	if err != nil {
		return nil, err
	}
	tracks := s.Facts.Tracks
	if conference.AuthoredIn(tracks) != nil {
		all, err := translation.Desk{Catalog: o.Catalog}.All(ctx, slug)
		if err != nil {
			return nil, err
		}
		for _, h := range all {
			cues := translation.Released(h.Cues, translation.Draft)
			if len(cues) > 0 && conference.TrackIn(tracks, h.Language) == nil {
				tracks = append(tracks, conference.Track{Language: h.Language, Kind: conference.Translation, Revision: h.Number, Cues: cues})
			}
		}
	}
	slices.SortStableFunc(tracks, func(a, b conference.Track) int {
		return cmp.Or(boolCompare(a.Kind != conference.Authored, b.Kind != conference.Authored), cmp.Compare(a.Language, b.Language))
	})
	return tracks, nil
}

// WriteCaptions writes the subtitles of a talk in a language as they are now, on the clock of
// its last bundle, as WebVTT.
func (o *Office) WriteCaptions(ctx context.Context, p access.Person, slug, language string, w io.Writer) error {
	b, err := o.OpenBundle(ctx, p, slug)
	if err != nil {
		return err
	}
	defer b.Close()
	tracks, err := o.captionTracks(ctx, slug)
	if err != nil {
		return err
	}
	t := conference.TrackIn(tracks, language)
	if t == nil {
		return fmt.Errorf("subtitles of %s in %s: %w", slug, language, catalog.ErrNone)
	}
	placed, _ := subtitle.Place(b.Edition.Programme, t.Cues)
	_, err = subtitle.Write(w, placed, subtitle.WebVTT, subtitle.WriteOptions{Language: language, Edition: b.Edition.ID})
	if errors.Is(err, subtitle.ErrNothing) {
		_, err = io.WriteString(w, "WEBVTT\n")
	}
	return err
}

// Verify proves the last bundle of a talk sound, by reading all of it.
func (o *Office) Verify(ctx context.Context, p access.Person, slug string) (bundle.Report, error) {
	if !p.May(access.Record, slug, "") {
		return bundle.Report{}, access.ErrForbidden
	}
	published, ok, err := o.Catalog.Published(ctx, slug)
	if err != nil {
		return bundle.Report{}, err
	}
	if !ok {
		return bundle.Report{}, fmt.Errorf("the bundle of %s: %w", slug, catalog.ErrNone)
	}
	return bundle.Verify(ctx, o.Tools, published.Dir)
}

// InFilm says where in the last film of a talk a cue is shown; the answer is no for cues that
// are cut away, and for all where there is no film.
func (o *Office) InFilm(ctx context.Context, p access.Person, slug string) (func(conference.Cue) (time.Duration, bool), error) {
	b, err := o.OpenBundle(ctx, p, slug)
	if errors.Is(err, catalog.ErrNone) {
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
