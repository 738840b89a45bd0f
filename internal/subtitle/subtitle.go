// Package subtitle reads and writes subtitle files without losing anything, and moves
// cues between reel time and programme time.
//
// Reading is strict: a file is taken whole or refused with a [fault.Fault] that names
// the line. Whatever the parser believes, a second and independent count of the file
// (the gate) must find the same cues and the same visible characters; the same gate
// stands behind everything that is written.
package subtitle

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/fault"
)

// Format is a kind of subtitle file.
type Format string

// The formats that are known. All are read but Transcript, which is only written.
const (
	SRT        Format = "srt"  // SubRip
	WebVTT     Format = "vtt"  // the web's
	SubViewer  Format = "sub"  // SubViewer 1 and 2
	MicroDVD   Format = "mdvd" // times are frames
	SBV        Format = "sbv"  // YouTube's
	TTML       Format = "ttml" // W3C Timed Text, DFXP
	SSA        Format = "ssa"  // SubStation Alpha, V4
	ASS        Format = "ass"  // Advanced SubStation Alpha, V4+
	STL        Format = "stl"  // EBU Tech 3264, and Spruce's text files of the same name
	Transcript Format = "txt"  // what is said, without times
)

// Document is a subtitle file as it was read.
type Document struct {
	Format      Format           `json:"format"`
	Encoding    string           `json:"encoding"`          // as charset names it
	Language    string           `json:"language"`          // as the file says, or ""; not checked
	Edition     string           `json:"edition,omitempty"` // the edition it was made against, if it says so
	Cues        []conference.Cue `json:"cues"`              // ascending by start
	Diagnostics []Diagnostic     `json:"diagnostics"`       // by line
}

// Diagnostic is a remark about one line of a file: what was found there, and what was
// made of it.
type Diagnostic struct {
	Line     int    `json:"line"`     // from 1
	Severity string `json:"severity"` // Error, Warning or Note
	Code     string `json:"code"`     // in kebab case; never changes its meaning
	Message  string `json:"message"`  // a sentence without its full stop
}

// How bad what a diagnostic says is.
const (
	Error   = "error"   // something that a viewer should see could not be taken over
	Warning = "warning" // it was read as was probably meant; look at it
	Note    = "note"    // it was put right, or means nothing to a viewer
)

// Options is what is known of a file beforehand.
type Options struct {
	Language string // BCP 47; helps to tell code pages apart
	Encoding string // overrules what the bytes look like
	MaxBytes int64  // the largest file that is read; 0 means [MaxBytes]
}

// MaxBytes is the largest file that is read unless [Options] say otherwise. The longest
// real files are below one megabyte.
const MaxBytes = 64 << 20

// Read is the cues of a subtitle file; name is what faults call it.
func Read(name string, data []byte) ([]conference.Cue, error) {
	doc, err := Parse(name, data, Options{})
	return doc.Cues, err
}

// Parse reads a subtitle file whose content, not its name, says which format it has;
// name is what faults call it. What is no subtitle file is refused with a
// [fault.Fault]; everything else is read, and diagnostics say what was odd.
func Parse(name string, data []byte, o Options) (Document, error) {
	text, err := decode(name, data)
	if err != nil {
		return Document{}, err
	}
	p := &parser{name: name, doc: Document{Format: SRT, Encoding: "utf-8"}}
	if isWebVTT(text) {
		p.doc.Format = WebVTT
	} else if !timingLike.MatchString(text) {
		return Document{}, foreign(name, text)
	}
	if err := p.parse(blocks(text)); err != nil {
		return Document{}, err
	}
	if len(p.doc.Cues) == 0 {
		return Document{}, fault.New(name, "is a subtitle file without a single cue").At(1)
	}
	if err := gate(name, text, p.doc); err != nil {
		return Document{}, err
	}
	p.order()
	for i := range p.doc.Cues {
		c := &p.doc.Cues[i]
		c.Text, c.Spans = scan(c.Text).spans()
	}
	return p.doc, nil
}

// order sorts the cues by start, as every player does, and names them.
func (p *parser) order() {
	cues := p.doc.Cues
	for i := 1; i < len(cues); i++ {
		if cues[i].Start < cues[i-1].Start {
			p.doc.Diagnostics = append(p.doc.Diagnostics, Diagnostic{cues[i].Line, Note, "unsorted",
				fmt.Sprintf("the cue starts before the one above it (line %d); it was put in its place", cues[i-1].Line)})
		}
	}
	slices.SortStableFunc(cues, func(a, b conference.Cue) int { return cmp.Compare(a.Start, b.Start) })
	for i := range cues {
		cues[i].ID = fmt.Sprintf("c%04d", i+1)
	}
}

