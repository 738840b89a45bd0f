package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/lectern-av/lectern/internal/timeline"
)

// box is a box of an MP4, as defined by ISO/IEC 14496-12.
type box struct {
	kind string
	body []byte
}

// errBadBoxes is returned for an MP4 with a box that is larger than the one around it.
var errBadBoxes = errors.New("its boxes do not nest")

// parseBoxes splits b into the MP4 boxes that it consists of. It returns errBadBoxes if a box does
// not fit.
func parseBoxes(b []byte) (all []box, err error) {
	for len(b) > 0 {
		if len(b) < 8 {
			return nil, errBadBoxes
		}
		size, head := uint64(binary.BigEndian.Uint32(b)), uint64(8)
		if size == 1 && len(b) >= 16 {
			size, head = binary.BigEndian.Uint64(b[8:]), 16
		}
		if size < head || size > uint64(len(b)) {
			return nil, errBadBoxes
		}
		all = append(all, box{string(b[4:8]), b[head:size]})
		b = b[size:]
	}
	return all, nil
}

// findBox returns the body of the box at the end of path, which names the kinds of the boxes to
// enter from b on, the first of each kind. It returns an error if there is none.
func findBox(b []byte, path ...string) ([]byte, error) {
	for _, kind := range path {
		all, err := parseBoxes(b)
		if err != nil {
			return nil, err
		}
		b = nil
		for _, x := range all {
			if x.kind == kind {
				b = x.body
				break
			}
		}
		if b == nil {
			return nil, fmt.Errorf("it has no %s box", kind)
		}
	}
	return b, nil
}

// readMoov returns the body of an MP4's index, its moov box. front reports whether it precedes the
// media data, so that a browser can play the file while it loads.
func readMoov(path string) (body []byte, front bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	front = true
	for at := int64(0); ; {
		head := make([]byte, 16)
		if n, err := f.ReadAt(head, at); n < 8 {
			return nil, false, fmt.Errorf("it has no moov box: %w", err)
		}
		size, length := int64(binary.BigEndian.Uint32(head)), int64(8)
		if size == 1 {
			size, length = int64(binary.BigEndian.Uint64(head[8:])), 16
		}
		if size < length {
			return nil, false, errBadBoxes
		}
		switch string(head[4:8]) {
		case "moov":
			body = make([]byte, size-length)
			_, err := io.ReadFull(io.NewSectionReader(f, at+length, size-length), body)
			return body, front, err
		case "mdat":
			front = false
		}
		at += size
	}
}

// decoderConfiguration returns everything that a decoder must know before the first frame of a
// segment: the sample description of its only track, without the bit rate, which no decoder
// needs. Segments with equal configurations can be joined.
func decoderConfiguration(path string) ([]byte, error) {
	index, _, err := readMoov(path)
	if err != nil {
		return nil, fmt.Errorf("read the configuration of a segment: %w", err)
	}
	entry, err := sampleDescription(index)
	if err != nil {
		return nil, fmt.Errorf("read the configuration of a segment: %w", err)
	}
	inner, err := parseBoxes(entry.body[visualEntrySize:])
	if err != nil {
		return nil, fmt.Errorf("read the configuration of a segment: %w", err)
	}
	var known bytes.Buffer
	known.WriteString(entry.kind)
	known.Write(entry.body[:visualEntrySize])
	for _, x := range inner {
		if x.kind != "btrt" {
			known.WriteString(x.kind)
			known.Write(x.body)
		}
	}
	return known.Bytes(), nil
}

// visualEntrySize is the size of a video sample description before its boxes.
const visualEntrySize = 78

// sampleDescription returns the only entry of the first track's sample descriptions. It returns an
// error if there are several, or if it is too short for a video.
func sampleDescription(index []byte) (box, error) {
	entries, err := findBox(index, "trak", "mdia", "minf", "stbl", "stsd")
	if err != nil {
		return box{}, err
	}
	const fullBox = 8 // bytes before the entries
	all, err := parseBoxes(entries[min(fullBox, len(entries)):])
	if err != nil || len(all) != 1 || len(all[0].body) < visualEntrySize {
		return box{}, errBadBoxes
	}
	return all[0], nil
}

// segmentInfo is what the index of an encoded segment says.
type segmentInfo struct {
	codec         string // as in Encoding; if unknown, the type of the sample description
	width, height int
	times         []int64 // presentation times in ticks, ascending
	scale         int64   // ticks a second
}

// readSegment returns what the index of the segment at path says: codec, size and frame times. It
// returns an error if the file is not an MP4 with a single track, a video.
func readSegment(path string) (s segmentInfo, err error) {
	index, _, err := readMoov(path)
	if err != nil {
		return s, err
	}
	all, err := parseBoxes(index)
	if err != nil {
		return s, err
	}
	if n := len(slices.DeleteFunc(all, func(x box) bool { return x.kind != "trak" })); n != 1 {
		return s, fmt.Errorf("it has %d tracks", n)
	}
	entry, err := sampleDescription(index)
	if err != nil {
		return s, err
	}
	s.codec = entry.kind
	switch s.codec {
	case "avc1":
		s.codec = "h264"
	case "vp09":
		s.codec = "vp9"
	case "av01":
		s.codec = "av1"
	case "FFV1":
		s.codec = "ffv1"
	}
	s.width, s.height = int(binary.BigEndian.Uint16(entry.body[24:])), int(binary.BigEndian.Uint16(entry.body[26:]))
	s.times, s.scale, err = sortedSampleTimes(index)
	return s, err
}

