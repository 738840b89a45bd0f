package subtitle

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/fault"
)

// block is a run of lines between blank ones.
type block struct {
	line  int // number of its first line
	lines []string
}

// blocks divides text at lines that hold nothing but spaces and tabs.
func blocks(text string) (all []block) {
	open := false
	for i, l := range strings.Split(text, "\n") {
		switch l = strings.Trim(l, " \t"); {
		case l == "":
			open = false
		case open:
			b := &all[len(all)-1]
			b.lines = append(b.lines, l)
		default:
			all, open = append(all, block{i + 1, []string{l}}), true
		}
	}
	return all
}

const clock = `(?:(\d+):)?(\d{2}):(\d{2})[,.](\d{3})`

var (
	number     = regexp.MustCompile(`^\d+$`)
	timing     = regexp.MustCompile(`^` + clock + `[ \t]*-->[ \t]*` + clock + `(.*)$`)
	timingLike = regexp.MustCompile(`(?m)^.*\d:\d.*-->.*\d:\d.*$`)
	badArrow   = regexp.MustCompile(`^\d+:\d+(?::\d+)?[,.]\d+\s*(->?|--|---+>?|[–—=~]+>?|-*[→⇒])\s*\d+:\d+(?::\d+)?[,.]\d+\s*$`)
)

// parser takes a file apart, block by block, and stops at the first fault.
type parser struct {
	name string
	doc  Document
}

func (p *parser) fault(line int, format string, args ...any) *fault.Fault {
	return fault.New(p.name, format, args...).At(line)
}

func (p *parser) parse(all []block) error {
	if p.doc.Format == WebVTT {
		if err := p.header(all[0]); err != nil {
			return err
		}
		all = all[1:]
	}
	for _, b := range all {
		if p.doc.Format == WebVTT && p.note(b) {
			continue
		}
		if err := p.cue(b); err != nil {
			return err
		}
	}
	return nil
}

// header reads the lines from the WebVTT signature to the first blank one.
func (p *parser) header(b block) error {
	if strings.TrimSpace(b.lines[0]) != "WEBVTT" {
		return p.fault(b.line, "has a title in the WEBVTT line, which would be lost").Try("Leave WEBVTT alone on its line")
	}
	for i, l := range b.lines[1:] {
		key, value, ok := strings.Cut(l, ":")
		switch {
		case ok && key == "Language":
			p.doc.Language = strings.TrimSpace(value)
		case ok && key == "Kind":
		case timingLike.MatchString(l):
			return p.fault(b.line+i+1, "has no blank line between WEBVTT and the first cue").Try("Put one above the line")
		default:
			return p.fault(b.line+i+1, "has a header that would be lost: %s", quote(l)).Try("Remove the line")
		}
	}
	return nil
}

// note takes the comment that names the edition, and no other.
func (p *parser) note(b block) bool {
	if len(b.lines) != 1 || !editionNote.MatchString(b.lines[0]) {
		return false
	}
	p.doc.Edition = EditionOf([]byte(b.lines[0]))
	return true
}

// cue reads a block that ought to be one cue: number, times, text.
func (p *parser) cue(b block) error {
	line, lines := b.line, b.lines
	if number.MatchString(lines[0]) {
		line, lines = line+1, lines[1:]
	}
	if len(lines) == 0 || !timingLike.MatchString(lines[0]) {
		return p.untimed(b)
	}
	cue := conference.Cue{Line: line}
	var err error
	if cue.Start, cue.End, err = p.times(line, lines[0]); err != nil {
		return err
	}
	if cue.Text, err = p.text(line+1, lines[1:]); err != nil {
		return err
	}
	p.doc.Cues = append(p.doc.Cues, cue)
	return nil
}

