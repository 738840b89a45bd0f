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

// step is one rendition of the ladder.
type step struct {
	height, crf int
}

var steps = []step{{1080, 22}, {720, 22}, {480, 23}}

func (s step) yaml(preset string) string {
	return fmt.Sprintf("{height: %d, codec: h264, preset: %s, crf: %d}", s.height, preset, s.crf)
}

func (s step) file(of string) string { return fmt.Sprintf("%s-%d.mp4", of, s.height) }

// output is how plain ffmpeg is told to make the rendition: x264 and AAC with the settings
// that Lectern gives them, threads left to x264.
func (s step) output(of string) []string {
	return []string{"-c:v", "libx264", "-preset", "medium", "-crf", fmt.Sprint(s.crf), "-g", "100",
		"-c:a", "aac", "-aac_coder", "fast", "-b:a", soundRate, "-movflags", "+faststart", s.file(of)}
}

const (
	oneFFmpeg  = "one ffmpeg"
	eachFFmpeg = "one ffmpeg per rendition"
	coding     = "encode and join"
)

func ladder() Row {
	return Row{
		Name: "ladder",
		How: `Two minutes of 1080p become 1080p, 720p and 480p. Lectern's time is that of the whole
` + "`lectern run`" + ` with a pipeline that has no cards and no thumbnail. It includes what the
others do not do: hashing and probing the recording, measuring its loudness and levelling it,
proving every frame's time, the bundle. "Encode and join" is the part of it from the first
encoder's start to the last ffmpeg's end, as the shim's clock has it.`,
		Measure: climb,
		Judge: func(rounds []Round) []Line {
			const work = "ladder 1080/720/480, 2 minutes"
			lines := []Line{
				takes(rounds, work, "lectern", oneFFmpeg, 0.95),
				takes(rounds, work, "lectern", eachFFmpeg, 0.75),
			}
			for i := range lines {
				lines[i].Lectern += fmt.Sprintf(" (%s: %s)", coding, secs(median(rounds, coding)))
			}
			return lines
		},
	}
}

func climb(ctx context.Context, b *Bench, n int, into *Round) error {
	length := size(b, 2*time.Minute, 12*time.Second)
	talk, err := b.studio.Talk(ctx, Talk{Length: length, Width: 1920, Height: 1080, Rate: pal})
	if err != nil {
		return err
	}
	var renditions []string
	for _, s := range steps {
		renditions = append(renditions, s.yaml("medium"))
	}
	p, err := b.write("ladder.yaml", pipeline{chunk: evenChunk(length), renditions: renditions, codec: "aac"}.yaml())
	if err != nil {
		return err
	}
	return alternate(n,
		func() error {
			ran, err := b.afresh(ctx, into, talk, "--pipeline", p)
			into.Values["lectern"] = ran.Seconds
			into.Values[coding] = ran.Programs.coding()
			return err
		},
		func() (err error) {
			into.Values[oneFFmpeg], err = b.plain(ctx, into, files("one"), together(talk)...)
			return err
		},
		func() error {
			for i, s := range steps {
				took, err := b.plain(ctx, into, files("each")[i:i+1], alone(talk, s)...)
				if err != nil {
					return err
				}
				into.Values[eachFFmpeg] += took
			}
			return nil
		},
	)
}

// afresh runs Lectern in a new data directory, which is removed again.
func (b *Bench) afresh(ctx context.Context, into *Round, words ...string) (ran Ran, err error) {
	h, err := b.house(filepath.Join(b.work, "house"))
	if err != nil {
		return ran, err
	}
	ran, err = h.run(ctx, into, words...)
	return ran, errors.Join(err, h.remove())
}

// coding is how long it took from the first encoder's start to the last ffmpeg's end.
func (all Programs) coding() float64 {
	encoders := all.those(Program.film)
	if len(encoders) == 0 {
		return 0
	}
	first := encoders[0].Began
	for _, p := range encoders {
		if p.Began.Before(first) {
			first = p.Began
		}
	}
	return all.those(func(p Program) bool { return p.Name == "ffmpeg" && !p.Began.Before(first) }).span()
}

func files(of string) (all []string) {
	for _, s := range steps {
		all = append(all, s.file(of))
	}
	return all
}

// together is one ffmpeg that decodes once.
func together(talk string) []string {
	var split, scale strings.Builder
	for i, s := range steps {
		fmt.Fprintf(&split, "[i%d]", i)
		fmt.Fprintf(&scale, ";[i%d]scale=-2:%d[o%d]", i, s.height, i)
	}
	command := []string{"ffmpeg", "-y", "-i", talk, "-filter_complex", fmt.Sprintf("[0:v]split=%d%s%s", len(steps), &split, &scale)}
	for i, s := range steps {
		command = append(append(command, "-map", fmt.Sprintf("[o%d]", i), "-map", "0:a"), s.output("one")...)
	}
	return command
}

// alone is an ffmpeg for one rendition.
func alone(talk string, s step) []string {
	return append([]string{"ffmpeg", "-y", "-i", talk, "-vf", fmt.Sprintf("scale=-2:%d", s.height)}, s.output("each")...)
}
