package media

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/lectern-av/lectern/internal/timeline"
)

// KeyframeScan is what the keyframes of a recording show. Times count from the origin of the
// analysis. Between keyframes nothing is known: a span begins and ends with one that was
// seen, or with the recording.
type KeyframeScan struct {
	Count       int             `json:"seen"`             // pictures looked at, one a second at most
	MaxInterval time.Duration   `json:"widest"`           // the longest time between two of them
	Black       []timeline.Span `json:"black,omitempty"`  // nothing is to be seen
	Frozen      []timeline.Span `json:"frozen,omitempty"` // the picture stands, where it moves without rest otherwise
	Static      bool            `json:"still,omitempty"`  // it is the same from beginning to end
}

// The size at which pictures are looked at. They are sampled and not averaged: a camera's
// noise tells a picture that moves little from one that does not move at all.
const scanWidth, scanHeight = 160, 90

// keyframeInputArgs and glanceOutput make ffmpeg write a recording's keyframes to path while it
// decodes the sound. SMJPEG is the simplest form that keeps times, in milliseconds; a file
// of three hours has some 30 MB at the most, and is gone when the analysis is.
func keyframeInputArgs() []string { return []string{"-skip_frame:v", "nokey"} }

func keyframeOutputArgs(stream int, path string) []string {
	// Where every picture is a keyframe, one a second is enough.
	chain := fmt.Sprintf(`select=isnan(prev_selected_t)+gte(t-prev_selected_t\,0.95),scale=%d:%d:flags=neighbor:out_range=pc,format=yuvj420p`, scanWidth, scanHeight)
	return []string{"-map", "0:" + strconv.Itoa(stream), "-vf", chain, "-enc_time_base", "1:1000", "-fps_mode", "passthrough",
		"-map_metadata", "-1", "-c:v", "mjpeg", "-q:v", "2", "-threads", "1", "-f", "smjpeg", fileURL(path)}
}

// readKeyframeScan judges the pictures of an SMJPEG file. It begins at origin, in the
// recording's own time, and the recording is so long.
func readKeyframeScan(path string, origin, length time.Duration) (*KeyframeScan, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("look at the keyframes: %w", err)
	}
	defer f.Close()
	w := keyframeScanner{}
	if err := readSMJPEG(bufio.NewReader(f), func(at time.Duration, img image.Image) { w.add(at-origin, luma(img)) }); err != nil {
		return nil, fmt.Errorf("look at the keyframes: %w", err)
	}
	return w.finish(length), nil
}

// readSMJPEG reads an SMJPEG file. An end in the middle of a picture is an end.
func readSMJPEG(r *bufio.Reader, keyframesPath func(at time.Duration, img image.Image)) error {
	if _, err := r.Discard(16); err != nil { // magic, version, length
		return nil // ffmpeg writes nothing where there was no picture
	}
	var tag [4]byte
	for {
		if _, err := io.ReadFull(r, tag[:]); err != nil {
			return nil
		}
		var head [8]byte
		switch string(tag[:]) {
		case "HEND":
			continue
		case "DONE":
			return nil
		case "vidD":
			if _, err := io.ReadFull(r, head[:]); err != nil {
				return nil
			}
			data := make([]byte, min(binary.BigEndian.Uint32(head[4:]), 1<<20))
			if _, err := io.ReadFull(r, data); err != nil {
				return nil
			}
			img, err := jpeg.Decode(bytes.NewReader(data))
			if err != nil {
				return fmt.Errorf("ffmpeg wrote an odd picture: %w", err)
			}
			keyframesPath(time.Duration(int32(binary.BigEndian.Uint32(head[:])))*time.Millisecond, img) // negative before zero
		default: // a chunk of the header
			if _, err := io.ReadFull(r, head[:4]); err != nil {
				return nil
			}
			if _, err := r.Discard(int(binary.BigEndian.Uint32(head[:]))); err != nil {
				return nil
			}
		}
	}
}

// luma is how bright each pixel of a picture is.
func luma(img image.Image) []byte {
	switch p := img.(type) {
	case *image.YCbCr:
		var all []byte
		for y := range p.Rect.Dy() {
			all = append(all, p.Y[y*p.YStride:][:p.Rect.Dx()]...)
		}
		return all
	case *image.Gray:
		return p.Pix
	}
	return nil
}

