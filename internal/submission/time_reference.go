package submission

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/message"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/subtitle/compare"
	"github.com/lectern-av/lectern/internal/timeline"
)

// TimeReference is what the times of a subtitle file are relative to. The catalog keeps cues in reel time.
type TimeReference string

// The clocks of subtitle files.
const (
	ReelClock      TimeReference = "reel"      // the recordings, end to end
	ProgrammeClock TimeReference = "programme" // the video of one edition
)

// editionOf returns the edition that a file on the programme clock was timed against: the one that
// the same file was bound to by an earlier submission, else the one that the file names, else the
// published one. If nothing is published, it returns current. An edition that the catalog does not
// know is an *inputerr.Error.
func editionOf(ctx context.Context, c *catalog.Catalog, slug string, current conference.Edition, f SubtitleFile) (conference.Edition, error) {
	bound, ok, err := c.BoundEdition(ctx, slug, f.Track.Language, f.Track.Source.SHA256)
	switch {
	case err != nil:
		return conference.Edition{}, err
	case ok:
		return c.Edition(ctx, bound)
	case f.Edition == current.ID:
		return current, nil
	case f.Edition != "":
		named, err := c.Edition(ctx, f.Edition)
		if errors.Is(err, catalog.ErrNotFound) {
			return named, inputerr.Coded("subtitles.unknown_edition", "was made against edition {edition}, which is not known here", "edition", fmt.Sprintf("%.12s", f.Edition)).In(f.Track.File).
				Hint("Use --subtitles-time reel, or the data directory that the edition was published from.")
		}
		return named, err
	}
	published, ok, err := c.LastPublication(ctx, slug)
	if err != nil || !ok {
		return current, err
	}
	return c.Edition(ctx, published.Edition)
}

// NoteEnglish are the notes on cues of uploaded files. Pages recognize them by these templates.
var NoteEnglish = message.Templates{"omitted.note": "{file}: left out: {reason}"}

// toReelTime returns a track, whose times are those of an edition's programme, in reel time. Cues
// that have no place in the recordings are left out, with a note for each.
func toReelTime(t conference.Track, against conference.Edition) (conference.Track, []string) {
	cues, omitted := subtitle.ToReel(against.Programme, t.Cues)
	var notes []string
	for _, o := range omitted {
		notes = append(notes, NoteEnglish.Format(message.New("omitted.note", "file", fmt.Sprintf("%s:%d", t.File, o.Cue.Line), "reason", o.Reason)))
	}
	t.Cues = cues
	return t, notes
}

// carryCueIDs returns the tracks with cue IDs carried over from the last revision in the same
// language where cues match. Other cues get IDs that no cue of that language has ever had. A track
// that is the first in its language keeps its own IDs.
func carryCueIDs(ctx context.Context, c *catalog.Catalog, slug string, tracks []conference.Track) ([]conference.Track, error) {
	tracks = slices.Clone(tracks)
	for i, t := range tracks {
		last, used, err := c.LastCues(ctx, slug, t.Language)
		if err != nil {
			return nil, err
		}
		if len(used) > 0 {
			tracks[i].Cues = compare.CarryIDs(last, t.Cues, compare.NewIDs(used))
		}
	}
	return tracks, nil
}

// CheckTracks returns an *inputerr.Error for the first track that has no cue within the programme.
// Such a file belongs to another talk, or its times are on the other clock.
func CheckTracks(programme timeline.Programme, tracks []conference.Track) error {
	for _, t := range tracks {
		if placed, _ := subtitle.ToProgramme(programme, t.Cues); len(placed) == 0 {
			return inputerr.Coded("subtitles.outside_programme", "has no cue within the programme").In(t.File).
				Hint("Check whether it belongs to another talk, or is on the other clock (--subtitles-time).")
		}
	}
	return nil
}
