package media

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/timeline"
)

// These tests hold chunked and assembled programmes against a reference of their own: the
// whole recording decoded once from its beginning by one plain ffmpeg, with nothing of
// this package but the numbers of the frames that were kept.

// pictureCase is a recording to generate, and what probing it must find.
type pictureCase struct {
	name        string
	ext         string
	make        []string // ffmpeg's arguments, up to the output
	rate        timeline.Rate
	lead        int64 // frames of sound before the first picture; in TS and MKV, what primes AAC counts
	deinterlace bool
	variable    bool
	indexed     bool
}

// tagged marks the picture's colours as those of the programme, so that they stay as
// they are.
var tagged = []string{"-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv", "-pix_fmt", "yuv420p"}

// talkSource returns ten seconds of video, no two frames of which are equal, and a tone.
func talkSource(rate string, more ...string) []string {
	args := []string{"-f", "lavfi", "-i", "testsrc2=s=320x180:d=10:r=" + rate, "-f", "lavfi", "-i", "sine=r=48000:d=10"}
	return slices.Concat(args, more, tagged)
}

var (
	h264   = []string{"-c:v", "libx264", "-preset", "veryfast", "-g", "60", "-bf", "3", "-c:a", "aac"}
	gaps   = []string{"-vf", "select='lt(mod(t,11),1.3)*gt(random(1),0.2)',setpts=PTS", "-fps_mode", "passthrough"}
	pal25  = timeline.Rate{Num: 25, Den: 1}
	ntsc30 = timeline.Rate{Num: 30000, Den: 1001}
	thirty = timeline.Rate{Num: 30, Den: 1}
)

// slidesSource returns 36 seconds of a screen recording: bursts of frames ten seconds apart.
func slidesSource(more ...string) []string {
	args := []string{"-f", "lavfi", "-i", "testsrc2=s=320x180:d=36:r=30", "-f", "lavfi", "-i", "sine=r=48000:d=36"}
	return slices.Concat(args, gaps, more, tagged)
}

var recordings = []pictureCase{
	{name: "mp4", ext: "mp4", make: talkSource("25", h264...), rate: pal25, indexed: true},
	{name: "29.97", ext: "mp4", make: talkSource("30000/1001", h264...), rate: ntsc30, indexed: true},
	{name: "mkv, open groups", ext: "mkv", make: talkSource("25", append(h264, "-x264-params", "open-gop=1")...), rate: pal25, lead: 1, indexed: true},
	{name: "29.97 mkv", ext: "mkv", make: talkSource("30000/1001", h264...), rate: ntsc30, lead: 1, indexed: true},
	{name: "ts", ext: "ts", make: talkSource("25", h264...), rate: pal25, lead: 1},
	{name: "ts that wraps", ext: "ts", make: talkSource("25", append(h264, "-output_ts_offset", "95438")...), rate: pal25, lead: 1},
	{name: "ts, 29.97, from the second hour", ext: "ts", make: talkSource("30000/1001", append(h264, "-output_ts_offset", "3600")...), rate: ntsc30, lead: 1},
	{name: "mts, interlaced", ext: "mts", make: talkSource("50", slices.Concat([]string{"-vf", "interlace=scan=tff"}, h264, []string{"-flags", "+ildct+ilme", "-f", "mpegts"})...), rate: pal25, lead: 1, deinterlace: true},
	{name: "mpg", ext: "mpg", make: talkSource("25", "-c:v", "mpeg2video", "-b:v", "3M", "-bf", "2", "-g", "15", "-c:a", "mp2", "-f", "vob"), rate: pal25},
	{name: "variable mkv", ext: "mkv", make: slidesSource(h264...), rate: thirty, lead: 3, variable: true, indexed: true},
	{name: "variable mp4", ext: "mp4", make: slidesSource(h264...), rate: thirty, lead: 2, variable: true, indexed: true},
	{name: "sound leads by 1.4 s", ext: "mkv", make: slices.Concat([]string{"-itsoffset", "1.4"}, talkSource("25", h264...)), rate: pal25, lead: 36, indexed: true},
	{name: "sound leads by 1.4 s in a ts", ext: "ts", make: slices.Concat([]string{"-itsoffset", "1.4"}, talkSource("25", h264...)), rate: pal25, lead: 36},
	{name: "sound leads by 1.4 s in an mp4", ext: "mp4", make: slices.Concat([]string{"-itsoffset", "1.4"}, talkSource("25", append(h264, "-fps_mode", "passthrough")...)), rate: pal25, lead: 35, indexed: true},
}

