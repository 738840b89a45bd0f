package media

import "math"

// Hz is the sample rate of all sound that Lectern makes or measures. The filter coefficients
// below are for this rate.
const Hz = 48000

const (
	blockSamples     = Hz / 10 // samples in a block of 100 ms
	absoluteGate     = -70.0   // LUFS; EBU R128 ignores what is quieter
	silenceThreshold = -65.0   // LUFS; a recording that is quieter has only noise
)

// Meter measures loudness and true peak of stereo sound at 48 kHz, as defined by ITU-R
// BS.1770-4 and EBU R128. Use NewMeter to create one.
type Meter struct {
	weights [2]kWeighting
	peak    peakMeter
	blocks  []float64 // energy of each 100 ms, both channels together
	sum     float64   // of the current block
	filled  int       // samples in it
	samples int64
}

// NewMeter returns a meter that has measured nothing yet; its loudness and peak are -Inf.
func NewMeter() *Meter { return &Meter{peak: peakMeter{over: newOversampler()}} }

// Write adds samples to what is measured; full scale is 1. left and right must have the same
// length.
func (m *Meter) Write(left, right []float32) {
	m.samples += int64(len(left))
	m.peak.write(left, right)
	for len(left) > 0 {
		n := min(len(left), blockSamples-m.filled)
		e := kWeigh(&m.weights, left[:n], right[:n])
		m.sum += e.left + e.right
		m.filled += n
		if m.filled == blockSamples {
			m.blocks = append(m.blocks, m.sum/blockSamples)
			m.sum, m.filled = 0, 0
		}
		left, right = left[n:], right[n:]
	}
}

// Samples returns how many samples of each channel were written so far.
func (m *Meter) Samples() int64 { return m.samples }

// LUFS returns the integrated loudness of all samples so far. It is -Inf if they are shorter than
// 400 ms or below the absolute gate.
func (m *Meter) LUFS() float64 { return integratedLoudness(m.blocks) }

// Peak returns the true peak of both channels so far, in dBTP; -Inf without sound.
func (m *Meter) Peak() float64 { return amplitudeToDB(float64(m.peak.max)) }

// integratedLoudness returns the gated loudness in LUFS. blocks holds the mean square of each 100
// ms after K-weighting, summed over both channels. A gating block has 400 ms, which is four of
// them, and overlaps the next by three quarters. It returns -Inf for less than one gating block,
// and if all are below the absolute gate.
func integratedLoudness(blocks []float64) float64 {
	if len(blocks) < 4 {
		return math.Inf(-1)
	}
	absolute := meanAbove(blocks, lufsToEnergy(absoluteGate))
	return energyToLUFS(meanAbove(blocks, absolute/10)) // the relative gate is 10 LU below the mean of what passed the absolute one
}

// meanAbove returns the mean energy of the gating blocks that are above both floor and the absolute
// gate, or 0 if none is.
func meanAbove(blocks []float64, floor float64) float64 {
	floor = max(floor, lufsToEnergy(absoluteGate))
	var sum float64
	var n int
	for i := 3; i < len(blocks); i++ {
		e := (blocks[i-3] + blocks[i-2] + blocks[i-1] + blocks[i]) / 4
		if e > floor {
			sum += e
			n++
		}
	}
	return sum / float64(max(n, 1))
}

// energyToLUFS returns the loudness in LUFS of a K-weighted mean square, summed over both channels.
// lufsToEnergy is its inverse.
func energyToLUFS(energy float64) float64 { return -0.691 + 10*math.Log10(energy) }
func lufsToEnergy(lufs float64) float64   { return math.Pow(10, (lufs+0.691)/10) }

// amplitudeToDB returns an amplitude in dB; 1 has 0 dB, and 0 has -Inf. dbToAmplitude is its
// inverse.
func amplitudeToDB(amplitude float64) float64 { return 20 * math.Log10(amplitude) }
func dbToAmplitude(db float64) float64        { return math.Pow(10, db/20) }

// energies are sums of squares after K-weighting. With the cross term, the energy of any mix
// of the two channels can be computed.
type energies struct {
	left, right, cross float64
}

