package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/timeline"
)

var pal = timeline.Rate{Num: 25, Den: 1}

// rendition is one rendition of the ladder.
type rendition struct {
	height, crf int
}

var ladderRenditions = []rendition{{1080, 22}, {720, 22}, {480, 23}}

func (s rendition) yaml(preset string) string {
	return fmt.Sprintf("{height: %d, codec: h264, preset: %s, crf: %d}", s.height, preset, s.crf)
}

func (s rendition) file(of string) string { return fmt.Sprintf("%s-%d.mp4", of, s.height) }

// ffmpegArgs returns the arguments with which plain ffmpeg makes the rendition: x264 and AAC with
// Lectern's settings, except that x264 chooses its number of threads. of begins the output's name.
func (s rendition) ffmpegArgs(of string) []string {
	return []string{"-c:v", "libx264", "-preset", "medium", "-crf", fmt.Sprint(s.crf), "-g", "100",
		"-c:a", "aac", "-aac_coder", "fast", "-b:a", audioBitrate, "-movflags", "+faststart", s.file(of)}
}

const (
	oneFFmpeg  = "one ffmpeg"
	eachFFmpeg = "one ffmpeg per rendition"
	coding     = "encode and join"
)

func ladderBenchmark() Benchmark {
	return Benchmark{
		Name: "ladder",
		Method: `Two minutes of 1080p become 1080p, 720p and 480p. Lectern's time is that of the whole
` + "`lectern run`" + ` with a pipeline that has no cards and no thumbnail. It includes what the
others do not do: hashing and probing the recording, measuring its loudness and levelling it,
proving every frame's time, the bundle. "Encode and join" is the part of it from the first
encoder's start to the last ffmpeg's end, as the shim's clock has it.`,
		Measure: measureLadder,
		Evaluate: func(rounds []Round) []TableLine {
			const work = "ladder 1080/720/480, 2 minutes"
			lines := []TableLine{
				compareTimes(rounds, work, "lectern", oneFFmpeg, 0.95),
				compareTimes(rounds, work, "lectern", eachFFmpeg, 0.75),
			}
			for i := range lines {
				lines[i].Lectern += fmt.Sprintf(" (%s: %s)", coding, formatSeconds(median(rounds, coding)))
			}
			return lines
		},
	}
}

func measureLadder(ctx context.Context, b *Bench, n int, into *Round) error {
	length := forSize(b, 2*time.Minute, 12*time.Second)
	talk, err := b.generator.TalkRecording(ctx, TalkSpec{Length: length, Width: 1920, Height: 1080, Rate: pal})
	if err != nil {
		return err
	}
	var renditions []string
	for _, s := range ladderRenditions {
		renditions = append(renditions, s.yaml("medium"))
	}
	p, err := b.writeFile("ladder.yaml", pipelineSpec{chunk: evenChunk(length), renditions: renditions, codec: "aac"}.yaml())
	if err != nil {
		return err
	}
	return runRotated(n,
		func() error {
			ran, err := b.runFresh(ctx, into, talk, "--pipeline", p)
			into.Values["lectern"] = ran.Seconds
			into.Values[coding] = ran.Programs.encodeSpan()
			return err
		},
		func() (err error) {
			into.Values[oneFFmpeg], err = b.timePlain(ctx, into, renditionFiles("one"), splitCommand(talk)...)
			return err
		},
		func() error {
			for i, s := range ladderRenditions {
				took, err := b.timePlain(ctx, into, renditionFiles("each")[i:i+1], singleCommand(talk, s)...)
				if err != nil {
					return err
				}
				into.Values[eachFFmpeg] += took
			}
			return nil
		},
	)
}

// runFresh runs `lectern run` in a new data directory, which it removes afterwards.
func (b *Bench) runFresh(ctx context.Context, into *Round, words ...string) (ran RunResult, err error) {
	h, err := b.newDataDir(filepath.Join(b.work, "data-dir"))
	if err != nil {
		return ran, err
	}
	ran, err = h.run(ctx, into, words...)
	return ran, errors.Join(err, h.remove())
}

// encodeSpan returns the seconds from the start of the first video encoder to the end of the last
// ffmpeg that started after it, or 0 if none encoded.
func (all Programs) encodeSpan() float64 {
	encoders := all.filter(Program.encodesVideo)
	if len(encoders) == 0 {
		return 0
	}
	first := encoders[0].Began
	for _, p := range encoders {
		if p.Began.Before(first) {
			first = p.Began
		}
	}
	return all.filter(func(p Program) bool { return p.Name == "ffmpeg" && !p.Began.Before(first) }).span()
}

func renditionFiles(of string) (all []string) {
	for _, s := range ladderRenditions {
		all = append(all, s.file(of))
	}
	return all
}

// splitCommand returns the command of a single ffmpeg that decodes a talk once and makes all
// renditions.
func splitCommand(talk string) []string {
	var split, scale strings.Builder
	for i, s := range ladderRenditions {
		fmt.Fprintf(&split, "[i%d]", i)
		fmt.Fprintf(&scale, ";[i%d]scale=-2:%d[o%d]", i, s.height, i)
	}
	command := []string{"ffmpeg", "-y", "-i", talk, "-filter_complex", fmt.Sprintf("[0:v]split=%d%s%s", len(ladderRenditions), &split, &scale)}
	for i, s := range ladderRenditions {
		command = append(append(command, "-map", fmt.Sprintf("[o%d]", i), "-map", "0:a"), s.ffmpegArgs("one")...)
	}
	return command
}

// singleCommand returns the command of an ffmpeg that makes one rendition of a talk.
func singleCommand(talk string, s rendition) []string {
	return append([]string{"ffmpeg", "-y", "-i", talk, "-vf", fmt.Sprintf("scale=-2:%d", s.height)}, s.ffmpegArgs("each")...)
}
