//go:build slow

package media

import (
	"testing"
)

func TestRenderAudio_NoiseFilters(t *testing.T) {
	path := generateRecording(t, "beeps.mkv", beeping, "-c:a", "pcm_s16le")
	plain := renderedAudio(t, path, func(*AudioSpec) {})
	clean := renderedAudio(t, path, func(s *AudioSpec) { s.HighPass, s.Denoise = 80, true })
	if len(plain) != len(clean) {
		t.Fatalf("%d samples became %d", len(plain), len(clean))
	}
	if before, after := under(plain), under(clean); before-after < 10 {
		t.Errorf("between the beeps it was %.1f dB under them, and is %.1f", before, after)
	}
	for second := range 8 {
		edge := second*Hz + Hz/2
		for name, x := range map[string][]float32{"plain": plain, "clean": clean} {
			quiet, loud := decibels(x[edge-Hz/10:edge-Hz/500]), decibels(x[edge+Hz/500:edge+Hz/10])
			if loud-quiet < 15 {
				t.Errorf("%s, beep %d: %.1f dB just before it and %.1f just behind", name, second, quiet, loud)
			}
		}
	}
}
