package media

import (
	"fmt"
	"os"
	"strings"

	ffmpeg "github.com/u2takey/ffmpeg-go"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/lectern-av/lectern/internal/conference"
)

// softSubtitles adds the text tracks of the MP4 files subtitles (see subtitle.WriteMP4) to
// what goes into a film, in the languages of spec and in their order.
func softSubtitles(spec AssembleSpec, subtitles []string, streams []*ffmpeg.Stream, o options) []*ffmpeg.Stream {
	for i, path := range subtitles {
		streams = append(streams, open(path).Get("s:0"))
		o[fmt.Sprintf("metadata:s:s:%d", i)] = subtitleLabels(spec.Subtitles[i])
		o[fmt.Sprintf("disposition:s:%d", i)] = "0"
	}
	return streams
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
