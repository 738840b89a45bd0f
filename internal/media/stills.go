package media

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	ffmpeg "github.com/u2takey/ffmpeg-go"

	"github.com/lectern-av/lectern/internal/timeline"
)

// Still is one of a segment's small pictures.
type Still struct {
	Frame int64   `json:"frame"` // of the segment
	Score float64 `json:"score"` // how well it would stand for the talk, from 0 to about 1; see score
	Hash  string  `json:"look"`  // 16 hexadecimal digits, alike for pictures that look alike; see look
}

// ExtractStills takes, of each slot of the segment, the picture nearest to its middle that can be
// decoded by itself, and writes them below one another into the JPEG at out. Nothing but
// such pictures is decoded: of a slot without one, the last before it is taken.
func (t Tools) ExtractStills(ctx context.Context, path string, spec StillsSpec, out string) ([]Still, error) {
	keys, err := keyFrames(path, spec.Rate)
	if err != nil || len(keys) == 0 {
		return nil, fmt.Errorf("look for pictures that can be decoded by themselves: %w", err)
	}
	chosen := make([]int, len(spec.Slots)) // among keys, by slot
	for i, slot := range spec.Slots {
		chosen[i] = nearestKeyframe(keys, slot)
	}
	wanted := slices.Compact(slices.Clone(chosen))
	// Twice as large as they are wanted: sharpness is judged by that.
	w, h := 2*spec.Width, 2*spec.Height
	args, err := buildArgs(func() *ffmpeg.Stream {
		// Left out by the demuxer: not every decoder can be told to skip what it need not decode.
		s := openInput(path, options{"discard": "nokey"}).Get("v:0")
		s = filter(s, "select", options{"expr": selectExpression(keys, wanted, spec.Rate)})
		s = filter(s, "scale", options{"w": w, "h": h, "flags": "area", "in_color_matrix": "bt709"})
		return s.Output("pipe:1", options{"f": "rawvideo", "pix_fmt": "rgb24", "fps_mode": "passthrough"})
	})
	if err != nil {
		return nil, err
	}
	stills := make([]Still, len(spec.Slots))
	strip := image.NewRGBA(image.Rect(0, 0, spec.Width, spec.Height*len(spec.Slots)))
	_, err = t.Stream(ctx, args, func(r io.Reader) error {
		raw := make([]byte, 3*w*h)
		for _, key := range wanted {
			if _, err := io.ReadFull(r, raw); err != nil {
				return fmt.Errorf("frame %d: %w", keys[key], err)
			}
			seen := rgbImage{w, h, raw}
			for i := range chosen {
				if chosen[i] == key {
					stills[i] = Still{keys[key], roundScore(seen.stillScore()), seen.perceptualHash()}
					seen.halve(strip, i*spec.Height)
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("take stills: %w", err)
	}
	return stills, writeJPEG(out, strip, 92)
}

// nearestKeyframe is the key frame that stands for a slot.
func nearestKeyframe(keys []int64, slot timeline.Range) int {
	middle := (slot.From + slot.To) / 2
	best := 0
	for i, k := range keys {
		if k < slot.To && (keys[best] < slot.From || abs(k-middle) < abs(keys[best]-middle)) {
			best = i
		}
	}
	return best
}

func abs(n int64) int64 { return max(n, -n) }

// selectExpression is an expression that is true of the wanted of the key frames, by the tick of a
// segment's clock at which each is shown.
func selectExpression(keys []int64, wanted []int, rate timeline.Rate) string {
	terms := make([]string, len(wanted))
	for i, n := range wanted {
		tick := timeline.Rescale(keys[n]*rate.Den, Timescale(rate), rate.Num)
		terms[i] = fmt.Sprintf("eq(pts,%d)", tick)
	}
	return strings.Join(terms, "+")
}

// roundScore keeps what can be told apart, so that facts are the same on every machine.
func roundScore(score float64) float64 {
	r, _ := strconv.ParseFloat(strconv.FormatFloat(score, 'f', 4, 64), 64)
	return r
}

// halve draws the picture at half its size into the strip, from line y on.
func (p rgbImage) halve(strip *image.RGBA, y int) {
	for ty := range p.height / 2 {
		for tx := range p.width / 2 {
			var sum [3]int
			for _, at := range [4]int{2*ty*p.width + 2*tx, 2*ty*p.width + 2*tx + 1, (2*ty+1)*p.width + 2*tx, (2*ty+1)*p.width + 2*tx + 1} {
				for c := range sum {
					sum[c] += int(p.rgb[3*at+c])
				}
			}
			strip.SetRGBA(tx, y+ty, color.RGBA{uint8((sum[0] + 2) / 4), uint8((sum[1] + 2) / 4), uint8((sum[2] + 2) / 4), 255})
		}
	}
}

func writeJPEG(path string, picture image.Image, quality int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	err = jpeg.Encode(f, picture, &jpeg.Options{Quality: quality})
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