// decode is data as text with "\n" line ends and without a byte-order mark.
func decode(name string, data []byte) (string, error) {
	if len(bytes.TrimSpace(bytes.TrimPrefix(data, bom))) == 0 {
		return "", fault.New(name, "is empty, which is not a subtitle file").At(1)
	}
	if zero := bytes.IndexByte(data, 0); zero >= 0 {
		return "", zeroes(name, data, zero)
	}
	if !utf8.Valid(data) {
		at := invalid(data)
		return "", fault.New(name, "is not UTF-8: byte 0x%02X is no part of a character", data[at]).At(lineOf(data, at)).
			Try("If it is in a Windows code page, convert it: iconv -f WINDOWS-1252 -t UTF-8 (or the code page of its language)")
	}
	text := strings.ReplaceAll(string(bytes.TrimPrefix(data, bom)), "\r\n", "\n")
	if cr := strings.IndexByte(text, '\r'); cr >= 0 {
		return "", fault.New(name, "has a carriage return that does not end a line with its line feed").At(lineOf([]byte(text), cr)).
			Try("Save it with LF or CRLF line ends")
	}
	return text, nil
}

var bom = []byte("\xef\xbb\xbf")

// zeroes is the fault of a file with NUL bytes: UTF-16, or no text at all.
func zeroes(name string, data []byte, zero int) error {
	f := fault.New(name, "is not a subtitle file: it holds NUL bytes").At(lineOf(data, zero))
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		f = fault.New(name, "is UTF-16, not UTF-8").At(1).Try("Convert it: iconv -f UTF-16 -t UTF-8")
	}
	return f
}

// invalid is where the first byte that is not UTF-8 stands.
func invalid(data []byte) int {
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(data)
}

func lineOf(data []byte, at int) int { return 1 + bytes.Count(data[:at], []byte("\n")) }

// isWebVTT looks at the file's first line: the signature, alone or before a space.
func isWebVTT(text string) bool {
	rest, ok := strings.CutPrefix(text, "WEBVTT")
	return ok && (rest == "" || strings.ContainsAny(rest[:1], " \t\n"))
}

// foreigners are kinds of files that people take for SRT, by what they begin with.
var foreigners = []struct {
	start *regexp.Regexp
	what  string
}{
	{regexp.MustCompile(`^\d+:\d+:\d+\.\d+,\d+:\d+:\d+\.\d+`), "a YouTube SBV file"},
	{regexp.MustCompile(`^\[Script Info\]`), "an SSA or ASS file"},
	{regexp.MustCompile(`^\{\d+\}\{\d+\}`), "a MicroDVD file"},
	{regexp.MustCompile(`^(?is)<\?xml.*<tt\b|^<tt\b`), "a TTML file"},
	{regexp.MustCompile(`^(?is)<(!doctype )?html`), "a web page"},
	{regexp.MustCompile(`^\d+:\d+:\d+[,.]\d+\s*[-–—=~]+>?\s*\d+:\d+`), "an SRT file with something else than --> between its times"},
}

// foreign is the fault of a file in which nothing looks like the times of a cue.
func foreign(name, text string) error {
	line := 1
	for l := range strings.Lines(text) {
		if strings.TrimSpace(l) != "" {
			break
		}
		line++
	}
	for i, b := range blocks(text) {
		first := b.lines[0]
		if number.MatchString(first) && len(b.lines) > 1 {
			first = b.lines[1]
		}
		if badArrow.MatchString(first) {
			return arrowFault(name, first).At(b.line + slices.Index(b.lines, first))
		}
		if i > 2 {
			break
		}
	}
	start := strings.TrimSpace(text)
	for _, k := range foreigners {
		if k.start.MatchString(start) {
			return fault.New(name, "is not a subtitle file that is read here, but %s", k.what).At(line).
				Try("Save it as SRT or WebVTT")
		}
	}
	return fault.New(name, "is not a subtitle file: no line of it is like “00:00:01,000 --> 00:00:02,500”").At(line)
}

// EditionOf is the edition that a WebVTT file made by Lectern names, or "".
func EditionOf(data []byte) string {
	if m := editionNote.FindSubmatch(data); m != nil {
		return string(m[1])
	}
	return ""
}

var editionNote = regexp.MustCompile(`(?m)^NOTE lectern edition (\S+)[ \t]*\r?$`)
