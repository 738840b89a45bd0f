package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/submission"
	"github.com/lectern-av/lectern/internal/timeline"
)

type probeCmd struct {
	Recordings []string `arg:"" name:"recording" help:"Recordings to check, each by itself."`
	JSON       bool     `help:"Print one JSON document on standard output."`
}

// probeResult is what is known of one recording.
type probeResult struct {
	File string `json:"file"`
	submission.Inspection
}

// Run implements `lectern probe`: it prints what each recording contains and the issues found in
// it. Issues do not change the exit code. If one of several recordings is unusable, the others are
// still checked, except with --json, and the exit code is 3.
func (c *probeCmd) Run(ctx context.Context, t *console) error {
	tools, err := media.FindTools()
	if err != nil {
		return err
	}
	all := []probeResult{}
	var refused error
	for _, path := range c.Recordings {
		line := newProgressLine(t)
		found, err := submission.Inspect(ctx, tools, path, func(doing string, done float64) { line.show("%s: %s, %.0f%%", path, doing, 100*done) })
		line.end()
		p := probeResult{path, found}
		if f := inputerr.As(err); f != nil && !c.JSON && len(c.Recordings) > 1 { // the others may be good
			fmt.Fprintf(t.out, "%s\n  refused  %s\n", path, (&inputerr.Error{Problem: f.Problem, Remedy: f.Remedy}).Error())
			refused = cmp.Or(refused, err)
			continue
		}
		if err != nil {
			return err
		}
		all = append(all, p)
		if !c.JSON {
			p.print(t.out)
		}
	}
	if c.JSON {
		return t.printJSON(all)
	}
	return refused
}

// print prints the streams, the notes and the issues of the recording for people.
func (p probeResult) print(w io.Writer) {
	fmt.Fprintf(w, "%s\n  length   %s\n", p.File, timeline.FormatClock(p.Probe.Readable))
	if v := p.Probe.Video; v != nil {
		what := []string{v.Codec, fmt.Sprintf("%d×%d", v.Width, v.Height), fmt.Sprintf("%.5g fps", float64(v.Rate.Num)/float64(v.Rate.Den))}
		if v.Interlaced {
			what = append(what, "interlaced")
		}
		fmt.Fprintf(w, "  video    %s\n", strings.Join(what, ", "))
	}
	for i, a := range p.Probe.Audio {
		what := []string{a.Codec, channelLayout(a.Channels), fmt.Sprintf("%g kHz", float64(a.Hz)/1000)}
		if i == 0 && !p.Analysis.Silent {
			what = append(what, fmt.Sprintf("%.1f LUFS", p.Analysis.LUFS))
		}
		fmt.Fprintf(w, "  audio    %s\n", strings.Join(what, ", "))
	}
	if n := len(p.Probe.Audio); n > 1 {
		fmt.Fprintf(w, "  note     there are %d audio streams; the first is used unless the talk's file names another\n", n)
	}
	for _, note := range append(p.Probe.Notes, p.Analysis.Notes...) {
		fmt.Fprintf(w, "  note     %s\n", note)
	}
	if len(p.Issues) == 0 {
		fmt.Fprintln(w, "  no issues found")
	}
	for _, trouble := range p.Issues {
		trouble.Recording = "" // the heading says it
		fmt.Fprintf(w, "  issue    %s\n", trouble)
	}
}

// channelLayout returns "mono" for one channel, "stereo" for two, and "6 channels" for six.
func channelLayout(n int) string {
	switch n {
	case 1:
		return "mono"
	case 2:
		return "stereo"
	}
	return fmt.Sprintf("%d channels", n)
}
