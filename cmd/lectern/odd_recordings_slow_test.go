//go:build slow

package main_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Any recording either becomes a video with what people see and hear in a player, or is refused by a
// message. Each recording shows a chart of known colours with a circle, for three seconds; after one
// second it flashes and beeps. The video is judged by what plain ffmpeg decodes.

// oddRecording is a recording to try.
type oddRecording struct {
	name   string
	ext    string
	size   image.Point              // of the chart, as people are to see it; 320×180 if not said
	filter string                   // on the chart, before it is encoded
	args   []string                 // codecs and container
	patch  func([]byte) []byte      // on the finished file
	remake func(*testing.T, string) // likewise, by its path

	inFastRun bool   // it is tried without being asked for
	ownTalk   bool   // it is a talk by itself: what the programme is like is judged, too
	talk      string // lines of the talk's file
	fast      string // the programme's rate, by the pipeline
	refuse    string // part of what is said instead
	expectation
}

// expectation is what the video must be like. Zero values are replaced by the usual.
type expectation struct {
	programme image.Point // its size; the chart's if not said
	rate      float64     // 25
	frames    int         // three seconds
	tolerance int         // of each of red, green and blue; 12 if not said
	dark      bool        // there is no chart to be seen, only its sound
	mute      bool        // there is no beep to come with the flash
}

var (
	x264   = []string{"-c:v", "libx264", "-preset", "veryfast", "-qp", "4"}
	aac    = []string{"-c:a", "aac"}
	pcm    = []string{"-c:a", "pcm_s16le"}
	sdr709 = []string{"-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"}
)

const (
	to709 = "scale=out_color_matrix=bt709:out_range=tv"
	to601 = "scale=out_color_matrix=bt601:out_range=tv"
)

func concat(lists ...[]string) []string { return slices.Concat(lists...) }

func h264In(pixels string, more ...string) []string {
	return concat(x264, aac, sdr709, []string{"-pix_fmt", pixels}, more)
}

// corners are the chart's colours, clockwise from the upper left but with the lower left before the
// lower right; ground and disc are those of the background and of the circle.
var corners = [4]color.RGBA{{200, 40, 40, 255}, {40, 170, 60, 255}, {50, 60, 200, 255}, {200, 180, 40, 255}}

var ground, disc = color.RGBA{96, 96, 96, 255}, color.RGBA{225, 225, 225, 255}

