package media

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	ffmpeg "github.com/u2takey/ffmpeg-go"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/lectern-av/lectern/internal/conference"
)

// Remux copies the finished MP4 in to out and adds the text tracks of the MP4 files
// subtitles (see subtitle.WriteMP4), in the languages of the spec and in their order, as
// soft subtitles that a player can switch on. Nothing is encoded, text neither. It costs
// about as much as copying the file. The result is proved. on, which may be nil, is told
// how far it is.
func (t Tools) Remux(ctx context.Context, spec RemuxSpec, in string, subtitles []string, out string, on func(Progress)) (VideoFacts, error) {
	if len(subtitles) != len(spec.Subtitles) {
		return VideoFacts{}, fmt.Errorf("%d subtitle files for %d languages", len(subtitles), len(spec.Subtitles))
	}
	build := func(layout options) func() *ffmpeg.Stream {
		return func() *ffmpeg.Stream {
			source := open(in)
			streams := []*ffmpeg.Stream{source.Get("v:0"), source.Get("a:0")}
			o := options{"c": "copy", "map_chapters": "-1", "fflags": "+bitexact"}
			for i, path := range subtitles {
				streams = append(streams, open(path).Get("s:0"))
				o[fmt.Sprintf("metadata:s:s:%d", i)] = subtitleLabels(spec.Subtitles[i])
				o[fmt.Sprintf("disposition:s:%d", i)] = "0"
			}
			maps.Copy(o, layout)
			return ffmpeg.Output(streams, locate(out), o)
		}
	}
	samples, err := textSamples(subtitles)
	if err != nil {
		return VideoFacts{}, err
	}
	if err := t.writeMP4(ctx, build, spec.Rate, indexSize(spec.Frames, spec.Rate, samples), on); err != nil {
		return VideoFacts{}, fmt.Errorf("add subtitles: %w", err)
	}
	made, err := t.prove(ctx, out, spec.Rate, spec.Frames)
	if err != nil {
		return VideoFacts{}, err
	}
	if err := made.proveSound(); err != nil {
		return VideoFacts{}, fmt.Errorf("%s is not what was asked for: %w", filepath.Base(out), err)
	}
	return made.VideoFacts, made.proveSubtitles(spec.Subtitles)
}

// textSamples is at least how many samples the text tracks of these files have: none is
// shorter than its two bytes of length and two numbers of its tables.
func textSamples(paths []string) (n int64, err error) {
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return 0, fmt.Errorf("look at the subtitles: %w", err)
		}
		n += info.Size() / 10
	}
	return n, nil
}

// proveSubtitles checks that the subtitle streams are there, in order, each in its
// language.
func (f *finished) proveSubtitles(languages []string) error {
	var got, want []string
	for _, s := range f.streams {
		if s.Kind == "subtitle" {
			got = append(got, s.Tags["language"])
		}
	}
	for _, tag := range languages {
		want = append(want, conference.ISO639(tag))
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		return fmt.Errorf("the subtitles are in %v, not in %v", got, want)
	}
	return nil
}

// subtitleLabels is what a player shows of a subtitle stream. A region or script, which
// the three letters of MP4 cannot tell, is told by the name.
func subtitleLabels(tag string) []string {
	labels := []string{"language=" + conference.ISO639(tag)}
	if parsed, err := language.Parse(tag); err == nil && parsed != language.Und {
		if name := display.Self.Name(parsed); name != "" {
			labels = append(labels, "title="+name, "handler_name="+name)
		}
	}
	return labels
}
