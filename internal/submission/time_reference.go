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

// editionOf returns the edition that a file on the programme clock was made against. A file that
// was submitted before means what it meant then. Otherwise it is the edition that the file names
// or, if it names none, the published one, or current if nothing is published.
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

// toReelTime converts a track from the clock of an edition's programme. The notes say which cues
// have no place in the recordings.
func toReelTime(t conference.Track, against conference.Edition) (conference.Track, []string) {
	cues, omitted := subtitle.ToReel(against.Programme, t.Cues)
	var notes []string
	for _, o := range omitted {
		notes = append(notes, NoteEnglish.Format(message.New("omitted.note", "file", fmt.Sprintf("%s:%d", t.File, o.Cue.Line), "reason", o.Reason)))
	}
	t.Cues = cues
	return t, notes
}

// carryCueIDs returns the tracks with the IDs that their cues had in the last revision. A new cue
// gets an ID that no cue of the track ever had.
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

// CheckTracks refuses a track without a cue in the programme: it belongs to another talk, or its
// times are on the other clock.
func CheckTracks(programme timeline.Programme, tracks []conference.Track) error {
	for _, t := range tracks {
		if placed, _ := subtitle.ToProgramme(programme, t.Cues); len(placed) == 0 {
			return inputerr.Coded("subtitles.outside_programme", "has no cue within the programme").In(t.File).
				Hint("Check whether it belongs to another talk, or is on the other clock (--subtitles-time).")
		}
	}
	return nil
}
