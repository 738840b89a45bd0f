package worker

import (
	"context"
	"path/filepath"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/plan"
)

// indexedFile is the one file of an indexed recording.
const indexedFile = plan.RecordingFile

// doProbe looks into a recording; what it found is the artifact.
func doProbe(ctx context.Context, t *Task) error {
	a := t.Actions[0]
	path, err := t.InputPath(ctx, a, "recording", "")
	if err != nil {
		return err
	}
	spec, err := decodeParams[plan.RecordingSpec](a)
	if err != nil {
		return err
	}
	p, err := t.probe(ctx, a, path, spec, t.fractionProgress)
	if err != nil {
		return err
	}
	return t.Publish(ctx, a, t.Dir, p, p.Notes)
}

// probe looks at the pictures of a recording that are wanted.
func (t *Task) probe(ctx context.Context, a action.Action, path string, of plan.RecordingSpec, on func(fraction float64)) (media.Probe, error) {
	p, err := t.Media().ProbePicture(ctx, path, t.recordingName(a), max(1, of.Picture), on)
	if err == nil && of.SecondPicture > 0 {
		err = t.Media().ProbeSecondPicture(ctx, path, t.recordingName(a), &p, of.SecondPicture, on)
	}
	return p, err
}

// doIndex copies a recording into Matroska and looks into that.
func doIndex(ctx context.Context, t *Task) error {
	a := t.Actions[0]
	path, err := t.InputPath(ctx, a, "recording", "")
	if err != nil {
		return err
	}
	var found media.Probe
	if err := t.InputFacts(ctx, a, "probe", &found); err != nil {
		return err
	}
	behind, err := t.drawWaveformBackground(ctx, a)
	if err != nil {
		return err
	}
	p, err := t.Media().IndexAndProbe(ctx, path, filepath.Join(t.Dir, indexedFile), t.recordingName(a), found, behind, t.Progress)
	if err != nil {
		return err
	}
	return t.Publish(ctx, a, t.Dir, p, p.Notes, indexedFile)
}

// drawWaveformBackground draws what waves of a recording's sound stand in front of, where they stand in for
// its picture.
func (t *Task) drawWaveformBackground(ctx context.Context, a action.Action) (media.WaveformBackground, error) {
	spec, err := decodeParams[plan.RecordingSpec](a)
	if err != nil || spec.Waveform == nil {
		return media.WaveformBackground{}, err
	}
	from, err := t.cardFiles(ctx, a)
	if err != nil {
		return media.WaveformBackground{}, err
	}
	behind := media.WaveformBackground{Picture: filepath.Join(t.Dir, "behind.png"), Colour: spec.Waveform.Colour}
	err = t.Media().RenderCardPNG(ctx, spec.Waveform.Background, from, behind.Picture, t.Dir)
	return behind, drawingFault(err, "the picture for "+t.recordingName(a))
}
