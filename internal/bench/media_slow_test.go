//go:build slow

package main

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestLargeRecording_SizeAndContinuity(t *testing.T) {
	const size = 40e6
	path, err := studio(t, "media").LargeRecording(t.Context(), size, 2*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if file.Size() < size || file.Size() > size*1.1 {
		t.Errorf("%d bytes, want %.0f or little more", file.Size(), float64(size))
	}
	for stream, tick := range map[string]string{"v:0": "0.040000", "a:0": "0.021333"} {
		durations := ffprobe(t, path, "-select_streams", stream, "-show_entries", "packet=duration_time")
		packets := strings.Fields(durations)
		if len(packets) < 3000 {
			t.Errorf("%s has %d packets, too few for two minutes", stream, len(packets))
		}
		for i, d := range packets[:len(packets)-1] {
			if d != tick {
				t.Errorf("%s: packet %d lasts %s s, want %s", stream, i, d, tick)
				break
			}
		}
	}
}
