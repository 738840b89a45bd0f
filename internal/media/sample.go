package media

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"
)

// Limits of samples and frames for the web pages.
const (
	sampleLength = 12 * time.Second
	sampleLimit  = 30 * time.Second // for making one
	stillWidth   = 640              // pixels, width and height at most
)

// The channels of a stream in a sample.
const (
	SampleMix   = "mix"
	SampleLeft  = "left"
	SampleRight = "right"
)

// WriteAudioSample writes 12 seconds of sound stream n of a recording, counted from 0, to w: a mono
// WebM with Opus, beginning at the time at. side is SampleMix for all channels, or SampleLeft or
// SampleRight. It returns an error if there is no sound at that time.
func (t Tools) WriteAudioSample(ctx context.Context, path string, n int, side string, at time.Duration, w io.Writer) error {
	filter, known := map[string]string{SampleMix: "aformat=channel_layouts=mono", SampleLeft: "pan=mono|c0=c0", SampleRight: "pan=mono|c0=c1"}[side]
	if !known {
		return fmt.Errorf("sample %s: unknown channels %q", path, side)
	}
	args := append([]string{"-ss", formatSeconds(at)}, InputArgs(path)...)
	args = append(args, "-map", "0:a:"+strconv.Itoa(n), "-t", formatSeconds(sampleLength), "-af", filter, "-map_metadata", "-1",
		"-c:a", "libopus", "-ar", "48000", "-b:a", "64k", "-f", "webm", "pipe:1")
	return t.streamWithTimeout(ctx, "sample "+path, args, w)
}

// WriteFrame writes the frame of a recording at a time to w, as a JPEG that fits into 640×640. It
// returns an error if there is no frame at that time.
func (t Tools) WriteFrame(ctx context.Context, path string, at time.Duration, w io.Writer) error {
	args := append([]string{"-ss", formatSeconds(at)}, InputArgs(path)...)
	box := strconv.Itoa(stillWidth)
	args = append(args, "-map", "0:v:0", "-frames:v", "1", "-map_metadata", "-1",
		"-vf", "scale="+box+":"+box+":force_original_aspect_ratio=decrease", "-pix_fmt", "yuvj420p", "-c:v", "mjpeg", "-q:v", "4", "-f", "image2pipe", "pipe:1")
	return t.streamWithTimeout(ctx, "picture of "+path, args, w)
}

// streamWithTimeout runs ffmpeg for at most sampleLimit, and copies its output to w. It returns an
// error if there is no output. what names the output in errors.
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
