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

	"github.com/lectern-av/lectern/internal/bundle"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/subtitle/check"
)

// captionsFacts are the facts of a captions artifact.
type captionsFacts struct {
	Cues    int                   `json:"cues"`
	LeftOut []subtitle.OmittedCue `json:"left_out"`
	Check   bundle.CheckSummary   `json:"check"`
}

// doCaptions converts one track to programme time, checks it against the profile, and publishes it
// as SRT, WebVTT and MP4. Notes say how many cues the programme leaves out, and what a format
// cannot express.
func doCaptions(ctx context.Context, t *Task) error {
	a := t.Actions[0]
	spec, err := decodeParams[plan.CaptionsSpec](a)
	if err != nil {
		return err
	}
	path, err := t.InputPath(ctx, a, plan.RoleTrack, plan.InlineInputFile)
	if err != nil {
		return err
	}
	canonical, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	cues, err := subtitle.ParseCanonicalJSON(canonical)
	if err != nil {
		return err
	}
	profile, err := check.ProfileByName(spec.Profile)
	if err != nil {
		return err
	}
	placed, left := subtitle.ToProgramme(spec.Programme, cues)
	found := check.Check(placed, profile, spec.Language, spec.Programme.Duration())
	notes, err := writeCaptions(t.Dir, spec, placed)
	if err != nil {
		return err
	}
	notes = append(notes, leftOutNotes(spec.Language, left)...)
	return t.Publish(ctx, a, t.Dir, captionsFacts{len(placed), left, bundle.SummarizeCheck(found)}, notes, plan.CaptionsFile("srt"), plan.CaptionsFile("vtt"), plan.CaptionsFile("mp4"))
}

// leftOutNotes returns a note for each reason why cues are left out, with their number. A cut
// leaves out many on purpose, so only the manifest lists each.
func leftOutNotes(language string, left []subtitle.OmittedCue) (notes []string) {
	count := make(map[string]int)
	for _, l := range left {
		count[l.Reason]++
	}
	for _, why := range slices.Sorted(maps.Keys(count)) {
		notes = append(notes, fmt.Sprintf("%s subtitles: %d left out of the bundle (%s); bundle.json lists them", language, count[why], why))
	}
	return notes
}

// writeCaptions writes a track as SRT, WebVTT and MP4, and returns notes on what a format could
// not express. The SRT is plain text, because YouTube reads no markup.
func writeCaptions(dir string, spec plan.CaptionsSpec, cues []conference.Cue) (notes []string, err error) {
	write := func(w io.Writer, f subtitle.Format, o subtitle.WriteOptions) error {
		losses, err := subtitle.Write(w, cues, f, o)
		notes = append(notes, lossNotes(spec.Language, f, losses)...)
		return err
	}
	writers := []struct {
		name  string
		write func(io.Writer) error
	}{
		{plan.CaptionsFile("srt"), func(w io.Writer) error { return write(w, subtitle.SRT, subtitle.WriteOptions{Plain: true}) }},
		{plan.CaptionsFile("vtt"), func(w io.Writer) error {
			return write(w, subtitle.WebVTT, subtitle.WriteOptions{Language: spec.Language, Edition: spec.Edition})
		}},
		{plan.CaptionsFile("mp4"), func(w io.Writer) error { return subtitle.WriteMP4(w, cues, spec.Language) }},
	}
	for _, f := range writers {
		var b bytes.Buffer
		if err := f.write(&b); err != nil {
			return notes, fmt.Errorf("write %s: %w", f.name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, f.name), b.Bytes(), 0o600); err != nil {
			return notes, err
		}
	}
	return notes, nil
}

// lossNotes returns one note for each kind of loss of a format, with the first one's message and
// the number of the others.
func lossNotes(language string, f subtitle.Format, losses []subtitle.Diagnostic) (notes []string) {
	count := make(map[string]int)
	for _, l := range losses {
		count[l.Code]++
	}
	for _, l := range losses {
		if n := count[l.Code]; n > 0 {
			note := fmt.Sprintf("%s subtitles as %s: %s", language, f, l.Message)
			if n > 1 {
				note += fmt.Sprintf(", and %d more like it", n-1)
			}
			notes = append(notes, note)
			count[l.Code] = 0
		}
	}
	return notes
}
