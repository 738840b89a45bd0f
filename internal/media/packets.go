package media

import (
	"bufio"
	"container/heap"
	"context"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// packet is one packet of a container. Times are in ticks of its stream.
type packet struct {
	stream   int
	pts, dts int64 // noTime where the container gives none
	duration int64
	size     int64 // bytes
	end      int64 // the byte of the file behind it, about; 0 where that is not known
	key      bool
	moved    int64 // ticks that were added to its times
	discard  bool  // needed to decode others, never shown
}

// noTime is what a packet without a timestamp has.
const noTime = math.MinInt64

// packets reads all packets of a file through ffprobe, without decoding, in constant
// memory. options may select streams or set other options of ffprobe.
func (t Tools) packets(ctx context.Context, path string, options []string, each func(packet) error) (said string, err error) {
	args := append(options, "-show_packets", "-show_entries", "packet=stream_index,pts,dts,duration,size,pos,flags", "-of", "csv=p=0")
	return t.Inspect(ctx, append(args, Input(path)...), func(r io.Reader) error {
		lines := bufio.NewScanner(r)
		for lines.Scan() {
			if lines.Text() == "" {
				continue
			}
			p, err := parsePacket(lines.Text())
			if err != nil {
				return err
			}
			if err := each(p); err != nil {
				return err
			}
		}
		return lines.Err()
	})
}

// parsePacket reads "stream,pts,dts,duration,size,pos,flags".
func parsePacket(line string) (p packet, err error) {
	f := strings.Split(line, ",")
	if len(f) < 7 {
		return p, fmt.Errorf("ffprobe wrote an odd packet: %q", line)
	}
	if p.stream, err = strconv.Atoi(f[0]); err != nil {
		return p, fmt.Errorf("ffprobe wrote an odd packet: %q", line)
	}
	p.pts, p.dts = ticks(f[1]), ticks(f[2])
	p.duration = max(0, ticks(f[3]))
	p.size = max(0, ticks(f[4]))
	if pos := ticks(f[5]); pos != noTime {
		p.end = pos + p.size
	}
	p.key = strings.Contains(f[6], "K")
	p.discard = strings.Contains(f[6], "D")
	return p, nil
}

func ticks(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return noTime // "N/A"
	}
	return n
}

// reorderDepth is more pictures than any codec here holds back for reordering: 16 in
// H.264 and HEVC, each perhaps as two fields.
const reorderDepth = 40

// displayOrder brings timestamps that come in decoding order into the order of display.
type displayOrder struct {
	held times
	next func(pts int64) error
}

func (d *displayOrder) push(pts int64) error {
	heap.Push(&d.held, pts)
	if len(d.held) > reorderDepth {
		return d.next(heap.Pop(&d.held).(int64))
	}
	return nil
}

// flush hands on what is still held.
func (d *displayOrder) flush() error {
	for len(d.held) > 0 {
		if err := d.next(heap.Pop(&d.held).(int64)); err != nil {
			return err
		}
	}
	return nil
}

// times is a heap of timestamps, the least first.
type times []int64

func (t times) Len() int           { return len(t) }
func (t times) Less(i, j int) bool { return t[i] < t[j] }
func (t times) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *times) Push(x any)        { *t = append(*t, x.(int64)) }
func (t *times) Pop() any {
	last := (*t)[len(*t)-1]
	*t = (*t)[:len(*t)-1]
	return last
}
