package worker

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/lectern-av/lectern/internal/media"
)

// segmentFile is the one file of an encoded chunk or card.
const segmentFile = "segment.mp4"

// doEncode makes all missing renditions of one chunk from one decode.
func doEncode(ctx context.Context, t *Task) error {
	chunk, err := params[media.EncodeSpec](t.Actions[0])
	if err != nil {
		return err
	}
	path, err := t.Path(ctx, t.Actions[0], "recording", indexedFile)
	if err != nil {
		return err
	}
	outs, err := outputs(t, func(s media.EncodeSpec) media.EncodeOut {
		return media.EncodeOut{Width: s.Width, Height: s.Height, Encoding: s.Encoding}
	})
	if err != nil {
		return err
	}
	notes, err := t.Media().Encode(ctx, path, chunk.Pictures, chunk.Range, outs, t.Dir, t.frames(chunk.Range.Len()))
	if err != nil {
		return err
	}
	recording, _, _ := strings.Cut(t.Actions[0].Share, "/") // "r2/17"
	for i, note := range notes {
		notes[i] = fmt.Sprintf("recording %s: %s", strings.TrimPrefix(recording, "r"), note)
	}
	return publishSegments(ctx, t, outs, notes)
}

// outputs gives each action of the task a directory of its own and says what to make.
func outputs[Spec any](t *Task, of func(Spec) media.EncodeOut) ([]media.EncodeOut, error) {
	outs := make([]media.EncodeOut, len(t.Actions))
	for i, a := range t.Actions {
		spec, err := params[Spec](a)
		if err != nil {
			return nil, err
		}
		dir := filepath.Join(t.Dir, fmt.Sprint(i))
		if err := os.Mkdir(dir, 0o700); err != nil {
			return nil, err
		}
		outs[i] = of(spec)
		outs[i].Path = filepath.Join(dir, segmentFile)
	}
	return outs, nil
}

// publishSegments publishes each action's segment by itself.
func publishSegments(ctx context.Context, t *Task, outs []media.EncodeOut, notes []string) error {
	for i, a := range t.Actions {
		if err := t.Publish(ctx, a, filepath.Dir(outs[i].Path), nil, notes, segmentFile); err != nil {
			return err
		}
	}
	return nil
}
