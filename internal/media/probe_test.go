package media

import (
	"fmt"
	"image/color"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/timeline"
)

// sampleTalk generates a small talk with the given file name.
func sampleTalk(t *testing.T, name string, more ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	args := []string{"-f", "lavfi", "-i", "testsrc2=s=320x180:d=2:r=25", "-f", "lavfi", "-i", "sine=r=48000:d=2"}
	runFFmpeg(t, slices.Concat(args, h264, more, []string{"file:" + path})...)
	return path
}

func TestProbe_RefusesNonRecordings(t *testing.T) {
	tl := tools(t)
	called := make(chan struct{}, 16)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			c.Close()
			called <- struct{}{}
		}
	}()
	t.Cleanup(func() { listener.Close(); <-done })
	url := "http://" + listener.Addr().String() + "/a.ts"
	secret := sampleTalk(t, "secret.ts")
	good, err := os.ReadFile(sampleTalk(t, "good.mp4", "-movflags", "-faststart"))
	if err != nil {
		t.Fatal(err)
	}
	m3u8 := "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n%s\n#EXT-X-ENDLIST\n"
	mpd := `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT2S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>%s</BaseURL></Representation></AdaptationSet></Period></MPD>`
	for name, c := range map[string]struct{ content, problem string }{
		"empty":                 {"", "is empty"},
		"text":                  {"This is not a recording.\n", "not a media file"},
		"cut short":             {string(good[:len(good)/2]), "index (moov) is missing"},
		"m3u8, a URL":           {fmt.Sprintf(m3u8, url), "HLS playlist"},
		"m3u8, a file":          {fmt.Sprintf(m3u8, "file://"+secret), "HLS playlist"},
		"m3u8 behind a mark":    {"\ufeff" + fmt.Sprintf(m3u8, url), "HLS playlist"},
		"ffconcat, a file":      {"ffconcat version 1.0\nfile '" + secret + "'\n", "ffconcat list"},
		"concat without a head": {"file '" + secret + "'\n", "not a media file"},
		"DASH, a URL":           {fmt.Sprintf(mpd, url), "DASH manifest"},
		"DASH, a file":          {fmt.Sprintf(mpd, "file://"+secret), "DASH manifest"},
		"SDP":                   {"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 9999 RTP/AVP 96\r\n", "SDP session"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "talk.mp4")
			if err := os.WriteFile(path, []byte(c.content), 0o644); err != nil {
				t.Fatal(err)
			}
			wantFault(t, tl, path, c.problem)
			// What Probe sees by itself, ffprobe must refuse as well.
			if _, err := tl.container(t.Context(), path); err == nil {
				t.Error("ffprobe opened it")
			}
		})
	}
	select {
	case <-called:
		t.Error("a playlist had a host called")
	default:
	}
}

func TestProbe_MissingStream(t *testing.T) {
	tl := tools(t)
	cover := filepath.Join(t.TempDir(), "cover.png")
	runFFmpeg(t, "-f", "lavfi", "-i", "testsrc2=s=320x180", "-frames:v", "1", cover)
	song := filepath.Join(t.TempDir(), "song.mp4")
	runFFmpeg(t, "-f", "lavfi", "-i", "sine=d=1", "-i", cover, "-map", "0", "-map", "1", "-c:v", "copy", "-disposition:v", "attached_pic", song)
	for path, says := range map[string]string{
		song:                               "has sound but no video",
		sampleTalk(t, "silent.mp4", "-an"): "has no sound",
		sampleTalk(t, "whole.mp4"):         "",
	} {
		p, err := tl.Probe(t.Context(), path, "talk", nil)
		if err != nil {
			t.Fatal(err)
		}
		if f := p.MissingStream("talk"); (f == nil) != (says == "") || f != nil && !strings.Contains(f.Problem, says) {
			t.Errorf("%s: lacks %v, want %q", filepath.Base(path), f, says)
		}
	}
	wantFault(t, tl, t.TempDir(), "is not a file")
}

