package subtitle

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/lectern-av/lectern/internal/conference"
)

// readVTT reads WebVTT as the W3C specifies it. It also keeps text that the W3C's parser would
// drop: what follows an empty line in a cue, and what looks like a tag but is not one.
func readVTT(p *parser) error {
	m := &markupReader{reporter: &p.reporter, vtt: true, styles: map[string]conference.Span{}, voices: map[string]bool{}}
	b := &blockReader{parser: p, parseTimes: parseArrowTimes, numbered: true, readMarkup: m.read}
	b.isPlain = func(raw string) bool {
		return strings.IndexByte(raw, '<') < 0 && strings.IndexByte(raw, '{') < 0 && strings.IndexByte(raw, '&') < 0
	}
	b.textAfter = func(c *conference.Cue, s string) string { return parseVTTSettings(c, s, p) }
	b.commentKey = func(l string) string {
		word, _, _ := strings.Cut(strings.ReplaceAll(l, "\t", " "), " ")
		switch {
		case word == "NOTE":
			return "comment"
		case l == "STYLE" && !b.inCue && len(p.doc.Cues) == 0:
			return "comment.style"
		case l == "REGION" && !b.inCue && len(p.doc.Cues) == 0:
			return "comment.region"
		}
		return ""
	}
	parseVTTStyles(p.text, m.styles)
	p.doc.Edition = VTTEdition([]byte(p.text))
	p.doc.Cues = make([]conference.Cue, 0, estimateCues(p.text))
	at, line := p.readVTTHeader()
	return b.read(at, line)
}

// readVTTHeader reads the header, which ends at the first empty line or cue. It returns the byte
// offset after it, and the number of the line there.
func (p *parser) readVTTHeader() (at, line int) {
	line = 1
	for first := true; at < len(p.text); line++ {
		l, _, _ := strings.Cut(p.text[at:], "\n")
		s := strings.TrimSpace(l)
		key, value, keyed := strings.Cut(s, ":")
		switch {
		case first && s == "":
			first = true
			at += len(l) + 1
			p.add(line, "header-line.blank")
			continue
		case first:
			if title := strings.TrimSpace(s[len("WEBVTT"):]); title != "" {
				p.addLoss(line, "title", "text", title)
			}
			if !strings.HasPrefix(s, "WEBVTT") {
				p.add(line, "header-case")
			}
		case s == "":
			return at, line
		case keyed && strings.EqualFold(strings.TrimSpace(key), "language"):
			p.doc.Language = strings.TrimSpace(value)
		case keyed && strings.EqualFold(strings.TrimSpace(key), "kind"):
		case p.cueStartsAt(at):
			p.add(line, "missing-blank-line.header")
			return at, line
		case strings.HasPrefix(s, "X-TIMESTAMP-MAP"):
			p.addLoss(line, "timestamp-map", "text", s)
		default:
			p.addLoss(line, "header-line", "text", s)
		}
		first = false
		at = min(len(p.text), at+len(l)+1)
	}
	return at, line
}

// cueStartsAt reports whether the line at the byte offset at, or the one after it, has the times of
// a cue.
func (p *parser) cueStartsAt(at int) bool {
	l, rest, _ := strings.Cut(p.text[at:], "\n")
	if _, ok := parseArrowTimes(l); ok {
		return true
	}
	l, _, _ = strings.Cut(rest, "\n")
	_, ok := parseArrowTimes(l)
	return ok
}

// parseVTTSettings parses the settings behind a cue's times, sets the cue's place, and returns what
// follows the settings. Settings that a cue cannot hold, and misspelt ones, are left out and
// reported.
func parseVTTSettings(c *conference.Cue, s string, p *parser) (rest string) {
	col, row := 1, 2
	for s != "" {
		word, after, _ := strings.Cut(strings.ReplaceAll(s, "\t", " "), " ")
		key, value, ok := strings.Cut(word, ":")
		if !ok || value == "" {
			break
		}
		first, _, _ := strings.Cut(value, ",")
		switch key {
		case "align":
			col = alignColumn(first, col)
		case "position":
			if v, err := strconv.ParseFloat(strings.TrimSuffix(first, "%"), 64); err == nil && col == 1 {
				col = horizontalThird(v / 100)
			}
		case "line":
			row = lineRow(first)
		case "size":
		case "vertical", "region":
			p.addOnce(c.Line, "setting-dropped", "text", word)
		default:
			if !isMisspeltSetting(key, value) {
				c.Position = normalizePlace(7 - 3*row + col)
				return s
			}
			p.add(c.Line, "setting-unknown", "text", word)
		}
		s = strings.TrimLeft(after, " ")
	}
	c.Position = normalizePlace(7 - 3*row + col)
	return s
}

