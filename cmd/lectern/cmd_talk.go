package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/web"
)

type cutCmd struct {
	Talk     string   `arg:"" help:"The talk's slug."`
	Keep     []string `arg:"" optional:"" help:"The ranges to keep, such as 00:03:10-00:33:20. With N: before it, the times are those of recording N alone. Without ranges, everything is kept."`
	Channels string   `help:"The audio channels to use: auto, left, right, mix, stereo, or by number: 2 (a channel), 2:1 (stream:channel), 2:stereo (a stream), 1:1+2:1 (a mix). By default they stay as they are." values:"auto,left,right,mix,stereo" placeholder:"C"`
	Price    bool     `help:"Show what has to be processed again, and change nothing."`
	serverFlags
}

// Run implements `lectern cut`: it replaces the cut of a talk and, with --channels, its audio
// channels. With --price it changes nothing, and prints which stages have to be processed again.
func (c *cutCmd) Run(ctx context.Context, t *console) (err error) {
	r, err := c.connect(ctx, t)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	path := "/talks/" + url.PathEscape(c.Talk)
	var talk web.TalkDetails
	if err := r.call(ctx, http.MethodGet, path, nil, &talk); err != nil {
		return err
	}
	h := web.ProcessingOptions{Cut: c.Keep, Channels: talk.Handling.Channels, Pipeline: talk.Handling.Pipeline}
	if c.Channels != "" {
		h.Channels = conference.Channels(c.Channels)
	}
	if !c.Price {
		return r.call(ctx, http.MethodPut, path+"/processing", h, nil)
	}
	var price web.CostEstimate
	if err := r.call(ctx, http.MethodPost, path+"/processing/estimate", h, &price); err != nil {
		return err
	}
	for _, s := range price.Stages {
		fmt.Fprintf(t.out, "%-12s %d to process, %d up to date\n", s.Name, s.Make, s.There)
	}
	if price.Sure {
		fmt.Fprintf(t.out, "about %.0f s\n", price.Seconds)
	}
	return nil
}

type subtitlesUploadCmd struct {
	Talk     string `arg:"" help:"The talk's slug."`
	File     string `arg:"" help:"The subtitle file, in the language of the talk."`
	Clock    string `help:"What the file is timed against: the recordings end to end (reel), or the latest video (programme). By default the video, if there is one." enum:"reel,programme," default:"" placeholder:"reel|programme"`
	Encoding string `help:"Encoding of the file if it is detected wrongly, such as windows-1252." placeholder:"E"`
	Check    bool   `help:"Check the file, and save nothing."`
	JSON     bool   `help:"Print JSON: the findings."`
	serverFlags
}

// Run implements `lectern subtitles upload`: it uploads or, with --check, only checks a talk's
// subtitles in the spoken language, and prints the findings. Findings do not change the exit code;
// a file that cannot be used is exit code 3.
func (c *subtitlesUploadCmd) Run(ctx context.Context, t *console) (err error) {
	data, err := readBytes(ctx, c.File, c.File)
	if err != nil {
		return err
	}
	r, err := c.connect(ctx, t)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	query := url.Values{"name": {filepath.Base(c.File)}, "check": {fmt.Sprint(c.Check)}}
	for key, value := range map[string]string{"clock": c.Clock, "encoding": c.Encoding} {
		if value != "" {
			query.Set(key, value)
		}
	}
	var h web.SubtitleReport
	if err := r.do(ctx, http.MethodPut, "/talks/"+url.PathEscape(c.Talk)+"/subtitles?"+query.Encode(), "application/octet-stream", bytes.NewReader(data), &h); err != nil {
		return err
	}
	if c.JSON {
		return t.printJSON(h)
	}
	for _, f := range h.Findings {
		fmt.Fprintf(t.out, "%s:%d: %s: %s\n", c.File, f.Line, f.Severity, f.Message)
	}
	for _, note := range h.Notes {
		fmt.Fprintln(t.err, "note:", note)
	}
	if h.Says != "" {
		fmt.Fprintln(t.err, h.Says)
	}
	what := "saved as revision"
	switch {
	case h.Same:
		what = "unchanged since revision"
	case !h.Saved:
		what = "not saved; the latest is revision"
	}
	fmt.Fprintf(t.out, "%s: %d cues, grade %s, %s %d\n", c.Talk, h.Cues, h.Grade, what, h.Revision)
	return nil
}

type approveCmd struct {
	Talk  string `arg:"" help:"The talk's slug."`
	Wrong string `help:"Report a problem instead, in your words." placeholder:"WORDS"`
	serverFlags
}

// Run implements `lectern approve`: it approves a talk for publication or, with --wrong, reports a
// problem with it.
func (c *approveCmd) Run(ctx context.Context, t *console) error {
	return c.call(ctx, t, http.MethodPost, "/talks/"+url.PathEscape(c.Talk)+"/verdict", web.SpeakerReview{Approved: c.Wrong == "", Words: c.Wrong}, nil)
}

type releaseCmd struct {
	Talk    string `arg:"" help:"The talk's slug."`
	Without string `help:"Release without a speaker's approval, for this reason." placeholder:"REASON"`
	Hold    bool   `help:"Cancel a release that waits, or hold the talk back."`
	serverFlags
}

// Run implements `lectern release`: it releases a talk now or, if something blocks it, as soon as
// nothing does; both are exit code 0. With --hold it withdraws the request.
func (c *releaseCmd) Run(ctx context.Context, t *console) error {
	path := "/talks/" + url.PathEscape(c.Talk) + "/release"
	if c.Hold {
		return c.call(ctx, t, http.MethodDelete, path, nil, nil)
	}
	if c.Without != "" {
		path += "?without=" + url.QueryEscape(c.Without)
	}
	var r web.ReleaseResult
	if err := c.call(ctx, t, http.MethodPost, path, nil, &r); err != nil {
		return err
	}
	if r.Released {
		fmt.Fprintln(t.out, c.Talk, "is released")
		return nil
	}
	fmt.Fprintf(t.out, "%s is not released yet: %s. It will be released as soon as nothing blocks it\n", c.Talk, r.Refused)
	return nil
}
