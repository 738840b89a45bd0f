package media

import (
	"path/filepath"
	"strings"
	"testing"
)

// encodeSideBySide takes in a recording of two pictures, the second on the left.
func encodeSideBySide(t *testing.T, in string) (FrameSource, string) {
	tl := tools(t)
	p, err := tl.ProbePicture(t.Context(), in, "two", 2, nil)
	if err == nil {
		err = tl.ProbeSecondPicture(t.Context(), in, "two", &p, 1, nil)
	}
	if err == nil && !p.Indexed {
		indexed := in + ".mkv"
		if err = tl.Index(t.Context(), in, indexed, "two", p, WaveformBackground{}, nil); err == nil {
			in = indexed
			if p, err = tl.Probe(t.Context(), in, "two", nil); err == nil {
				err = tl.ProbeSecondPicture(t.Context(), in, "two", &p, 2, nil)
			}
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return p.SideBySideFrames(pal25, 0), in
}

// flash returns the first frame of 32×18 that is white at a column in its middle row; −1 if
// none is.
func flash(gray []byte, column int) int {
	for n := 0; (n+1)*32*18 <= len(gray); n++ {
		if gray[n*32*18+9*32+column] > 225 {
			return n
		}
	}
	return -1
}

func TestProbeSecondPicture_EndsEarly(t *testing.T) {
	tl, in := tools(t), filepath.Join(t.TempDir(), "two.mkv")
	runFFmpeg(t, "-f", "lavfi", "-i", "testsrc2=s=160x90:d=5:r=25", "-f", "lavfi", "-i", "testsrc=s=160x90:d=2:r=25", "-map", "0", "-map", "1", "-c:v", "libx264", "-preset", "ultrafast", in)
	p, err := tl.Probe(t.Context(), in, "two.mkv", nil)
	if err == nil {
		err = tl.ProbeSecondPicture(t.Context(), in, "two.mkv", &p, 2, nil)
	}
	if err != nil || !strings.Contains(strings.Join(p.Notes, "\n"), "picture 2 ends at 0:00:02, 0:00:03 before") {
		t.Errorf("%v, %q", err, p.Notes)
	}
}
