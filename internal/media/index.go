package media

import (
	"context"
	"fmt"
	"strconv"

	ffmpeg "github.com/u2takey/ffmpeg-go"
)

// Index copies the picture and all sounds of the recording in, of which p was found, into
// a Matroska file that seeks exactly; nothing is encoded but sound that Matroska cannot
// hold. Times stay as they are, so that picture and sound keep their distance. The result
// is a recording like any other: probe it, and use it in place of in. on, which may be
// nil, is told how far it is.
func (t Tools) Index(ctx context.Context, in, out string, p Probe, on func(Progress)) error {
	args, err := arguments(func() *ffmpeg.Stream {
		source := open(in, options{"fflags": "+genpts"})
		streams := []*ffmpeg.Stream{source.Get(strconv.Itoa(p.Video.Stream))}
		o := options{"format": "matroska", "c": "copy", "map_metadata": "-1", "map_chapters": "-1", "fflags": "+bitexact"}
		for i, a := range p.Audio {
			streams = append(streams, source.Get(strconv.Itoa(a.Stream)))
			if a.Codec == "pcm_bluray" || a.Codec == "pcm_dvd" {
				o[fmt.Sprintf("c:a:%d", i)] = "pcm_s24le"
			}
			if a.Language != "" {
				o[fmt.Sprintf("metadata:s:a:%d", i)] = "language=" + a.Language
			}
		}
		return ffmpeg.Output(streams, locate(out), o)
	})
	if err != nil {
		return err
	}
	if _, err = t.Run(ctx, append([]string{"-copyts"}, args...), on); err != nil {
		return fmt.Errorf("index the recording: %w", err)
	}
	return nil
}
