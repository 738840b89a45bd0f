package submission

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/match"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/plan"
)

// Inspection is what a recording contains, and what is wrong with it.
type Inspection struct {
	Probe    media.Probe        `json:"probe"`
	Analysis media.Analysis     `json:"analysis"`
	Issues   []conference.Issue `json:"troubles"`
}

// Inspect reads a recording and returns its streams, its sound levels and the issues found in it.
// It reads the whole file twice. A recording whose timestamps jump is first copied to a temporary
// file without the jumps. show, which may be nil, is called with the name of the step and the
// fraction of it that is done. On an error the Inspection holds what was found before.
func Inspect(ctx context.Context, tools media.Tools, path string, show func(doing string, done float64)) (p Inspection, err error) {
	if show == nil {
		show = func(string, float64) {}
	}
	name := filepath.Base(path)
	if p.Probe, err = tools.Probe(ctx, path, path, func(done float64) { show("reading", done) }); err != nil {
		return p, err
	}
	dir, err := os.MkdirTemp("", "lectern-probe-")
	if err != nil {
		return p, fmt.Errorf("look at %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if len(p.Probe.Jumps) > 0 {
		original, format := path, p.Probe.Format
		path = filepath.Join(dir, "steady.mkv")
		copied := func(done, _ float64) { show("copying without the jumps of its clock", done) }
		if p.Probe, err = tools.IndexAndProbe(ctx, original, path, original, p.Probe, media.WaveformBackground{}, copied); err != nil {
			return p, err
		}
		p.Probe.Format, p.Probe.Indexed = format, false
	}
	options := media.AnalyseOptions{Survey: p.Probe.HasSoundChoice()}
	p.Analysis, err = tools.Analyse(ctx, path, p.Probe, options, dir, func(done float64) { show("listening", done) })
	p.Issues = plan.InspectRecording(name, p.Probe, p.Analysis)
	return p, err
}

// InspectionSummary is an Inspection as pages and the API show it.
type InspectionSummary struct {
	Length       time.Duration      `json:"length"`
	Video        string             `json:"picture,omitempty"` // "h264, 1920×1080, 25/s"
	Audio        []string           `json:"sounds,omitempty"`  // one line for each stream
	Issues       []conference.Issue `json:"troubles,omitempty"`
	RejectReason string             `json:"refused,omitempty"`  // "" if it is a usable recording
	Rejected     *inputerr.Error    `json:"rejected,omitempty"` // the same for translation; may be nil
	Complete     bool               `json:"whole"`              // it was searched for issues, too
}

// inspectArrival returns what a recording that has arrived contains and, if complete is set, the
// issues found in it, which takes minutes. An error of the inspection becomes the summary's reason
// to reject the recording.
func inspectArrival(ctx context.Context, tools media.Tools, a catalog.Arrival, complete bool) InspectionSummary {
	var p Inspection
	var err error
	if complete {
		p, err = Inspect(ctx, tools, a.Path, nil)
	} else {
		p.Probe, err = tools.Probe(ctx, a.Path, a.Name, func(float64) {})
	}
	f := InspectionSummary{Length: p.Probe.Readable, Complete: complete, Issues: p.Issues}
	if err != nil {
		rejected := inputerr.Coded("recording.unchecked", "could not be checked: {error}", "error", err).Hint("Upload it again")
		if known := inputerr.As(err); known != nil {
			*rejected = *known
		}
		rejected.File, rejected.Line = "", 0 // shown beside the name
		f.RejectReason, f.Rejected = rejected.Error(), rejected
		return f
	}
	for i := range f.Issues {
		f.Issues[i].Recording = "" // the page shows them beside its name
	}
	if v := p.Probe.Video; v != nil {
		f.Video = fmt.Sprintf("%s, %d×%d, %.5g/s", v.Codec, v.Width, v.Height, float64(v.Rate.Num)/float64(v.Rate.Den))
	}
	for _, s := range p.Probe.Audio {
		f.Audio = append(f.Audio, fmt.Sprintf("%s, %d ch, %g kHz", s.Codec, s.Channels, float64(s.Hz)/1000))
	}
	return f
}

// StoredInspection returns the result of a recording's inspection that the catalog holds, or nil if
// the recording was not inspected yet.
func StoredInspection(a catalog.Arrival) *InspectionSummary {
	var f *InspectionSummary
	if json.Unmarshal(a.Findings, &f) != nil {
		return nil
	}
	return f
}

// startTime returns when a recording began: the known time, else the one in its file name, which is
// in zone. It returns zero if neither exists.
func startTime(a catalog.Arrival, zone *time.Location) time.Time {
	if !a.StartedAt.IsZero() {
		return a.StartedAt
	}
	t, _ := match.StartFromName(strings.TrimSpace(a.Name), zone)
	return t
}
