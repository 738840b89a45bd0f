//go:build slow

package main_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// These tests go all the way from `lectern run` on recordings to the bundle, and judge the result
// with plain ffmpeg alone.

// buildLectern builds the command, once for a test.
func buildLectern(t *testing.T) (lectern string) {
	t.Helper()
	lectern = filepath.Join(t.TempDir(), "lectern")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", lectern, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return lectern
}

func runProgram(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, stderr.Bytes())
	}
	return out
}

func ffmpeg(t *testing.T, args ...string) []byte {
	t.Helper()
	return runProgram(t, "ffmpeg", append([]string{"-nostdin", "-v", "error", "-y"}, args...)...)
}

// writePipeline writes a pipeline without cards, in short chunks.
func writePipeline(t *testing.T, rendition string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipeline.yaml")
	text := fmt.Sprintf(`
programme: {opening: 0s, closing: 0s, chunk: 5s}
stages:
  - {uses: probe}
  - {uses: index, needs: [probe]}
  - {uses: analyse, needs: [index]}
  - {uses: audio, needs: [index, analyse]}
  - {uses: encode, needs: [index], with: {renditions: [%s]}}
  - {uses: card, needs: [encode]}
  - {uses: assemble, needs: [card, encode, audio]}
  - {uses: bundle, needs: [assemble]}
`, rendition)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A programme of several kept ranges, encoded losslessly in chunks and joined, shows frame for frame
// what one ffmpeg shows that decodes the whole recording.
func TestProgramme_MatchesRecordingFrameForFrame(t *testing.T) {
	lectern := buildLectern(t)
	for _, r := range []struct {
		name, ext string
		rate      float64
		video     string   // source filters
		args      []string // encoder and container
		chain     string   // how one ffmpeg reads it
		cuts      int
	}{
		{"mp4", "mp4", 25, "testsrc2=s=320x180:d=90:r=25", []string{"-c:v", "libx264", "-preset", "veryfast", "-c:a", "aac"}, "fps=25:start_time=0", 2},
		{"29.97", "mp4", 30000.0 / 1001, "testsrc2=s=320x180:d=90:r=30000/1001", []string{"-c:v", "libx264", "-preset", "veryfast", "-c:a", "aac"}, "fps=30000/1001:start_time=0", 4},
		{"ts", "ts", 25, "testsrc2=s=320x180:d=60:r=25", []string{"-c:v", "libx264", "-preset", "veryfast", "-c:a", "aac"}, "fps=25:start_time=0", 2},
		{"interlaced mts", "mts", 25, "testsrc2=s=320x180:d=60:r=50,interlace=scan=tff", []string{"-c:v", "libx264", "-preset", "veryfast", "-flags", "+ildct+ilme", "-c:a", "aac", "-f", "mpegts"}, "bwdif=send_frame:deint=interlaced,fps=25:start_time=0", 2},
		{"sound leads by 1.4 s", "mkv", 25, "testsrc2=s=320x180:d=60:r=25,setpts=PTS+1.4/TB", []string{"-c:v", "libx264", "-preset", "veryfast", "-c:a", "libopus"}, "fps=25:start_time=0", 2},
	} {
		t.Run(r.name, func(t *testing.T) {
			dir := t.TempDir()
			recording := filepath.Join(dir, "talk."+r.ext)
			// Sound that is not silence, so that nothing is refused. It ends with the video.
			ffmpeg(t, slices.Concat([]string{"-f", "lavfi", "-i", r.video, "-f", "lavfi", "-i", "anoisesrc=r=48000:a=0.1:d=150", "-shortest",
				"-pix_fmt", "yuv420p", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"}, r.args, []string{recording})...)
			// The sound is read as well: ffmpeg's clock begins with the first stream that is read.
			want := frameHashes(t, "-i", recording, "-map", "0:a:0", "-c", "copy", "-f", "null", "-", "-map", "0:v:0", "-vf", r.chain, "-fps_mode", "passthrough")
			random := rand.New(rand.NewPCG(1, 2))
			for range r.cuts {
				ranges := randomRanges(random, len(want)-2)
				args := []string{"run", recording, "-o", filepath.Join(dir, "out"), "--slug", "talk", "--data", filepath.Join(dir, "data"),
					"--pipeline", writePipeline(t, "{height: 180, lossless: true, preset: ultrafast}"), "--json"}
				var expected []string
				for _, k := range ranges {
					args = append(args, "--cut", clockOf(k[0], r.rate)+"-"+clockOf(k[1], r.rate))
					expected = append(expected, want[k[0]:k[1]]...)
				}
				runProgram(t, lectern, args...)
				got := frameHashes(t, "-i", filepath.Join(dir, "out", "talk", "video", "talk-180-lossless.mp4"), "-map", "0:v:0", "-fps_mode", "passthrough")
				if !slices.Equal(got, expected) {
					t.Errorf("cut %v: %d frames, want %d; first difference at %d", ranges, len(got), len(expected), firstDifference(got, expected))
				}
			}
		})
	}
}

// frameHashes returns one hash for each decoded frame with its time in frames, so that a frame that
// is early or late differs.
func frameHashes(t *testing.T, args ...string) (all []string) {
	t.Helper()
	lines := bufio.NewScanner(bytes.NewReader(ffmpeg(t, append(args, "-pix_fmt", "yuv420p", "-f", "framehash", "-hash", "md5", "-")...)))
	for lines.Scan() {
		if f := strings.Split(lines.Text(), ","); len(f) == 6 && !strings.HasPrefix(lines.Text(), "#") {
			if at := strings.TrimSpace(f[2]); at != strconv.Itoa(len(all)) {
				t.Fatalf("%q: frame %d is shown at %s", args, len(all), at)
			}
			all = append(all, strings.TrimSpace(f[5]))
		}
	}
	return all
}

// randomRanges returns one to four disjoint ranges of frames, in order.
func randomRanges(random *rand.Rand, frames int) (ranges [][2]int) {
	edges := make([]int, 2*(1+random.IntN(4)))
	for i := range edges {
		edges[i] = random.IntN(frames)
	}
	slices.Sort(edges)
	for i := 0; i < len(edges); i += 2 {
		if edges[i+1]-edges[i] > 5 {
			ranges = append(ranges, [2]int{edges[i], edges[i+1]})
		}
	}
	if ranges == nil {
		return [][2]int{{0, frames}}
	}
	return ranges
}

// clockOf formats the time of a frame, to the microsecond.
func clockOf(frame int, rate float64) string {
	return strconv.FormatFloat(float64(frame)/rate, 'f', 6, 64)
}

func firstDifference(a, b []string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// A flash and a beep come together in the recordings every 300 frames at 29.97, which are 240 at
// 23.976. They still do at every edge of a programme of twenty minutes, from several ranges of three
// recordings.
func TestProgramme_AudioVideoSync(t *testing.T) {
	lectern := buildLectern(t)
	dir := t.TempDir()
	const beat = 10.01 // seconds
	record := func(name, rate string, args ...string) string {
		path := filepath.Join(dir, name)
		ffmpeg(t, slices.Concat([]string{
			"-f", "lavfi", "-i", fmt.Sprintf("color=black:s=160x90:r=%s:d=600,drawbox=color=white:t=fill:enable='lt(mod(t+0.0005,%g),0.12)'", rate, beat),
			"-f", "lavfi", "-i", fmt.Sprintf("aevalsrc='0.4*sin(2*PI*1000*t)*lt(mod(t,%g),0.12)':s=48000:d=600", beat),
			"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"}, args, []string{path})...)
		return path
	}
	recordings := []string{
		record("one.mp4", "30000/1001", "-c:a", "aac"),
		record("two.ts", "30000/1001", "-c:a", "aac"),
		record("three.mkv", "24000/1001", "-c:a", "pcm_s16le"),
	}
	args := append([]string{"run"}, recordings...)
	args = append(args, "-o", filepath.Join(dir, "out"), "--slug", "talk", "--data", filepath.Join(dir, "data"),
		"--pipeline", writePipeline(t, "{height: 90, preset: ultrafast, crf: 30}"))
	beats := 0
	for n := range recordings {
		for _, k := range [][2]int{{1, 18}, {20, 32}, {42, 54}} { // every range begins on a beat, and ends just after one
			args = append(args, "--cut", fmt.Sprintf("%d:%s-%s", n+1, clock(beat*float64(k[0])), clock(beat*float64(k[1])+0.5)))
			beats += k[1] - k[0] + 1
		}
	}
	runProgram(t, lectern, args...)
	video := filepath.Join(dir, "out", "talk", "video", "talk-90.mp4")
	flashes, beeps := flashes(t, video), beeps(t, video)
	if len(flashes) != beats || len(beeps) != beats {
		t.Fatalf("%d flashes and %d beeps, want %d of each", len(flashes), len(beeps), beats)
	}
	frame := time.Second * 1001 / 30000
	worst := time.Duration(0)
	for i := range flashes {
		apart := (flashes[i] - beeps[i]).Abs()
		worst = max(worst, apart)
		if apart >= frame {
			t.Errorf("the flash at %v is %v from its beep", flashes[i], apart)
		}
	}
	t.Logf("%d flashes and beeps, %v apart at the most", len(flashes), worst)
}

func clock(seconds float64) string {
	return fmt.Sprintf("00:%02d:%06.3f", int(seconds)/60, math.Mod(seconds, 60))
}

// flashes returns the times at which the picture turns white.
func flashes(t *testing.T, path string) (at []time.Duration) {
	t.Helper()
	raw := ffmpeg(t, "-i", path, "-map", "0:v:0", "-fps_mode", "passthrough", "-vf", "scale=1:1", "-pix_fmt", "gray", "-f", "rawvideo", "-")
	for n := range raw {
		if raw[n] > 128 && (n == 0 || raw[n-1] <= 128) {
			at = append(at, time.Duration(n)*time.Second*1001/30000)
		}
	}
	return at
}

// beeps returns the times at which a tone begins after a fifth of a second of quiet, or at the very
// start.
func beeps(t *testing.T, path string) (at []time.Duration) {
	t.Helper()
	const hz = 48000
	raw := ffmpeg(t, "-i", path, "-map", "0:a:0", "-ac", "1", "-ar", strconv.Itoa(hz), "-f", "f32le", "-")
	quiet := hz
	for i := 0; i+4 <= len(raw); i += 4 {
		if v := math.Float32frombits(binary.LittleEndian.Uint32(raw[i:])); math.Abs(float64(v)) < 0.05 {
			quiet++
			continue
		}
		if quiet > hz/5 {
			at = append(at, time.Duration(i/4)*time.Second/hz)
		}
		quiet = 0
	}
	return at
}
