package worker

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/subtitle"
)

// doEncode encodes one chunk in all renditions that are missing from the store, with a single
// decode.
func doEncode(ctx context.Context, t *Task) error {
	chunk, err := decodeParams[media.EncodeSpec](t.Actions[0])
	if err != nil {
		return err
	}
	path, err := t.InputPath(ctx, t.Actions[0], plan.RoleRecording, plan.RecordingFile)
	if err != nil {
		return err
	}
	outs, err := encodeOutputs(t, func(s media.EncodeSpec) media.EncodeOutput {
		return media.EncodeOutput{Width: s.Width, Height: s.Height, Encoding: s.Encoding, Blank: s.Blank}
	})
	if err != nil {
		return err
	}
	if err := writeScripts(t, outs); err != nil {
		return err
	}
	notes, err := t.Media().Encode(ctx, path, chunk.Source, chunk.Range, outs, t.Dir, t.frameProgress(chunk.Range.Len()))
	if err = drawingFault(err, "a burned-in subtitle"); err != nil {
		return err
	}
	recording, _, _ := strings.Cut(t.Actions[0].Share, "/") // "r2/17"
	for i, note := range notes {
		notes[i] = fmt.Sprintf("recording %s: %s", strings.TrimPrefix(recording, "r"), note)
	}
	return publishSegments(ctx, t, outs, notes)
}

// writeScripts writes the subtitles that each action burns in to an ASS file, and sets the Script
// of its out. ASS counts hundredths of a second, so cues are moved half a frame earlier: rounding
// then cannot move them across a frame.
func writeScripts(t *Task, outs []media.EncodeOutput) error {
	for i, a := range t.Actions {
		spec, err := decodeParams[media.EncodeSpec](a)
		if err != nil {
			return err
		}
		if len(spec.Cues) == 0 {
			continue
		}
		half := spec.Source.Rate.Time(1) / 2
		for n := range spec.Cues {
			c := &spec.Cues[n]
			c.Start, c.End = max(0, c.Start-half), c.End-half
		}
		var script bytes.Buffer
		if _, err := subtitle.Write(&script, spec.Cues, subtitle.ASS, subtitle.WriteOptions{}); err != nil {
			return fmt.Errorf("write the subtitles to be burned in: %w", err)
		}
		outs[i].Script = filepath.Join(filepath.Dir(outs[i].Path), "burned.ass")
		if err := os.WriteFile(outs[i].Script, script.Bytes(), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// encodeOutputs creates a directory for each action of the task, and returns the outputs to encode
// into them, in the order of the actions. convert makes an output, without its path, from an
// action's parameters.
func encodeOutputs[Spec any](t *Task, convert func(Spec) media.EncodeOutput) ([]media.EncodeOutput, error) {
	outs := make([]media.EncodeOutput, len(t.Actions))
	for i, a := range t.Actions {
		spec, err := decodeParams[Spec](a)
		if err != nil {
			return nil, err
		}
		dir := filepath.Join(t.Dir, fmt.Sprint(i))
		if err := os.Mkdir(dir, 0o700); err != nil {
			return nil, err
		}
		outs[i] = convert(spec)
		outs[i].Path = filepath.Join(dir, plan.SegmentFile)
	}
	return outs, nil
}

// publishSegments publishes each action's segment as an artifact of its own. Each artifact gets all
// notes. outs are in the order of the actions.
func publishSegments(ctx context.Context, t *Task, outs []media.EncodeOutput, notes []string) error {
	for i, a := range t.Actions {
		if err := t.Publish(ctx, a, filepath.Dir(outs[i].Path), nil, notes, plan.SegmentFile); err != nil {
			return err
		}
	}
	return nil
}
