package media

import (
	"context"
	"errors"
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

// Still is a small picture of a segment.
type Still struct {
	Frame int64   `json:"frame"` // frame of the segment
	Score float64 `json:"score"` // quality as a thumbnail, from 0 to about 1; see stillScore
	Hash  string  `json:"look"`  // 16 hexadecimal digits, similar for similar pictures; see perceptualHash
}

// ExtractStills takes a still for each slot of the segment at path: the keyframe in it that is
// nearest to its middle, or if it has none, the last one before it, or else the first of the
// segment. It writes all below one another into the JPEG out, and returns them by slot. Only
// keyframes are decoded.
func (t Tools) ExtractStills(ctx context.Context, path string, spec StillsSpec, out string) ([]Still, error) {
	keys, err := keyFrames(path, spec.Rate)
	if err == nil && len(keys) == 0 {
		err = errors.New("there are none")
	}
	if err != nil {
		return nil, fmt.Errorf("find keyframes: %w", err)
	}
	chosen := make([]int, len(spec.Slots)) // among keys, by slot
	for i, slot := range spec.Slots {
		chosen[i] = nearestKeyframe(keys, slot)
	}
	wanted := slices.Compact(slices.Clone(chosen))
	// Twice as large as the stills: sharpness is measured at that size.
	w, h := 2*spec.Width, 2*spec.Height
	args, err := buildArgs(func() *ffmpeg.Stream {
		// The demuxer drops other frames, because not every decoder can skip them.
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

// nearestKeyframe returns the index of the keyframe in slot that is nearest to its middle. If slot
// has none, it is the last one before slot, or 0 if all are later.
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

// selectExpression returns an expression for ffmpeg's select filter that is true for the keyframes
// whose indexes among keys are wanted, by their timestamps in a segment.
func selectExpression(keys []int64, wanted []int, rate timeline.Rate) string {
	terms := make([]string, len(wanted))
	for i, n := range wanted {
		tick := timeline.Rescale(keys[n]*rate.Den, Timescale(rate), rate.Num)
		terms[i] = fmt.Sprintf("eq(pts,%d)", tick)
	}
	return strings.Join(terms, "+")
}

// roundScore rounds a score to four decimals, so that it is equal on every machine.
func roundScore(score float64) float64 {
	r, _ := strconv.ParseFloat(strconv.FormatFloat(score, 'f', 4, 64), 64)
	return r
}

// halve draws the picture at half its size into the strip, at the left, from line y down.
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
