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

// estimateTextSamples returns an upper bound for the number of samples in subtitle files, from
// their sizes: a sample takes at least ten bytes, in an MP4 two for the length and two numbers in
// its tables.
func estimateTextSamples(paths []string) (n int64, err error) {
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return 0, fmt.Errorf("look at the subtitles: %w", err)
		}
		n += info.Size() / 10
	}
	return n, nil
}

// verifySubtitles returns an error unless the file has one subtitle stream for each language, in
// that order. languages are BCP 47 tags.
func (f *verifiedFile) verifySubtitles(languages []string) error {
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

// labelStream sets, in o, the language of stream i of a kind, "a" for sound or "s" for subtitles.
// If named is true, it also sets the stream's title to the language's own name for itself: MP4 has
// room only for a language code of three letters, so the title has to tell regions and scripts
// apart. tag is a BCP 47 tag.
func labelStream(o options, kind string, i int, tag string, named bool) {
	labels := []string{"language=" + conference.ISO639(tag)}
	if parsed, err := language.Parse(tag); err == nil && parsed != language.Und && named {
		if name := display.Self.Name(parsed); name != "" {
			labels = append(labels, "title="+name, "handler_name="+name)
		}
	}
	o[fmt.Sprintf("metadata:s:%s:%d", kind, i)] = labels
}

// openSubtitles returns a subtitle file that Lectern wrote as an input. No other formats are
// allowed.
func openSubtitles(path string) *ffmpeg.Stream {
	return openInput(path, options{"format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,srt,webvtt"})
}