func TestEncode_ChunkedEqualsSinglePass(t *testing.T) {
	for _, r := range recordings {
		if slices.Contains([]string{"29.97", "ts that wraps"}, r.name) {
			t.Run(r.name, func(t *testing.T) { r.check(t, 1, 2*time.Second) })
		}
	}
}

// check makes the recording, takes it in as Lectern does, and compares as many random cuts
// of it with the reference.
func (r pictureCase) check(t *testing.T, cuts int, every time.Duration) {
	tl := tools(t)
	dir := t.TempDir()
	original := filepath.Join(dir, "the recording."+r.ext)
	runFFmpeg(t, append(r.make, original)...)
	path, p := r.index(t, tl, original)
	want := r.reference(t, original, p.FrameCount(r.rate))
	random := rand.New(rand.NewPCG(7, uint64(len(r.name))))
	for i := range cuts {
		kept := randomCut(random, p.FrameCount(r.rate))
		if i == 0 {
			kept = []timeline.Range{{From: 0, To: p.FrameCount(r.rate)}}
		}
		got := programme(t, tl, path, p.FrameSource(r.rate), kept, every)
		var expected []string
		for _, k := range kept {
			expected = append(expected, want[k.From:k.To]...)
		}
		compare(t, kept, got, expected)
	}
}

// index probes the recording, and indexes it if it has to.
func (r pictureCase) index(t *testing.T, tl Tools, path string) (string, Probe) {
	t.Helper()
	p, err := tl.Probe(t.Context(), path, r.name, nil)
	if err != nil {
		t.Fatal(err)
	}
	if p.Indexed != r.indexed {
		t.Errorf("indexed: %v, want %v", p.Indexed, r.indexed)
	}
	if !p.Indexed {
		result := filepath.Join(t.TempDir(), "indexed.mkv")
		if err := tl.Index(t.Context(), path, result, r.name, p, WaveformBackground{}, nil); err != nil {
			t.Fatal(err)
		}
		before := p
		if p, err = tl.Probe(t.Context(), result, r.name, nil); err != nil {
			t.Fatal(err)
		}
		if !p.Indexed {
			t.Error("what was indexed does not count as indexed")
		}
		if off := p.Video.Lead - before.Video.Lead; off.Abs() > 2*time.Millisecond {
			t.Errorf("indexing moved the picture by %v", off)
		}
		path = result
	}
	v := p.Video
	if v.Rate != r.rate || v.Variable != r.variable || v.Interlaced != r.deinterlace || v.Width != 320 || v.Height != 180 {
		t.Errorf("found %s, variable %v, interlaced %v, %d×%d", v.Rate, v.Variable, v.Interlaced, v.Width, v.Height)
	}
	if lead := r.rate.Frame(v.Lead); lead != r.lead {
		t.Errorf("the picture comes after %d frames (%v), want %d", lead, v.Lead, r.lead)
	}
	return path, p
}

// reference is the hash of every frame of the whole recording, of the given number.
func (r pictureCase) reference(t *testing.T, path string, frames int64) []string {
	t.Helper()
	chain := "setpts=PTS-STARTPTS,"
	if r.deinterlace {
		chain += "bwdif=send_frame:deint=interlaced,"
	}
	chain += "fps=" + r.rate.String()
	hashes, _ := frameHashes(t, "-i", path, "-map", "0:v:0", "-vf", chain, "-fps_mode", "passthrough")
	if lacking := frames - r.lead - int64(len(hashes)); lacking < 0 || lacking > 0 && !r.variable {
		t.Fatalf("the recording is said to have %d frames, of which %d lead; the reference has %d", frames, r.lead, len(hashes))
	}
	for range r.lead {
		hashes = slices.Insert(hashes, 0, hashes[0])
	}
	for int64(len(hashes)) < frames {
		hashes = append(hashes, hashes[len(hashes)-1])
	}
	return hashes
}

