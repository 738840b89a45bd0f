package media

import (
	"context"
	"fmt"
	"time"

	ffmpeg "github.com/u2takey/ffmpeg-go"

	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/timeline"
)

// Beside is a second picture of a recording, such as the camera's where the first is the
// slides', and the frame in which both are shown: the first on the left, each as large as
// its part of the frame allows.
type Beside struct {
	Pictures Pictures `json:"pictures"` // the second
	Share    int      `json:"share"`    // per cent of the frame's width that the first has; 0 is two thirds
	Width    int      `json:"width"`    // of the frame
	Height   int      `json:"height"`   // of the frame
}

// ProbeBeside looks at a second moving picture of the recording at path, counted from 1, of
// which p was found, and adds it to p. Faults are as with Probe.
func (t Tools) ProbeBeside(ctx context.Context, path, name string, p *Probe, picture int, on func(fraction float64)) error {
	second, err := t.ProbePicture(ctx, path, name, picture, on)
	if err != nil || second.Video == nil || p.Video == nil {
		return err
	}
	if len(p.Jumps)+len(second.Jumps) > 0 {
		return inputerr.New(name, "has a clock that jumps, and two pictures that are to be shown side by side: it cannot be told whether they still go together after it").
			Try("Hand in what lies before the jump and what comes after it as files of their own")
	}
	begins := func(v *Video) time.Duration { return duration(v.FirstPTS, v.TimeBase) }
	v := second.Video
	shift := begins(v) - begins(p.Video) + p.Video.Lead - v.Lead // each probe has a clock of its own
	v.Lead, v.End = v.Lead+shift, v.End+shift
	p.Beside = v
	if missing := p.Video.End - v.End; !v.Variable && missing > time.Second {
		p.Notes = append(p.Notes, fmt.Sprintf("picture %d ends at %s, %s before the one it is shown beside, and stands still from there on",
			picture, clock(v.End), clock(missing)))
	}
	return nil
}

// Size is that of the picture in pixels: with another beside it, a frame as wide as screens
// are and as high as the higher of the two. It may only be asked of a probe with a picture.
func (p Probe) Size() (width, height int) {
	if p.Beside == nil {
		return p.Video.Width, p.Video.Height
	}
	height = max(p.Video.Height, p.Beside.Height)
	return (height*16/9 + 1) &^ 1, height
}

// Rate is the standard one that suits the picture, or the quicker of two. It may only be
// asked of a probe with a picture.
func (p Probe) Rate() timeline.Rate {
	if p.Beside != nil && p.Video.Rate.Less(p.Beside.Rate) {
		return p.Beside.Rate
	}
	return p.Video.Rate
}

// SideBySide is how to take both pictures off the recording at a rate, in one frame of which
// the first has so many per cent of the width, 0 being two thirds. It is Pictures where
// there is no second.
func (p Probe) SideBySide(rate timeline.Rate, share int) Pictures {
	pics := p.Pictures(rate)
	if p.Beside != nil {
		pics.Beside = &Beside{Pictures: p.Beside.pictures(rate), Share: share}
		pics.Beside.Width, pics.Beside.Height = p.Size()
	}
	return pics
}

// framed is what pictures are like once those beside them are in one frame with them.
func (pics Pictures) framed() Pictures {
	if b := pics.Beside; b != nil {
		return Pictures{Rate: pics.Rate, Width: b.Width, Height: b.Height, Matrix: "bt709", Plain: true}
	}
	return pics
}

// widths divide the frame.
func (b Beside) widths() (first, second int) {
	first = b.Width * 2 / 3
	if b.Share > 0 {
		first = b.Width * b.Share / 100
	}
	first &^= 1
	return first, b.Width - first
}

// sideBySide is exactly the frames r of both pictures of a recording, in one frame.
func sideBySide(path string, pics Pictures, r timeline.Range) *ffmpeg.Stream {
	b := pics.Beside
	first, second := b.widths()
	left := panel(alone(path, pics, r), pics, first, b.Height)
	right := panel(alone(path, b.Pictures, r), b.Pictures, second, b.Height)
	return ffmpeg.Filter([]*ffmpeg.Stream{left, right}, "hstack", nil, ffmpeg.KwArgs{"inputs": 2})
}

// panel brings pictures into their part of a frame.
func panel(s *ffmpeg.Stream, pics Pictures, width, height int) *ffmpeg.Stream {
	if pics.mapped() {
		s, pics.Matrix = mapTones(s, pics, height), "bt709"
	}
	return fit(s, pics, width, height, "yuv420p")
}

// each is the first picture and, where there is one, the second.
func (pics Pictures) each() []Pictures {
	if pics.Beside == nil {
		return []Pictures{pics}
	}
	return []Pictures{pics, pics.Beside.Pictures}
}
