package main

import (
	"fmt"
	"runtime"
	"strings"
	"time"
)

// pipelineSpec describes a pipeline with only what a benchmark needs.
type pipelineSpec struct {
	cards      bool          // opening and closing, as long as in the pipeline for talks
	chunk      time.Duration //
	renditions []string      // as YAML has them
	codec      string        // of the sound
	thumbnail  bool
}

func (p pipelineSpec) yaml() string {
	opening, closing := "0s", "0s"
	if p.cards {
		opening, closing = "5s", "4s"
	}
	needs, thumbnail := "", ""
	if p.thumbnail {
		needs, thumbnail = ", thumbnail", "  - {name: thumbnail, uses: thumbnail, needs: [index]}\n"
	}
	return fmt.Sprintf(`programme: {opening: %s, closing: %s, chunk: %s}
stages:
  - {name: probe, uses: probe}
  - {name: index, uses: index, needs: [probe]}
  - {name: analyse, uses: analyse, needs: [index]}
  - name: encode
    uses: encode
    needs: [index]
    with:
      renditions:
        - %s
  - {name: card, uses: card, needs: [encode]}
  - {name: audio, uses: audio, needs: [index, analyse], with: {codec: %s, bitrate: %s}}
  - {name: assemble, uses: assemble, needs: [card, encode, audio]}
%s  - {name: captions, uses: captions}
  - {name: subtitled, uses: subtitled, needs: [assemble, captions]}
  - {name: bundle, uses: bundle, needs: [assemble, subtitled, captions%s]}
`, opening, closing, p.chunk, strings.Join(p.renditions, "\n        - "), p.codec, audioBitrate, thumbnail, needs)
}

// audioBitrate is the bitrate of all audio.
const audioBitrate = "128k"

// evenChunk returns the length of chunks, 5 to 30 seconds, that divides a recording's length
// evenly. Their number is a multiple of Lectern's slots, so that no core is idle during the last
// ones.
func evenChunk(length time.Duration) time.Duration {
	slots := max(2, runtime.NumCPU())
	n := slots
	for length/time.Duration(n) > 30*time.Second {
		n += slots
	}
	return max(5*time.Second, length/time.Duration(n))
}
