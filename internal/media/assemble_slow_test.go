//go:build slow

package media

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/timeline"
)

// TestAssemble_SeveralSoundsSubtitlesAndChapters puts two languages and two chapters into each
// container, and checks with ffprobe what a player finds.
func TestAssemble_SeveralSoundsSubtitlesAndChapters(t *testing.T) {
	tl := tools(t)
	const frames = 2 * 41
	dir := t.TempDir()
	srt, mp4, vtt := filepath.Join(dir, "es.srt"), filepath.Join(dir, "es.mp4"), filepath.Join(dir, "es.vtt")
	if err := os.WriteFile(srt, []byte("1\n00:00:01,000 --> 00:00:02,500\n¿Qué?\n\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	runFFmpeg(t, "-i", srt, "-c:s", "mov_text", mp4)
	runFFmpeg(t, "-i", srt, vtt)
	vp9 := Encoding{Codec: "vp9", CRF: 40, Speed: 8, Bitrate: "200k", Threads: 1}
	for _, c := range []struct {
		in    Container
		e     Encoding
		ext   string
		codec string
		text  string
		want  []string
	}{
		{MP4, small, "m4a", "aac", mp4, []string{"h264 und VideoHandler", "aac eng English", "aac spa español", "mov_text spa español", "bin_data eng SubtitleHandler"}},
		{MKV, small, "mka", "flac", srt, []string{"h264", "flac eng English", "flac spa español", "subrip spa español"}},
		{WebM, vp9, "webm", "libopus", vtt, []string{"vp9", "opus eng English", "opus spa español", "webvtt spa español"}},
	} {
		t.Run(string(c.in), func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "talk."+string(c.in))
			tone := sound(t, frames, c.ext, c.codec)
			spec := AssembleSpec{Container: c.in, Rate: ntsc30, Frames: frames, Language: "en", ExtraLanguages: []string{"es"}, Subtitles: []string{"es"},
				Chapters: []conference.Section{
					{Span: timeline.Span{To: 1500 * time.Millisecond}, Title: `a = b; "c" \ #1`},
					{Span: timeline.Span{From: 1500 * time.Millisecond, To: ntsc30.Time(frames)}, Title: "第二章"},
				}}
			from := AssembleInputs{segments(t, tl, 2, c.e), []string{tone, tone}, []string{c.text}}
			if _, err := tl.Assemble(t.Context(), spec, from, out, t.TempDir(), nil); err != nil {
				t.Fatal(err)
			}
			found, err := tl.container(t.Context(), out)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range found.Streams {
				name := cmp.Or(s.Tags["title"], s.Tags["handler_name"])
				got = append(got, strings.Join(strings.Fields(s.CodecName+" "+s.Tags["language"]+" "+name), " "))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("streams %q, want %q", got, c.want)
			}
			listed := string(runFFmpeg(t, "-i", out, "-f", "ffmetadata", "-"))
			for _, title := range []string{`title=a \= b\; "c" \\ \#1`, "title=第二章"} {
				if !strings.Contains(listed, title) {
					t.Errorf("no chapter has %s:\n%s", title, listed)
				}
			}
		})
	}
}

