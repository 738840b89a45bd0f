package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const (
	copyTop  = "cp"
	copyAll  = "cp of the renditions"
	encodes  = "films encoded"
	replaced = "files replaced in vain"
	topBytes = "top rendition, bytes"
	cards    = "cards"
)

// leastTop is how many bytes the top rendition of the corrected talk must have.
const leastTop = 400e6

func captionBenchmark() Benchmark {
	return Benchmark{
		Name: "caption",
		Method: `One caption in Spanish is corrected, in a talk whose top rendition is made so large on
purpose. The copy is of that rendition. Both times are until the files are on the disk; both read
what they copy from memory, as it was just made. A file of the bundle is replaced in vain if it
is another file (by inode) with the bytes it had before, or if it holds neither the caption nor
the sums of what does.`,
		Measure: measureCaption,
		Evaluate: func(rounds []Round) []TableLine {
			work := "one caption corrected, top rendition of " + formatMB(minOf(rounds, topBytes))
			line := compareWithAllowance(rounds, work, copyTop, 1, "1 s")
			line.Lectern += fmt.Sprintf(", %s: %.0f, %s: %.0f", encodes, maxOf(rounds, encodes), replaced, maxOf(rounds, replaced))
			line.Target += ", nothing encoded, every other file the same inode"
			line.Met = line.Met && maxOf(rounds, encodes) == 0 && maxOf(rounds, replaced) == 0
			return []TableLine{line}
		},
	}
}

func titleBenchmark() Benchmark {
	const others = "films encoded besides cards"
	return Benchmark{
		Name: "title",
		Method: `The title of the same talk is corrected. The copies are of the renditions without
subtitles, one after the other. "Cards" is the time in that very run of Lectern from the start of
the first ffmpeg that draws a card to the end of the last, by the shim's clock.`,
		Measure: func(ctx context.Context, b *Bench, n int, into *Round) error {
			return measureTitle(ctx, b, n, into, others)
		},
		Evaluate: func(rounds []Round) []TableLine {
			work := "title corrected, renditions of " + formatMB(minOf(rounds, "renditions, bytes"))
			line := compareWithAllowance(rounds, work, copyAll, 0, cards)
			line.Lectern += fmt.Sprintf(", cards: %s, %s: %.0f", formatSeconds(median(rounds, cards)), others, maxOf(rounds, others))
			line.Target += ", only cards encoded"
			line.Met = line.Met && maxOf(rounds, others) == 0
			return []TableLine{line}
		},
	}
}

// compareWithAllowance returns the line that compares Lectern's time with what it may take: an
// allowance and one and a half times theirs. The allowance is fixed seconds plus the value called
// allowed, if the rounds have it.
func compareWithAllowance(rounds []Round, work, theirs string, fixed float64, allowed string) TableLine {
	over := medianOf(rounds, func(r Round) float64 {
		return r.Values["lectern"] / (fixed + r.Values[allowed] + 1.5*r.Values[theirs])
	})
	return TableLine{
		Task: work, Lectern: formatSeconds(median(rounds, "lectern")), Baseline: theirs + ": " + formatSeconds(median(rounds, theirs)),
		Ratio: fmt.Sprintf("%.2f of what it may take", over), Target: fmt.Sprintf("≤ %s + 1.5 × cp", allowed), Met: over <= 1,
	}
}

// correctedTalk is a finished talk that is corrected again and again.
type correctedTalk struct {
	*dataDir
	length time.Duration
	words  []string
	title  string
	bundle string
}

func (f *correctedTalk) run(ctx context.Context, into *Round) (RunResult, error) {
	return f.dataDir.run(ctx, into, append(f.words, "--title", f.title)...)
}

// correctedTalk returns the talk to correct. It is built at the first call, and removed with the
// bench.
func (b *Bench) correctedTalk(ctx context.Context) (*correctedTalk, error) {
	if b.corrected != nil {
		return b.corrected, nil
	}
	length := forSize(b, 210*time.Second, 12*time.Second)
	talk, err := b.generator.TalkRecording(ctx, TalkSpec{Length: length, Width: 1920, Height: 1080, Rate: pal})
	if err != nil {
		return nil, err
	}
	renditions := []string{"{height: 1080, codec: h264, preset: ultrafast, crf: 1}"}
	for _, s := range ladderRenditions[1:] {
		renditions = append(renditions, s.yaml("ultrafast"))
	}
	p, err := b.writeFile("fix.yaml", pipelineSpec{cards: true, chunk: 30 * time.Second, renditions: renditions, codec: "aac", thumbnail: true}.yaml())
	if err != nil {
		return nil, err
	}
	f := &correctedTalk{length: length, title: "A talk with a mistake"}
	if f.words, err = b.subtitled(talk, length); err != nil {
		return nil, err
	}
	f.words = slices.Clip(append(f.words, "--pipeline", p))
	if f.dataDir, err = b.newDataDir(filepath.Join(b.work, "fixed")); err != nil {
		return nil, err
	}
	ran, err := f.run(ctx, nil)
	if err != nil {
		return nil, err
	}
	f.bundle = ran.Bundle
	top, err := os.Stat(f.rendition(ladderRenditions[0]))
	if err == nil && top.Size() < leastTop && !b.small {
		err = fmt.Errorf("the top rendition is too small to be of use here: %d bytes", top.Size())
	}
	if err != nil {
		return nil, err
	}
	b.corrected = f
	return f, nil
}