// randomCut returns one to three ranges.
func randomCut(random *rand.Rand, frames int64) (kept []timeline.Range) {
	edges := make([]int64, 2*(1+random.IntN(3)))
	for i := range edges {
		edges[i] = random.Int64N(frames + 1)
	}
	slices.Sort(edges)
	for i := 0; i < len(edges); i += 2 {
		if edges[i] < edges[i+1] {
			kept = append(kept, timeline.Range{From: edges[i], To: edges[i+1]})
		}
	}
	return kept
}

// programme encodes the kept ranges in chunks without loss, assembles them under silence
// and gives the path of the result.
func programme(t *testing.T, tl Tools, path string, pics FrameSource, kept []timeline.Range, every time.Duration) string {
	t.Helper()
	dir := t.TempDir()
	grid := timeline.Grid{Rate: pics.Rate, Interval: every, MinChunk: every / 8}
	lossless := Encoding{Codec: "h264", Lossless: true, Preset: "ultrafast", Threads: 1}
	var segments []string
	for _, k := range kept {
		for _, chunk := range grid.Chunks(k) {
			out := filepath.Join(dir, fmt.Sprintf("%d.mp4", len(segments)))
			notes, err := tl.Encode(t.Context(), path, pics, chunk, []EncodeOutput{{Width: 320, Height: 180, Encoding: lossless, Path: out}}, dir, nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(notes) > 0 {
				t.Errorf("notes about a flawless recording: %q", notes)
			}
			segments = append(segments, out)
		}
	}
	frames := timeline.Frames(kept)
	sound := filepath.Join(dir, "sound.m4a")
	runFFmpeg(t, "-f", "lavfi", "-i", fmt.Sprintf("anullsrc=r=48000:cl=stereo,atrim=end_sample=%d", pics.Rate.Samples(frames, 48000)), "-c:a", "aac", sound)
	out := filepath.Join(dir, "out.mp4")
	facts, err := tl.Assemble(t.Context(), AssembleSpec{Container: "mp4", Rate: pics.Rate, Frames: frames, Language: "en"}, AssembleInputs{Segments: segments, Sounds: []string{sound}}, out, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if facts.Frames != frames || facts.Duration != pics.Rate.Time(frames) || facts.Codec != "h264" {
		t.Errorf("assembled %+v", facts)
	}
	t.Logf("%d joins, %d frames", len(segments)-1, frames)
	return out
}

// compare holds every frame of a programme, and when it is shown, against what is wanted.
func compare(t *testing.T, kept []timeline.Range, path string, want []string) {
	t.Helper()
	got, times := frameHashes(t, "-i", path, "-map", "0:v:0", "-fps_mode", "passthrough")
	if len(got) != len(want) {
		t.Fatalf("kept %v: %d frames, want %d", kept, len(got), len(want))
	}
	var wrong []int
	for i := range got {
		if got[i] != want[i] || times[i] != int64(i) {
			wrong = append(wrong, i)
		}
	}
	if len(wrong) > 0 {
		t.Errorf("kept %v: %d of %d frames differ: %v", kept, len(wrong), len(want), wrong[:min(20, len(wrong))])
	}
}

// frameHashes decodes a picture with plain ffmpeg, and gives each frame's hash and its
// time, in frames.
func frameHashes(t *testing.T, args ...string) (hashes []string, times []int64) {
	t.Helper()
	lines := bufio.NewScanner(bytes.NewReader(runFFmpeg(t, append(args, "-pix_fmt", "yuv420p", "-f", "framehash", "-hash", "md5", "-")...)))
	for lines.Scan() {
		f := strings.Split(lines.Text(), ",")
		if strings.HasPrefix(lines.Text(), "#") || len(f) < 6 {
			continue
		}
		at, err := strconv.ParseInt(strings.TrimSpace(f[2]), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		hashes, times = append(hashes, strings.TrimSpace(f[5])), append(times, at)
	}
	return hashes, times
}

// runFFmpeg runs plain ffmpeg and gives what it wrote to standard output.
func runFFmpeg(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ffmpeg", append([]string{"-nostdin", "-v", "error", "-y"}, args...)...)
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("ffmpeg %q: %v\n%s", args, err, exit.Stderr)
		}
		t.Fatal(err)
	}
	return out
}