// settingNames are the cue settings of WebVTT, section 4.4.
var settingNames = [...]string{"align", "line", "position", "region", "size", "vertical"}

// settingValue matches the values that cue settings can have, other than the id of a region.
var settingValue = regexp.MustCompile(`^(-?[0-9.]+%?(,[a-z-]+)?|start|middle|center|end|left|right|rl|lr|line-(left|right))$`)

// isMisspeltSetting reports whether key:value, behind a cue's times, was meant as a setting: its
// key is nearly the name of one, or its value can only be that of one.
func isMisspeltSetting(key, value string) bool {
	if strings.Trim(strings.ToLower(key), "abcdefghijklmnopqrstuvwxyz-_") != "" {
		return false
	}
	lower := strings.ToLower(key)
	return settingValue.MatchString(strings.ToLower(value)) || slices.ContainsFunc(settingNames[:], func(name string) bool {
		return lower == name || lower != "" && isOneEditApart(lower, name)
	})
}

// isOneEditApart reports whether a becomes b if one byte is added, left out, replaced, or swapped
// with the next one. It is false for equal strings.
func isOneEditApart(a, b string) bool {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	a, b = a[n:], b[n:]
	switch {
	case a == "" || b == "":
		return len(a)+len(b) == 1
	case a[1:] == b || a == b[1:] || a[1:] == b[1:]:
		return true
	}
	return len(a) > 1 && len(b) > 1 && a[0] == b[1] && a[1] == b[0] && a[2:] == b[2:]
}

func alignColumn(value string, col int) int {
	switch value {
	case "start", "left":
		return 0
	case "end", "right":
		return 2
	case "center", "middle":
		return 1
	}
	return col
}

// horizontalThird returns 0, 1 or 2 for the first, second or last third of a line or column on
// which x goes from 0 to 1.
func horizontalThird(x float64) int {
	switch {
	case x < 1.0/3:
		return 0
	case x > 2.0/3:
		return 2
	}
	return 1
}

// lineRow returns 0, 1 or 2 for the top, middle and bottom of the screen. value is a percentage or
// a line number, counted from the top or, if negative, from the bottom.
func lineRow(value string) int {
	v, err := strconv.ParseFloat(strings.TrimSuffix(value, "%"), 64)
	switch {
	case err != nil:
		return 2
	case strings.HasSuffix(value, "%"):
		return horizontalThird(v / 100)
	case v < 0 || v > 9:
		return 2
	case v > 4:
		return 1
	}
	return 0
}

// parseVTTStyles adds to styles, by class, the colours that STYLE blocks define: ::cue(.name) {
// color: #rrggbb }.
func parseVTTStyles(text string, styles map[string]conference.Span) {
	for rest := text; ; {
		_, after, found := strings.Cut(rest, "::cue(")
		if !found {
			return
		}
		rest = after
		selector, after, ok := strings.Cut(rest[:min(len(rest), 2000)], ")")
		body, _, shut := strings.Cut(after, "}")
		open := strings.IndexByte(body, '{')
		dot := strings.LastIndexByte(selector, '.')
		if !ok || !shut || open < 0 || dot < 0 {
			continue
		}
		for rule := range strings.SplitSeq(body[open+1:], ";") {
			key, value, _ := strings.Cut(rule, ":")
			if c, known := parseColour(strings.TrimSpace(value)); known && strings.TrimSpace(key) == "color" {
				styles[selector[dot+1:]] = conference.Span{Colour: c}
			}
		}
	}
}
