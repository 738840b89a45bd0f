package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const memory = "memory, bytes"

func long() Row {
	return Row{
		Name: "long",
		How: `A recording of three hours and 20 GB goes through the whole of Lectern: it is hashed, probed
and analysed, all three hours are encoded to one small rendition (180p, ultrafast), and their sound
is levelled. Memory is the most that the process of ` + "`lectern run`" + ` itself held at once (VmHWM),
without its ffmpegs.`,
		Measure: threeHours,
		Judge: func(rounds []Round) []Line {
			held := most(rounds, memory)
			return []Line{{
				Work:    fmt.Sprintf("three hours, a recording of %.1f GB", least(rounds, "recording, bytes")/1e9),
				Lectern: megabytes(held) + ", in " + secs(median(rounds, "lectern")),
				Against: "–", Ratio: "–", Reach: "≤ 300 MB", Met: held <= 300e6,
			}}
		},
	}
}

// big is the recording, and the words that hand it in.
func (b *Bench) big(ctx context.Context) (path string, words []string, err error) {
	length := size(b, 3*time.Hour, 3*time.Minute)
	if path, err = b.studio.Big(ctx, size[int64](b, 20e9, 100e6), length); err != nil {
		return "", nil, err
	}
	p, err := b.write("long.yaml", pipeline{
		cards: true, chunk: 30 * time.Second, codec: "aac", thumbnail: true,
		renditions: []string{"{height: 180, codec: h264, preset: ultrafast, crf: 30}"},
	}.yaml())
	if err != nil {
		return "", nil, err
	}
	words, err = b.subtitled(path, length)
	return path, append(words, "--pipeline", p), err
}

// longHouse is where the long recording was worked on. It outlives the bench, because
// making it takes so long.
func (b *Bench) longHouse() *house {
	return &house{b, filepath.Join(b.dir, size(b, "long", "long-small"))}
}

func threeHours(ctx context.Context, b *Bench, _ int, into *Round) error {
	path, words, err := b.big(ctx)
	if err != nil {
		return err
	}
	h, err := b.house(b.longHouse().dir)
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

func nothing() Row {
	const did = "programs run"
	return Row{
		Name: "nothing",
		How: `The job of three hours and 20 GB is run again with the same words. What ran is counted by
the shim, ffprobe too, and must also be none by Lectern's own word.`,
		Measure: func(ctx context.Context, b *Bench, _ int, into *Round) error { return again(ctx, b, into, did) },
		Judge: func(rounds []Round) []Line {
			took := median(rounds, "lectern")
			return []Line{{
				Work:    "nothing changed, a recording of 20 GB included",
				Lectern: fmt.Sprintf("%s, %s: %.0f", secs(took), did, most(rounds, did)),
				Against: "–", Ratio: "–", Reach: "≤ 1 s, nothing run",
				Met: took <= 1 && most(rounds, did) == 0,
			}}
		},
	}
}

func again(ctx context.Context, b *Bench, into *Round, did string) error {
	_, words, err := b.big(ctx)
	if err != nil {
		return err
	}
	h := b.longHouse()
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
	into.Values[did] = float64(len(ran.Programs) + ran.ran())
	return nil
}
