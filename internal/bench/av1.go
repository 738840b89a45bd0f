package main

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// av1Presets are the presets to compare. The middle one is the default of pipelines.
var av1Presets = []int{8, 9, 10}

const av1Default = 9

func av1Benchmark() Benchmark {
	return Benchmark{
		Name: "av1",
		Method: `Twenty seconds of 1080p become H.264 by x264, preset medium, crf 22, and AV1 by SVT-AV1, each on
one thread with a key frame every 250 frames. Of each AV1 preset, the highest crf counts whose SSIM
against the recording is no lower than x264's. Sizes are of the pictures alone, times those of
processors.`,
		Measure: measureAV1,
		Evaluate: func(rounds []Round) (lines []TableLine) {
			for _, preset := range av1Presets {
				lines = append(lines, evaluatePreset(rounds, preset))
			}
			return lines
		},
	}
}

func evaluatePreset(rounds []Round, preset int) TableLine {
	name := "av1 " + strconv.Itoa(preset)
	bytes := medianOf(rounds, func(r Round) float64 { return r.Values[name+" bytes"]/r.Values["x264 bytes"] - 1 })
	slower := medianOf(rounds, func(r Round) float64 { return r.Values[name] / r.Values["x264"] })
	line := TableLine{
		Task:    fmt.Sprintf("AV1 at the SSIM of x264 medium, preset %d, crf %.0f", preset, median(rounds, name+" crf")),
		Lectern: formatSeconds(median(rounds, name)), Baseline: "x264: " + formatSeconds(median(rounds, "x264")),
		Ratio: fmt.Sprintf("size %+.0f %%, time × %.2f", 100*bytes, slower), Target: "–", Met: true,
	}
	if preset == av1Default {
		line.Task += " (the default)"
		line.Target = "size −30 %, time × 2"
		line.Met = bytes <= -0.30 && slower <= 2
	}
	return line
}

func measureAV1(ctx context.Context, b *Bench, _ int, into *Round) error {
	talk, err := b.generator.TalkRecording(ctx, TalkSpec{Length: forSize(b, 20*time.Second, 4*time.Second), Width: 1920, Height: 1080, Rate: pal})
	if err != nil {
		return err
	}
	if err := b.measureEncoder(ctx, into, "x264", talk, "-c:v", "libx264", "-preset", "medium", "-crf", "22", "-threads", "1"); err != nil {
		return err
	}
	for _, preset := range av1Presets {
		if err := b.matchQuality(ctx, into, preset, talk); err != nil {
			return err
		}
	}
	return nil
}

// matchQuality records the values of a preset of AV1 at the highest crf, from 20 to 55, with which
// its SSIM is as high as x264's, which into has already. It returns an error if none is high
// enough.
func (b *Bench) matchQuality(ctx context.Context, into *Round, preset int, talk string) error {
	name := "av1 " + strconv.Itoa(preset)
	best := Round{}
	for low, high := 20, 55; low <= high; {
		crf := (low + high) / 2
		try := Round{Values: make(map[string]float64)}
		err := b.measureEncoder(ctx, &try, name, talk, "-c:v", "libsvtav1", "-preset", strconv.Itoa(preset), "-crf", strconv.Itoa(crf), "-g", "250", "-svtav1-params", "lp=1")
		if err != nil {
			return err
		}
		if try.Values[name+" ssim"] < into.Values["x264 ssim"] {
			high = crf - 1
			continue
		}
		try.Values[name+" crf"] = float64(crf)
		best, low = try, crf+1
	}
	if best.Values == nil {
		return fmt.Errorf("preset %d of AV1 is never as good as x264", preset)
	}
	for k, v := range best.Values {
		into.Values[k] = v
	}
	into.Commands = append(into.Commands, best.Commands...)
	return nil
}

// measureEncoder encodes talk, and records the processor time of the encoder, and the size and SSIM
// of its output, as values whose names begin with name.
func (b *Bench) measureEncoder(ctx context.Context, into *Round, name, talk string, encoder ...string) error {
	made := b.work + "/" + name + ".mp4"
	command := append([]string{"ffmpeg", "-y", "-i", talk, "-an"}, append(encoder, made)...)
	if err := b.cpuTime(ctx, into, name, command...); err != nil {
		return err
	}
	return b.quality(ctx, into, name, made, talk)
}