// kWeigh filters both channels with k, and returns the sums of squares and of products of the
// results.
func kWeigh(k *[2]kWeighting, left, right []float32) (e energies) {
	l, r := k[0], k[1]
	for i, x := range left {
		a, b := l.next(float64(x)), r.next(float64(right[i]))
		e.left += a * a
		e.right += b * b
		e.cross += a * b
	}
	k[0], k[1] = l.flushDenormals(), r.flushDenormals()
	return e
}

// kWeighting is the filter of BS.1770 at 48 kHz: a high shelf, which models the head, followed
// by a high pass. Both are biquads in transposed direct form II.
type kWeighting struct {
	s1, s2, h1, h2 float64
}

func (k *kWeighting) next(x float64) float64 {
	y := 1.53512485958697*x + k.s1
	k.s1 = -2.69169618940638*x + 1.69065929318241*y + k.s2
	k.s2 = 1.19839281085285*x - 0.73248077421585*y
	z := y + k.h1
	k.h1 = -2*y + 1.99004745483398*z + k.h2
	k.h2 = y - 0.99007225036621*z
	return z
}

// flushDenormals returns the filter with an inaudibly small state set to zero, because
// computing with denormal numbers is very slow.
func (k kWeighting) flushDenormals() kWeighting {
	const inaudible = 1e-20
	if max(math.Abs(k.s1), math.Abs(k.s2), math.Abs(k.h1), math.Abs(k.h2)) < inaudible {
		return kWeighting{}
	}
	return k
}

const (
	interpolationRadius = 8 // samples on either side that an interpolated value depends on
	taps                = 2 * interpolationRadius
	group               = 64 // samples that are checked together for peaks before any is oversampled
)

// oversampler interpolates values at the quarters between samples, with a windowed sinc.
type oversampler struct {
	phases [3][taps]float32
	bound  float32 // an interpolated value is at most this times the greatest sample around it
}

func newOversampler() oversampler {
	var o oversampler
	for p := range o.phases {
		var sum, abs float64
		var h [taps]float64
		for i := range h {
			x := float64(i-interpolationRadius+1) - float64(p+1)/4 // distance to the sample
			w := math.Cos(math.Pi * x / taps)                      // squared: a Hann window
			h[i] = math.Sin(math.Pi*x) / (math.Pi * x) * w * w
			sum += h[i]
		}
		for i := range h {
			o.phases[p][i] = float32(h[i] / sum)
			abs += math.Abs(h[i] / sum)
		}
		o.bound = max(o.bound, float32(abs))
	}
	return o
}

// maxBetween returns the greatest interpolated amplitude between the two middle samples of w, which
// must have taps samples.
func (o *oversampler) maxBetween(w []float32) (greatest float32) {
	w = w[:taps]
	var a, b, c float32
	for i, x := range w {
		a += x * o.phases[0][i]
		b += x * o.phases[1][i]
		c += x * o.phases[2][i]
	}
	return max(a, b, c, -a, -b, -c)
}

// peakMeter measures the true peak of two channels.
type peakMeter struct {
	over oversampler
	max  float32
	tail [2][]float32 // the last samples, needed to interpolate the next
}

func (p *peakMeter) write(sides ...[]float32) {
	for side, x := range sides {
		if p.tail[side] == nil {
			p.tail[side] = make([]float32, taps-1)
		}
		w := append(p.tail[side], x...)
		for i := 0; i+taps <= len(w); i += group {
			p.scan(w[i:min(len(w), i+group+taps-1)])
		}
		p.tail[side] = append(w[:0], w[len(w)-taps+1:]...)
	}
}

// scan raises p.max to the true peak in w, which holds at most group positions to interpolate at.
// It interpolates only if some value could exceed the peak so far.
func (p *peakMeter) scan(w []float32) {
	m := maxAbs(w)
	p.max = max(p.max, m)
	if m*p.over.bound <= p.max {
		return
	}
	for i := 0; i+taps <= len(w); i++ {
		p.max = max(p.max, p.over.maxBetween(w[i:]))
	}
}

// maxAbs returns the greatest amplitude in w. It compares floats as integers, which is much faster
// and gives the same order once the sign bit is cleared.
func maxAbs(w []float32) float32 {
	var m uint32
	for _, x := range w {
		m = max(m, math.Float32bits(x)&^(1<<31))
	}
	return math.Float32frombits(m)
}
