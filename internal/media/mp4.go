package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// box is one box of an MP4, as ISO/IEC 14496-12 describes it.
type box struct {
	kind string
	body []byte
}

// errBoxes is an MP4 whose boxes do not fit into one another.
var errBoxes = errors.New("its boxes do not nest")

// boxes splits b into the boxes it is made of.
func boxes(b []byte) (all []box, err error) {
	for len(b) > 0 {
		if len(b) < 8 {
			return nil, errBoxes
		}
		size, head := uint64(binary.BigEndian.Uint32(b)), uint64(8)
		if size == 1 && len(b) >= 16 {
			size, head = binary.BigEndian.Uint64(b[8:]), 16
		}
		if size < head || size > uint64(len(b)) {
			return nil, errBoxes
		}
		all = append(all, box{string(b[4:8]), b[head:size]})
		b = b[size:]
	}
	return all, nil
}

// inside follows a path of kinds into b and gives the body of the first box there.
func inside(b []byte, path ...string) ([]byte, error) {
	for _, kind := range path {
		all, err := boxes(b)
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

// moov reads the index of the MP4 at path, and nothing else of it. front says whether it
// stands before the pictures, so that a browser can play while it loads.
func moov(path string) (body []byte, front bool, err error) {
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
			return nil, false, errBoxes
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

// configuration is all that a decoder must know before the first picture of a segment: the
// description of its only track, but for its bit rate, which no decoder needs. Segments
// with equal configurations can be joined.
func configuration(path string) ([]byte, error) {
	index, _, err := moov(path)
	if err != nil {
		return nil, fmt.Errorf("read the configuration of a segment: %w", err)
	}
	entries, err := inside(index, "trak", "mdia", "minf", "stbl", "stsd")
	if err != nil {
		return nil, fmt.Errorf("read the configuration of a segment: %w", err)
	}
	const fullBox, visualEntry = 8, 78 // bytes before the boxes we look for
	all, err := boxes(entries[min(fullBox, len(entries)):])
	if err != nil || len(all) != 1 || len(all[0].body) < visualEntry {
		return nil, fmt.Errorf("read the configuration of a segment: %w", errBoxes)
	}
	inner, err := boxes(all[0].body[visualEntry:])
	if err != nil {
		return nil, fmt.Errorf("read the configuration of a segment: %w", err)
	}
	var known bytes.Buffer
	known.WriteString(all[0].kind)
	known.Write(all[0].body[:visualEntry])
	for _, x := range inner {
		if x.kind != "btrt" {
			known.WriteString(x.kind)
			known.Write(x.body)
		}
	}
	return known.Bytes(), nil
}
