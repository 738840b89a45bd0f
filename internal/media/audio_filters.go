package media

import (
	"fmt"
	"math"
	"slices"
)

// muteRange silences the samples of x that are in r, with a fade of fadeSamples before and after r.
// r counts samples of the programme, and at is the number of sample x[0] in it.
func muteRange(x []float32, at int64, r sampleRange) {
	for i := max(at, r.from-fadeSamples); i < min(at+int64(len(x)), r.to+fadeSamples); i++ {
		switch {
		case i < r.from:
			x[i-at] *= (float32(r.from-i) - 0.5) / fadeSamples
		case i >= r.to:
			x[i-at] *= (float32(i-r.to) + 0.5) / fadeSamples
		default:
			x[i-at] = 0
		}
	}
}

// denoiseDelay is the delay of the afftdn filter in samples at 48 kHz, which it does not
// compensate for.
const denoiseDelay = 1200

// filterChain returns the filters for a recording's sound, as ffmpeg writes them, each with a comma
// in front; "" if there are none. blocks is the path of the recording's BlocksFile, from which the
// noise is measured.
//
// Noise is reduced by 10 dB only, because more is audible in the voice. Without the measured noise
// floor, afftdn would only remove what is below −50 dB.
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

func (s AudioSpec) filterChains(sources []AudioSource) (all []string, err error) {
	all = make([]string, len(sources))
	for i, source := range sources {
		if all[i], err = s.filterChain(source.Blocks); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// noiseFloor returns how loud a recording's noise is, in dBFS from −80 to −20: 3 dB above the
// loudest block of the quietest tenth, which is mostly between words. Without blocks it is −80.
func noiseFloor(blocks []loudnessBlock) float64 {
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
