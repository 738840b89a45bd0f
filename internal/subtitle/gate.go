package subtitle

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/fault"
)

var (
	gateHeader = regexp.MustCompile(`\AWEBVTT(?:[^\n]*\S[^\n]*|[ \t]*)\n(?:[^\n]*\S[^\n]*\n)*`)
	gateTiming = regexp.MustCompile(`(?m)^(?:[ \t]*\d+[ \t]*\n)?[^\n]*\d:\d[^\n]*-->[^\n]*\d:\d[^\n]*$`)
	gateTag    = regexp.MustCompile(`</?[ibuIBU]>`)
)

// gate compares what was read with a count of the file that owes nothing to the parser:
// everything that is neither the times of a cue nor the number above them is text.
func gate(name, text string, doc Document) error {
	if doc.Format == WebVTT {
		text = gateHeader.ReplaceAllString(text, "")
		text = editionNote.ReplaceAllString(text, "")
	}
	cues := len(gateTiming.FindAllStringIndex(text, -1))
	text = gateTag.ReplaceAllString(gateTiming.ReplaceAllString(text, "\n"), "")
	if doc.Format == WebVTT {
		text = gateTag.ReplaceAllString(unescape(text), "") // the I of Box&lt;I&gt; is not counted anywhere
	}
	var read strings.Builder
	for _, c := range doc.Cues {
		read.WriteString(visible(gateTag.ReplaceAllString(c.Text, "")))
	}
	if cues != len(doc.Cues) {
		return fault.New(name, "holds %d cues, but %d could be read", cues, len(doc.Cues)).At(1)
	}
	in, out := visible(text), read.String()
	if in == out {
		return nil
	}
	same := 0
	for same < min(len(in), len(out)) && in[same] == out[same] {
		same++
	}
	return fault.New(name, "could not be read without loss").At(lineOfVisible(doc.Cues, same)).
		Try("Look at the cue on this line")
}

// lineOfVisible is the line of the cue that holds visible byte n.
func lineOfVisible(cues []conference.Cue, n int) int {
	line := 1
	for _, c := range cues {
		line = c.Line
		if n -= len(visible(gateTag.ReplaceAllString(c.Text, ""))); n < 0 {
			break
		}
	}
	return line
}

// proved reads back what was written of cues and compares the two: times to the
// millisecond, and the text that was meant.
func proved(written []byte, cues []conference.Cue, text func(string) string) error {
	doc, err := Parse("", written, Options{})
	if err != nil {
		return fmt.Errorf("subtitles that were written cannot be read back: %w", err)
	}
	if len(doc.Cues) != len(cues) {
		return fmt.Errorf("%d cues were written and %d read back", len(cues), len(doc.Cues))
	}
	for i, c := range doc.Cues {
		want := cues[i]
		if c.Start != milli(want.Start) || c.End != milli(want.End) || c.Text != text(want.Text) {
			return fmt.Errorf("cue %s was written as %q at %v and read back as %q at %v", want.ID, text(want.Text), want.Start, c.Text, c.Start)
		}
	}
	return nil
}

// milli is t to the nearest millisecond, which is all that subtitle files can say.
func milli(t time.Duration) time.Duration { return t.Round(time.Millisecond) }
