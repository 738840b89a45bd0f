package worker

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/plan"
)

// soundFile is the one file of a programme's sound; its container depends on the codec,
// and says so itself.
const soundFile = plan.SoundFile

// doAudio makes the sound of the whole programme.
func doAudio(ctx context.Context, t *Task) error {
	a := t.Actions[0]
	spec, err := decodeParams[media.AudioSpec](a)
	if err != nil {
		return err
	}
	sources, err := t.soundSources(ctx, a)
	if err != nil {
		return err
	}
	frames := spec.Opening + spec.Closing
	for _, p := range spec.Pieces {
		frames += p.Range.Len()
	}
	total := spec.Rate.Time(frames)
	facts, err := t.Media().RenderAudio(ctx, spec, sources, filepath.Join(t.Dir, soundFile), func(p media.Progress) {
		t.Progress(p.Time.Seconds()/total.Seconds(), p.Speed)
	})
	if err != nil {
		return err
	}
	return t.Publish(ctx, a, t.Dir, facts, facts.Notes, soundFile)
}

// soundSources are the recordings that the sound comes from, in the order of the spec.
func (t *Task) soundSources(ctx context.Context, a action.Action) ([]media.AudioSource, error) {
	recordings, err := t.InputPaths(ctx, a, "recording", indexedFile)
	if err != nil {
		return nil, err
	}
	blocks, err := t.InputPaths(ctx, a, "analysis", media.BlocksFile)
	if err != nil {
		return nil, err
	}
	sources := make([]media.AudioSource, len(recordings))
	for i := range sources {
		var found media.Analysis
		if err := t.InputFacts(ctx, a, fmt.Sprintf("analysis/%05d", i), &found); err != nil {
			return nil, err
		}
		sources[i] = media.AudioSource{Path: recordings[i], Blocks: blocks[i], Origin: found.Origin}
	}
	return sources, nil
}
