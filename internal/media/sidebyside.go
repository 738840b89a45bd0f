package media

import (
	"context"
	"fmt"
	"time"

	ffmpeg "github.com/u2takey/ffmpeg-go"

	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/timeline"
)

// SideBySide is a second video stream of a recording, such as the camera's if the first is the
// slides', and the frame in which both are shown: the first on the left, each as large as its
// part of the frame allows.
type SideBySide struct {
	Second            FrameSource `json:"pictures"` // the second stream
	FirstWidthPercent int         `json:"share"`    // share of the frame's width for the first stream; 0 is two thirds
	Width             int         `json:"width"`    // of the frame
	Height            int         `json:"height"`   // of the frame
}

// ProbeSecondPicture probes video stream number picture, from 1, of the recording at path, and adds
// it to p, the probe of the first, as SecondVideo on the same clock. If either has no video, it
// leaves p as it is. It returns an *inputerr.Error as Probe does, and if the recording's clock
// jumps. name is the recording's name in errors. progress may be nil.
func (t Tools) ProbeSecondPicture(ctx context.Context, path, name string, p *Probe, picture int, progress func(fraction float64)) error {
	second, err := t.ProbePicture(ctx, path, name, picture, progress)
	if err != nil || second.Video == nil || p.Video == nil {
		return err
	}
	if len(p.Jumps)+len(second.Jumps) > 0 {
		return inputerr.Coded("recording.jumps_side_by_side", "has timestamps that jump, and two video streams to show side by side: they may be out of sync after the jump").In(name).
			Hint("Split it at the jump into two recordings")
	}
	begins := func(v *Video) time.Duration { return ticksToDuration(v.FirstPTS, v.TimeBase) }
	v := second.Video
	shift := begins(v) - begins(p.Video) + p.Video.Lead - v.Lead // the probes have different zeros
	v.Lead, v.End = v.Lead+shift, v.End+shift
	p.SecondVideo = v
	if missing := p.Video.End - v.End; !v.Variable && missing > time.Second {
		p.Notes = append(p.Notes, fmt.Sprintf("picture %d ends at %s, %s before the one it is shown beside, and stands still from there on",
			picture, noteClock(v.End), noteClock(missing)))
	}
	return nil
}

// Size returns the size of the recording's frames in pixels. With a second video it is that of a
// frame of 16:9, as high as the higher of the two. The recording must have video.
func (p Probe) Size() (width, height int) {
	if p.SecondVideo == nil {
		return p.Video.Width, p.Video.Height
	}
	height = max(p.Video.Height, p.SecondVideo.Height)
	return (height*16/9 + 1) &^ 1, height
}

// Rate returns the standard frame rate nearest to the video's, or the faster one of two videos'.
// The recording must have video.
func (p Probe) Rate() timeline.Rate {
	if p.SecondVideo != nil && p.Video.Rate.Less(p.SecondVideo.Rate) {
		return p.SecondVideo.Rate
	}
	return p.Video.Rate
}

// SideBySideFrames returns how to take frames off the recording at a frame rate, with both videos
// side by side if there is a second one. share is how much of the width the first one gets, in per
// cent; 0 stands for two thirds. The recording must have video.
func (p Probe) SideBySideFrames(rate timeline.Rate, share int) FrameSource {
	pics := p.FrameSource(rate)
	if p.SecondVideo != nil {
		pics.SideBySide = &SideBySide{Second: p.SecondVideo.frameSource(rate), FirstWidthPercent: share}
		pics.SideBySide.Width, pics.SideBySide.Height = p.Size()
	}
	return pics
}

// composed returns the description of the frames that frameRange returns: pics itself, or with a
// second video, the frames in which both are shown.
func (pics FrameSource) composed() FrameSource {
	if b := pics.SideBySide; b != nil {
		return FrameSource{Rate: pics.Rate, Width: b.Width, Height: b.Height, Matrix: "bt709", EncoderReady: true}
	}
	return pics
}

// widths returns the widths of the first and of the second video in pixels. That of the first is
// even.
func (b SideBySide) widths() (first, second int) {
	first = b.Width * 2 / 3
	if b.FirstWidthPercent > 0 {
		first = b.Width * b.FirstWidthPercent / 100
	}
	first &^= 1
	return first, b.Width - first
}

// sideBySide returns exactly the frames r of both videos, the first on the left, in frames of the
// size that pics.SideBySide has.
func sideBySide(path string, pics FrameSource, r timeline.Range) *ffmpeg.Stream {
	b := pics.SideBySide
	first, second := b.widths()
	left := fitPanel(singleFrameRange(path, pics, r), pics, first, b.Height)
	right := fitPanel(singleFrameRange(path, b.Second, r), b.Second, second, b.Height)
	return ffmpeg.Filter([]*ffmpeg.Stream{left, right}, "hstack", nil, ffmpeg.KwArgs{"inputs": 2})
}

// fitPanel converts a video to SDR in BT.709 and scales it into a part of a frame, width × height.
func fitPanel(s *ffmpeg.Stream, pics FrameSource, width, height int) *ffmpeg.Stream {
	if pics.needsToneMapping() {
		s, pics.Matrix = toneMap(s, pics, height), "bt709"
	}
	return fitFrame(s, pics, width, height, "yuv420p")
}

// streams returns pics, followed by the second video if there is one.
func (pics FrameSource) streams() []FrameSource {
	if pics.SideBySide == nil {
		return []FrameSource{pics}
	}
	return []FrameSource{pics, pics.SideBySide.Second}
}
