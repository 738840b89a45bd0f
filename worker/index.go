package worker

import (
	"context"
	"path/filepath"

	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/plan"
)

// indexedFile is the one file of an indexed recording.
const indexedFile = plan.RecordingFile

// doProbe looks into a recording; what it found is the artifact.
func doProbe(ctx context.Context, t *Task) error {
	a := t.Actions[0]
	path, err := t.Path(ctx, a, "recording", "")
	if err != nil {
		return err
	}
	spec, err := params[plan.RecordingSpec](a)
	if err != nil {
		return err
	}
	p, err := t.Media().ProbePicture(ctx, path, t.recordingName(a), max(1, spec.Picture), t.fraction)
	if err != nil {
		return err
	}
	return t.Publish(ctx, a, t.Dir, p, p.Notes)
}

// doIndex copies a recording into Matroska and looks into that.
func doIndex(ctx context.Context, t *Task) error {
	a := t.Actions[0]
	path, err := t.Path(ctx, a, "recording", "")
	if err != nil {
		return err
	}
	var found media.Probe
	if err := t.Facts(ctx, a, "probe", &found); err != nil {
		return err
	}
	out := filepath.Join(t.Dir, indexedFile)
	if err := t.Media().Index(ctx, path, out, found, func(p media.Progress) {
		t.Progress(0.8*p.Time.Seconds()/found.Readable.Seconds(), p.Speed)
	}); err != nil {
		return err
	}
	p, err := t.Media().Probe(ctx, out, t.recordingName(a), func(f float64) { t.fraction(0.8 + f*0.2) })
	if err != nil {
		return err
	}
	p.Indexed = true
	return t.Publish(ctx, a, t.Dir, p, p.Notes, indexedFile)
}
