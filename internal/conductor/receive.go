package conductor

import (
	"context"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/submission"
)

// ReceivedTrack is a subtitle file on the clock of its talk's recordings.
type ReceivedTrack struct {
	Track   conference.Track // whose cues have the ids that they had before
	Edition string           // the programme that it was made against; "": it came on the recordings' own clock
	Notes   []string         // what of it was not taken, and why
}

// Receive brings a subtitle file to the clock of its talk's recordings and gives its cues the
// ids that they had before. Nothing is saved. A file on the programme's clock before there is a
// programme is a *inputerr.Fault.
func (r *Builder) Receive(ctx context.Context, slug string, u submission.SubtitleFile) (ReceivedTrack, error) {
	w := &buildRun{Builder: r}
	w.facts.Talk.Slug = slug
	var got ReceivedTrack
	if u.ProgrammeTime {
		published, ok, err := r.Catalog.LastPublication(ctx, slug)
		if err != nil {
			return got, err
		}
		if !ok {
			return got, inputerr.New(u.Track.File, "says that its times are those of the film, and there is none yet").
				Hint("Say that they are those of the recording, or wait for the film")
		}
		now, err := r.Catalog.Edition(ctx, published.Edition)
		if err != nil {
			return got, err
		}
		against, err := w.uploadEdition(ctx, now, u)
		if err != nil {
			return got, err
		}
		w.addProgrammeTrack(against, u)
		got.Edition = against.ID
	} else {
		w.addTrack(u.Track)
	}
	if err := w.carryCueIDs(ctx); err != nil {
		return got, err
	}
	got.Track, got.Notes = w.facts.Tracks[0], w.notes
	return got, nil
}
