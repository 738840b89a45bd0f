package media

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/timeline"
)

// maxBrokenRanges is the most damage in a sound stream with which it is still used.
const maxBrokenRanges = 2000

// findBrokenAAC returns the packets of a recording's AAC streams that are not valid ADTS frames, as
// when a receiver lost data. A single one keeps ffmpeg from copying the whole stream. The recording
// must be in a format that stores AAC as ADTS, such as MPEG-TS. The result is ranges of packet
// numbers from 0, by stream index; undamaged streams are left out. It returns an inputerr.Error if
// a stream is damaged in more than maxBrokenRanges places. name is the recording's name in errors.
func (t Tools) findBrokenAAC(ctx context.Context, path, name string, p Probe) (map[int][]timeline.Range, error) {
	all := map[int][]timeline.Range{}
	for _, a := range p.Audio {
		if a.Codec != "aac" {
			continue
		}
		broken, err := t.findBrokenADTS(ctx, path, a.Stream)
		if err != nil {
			return nil, fmt.Errorf("look for broken sound in %s: %w", name, err)
		}
		if len(broken) > maxBrokenRanges {
			return nil, inputerr.Coded("recording.sound_damaged", "has sound that is damaged in more than {max} places", "max", maxBrokenRanges).In(name).
				Hint("Copy it again from the recorder, or use another recording")
		}
		if len(broken) > 0 {
			all[a.Stream] = broken
		}
	}
	return all, nil
}

func (t Tools) findBrokenADTS(ctx context.Context, path string, stream int) (broken []timeline.Range, err error) {
	var sizes []int64
	_, err = t.readPackets(ctx, path, []string{"-select_streams", strconv.Itoa(stream)}, func(p packet) error {
		sizes = append(sizes, p.size)
		return nil
	})
	if err != nil {
		return nil, err
	}
	args := append(InputArgs(path), "-map", fmt.Sprintf("0:%d", stream), "-c", "copy", "-f", "data", "pipe:1")
	_, err = t.Stream(ctx, args, func(r io.Reader) error {
		in := bufio.NewReader(r)
		for n, size := range sizes {
			head, err := in.Peek(int(min(size, adtsHeader)))
			if err != nil {
				return fmt.Errorf("packet %d: %w", n, err)
			}
			if !isADTS(head, size) {
				broken = appendToRanges(broken, int64(n))
			}
			if _, err := in.Discard(int(size)); err != nil {
				return fmt.Errorf("packet %d: %w", n, err)
			}
		}
		return nil
	})
	return broken, err
}

// appendToRanges adds n to ascending ranges; n must be greater than all numbers in them. It extends
// the last range if n comes directly after it, and else appends a new one.
func appendToRanges(all []timeline.Range, n int64) []timeline.Range {
	if last := len(all) - 1; last >= 0 && all[last].To == n {
		all[last].To++
		return all
	}
	return append(all, timeline.Range{From: n, To: n + 1})
}

const adtsHeader = 7 // bytes, without a checksum

// isADTS reports whether a packet is an AAC frame with a valid ADTS header: the sync word, layer 0,
// a defined sample rate, a length of at most the packet's, and if it has a checksum, only one block
// of samples. head is the packet's first bytes, and size its length.
func isADTS(head []byte, size int64) bool {
	if len(head) < adtsHeader || head[0] != 0xff || head[1]&0xf6 != 0xf0 {
		return false
	}
	const rates = 13 // number of defined sample rates
	rate, whole := head[2]>>2&0xf, int64(head[3]&3)<<11|int64(head[4])<<3|int64(head[5])>>5
	checked, frames := head[1]&1 == 0, head[6]&3
	return rate < rates && whole > adtsHeader+2 && whole <= size && !(checked && frames > 0)
}

// dropPacketsFilter returns a bitstream filter of ffmpeg that removes ranges of packets, counted
// from 0.
func dropPacketsFilter(broken []timeline.Range) string {
	var any []string
	for _, r := range broken {
		any = append(any, fmt.Sprintf("between(n,%d,%d)", r.From, r.To-1))
	}
	return "noise=drop='" + strings.Join(any, "+") + "'"
}