func (f *correctedTalk) rendition(s rendition) string {
	return filepath.Join(f.bundle, "video", s.file("talk"))
}

// timeCopies returns how many seconds cp takes for some renditions, one after the other, and adds
// their sizes to the value called bytes.
func (f *correctedTalk) timeCopies(ctx context.Context, into *Round, steps []rendition, bytes string) (seconds float64, err error) {
	for _, s := range steps {
		const to = "copy.mp4"
		from := f.rendition(s)
		info, err := os.Stat(from)
		if err != nil {
			return 0, err
		}
		into.Values[bytes] += float64(info.Size())
		took, err := f.bench.timePlain(ctx, into, []string{to}, "cp", from, to)
		if err != nil {
			return 0, err
		}
		seconds += took
		if err := os.Remove(filepath.Join(f.bench.work, to)); err != nil {
			return 0, err
		}
	}
	return seconds, nil
}

func measureCaption(ctx context.Context, b *Bench, n int, into *Round) error {
	f, err := b.correctedTalk(ctx)
	if err != nil {
		return err
	}
	return runRotated(n,
		func() (err error) {
			into.Values[copyTop], err = f.timeCopies(ctx, into, ladderRenditions[:1], topBytes)
			return err
		},
		func() error {
			correction := fmt.Sprintf("Corrected at %d", time.Now().UnixNano()) // as never before
			if _, err := b.writeFile("es.srt", captions(f.length, 1, correction)); err != nil {
				return err
			}
			before, err := takeInventory(f.bundle)
			if err != nil {
				return err
			}
			ran, err := f.run(ctx, into)
			if err != nil {
				return err
			}
			into.Values["lectern"] = ran.Seconds
			into.Values[encodes] = float64(len(ran.Programs.filter(Program.encodes)))
			if ran.Actions["captions"].Ran == 0 { // a round without the work would be none
				return fmt.Errorf("the correction was not taken: %v", ran.Actions)
			}
			vain, err := before.needlesslyReplaced(f.bundle)
			into.Values[replaced] = float64(vain)
			return err
		},
	)
}

func measureTitle(ctx context.Context, b *Bench, n int, into *Round, others string) error {
	f, err := b.correctedTalk(ctx)
	if err != nil {
		return err
	}
	return runRotated(n,
		func() (err error) {
			into.Values[copyAll], err = f.timeCopies(ctx, into, ladderRenditions, "renditions, bytes")
			return err
		},
		func() error {
			f.title = fmt.Sprintf("A talk corrected at %d", time.Now().UnixNano()) // as never before
			ran, err := f.run(ctx, into)
			if err != nil {
				return err
			}
			into.Values["lectern"] = ran.Seconds
			into.Values[cards] = ran.Programs.filter(Program.drawsCard).span()
			into.Values[others] = float64(len(ran.Programs.filter(func(p Program) bool { return p.encodes() && !p.drawsCard() })))
			return nil
		},
	)
}

// fileInventory are the files of a bundle and what they contained, by name.
type fileInventory map[string]fileState

type fileState struct {
	info fs.FileInfo
	sum  string
}

func takeInventory(bundle string) (fileInventory, error) {
	files, err := listFiles(bundle)
	if err != nil {
		return nil, err
	}
	all := make(fileInventory)
	for _, path := range files {
		name, err := filepath.Rel(bundle, path)
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		sum, err := sha256File(path)
		if err != nil {
			return nil, err
		}
		all[name] = fileState{info, sum}
	}
	return all, nil
}

// mayChange are the files that contain a Spanish caption, or checksums of one that does.
var mayChange = []string{"bundle.json", "SHA256SUMS", "captions/talk.es.srt", "captions/talk.es.vtt", "video/talk.mp4"}

// needlesslyReplaced returns how many files of the bundle are missing, or were replaced although
// their content did not have to change.
func (before fileInventory) needlesslyReplaced(bundle string) (n int, err error) {
	now, err := takeInventory(bundle)
	if err != nil {
		return 0, err
	}
	for name, was := range before {
		is, ok := now[name]
		same := ok && os.SameFile(was.info, is.info)
		if !same && (!ok || is.sum == was.sum || !slices.Contains(mayChange, name)) {
			fmt.Fprintf(os.Stderr, "  replaced in vain: %s\n", name)
			n++
		}
	}
	return n, nil
}
