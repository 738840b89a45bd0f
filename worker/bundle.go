package worker

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/bundle"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/subtitle"
)

// doBundle writes the manifest, checksums, chapters and upload metadata of a bundle, and publishes
// them with a list of all its files. The conductor copies the files into a directory.
func doBundle(ctx context.Context, t *Task) error {
	a := t.Actions[0]
	spec, err := decodeParams[plan.BundleSpec](a)
	if err != nil {
		return err
	}
	b := &bundleWriter{Task: t, action: a, spec: spec}
	if err := b.collectFiles(ctx); err != nil {
		return err
	}
	if err := b.writeChapters(); err != nil {
		return err
	}
	if spec.Destination == "youtube" {
		if err := b.writeYouTube(); err != nil {
			return err
		}
	}
	if err := b.writeManifest(ctx); err != nil {
		return err
	}
	return b.publish(ctx)
}

// bundleWriter collects what is in a bundle, and writes the files that describe it.
type bundleWriter struct {
	*Task
	action  action.Action
	spec    plan.BundleSpec
	content bundle.Manifest
	layout  []plan.LayoutEntry
	notes   []string
	written []string // names of the files written to Dir
}

// collectFiles adds the files that other actions made to the manifest and the layout, and the
// tracks with their checks to the manifest.
func (b *bundleWriter) collectFiles(ctx context.Context) error {
	tracks := make(map[string]*bundle.Track)
	for _, s := range b.spec.Tracks {
		tracks[s.Language] = &bundle.Track{Language: s.Language, Kind: s.Kind, Revision: s.Revision, State: s.State, File: s.File, Source: s.Source, Translated: s.Translated}
	}
	for _, e := range b.spec.Entries {
		artifact, err := b.worker.Store.Get(ctx, e.Key)
		if err != nil {
			return fmt.Errorf("find %s: %w", e.Path, err)
		}
		f, err := artifact.File(e.File)
		if err != nil {
			return err
		}
		b.layout = append(b.layout, plan.LayoutEntry{Path: e.Path, File: f, Key: e.Key})
		entry := bundle.File{Path: e.Path, SHA256: f.SHA256, Size: f.Size, Role: e.Role, AudioLanguages: e.Sounds, SubtitleLanguages: e.Subtitles}
		if entry.Role == bundle.RoleVideo || entry.Role == bundle.RoleAudio {
			entry.Media = artifact.Facts
		}
		if entry.Role == bundle.RoleAudio {
			entry.Language = e.Language
		}
		b.content.Files = append(b.content.Files, entry)
		if track := tracks[e.Language]; track != nil && entry.Role == bundle.RoleCaptions {
			if err := b.addCaptions(ctx, e, track); err != nil {
				return err
			}
		}
	}
	for _, s := range b.spec.Tracks {
		track := tracks[s.Language]
		if err := b.addSync(ctx, track); err != nil {
			return err
		}
		b.notes = append(b.notes, trackNotes(track)...)
		b.content.Tracks = append(b.content.Tracks, *track)
	}
	return nil
}

// addSync adds the result of the sync check to a track, if the action has one for it.
func (b *bundleWriter) addSync(ctx context.Context, track *bundle.Track) error {
	role := plan.SyncRole + track.Language
	if _, ok := b.action.Inputs[role]; !ok {
		return nil
	}
	track.Sync = new(bundle.SyncSummary)
	return b.InputFacts(ctx, b.action, role, track.Sync)
}

// trackNotes returns a note with a track's grade and its findings if it was checked, and a note if
// it is out of sync.
func trackNotes(t *bundle.Track) (notes []string) {
	if t.Check != nil {
		note := fmt.Sprintf("%s: grade %s by %s in %s: %s", cmp.Or(t.File, t.Language), t.Check.Grade, t.Check.Profile,
			subtitle.EnglishLanguageName(t.Language), t.Check.Counts)
		if t.Check.Counts.Errors+t.Check.Counts.Warnings > 0 {
			note += "; see lectern subtitles check"
		}
		notes = append(notes, note)
	}
	if t.Sync != nil && t.Sync.OutOfSync() {
		notes = append(notes, fmt.Sprintf("%s: %s Nothing was changed; lectern subtitles sync can correct it", cmp.Or(t.File, t.Language), t.Sync.Message))
	}
	return notes
}

