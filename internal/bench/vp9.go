package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sreviewArgs are the arguments for VP9 that SReview uses, without the speed of a pass.
const sreviewArgs = "-threads 1 -c:v libvpx-vp9 -b:v 1024k -minrate 512k -maxrate 1484.8k -crf 32"

func vp9Benchmark() Benchmark {
	return Benchmark{
		Name: "vp9",
		Method: `Three minutes of 640×360 become VP9 in two passes, at SReview's settings. Lectern's time is
that of the whole ` + "`lectern run`" + `. Sizes are of the pictures alone, and SSIM is that of each result
against the recording.`,
		Measure: measureVP9,
		Evaluate: func(rounds []Round) []TableLine {
			line := compareTimes(rounds, "VP9 in two passes, 3 minutes of 360p", "lectern", oneFFmpeg, 0.58)
			bytes := medianOf(rounds, func(r Round) float64 { return r.Values["lectern bytes"]/r.Values["plain bytes"] - 1 })
			ssim := medianOf(rounds, func(r Round) float64 { return r.Values["lectern ssim"] - r.Values["plain ssim"] })
			line.Ratio += fmt.Sprintf("; size %+.2f %%, SSIM %+.4f", 100*bytes, ssim)
			line.Target += "; size within 2 %, SSIM within 0.002"
			line.Met = line.Met && math.Abs(bytes) <= 0.02 && math.Abs(ssim) <= 0.002
			return []TableLine{line}
		},
	}
}

func measureVP9(ctx context.Context, b *Bench, n int, into *Round) error {
	length := forSize(b, 3*time.Minute, 10*time.Second)
	talk, err := b.generator.TalkRecording(ctx, TalkSpec{Length: length, Width: 640, Height: 360, Rate: pal})
	if err != nil {
		return err
	}
	p, err := b.writeFile("vp9.yaml", pipelineSpec{
		chunk: evenChunk(length), codec: "opus",
		renditions: []string{"{height: 360, codec: vp9, threads: 1, bitrate: 1024k, min-rate: 512k, max-rate: 1484.8k, crf: 32, two-pass: true, speed: 2}"},
	}.yaml())
	if err != nil {
		return err
	}
	return runRotated(n,
		func() error { return b.vp9Lectern(ctx, into, talk, p) },
		func() error { return b.vp9Plain(ctx, into, talk) },
	)
}

func (b *Bench) vp9Lectern(ctx context.Context, into *Round, talk, p string) error {
	h, err := b.newDataDir(filepath.Join(b.work, "data-dir"))
	if err != nil {
		return err
	}
	ran, err := h.run(ctx, into, talk, "--slug", "talk", "--pipeline", p)
	if err != nil {
		return err
	}
	into.Values["lectern"] = ran.Seconds
	return errors.Join(b.quality(ctx, into, "lectern", filepath.Join(ran.Bundle, "video", "talk-360-vp9.webm"), talk), h.remove())
}

func (b *Bench) vp9Plain(ctx context.Context, into *Round, talk string) error {
	common := append([]string{"ffmpeg", "-y", "-i", talk}, strings.Fields(sreviewArgs)...)
	common = append(common, "-passlogfile", "plain")
	for _, pass := range []string{
		"-speed 4 -pass 1 -an -f null /dev/null",
		"-speed 2 -pass 2 -c:a libopus -b:a " + audioBitrate + " plain.webm",
	} {
		took, err := b.timePlain(ctx, into, nil, append(slices.Clip(common), strings.Fields(pass)...)...)
		if err != nil {
			return err
		}
		into.Values[oneFFmpeg] += took
	}
	return b.quality(ctx, into, "plain", filepath.Join(b.work, "plain.webm"), talk)
}

// quality records the size of the video in the file made, and its SSIM against talk, as values
// whose names begin with who.
func (b *Bench) quality(ctx context.Context, into *Round, who, made, talk string) error {
	out, err := exec.CommandContext(ctx, b.generator.Tools.FFprobe, "-v", "error", "-select_streams", "v:0",
		"-show_entries", "packet=size", "-of", "csv=p=0", made).Output()
	if err != nil {
		return fmt.Errorf("size of the pictures of %s: %w", made, err)
	}
	var bytes float64
	for line := range strings.FieldsSeq(string(out)) {
		n, err := strconv.ParseFloat(strings.TrimRight(line, ","), 64)
		if err != nil {
			return fmt.Errorf("size of the pictures of %s: %w", made, err)
		}
		bytes += n
	}
	into.Values[who+" bytes"] = bytes
	into.Values[who+" ssim"], err = b.ssim(ctx, made, talk)
	return err
}

var ssimTotal = regexp.MustCompile(`SSIM .* All:([0-9.]+)`)

// ssim returns the structural similarity of two videos, up to 1. It compares frames of the same
// number, regardless of their times.
func (b *Bench) ssim(ctx context.Context, made, talk string) (float64, error) {
	const graph = "[0:v]settb=1/25,setpts=N[a];[1:v]settb=1/25,setpts=N[b];[a][b]ssim"
	said, err := exec.CommandContext(ctx, b.generator.Tools.FFmpeg, "-hide_banner", "-nostdin", "-i", made, "-i", talk,
		"-lavfi", graph, "-an", "-f", "null", "-").CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("compare %s with the recording: %w\n%s", made, err, said)
	}
	m := ssimTotal.FindSubmatch(said)
	if m == nil {
		return 0, fmt.Errorf("compare %s with the recording: ffmpeg names no SSIM", made)
	}
	return strconv.ParseFloat(string(m[1]), 64)
}
