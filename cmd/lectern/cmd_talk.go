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
	Keep     []string `arg:"" optional:"" help:"The ranges to keep, such as 00:03:10-00:33:20; N: before one means the clock of recording N. None keeps everything."`
	Channels string   `help:"Which channels are the talk: auto, left, right, mix or stereo; as they were without it." placeholder:"C"`
	Price    bool     `help:"Only say what that would cost."`
	serverFlags
}

// Run is `lectern cut`.
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
		return r.call(ctx, http.MethodPut, path+"/handling", h, nil)
	}
	var price web.CostEstimate
	if err := r.call(ctx, http.MethodPost, path+"/price", h, &price); err != nil {
		return err
	}
	for _, s := range price.Stages {
		fmt.Fprintf(t.out, "%-12s %d to make, %d there\n", s.Name, s.Make, s.There)
	}
	if price.Sure {
		fmt.Fprintf(t.out, "about %.0f s\n", price.Seconds)
	}
	return nil
}

type subtitlesHandInCmd struct {
	Talk     string `arg:"" help:"The talk's slug."`
	File     string `arg:"" help:"Subtitles in the language that is spoken."`
	Clock    string `help:"Whose times it has: the recordings' end to end (reel), or the film's as it was made last (programme). Without it, the film's where there is one." enum:"reel,programme," default:"" placeholder:"reel|programme"`
	Encoding string `help:"How it is encoded, if the guess is wrong." placeholder:"E"`
	Check    bool   `help:"Only look it through; nothing is saved."`
	JSON     bool   `help:"Print JSON: what was found."`
	serverFlags
}

// Run is `lectern subtitles hand-in`.
func (c *subtitlesHandInCmd) Run(ctx context.Context, t *console) (err error) {
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
	what := "taken as revision"
	switch {
	case h.Same:
		what = "the same as revision"
	case !h.Saved:
		what = "not taken; there is revision"
	}
	fmt.Fprintf(t.out, "%s: %d cues, grade %s, %s %d\n", c.Talk, h.Cues, h.Grade, what, h.Revision)
	return nil
}

type approveCmd struct {
	Talk  string `arg:"" help:"The talk's slug."`
	Wrong string `help:"Say instead what is wrong with it." placeholder:"WORDS"`
	serverFlags
}

// Run is `lectern approve`.
func (c *approveCmd) Run(ctx context.Context, t *console) error {
	return c.call(ctx, t, http.MethodPost, "/talks/"+url.PathEscape(c.Talk)+"/verdict", web.Verdict{Approved: c.Wrong == "", Words: c.Wrong}, nil)
}

type releaseCmd struct {
	Talk    string `arg:"" help:"The talk's slug."`
	Without string `help:"Why no speaker has to approve it." placeholder:"REASON"`
	Hold    bool   `help:"Take back that it is to be released."`
	serverFlags
}

// Run is `lectern release`.
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
	fmt.Fprintf(t.out, "%s is not released yet: %s. It will be as soon as nothing speaks against it\n", c.Talk, r.Refused)
	return nil
}
