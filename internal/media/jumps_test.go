package media

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// packetsOf returns seconds of packets from a time on, in milliseconds, in the order of a file
// in which sound is half a second behind the video.
func packetsOf(from, seconds int64) (all []packet) {
	for at := int64(0); at < 1000*seconds+500; at += 20 {
		if at < 1000*seconds && at%40 == 0 {
			all = append(all, packet{stream: 0, pts: from + at + 80, dts: from + at, duration: 40, key: at == 0})
		}
		if at >= 500 {
			all = append(all, packet{stream: 1, pts: from + at - 420, dts: from + at - 420, duration: 20, key: true})
		}
	}
	return all
}

func TestEpochs_FindJumps(t *testing.T) {
	only := func(stream int, all []packet) []packet {
		return slices.DeleteFunc(all, func(p packet) bool { return p.stream != stream })
	}
	apart := packetsOf(0, 60) // and yet no jump
	for i := range apart {
		if apart[i].dts > 20_000 {
			apart[i].pts, apart[i].dts = apart[i].pts+9000, apart[i].dts+9000
		}
	}
	for _, c := range []struct {
		name  string
		parts [][]packet
		wrap  time.Duration
		want  string // "at+by", or what is wrong
	}{
		{name: "no jump", parts: [][]packet{packetsOf(1000, 60)}},
		{name: "a gap", parts: [][]packet{apart}},
		{name: "sound that stops for a minute", parts: [][]packet{packetsOf(0, 20), only(0, packetsOf(20_000, 60)), packetsOf(80_000, 20)}},
		{name: "picture that stops for a minute", parts: [][]packet{packetsOf(0, 20), only(1, packetsOf(20_000, 60)), packetsOf(80_000, 20)}},
		{name: "forward", parts: [][]packet{packetsOf(0, 20), packetsOf(600_000, 20)}, want: "20.08s+9m40s"},
		{name: "back", parts: [][]packet{packetsOf(0, 20), packetsOf(0, 20)}, want: "20.08s-20s"},
		{name: "back a little", parts: [][]packet{packetsOf(0, 20), packetsOf(19_500, 20)}, want: "20.08s-500ms"},
		{name: "back, taken for a wrap", parts: [][]packet{packetsOf(600_000, 20), packetsOf(1_000_000, 20)}, wrap: 500 * time.Second, want: "10m20.08s-2m0s"},
		{name: "three times", parts: [][]packet{packetsOf(0, 5), packetsOf(100_000, 5), packetsOf(0, 5), packetsOf(100_000, 5)},
			want: "5.08s+1m35s 10.08s-1m45s 15.08s+1m35s"},
		{name: "and the sound ends there", parts: [][]packet{packetsOf(0, 20), only(0, packetsOf(600_000, 20))}, want: "20.08s+9m40s"},
		{name: "of a picture that is alone", parts: [][]packet{only(0, packetsOf(0, 60)), only(0, packetsOf(300_000, 20))}},
		{name: "of a picture that is alone, by hours", parts: [][]packet{only(0, packetsOf(0, 60)), only(0, packetsOf(7_200_000, 20))}, want: "1m0.08s+1h59m0s"},
		{name: "of the picture alone, beside sound", parts: [][]packet{packetsOf(0, 20), only(0, packetsOf(600_000, 20)), only(1, packetsOf(20_000, 20))}, want: "disorder"},
		{name: "a damaged time", parts: [][]packet{packetsOf(0, 20), {{stream: 0, pts: 9e9, dts: 9e9, duration: 40}}, packetsOf(20_000, 20)}, want: "disorder"},
	} {
		t.Run(c.name, func(t *testing.T) {
			streams := []stream{{Index: 0, TimeBase: "1/1000"}, {Index: 1, TimeBase: "1/1000"}}
			if strings.HasPrefix(c.name, "of a picture that") {
				streams = streams[:1]
			}
			e := newEpochs(streams, maxBackward/10)
			count := map[int]int64{}
			for _, p := range slices.Concat(c.parts...) {
				e.add(p, count[p.stream])
				count[p.stream]++
			}
			jumps, ok := e.jumps(c.wrap)
			var stderr []string
			for _, j := range jumps {
				sign := "+"
				if j.By < 0 {
					sign = ""
				}
				stderr = append(stderr, fmt.Sprintf("%v%s%v", j.At, sign, j.By))
			}
			if !ok {
				stderr = []string{"disorder"}
			}
			if got := strings.Join(stderr, " "); got != c.want {
				t.Errorf("jumps %q, want %q", got, c.want)
			}
		})
	}
}
