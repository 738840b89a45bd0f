package media

import (
	"context"
	"fmt"
	"time"

	ffmpeg "github.com/u2takey/ffmpeg-go"

	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/timeline"
)

// SideBySide is a second picture of a recording, such as the camera's where the first is the
// slides', and the frame in which both are shown: the first on the left, each as large as
// its part of the frame allows.
type SideBySide struct {
	Second            FrameSource `json:"pictures"` // the second
	FirstWidthPercent int         `json:"share"`    // per cent of the frame's width that the first has; 0 is two thirds
	Width             int         `json:"width"`    // of the frame
	Height            int         `json:"height"`   // of the frame
}

// ProbeSecondPicture looks at a second moving picture of the recording at path, counted from 1, of
// which p was found, and adds it to p. Faults are as with Probe.
func (t Tools) ProbeSecondPicture(ctx context.Context, path, name string, p *Probe, picture int, progress func(fraction float64)) error {
	second, err := t.ProbePicture(ctx, path, name, picture, progress)
	if err != nil || second.Video == nil || p.Video == nil {
		return err
	}
	if len(p.Jumps)+len(second.Jumps) > 0 {
		return inputerr.New(name, "has a clock that jumps, and two pictures that are to be shown side by side: it cannot be told whether they still go together after it").
			Hint("Hand in what lies before the jump and what comes after it as files of their own")
	}
	begins := func(v *Video) time.Duration { return ticksToDuration(v.FirstPTS, v.TimeBase) }
	v := second.Video
	shift := begins(v) - begins(p.Video) + p.Video.Lead - v.Lead // each probe has a clock of its own
	v.Lead, v.End = v.Lead+shift, v.End+shift
	p.SecondVideo = v
	if missing := p.Video.End - v.End; !v.Variable && missing > time.Second {
		p.Notes = append(p.Notes, fmt.Sprintf("picture %d ends at %s, %s before the one it is shown beside, and stands still from there on",
			picture, formatClock(v.End), formatClock(missing)))
	}
	return nil
}

// Size is that of the picture in pixels: with another beside it, a frame as wide as screens
// are and as high as the higher of the two. It may only be asked of a probe with a picture.
func (p Probe) Size() (width, height int) {
	if p.SecondVideo == nil {
		return p.Video.Width, p.Video.Height
	}
	height = max(p.Video.Height, p.SecondVideo.Height)
	return (height*16/9 + 1) &^ 1, height
}

// Rate is the standard one that suits the picture, or the quicker of two. It may only be
// asked of a probe with a picture.
func (p Probe) Rate() timeline.Rate {
	if p.SecondVideo != nil && p.Video.Rate.Less(p.SecondVideo.Rate) {
		return p.SecondVideo.Rate
	}
	return p.Video.Rate
}

// SideBySideFrames is how to take both pictures off the recording at a rate, in one frame of which
// the first has so many per cent of the width, 0 being two thirds. It is Pictures where
// there is no second.
func (p Probe) SideBySideFrames(rate timeline.Rate, share int) FrameSource {
	pics := p.FrameSource(rate)
	if p.SecondVideo != nil {
		pics.SideBySide = &SideBySide{Second: p.SecondVideo.frameSource(rate), FirstWidthPercent: share}
		pics.SideBySide.Width, pics.SideBySide.Height = p.Size()
	}
	return pics
}

// composed is what pictures are like once those beside them are in one frame with them.
func (pics FrameSource) composed() FrameSource {
	if b := pics.SideBySide; b != nil {
		return FrameSource{Rate: pics.Rate, Width: b.Width, Height: b.Height, Matrix: "bt709", EncoderReady: true}
	}
	return pics
}

// widths divide the frame.
func (b SideBySide) widths() (first, second int) {
	first = b.Width * 2 / 3
	if b.FirstWidthPercent > 0 {
		first = b.Width * b.FirstWidthPercent / 100
	}
	first &^= 1
	return first, b.Width - first
}

// sideBySide is exactly the frames r of both pictures of a recording, in one frame.
func sideBySide(path string, pics FrameSource, r timeline.Range) *ffmpeg.Stream {
	b := pics.SideBySide
	first, second := b.widths()
	left := fitPanel(singleFrameRange(path, pics, r), pics, first, b.Height)
	right := fitPanel(singleFrameRange(path, b.Second, r), b.Second, second, b.Height)
	return ffmpeg.Filter([]*ffmpeg.Stream{left, right}, "hstack", nil, ffmpeg.KwArgs{"inputs": 2})
}

// fitPanel brings pictures into their part of a frame.
func fitPanel(s *ffmpeg.Stream, pics FrameSource, width, height int) *ffmpeg.Stream {
	if pics.needsToneMapping() {
		s, pics.Matrix = toneMap(s, pics, height), "bt709"
	}
	return fitFrame(s, pics, width, height, "yuv420p")
}

// streams is the first picture and, where there is one, the second.
func (pics FrameSource) streams() []FrameSource {
	if pics.SideBySide == nil {
		return []FrameSource{pics}
	}
	return []FrameSource{pics, pics.SideBySide.Second}
}
