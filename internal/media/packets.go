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

// packet is a packet of a container. Times are in ticks of its stream.
type packet struct {
	stream   int
	pts, dts int64 // noTime if the container has none
	duration int64
	size     int64 // bytes
	end      int64 // approximate file offset of its end; 0 if unknown
	key      bool
	shift    int64 // ticks that were added to its timestamps
	discard  bool  // needed to decode others, but not shown
}

// noTime is a missing timestamp.
const noTime = math.MinInt64

// readPackets calls each for every packet of a file, in the order of the file, until each returns
// an error, which it then returns. ffprobe reads the packets without decoding and in constant
// memory. options are further options of ffprobe, such as a choice of streams. stderr is what
// ffprobe wrote to standard error.
func (t Tools) readPackets(ctx context.Context, path string, options []string, each func(packet) error) (stderr string, err error) {
	args := append(options, "-show_packets", "-show_entries", "packet=stream_index,pts,dts,duration,size,pos,flags", "-of", "csv=p=0")
	return t.Inspect(ctx, append(args, InputArgs(path)...), func(r io.Reader) error {
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

// parsePacket parses a line of ffprobe: "stream,pts,dts,duration,size,pos,flags". Unknown times
// become noTime, and other unknown numbers 0. It returns an error if the line has fewer fields or
// no stream.
func parsePacket(line string) (p packet, err error) {
	f := strings.Split(line, ",")
	if len(f) < 7 {
		return p, fmt.Errorf("ffprobe wrote an odd packet: %q", line)
	}
	if p.stream, err = strconv.Atoi(f[0]); err != nil {
		return p, fmt.Errorf("ffprobe wrote an odd packet: %q", line)
	}
	p.pts, p.dts = parseTicks(f[1]), parseTicks(f[2])
	p.duration = max(0, parseTicks(f[3]))
	p.size = max(0, parseTicks(f[4]))
	if pos := parseTicks(f[5]); pos != noTime {
		p.end = pos + p.size
	}
	p.key = strings.Contains(f[6], "K")
	p.discard = strings.Contains(f[6], "D")
	return p, nil
}

func parseTicks(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return noTime // "N/A"
	}
	return n
}

// reorderDepth is more frames than any codec reorders: 16 in H.264 and HEVC, possibly as two
// fields each.
const reorderDepth = 40

// displayOrder sorts timestamps from decoding order into display order.
type displayOrder struct {
	queue timestampHeap
	next  func(pts int64) error
}

func (d *displayOrder) push(pts int64) error {
	heap.Push(&d.queue, pts)
	if len(d.queue) > reorderDepth {
		return d.next(heap.Pop(&d.queue).(int64))
	}
	return nil
}

// flush passes the timestamps that are still queued to d.next, in display order.
func (d *displayOrder) flush() error {
	for len(d.queue) > 0 {
		if err := d.next(heap.Pop(&d.queue).(int64)); err != nil {
			return err
		}
	}
	return nil
}

// timestampHeap is a heap with the least timestamp first.
type timestampHeap []int64

func (t timestampHeap) Len() int           { return len(t) }
func (t timestampHeap) Less(i, j int) bool { return t[i] < t[j] }
func (t timestampHeap) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *timestampHeap) Push(x any)        { *t = append(*t, x.(int64)) }
func (t *timestampHeap) Pop() any {
	last := (*t)[len(*t)-1]
	*t = (*t)[:len(*t)-1]
	return last
}
