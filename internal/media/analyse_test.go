package media

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/timeline"
)

func TestAnalyse_DetectsIssues(t *testing.T) {
	t.Parallel()
	const tone = "sine=400:r=48000:d=2,volume=-3dB,"
	for name, test := range map[string]struct {
		source      string
		options     []string
		suggest     string
		left, right bool // dead
		opposite    bool
		clipped     int
		notes       []string
	}{
		"nothing":       {source: tone + "pan=stereo|c0=c0|c1=0.5*c0", suggest: "stereo"},
		"dead right":    {source: tone + "pan=stereo|c0=c0|c1=0*c0", suggest: "left", right: true},
		"hum on left":   {source: tone + "pan=stereo|c0=0.001*c0|c1=c0", suggest: "right", left: true},
		"reversed":      {source: tone + "pan=stereo|c0=c0|c1=-0.9*c0", suggest: "left", opposite: true},
		"mono":          {source: tone + "aformat=channel_layouts=mono", suggest: "stereo"},
		"44.1 kHz":      {source: "sine=400:r=44100:d=2,pan=stereo|c0=c0|c1=c0", suggest: "stereo"},
		"5.1":           {source: tone + "pan=5.1|FC=c0|FL=0.1*c0|FR=0.1*c0", suggest: "stereo", notes: []string{"the sound has 6 channels; they are mixed down to two"}},
		"clipped twice": {source: tone + "volume=12dB,aeval='val(0)+between(t,0.5,0.5005)+between(t,1,1.0005)|val(0)',aformat=s16", suggest: "stereo", clipped: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, a, source := analyse(t, generateRecording(t, "talk.mkv", test.source, append(test.options, "-c:a", "flac")...))
			if a.SuggestedChannels != test.suggest || a.Left.Dead != test.left || a.Right.Dead != test.right || !slices.Equal(a.Notes, test.notes) ||
				a.PolarityInverted != test.opposite || a.Left.Clipped+a.Right.Clipped != test.clipped {
				t.Errorf("heard %+v", a)
			}
			if off := (a.Duration - 2*time.Second).Abs(); off > 2*time.Millisecond {
				t.Errorf("lasts %v", a.Duration)
			}
			blocks, err := readBlocks(source.Blocks)
			if err != nil || len(blocks) < 20 || len(blocks) > 21 {
				t.Errorf("%d blocks in two seconds, %v", len(blocks), err)
			}
			levels, err := ReadLevels(filepath.Join(filepath.Dir(source.Blocks), LevelsFile))
			if err != nil || len(levels) < 200 || len(levels) > 210 || levels[100] < -30 || levels[100] > 0 {
				t.Errorf("%d levels in two seconds, %v", len(levels), err)
			}
		})
	}
}

func TestAnalyse_NoSound(t *testing.T) {
	dir := t.TempDir()
	a, err := tools(t).Analyse(t.Context(), "unopened.mkv", Probe{}, AnalyseOptions{}, dir, nil)
	if err != nil || a.Stream != -1 || !a.Silent || a.Notes != nil {
		t.Errorf("%+v, %v", a, err)
	}
	for _, name := range []string{BlocksFile, LevelsFile} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() != 0 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

// The loudness of any range, in any choice of channels, can be computed from the blocks alone.
func TestAnalyse_LoudnessFromBlocks(t *testing.T) {
	t.Parallel()
	path := generateRecording(t, "talk.mkv", speech+",aresample=48000,pan=stereo|c0=0.8*c0|c1=0.3*c0,volume='if(lt(t,3),0.2,1)':eval=frame", "-c:a", "flac")
	_, _, source := analyse(t, path)
	rate := timeline.Rate{Num: 25, Den: 1}
	for channels, mix := range map[string]string{
		"stereo": "anull", "left": "pan=stereo|c0=c0|c1=c0", "right": "pan=stereo|c0=c1|c1=c1", "mix": "pan=stereo|c0=0.5*c0+0.5*c1|c1=0.5*c0+0.5*c1",
	} {
		t.Run(channels, func(t *testing.T) {
			spec := AudioSpec{Rate: rate, Pieces: []AudioPiece{
				{Stream: 1, Range: timeline.Range{From: 10, To: 63}, Channels: channels},
				{Stream: 1, Range: timeline.Range{From: 91, To: 160}, Channels: channels},
			}}
			cuts, err := spec.segments([]AudioSource{source})
			if err != nil {
				t.Fatal(err)
			}
			s, err := readLoudnessEnvelope(cuts, []AudioSource{source})
			if err != nil {
				t.Fatal(err)
			}
			got := s.loudness(1, 1e9)
			want, _ := ffmpegLoudness(t, "-f", "lavfi", "-i", "amovie="+path+",asetnsamples=480,aselect='between(t,0.399,2.511)+between(t,3.639,6.391)',asetpts=N/SR/TB,"+mix)
			if math.Abs(got-want) > 0.15 {
				t.Errorf("%.2f LUFS, ffmpeg measures %.2f", got, want)
			}
		})
	}
}
