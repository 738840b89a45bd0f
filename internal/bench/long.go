package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const memory = "memory, bytes"

func longBenchmark() Benchmark {
	return Benchmark{
		Name: "long",
		Method: `A recording of three hours and 20 GB goes through the whole of Lectern: it is hashed, probed
and analysed, all three hours are encoded to one small rendition (180p, ultrafast), and their sound
is levelled. Memory is the most that the process of ` + "`lectern run`" + ` itself held at once (VmHWM),
without its ffmpegs.`,
		Measure: measureLong,
		Evaluate: func(rounds []Round) []TableLine {
			held := maxOf(rounds, memory)
			return []TableLine{{
				Task:     fmt.Sprintf("three hours, a recording of %.1f GB", minOf(rounds, "recording, bytes")/1e9),
				Lectern:  formatMB(held) + ", in " + formatSeconds(median(rounds, "lectern")),
				Baseline: "–", Ratio: "–", Target: "≤ 300 MB", Met: held <= 300e6,
			}}
		},
	}
}

// longRecording returns the path of the long recording, which it generates if needed, and the
// arguments of `lectern run` for it.
func (b *Bench) longRecording(ctx context.Context) (path string, words []string, err error) {
	length := forSize(b, 3*time.Hour, 3*time.Minute)
	if path, err = b.generator.LargeRecording(ctx, forSize[int64](b, 20e9, 100e6), length); err != nil {
		return "", nil, err
	}
	p, err := b.writeFile("long.yaml", pipelineSpec{
		cards: true, chunk: 30 * time.Second, codec: "aac", thumbnail: true,
		renditions: []string{"{height: 180, codec: h264, preset: ultrafast, crf: 30}"},
	}.yaml())
	if err != nil {
		return "", nil, err
	}
	words, err = b.subtitled(path, length)
	return path, append(words, "--pipeline", p), err
}

// longDataDir returns the data directory for the long recording. It is kept after the bench,
// because processing the recording takes so long.
func (b *Bench) longDataDir() *dataDir {
	return &dataDir{b, filepath.Join(b.dir, forSize(b, "long", "long-small"))}
}

func measureLong(ctx context.Context, b *Bench, _ int, into *Round) error {
	path, words, err := b.longRecording(ctx)
	if err != nil {
		return err
	}
	h, err := b.newDataDir(b.longDataDir().dir)
	if err != nil {
		return err
	}
	ran, err := h.run(ctx, into, words...)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	into.Values["lectern"], into.Values[memory] = ran.Seconds, float64(ran.Memory)
	into.Values["recording, bytes"] = float64(info.Size())
	return nil
}

func unchangedBenchmark() Benchmark {
	const did = "programs run"
	return Benchmark{
		Name: "nothing",
		Method: `The job of three hours and 20 GB is run again with the same words. What ran is counted by
the shim, ffprobe too, and must also be none by Lectern's own word.`,
		Measure: func(ctx context.Context, b *Bench, _ int, into *Round) error {
			return measureUnchanged(ctx, b, into, did)
		},
		Evaluate: func(rounds []Round) []TableLine {
			took := median(rounds, "lectern")
			return []TableLine{{
				Task:     "nothing changed, a recording of 20 GB included",
				Lectern:  fmt.Sprintf("%s, %s: %.0f", formatSeconds(took), did, maxOf(rounds, did)),
				Baseline: "–", Ratio: "–", Target: "≤ 1 s, nothing run",
				Met: took <= 1 && maxOf(rounds, did) == 0,
			}}
		},
	}
}

func measureUnchanged(ctx context.Context, b *Bench, into *Round, did string) error {
	_, words, err := b.longRecording(ctx)
	if err != nil {
		return err
	}
	h := b.longDataDir()
	if err := os.MkdirAll(h.dir, 0o755); err != nil {
		return err
	}
	if _, err := h.run(ctx, nil, words...); err != nil { // it may never have run, or not with this program
		return err
	}
	ran, err := h.run(ctx, into, words...)
	if err != nil {
		return err
	}
	into.Values["lectern"] = ran.Seconds
	into.Values[did] = float64(len(ran.Programs) + ran.actionsRun())
	return nil
}
