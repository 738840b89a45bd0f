package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	fullJob = "the full job"
	chunks  = "chunks encoded"
)

func recutBenchmark() Benchmark {
	return Benchmark{
		Name: "recut",
		Method: `A talk of ten minutes with subtitles in two languages goes through the shipped pipeline
` + "`talk`" + `; then its in-point moves by five seconds. Chunks are those runs of ffmpeg that read
the recording and encode moving pictures.`,
		Measure: measureRecut,
		Evaluate: func(rounds []Round) []TableLine {
			line := compareTimes(rounds, "in-point moved by 5 s, talk of 10 minutes", "lectern", fullJob, 0.12)
			line.Lectern += fmt.Sprintf(", %s: %.0f", chunks, maxOf(rounds, chunks))
			line.Target += ", one chunk"
			line.Met = line.Met && maxOf(rounds, chunks) == 1 && minOf(rounds, chunks) == 1
			return []TableLine{line}
		},
	}
}

func measureRecut(ctx context.Context, b *Bench, _ int, into *Round) error {
	length := forSize(b, 10*time.Minute, 70*time.Second)
	shape := forSize(b, TalkSpec{Length: length, Width: 1920, Height: 1080, Rate: pal}, TalkSpec{Length: length, Width: 320, Height: 180, Rate: pal})
	talk, err := b.generator.TalkRecording(ctx, shape)
	if err != nil {
		return err
	}
	words, err := b.subtitled(talk, length)
	if err != nil {
		return err
	}
	h, err := b.newDataDir(filepath.Join(b.work, "data-dir"))
	if err != nil {
		return err
	}
	out := length - 5*time.Second
	cut := func(in time.Duration) []string {
		return append(words, "--cut", fmt.Sprintf("%s-%s", srtClock(in, '.'), srtClock(out, '.')))
	}
	full, err := h.run(ctx, into, cut(5*time.Second)...)
	if err != nil {
		return err
	}
	moved, err := h.run(ctx, into, cut(10*time.Second)...)
	if err != nil {
		return err
	}
	into.Values[fullJob], into.Values["lectern"] = full.Seconds, moved.Seconds
	into.Values[chunks] = float64(len(moved.Programs.filter(func(p Program) bool { return p.encodesVideo() && p.readsInput(filepath.Base(talk)) })))
	return h.remove()
}

// subtitled returns the arguments of `lectern run` for a talk with subtitles in two languages,
// which it writes to files.
func (b *Bench) subtitled(talk string, length time.Duration) ([]string, error) {
	words := []string{talk, "--slug", "talk", "--speaker", "Ada Lovelace", "--conference", "Benchmarks"}
	for i, language := range []string{"en", "es"} {
		path, err := b.writeFile(language+".srt", captions(length, uint64(i), ""))
		if err != nil {
			return nil, err
		}
		words = append(words, "--subtitles", language+"="+path)
	}
	return slices.Clip(words), nil
}

// captions returns a SubRip file with as many cues as a talk of that length has. Equal seeds give
// equal texts. correction, if not "", is the text of a cue in the middle.
func captions(length time.Duration, seed uint64, correction string) string {
	const every, lasts = 4 * time.Second, 3500 * time.Millisecond
	random := rand.New(rand.NewPCG(3, seed))
	var s strings.Builder
	for n := 0; time.Duration(n+1)*every < length; n++ {
		text := randomSentence(random)
		if correction != "" && time.Duration(n) == length/every/2 {
			text = correction
		}
		from := time.Duration(n) * every
		fmt.Fprintf(&s, "%d\n%s --> %s\n%s.\n\n", n+1, srtClock(from, ','), srtClock(from+lasts, ','), text)
	}
	return s.String()
}

// srtClock returns a time as SubRip writes it, with mark before the milliseconds.
func srtClock(d time.Duration, mark rune) string {
	return fmt.Sprintf("%02d:%02d:%02d%c%03d", d/time.Hour, d/time.Minute%60, d/time.Second%60, mark, d/time.Millisecond%1000)
}