// A sound-only recording gets a waveform as video when it is indexed, and is then used like
// any other.
func TestIndex_WaveformForSoundOnly(t *testing.T) {
	tl, dir := tools(t), t.TempDir()
	song, drawn := filepath.Join(dir, "song.mp3"), filepath.Join(dir, "drawn.mkv")
	runFFmpeg(t, "-f", "lavfi", "-i", "sine=d=2", song)
	p, err := tl.Probe(t.Context(), song, "song.mp3", nil)
	if err != nil || p.Video != nil || p.Indexed || len(p.Audio) != 1 {
		t.Fatalf("%v, %+v", err, p)
	}
	ground := generateMedia(t, "ground.png", "-f", "lavfi", "-i", "color=c=0x006000:s=320x180", "-frames:v", "1")
	card := CardSpec{Title: "Loops", Rate: pal25, Width: 1280, Height: 720, Look: &CardLook{
		Background: PNG, Places: map[string]conference.TextBox{"title": {X: 10, Y: 10, Width: 80, Size: 12, Colour: "#ffffff"}},
	}}
	behind := WaveformBackground{Picture: filepath.Join(dir, "behind.png"), Colour: "#ff0000"}
	if err := tl.RenderCardPNG(t.Context(), card, CardFiles{Background: ground}, behind.Picture, dir); err != nil {
		t.Fatal(err)
	}
	if err := tl.Index(t.Context(), song, drawn, "song.mp3", p, behind, nil); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 30} {
		picture := still(t, drawn, n)
		waves, words := colourBounds(picture, color.RGBA{255, 0, 0, 255}), colourBounds(picture, color.RGBA{255, 255, 255, 255})
		if waves.Dx() < 1200 || waves.Dy() < 20 || words.Empty() || waves.Overlaps(words) || !near(picture.At(20, 20), color.RGBA{0, 96, 0, 255}) {
			t.Errorf("picture %d has waves at %v, words at %v and %v behind", n, waves, words, picture.At(20, 20))
		}
	}
	if p, err = tl.Probe(t.Context(), drawn, "song.mp3", nil); err != nil {
		t.Fatal(err)
	}
	if v := p.Video; v == nil || v.Rate != pal25 || v.Width != 1280 || v.Height != 720 || p.FrameCount(pal25) < 49 || p.FrameCount(pal25) > 52 {
		t.Errorf("drawn as %+v", v)
	}
}

func TestProbe_DolbyVisionRefused(t *testing.T) {
	for compatible, refused := range map[int]bool{0: true, 1: false, 4: false} {
		c := container{Streams: []stream{{Kind: "video", Width: 1920, SideData: []sideData{{Dolby: 5, Compatible: compatible}}}}}
		if _, _, err := c.selectStreams("phone.mov", 1); (inputerr.As(err) != nil) != refused {
			t.Errorf("compatible with %d: %v", compatible, err)
		}
	}
}

func TestProbe_SeveralVideoStreams(t *testing.T) {
	tl := tools(t)
	path := filepath.Join(t.TempDir(), "two.mkv")
	runFFmpeg(t, "-f", "lavfi", "-i", "testsrc2=s=320x180:d=1:r=25", "-f", "lavfi", "-i", "testsrc=s=160x120:d=1:r=50", "-f", "lavfi", "-i", "sine=d=1",
		"-map", "0", "-map", "1", "-map", "2", "-c:v", "libx264", "-preset", "ultrafast", path)
	for picture, want := range map[int]int{1: 320, 2: 160} {
		if p, err := tl.ProbePicture(t.Context(), path, "two.mkv", picture, nil); err != nil || p.Video.Width != want || p.Video.Stream != picture-1 {
			t.Errorf("picture %d is %+v (%v), want %d wide", picture, p.Video, err, want)
		}
	}
	if _, err := tl.ProbePicture(t.Context(), path, "two.mkv", 3, nil); inputerr.As(err) == nil || !strings.Contains(err.Error(), "has no video stream 3; it has 2") {
		t.Errorf("picture 3: %v", err)
	}
}

func TestProbe_DamagedTimestampRefused(t *testing.T) {
	ahead := filepath.Join(t.TempDir(), "ahead.mkv")
	runFFmpeg(t, "-i", sampleTalk(t, "one.ts"), "-c", "copy", "-bsf:v", `setts=ts=if(gt(N\,40)\,TS+90000*360000\,TS)`, ahead)
	wantFault(t, tools(t), ahead, "lasts until 9")
}

func wantFault(t *testing.T, tl Tools, path, problem string) {
	t.Helper()
	_, err := tl.Probe(t.Context(), path, "talk.mp4", nil)
	f := inputerr.As(err)
	if f == nil || f.File != "talk.mp4" || f.Remedy == "" || !strings.Contains(f.Problem, problem) {
		t.Errorf("got %v; want a fault of talk.mp4 that says %q", err, problem)
	}
}

