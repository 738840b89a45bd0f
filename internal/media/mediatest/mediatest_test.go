package mediatest

import (
	"testing"
	"time"
)

// What is measured of the base is what it was made with, and a shift, a faster pitch and lost
// pictures are noticed.
func TestMeasure_Base(t *testing.T) {
	base := Base(t)
	for name, test := range map[string]struct {
		args         []string
		start        time.Duration
		pitch        float64
		first, steps int
		beeps        int
	}{
		"itself":  {args: []string{"-i", base, "-c", "copy"}, pitch: 1, beeps: Seconds},
		"shifted": {args: []string{"-i", base, "-af", "adelay=250", "-c:v", "copy", "-c:a", "pcm_s16le"}, start: 250 * time.Millisecond, pitch: 1, beeps: Seconds},
		"sharper": {args: []string{"-i", base, "-af", "asetrate=48500,aresample=48000", "-c:v", "copy", "-c:a", "pcm_s16le"}, pitch: 48.5 / 48, beeps: Seconds},
		"cut":     {args: []string{"-i", base, "-vf", "select='gte(n,50)*not(between(n,100,110))',setpts=N/25/TB", "-af", "atrim=2,asetpts=N/SR/TB", "-c:a", "pcm_s16le", "-preset", "ultrafast"}, start: -2 * time.Second, pitch: 1, first: 50, steps: 1, beeps: Seconds - 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := Measure(t, FFmpeg(t, "made.mkv", test.args...), true)
			first, last, at, steps := r.Shown()
			if first != test.first || last != Frames-1 || at != 0 || steps != test.steps || len(r.Beeps) != test.beeps {
				t.Errorf("pictures %d to %d from frame %d with %d steps, %d beeps", first, last, at, steps, len(r.Beeps))
			}
			for _, b := range r.Beeps {
				late := b.At - time.Duration(float64(test.start)+float64(b.Second)*float64(time.Second)/test.pitch)
				if late.Abs() > 2*time.Millisecond || b.Pitch < test.pitch-0.004 || b.Pitch > test.pitch+0.004 {
					t.Errorf("beep %d is %v late, at %.3f of its pitch", b.Second, late, b.Pitch)
				}
			}
		})
	}
}
