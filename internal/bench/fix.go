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

// leastTop is how large the top rendition of the talk that is corrected must be.
const leastTop = 400e6

func caption() Row {
	return Row{
		Name: "caption",
		How: `One caption in Spanish is corrected, in a talk whose top rendition is made so large on
purpose. The copy is of that rendition. Both times are until the files are on the disk; both read
what they copy from memory, as it was just made. A file of the bundle is replaced in vain if it
is another file (by inode) with the bytes it had before, or if it holds neither the caption nor
the sums of what does.`,
		Measure: correctCaption,
		Judge: func(rounds []Round) []Line {
			work := "one caption corrected, top rendition of " + megabytes(least(rounds, topBytes))
			line := slack(rounds, work, copyTop, 1, "1 s")
			line.Lectern += fmt.Sprintf(", %s: %.0f, %s: %.0f", encodes, most(rounds, encodes), replaced, most(rounds, replaced))
			line.Reach += ", nothing encoded, every other file the same inode"
			line.Met = line.Met && most(rounds, encodes) == 0 && most(rounds, replaced) == 0
			return []Line{line}
		},
	}
}

func title() Row {
	const others = "films encoded besides cards"
	return Row{
		Name: "title",
		How: `The title of the same talk is corrected. The copies are of the renditions without
subtitles, one after the other. "Cards" is the time in that very run of Lectern from the start of
the first ffmpeg that draws a card to the end of the last, by the shim's clock.`,
		Measure: func(ctx context.Context, b *Bench, n int, into *Round) error {
			return correctTitle(ctx, b, n, into, others)
		},
		Judge: func(rounds []Round) []Line {
			work := "title corrected, renditions of " + megabytes(least(rounds, "renditions, bytes"))
			line := slack(rounds, work, copyAll, 0, cards)
			line.Lectern += fmt.Sprintf(", cards: %s, %s: %.0f", secs(median(rounds, cards)), others, most(rounds, others))
			line.Reach += ", only cards encoded"
			line.Met = line.Met && most(rounds, others) == 0
			return []Line{line}
		},
	}
}

// slack compares Lectern's time with some allowance and one and a half copies. The
// allowance is fixed seconds and, if the rounds have it, the value called allowed.
func slack(rounds []Round, work, theirs string, fixed float64, allowed string) Line {
	over := medianOf(rounds, func(r Round) float64 {
		return r.Values["lectern"] / (fixed + r.Values[allowed] + 1.5*r.Values[theirs])
	})
	return Line{
		Work: work, Lectern: secs(median(rounds, "lectern")), Against: theirs + ": " + secs(median(rounds, theirs)),
		Ratio: fmt.Sprintf("%.2f of what it may take", over), Reach: fmt.Sprintf("≤ %s + 1.5 × cp", allowed), Met: over <= 1,
	}
}

// fixed is a published talk that is corrected again and again.
type fixed struct {
	*house
	length time.Duration
	words  []string
	title  string
	bundle string
}

func (f *fixed) run(ctx context.Context, into *Round) (Ran, error) {
	return f.house.run(ctx, into, append(f.words, "--title", f.title)...)
}

// published is the talk that is corrected. It is made once, and goes with the bench.
func (b *Bench) published(ctx context.Context) (*fixed, error) {
	if b.fixed != nil {
		return b.fixed, nil
	}
	length := size(b, 210*time.Second, 12*time.Second)
	talk, err := b.studio.Talk(ctx, Talk{Length: length, Width: 1920, Height: 1080, Rate: pal})
	if err != nil {
		return nil, err
	}
	renditions := []string{"{height: 1080, codec: h264, preset: ultrafast, crf: 1}"}
	for _, s := range steps[1:] {
		renditions = append(renditions, s.yaml("ultrafast"))
	}
	p, err := b.write("fix.yaml", pipeline{cards: true, chunk: 30 * time.Second, renditions: renditions, codec: "aac", thumbnail: true}.yaml())
	if err != nil {
		return nil, err
	}
	f := &fixed{length: length, title: "A talk with a mistake"}
	if f.words, err = b.subtitled(talk, length); err != nil {
		return nil, err
	}
	f.words = slices.Clip(append(f.words, "--pipeline", p))
	if f.house, err = b.house(filepath.Join(b.work, "fixed")); err != nil {
		return nil, err
	}
	ran, err := f.run(ctx, nil)
	if err != nil {
		return nil, err
	}
	f.bundle = ran.Bundle
	top, err := os.Stat(f.rendition(steps[0]))
	if err == nil && top.Size() < leastTop && !b.small {
		err = fmt.Errorf("the top rendition is too small to be of use here: %d bytes", top.Size())
	}
	if err != nil {
		return nil, err
	}
	b.fixed = f
	return f, nil
}

