package media

import (
	"fmt"
	"io"
	"math"
	"path/filepath"
	"testing"

	"github.com/lectern-av/lectern/internal/timeline"
)

// TestEncode_HDRToneMapping encodes patches of known brightness, and measures the SDR result.
// Reference white must be a bright white, and 18 % grey what it is in BT.709. The order of
// patches must stay the same, and grey must get no colour.
func TestEncode_HDRToneMapping(t *testing.T) {
	for _, c := range []struct {
		name, transfer string
		signal         []float64 // of the patches, 0 to 1
		grey, white    int       // which patch is which
	}{
		{"PQ", "smpte2084", []float64{pq(0.005), pq(5), pq(36), pq(100), pq(203), pq(600), pq(1000)}, 2, 4},
		{"HLG", "arib-std-b67", []float64{0, 0.15, 0.38, 0.55, 0.75, 0.9, 1}, 2, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := encodedGreys(t, c.transfer, c.signal)
			for i := 1; i < len(got); i++ {
				if got[i] <= got[i-1] {
					t.Errorf("patch %d is no brighter than the one before: %v", i, got)
				}
			}
			if g := got[c.grey]; g < 0.38 || g > 0.52 {
				t.Errorf("an 18%% grey is shown at %.2f of the signal", g)
			}
			if w := got[c.white]; w < 0.82 || w > 0.92 {
				t.Errorf("reference white is shown at %.2f of the signal", w)
			}
		})
	}
}

// pq returns the signal for a brightness in cd/m², as defined by SMPTE ST 2084.
func pq(brightness float64) float64 {
	const m1, m2, c1, c2, c3 = 2610.0 / 16384, 2523.0 / 4096 * 128, 3424.0 / 4096, 2413.0 / 4096 * 32, 2392.0 / 4096 * 32
	y := math.Pow(brightness/10000, m1)
	return math.Pow((c1+c2*y)/(1+c3*y), m2)
}

// encodedGreys encodes a recording of grey patches, and returns the signals, 0 to 1, that come
// out.
func encodedGreys(t *testing.T, transfer string, signal []float64) (got []float64) {
	t.Helper()
	const side = 64
	tl := tools(t)
	dir := t.TempDir()
	in, out := filepath.Join(dir, "hdr.mkv"), filepath.Join(dir, "sdr.mp4")
	chain := "nullsrc=s=448x64:r=25:d=0.4,format=yuv420p10le,geq=lum='64+876*("
	for i, v := range signal {
		if i > 0 {
			chain += "+"
		}
		chain += fmt.Sprintf("between(X,%d,%d)*%f", i*side, i*side+side-1, v)
	}
	runFFmpeg(t, "-f", "lavfi", "-i", chain+")':cb=512:cr=512", "-f", "lavfi", "-i", "sine=d=0.4", "-c:v", "libx264", "-qp", "0", "-c:a", "flac",
		"-color_primaries", "bt2020", "-color_trc", transfer, "-colorspace", "bt2020nc", in)
	p, err := tl.Probe(t.Context(), in, "hdr.mkv", nil)
	if err != nil {
		t.Fatal(err)
	}
	if p.Video.HDR != transfer {
		t.Fatalf("found %q, want %q", p.Video.HDR, transfer)
	}
	width := side * len(signal)
	outs := []EncodeOutput{{Width: width, Height: side, Encoding: Encoding{Codec: "h264", Lossless: true, Preset: "ultrafast", Threads: 1}, Path: out}}
	if _, err := tl.Encode(t.Context(), in, p.FrameSource(pal25), timeline.Range{To: 5}, outs, dir, nil); err != nil {
		t.Fatal(err)
	}
	var raw []byte
	_, err = tl.Stream(t.Context(), append(InputArgs(out), "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "yuv444p", "pipe:1"), func(r io.Reader) (err error) {
		raw, err = io.ReadAll(r)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	plane := width * side
	for i := range signal {
		at := side/2*width + i*side + side/2
		got = append(got, (float64(raw[at])-16)/219)
		if cb, cr := raw[plane+at], raw[2*plane+at]; cb != 128 || cr != 128 {
			t.Errorf("patch %d has the colour %d, %d", i, cb, cr)
		}
	}
	return got
}
