package media

import (
	"bytes"
	"context"
	"fmt"
	"image/jpeg"
	"io"
	"os"
	"strconv"

	ffmpeg "github.com/u2takey/ffmpeg-go"

	"github.com/lectern-av/lectern/internal/timeline"
)

// Size limits of a thumbnail, as on YouTube.
const (
	thumbnailWidth  = 1280
	thumbnailHeight = 720
	thumbnailBytes  = 2_000_000
)

// thumbnailCandidates is the number of frames that are compared.
const thumbnailCandidates = 8

// WriteThumbnail writes a thumbnail to the file out, a JPEG of 1280×720 and less than 2 MB. It
// compares eight frames spread evenly over spec.Range of the recording in, and takes the one with
// the highest score, so that a dark or empty one is used only if there is no other.
func (t Tools) WriteThumbnail(ctx context.Context, in string, spec ThumbnailSpec, out string) error {
	var best []byte
	most := -1.0
	for i := range int64(thumbnailCandidates) {
		n := spec.Range.From + spec.Range.Len()*(2*i+1)/(2*thumbnailCandidates)
		still, err := t.encodeStill(ctx, in, spec.Source, n)
		if err != nil {
			return fmt.Errorf("take frame %d for the thumbnail: %w", n, err)
		}
		picture, err := jpeg.Decode(bytes.NewReader(still))
		if err != nil {
			return fmt.Errorf("look at frame %d for the thumbnail: %w", n, err)
		}
		if seen := newRGBImage(picture, 640).stillScore(); seen > most {
			best, most = still, seen
		}
	}
	if err := os.WriteFile(out, best, 0o644); err != nil {
		return fmt.Errorf("write the thumbnail: %w", err)
	}
	return nil
}

// WritePoster writes frame n of the recording in as a JPEG of 1280×720 and less than 2 MB.
func (t Tools) WritePoster(ctx context.Context, in string, pics FrameSource, n int64, out string) error {
	still, err := t.encodeStill(ctx, in, pics, n)
	if err != nil {
		return fmt.Errorf("take frame %d for the thumbnail: %w", n, err)
	}
	if err := os.WriteFile(out, still, 0o644); err != nil {
		return fmt.Errorf("write the thumbnail: %w", err)
	}
	return nil
}

// encodeStill returns frame n as a JPEG of 1280×720. It tries four qualities of ffmpeg from the
// best, 2, to 16, and takes the first at which the JPEG is smaller than thumbnailBytes, or else the
// last.
func (t Tools) encodeStill(ctx context.Context, in string, pics FrameSource, n int64) ([]byte, error) {
	for quality := 2; ; quality *= 2 { // of 2, the best, to 31
		args, err := buildArgs(func() *ffmpeg.Stream {
			s, pics := frameRange(in, pics, timeline.Range{From: n, To: n + 1}), pics.composed()
			if pics.needsToneMapping() {
				s, pics.Matrix = toneMap(s, pics, thumbnailHeight), "bt709"
			}
			s = letterbox(s, thumbnailWidth, thumbnailHeight, "yuvj420p", options{
				"in_color_matrix": pics.Matrix, "out_color_matrix": "bt601", "out_range": "pc", // as JFIF has it
			})
			return s.Output("pipe:1", options{"f": "image2pipe", "c:v": "mjpeg", "q:v": strconv.Itoa(quality), "frames:v": "1", "fflags": "+bitexact"})
		})
		if err != nil {
			return nil, err
		}
		var still []byte
		_, err = t.Stream(ctx, append([]string{"-copyts"}, args...), func(r io.Reader) (err error) {
			still, err = io.ReadAll(r)
			return err
		})
		if err != nil || len(still) < thumbnailBytes || quality > 15 {
			return still, err
		}
	}
}
