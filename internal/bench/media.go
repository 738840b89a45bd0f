package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/timeline"
)

// mediaVersion is part of each file's name. Raise it when the same parameters make other media, so
// that old files are not used any more.
const mediaVersion = 2

// MediaGenerator makes media to measure with, and keeps them: the same parameters give the same
// file, which is made once.
type MediaGenerator struct {
	Tools media.Tools
	Dir   string // made if need be
}

// TalkSpec describes a talk to generate.
type TalkSpec struct {
	Length        time.Duration
	Width, Height int
	Rate          timeline.Rate
}

// slideDuration is how long each slide is shown: a 30-second chunk contains two or three.
const slideDuration = 14 * time.Second

// TalkRecording returns the path of an MP4 file (H.264, AAC) like a recorded talk: slides of text,
// a camera picture in the corner that moves and is noisy in every frame, and a voice. No two
// seconds of its picture are alike, so that no encoder profits from an earlier chunk. It is
// generated unless it exists.
func (s MediaGenerator) TalkRecording(ctx context.Context, t TalkSpec) (string, error) {
	name := fmt.Sprintf("talk-%d-%v-%dx%d-%d.%d.mp4", mediaVersion, t.Length, t.Width, t.Height, t.Rate.Num, t.Rate.Den)
	return s.cached(name, func(dir, out string) error {
		return s.generateTalk(ctx, dir, out, t, []string{"-preset", "superfast", "-crf", "20", "-g", "50"})
	})
}

// loopLength is a whole number of frames at 25 fps and of AAC frames at 48 kHz (1600 and 3000), so
// that copies can be joined without a gap.
const loopLength = 64 * time.Second

// LargeRecording returns the path of a playable 1080p MP4 file of at least size bytes. It is one
// clip, copied end to end without encoding: good for measuring the cost of size and length, but not
// for comparing encoders. It is generated unless it exists.
func (s MediaGenerator) LargeRecording(ctx context.Context, size int64, length time.Duration) (string, error) {
	return s.cached(fmt.Sprintf("big-%d-%v-%d.mp4", mediaVersion, length, size), func(dir, out string) error {
		clip := filepath.Join(dir, "clip.mp4")
		t := TalkSpec{Length: loopLength, Width: 1920, Height: 1080, Rate: timeline.Rate{Num: 25, Den: 1}}
		// A constant bitrate, with filler where slides need less, one per cent above what is asked.
		rate := fmt.Sprint(int64(float64(size) * 8 / length.Seconds() * 1.01))
		if err := s.generateTalk(ctx, dir, clip, t, []string{
			"-preset", "superfast", "-g", "50", "-b:v", rate, "-minrate", rate, "-maxrate", rate, "-bufsize", rate,
			"-x264-params", "nal-hrd=cbr",
		}); err != nil {
			return err
		}
		if err := s.run(ctx, "-stream_loop", "-1", "-i", clip, "-t", seconds(length), "-map", "0", "-c", "copy", out); err != nil {
			return err
		}
		made, err := os.Stat(out)
		if err != nil {
			return fmt.Errorf("look at the copies: %w", err)
		}
		if made.Size() < size {
			return fmt.Errorf("the copies came to %d bytes, below the %d that were asked for", made.Size(), size)
		}
		return nil
	})
}

// cached returns the path of the file called name. If it does not exist, shoot makes it in a
// directory of its own, and it is moved into place when it is complete.
func (s MediaGenerator) cached(name string, shoot func(dir, out string) error) (string, error) {
	path := filepath.Join(s.Dir, name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return "", fmt.Errorf("keep media: %w", err)
	}
	dir, err := os.MkdirTemp(s.Dir, "making-")
	if err != nil {
		return "", fmt.Errorf("keep media: %w", err)
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, name)
	if err := shoot(dir, out); err != nil {
		return "", fmt.Errorf("make %s: %w", name, err)
	}
	return path, os.Rename(out, path)
}

// generateTalk writes a talk to out, with temporary files in dir and the given encoder options.
// Each slide is drawn only once, at one frame every slideDuration, and then repeated to the full
// rate. What remains to do for each frame is the small camera picture and the encoding.
func (s MediaGenerator) generateTalk(ctx context.Context, dir, out string, t TalkSpec, encoder []string) error {
	deck := filepath.Join(dir, "deck.ass")
	if err := os.WriteFile(deck, []byte(slides(t.Length)), 0o644); err != nil {
		return fmt.Errorf("write slides: %w", err)
	}
	voice := filepath.Join(dir, "voice.aac")
	if err := s.synthesizeSpeech(ctx, dir, voice, t.Length); err != nil {
		return err
	}
	length := seconds(t.Length)
	w, h := t.Width/4&^1, t.Height/4&^1 // of the camera
	graph := strings.Join([]string{
		fmt.Sprintf("color=c=0xf7f4ee:s=%dx%d:r=1/%d:d=%d,format=yuv420p,subtitles=%s,fps=%s,trim=end=%s[slides]",
			t.Width, t.Height, int(slideDuration.Seconds()), int((t.Length + slideDuration).Seconds()), escapeFilterValue(deck), t.Rate, length),
		fmt.Sprintf("testsrc2=s=%dx%d:r=%s:d=%s,format=yuv420p,gblur=sigma=1.5,hue=s=0.5,noise=alls=4:allf=t:all_seed=1[camera]",
			w, h, t.Rate, length),
		fmt.Sprintf("[slides][camera]overlay=x=%d:y=%d:shortest=1:format=yuv420[v]", t.Width-w-t.Width/32, t.Height-h-t.Width/32),
	}, ";")
	args := []string{"-i", voice, "-filter_complex", graph, "-map", "[v]", "-map", "0:a", "-map_metadata", "-1", "-fflags", "+bitexact",
		"-c:v", "libx264", "-threads", "2", "-flags:v", "+bitexact",
		// Players take 360 lines without a colour space for BT.601. Lectern always writes BT.709, and
		// would encode other pictures than plain ffmpeg.
		"-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"}
	args = append(args, encoder...)
	return s.run(ctx, append(args, "-c:a", "copy", "-movflags", "+faststart", out)...)
}

