package worker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/plan"
)

func doStills(ctx context.Context, t *Task) error {
	a := t.Actions[0]
	spec, err := decodeParams[media.StillsSpec](a)
	if err != nil {
		return err
	}
	path, err := t.InputPath(ctx, a, plan.RoleSegment, plan.SegmentFile)
	if err != nil {
		return err
	}
	stills, err := t.Media().ExtractStills(ctx, path, spec, filepath.Join(t.Dir, plan.StillsFile))
	if err != nil {
		return err
	}
	return t.Publish(ctx, a, t.Dir, stills, nil, plan.StillsFile)
}

// doThumbnail makes the picture that represents the talk: the best of the stills if the action has
// any, otherwise a frame of a recording.
func doThumbnail(ctx context.Context, t *Task) error {
	a := t.Actions[0]
	take := t.thumbnailFromRecording
	if _, ok := a.Inputs[plan.RoleRecording]; !ok {
		take = t.posterFromStills
	}
	if err := take(ctx, a, filepath.Join(t.Dir, plan.ThumbnailFile)); err != nil {
		return err
	}
	return t.Publish(ctx, a, t.Dir, nil, nil, plan.ThumbnailFile)
}

// thumbnailFromRecording writes the best of some frames in a part of a recording to out.
func (t *Task) thumbnailFromRecording(ctx context.Context, a action.Action, out string) error {
	spec, err := decodeParams[media.ThumbnailSpec](a)
	if err != nil {
		return err
	}
	path, err := t.InputPath(ctx, a, plan.RoleRecording, plan.RecordingFile)
	if err != nil {
		return err
	}
	return t.Media().WriteThumbnail(ctx, path, spec, out)
}

// posterFromStills chooses the best still, and writes the frame that it shows, taken from the
// recording in full size, to out.
func (t *Task) posterFromStills(ctx context.Context, a action.Action, out string) error {
	spec, err := decodeParams[plan.PosterSpec](a)
	if err != nil {
		return err
	}
	chunks, err := t.stillsByChunk(ctx, a)
	if err != nil {
		return err
	}
	if len(chunks) != len(spec.Chunks) {
		return fmt.Errorf("there are stills of %d chunks, and not of %d", len(chunks), len(spec.Chunks))
	}
	var all []media.StillCandidate
	var of []int // which chunk each is of
	for i, chunk := range chunks {
		for _, still := range chunk {
			all = append(all, media.StillCandidate{Still: still, Edge: spec.Chunks[i].Edge})
			of = append(of, i)
		}
	}
	best := media.ChooseStill(all)
	if best < 0 {
		return errors.New("there are no stills")
	}
	chunk := spec.Chunks[of[best]]
	path, err := t.InputPath(ctx, a, plan.NumberedRole(plan.RoleRecording, chunk.Recording), plan.RecordingFile)
	if err != nil {
		return err
	}
	return t.Media().WritePoster(ctx, path, spec.Sources[chunk.Recording], chunk.From+all[best].Frame, out)
}

// stillsByChunk returns the stills of each chunk, in programme order, from the facts of the
// action's inputs.
func (t *Task) stillsByChunk(ctx context.Context, a action.Action) (chunks [][]media.Still, err error) {
	for _, role := range slices.Sorted(maps.Keys(a.Inputs)) {
		if !strings.HasPrefix(role, plan.RoleStills+"/") {
			continue
		}
		var chunk []media.Still
		if err := t.InputFacts(ctx, a, role, &chunk); err != nil {
			return nil, err
		}
		chunks = append(chunks, chunk)
	}
	return chunks, nil
}
