package media

import (
	"fmt"
	"math"
	"slices"
)

// muteRange silences what a stretch has of x, whose first sample is number at. The sound before
// fades out and the sound behind fades in: nothing of the stretch itself is heard.
func muteRange(x []float32, at int64, s sampleRange) {
	for i := max(at, s.from-fadeSamples); i < min(at+int64(len(x)), s.to+fadeSamples); i++ {
		switch {
		case i < s.from:
			x[i-at] *= (float32(s.from-i) - 0.5) / fadeSamples
		case i >= s.to:
			x[i-at] *= (float32(i-s.to) + 0.5) / fadeSamples
		default:
			x[i-at] = 0
		}
	}
}

// denoiseDelay is how many samples later than it came sound leaves afftdn at 48 kHz, of
// which it tells nobody.
const denoiseDelay = 1200

// filterChain are what the sound of a recording goes through, as ffmpeg writes it; blocks is
// the recording's BlocksFile.
//
// The noise is taken 10 dB down and no more: more would be heard in the voice. afftdn has to
// be told how loud it is; by itself it takes off what is at −50 dB and hardly anything else.
func (s AudioSpec) filterChain(blocks string) (string, error) {
	var chain string
	if s.HighPass > 0 {
		chain += fmt.Sprintf(",highpass=f=%d", s.HighPass)
	}
	if s.Denoise {
		known, err := readBlocks(blocks)
		if err != nil {
			return "", fmt.Errorf("read how loud the noise is: %w", err)
		}
		chain += fmt.Sprintf(",apad=pad_len=%d,afftdn=nr=10:nf=%.0f,atrim=start_sample=%d", denoiseDelay, noiseFloor(known), denoiseDelay)
	}
	return chain, nil
}

// filterChains is filters of each source.
func (s AudioSpec) filterChains(sources []AudioSource) (all []string, err error) {
	all = make([]string, len(sources))
	for i, source := range sources {
		if all[i], err = s.filterChain(source.Blocks); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// noiseFloor is how loud a recording's noise is, in dBFS as afftdn takes it: a little above
// the quietest tenth of it, between two words.
func noiseFloor(blocks []block) float64 {
	const above, least, most = 3, -80, -20
	if len(blocks) == 0 {
		return least
	}
	powers := make([]float64, len(blocks))
	for i, b := range blocks {
		powers[i] = (b.left + b.right) / 2
	}
	slices.Sort(powers)
	level := 10 * math.Log10(max(powers[len(powers)/10], 1e-12))
	return min(most, max(least, level+above))
}
