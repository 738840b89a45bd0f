package media

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"
)

// Limits of what people listen to and look at while they choose.
const (
	sampleLength = 12 * time.Second
	sampleLimit  = 30 * time.Second // of work
	stillWidth   = 640              // pixels at most, either way
)

// Which sides of a stream a Sample has.
const (
	SampleMix   = "mix"
	SampleLeft  = "left"
	SampleRight = "right"
)

// WriteAudioSample writes twelve seconds of sound stream n of a recording (0 is its first), from at
// on, to w, as Opus in WebM: the mix of its channels, or one side, on one channel.
func (t Tools) WriteAudioSample(ctx context.Context, path string, n int, side string, at time.Duration, w io.Writer) error {
	filter, known := map[string]string{SampleMix: "aformat=channel_layouts=mono", SampleLeft: "pan=mono|c0=c0", SampleRight: "pan=mono|c0=c1"}[side]
	if !known {
		return fmt.Errorf("sample %s: no side is called %q", path, side)
	}
	args := append([]string{"-ss", formatSeconds(at)}, InputArgs(path)...)
	args = append(args, "-map", "0:a:"+strconv.Itoa(n), "-t", formatSeconds(sampleLength), "-af", filter, "-map_metadata", "-1",
		"-c:a", "libopus", "-ar", "48000", "-b:a", "64k", "-f", "webm", "pipe:1")
	return t.streamWithTimeout(ctx, "sample "+path, args, w)
}

// WriteFrame writes a single picture of a recording to w, as a JPEG that fits 640 by 640.
func (t Tools) WriteFrame(ctx context.Context, path string, at time.Duration, w io.Writer) error {
	args := append([]string{"-ss", formatSeconds(at)}, InputArgs(path)...)
	box := strconv.Itoa(stillWidth)
	args = append(args, "-map", "0:v:0", "-frames:v", "1", "-map_metadata", "-1",
		"-vf", "scale="+box+":"+box+":force_original_aspect_ratio=decrease", "-pix_fmt", "yuvj420p", "-c:v", "mjpeg", "-q:v", "4", "-f", "image2pipe", "pipe:1")
	return t.streamWithTimeout(ctx, "picture of "+path, args, w)
}

func (t Tools) streamWithTimeout(ctx context.Context, what string, args []string, w io.Writer) error {
	ctx, stop := context.WithTimeout(ctx, sampleLimit)
	defer stop()
	var n int64
	_, err := t.Stream(ctx, args, func(r io.Reader) (err error) {
		n, err = io.Copy(w, r)
		return err
	})
	if err == nil && n == 0 {
		err = fmt.Errorf("there is nothing at that time")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func formatSeconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 6, 64) }
