// Package mediatest makes recordings that say in every picture and every second of their sound
// when they are, and reads that back from what was made of them. It runs ffmpeg itself, so
// that the tests of package media can use it.
package mediatest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The base recording.
const (
	Hz      = 48000
	Width   = 640
	Height  = 360
	Rate    = 25 // pictures a second
	Seconds = 30
	Frames  = Seconds * Rate

	barWidth   = 40 // pixels of a bar; sixteen fit into a picture
	bits       = 14 // of a picture's number
	beepLength = Hz / 10
	beepLevel  = 0.5
)

// Base returns the path of the base recording: 30 s of 640×360 at 25 pictures a second in
// Matroska, with mono PCM. Each picture shows its number as a bar code; each second n begins
// with a beep of the pitch BeepPitch(n), and has noise with the rhythm of speech after it. It
// is made once, and kept in the system's directory for temporary files.
func Base(t testing.TB) string {
	t.Helper()
	const name = "lectern-mediatest-2.mkv" // count up when the recording changes
	path := filepath.Join(os.TempDir(), name)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	dir := t.TempDir()
	sound := WriteWAV(t, filepath.Join(dir, "voice.wav"), Voice(Seconds))
	made := filepath.Join(dir, name)
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-y",
		"-f", "rawvideo", "-pix_fmt", "gray", "-s", fmt.Sprintf("%dx%d", Width, Height), "-r", fmt.Sprint(Rate), "-i", "pipe:0", "-i", sound,
		"-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p", "-c:a", "pcm_s16le", "-threads", "1", made)
	cmd.Stdin = &frameReader{}
	run(t, cmd)
	if err := os.Rename(made, path); err != nil { // another file system
		return made
	}
	return path
}

// frameReader is the base's pictures as raw grey pixels.
type frameReader struct {
	next    int
	picture bytes.Reader
}

func (r *frameReader) Read(p []byte) (int, error) {
	if r.picture.Len() == 0 && r.next < Frames {
		r.picture.Reset(drawFrame(r.next))
		r.next++
	}
	return r.picture.Read(p)
}

// drawFrame returns picture n: a white bar, a black one, then the bits of n, the highest first.
func drawFrame(n int) []byte {
	row := make([]byte, Width)
	for x := range row {
		bar := x / barWidth
		white := bar == 0 || bar >= 2 && n>>(bits+1-bar)&1 == 1
		row[x] = 16
		if white {
			row[x] = 235
		}
	}
	return bytes.Repeat(row, Height)
}

// BeepPitch returns the frequency of the beep at second n, in Hz.
func BeepPitch(n int) float64 { return 440 * math.Pow(1.06, float64(n)) }

// Voice returns the base's sound at Hz samples a second: a beep at the start of each second, and
// noise with the rhythm of speech. It is the same each time.
func Voice(seconds int) []float32 {
	random := rand.New(rand.NewPCG(1, 2))
	x := make([]float32, seconds*Hz)
	low, slow, loud := 0.0, 0.0, 1.0
	const syllable = Hz / 5
	for i := range x {
		if i%syllable == 0 {
			loud = 0.4 + 0.6*random.Float64()
		}
		low += 0.2 * (random.Float64()*2 - 1 - low)
		slow += 0.01 * (low - slow)
		envelope := math.Pow(math.Sin(math.Pi*float64(i%syllable)/syllable), 2)
		x[i] = float32((low - slow) * (0.001 + 0.8*loud*envelope))
		if at := i % Hz; at < beepLength {
			edge := min(1, float64(at)/48, float64(beepLength-at)/48)
			x[i] = float32(beepLevel * edge * math.Sin(2*math.Pi*BeepPitch(i/Hz)*float64(at)/Hz))
		}
	}
	return x
}

// WriteWAV writes samples at Hz a second as a mono WAV with 16 bits to path, and returns path.
func WriteWAV(t testing.TB, path string, x []float32) string {
	t.Helper()
	raw := make([]byte, 0, 4*len(x))
	for _, v := range x {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-y", "-f", "f32le", "-ar", fmt.Sprint(Hz), "-ac", "1", "-i", "pipe:0", "-c:a", "pcm_s16le", path)
	cmd.Stdin = bytes.NewReader(raw)
	run(t, cmd)
	return path
}

// FFmpeg runs ffmpeg with args, to which it adds the output file, called name in a temporary
// directory of the test. It returns the file's path. The test fails if ffmpeg does.
func FFmpeg(t testing.TB, name string, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	args = append([]string{"-v", "error", "-y"}, args...)
	run(t, exec.CommandContext(t.Context(), "ffmpeg", append(args, path)...))
	return path
}

// Concat joins files byte by byte, as cat does, to a file called name in a temporary directory of
// the test, and returns its path.
func Concat(t testing.TB, name string, parts ...string) string {
	t.Helper()
	var all []byte
	for _, p := range parts {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, all, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func run(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, &stderr)
	}
}
