package worker

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/subtitle"
)

// The files of a track in a programme.
const (
	captionsSRT  = "captions.srt"
	captionsVTT  = "captions.vtt"
	captionsText = "captions.mp4" // timed text, ready to be copied into a video
)

// captionsFacts are what a captions artifact says of its track.
type captionsFacts struct {
	Cues    int             `json:"cues"`
	LeftOut []subtitle.Left `json:"left_out"`
}

// doCaptions places one track in the programme and writes it in every form.
func doCaptions(ctx context.Context, t *Task) error {
	a := t.Actions[0]
	spec, err := params[plan.CaptionsSpec](a)
	if err != nil {
		return err
	}
	path, err := t.Path(ctx, a, "track", plan.GivenFile)
	if err != nil {
		return err
	}
	canonical, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	cues, err := subtitle.ParseCanonical(canonical)
	if err != nil {
		return err
	}
	placed, left := subtitle.Place(spec.Programme, cues)
	if err := writeCaptions(t.Dir, spec, placed); err != nil {
		return err
	}
	return t.Publish(ctx, a, t.Dir, captionsFacts{len(placed), left}, leftOut(spec.Language, left), captionsSRT, captionsVTT, captionsText)
}

// leftOut says how many cues no viewer sees, and why, in a line for each reason. A cut
// leaves many out as it should; the manifest lists them one by one.
func leftOut(language string, left []subtitle.Left) (notes []string) {
	count := make(map[string]int)
	for _, l := range left {
		count[l.Why]++
	}
	for _, why := range slices.Sorted(maps.Keys(count)) {
		notes = append(notes, fmt.Sprintf("%s subtitles: %d left out of the bundle (%s); bundle.json lists them", language, count[why], why))
	}
	return notes
}

func writeCaptions(dir string, spec plan.CaptionsSpec, cues []conference.Cue) error {
	writers := map[string]func(io.Writer) error{
		captionsSRT: func(w io.Writer) error { return subtitle.WriteSRT(w, cues, subtitle.Strip) },
		captionsVTT: func(w io.Writer) error {
			return subtitle.WriteVTT(w, cues, subtitle.Header{Language: spec.Language, Edition: spec.Edition})
		},
		captionsText: func(w io.Writer) error { return subtitle.WriteMP4(w, cues, spec.Language) },
	}
	for name, write := range writers {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o600); err != nil {
			return err
		}
	}
	return nil
}
