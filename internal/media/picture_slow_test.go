//go:build slow

package media

import (
	"testing"
	"time"
)

// TestEncode_ChunkedEqualsSinglePassAllRecordings runs the whole table: three cuts of each
// recording, in chunks so short that there are many joins, more than twenty of them at 29.97
// frames a second.
func TestEncode_ChunkedEqualsSinglePassAllRecordings(t *testing.T) {
	for _, r := range recordings {
		every := time.Second
		if r.rate == ntsc30 { // where each join could drift
			every = 400 * time.Millisecond
		}
		t.Run(r.name, func(t *testing.T) { r.check(t, 3, every) })
	}
}