func (f *fixed) rendition(s step) string {
	return filepath.Join(f.bundle, "video", s.file("talk"))
}

// copies times cp of some renditions, and notes how many bytes they are.
func (f *fixed) copies(ctx context.Context, into *Round, steps []step, bytes string) (seconds float64, err error) {
	for _, s := range steps {
		const to = "copy.mp4"
		from := f.rendition(s)
		info, err := os.Stat(from)
		if err != nil {
			return 0, err
		}
		into.Values[bytes] += float64(info.Size())
		took, err := f.bench.plain(ctx, into, []string{to}, "cp", from, to)
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

func correctCaption(ctx context.Context, b *Bench, n int, into *Round) error {
	f, err := b.published(ctx)
	if err != nil {
		return err
	}
	return alternate(n,
		func() (err error) {
			into.Values[copyTop], err = f.copies(ctx, into, steps[:1], topBytes)
			return err
		},
		func() error {
			correction := fmt.Sprintf("Corrected at %d", time.Now().UnixNano()) // as never before
			if _, err := b.write("es.srt", captions(f.length, 1, correction)); err != nil {
				return err
			}
			before, err := inventory(f.bundle)
			if err != nil {
				return err
			}
			ran, err := f.run(ctx, into)
			if err != nil {
				return err
			}
			into.Values["lectern"] = ran.Seconds
			into.Values[encodes] = float64(len(ran.Programs.those(Program.encodes)))
			if ran.Actions["captions"].Ran == 0 { // a round without the work would be none
				return fmt.Errorf("the correction was not taken: %v", ran.Actions)
			}
			vain, err := before.inVain(f.bundle)
			into.Values[replaced] = float64(vain)
			return err
		},
	)
}

func correctTitle(ctx context.Context, b *Bench, n int, into *Round, others string) error {
	f, err := b.published(ctx)
	if err != nil {
		return err
	}
	return alternate(n,
		func() (err error) {
			into.Values[copyAll], err = f.copies(ctx, into, steps, "renditions, bytes")
			return err
		},
		func() error {
			f.title = fmt.Sprintf("A talk corrected at %d", time.Now().UnixNano()) // as never before
			ran, err := f.run(ctx, into)
			if err != nil {
				return err
			}
			into.Values["lectern"] = ran.Seconds
			into.Values[cards] = ran.Programs.those(Program.card).span()
			into.Values[others] = float64(len(ran.Programs.those(func(p Program) bool { return p.encodes() && !p.card() })))
			return nil
		},
	)
}

// files of a bundle, and what they held.
type stock map[string]article

type article struct {
	info fs.FileInfo
	sum  string
}

func inventory(bundle string) (stock, error) {
	files, err := filesOf(bundle)
	if err != nil {
		return nil, err
	}
	all := make(stock)
	for _, path := range files {
		name, err := filepath.Rel(bundle, path)
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		sum, err := hashOf(path)
		if err != nil {
			return nil, err
		}
		all[name] = article{info, sum}
	}
	return all, nil
}

// mayChange are the files that hold a Spanish caption, or the sums of one that does.
var mayChange = []string{"bundle.json", "SHA256SUMS", "captions/talk.es.srt", "captions/talk.es.vtt", "video/talk.mp4"}

// inVain is how many files were replaced although they need not be, or are missing.
func (before stock) inVain(bundle string) (n int, err error) {
	now, err := inventory(bundle)
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
