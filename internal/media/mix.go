package media

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// MixInput is a part of a recording's sound, to be heard on both sides of a mix.
type MixInput struct {
	Stream  int `json:"stream"`         // index in the container
	Channel int `json:"channel"`        // of the stream, from 1; 0: the whole stream in stereo
	Gain    int `json:"gain,omitempty"` // dB
}

// source returns the filters before those that set the format: a choice of the channel, as ffmpeg
// writes it, with a comma behind.
func (m MixInput) source() string {
	if m.Channel == 0 {
		return fmt.Sprintf("volume=%ddB,", m.Gain)
	}
	const side = 0.70710678 // as ffmpeg puts a mono stream on both sides
	share := side * dbToAmplitude(float64(m.Gain))
	return fmt.Sprintf("pan=stereo|c0=%[1]g*c%[2]d|c1=%[1]g*c%[2]d,", share, m.Channel-1)
}

// timingFilters returns the filters that make a stream begin with sample from and fill its gaps
// with silence.
//
// They cut off by timestamp what comes before the first sample, and only then fill gaps, because
// aresample miscounts samples that it must drop. min_comp makes the start exact to the sample; the
// default tolerates a millisecond.
func timingFilters(from, to int64) string {
	return fmt.Sprintf("atrim=start_pts=%d:end_pts=%d,aresample=async=1:min_comp=0.00001:first_pts=%d", from, to, from)
}

// mixFilters returns the filter graph that adds up the inputs, from sample from to to. filters are
// further filters, each with a comma in front.
func mixFilters(mix []MixInput, from, to int64, filters string) string {
	var graph, legs strings.Builder
	for i, m := range mix {
		fmt.Fprintf(&graph, "[0:%[1]d]%[2]saformat=flt:%[3]d:stereo,%[4]s,aformat=flt:%[3]d:stereo[m%[5]d];", m.Stream, m.source(), Hz, timingFilters(from, to), i)
		fmt.Fprintf(&legs, "[m%d]", i)
	}
	return fmt.Sprintf("%s%samix=inputs=%d:normalize=0%s[mix]", graph.String(), legs.String(), len(mix), filters)
}

// decodeChannels decodes all channels of the streams to 48 kHz, and calls handle with pieces of
// 100 ms of all of them, in the order of the streams. The slices are used again for the next piece.
// The first sample has the number from on the container's clock, the last comes before to; where a
// stream has nothing there is silence.
func (t Tools) decodeChannels(ctx context.Context, path string, streams []Audio, from, to int64, handle func(channels [][]float32) error) error {
	var graph, legs strings.Builder
	total := 0
	for _, a := range streams {
		for c := range a.Channels {
			fmt.Fprintf(&graph, "[0:%[1]d]pan=mono|c0=c%[2]d,aformat=flt:%[3]d:mono,%[4]s,aformat=flt:%[3]d:mono,apad[c%[5]d];", a.Stream, c, Hz, timingFilters(from, to), total)
			fmt.Fprintf(&legs, "[c%d]", total)
			total++
		}
	}
	if total > 1 {
		fmt.Fprintf(&legs, "amerge=inputs=%d,", total)
	}
	fmt.Fprintf(&graph, "%satrim=end_pts=%d[all]", legs.String(), to)
	args := append([]string{"-copyts", "-sn", "-dn", "-vn"}, InputArgs(path)...)
	args = append(args, "-filter_complex", graph.String(), "-map", "[all]", "-f", "f32le", "-ar", strconv.Itoa(Hz), "pipe:1")
	_, err := t.Stream(ctx, args, func(r io.Reader) error { return readChannels(r, total, handle) })
	return err
}

// readChannels reads interleaved samples of n channels up to the end; see readStereo.
func readChannels(r io.Reader, n int, handle func(channels [][]float32) error) error {
	in := bufio.NewReaderSize(r, blockSamples*4*n)
	raw := make([]byte, blockSamples*4*n)
	all, now := make([][]float32, n), make([][]float32, n)
	for c := range all {
		all[c] = make([]float32, blockSamples)
	}
	for {
		read, err := io.ReadFull(in, raw)
		samples := read / (4 * n)
		for c := range all {
			for i := range samples {
				all[c][i] = parseSample(raw[4*(i*n+c):])
			}
			now[c] = all[c][:samples]
		}
		if samples > 0 {
			if err := handle(now); err != nil {
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
