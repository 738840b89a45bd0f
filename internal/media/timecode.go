package media

// timecodeMeter detects linear timecode (SMPTE 12M) on a channel: a rapid square wave, which a
// recorder takes for sound. It decodes the bits, so that no sound is taken for it: a frame of 80
// bits ends with a word that occurs nowhere else.
type timecodeMeter struct {
	positive bool
	since    int     // samples since the last change of sign
	long     float64 // length of a bit in samples, as estimated
	half     bool    // the first half of a one has passed
	word     uint16  // the last 16 bits
	bits     int     // since the last sync word

	energy, timecode float64 // sums of squares: of everything, and of what is timecode
	pending          float64 // since the last sync word
}

const (
	timecodeFrameBits = 80
	timecodeSync      = 0b0011111111111101 // the last 16 bits of a frame; read backwards when a tape rewinds
	timecodeReverse   = 0b1011111111111100
)

func (m *timecodeMeter) write(x []float32) {
	for _, v := range x {
		m.energy += float64(v) * float64(v)
		m.pending += float64(v) * float64(v)
		m.since++
		if v == 0 || (v > 0) == m.positive {
			continue
		}
		m.positive = v > 0
		m.addInterval(float64(m.since))
		m.since = 0
	}
}

// addInterval takes the time between two changes of sign into account.
func (m *timecodeMeter) addInterval(n float64) {
	const shortest, longest = Hz / 2400.0 * 0.8, Hz / 1920.0 * 1.25 // of a bit: 30 and 24 frames a second
	switch {
	case n > longest:
		m.half, m.bits = false, 0
	case m.long == 0 || n > 0.75*m.long:
		if n >= shortest {
			m.long = min(longest, max(shortest, m.long+(n-m.long)*0.1))
		}
		m.half = false
		m.addBit(0)
	case m.half:
		m.half = false
		m.addBit(1)
	default:
		m.half = true
	}
}

func (m *timecodeMeter) addBit(bit uint16) {
	m.word = m.word<<1 | bit
	m.bits++
	if m.word != timecodeSync && m.word != timecodeReverse {
		return
	}
	if m.bits == timecodeFrameBits {
		m.timecode += m.pending
	}
	m.bits, m.pending = 0, 0
}

// detected reports whether nearly all that is to be heard on the channel is timecode.
func (m *timecodeMeter) detected() bool {
	const share = 0.8
	return m.timecode > share*m.energy && m.timecode > 1e-9
}
