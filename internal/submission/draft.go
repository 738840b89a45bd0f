package submission

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/translation"
)

// OriginalStore keeps files as they were submitted.
type OriginalStore interface {
	PutOriginal(ctx context.Context, r io.Reader) (action.File, error)
}

// Draft is a whole talk as `lectern run` submits it. It is saved once its recordings have been
// observed: only then is the clock known that its subtitle files may be on.
type Draft struct {
	Catalog    *catalog.Catalog
	Store      OriginalStore
	Submission catalog.Submission // without the subtitle files
	Subtitles  []SubtitleFile
	Originals  map[action.Key]action.Original // of the recordings
	Who        string                         // submits it

	editions map[int]string // by index of Subtitles, the edition that a file on the programme clock was made against
}

// PreliminaryFacts returns the facts that are known before the recordings are observed. Subtitle
// files on the programme clock are missing, since they cannot be placed in the recordings yet.
func (d *Draft) PreliminaryFacts() conference.Facts {
	facts := d.Submission.Facts
	for _, f := range d.Subtitles {
		if !f.ProgrammeTime {
			facts.Tracks = addTrack(facts.Tracks, f.Track)
		}
	}
	return facts
}

// Save converts the subtitle files to reel time, checks them, and saves the talk. edition is the
// one that the talk's recordings and cut make. Save returns the saved facts. The notes, for people,
// list cues that were left out and translations that are outdated.
func (d *Draft) Save(ctx context.Context, edition conference.Edition) (facts conference.Facts, notes []string, err error) {
	facts = d.PreliminaryFacts()
	slug := facts.Talk.Slug
	d.editions = make(map[int]string)
	for i, f := range d.Subtitles {
		if !f.ProgrammeTime {
			continue
		}
		against, err := editionOf(ctx, d.Catalog, slug, edition, f)
		if err != nil {
			return facts, nil, err
		}
		track, omitted := toReelTime(f.Track, against)
		facts.Tracks, notes = addTrack(facts.Tracks, track), append(notes, omitted...)
		d.editions[i] = against.ID
	}
	if err := CheckTracks(edition.Programme, facts.Tracks); err != nil {
		return facts, notes, err
	}
	if facts.Tracks, err = carryCueIDs(ctx, d.Catalog, slug, facts.Tracks); err != nil {
		return facts, notes, err
	}
	outdated, err := d.outdatedTranslations(ctx, facts)
	if err != nil {
		return facts, notes, err
	}
	notes = append(notes, outdated...)
	for _, f := range d.Subtitles {
		if _, err := d.Store.PutOriginal(ctx, bytes.NewReader(f.Data)); err != nil {
			return facts, notes, fmt.Errorf("store %s: %w", f.Track.File, err)
		}
	}
	s := d.Submission
	s.Facts = facts
	saved, err := d.Catalog.Save(ctx, d.Who, s)
	if err != nil {
		return facts, notes, err
	}
	return saved.Facts, notes, d.Catalog.SaveOriginals(ctx, d.Originals)
}

// BindEditions saves permanently, for each subtitle file on the programme clock, which edition it
// was timed against. If the same file is submitted again, its times keep that meaning. Call
// BindEditions when the bundle is published and not before: until then the cut may have been wrong.
func (d *Draft) BindEditions(ctx context.Context) error {
	for i, edition := range d.editions {
		t := d.Subtitles[i].Track
		if _, err := d.Catalog.BindUpload(ctx, d.Submission.Facts.Talk.Slug, t.Language, t.Source.SHA256, edition); err != nil {
			return err
		}
	}
	return nil
}

// outdatedTranslations returns a note for each translation in facts that is the same as in the
// catalog although its source has changed.
func (d *Draft) outdatedTranslations(ctx context.Context, facts conference.Facts) (notes []string, err error) {
	before, err := d.Catalog.Talk(ctx, facts.Talk.Slug)
	if errors.Is(err, catalog.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	oldSource, source := conference.FindAuthored(before.Facts.Tracks), conference.FindAuthored(facts.Tracks)
	if oldSource == nil || source == nil || sameCues(oldSource.Cues, source.Cues) {
		return nil, nil
	}
	for _, t := range facts.Tracks {
		old := conference.FindTrack(before.Facts.Tracks, t.Language)
		if t.Kind != conference.Translation || old == nil || !sameCues(old.Cues, t.Cues) {
			continue
		}
		linked := translation.LinkCuesBetween(oldSource.Language, t.Language, oldSource.Cues, t.Cues)
		_, r := translation.Update(linked, oldSource.Cues, source.Cues)
		if n := len(r.NeedsEditing) + r.Obsolete + r.Untranslated; n > 0 {
			notes = append(notes, fmt.Sprintf("%s did not change, but its source %s did: %d cues need editing, %d have no translation and %d are obsolete; list them with lectern translations update",
				t.File, source.File, len(r.NeedsEditing), r.Untranslated, r.Obsolete))
		}
	}
	return notes, nil
}

func sameCues(a, b []conference.Cue) bool {
	return bytes.Equal(subtitle.CanonicalJSON(a), subtitle.CanonicalJSON(b))
}

// addTrack returns a new slice with the tracks and t, ordered by language.
func addTrack(tracks []conference.Track, t conference.Track) []conference.Track {
	tracks = append(slices.Clip(tracks), t)
	slices.SortFunc(tracks, func(a, b conference.Track) int { return strings.Compare(a.Language, b.Language) })
	return tracks
}
