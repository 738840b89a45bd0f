package subtitle

import (
	"html"
	"regexp"
	"strings"
	"unicode"

	"github.com/lectern-av/lectern/internal/conference"
)

// style is which of <i>, <b> and <u> are open.
type style [3]bool

const letters = "ibu"

// run is text in one style, with no line break in it but as its last byte.
type run struct {
	style style
	text  string
}

// marked is text apart from its markup.
type marked struct {
	runs []run
	open int // where a lower-case tag without a partner stands, or -1
}

var tag = regexp.MustCompile(`(?i)</?[ibu]>`)

// scan tells markup from text. A tag is markup only together with its partner, so the
// I of Box<I> is text; a lower-case tag alone is text too, but one that looks wrong.
func scan(s string) marked {
	tags := tag.FindAllStringIndex(s, -1)
	paired := make([]bool, len(tags))
	var waiting [3][]int
	for n, at := range tags {
		k := strings.IndexByte(letters, s[at[1]-2]|0x20)
		if s[at[0]+1] != '/' {
			waiting[k] = append(waiting[k], n)
		} else if w := waiting[k]; len(w) > 0 {
			paired[n], paired[w[len(w)-1]] = true, true
			waiting[k] = w[:len(w)-1]
		}
	}
	m := marked{open: -1}
	var depth [3]int
	from := 0
	for n, at := range tags {
		if !paired[n] {
			if s[at[1]-2] >= 'a' && m.open < 0 {
				m.open = at[0]
			}
			continue
		}
		m.add(depth, s[from:at[0]])
		k := strings.IndexByte(letters, s[at[1]-2]|0x20)
		if s[at[0]+1] == '/' {
			depth[k]--
		} else {
			depth[k]++
		}
		from = at[1]
	}
	m.add(depth, s[from:])
	return m
}

// add appends text, line by line, to the last run where the style is the same.
func (m *marked) add(depth [3]int, text string) {
	st := style{depth[0] > 0, depth[1] > 0, depth[2] > 0}
	for l := range strings.SplitAfterSeq(text, "\n") {
		if l == "" {
			continue
		}
		if n := len(m.runs); n > 0 && m.runs[n-1].style == st && !strings.HasSuffix(m.runs[n-1].text, "\n") {
			m.runs[n-1].text += l
		} else {
			m.runs = append(m.runs, run{st, l})
		}
	}
}

// plain is the text without its markup.
func (m marked) plain() string {
	var b strings.Builder
	for _, r := range m.runs {
		b.WriteString(r.text)
	}
	return tidy(b.String())
}

// spans is the text without its markup, and the markup apart.
func (m marked) spans() (string, []conference.Span) {
	var b strings.Builder
	var spans []conference.Span
	for _, r := range m.runs {
		from := b.Len()
		b.WriteString(r.text)
		if r.style != (style{}) && visible(r.text) != "" {
			spans = append(spans, conference.Span{From: from, To: from + len(strings.TrimSuffix(r.text, "\n")), Italic: r.style[0], Bold: r.style[1], Underline: r.style[2]})
		}
	}
	return b.String(), spans
}

// normal is the text with every run in tags of its own, which end with the line.
func (m marked) normal() string {
	var b strings.Builder
	for _, r := range m.runs {
		text := strings.TrimSuffix(r.text, "\n")
		if visible(text) == "" {
			b.WriteString(r.text)
			continue
		}
		for k := range letters {
			if r.style[k] {
				b.WriteString("<" + letters[k:k+1] + ">")
			}
		}
		b.WriteString(text)
		for k := len(letters) - 1; k >= 0; k-- {
			if r.style[k] {
				b.WriteString("</" + letters[k:k+1] + ">")
			}
		}
		b.WriteString(r.text[len(text):])
	}
	return tidy(b.String())
}

var entity = regexp.MustCompile(`&(?:#\d+|#[xX][0-9A-Fa-f]+|[A-Za-z][A-Za-z0-9]*);`)

// unescape decodes the entities of s that end in a semicolon; a bare & is itself.
func unescape(s string) string { return entity.ReplaceAllStringFunc(s, html.UnescapeString) }

// unescape decodes the entities of every run. It reports whether the result still says
// what was meant: no new line ends and nothing that now looks like markup.
func (m marked) unescape() bool {
	for i, r := range m.runs {
		m.runs[i].text = unescape(r.text)
		if strings.Count(m.runs[i].text, "\n") != strings.Count(r.text, "\n") || strings.ContainsAny(m.runs[i].text, "\x00\r") {
			return false
		}
	}
	again := scan(m.normal())
	return again.open < 0 && again.plain() == m.plain()
}

// tidy trims every line and drops those on which nothing is left.
func tidy(s string) string {
	var lines []string
	for l := range strings.SplitSeq(s, "\n") {
		if l = strings.Trim(l, " \t"); l != "" {
			lines = append(lines, l)
		}
	}
	return strings.Join(lines, "\n")
}

// Plain is what a viewer reads of a cue's text: without markup, line by line.
func Plain(text string) string { return scan(text).plain() }

var (
	override  = regexp.MustCompile(`\{\\[^}\n]*\}`)
	hiddenSRT = regexp.MustCompile(`(?i)</?font\b[^<>\n]*>|</?s>`)
	hiddenVTT = regexp.MustCompile(`</?(?:c|v|lang|ruby|rt|i|b|u)(?:\.[^<>\n]*|\s[^<>\n]*)>|</?(?:c|v|lang|ruby|rt)>|<[\d:.]+>`)
)

// unshown finds markup that players act on or hide and that a cue cannot hold; at is
// -1 where there is none.
func unshown(f Format, s string) (at int, what string) {
	hidden := hiddenSRT
	if f == WebVTT {
		hidden = hiddenVTT
	}
	for _, r := range []*regexp.Regexp{override, hidden} {
		if m := r.FindStringIndex(s); m != nil {
			return m[0], s[m[0]:m[1]]
		}
	}
	return -1, ""
}

// visible is s without white space.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}
