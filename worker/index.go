package worker

import (
	"context"
	"path/filepath"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/plan"
)

// doProbe probes a recording, and publishes the probe as the artifact's facts.
func doProbe(ctx context.Context, t *Task) error {
	a := t.Actions[0]
	path, err := t.InputPath(ctx, a, plan.RoleRecording, "")
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

// probe probes the recording at path, with the video streams that the parameters choose.
func (t *Task) probe(ctx context.Context, a action.Action, path string, of plan.RecordingSpec, progress func(fraction float64)) (media.Probe, error) {
	p, err := t.Media().ProbePicture(ctx, path, t.recordingName(a), max(1, of.Picture), progress)
	if err == nil && of.SecondPicture > 0 {
		err = t.Media().ProbeSecondPicture(ctx, path, t.recordingName(a), &p, of.SecondPicture, progress)
	}
	return p, err
}

// doIndex copies a recording to Matroska, and publishes the copy with its probe as facts.
func doIndex(ctx context.Context, t *Task) error {
	a := t.Actions[0]
	path, err := t.InputPath(ctx, a, plan.RoleRecording, "")
	if err != nil {
		return err
	}
	var found media.Probe
	if err := t.InputFacts(ctx, a, plan.RoleProbe, &found); err != nil {
		return err
	}
	behind, err := t.drawWaveformBackground(ctx, a)
	if err != nil {
		return err
	}
	p, err := t.Media().IndexAndProbe(ctx, path, filepath.Join(t.Dir, plan.RecordingFile), t.recordingName(a), found, behind, t.Progress)
	if err != nil {
		return err
	}
	return t.Publish(ctx, a, t.Dir, p, p.Notes, plan.RecordingFile)
}

// drawWaveformBackground draws the picture behind the waveform of a sound-only recording into the
// task's directory. It returns the zero value for a recording with video.
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
