//go:build slow

package media

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/lectern-av/lectern/internal/timeline"
)

func TestWriteThumbnail_AvoidsBlankFrames(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.mp4"), filepath.Join(dir, "out.jpg")
	// Black for three quarters of the time.
	runFFmpeg(t, slices.Concat(talkSource("25", h264...), []string{"-vf", "drawbox=t=fill:c=black:enable='lt(t,7.5)'", in})...)
	tl := tools(t)
	p, err := tl.Probe(t.Context(), in, "in.mp4", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := tl.WriteThumbnail(t.Context(), in, ThumbnailSpec{p.FrameSource(pal25), timeline.Range{From: 0, To: 250}}, out); err != nil {
		t.Fatal(err)
	}
	picture := readJPEG(t, out)
	if b := picture.Bounds(); b.Dx() != 1280 || b.Dy() != 720 {
		t.Errorf("it is %v", b)
	}
	if seen := newRGBImage(picture, 640).stillScore(); seen < 0.3 {
		t.Errorf("there is little to see in it: %v", seen)
	}
}
