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
// analysis. Nothing is known about what is between keyframes, so a span begins and ends at a
// scanned one, or with the recording.
type KeyframeScan struct {
	Count       int             `json:"seen"`             // keyframes scanned, at most one a second
	MaxInterval time.Duration   `json:"widest"`           // longest time between two of them
	Black       []timeline.Span `json:"black,omitempty"`  // the picture is black
	Frozen      []timeline.Span `json:"frozen,omitempty"` // the picture stands still, in a video that moves all the time otherwise
	Static      bool            `json:"still,omitempty"`  // the picture never changes
}

// The size at which keyframes are compared. Pixels are picked, not averaged: a camera's
// noise then shows that a picture is live even if it hardly moves.
const scanWidth, scanHeight = 160, 90

// keyframeInputArgs returns ffmpeg's input options to decode only keyframes of the video. With
// those of keyframeOutputArgs, ffmpeg writes a recording's keyframes to a file while it decodes the
// sound. SMJPEG is the simplest format that keeps times, in milliseconds; for three hours it has
// some 30 MB at most, and is deleted after the analysis.
func keyframeInputArgs() []string { return []string{"-skip_frame:v", "nokey"} }

func keyframeOutputArgs(stream int, path string) []string {
	// If every frame is a keyframe, one a second is enough.
	chain := fmt.Sprintf(`select=isnan(prev_selected_t)+gte(t-prev_selected_t\,0.95),scale=%d:%d:flags=neighbor:out_range=pc,format=yuvj420p`, scanWidth, scanHeight)
	return []string{"-map", "0:" + strconv.Itoa(stream), "-vf", chain, "-enc_time_base", "1:1000", "-fps_mode", "passthrough",
		"-map_metadata", "-1", "-c:v", "mjpeg", "-q:v", "2", "-threads", "1", "-f", "smjpeg", fileURL(path)}
}

// readKeyframeScan returns what the keyframes in the SMJPEG file at path show. origin is when the
// container starts on its own clock, and length is the recording's.
func readKeyframeScan(path string, origin, length time.Duration) (*KeyframeScan, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("scan the keyframes: %w", err)
	}
	defer f.Close()
	w := keyframeScanner{}
	if err := readSMJPEG(bufio.NewReader(f), func(at time.Duration, img image.Image) { w.add(at-origin, luma(img)) }); err != nil {
		return nil, fmt.Errorf("look at the keyframes: %w", err)
	}
	return w.finish(length), nil
}

// readSMJPEG calls handle for each picture of an SMJPEG file, with its time in that file. A
// truncated last picture is ignored. It returns an error if a picture is not a valid JPEG.
func readSMJPEG(r *bufio.Reader, handle func(at time.Duration, img image.Image)) error {
	if _, err := r.Discard(16); err != nil { // magic, version, length
		return nil // ffmpeg writes an empty file if there are no keyframes
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
				return fmt.Errorf("ffmpeg wrote an invalid JPEG: %w", err)
			}
			handle(time.Duration(int32(binary.BigEndian.Uint32(head[:])))*time.Millisecond, img) // negative before zero
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

// luma returns the brightness of each pixel, row by row, or nil if img is of a kind that JPEG does
// not have.
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

// keyframeScanner compares pictures, one after the other.
type keyframeScanner struct {
	frames []scannedFrame
	first  []byte // first of a run of pictures that look the same
	last   []byte
}

// scannedFrame is what is kept of a picture.
type scannedFrame struct {
	at        time.Duration
	black     bool
	unchanged bool // looks the same as the one before
}

func (w *keyframeScanner) add(at time.Duration, luma []byte) {
	// While a picture stands still, an encoder refines it a little at a time.
	const refined, altogether = 4, 12
	still := sameLuma(w.last, luma, refined) && sameLuma(w.first, luma, altogether)
	w.last = luma
	if !still {
		w.first = luma
	}
	w.frames = append(w.frames, scannedFrame{at, isBlack(luma), still})
}

// isBlack reports whether a picture is black: fewer than 1 in 500 pixels are brighter than noisy
// black. Text on a dark slide has more.
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

// sameLuma reports whether two pictures look the same: at most 1 in 1000 pixels differs by more
// than tolerance, of 255. Empty pictures, and pictures of different sizes, never do.
func sameLuma(a, b []byte, tolerance int) bool {
	if len(a) != len(b) || len(a) == 0 {
		return false
	}
	n := 0
	for i, v := range a {
		if d := int(v) - int(b[i]); d > tolerance || d < -tolerance {
			n++
		}
	}
	return n*1000 <= len(a)
}

const (
	minBlack     = 5 * time.Second // shorter ones may be fades
	minFrozen    = time.Minute     // a speaker may stand still, but a camera's picture has noise
	minUnchanged = 4               // keyframes that must be equal
	minStatic    = 5 * time.Minute // length of a recording that never changes
)

// finish returns the result for the keyframes that were added, the black and frozen spans among
// them. length is the recording's.
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

// runs returns the runs of consecutive frames for which match is true, each as the indexes of its
// first and last frame.
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

// span returns the time from the first to the last of a run of frames, which is given by their
// indexes. A run that includes the last keyframe lasts until the end of the recording.
func (w *keyframeScanner) span(r [2]int, length time.Duration) timeline.Span {
	s := timeline.Span{From: max(0, w.frames[r[0]].at), To: w.frames[r[1]].at}
	if r[1] == len(w.frames)-1 {
		s.To = max(s.To, length)
	}
	return s
}

// detectFrozen sets g.Frozen and g.Static from the frames of w. Slides stand still by nature, so
// standstills of a minute or more are recorded as frozen only if there are at most two, at least
// ten keyframes differ from the one before, and hardly any others are equal to it: then a camera
// hung. A video that never changes is static if the recording is at least minStatic long.
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
	const enough = 10 // keyframes that differ
	if len(long) <= 2 && moving >= enough && resting*5 <= moving {
		g.Frozen = slices.Clip(long)
	}
}