func TestAssemble_WebM(t *testing.T) {
	tl := tools(t)
	e := Encoding{Codec: "vp9", CRF: 40, Speed: 8, Bitrate: "200k", Threads: 1, TwoPass: true}
	out := filepath.Join(t.TempDir(), "talk.webm")
	spec := AssembleSpec{Container: "webm", Rate: ntsc30, Frames: 2 * 41, Language: "en"}
	facts, err := tl.Assemble(t.Context(), spec, AssembleInputs{Segments: segments(t, tl, 2, e), Sounds: []string{sound(t, 2*41, "webm", "libopus")}}, out, t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if facts.Codec != "vp9" {
		t.Errorf("assembled %+v", facts)
	}
}

func TestAssemble_WithAndWithoutSubtitles(t *testing.T) {
	tl := tools(t)
	parts := segments(t, tl, 3, small)
	const frames = 3 * 41
	out := filepath.Join(t.TempDir(), "it's a talk.mp4")
	spec := AssembleSpec{Container: "mp4", Rate: ntsc30, Frames: frames, Language: "pt-BR", Metadata: map[string]string{"title": `A "title" = 100%: {x}`}}
	tone := sound(t, frames, "m4a", "aac")
	facts, err := tl.Assemble(t.Context(), spec, AssembleInputs{Segments: parts, Sounds: []string{tone}}, out, t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if (facts.Sound - facts.Duration).Abs() > time.Millisecond {
		t.Errorf("the sound lasts %v, the picture %v", facts.Sound, facts.Duration)
	}
	if _, front, err := readMoov(out); err != nil || !front {
		t.Errorf("the index stands in front: %v, %v", front, err)
	}
	if got, want := samplesOf(t, out), samplesOf(t, tone); got != want {
		t.Errorf("%d samples can be heard, want %d: priming is trimmed once", got, want)
	}

	dir := t.TempDir()
	var files []string
	for _, name := range []string{"en.srt", "es.srt", "zh.srt"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("1\n00:00:01,000 --> 00:00:02,500\nR&D: «¿Qué?» "+name+"\n\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		text := strings.TrimSuffix(path, ".srt") + ".mp4"
		runFFmpeg(t, "-i", path, "-c:s", "mov_text", text)
		files = append(files, text)
	}
	soft := filepath.Join(dir, "soft.mp4")
	spec.Subtitles = []string{"en", "es-419", "zh-Hant"}
	if _, err := tl.Assemble(t.Context(), spec, AssembleInputs{parts, []string{tone}, files}, soft, t.TempDir(), nil); err != nil {
		t.Fatal(err)
	}
	c, err := tl.container(t.Context(), soft)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range c.Streams {
		got = append(got, s.CodecName+" "+s.Tags["language"]+" "+s.Tags["handler_name"])
	}
	want := []string{"h264 und VideoHandler", "aac por SoundHandler", "mov_text eng English", "mov_text spa español latinoamericano", "mov_text zho 繁體中文"}
	if !slices.Equal(got, want) {
		t.Errorf("streams %q, want %q", got, want)
	}
	if _, front, err := readMoov(soft); err != nil || !front {
		t.Errorf("the index stands in front: %v, %v", front, err)
	}
	cue := string(runFFmpeg(t, "-i", soft, "-map", "0:s:1", "-f", "srt", "-"))
	if !strings.Contains(cue, "00:00:01,000 --> 00:00:02,500\nR&D: «¿Qué?» es.srt") {
		t.Errorf("the second language reads %q", cue)
	}
	before, _ := frameHashes(t, "-i", out, "-map", "0:v")
	after, _ := frameHashes(t, "-i", soft, "-map", "0:v")
	if !slices.Equal(before, after) || samplesOf(t, soft) != samplesOf(t, out) {
		t.Error("with subtitles, picture or sound are others")
	}
}

func TestAssemble_WrongLengthRefused(t *testing.T) {
	tl := tools(t)
	parts := segments(t, tl, 2, small)
	for name, c := range map[string]struct {
		parts  []string
		sound  int64
		frames int64
		says   string
	}{
		"a segment too few": {parts[:1], 82, 82, "41 frames, not 82"},
		"sound too short":   {parts, 70, 82, "the sound lasts"},
		"sound too long":    {parts, 100, 82, "the sound lasts"},
	} {
		t.Run(name, func(t *testing.T) {
			spec := AssembleSpec{Container: "mp4", Rate: ntsc30, Frames: c.frames}
			_, err := tl.Assemble(t.Context(), spec, AssembleInputs{Segments: c.parts, Sounds: []string{sound(t, c.sound, "m4a", "aac")}}, filepath.Join(t.TempDir(), "out.mp4"), t.TempDir(), nil)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v; want that %q", err, c.says)
			}
		})
	}
}
