package mediatest

import (
	"encoding/binary"
	"math"
	"math/cmplx"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// Result is what a video made of the base shows and sounds like.
type Result struct {
	Pictures []int // number of the base's picture that each frame shows; −1: none
	Beeps    []Beep
	Left     []float32 // at 48 kHz
	Right    []float32
	LUFS     float64 // integrated, by ffmpeg's own meter
	Peak     float64 // dBTP
}

// Beep is a beep of the base that was heard.
type Beep struct {
	Second int
	At     time.Duration // where it begins
	Pitch  float64       // its frequency as a multiple of what it should be
}

// Measure decodes the file at path and returns what its sound is like and, if video is true, which
// pictures of the base it shows.
func Measure(t testing.TB, path string, video bool) Result {
	t.Helper()
	var r Result
	if video {
		r.Pictures = readPictures(t, path)
	}
	r.Left, r.Right = readSound(t, path)
	for n := range Seconds {
		if b, ok := findBeep(r.Left, n); ok {
			r.Beeps = append(r.Beeps, b)
		}
	}
	r.LUFS, r.Peak = Loudness(t, "-i", path)
	return r
}

// Shown returns the first and the last picture of the base that are shown, and at, the frame that
// shows the first. They are -1 if none is shown. steps is how many times the number does not go up
// by one from a frame to the next.
func (r Result) Shown() (first, last, at, steps int) {
	first, last, at = -1, -1, -1
	for i, n := range r.Pictures {
		if n < 0 {
			continue
		}
		if first < 0 {
			first, at = n, i
		} else if n != last+1 {
			steps++
		}
		last = n
	}
	return first, last, at, steps
}

// Offset returns how much later the beep at second n is heard than at start plus n seconds. ok is
// false if it is not heard.
func (r Result) Offset(n int, start time.Duration) (late time.Duration, ok bool) {
	for _, b := range r.Beeps {
		if b.Second == n {
			return b.At - start - time.Duration(n)*time.Second, true
		}
	}
	return 0, false
}

// Level returns the root mean square of the left channel between two times, in dBFS.
func (r Result) Level(from, to time.Duration) float64 {
	x := r.Left[min(len(r.Left), int(from.Seconds()*Hz)):min(len(r.Left), int(to.Seconds()*Hz))]
	sum := 1e-12
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return 10 * math.Log10(sum/float64(max(1, len(x))))
}

func readPictures(t testing.TB, path string) (numbers []int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-i", path, "-map", "0:v:0", "-vf", "scale=16:1:flags=area,format=gray", "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1")
	raw, err := cmd.Output()
	if err != nil {
		t.Fatalf("read the pictures of %s: %v", path, err)
	}
	for ; len(raw) >= 16; raw = raw[16:] {
		numbers = append(numbers, readBars(raw[:16]))
	}
	return numbers
}

// readBars returns the number that a row of bars shows, or −1 if it shows none. bars holds the grey
// value of each bar.
func readBars(bars []byte) (n int) {
	const black, white = 70, 180
	if bars[0] < white || bars[1] > black {
		return -1
	}
	for _, b := range bars[2:] {
		if b > black && b < white {
			return -1
		}
		n <<= 1
		if b >= white {
			n++
		}
	}
	return n
}

func readSound(t testing.TB, path string) (left, right []float32) {
	t.Helper()
	raw, err := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-i", path, "-map", "0:a:0", "-f", "f32le", "-ar", strconv.Itoa(Hz), "-ac", "2", "pipe:1").Output()
	if err != nil {
		t.Fatalf("read the sound of %s: %v", path, err)
	}
	for ; len(raw) >= 8; raw = raw[8:] {
		left = append(left, math.Float32frombits(binary.LittleEndian.Uint32(raw)))
		right = append(right, math.Float32frombits(binary.LittleEndian.Uint32(raw[4:])))
	}
	return left, right
}

// findBeep returns the beep of second n in the sound x, with its measured beginning and pitch. ok
// is false if the beep is too soft or its pitch is more than 3 % off.
func findBeep(x []float32, n int) (b Beep, ok bool) {
	const quietest, widest = 0.01, 0.03 // amplitude; deviation of the pitch
	nominal := BeepPitch(n)
	at, _ := strongest(x, nominal, beepLength*2/5)
	pitch := findPitch(x[at:min(len(x), at+beepLength*2/5)], nominal)
	near := max(0, at-beepLength)
	at, level := strongest(x[near:min(len(x), at+2*beepLength)], pitch, beepLength*9/10)
	at += near
	pitch = findPitch(x[at:min(len(x), at+beepLength*9/10)], nominal)
	if level < quietest || math.Abs(pitch/nominal-1) > widest {
		return b, false
	}
	return Beep{Second: n, At: time.Duration(onset(x, at, pitch)) * time.Second / Hz, Pitch: pitch / nominal}, true
}

// strongest returns the sample, to the millisecond, at which a window of x has the most of a pitch,
// and the pitch's amplitude there. pitch is in Hz, and window in samples.
func strongest(x []float32, pitch float64, window int) (at int, level float64) {
	sums := correlate(x, pitch)
	for i := 0; i+window < len(x); i += Hz / 1000 {
		if l := 2 * cmplx.Abs(sums[i+window]-sums[i]) / float64(window); l > level {
			at, level = i, l
		}
	}
	return at, level
}

// onset returns the sample at which a beep of that pitch begins: there, a window of 20 ms holds
// half of what it holds within the beep. It searches around the sample at, and returns at if it
// finds none.
func onset(x []float32, at int, pitch float64) int {
	const window = Hz / 50
	first := at - beepLength/2
	padded := make([]float32, 2*beepLength)
	for i := range padded {
		if j := first + i; j >= 0 && j < len(x) {
			padded[i] = x[j]
		}
	}
	sums := correlate(padded, pitch)
	within := func(from int) float64 { return cmplx.Abs(sums[from+window] - sums[from]) }
	full := within(beepLength - window/2)
	for from := range beepLength {
		if within(from) >= full/2 {
			return first + from + window/2
		}
	}
	return at
}

// correlate returns the running sums of x times a complex oscillation of a pitch in Hz. The
// difference of two of them shows how much of the pitch is between.
func correlate(x []float32, pitch float64) []complex128 {
	sums := make([]complex128, len(x)+1)
	turn, phase := cmplx.Rect(1, -2*math.Pi*pitch/Hz), complex(1, 0)
	for i, v := range x {
		sums[i+1] = sums[i] + complex(float64(v), 0)*phase
		phase *= turn
	}
	return sums
}

// findPitch returns the strongest frequency in x that is within a twentieth of near, both in Hz.
func findPitch(x []float32, near float64) float64 {
	best, greatest := near, 0.0
	for f := near * 0.95; f < near*1.05; f += near / 500 {
		sum, phase, turn := complex(0, 0), complex(1, 0), cmplx.Rect(1, -2*math.Pi*f/Hz)
		for _, v := range x {
			sum += complex(float64(v), 0) * phase
			phase *= turn
		}
		if s := cmplx.Abs(sum); s > greatest {
			best, greatest = f, s
		}
	}
	return best
}

// Loudness returns the integrated loudness in LUFS and the true peak in dBTP of the sound of an
// input, as ffmpeg's own meter measures them. input are the arguments of ffmpeg that name the
// input.
func Loudness(t testing.TB, input ...string) (lufs, peak float64) {
	t.Helper()
	args := append([]string{"-nostdin", "-hide_banner"}, input...)
	said, err := exec.CommandContext(t.Context(), "ffmpeg", append(args, "-map", "0:a:0", "-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-")...).CombinedOutput()
	if err != nil {
		t.Fatalf("measure the loudness: %v\n%s", err, said)
	}
	value := func(pattern string) float64 {
		all := regexp.MustCompile(pattern).FindAllSubmatch(said, -1)
		if len(all) == 0 {
			t.Fatalf("no %s in\n%s", pattern, said)
		}
		v, err := strconv.ParseFloat(string(all[len(all)-1][1]), 64)
		if err != nil {
			return math.Inf(-1)
		}
		return v
	}
	return value(`I:\s+(\S+) LUFS`), value(`Peak:\s+(\S+) dBFS`)
}
