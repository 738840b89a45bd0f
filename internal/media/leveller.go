package media

import (
	"math"
)

// The leveller raises those who speak softly, and lowers those who shout, slowly enough to leave
// words and sentences as they are.
const (
	levelReach   = 20   // blocks before and after that are taken together: two seconds each
	levelGrace   = 1.0  // dB of difference that stay
	levelUp      = 24.0 // dB at most
	levelDown    = 9.0  // dB at most
	levelAudible = -62  // LUFS; what is softer is not raised
)

// levelGains returns the gain in dB for each block of 100 ms of a programme that makes its speech
// equally loud. Without speech, it goes on or changes steadily, so that pauses are not raised.
func (s loudnessEnvelope) levelGains() []float64 {
	blocks := make([]float64, len(s)/framesPerBlock)
	levels := make([]byte, len(s))
	for i, f := range s {
		if i/framesPerBlock < len(blocks) {
			blocks[i/framesPerBlock] += float64(f.energy) / framesPerBlock
		}
		levels[i] = levelByte(10 * math.Log10(float64(f.energy)/2+1e-13))
	}
	gains := make([]float64, len(blocks))
	var spoken []float64 // energies
	for i := range gains {
		from, to := max(0, i-levelReach), min(len(blocks), i+levelReach+1)
		gains[i] = math.NaN()
		here := speechLoudness(blocks[from:to])
		if here > levelAudible && speechDuration(levels[from*framesPerBlock:to*framesPerBlock]) > 0 {
			gains[i] = here
			spoken = append(spoken, lufsToEnergy(here))
		}
	}
	want := integratedLoudness(spoken)
	for i, here := range gains {
		gains[i] = min(levelUp, max(-levelDown, shrink(want-here, levelGrace))) // not a number without speech
	}
	fillGaps(gains)
	return smooth(gains, levelReach)
}

// speechLoudness returns the loudness of the louder blocks, in LUFS: pauses between words do not
// count.
func speechLoudness(blocks []float64) float64 {
	loudest := 0.0
	for _, e := range blocks {
		loudest = max(loudest, e)
	}
	const pause = 0.05 // of the loudest
	sum, n := 0.0, 0
	for _, e := range blocks {
		if e >= pause*loudest {
			sum += e
			n++
		}
	}
	return energyToLUFS(sum/float64(max(1, n)) + 1e-13)
}

// shrink moves x towards zero by the amount by.
func shrink(x, by float64) float64 {
	return math.Copysign(max(0, math.Abs(x)-by), x)
}

// fillGaps replaces what is not a number by a straight line between its neighbours.
func fillGaps(x []float64) {
	last := -1
	for i, v := range x {
		if math.IsNaN(v) {
			continue
		}
		for j := last + 1; j < i; j++ {
			x[j] = v
			if last >= 0 {
				x[j] = x[last] + (v-x[last])*float64(j-last)/float64(i-last)
			}
		}
		last = i
	}
	for j := last + 1; j < len(x); j++ {
		x[j] = 0
		if last >= 0 {
			x[j] = x[last]
		}
	}
}

// smooth returns the means over reach values on either side.
func smooth(x []float64, reach int) []float64 {
	sums := make([]float64, len(x)+1)
	for i, v := range x {
		sums[i+1] = sums[i] + v
	}
	result := make([]float64, len(x))
	for i := range x {
		from, to := max(0, i-reach), min(len(x), i+reach+1)
		result[i] = (sums[to] - sums[from]) / float64(to-from)
	}
	return result
}

// level applies the gains of a programme's blocks to it.
func (s loudnessEnvelope) level(gains []float64) {
	for i := range s {
		at := min(i/framesPerBlock, len(gains)-1)
		if at < 0 {
			return
		}
		s[i : i+1].amplify(dbToAmplitude(gains[at]))
	}
}

// levelSamples applies the gains of a programme's blocks to a channel. at is the sample number of
// x[0] in the programme.
func levelSamples(x []float32, at int64, gains []float64) {
	if len(gains) == 0 {
		return
	}
	const step = 48 // samples with the same gain: 1 ms
	for i := 0; i < len(x); i += step {
		place := float64(at+int64(i))/blockSamples - 0.5 // a gain is that of the middle of its block
		before := min(len(gains)-1, max(0, int(math.Floor(place))))
		after := min(len(gains)-1, before+1)
		part := min(1, max(0, place-float64(before)))
		gain := float32(dbToAmplitude(gains[before] + (gains[after]-gains[before])*part))
		for j := i; j < min(len(x), i+step); j++ {
			x[j] *= gain
		}
	}
}

// keepUnlevelled sets the gains within a segment to zero: a clip is not speech.
func (c audioSegment) keepUnlevelled(gains []float64) {
	for i := c.from / blockSamples; i < min(int64(len(gains)), c.to/blockSamples+1); i++ {
		gains[i] = 0
	}
}
