package media

import (
	"fmt"
	"maps"
	"strings"

	ffmpeg "github.com/u2takey/ffmpeg-go"
)

// options are named options of an input, a filter or an output of ffmpeg.
type options = ffmpeg.KwArgs

// buildArgs is the command line of the graph that build makes. ffmpeg-go panics where a
// graph is wrong; that is an error here, and a fault of ours.
func buildArgs(build func() *ffmpeg.Stream) (args []string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("build the filter graph: %v", p)
		}
	}()
	return build().GetArgs(), nil
}

// openInput is an input with the options of Input and others.
func openInput(path string, more ...options) *ffmpeg.Stream {
	all := options{"protocol_whitelist": allowedProtocols, "format_whitelist": allowedDemuxers}
	for _, o := range more {
		maps.Copy(all, o)
	}
	return ffmpeg.Input(fileURL(path), all)
}

// filter appends a filter. ffmpeg-go escapes what means something in a graph, and leaves
// what means something in a filter's options to us.
func filter(s *ffmpeg.Stream, name string, o options) *ffmpeg.Stream {
	escaped := options{}
	for k, v := range o {
		escaped[k] = strings.NewReplacer(`\`, `\\`, `'`, `\'`, `:`, `\:`).Replace(fmt.Sprint(v))
	}
	return s.Filter(name, nil, escaped)
}
