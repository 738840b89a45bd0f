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

// sampleAt is the sample that plays at t, on the clock that t is on.
func sampleAt(t time.Duration) int64 {
	return timeline.Rescale(int64(t), Hz, int64(time.Second))
}

// sampleTime is when sample n plays, on the clock that it is counted on.
func sampleTime(n int64) time.Duration {
	return time.Duration(timeline.Rescale(n, int64(time.Second), Hz))
}

// decodeAudio decodes one sound stream of a file to stereo at 48 kHz and hands it to hear in
// pieces of 100 ms, the last of which may be shorter. The first sample heard is number from, counted at 48 kHz in
// the container's own time; silence stands before the stream's start and in its gaps.
// It ends at sample to, or where the stream does if that is sooner. The slices are used
// again for the next piece. A single channel stands on both sides, each 3 dB lower, so that
// it is as loud as before; more than two are mixed down by ffmpeg. more is what the sound
// goes through besides, as ffmpeg writes filters, each with a comma in front.
func (t Tools) decodeAudio(ctx context.Context, path string, stream int, from, to int64, more string, handle func(left, right []float32) error) error {
	return t.decodeAudioAndKeyframes(ctx, path, decodeRequest{stream: stream, from: from, to: to, filters: more}, handle)
}

// decodeRequest is what is taken from a file in one go: sound, as listen has it, and besides,
// where see names a file, the keyframes of the stream picture, which are written there.
type decodeRequest struct {
	stream        int // -1: no sound
	from, to      int64
	filters       string
	picture       int
	keyframesPath string
}

// decodeAudioAndKeyframes is listen, and may look at a picture's keyframes, too.
func (t Tools) decodeAudioAndKeyframes(ctx context.Context, path string, l decodeRequest, handle func(left, right []float32) error) error {
	const early = time.Second // decoders need a running start; longer than any of them
	// What comes before the first sample is cut off by timestamp; only then is silence
	// filled in, because aresample miscounts what it must drop. min_comp makes the start
	// exact to the sample, where the default lets a millisecond pass.
	chain := fmt.Sprintf("aformat=flt:%d:stereo,atrim=start_pts=%d:end_pts=%d,aresample=async=1:min_comp=0.00001:first_pts=%d", Hz, l.from, l.to, l.from) + l.filters
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
	args = append(args, InputArgs(path)...)
	if l.stream >= 0 {
		args = append(args, "-map", "0:"+strconv.Itoa(l.stream), "-af", chain, "-f", "f32le", "-ar", strconv.Itoa(Hz), "-ac", "2", "pipe:1")
	}
	if l.keyframesPath != "" {
		args = append(args, keyframeOutputArgs(l.picture, l.keyframesPath)...)
	}
	_, err := t.Stream(ctx, args, func(r io.Reader) error { return readStereo(r, handle) })
	return err
}

// readStereo reads interleaved stereo samples, 32-bit little-endian floats, to their end. A
// sample that is no number, or louder than anything can be, is silence.
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
