//go:build slow

package subsync_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/subtitle/subsync"
)

// TestAnalyze_Recording tests everything together: a recording with a picture is analysed, and
// captions are compared with the levels that the analysis stored.
func TestAnalyze_Recording(t *testing.T) {
	corpus := os.Getenv("LECTERN_CORPUS")
	if corpus == "" {
		t.Skip("LECTERN_CORPUS is not set, so there are no real captions to have spoken")
	}
	talk := talks[0]
	cues := captions(t, filepath.Join(corpus, "google-video-captions", talk.file), 15*time.Minute)
	spoken := assignVoices(talk.speech(cues), talk.voices...)
	speak(t, talk.name, spoken)
	s := newMixer(cues[len(cues)-1].End+5*time.Second, 6000)
	s.speech(spoken, speechStyle{jitter: 100 * time.Millisecond, fit: true})
	s.room(30)

	dir := t.TempDir()
	raw, recording := filepath.Join(dir, "talk.pcm"), filepath.Join(dir, "talk.mkv")
	var pcm []byte
	for _, v := range s.pcm {
		pcm = binary.LittleEndian.AppendUint16(pcm, uint16(int16(32767*max(-1, min(1, v)))))
	}
	if err := os.WriteFile(raw, pcm, 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, "ffmpeg", "-v", "error", "-f", "s16le", "-ar", fmt.Sprint(hz), "-ac", "1", "-i", raw,
		"-f", "lavfi", "-i", "color=s=64x36:r=5", "-shortest", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "flac", recording)
	tools, err := media.FindTools()
	if err != nil {
		t.Fatal(err)
	}
	p, err := tools.Probe(t.Context(), recording, "talk.mkv", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tools.Analyse(t.Context(), recording, p, media.AnalyseOptions{}, dir, nil); err != nil {
		t.Fatal(err)
	}
	levels, err := media.ReadLevels(filepath.Join(dir, media.LevelsFile))
	if err != nil {
		t.Fatal(err)
	}
	early := moved(cues, func(at time.Duration) time.Duration { return at - 2340*time.Millisecond })
	r := subsync.Analyze(early, levels)
	if !strings.HasPrefix(r.Verdict, "shift by +2.") || math.Abs(float64(r.OffsetMS-2340)) > 250 {
		t.Errorf("got %+v, want a shift by +2.340 s", r)
	}
}
