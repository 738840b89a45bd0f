package media

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/timeline"
)

// VideoFacts is what a finished file was measured to hold.
type VideoFacts struct {
	Codec    string        `json:"codec"`
	Width    int           `json:"width"`
	Height   int           `json:"height"`
	Rate     timeline.Rate `json:"rate"`
	Frames   int64         `json:"frames"`
	Duration time.Duration `json:"duration"`        // of the picture
	Sound    time.Duration `json:"sound,omitempty"` // how long the sound lasts; 0 if there is none
	Size     int64         `json:"size"`            // bytes
}

// prove measures a file that Lectern made: one picture stream, exactly as many frames as
// were asked for, and frame n shown at n/rate, to the tick. MP4 can say so exactly; WebM
// counts milliseconds, and the nearest one will do.
func (t Tools) prove(ctx context.Context, path string, rate timeline.Rate, frames int64) (VideoFacts, []stream, error) {
	name := filepath.Base(path)
	fail := func(format string, args ...any) (VideoFacts, []stream, error) {
		return VideoFacts{}, nil, fmt.Errorf("%s is not what was asked for: %s", name, fmt.Sprintf(format, args...))
	}
	info, err := os.Stat(path)
	if err != nil {
		return VideoFacts{}, nil, fmt.Errorf("look for what ffmpeg wrote: %w", err)
	}
	c, err := t.container(ctx, path, name)
	if err != nil {
		return VideoFacts{}, nil, err
	}
	var picture *stream
	for i, s := range c.Streams {
		if s.Kind == "video" && picture == nil {
			picture = &c.Streams[i]
		}
	}
	if picture == nil || picture.Index != 0 {
		return fail("it does not begin with a picture stream")
	}
	base := picture.base()
	if _, exact := ticksOf(1, rate, base); !exact && !strings.HasPrefix(c.Format.Name, "matroska") {
		return fail("its clock of %s a tick cannot hold %s frames a second", base, rate)
	}
	var n int64
	shown := display{next: func(pts int64) error {
		if want, _ := ticksOf(n, rate, base); pts != want {
			return fmt.Errorf("%s is not what was asked for: frame %d is shown at tick %d, not %d", name, n, pts, want)
		}
		n++
		return nil
	}}
	_, err = t.packets(ctx, path, []string{"-select_streams", "0"}, func(p packet) error { return shown.push(p.pts) })
	if err == nil {
		err = shown.flush()
	}
	if err != nil {
		return VideoFacts{}, nil, err
	}
	if n != frames {
		return fail("it has %d frames, not %d", n, frames)
	}
	return VideoFacts{
		Codec: picture.CodecName, Width: int(picture.Width), Height: int(picture.Height),
		Rate: rate, Frames: n, Duration: rate.Time(n), Size: info.Size(),
	}, c.Streams, nil
}

// proveSegment proves a segment that was just encoded.
func (t Tools) proveSegment(ctx context.Context, out EncodeOut, rate timeline.Rate, n int64) error {
	facts, streams, err := t.prove(ctx, out.Path, rate, n)
	if err != nil {
		return err
	}
	if len(streams) != 1 || facts.Codec != out.Encoding.Codec || facts.Width != out.Width || facts.Height != out.Height {
		return fmt.Errorf("%s is not what was asked for: %d streams, %s, %d×%d", filepath.Base(out.Path), len(streams), facts.Codec, facts.Width, facts.Height)
	}
	return nil
}

// ticksOf is when frame n is shown, in ticks, and whether that is exact.
func ticksOf(n int64, rate, base timeline.Rate) (ticks int64, exact bool) {
	ticks = timeline.Rescale(n*rate.Den, base.Den, rate.Num*base.Num)
	return ticks, n*rate.Den*base.Den == ticks*rate.Num*base.Num
}
