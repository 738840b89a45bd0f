package worker

import (
	"context"
	"path/filepath"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/plan"
)

// doAudio renders the sound of the whole programme in one language, and publishes it with its
// measurements as facts.
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
	facts, err := t.Media().RenderAudio(ctx, spec, sources, filepath.Join(t.Dir, plan.SoundFile), func(p media.Progress) {
		t.Progress(p.Time.Seconds()/total.Seconds(), p.Speed)
	})
	if err != nil {
		return err
	}
	return t.Publish(ctx, a, t.Dir, facts, facts.Notes, plan.SoundFile)
}

// soundSources returns the recordings that the sound of action a is taken from, with their
// analyses, in the order of its inputs.
func (t *Task) soundSources(ctx context.Context, a action.Action) ([]media.AudioSource, error) {
	recordings, err := t.InputPaths(ctx, a, plan.RoleRecording, plan.RecordingFile)
	if err != nil {
		return nil, err
	}
	blocks, err := t.InputPaths(ctx, a, plan.RoleAnalysis, media.BlocksFile)
	if err != nil {
		return nil, err
	}
	sources := make([]media.AudioSource, len(recordings))
	for i := range sources {
		var found media.Analysis
		if err := t.InputFacts(ctx, a, plan.NumberedRole(plan.RoleAnalysis, i), &found); err != nil {
			return nil, err
		}
		sources[i] = media.AudioSource{Path: recordings[i], Blocks: blocks[i], Origin: found.Origin}
	}
	return sources, nil
}