// pictureTimes returns the presentation times of an MP4's first track in ticks, ascending;
// scale is the number of ticks a second. It reads only the index, so that verifying a long
// video costs little.
func pictureTimes(path string) (times []int64, scale int64, err error) {
	index, _, err := readMoov(path)
	if err != nil {
		return nil, 0, err
	}
	return sortedSampleTimes(index)
}

// keyFrames returns the frame numbers of the keyframes of an MP4 with a constant frame rate,
// ascending. If the index lists no keyframes, all frames are.
func keyFrames(path string, rate timeline.Rate) (frames []int64, err error) {
	index, _, err := readMoov(path)
	if err != nil {
		return nil, err
	}
	times, scale, err := sampleTimes(index)
	if err != nil {
		return nil, err
	}
	frame := func(sample int) int64 { return timeline.Rescale(times[sample], rate.Num, scale*rate.Den) }
	samples, err := findBox(index, "trak", "mdia", "minf", "stbl")
	if err != nil {
		return nil, err
	}
	if _, none := findBox(samples, "stss"); none != nil { // all frames are keyframes
		for i := range times {
			frames = append(frames, frame(i))
		}
	} else {
		err = eachTableEntry(samples, "stss", 1, func(f []uint32) {
			if n := int(f[0]); n >= 1 && n <= len(times) {
				frames = append(frames, frame(n-1))
			}
		})
	}
	slices.Sort(frames)
	return frames, err
}

// sortedSampleTimes returns the presentation times of the first track in ticks, ascending. scale is
// the number of ticks a second.
func sortedSampleTimes(index []byte) (times []int64, scale int64, err error) {
	times, scale, err = sampleTimes(index)
	slices.Sort(times)
	return times, scale, err
}

// sampleTimes returns the presentation times of the first track in ticks, in the order of the file.
// scale is the number of ticks a second. An edit list of more than one edit is an error.
func sampleTimes(index []byte) (times []int64, scale int64, err error) {
	track, err := findBox(index, "trak")
	if err != nil {
		return nil, 0, err
	}
	head, err := findBox(track, "mdia", "mdhd")
	if err != nil {
		return nil, 0, err
	}
	head = zeroPad(head, 32)
	scale = int64(binary.BigEndian.Uint32(head[12:]))
	if head[0] == 1 { // preceded by 64-bit dates
		scale = int64(binary.BigEndian.Uint32(head[20:]))
	}
	samples, err := findBox(track, "mdia", "minf", "stbl")
	if err != nil {
		return nil, 0, err
	}
	var at int64
	err = eachTableEntry(samples, "stts", 2, func(f []uint32) {
		for range f[0] {
			times = append(times, at)
			at += int64(f[1])
		}
	})
	if err != nil {
		return nil, 0, err
	}
	shift, err := editStart(track)
	if err != nil {
		return nil, 0, err
	}
	for i := range times {
		times[i] -= shift
	}
	if _, none := findBox(samples, "ctts"); none == nil {
		i := 0
		err = eachTableEntry(samples, "ctts", 2, func(f []uint32) {
			for range min(int(f[0]), len(times)-i) {
				times[i] += int64(int32(f[1]))
				i++
			}
		})
	}
	return times, scale, err
}

// editStart returns the media time, in the track's ticks, from which on the track is shown: 0 if it
// has no edit list. It returns an error if the track has several edits or begins with a gap, which
// Lectern's own files do not have.
func editStart(track []byte) (from int64, err error) {
	list, none := findBox(track, "edts", "elst")
	if none != nil {
		return 0, nil
	}
	list = zeroPad(list, 28)
	if binary.BigEndian.Uint32(list[4:]) != 1 {
		return 0, errors.New("its picture is edited in several pieces")
	}
	from = int64(int32(binary.BigEndian.Uint32(list[12:])))
	if list[0] == 1 {
		from = int64(binary.BigEndian.Uint64(list[16:]))
	}
	if from < 0 {
		return 0, errors.New("its picture begins with nothing")
	}
	return from, nil
}

// eachTableEntry calls each for every entry of a table, which is a box of that kind among the boxes
// in b. An entry consists of that many 32-bit fields. The slice is used again for the next entry.
func eachTableEntry(b []byte, kind string, fields int, each func([]uint32)) error {
	body, err := findBox(b, kind)
	if err != nil {
		return err
	}
	body = zeroPad(body, 8)
	n := int(binary.BigEndian.Uint32(body[4:]))
	body = body[8:]
	if len(body) < n*fields*4 {
		return errBadBoxes
	}
	entry := make([]uint32, fields)
	for i := range n {
		for k := range entry {
			entry[k] = binary.BigEndian.Uint32(body[(i*fields+k)*4:])
		}
		each(entry)
	}
	return nil
}

// zeroPad returns b with zeros appended up to a length, so that the fields of a truncated box read
// as zero.
func zeroPad(b []byte, length int) []byte {
	for len(b) < length {
		b = append(b[:len(b):len(b)], 0)
	}
	return b
}
