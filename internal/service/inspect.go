package service

import (
	"context"
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

// Inspected is what a recording is, and what is wrong with it.
type Inspected struct {
	Probe    media.Probe          `json:"probe"`
	Analysis media.Analysis       `json:"analysis"`
	Troubles []conference.Trouble `json:"troubles"`
}

// Inspect goes through a recording twice: what it is, and what is wrong with it. show, which
// may be nil, is told what it does, and how much of that is done.
func Inspect(ctx context.Context, tools media.Tools, path string, show func(doing string, done float64)) (p Inspected, err error) {
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
		if p.Probe, err = tools.TakeIn(ctx, original, path, original, p.Probe, media.Behind{}, copied); err != nil {
			return p, err
		}
		p.Probe.Format, p.Probe.Indexed = format, false
	}
	p.Analysis, err = tools.Analyse(ctx, path, p.Probe, dir, func(done float64) { show("listening", done) })
	p.Troubles = plan.Inspect(name, p.Probe, p.Analysis)
	return p, err
}

// Findings is what looking into a recording found, as its page tells it.
type Findings struct {
	Length   time.Duration        `json:"length"`
	Picture  string               `json:"picture,omitempty"` // in words: "h264, 1920×1080, 25 a second"
	Sounds   []string             `json:"sounds,omitempty"`  // of each stream, in words
	Troubles []conference.Trouble `json:"troubles,omitempty"`
	Refused  string               `json:"refused,omitempty"` // why it is no recording at all; "" if it is one
	Whole    bool                 `json:"whole"`             // it was listened to and looked through, too
}

// inspect is what there is to find in an arrival: what it is, and if it is asked for the whole,
// what is wrong with it.
func (o *Office) inspect(ctx context.Context, a catalog.Arrival, whole bool) Findings {
	var p Inspected
	var err error
	if whole {
		p, err = Inspect(ctx, o.Tools, a.Path, nil)
	} else {
		p.Probe, err = o.Tools.Probe(ctx, a.Path, a.Name, func(float64) {})
	}
	f := Findings{Length: p.Probe.Readable, Whole: whole, Troubles: p.Troubles}
	if err != nil {
		f.Refused = err.Error()
		if known := inputerr.Of(err); known != nil {
			f.Refused = (&inputerr.Fault{Problem: known.Problem, Remedy: known.Remedy}).Error()
		}
		return f
	}
	for i := range f.Troubles {
		f.Troubles[i].Recording = "" // it stands beside its name
	}
	if v := p.Probe.Video; v != nil {
		f.Picture = fmt.Sprintf("%s, %d×%d, %.5g/s", v.Codec, v.Width, v.Height, float64(v.Rate.Num)/float64(v.Rate.Den))
	}
	for _, s := range p.Probe.Audio {
		f.Sounds = append(f.Sounds, fmt.Sprintf("%s, %d ch, %g kHz", s.Codec, s.Channels, float64(s.Hz)/1000))
	}
	return f
}

// begun is when a recording began, as far as its name says so.
func (o *Office) begun(a catalog.Arrival) time.Time {
	if !a.Begun.IsZero() {
		return a.Begun
	}
	t, _ := match.Began(strings.TrimSpace(a.Name), o.zone())
	return t
}