// keyframeScanner judges pictures one after the other.
type keyframeScanner struct {
	frames []scannedFrame
	first  []byte // of those that look the same
	last   []byte
}

// scannedFrame is what is kept of a picture.
type scannedFrame struct {
	at        time.Duration
	black     bool
	unchanged bool // the same as the one before
}

func (w *keyframeScanner) add(at time.Duration, luma []byte) {
	// An encoder refines a picture that stays, a little at a time.
	const refined, altogether = 4, 12
	still := sameLuma(w.last, luma, refined) && sameLuma(w.first, luma, altogether)
	if w.last = luma; !still {
		w.first = luma
	}
	w.frames = append(w.frames, scannedFrame{at, isBlack(luma), still})
}

// isBlack reports whether nothing is to be seen: fewer than one in 500 pixels is brighter
// than black with its noise. Words on a dark slide are more.
func isBlack(luma []byte) bool {
	const dark = 40 // of 255
	n := 0
	for _, v := range luma {
		if v > dark {
			n++
		}
	}
	return n*500 < len(luma)
}

// sameLuma reports whether two pictures show the same, but for differences up to alike and in
// one of a thousand pixels.
func sameLuma(a, b []byte, alike int) bool {
	if len(a) != len(b) || len(a) == 0 {
		return false
	}
	n := 0
	for i, v := range a {
		if d := int(v) - int(b[i]); d > alike || d < -alike {
			n++
		}
	}
	return n*1000 <= len(a)
}

const (
	minBlack     = 5 * time.Second // shorter ones are fades
	minFrozen    = time.Minute     // a speaker may stand still for a while, a camera's noise does not
	minUnchanged = 4               // pictures that a standstill is told by
	minStatic    = 5 * time.Minute // as a whole
)

// finish sums up, given how long the recording is.
func (w *keyframeScanner) finish(length time.Duration) *KeyframeScan {
	g := &KeyframeScan{Count: len(w.frames)}
	for i := 1; i < len(w.frames); i++ {
		g.MaxInterval = max(g.MaxInterval, w.frames[i].at-w.frames[i-1].at)
	}
	for _, r := range w.runs(func(s scannedFrame) bool { return s.black }) {
		if span := w.span(r, length); span.Len() >= minBlack {
			g.Black = append(g.Black, span)
		}
	}
	g.detectFrozen(w, length)
	return g
}

// runs are the longest stretches of sights, as indices from and to, of which all but the
// first are so. The first is, too, or it is where it began.
func (w *keyframeScanner) runs(match func(scannedFrame) bool) (all [][2]int) {
	for i := 0; i < len(w.frames); i++ {
		if !match(w.frames[i]) {
			continue
		}
		from := i
		for i+1 < len(w.frames) && match(w.frames[i+1]) {
			i++
		}
		all = append(all, [2]int{from, i})
	}
	return all
}

// span is the time from one sight to another. What follows the last keyframe is as that is,
// if it is no longer than others are apart.
func (w *keyframeScanner) span(r [2]int, length time.Duration) timeline.Span {
	s := timeline.Span{From: max(0, w.frames[r[0]].at), To: w.frames[r[1]].at}
	if r[1] == len(w.frames)-1 {
		s.To = max(s.To, length)
	}
	return s
}

// detectFrozen looks for a camera that hung. Slides stand still by nature, so a standstill is only
// told where, but for one or two of a minute or more, hardly any two pictures are the same;
// and it is told of the whole only where it lasts for minutes.
func (g *KeyframeScan) detectFrozen(w *keyframeScanner, length time.Duration) {
	var long []timeline.Span
	moving, resting := 0, 0
	for _, s := range w.frames[min(1, len(w.frames)):] {
		if !s.unchanged {
			moving++
		}
	}
	for _, r := range w.runs(func(s scannedFrame) bool { return s.unchanged }) {
		span := w.span([2]int{r[0] - 1, r[1]}, length)
		if seen := r[1] - r[0] + 2; seen < minUnchanged || span.Len() < minFrozen {
			resting += r[1] - r[0] + 1
			continue
		}
		long = append(long, span)
	}
	g.Static = moving == 0 && g.Count >= minUnchanged && length >= minStatic
	const enough = 10 // pictures that moved
	if len(long) <= 2 && moving >= enough && resting*5 <= moving {
		g.Frozen = slices.Clip(long)
	}
}
