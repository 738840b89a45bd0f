package media

import (
	"fmt"
	"maps"
	"strings"

	ffmpeg "github.com/u2takey/ffmpeg-go"
)

// options are named options of an ffmpeg input, filter or output.
type options = ffmpeg.KwArgs

// buildArgs returns ffmpeg's arguments for the graph that build returns. A wrong graph, which is a
// bug, makes ffmpeg-go panic; buildArgs returns that as an error.
func buildArgs(build func() *ffmpeg.Stream) (args []string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("build the filter graph: %v", p)
		}
	}()
	return build().GetArgs(), nil
}

// openInput returns the file at path as an input, with the restrictions of InputArgs and more
// options. A later option replaces an earlier one of the same name.
func openInput(path string, more ...options) *ffmpeg.Stream {
	all := options{"protocol_whitelist": allowedProtocols, "format_whitelist": allowedDemuxers}
	for _, o := range more {
		maps.Copy(all, o)
	}
	return ffmpeg.Input(fileURL(path), all)
}

// filter appends a filter to s. It escapes the characters that are special in a filter's options;
// ffmpeg-go itself escapes those that are special in a graph.
func filter(s *ffmpeg.Stream, name string, o options) *ffmpeg.Stream {
	escaped := options{}
	for k, v := range o {
		escaped[k] = strings.NewReplacer(`\`, `\\`, `'`, `\'`, `:`, `\:`).Replace(fmt.Sprint(v))
	}
	return s.Filter(name, nil, escaped)
}