// addCaptions adds the file e to a track, and the number of its cues, those left out, and the
// result of its check.
func (b *bundleWriter) addCaptions(ctx context.Context, e plan.BundleEntry, track *bundle.Track) error {
	var facts captionsFacts
	if err := b.InputFacts(ctx, b.action, e.Path, &facts); err != nil {
		return err
	}
	track.Files = append(track.Files, e.Path)
	track.Cues, track.LeftOut, track.Check = facts.Cues, facts.LeftOut, &facts.Check
	return nil
}

// writeChapters writes the talk's chapters as WebVTT, for players on the web, once for each
// language in which they have titles.
func (b *bundleWriter) writeChapters() error {
	talk := b.spec.Talk
	for _, language := range talk.ChapterLanguages() {
		sections, _ := talk.Localized(language).Sections(b.spec.Edition.Programme)
		if len(sections) == 0 {
			return nil
		}
		data, err := bundle.ChaptersVTT(sections)
		if err != nil {
			return fmt.Errorf("write the chapters in %s: %w", language, err)
		}
		if err := b.writeListed(bundle.ChaptersPath(talk.Slug, language), bundle.RoleChapters, data); err != nil {
			return err
		}
	}
	return nil
}

// writeListed writes a file to a path in the bundle, and adds it to the manifest.
func (b *bundleWriter) writeListed(path string, role bundle.Role, data []byte) error {
	f, err := b.writeFile(path, data)
	b.content.Files = append(b.content.Files, bundle.File{Path: path, SHA256: f.SHA256, Size: f.Size, Role: role})
	return err
}

// writeYouTube writes youtube.json, the metadata for uploading to YouTube, and adds notes about
// what YouTube cannot show.
func (b *bundleWriter) writeYouTube() error {
	data, notes, err := bundle.YouTubeJSON(bundle.YouTubeInput{
		Talk: b.spec.Talk, Conference: b.spec.Conference, Programme: b.spec.Edition.Programme, Tracks: b.content.Tracks,
	})
	if err != nil {
		return err
	}
	b.notes = append(b.notes, notes...)
	return b.writeListed(bundle.YouTubeName, bundle.RoleUploadMetadata, data)
}

// writeManifest completes and writes the manifest, and then the checksums of all files including
// it.
func (b *bundleWriter) writeManifest(ctx context.Context) error {
	version, err := b.Media().FFmpegVersion(ctx)
	if err != nil {
		return err
	}
	b.content.FormatVersion = bundle.FormatVersion
	b.content.Talk, b.content.Edition = b.spec.Talk, b.spec.Edition
	b.content.LeftOut, b.content.Issues = b.spec.LeftOut, b.spec.Issues
	b.content.Provenance = bundle.Provenance{
		Pipeline: b.spec.Pipeline,
		Keys:     make(map[string]action.Key),
		Tools:    map[string]string{"ffmpeg": version},
	}
	for _, e := range b.spec.Entries {
		b.content.Provenance.Keys[e.Path] = e.Key
	}
	slices.SortFunc(b.content.Files, func(x, y bundle.File) int { return strings.Compare(x.Path, y.Path) })
	manifest, err := bundle.EncodeManifest(b.content)
	if err != nil {
		return err
	}
	f, err := b.writeFile(bundle.ManifestName, manifest)
	if err != nil {
		return err
	}
	summed := append(slices.Clip(b.content.Files), bundle.File{Path: f.Name, SHA256: f.SHA256, Size: f.Size})
	_, err = b.writeFile(bundle.SumsName, bundle.EncodeSums(summed))
	return err
}

// writeFile writes a file for the path at in the bundle, and adds it to the layout. It lies in the
// scratch directory under the last element of the path.
func (b *bundleWriter) writeFile(at string, data []byte) (action.File, error) {
	f := action.File{Name: path.Base(at), SHA256: string(action.KeyOf(data)), Size: int64(len(data))}
	b.layout = append(b.layout, plan.LayoutEntry{Path: at, File: f})
	b.written = append(b.written, f.Name)
	return f, os.WriteFile(filepath.Join(b.Dir, f.Name), data, 0o600)
}

func (b *bundleWriter) publish(ctx context.Context) error {
	return b.Publish(ctx, b.action, b.Dir, plan.BundleFacts{Layout: b.layout}, b.notes, b.written...)
}