// untimed is the fault of a block whose times are not where they should be.
func (p *parser) untimed(b block) error {
	for i, l := range b.lines[:min(2, len(b.lines))] {
		if badArrow.MatchString(l) {
			return arrowFault(p.name, l).At(b.line + i)
		}
	}
	first, _, _ := strings.Cut(b.lines[0], " ")
	switch {
	case p.doc.Format == WebVTT && (first == "NOTE" || first == "STYLE" || first == "REGION"):
		return p.fault(b.line, "has a %s block, which would be lost", first).Try("Remove it")
	case len(b.lines) > 1 && timingLike.MatchString(b.lines[1]):
		return p.fault(b.line, "has %s where only the number of a cue can stand; it would be lost", quote(b.lines[0])).
			Try("Remove the line, or put it under the times")
	case number.MatchString(b.lines[0]) && len(b.lines) == 1:
		return p.fault(b.line, "has the number %s and no cue with it", b.lines[0]).Try("Remove it, or the blank line that parts it from its cue")
	case len(p.doc.Cues) == 0:
		return p.fault(b.line, "begins with %s, which is no cue", quote(b.lines[0])).Try("Remove it, or give it times of its own")
	}
	return p.fault(b.line, "has text after a blank line that belongs to no cue: %s", quote(b.lines[0])).
		Try("Remove the blank line above it, or give it times of its own")
}

func arrowFault(name, l string) *fault.Fault {
	return fault.New(name, "has %s between two times", quote(badArrow.FindStringSubmatch(l)[1])).Try("Write --> with a space on either side")
}

// times reads “00:00:01,000 --> 00:00:02,500”; hours may be missing.
func (p *parser) times(line int, l string) (start, end time.Duration, err error) {
	m := timing.FindStringSubmatch(l)
	if m == nil {
		return 0, 0, p.fault(line, "has times that cannot be read: %s", quote(l)).Try("Write them as 00:00:01,000 --> 00:00:02,500")
	}
	if rest := strings.TrimSpace(m[9]); rest != "" {
		return 0, 0, p.fault(line, "places the cue on the screen (%s), which would be lost", quote(rest)).Try("Remove what follows the times")
	}
	start, ok1 := instant(m[1:5])
	end, ok2 := instant(m[5:9])
	switch {
	case !ok1 || !ok2:
		err = p.fault(line, "has a time out of range: %s", quote(l)).Try("Minutes and seconds are below 60, hours below 100")
	case end < start:
		err = p.fault(line, "has a cue that ends before it starts: %s", quote(l))
	case end == start:
		err = p.fault(line, "has a cue that lasts no time: %s", quote(l))
	}
	return start, end, err
}

// instant is hours (or ""), minutes, seconds and milliseconds.
func instant(part []string) (time.Duration, bool) {
	var n [4]int64
	for i, s := range part {
		if s == "" {
			continue
		}
		v, err := strconv.ParseInt(s, 10, 32)
		if err != nil {
			return 0, false
		}
		n[i] = v
	}
	ms := ((n[0]*60+n[1])*60+n[2])*1000 + n[3]
	return time.Duration(ms) * time.Millisecond, n[0] < 100 && n[1] < 60 && n[2] < 60
}

// text reads the lines of a cue below its times.
func (p *parser) text(line int, lines []string) (string, error) {
	for i, l := range lines {
		if timingLike.MatchString(l) || badArrow.MatchString(l) {
			return "", p.fault(line+i, "has the times of a cue inside the text of another").
				Try("Put a blank line above each cue")
		}
	}
	raw := strings.Join(lines, "\n")
	if at, what := unshown(p.doc.Format, raw); at >= 0 {
		return "", p.fault(line+strings.Count(raw[:at], "\n"), "has %s, which would be lost", quote(what)).Try("Remove it")
	}
	marked := scan(raw)
	if at := marked.open; at >= 0 {
		return "", p.fault(line+strings.Count(raw[:at], "\n"), "has %s without its other half in the same cue", quote(raw[at:min(len(raw), at+4)])).
			Try("Open and close i, b and u in every cue")
	}
	if p.doc.Format == WebVTT && !marked.unescape() {
		return "", p.fault(line, "writes with entities what cannot be told from markup or from the end of a line").Try("Write it in other characters")
	}
	if visible(marked.plain()) == "" {
		return "", p.fault(line-1, "has a cue without text").Try("Remove the cue, or write its text under the times")
	}
	return marked.normal(), nil
}

// quote shows a piece of a file in a sentence.
func quote(s string) string {
	if r := []rune(s); len(r) > 40 {
		s = string(r[:39]) + "…"
	}
	return "“" + s + "”"
}