func TestProbe_TruncatedRecording(t *testing.T) {
	path := filepath.Join(t.TempDir(), "talk.mp4")
	runFFmpeg(t, slices.Concat(talkSource("25", h264...), []string{"-movflags", "+faststart", path})...)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, info.Size()*6/10); err != nil {
		t.Fatal(err)
	}
	p, err := tools(t).Probe(t.Context(), path, "talk.mp4", nil)
	if err != nil {
		t.Fatal(err)
	}
	if p.Declared.Round(100*time.Millisecond) != 10*time.Second || p.Readable < 3*time.Second || p.Readable > 8*time.Second {
		t.Errorf("declares %v, readable %v", p.Declared, p.Readable)
	}
	f := p.TruncationFault("talk.mp4")
	if f == nil || !strings.Contains(f.Problem, "breaks off at 00:00:0") || !strings.Contains(f.Remedy, "--cut 0-00:00:0") {
		t.Errorf("got %v; want a fault that says where, and offers a cut", f)
	}
	if len(p.Notes) == 0 {
		t.Error("no note says so")
	}
}

func TestProbe_CompleteRecordingNotTruncated(t *testing.T) {
	p, err := tools(t).Probe(t.Context(), sampleTalk(t, "talk.mp4"), "talk.mp4", nil)
	if err != nil {
		t.Fatal(err)
	}
	if f := p.TruncationFault("talk.mp4"); f != nil || len(p.Notes) > 0 {
		t.Errorf("got %v and %q", f, p.Notes)
	}
}

func TestStream_DisplaySize(t *testing.T) {
	for name, c := range map[string]struct {
		s             stream
		width, height int
	}{
		"square":      {stream{Width: 1920, Height: 1080, SAR: "1:1"}, 1920, 1080},
		"unknown":     {stream{Width: 1280, Height: 720, SAR: "0:1"}, 1280, 720},
		"HDV":         {stream{Width: 1440, Height: 1080, SAR: "4:3"}, 1920, 1080},
		"PAL, wide":   {stream{Width: 720, Height: 576, SAR: "64:45"}, 1024, 576},
		"odd":         {stream{Width: 1365, Height: 767}, 1366, 768},
		"a phone's":   {stream{Width: 1920, Height: 1080, SideData: []sideData{{Rotation: -90}}}, 1080, 1920},
		"upside down": {stream{Width: 1920, Height: 1080, SideData: []sideData{{Rotation: 180}}}, 1920, 1080},
	} {
		if w, h := c.s.displaySize(); w != c.width || h != c.height {
			t.Errorf("%s: %d×%d, want %d×%d", name, w, h, c.width, c.height)
		}
	}
}

func TestRateEstimator(t *testing.T) {
	ms := func(next func(i int) float64, n int) (pts []int64) {
		at := 0.0
		for i := range n {
			pts = append(pts, int64(at+0.5))
			at += next(i)
		}
		return pts
	}
	for name, c := range map[string]struct {
		pts      []int64 // in milliseconds
		rate     string
		variable bool
	}{
		"29.97, rounded to milliseconds": {ms(func(int) float64 { return 1001.0 / 30 }, 3000), "30000/1001", false},
		"30, rounded to milliseconds":    {ms(func(int) float64 { return 1000.0 / 30 }, 3000), "30/1", false},
		"60 with half of them dropped": {ms(func(i int) float64 {
			if i > 1000 {
				return 2000.0 / 60
			}
			return 1000.0 / 60
		}, 3000), "60/1", true},
		"25 with gaps of ten seconds": {ms(func(i int) float64 {
			if i%60 == 59 {
				return 10_000
			}
			return 40
		}, 3000), "25/1", true},
		"a camera that lost one picture in 5000": {ms(func(i int) float64 {
			if i == 2500 {
				return 80
			}
			return 40
		}, 5000), "25/1", false},
		"120":                 {ms(func(int) float64 { return 1000.0 / 120 }, 3000), "60/1", false},
		"slides":              {ms(func(int) float64 { return 1000 }, 20), "1/1", false},
		"one picture":         {[]int64{0}, "25/1", false},
		"every picture twice": {ms(func(i int) float64 { return float64(i%2) * 40 }, 3000), "25/1", false},
	} {
		tempo := newRateEstimator(timeline.Rate{Num: 1, Den: 1000})
		for _, pts := range c.pts {
			tempo.add(pts)
		}
		rate, _, variable := tempo.rate()
		if rate.NearestStandard().String() != c.rate || variable != c.variable {
			t.Errorf("%s: %s, variable %v; want %s, %v", name, rate.NearestStandard(), variable, c.rate, c.variable)
		}
	}
}
