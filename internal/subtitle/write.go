package subtitle

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/message"
)

// WriteOptions is what a file is to say of itself, and how plain it is to be.
type WriteOptions struct {
	Language string // BCP 47, or ""; WebVTT and TTML have a place for it
	Edition  string // the edition its times belong to, or ""; WebVTT has a place for it
	Plain    bool   // without looks and places: YouTube wants none
}

// ErrNoCues is returned for a file that would hold no cue.
var ErrNoCues = errors.New("there is no cue to write")

// Write writes cues, in ascending order, in a format. SRT is plain UTF-8: LF, no byte-order mark,
// numbered from 1, no entities. What the format cannot hold is written as nearly as possible, and
// each loss is returned as a diagnostic. It reads back what it is about to write; if that differs
// from the cues, it returns an error and writes nothing (except for a transcript, which cannot be
// read back). It returns ErrNoCues if no cue is left.
func Write(w io.Writer, cues []conference.Cue, f Format, o WriteOptions) (losses []Diagnostic, err error) {
	cues, losses = fitCues(cues, f, o)
	if len(cues) == 0 {
		return losses, ErrNoCues
	}
	var b bytes.Buffer
	switch f {
	case SRT:
		writeSRT(&b, cues)
	case WebVTT:
		writeVTT(&b, cues, o)
	case TTML:
		err = writeTTML(&b, cues, o)
	case SSA, ASS:
		err = writeSSA(&b, cues, f)
	case Transcript:
		writeTranscript(&b, cues)
	default:
		err = fmt.Errorf("%s is not a format that can be written", f)
	}
	if err == nil && f != Transcript {
		err = verifyReadsBack(b.Bytes(), cues)
	}
	if err != nil {
		return losses, err
	}
	_, err = w.Write(b.Bytes())
	return losses, err
}

// verifyReadsBack returns an error unless written, when it is parsed, has the same cues. cues must
// be normalised.
func verifyReadsBack(written []byte, cues []conference.Cue) error {
	doc, err := Parse("", written, Options{Encoding: "utf-8", MaxBytes: int64(len(written))})
	if err != nil {
		return fmt.Errorf("subtitles that were written cannot be read back: %w", err)
	}
	for i := range min(len(cues), len(doc.Cues)) {
		if got := normalizeCue(doc.Cues[i]); !sameCue(cues[i], got) {
			return fmt.Errorf("cue %d (%s) was written as %+v and read back as %+v", i+1, cues[i].ID, cues[i], got)
		}
	}
	if len(doc.Cues) != len(cues) {
		return fmt.Errorf("%d cues were written and %d read back", len(cues), len(doc.Cues))
	}
	return nil
}

// cueFitter makes cues such as a format can hold and notes what that costs.
type cueFitter struct {
	format   Format
	plain    bool
	losses   []Diagnostic
	rounded  []string // cues whose times lost milliseconds
	unstyled []string // cues whose look or place a transcript loses
}

// fitCues returns the cues as the format can hold them, and a diagnostic for each loss.
func fitCues(cues []conference.Cue, f Format, o WriteOptions) (fit []conference.Cue, losses []Diagnostic) {
	p := cueFitter{format: f, plain: o.Plain}
	for i, c := range cues {
		if c, ok := p.fit(i+1, c); ok {
			fit = append(fit, c)
		}
	}
	if f == WebVTT && len(coloursWithoutClass(usedColours(fit))) > 0 {
		p.losses = append(p.losses, newDiagnostic(0, message.New("style-block")))
	}
	if f != WebVTT && o.Edition != "" {
		p.losses = append(p.losses, newDiagnostic(0, message.New("edition-lost", "edition", o.Edition)))
	}
	p.addSummary("times-rounded", p.rounded)
	p.addSummary("looks-lost", p.unstyled)
	return fit, p.losses
}

// addLoss adds a diagnostic about a loss of c, cue number n.
func (p *cueFitter) addLoss(c conference.Cue, n int, key string, pairs ...string) {
	p.losses = append(p.losses, newDiagnostic(c.Line, message.New(key, append(pairs, "cue", strconv.Itoa(n))...)))
}

// addSummary adds one diagnostic for all cues with a kind of loss, whose numbers are cues. It adds
// none if there are none.
func (p *cueFitter) addSummary(key string, cues []string) {
	if len(cues) == 0 {
		return
	}
	if len(cues) > 1 {
		key += ".many"
	}
	m := message.New(key, "format", string(p.format), "n", strconv.Itoa(len(cues)), "cues", firstNumbers(cues))
	p.losses = append(p.losses, newDiagnostic(0, m))
}

// firstNumbers returns the first ten cue numbers in words.
func firstNumbers(cues []string) string {
	const few = 10
	if len(cues) > few {
		return strings.Join(cues[:few], ", ") + " …"
	}
	return strings.Join(cues, ", ")
}

// fit returns c, cue number n, as the format can hold it, and adds diagnostics about what that
// loses. ok is false if nothing visible is left.
func (p *cueFitter) fit(n int, c conference.Cue) (fit conference.Cue, ok bool) {
	fit = normalizeCue(c)
	if withoutSpace(fit.Text) == "" {
		p.addLoss(c, n, "no-text")
		return fit, false
	}
	if withoutSpace(fit.Text) != withoutSpace(c.Text) {
		p.addLoss(c, n, "control-characters")
	}
	if emptyLinePattern.MatchString(strings.TrimSpace(c.Text)) {
		p.addLoss(c, n, "empty-line")
	}
	if p.plain || p.format == Transcript {
		fit = withoutStyle(fit)
		if p.format == Transcript && !p.plain && (len(c.Spans) > 0 || c.Position != 0) {
			p.unstyled = append(p.unstyled, fmt.Sprint(n))
		}
	}
	switch p.format {
	case SSA, ASS:
		fit = p.roundToHundredths(n, fit)
	case SRT:
		p.reportMarkupLike(n, fit)
	}
	return fit, true
}

// roundToHundredths rounds the times of cue number n to hundredths of a second, as SSA and ASS have
// them. A cue keeps a duration above zero.
func (p *cueFitter) roundToHundredths(n int, c conference.Cue) conference.Cue {
	const hundredth = 10 * time.Millisecond
	start, end := c.Start.Round(hundredth), c.End.Round(hundredth)
	if c.End > c.Start && end == start {
		end += hundredth
	}
	if start != c.Start || end != c.End {
		p.rounded = append(p.rounded, fmt.Sprint(n))
	}
	c.Start, c.End = start, end
	return c
}

var emptyLinePattern = regexp.MustCompile(`\n[ \t]*\n`)

// tagLikePattern is text that some players hide, though it is no tag of SubRip.
var tagLikePattern = regexp.MustCompile(`</?[A-Za-z][^<>\n]*>`)

// reportMarkupLike adds a loss if the text of cue number n has what players may take for markup.
func (p *cueFitter) reportMarkupLike(n int, c conference.Cue) {
	if len(guardPositions(c.Text)) > 0 {
		p.addLoss(c, n, "text-like-markup")
	} else if tag := tagLikePattern.FindString(c.Text); tag != "" {
		p.addLoss(c, n, "text-like-markup.hidden", "text", excerpt(tag))
	}
}