func drawChart(t *testing.T, path string, size image.Point) {
	t.Helper()
	img := image.NewRGBA(image.Rectangle{Max: size})
	r := float64(min(size.X, size.Y)) / 4
	for y := range size.Y {
		for x := range size.X {
			dx, dy := float64(x)+0.5-float64(size.X)/2, float64(y)+0.5-float64(size.Y)/2
			c := ground
			switch {
			case math.Hypot(dx, dy) < r:
				c = disc
			case (x < size.X/5 || x >= size.X*4/5) && (y < size.Y/5 || y >= size.Y*4/5):
				i := 0
				if dx > 0 {
					i++
				}
				if dy > 0 {
					i += 2
				}
				c = corners[i]
			}
			img.SetRGBA(x, y, c)
		}
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// record makes the recording.
func (o oddRecording) record(t *testing.T, dir string) string {
	t.Helper()
	chart, path := filepath.Join(dir, "chart.png"), filepath.Join(dir, "recording."+o.ext)
	drawChart(t, chart, o.size)
	filter := "drawbox=c=white:t=fill:enable='gte(t,0.999)*lt(t,1.2)'"
	if o.filter != "" {
		filter += "," + o.filter
	}
	args := []string{"-loop", "1", "-framerate", "25", "-t", "3", "-i", chart,
		"-f", "lavfi", "-i", "aevalsrc='0.4*sin(2*PI*1000*t)*gte(t,1)*lt(t,1.2)+0.01*sin(2*PI*100*t)':s=48000:d=3"}
	if strings.Contains(filter, "[") {
		args = append(args, "-filter_complex", filter)
	} else {
		args = append(args, "-vf", filter)
	}
	ffmpeg(t, concat(args, o.args, []string{path})...)
	if o.patch != nil {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, o.patch(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if o.remake != nil {
		o.remake(t, path)
	}
	return path
}

// oddKept is how many seconds of each recording are kept, so that its place is known.
const oddKept = 2.8

// Recordings whose size and rate don't matter are one talk: a reel of which the first recording sets
// the format.
func TestOddRecordings_Together(t *testing.T) {
	lectern, dir := buildLectern(t), t.TempDir()
	var recordings, cuts []string
	var all []oddRecording
	for _, o := range oddRecordings {
		if o.ownTalk || o.refuse != "" || !o.selected() {
			continue
		}
		all = append(all, o.withSize())
		recordings = append(recordings, all[len(all)-1].record(t, subdirectory(t, dir, len(all))))
		cuts = append(cuts, "--cut", fmt.Sprintf("%d:0-%g", len(all), oddKept))
	}
	video, said, err := runTalk(t, lectern, dir, oddRecording{}, concat(recordings, cuts)...)
	t.Logf("%s", said)
	if err != nil {
		t.Fatal(err)
	}
	seen, heard := decodeVideo(t, video), beeps(t, video)
	if want := len(all) * int(oddKept*25); len(seen.brightness) != want || seen.size != image.Pt(320, 180) {
		t.Errorf("%d frames of %v, want %d", len(seen.brightness), seen.size, want)
	}
	for i, o := range all {
		t.Run(o.name, func(t *testing.T) {
			o.programme = seen.size
			o.expectation.check(t, o, seen, heard, float64(i)*oddKept)
		})
	}
}

func TestOddRecordings_Alone(t *testing.T) {
	lectern := buildLectern(t)
	for _, o := range oddRecordings {
		if !o.ownTalk && o.refuse == "" || !o.selected() {
			continue
		}
		t.Run(o.name, func(t *testing.T) {
			o, dir := o.withSize(), t.TempDir()
			video, said, err := runTalk(t, lectern, dir, o, o.record(t, dir))
			t.Logf("%s", said)
			if o.refuse != "" {
				exit, ok := err.(*exec.ExitError)
				if !ok || exit.ExitCode() != 3 || !strings.Contains(string(said), o.refuse) {
					t.Errorf("%v; want exit 3 and %q", err, o.refuse)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			seen := decodeVideo(t, video)
			if d := len(seen.brightness) - o.frames; d > 2 || d < -2 {
				t.Errorf("%d frames, want %d", len(seen.brightness), o.frames)
			}
			if seen.rate != o.rate || seen.size != o.programme {
				t.Errorf("%v at %v a second, want %v at %v", seen.size, seen.rate, o.programme, o.rate)
			}
			o.expectation.check(t, o, seen, beeps(t, video), 0)
		})
	}
}

// selected reports whether to try a recording: those of the fast run, unless ODD in the environment
// names others, or all.
func (o oddRecording) selected() bool {
	switch only := os.Getenv("ODD"); only {
	case "all":
		return true
	case "":
		return o.inFastRun
	default:
		return o.name == "plain" || strings.Contains(o.name, only)
	}
}

func subdirectory(t *testing.T, dir string, n int) string {
	t.Helper()
	sub := filepath.Join(dir, strconv.Itoa(n))
	if err := os.Mkdir(sub, 0o700); err != nil {
		t.Fatal(err)
	}
	return sub
}

// withSize fills in the defaults.
func (o oddRecording) withSize() oddRecording {
	if o.size == (image.Point{}) {
		o.size = image.Pt(320, 180)
	}
	if o.programme == (image.Point{}) {
		o.programme = image.Pt(o.size.X+o.size.X%2, o.size.Y+o.size.Y%2)
	}
	if o.rate == 0 {
		o.rate = 25
	}
	if o.frames == 0 {
		o.frames = int(3 * o.rate)
	}
	if o.tolerance == 0 {
		o.tolerance = 12
	}
	return o
}

// runTalk runs Lectern and returns the path of its video.
func runTalk(t *testing.T, lectern, dir string, o oddRecording, more ...string) (video string, said []byte, err error) {
	t.Helper()
	file := filepath.Join(dir, "talk.yaml")
	if err := os.WriteFile(file, []byte("title: Odd\nslug: talk\nstand-in: {sound: silence, picture: waveform}\n"+o.talk), 0o600); err != nil {
		t.Fatal(err)
	}
	definition := writePipeline(t, "{height: 2160, lossless: true, preset: ultrafast}")
	if o.fast != "" {
		text, err := os.ReadFile(definition)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(definition, bytes.Replace(text, []byte("programme: {"), []byte("programme: {rate: "+o.fast+", "), 1), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := concat([]string{"run", "-o", filepath.Join(dir, "out"), "--talk", file, "--data", filepath.Join(dir, "data"),
		"--pipeline", definition}, more)
	if said, err = exec.CommandContext(t.Context(), lectern, args...).CombinedOutput(); err != nil {
		return "", said, err
	}
	found, err := filepath.Glob(filepath.Join(dir, "out", "talk", "video", "*-lossless.mp4"))
	if err != nil || len(found) != 1 {
		t.Fatalf("the bundle has %v, %v", found, err)
	}
	return found[0], said, nil
}

// decodedVideo is what plain ffmpeg decodes.
type decodedVideo struct {
	size       image.Point
	rate       float64
	brightness []byte           // of the ground of the chart above its middle, frame by frame
	frame      func(int) []byte // in RGB
}

func decodeVideo(t *testing.T, path string) (s decodedVideo) {
	t.Helper()
	var found struct {
		Streams []struct {
			Width, Height int
			SAR           string `json:"sample_aspect_ratio"`
			PixelFormat   string `json:"pix_fmt"`
			Range         string `json:"color_range"`
			Space         string `json:"color_space"`
			Transfer      string `json:"color_transfer"`
			Primaries     string `json:"color_primaries"`
			Rate          string `json:"r_frame_rate"`
		}
	}
	if err := json.Unmarshal(runProgram(t, "ffprobe", "-v", "error", "-select_streams", "v", "-show_streams", "-of", "json", path), &found); err != nil {
		t.Fatal(err)
	}
	v := found.Streams[0]
	if v.SAR != "1:1" || v.PixelFormat != "yuv420p" || v.Range != "tv" || v.Space != "bt709" || v.Transfer != "bt709" || v.Primaries != "bt709" {
		t.Errorf("the programme is marked %+v", v)
	}
	num, den, _ := strings.Cut(v.Rate, "/")
	n, _ := strconv.ParseFloat(num, 64)
	d, _ := strconv.ParseFloat(den, 64)
	s.rate, s.size = n/d, image.Pt(v.Width, v.Height)
	raw := ffmpeg(t, "-i", path, "-map", "0:v:0", "-fps_mode", "passthrough", "-vf", "scale=in_color_matrix=bt709:in_range=tv:flags=accurate_rnd+full_chroma_int,format=rgb24", "-f", "rawvideo", "-")
	each := 3 * v.Width * v.Height
	s.frame = func(n int) []byte { return raw[n*each : (n+1)*each] }
	for n := range len(raw) / each {
		s.brightness = append(s.brightness, s.frame(n)[3*(v.Height/8*v.Width+v.Width/2)])
	}
	return s
}

// check judges a recording that begins at a time in the video.
func (j expectation) check(t *testing.T, o oddRecording, seen decodedVideo, heard []time.Duration, from float64) {
	first := int(math.Round(from * seen.rate))
	last := min(len(seen.brightness), first+int(oddKept*seen.rate))
	var beep, flash []float64
	for _, h := range heard {
		if at := h.Seconds() - from; at >= 0 && at < oddKept {
			beep = append(beep, at)
		}
	}
	for n := first + 1; n < last; n++ {
		if seen.brightness[n] > 180 && seen.brightness[n-1] <= 180 {
			flash = append(flash, float64(n-first)/seen.rate)
		}
	}
	if j.mute != (len(beep) == 0) || len(beep) > 1 {
		t.Errorf("beeps at %v", beep)
	}
	if j.dark {
		return
	}
	if len(flash) != 1 || math.Abs(flash[0]-1) > 0.085 {
		t.Errorf("flashes at %v, want one after 1 s (beeps at %v)", flash, beep)
	} else if len(beep) == 1 && math.Abs(flash[0]-beep[0]) > 0.041 {
		t.Errorf("flash at %v, beep at %v", flash, beep)
	}
	j.checkPicture(t, o, seen.frame(first+int(2*seen.rate)))
}

// checkPicture compares a frame with the chart.
func (j expectation) checkPicture(t *testing.T, o oddRecording, raw []byte) {
	w, h := j.programme.X, j.programme.Y
	at := func(x, y int) color.RGBA { i := 3 * (y*w + x); return color.RGBA{raw[i], raw[i+1], raw[i+2], 255} }
	// The chart in the video: as large as fits, centred.
	cw, ch := float64(w), float64(w)*float64(o.size.Y)/float64(o.size.X)
	if ch > float64(h) {
		cw, ch = float64(h)*float64(o.size.X)/float64(o.size.Y), float64(h)
	}
	x0, y0 := (float64(w)-cw)/2, (float64(h)-ch)/2
	check := func(what string, fx, fy float64, want color.RGBA) {
		got := at(int(x0+fx*cw), int(y0+fy*ch))
		if off := max(absDiff(got.R, want.R), absDiff(got.G, want.G), absDiff(got.B, want.B)); off > j.tolerance {
			t.Errorf("%s is %v, want %v", what, got, want)
		}
	}
	check("above left", 0.08, 0.08, corners[0])
	check("above right", 0.92, 0.08, corners[1])
	check("below left", 0.08, 0.92, corners[2])
	check("below right", 0.92, 0.92, corners[3])
	check("the ground", 0.5, 0.15, ground)
	check("the circle", 0.5, 0.5, disc)
	for _, p := range []image.Point{{int(x0 / 2), h / 2}, {w / 2, int(y0 / 2)}} {
		if c := at(p.X, p.Y); (p.X > 2 && p.X < w/4 || p.Y > 2 && p.Y < h/4) && max(c.R, c.G, c.B) > 8 {
			t.Errorf("beside the picture is %v", c)
		}
	}
	across, down := 0, 0
	for x := range w {
		if c := at(x, h/2); min(c.R, c.B) > 160 {
			across++
		}
	}
	for y := range h {
		if c := at(w/2, y); min(c.R, c.B) > 160 {
			down++
		}
	}
	want := int(math.Round(math.Min(cw, ch) / 2))
	if max(across-want, want-across, down-want, want-down) > 2+want/40 {
		t.Errorf("the circle is %d across and %d down, want %d", across, down, want)
	}
}

func absDiff(a, b uint8) int { return max(int(a)-int(b), int(b)-int(a)) }

// displayMatrix puts a display matrix into the first track of an MP4 file.
func displayMatrix(a, b, c, d int32) func([]byte) []byte {
	return func(file []byte) []byte {
		i := strings.Index(string(file), "tkhd")
		m := file[i+4+40:] // version 0
		for n, v := range []int32{a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30} {
			binary.BigEndian.PutUint32(m[4*n:], uint32(v))
		}
		return file
	}
}

// truncateAt keeps the first part of a file, as after a crash.
func truncateAt(part float64) func([]byte) []byte {
	return func(b []byte) []byte { return b[:int(float64(len(b))*part)] }
}
