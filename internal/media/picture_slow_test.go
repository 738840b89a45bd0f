//go:build slow

package media

import (
	"testing"
	"time"
)

// TestEveryRecordingChunkedEqualsSinglePass is the whole table: ten cuts of each, in
// chunks so short that there are dozens of joins.
func TestEveryRecordingChunkedEqualsSinglePass(t *testing.T) {
	for _, r := range recordings {
		t.Run(r.name, func(t *testing.T) { r.check(t, 10, 400*time.Millisecond) })
	}
}
