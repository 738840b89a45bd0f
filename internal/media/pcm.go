package media

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/lectern-av/lectern/internal/timeline"
)

// sampleAt returns the number of the sample nearest to time t, at 48 kHz.
func sampleAt(t time.Duration) int64 {
	return timeline.Rescale(int64(t), Hz, int64(time.Second))
}

// sampleTime returns the time of sample n, at 48 kHz.
func sampleTime(n int64) time.Duration {
	return time.Duration(timeline.Rescale(n, int64(time.Second), Hz))
}

// decodeRequest is what to decode from a file: a sound, and keyframes of the video stream
// picture, to be written to the file keyframesPath unless that is "".
//
// The sound is one stream or, if there are any, a mix of its inputs. Its first sample has the
// number from, counted at 48 kHz on the container's clock; before the stream's start, and in gaps,
// there is silence. Decoding ends at sample to, or at the stream's end if that is earlier. A mono
// stream is on both channels, 3 dB lower each, so that its loudness stays the same. More than two
// channels are mixed down by ffmpeg. filters are further filters as ffmpeg writes them, each with a
// comma in front.
type decodeRequest struct {
	stream        int // -1: no sound
	mix           []MixInput
	from, to      int64
	filters       string
	picture       int
	keyframesPath string
}

// soundArgs returns ffmpeg's options for the sound.
func (l decodeRequest) soundArgs() []string {
	output := []string{"-f", "f32le", "-ar", strconv.Itoa(Hz), "-ac", "2", "pipe:1"}
	switch {
	case len(l.mix) > 0:
		return append([]string{"-filter_complex", mixFilters(l.mix, l.from, l.to, l.filters), "-map", "[mix]"}, output...)
	case l.stream >= 0:
		chain := fmt.Sprintf("aformat=flt:%d:stereo,", Hz) + timingFilters(l.from, l.to) + l.filters
		return append([]string{"-map", "0:" + strconv.Itoa(l.stream), "-af", chain}, output...)
	}
	return nil
}

// decodeAudio decodes a sound to 48 kHz stereo, and keyframes in the same run. It calls handle with
// pieces of 100 ms; the last may be shorter. The slices are used again for the next piece.
func (t Tools) decodeAudio(ctx context.Context, path string, l decodeRequest, handle func(left, right []float32) error) error {
	const early = time.Second // preroll, longer than any decoder needs
	args := []string{"-copyts", "-sn", "-dn"}
	if l.keyframesPath == "" {
		args = append(args, "-vn")
	} else {
		args = append(args, keyframeInputArgs()...)
	}
	if l.from > Hz {
		args = append(args, "-noaccurate_seek", "-seek_timestamp", "1",
			"-ss", fmt.Sprintf("%.6f", (sampleTime(l.from)-early).Seconds()))
	}
	args = append(append(args, InputArgs(path)...), l.soundArgs()...)
	if l.keyframesPath != "" {
		args = append(args, keyframeOutputArgs(l.picture, l.keyframesPath)...)
	}
	_, err := t.Stream(ctx, args, func(r io.Reader) error { return readStereo(r, handle) })
	return err
}

// readStereo reads interleaved stereo samples, 32-bit little-endian floats, and calls handle with
// pieces of up to 100 ms until r ends. The slices are used again for the next piece. Samples that
// are not a number, or are louder than +60 dBFS, become silence.
func readStereo(r io.Reader, handle func(left, right []float32) error) error {
	const frame = 8 // bytes
	in := bufio.NewReaderSize(r, blockSamples*frame)
	raw := make([]byte, blockSamples*frame)
	left, right := make([]float32, blockSamples), make([]float32, blockSamples)
	for {
		n, err := io.ReadFull(in, raw)
		n /= frame
		for i := range n {
			left[i] = parseSample(raw[i*frame:])
			right[i] = parseSample(raw[i*frame+4:])
		}
		if n > 0 {
			if err := handle(left[:n], right[:n]); err != nil {
				return err
			}
		}
		switch err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			return nil
		default:
			return err
		}
	}
}

func parseSample(b []byte) float32 {
	const absurd = 1e3 // +60 dBFS
	x := math.Float32frombits(binary.LittleEndian.Uint32(b))
	if x > -absurd && x < absurd { // false for NaN
		return x
	}
	return 0
}