// maxSpeech is how much speech is synthesized. Longer talks repeat it, which affects no measurement.
const maxSpeech = 5 * time.Minute

// synthesizeSpeech writes a voice of that length to out, as bare AAC frames, with temporary files
// in dir. Such frames have no priming, so they can be looped exactly.
func (s MediaGenerator) synthesizeSpeech(ctx context.Context, dir, out string, length time.Duration) error {
	script, wave := filepath.Join(dir, "script.txt"), filepath.Join(dir, "voice.wav")
	random := rand.New(rand.NewPCG(2, mediaVersion))
	var text strings.Builder
	for range int(min(length, maxSpeech).Seconds() / 2) { // a sentence takes three or four seconds
		text.WriteString(randomSentence(random) + ".\n")
	}
	if err := os.WriteFile(script, []byte(text.String()), 0o644); err != nil {
		return fmt.Errorf("write what is said: %w", err)
	}
	if err := s.run(ctx, "-f", "lavfi", "-i", "flite=voice=slt:textfile="+escapeFilterValue(script),
		"-t", seconds(maxSpeech), "-ar", "48000", "-ac", "2", wave); err != nil {
		return fmt.Errorf("speak: %w", err)
	}
	frames := timeline.Rescale(int64(length), 48000, 1024*int64(time.Second))
	return s.run(ctx, "-stream_loop", "-1", "-i", wave, "-c:a", "aac", "-aac_coder", "fast", "-b:a", "128k",
		"-frames:a", fmt.Sprint(frames), "-flags:a", "+bitexact", "-f", "adts", out)
}

func (s MediaGenerator) run(ctx context.Context, args ...string) error {
	_, err := s.Tools.Run(ctx, args, nil)
	return err
}

// escapeFilterValue escapes a value for the options of an ffmpeg filter, and the result once more
// for the filter graph.
func escapeFilterValue(value string) string {
	option := strings.NewReplacer(`\`, `\\`, `'`, `\'`, `:`, `\:`).Replace(value)
	return strings.NewReplacer(`\`, `\\`, `'`, `\'`, `[`, `\[`, `]`, `\]`, `,`, `\,`, `;`, `\;`).Replace(option)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.6f", d.Seconds()) }

// slides returns a slide deck as an ASS script, with a slide every slideDuration: a headline, some
// lines and a number. It is the same each time.
func slides(length time.Duration) string {
	random := rand.New(rand.NewPCG(1, mediaVersion))
	var deck strings.Builder
	deck.WriteString(`[Script Info]
ScriptType: v4.00+
PlayResX: 1920
PlayResY: 1080

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, Bold, Alignment, MarginL, MarginR, MarginV
Style: Head,DejaVu Sans,84,&H00302420,1,7,120,120,100
Style: Line,DejaVu Sans Mono,44,&H00504038,0,7,140,120,280
Style: Foot,DejaVu Sans,30,&H00807068,0,1,120,120,50

[Events]
Format: Layer, Start, End, Style, Text
`)
	for n := 0; time.Duration(n)*slideDuration < length; n++ {
		show := func(style, text string) {
			fmt.Fprintf(&deck, "Dialogue: 0,%s,%s,%s,%s\n", assTimestamp(time.Duration(n)*slideDuration), assTimestamp(time.Duration(n+1)*slideDuration), style, text)
		}
		var lines []string
		for range 4 + random.IntN(5) {
			lines = append(lines, "• "+randomSentence(random))
		}
		show("Head", randomSentence(random))
		show("Line", strings.Join(lines, `\N\N`))
		show("Foot", fmt.Sprintf("Slide %d", n+1))
	}
	return deck.String()
}

// assTimestamp returns a time as ASS writes it, in hundredths of a second.
func assTimestamp(d time.Duration) string {
	return fmt.Sprintf("%d:%02d:%05.2f", d/time.Hour, d/time.Minute%60, (d % time.Minute).Seconds())
}

// randomSentence returns a sentence that resembles English closely enough for an encoder and a
// loudness meter.
func randomSentence(random *rand.Rand) string {
	pick := func(words ...string) string { return words[random.IntN(len(words))] }
	return strings.Join([]string{
		pick("Every", "A small", "The second", "No", "One slow", "Your own"),
		pick("request", "schema", "queue", "cache", "parser", "deadline", "migration"),
		pick("hides", "explains", "outlives", "needs", "replaces", "delays"),
		pick("another", "a broken", "the simplest", "some forgotten", "a better"),
		pick("interface", "error", "test", "contract", "version", "assumption"),
	}, " ")
}
