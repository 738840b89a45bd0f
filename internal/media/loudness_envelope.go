package media

import (
	"fmt"
	"math"

	"github.com/lectern-av/lectern/internal/timeline"
)

// loudnessEnvelope is a programme's sound before any gain, in frames of 10 ms: enough to
// predict its loudness for any gain.
type loudnessEnvelope []envelopeFrame

// envelopeFrame is 10 ms of a programme.
type envelopeFrame struct {
	energy float32 // as in blocks, both channels together
	peak   float32 // greatest amplitude
}

// readLoudnessEnvelope returns the envelope of a programme's segments, from the blocks of their
// recordings. Edges are rounded to 10 ms, which has no noticeable effect on loudness.
func readLoudnessEnvelope(cuts []audioSegment, sources []AudioSource) (loudnessEnvelope, error) {
	type choice struct {
		source   int
		channels string
	}
	known := make(map[choice]loudnessEnvelope)
	var s loudnessEnvelope
	for _, c := range cuts {
		n := timeline.Rescale(c.to, 1, frameSamples) - int64(len(s))
		part := make(loudnessEnvelope, n)
		if c.source >= 0 {
			source, key := sources[c.source], choice{c.source, c.channels}
			if known[key] == nil {
				blocks, err := readBlocks(source.Blocks)
				if err != nil {
					return nil, fmt.Errorf("read the analysis of %s: %w", source.Path, err)
				}
				known[key] = newLoudnessEnvelope(blocks, c.channels)
			}
			known[key].copyTo(part, timeline.Rescale(c.sourceStart-sampleAt(source.Origin), 1, frameSamples))
			if c.gain != 0 {
				part.amplify(c.gain)
			}
			for _, m := range c.mutes {
				clear(part[timeline.Rescale(m.from-c.from, 1, frameSamples):min(n, timeline.Rescale(m.to-c.from, 1, frameSamples))])
			}
		}
		s = append(s, part...)
	}
	return s, nil
}

// newLoudnessEnvelope returns the envelope of a whole recording in a choice of channels. A block
// has one energy for its ten frames; it is divided among them in proportion to the squares of their
// peaks.
func newLoudnessEnvelope(blocks []loudnessBlock, channels string) loudnessEnvelope {
	s := make(loudnessEnvelope, 0, len(blocks)*framesPerBlock)
	for _, b := range blocks {
		var peaks [framesPerBlock]float64
		var sum float64
		for f := range peaks {
			peaks[f] = b.peak(f, channels)
			sum += square(peaks[f])
		}
		share := b.energy(channels) * framesPerBlock / max(sum, 1e-30)
		for _, peak := range peaks {
			s = append(s, envelopeFrame{energy: float32(square(peak) * share), peak: float32(peak)})
		}
	}
	return s
}

// matchClipLoudness sets the gain of each clip among cuts so that it is as loud as the talk, and
// applies it to the envelope. Otherwise the gain that a quiet talk needs would make a clip's music
// far too loud. If either is almost silent, the clip stays as it is.
func (s loudnessEnvelope) matchClipLoudness(cuts []audioSegment) {
	var talk loudnessEnvelope
	part := func(c audioSegment) loudnessEnvelope {
		return s[timeline.Rescale(c.from, 1, frameSamples):timeline.Rescale(c.to, 1, frameSamples)]
	}
	for _, c := range cuts {
		if !c.unfiltered {
			talk = append(talk, part(c)...)
		}
	}
	want := talk.loudness(1, 1e9)
	for i := range cuts {
		c := &cuts[i]
		if !c.unfiltered {
			continue
		}
		is := part(*c).loudness(1, 1e9)
		if is < silenceThreshold || want < silenceThreshold {
			continue
		}
		c.gain = dbToAmplitude(want - is)
		part(*c).amplify(c.gain)
	}
}

// amplify multiplies the sound by a gain, given as an amplitude.
func (s loudnessEnvelope) amplify(gain float64) {
	for i, m := range s {
		s[i] = envelopeFrame{energy: m.energy * float32(square(gain)), peak: m.peak * float32(gain)}
	}
}

// copyTo copies the frames from number first on to dst. Where s has no frames, before 0 or after
// its end, dst stays as it is.
func (s loudnessEnvelope) copyTo(dst loudnessEnvelope, first int64) {
	skip := min(max(0, -first), int64(len(dst)))
	copy(dst[skip:], s[min(max(0, first), int64(len(s))):])
}

// gain returns the gain in dB, from −60 to 90, with which the programme has the loudness lufs
// behind a limiter with that ceiling in dB.
func (s loudnessEnvelope) gain(lufs, ceiling float64) float64 {
	low, high := -60.0, 60.0
	for high-low > 0.01 {
		if mid := (low + high) / 2; s.loudness(dbToAmplitude(mid), dbToAmplitude(ceiling)) < lufs {
			low = mid
		} else {
			high = mid
		}
	}
	return low
}

// loudness predicts the programme's loudness, in LUFS, behind a limiter with that gain and ceiling,
// both given as amplitudes.
func (s loudnessEnvelope) loudness(gain, ceiling float64) float64 {
	keep := math.Exp(-1 / (recovery * Hz / frameSamples)) // what is left of a gain reduction after 10 ms
	blocks := make([]float64, 0, len(s)/framesPerBlock)
	limit, sum := 1.0, 0.0
	for i, m := range s {
		limit = 1 - (1-limit)*keep
		if peak := float64(m.peak) * gain; peak*limit > ceiling {
			limit = ceiling / peak
		}
		sum += float64(m.energy) * square(gain*limit)
		if i%framesPerBlock == framesPerBlock-1 {
			blocks = append(blocks, sum/framesPerBlock)
			sum = 0
		}
	}
	return integratedLoudness(blocks)
}

// energy returns the mean square of both channels together in a choice of channels: "left",
// "right", "mix" or "stereo".
func (b loudnessBlock) energy(channels string) float64 {
	switch channels {
	case "left":
		return 2 * b.left
	case "right":
		return 2 * b.right
	case "mix":
		return (b.left + b.right + 2*b.cross) / 2
	}
	return b.left + b.right
}

// peak returns the greatest amplitude of a frame in a choice of channels; for "mix", an upper bound
// of it. frame counts from 0 in the block.
func (b loudnessBlock) peak(frame int, channels string) float64 {
	left, right := amplitude(b.peaks[0][frame]), amplitude(b.peaks[1][frame])
	switch channels {
	case "left":
		return left
	case "right":
		return right
	case "mix":
		return (left + right) / 2
	}
	return max(left, right)
}

// amplitude returns the amplitude that a level byte stands for; 0 for 0.
func amplitude(level byte) float64 {
	if level == 0 {
		return 0
	}
	return dbToAmplitude(float64(level)/2 + minLevel)
}

func square(x float64) float64 { return x * x }
