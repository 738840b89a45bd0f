package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/timeline"
)

func studio(t *testing.T, dir string) MediaGenerator {
	t.Helper()
	tools, err := media.FindTools()
	if err != nil {
		t.Fatal(err)
	}
	return MediaGenerator{Tools: tools, Dir: filepath.Join(t.TempDir(), dir)}
}

var short = TalkSpec{Length: 3 * time.Second, Width: 320, Height: 180, Rate: timeline.Rate{Num: 30000, Den: 1001}}

func TestTalkRecording_MatchesSpec(t *testing.T) {
	path, err := studio(t, "media").TalkRecording(t.Context(), short)
	if err != nil {
		t.Fatal(err)
	}
	const want = "h264,320,180,30000/1001,90\naac,0/0,141" // 141 AAC frames are 3.008 s
	if got := ffprobe(t, path, "-show_entries", "stream=codec_name,width,height,r_frame_rate,nb_frames"); got != want {
		t.Errorf("streams of the talk:\n%s\nwant:\n%s", got, want)
	}
}

func TestTalkRecording_FramesDiffer(t *testing.T) {
	path, err := studio(t, "media").TalkRecording(t.Context(), short)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("ffmpeg", "-v", "error", "-i", path, "-map", "0:v", "-f", "framehash", "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, "#") {
			seen[line[strings.LastIndex(line, ",")+1:]] = true
		}
	}
	if len(seen) != 90 {
		t.Errorf("%d different pictures of 90", len(seen))
	}
}

func TestTalkRecording_Deterministic(t *testing.T) {
	var made [2][]byte
	for i, dir := range []string{"media", "it's, [an] odd; name: \\"} {
		path, err := studio(t, dir).TalkRecording(t.Context(), short)
		if err != nil {
			t.Fatal(err)
		}
		if made[i], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(made[0], made[1]) {
		t.Error("the same parameters made two different files")
	}
}

func TestTalkRecording_Cached(t *testing.T) {
	s := studio(t, "media")
	path, err := s.TalkRecording(t.Context(), short)
	if err != nil {
		t.Fatal(err)
	}
	s.Tools.FFmpeg = filepath.Join(s.Dir, "no ffmpeg here") // so that nothing more can be made
	again, err := s.TalkRecording(t.Context(), short)
	if err != nil || again != path {
		t.Errorf("asked again: %q, %v; want %q", again, err, path)
	}
	longer := short
	longer.Length++
	if _, err := s.TalkRecording(t.Context(), longer); err == nil {
		t.Error("a talk was made without ffmpeg")
	}
	if left, _ := os.ReadDir(s.Dir); len(left) != 1 {
		t.Errorf("beside the talk there is something left of the failed one: %v", left)
	}
}

func ffprobe(t *testing.T, path string, args ...string) string {
	t.Helper()
	args = append(append([]string{"-v", "error"}, args...), "-of", "csv=p=0", path)
	out, err := exec.Command("ffprobe", args...).Output()
	if err != nil {
		t.Fatalf("ffprobe %s: %v", path, err)
	}
	return strings.TrimSpace(string(out))
}
