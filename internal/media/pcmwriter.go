package media

import (
	"encoding/binary"
	"io"
	"math"
)

// pcmWriter sends sound through the limiter to an encoder, and compensates for the limiter's
// delay.
type pcmWriter struct {
	to      io.Writer
	limiter *limiter
	skip    int   // samples at the start that are only the limiter's delay
	written int64 // samples of the programme so far
	raw     []byte
}

func (p *pcmWriter) write(left, right []float32) error {
	p.written += int64(len(left))
	return p.limitAndEncode(left, right)
}

// writeSilence writes silence until the programme has to samples. If it already has as many, it
// writes none.
func (p *pcmWriter) writeSilence(to int64) error {
	for p.written < to {
		n := min(to-p.written, blockSamples)
		if err := p.write(make([]float32, n), make([]float32, n)); err != nil {
			return err
		}
	}
	return nil
}

// flush writes the samples that the limiter still holds. Nothing can be written after it.
func (p *pcmWriter) flush() error {
	return p.limitAndEncode(make([]float32, delay), make([]float32, delay))
}

func (p *pcmWriter) limitAndEncode(left, right []float32) error {
	p.limiter.process(left, right)
	skip := min(p.skip, len(left))
	p.skip -= skip
	p.raw = p.raw[:0]
	for i := skip; i < len(left); i++ {
		p.raw = binary.LittleEndian.AppendUint32(p.raw, math.Float32bits(left[i]))
		p.raw = binary.LittleEndian.AppendUint32(p.raw, math.Float32bits(right[i]))
	}
	_, err := p.to.Write(p.raw)
	return err
}

// channelMixer returns a function that changes left and right in place: "left" and "right" copy
// that channel to the other, "mix" puts the mean into both, and "stereo" changes nothing. It
// returns nil for any other choice.
func channelMixer(channels string) func(left, right []float32) {
	switch channels {
	case "stereo":
		return func(_, _ []float32) {}
	case "left":
		return func(left, right []float32) { copy(right, left) }
	case "right":
		return func(left, right []float32) { copy(left, right) }
	case "mix":
		return func(left, right []float32) {
			for i := range left {
				left[i] = (left[i] + right[i]) / 2
			}
			copy(right, left)
		}
	}
	return nil
}

// fadeEdges fades in the start and fades out the end of a piece of n samples, over fadeSamples
// each. x holds the samples of the piece from number at on.
func fadeEdges(x []float32, at, n int64) {
	for i := at; i < min(fadeSamples, at+int64(len(x))); i++ {
		x[i-at] *= (float32(i) + 0.5) / fadeSamples
	}
	for i := max(at, n-fadeSamples); i < min(n, at+int64(len(x))); i++ {
		x[i-at] *= (float32(n-i) - 0.5) / fadeSamples
	}
}
