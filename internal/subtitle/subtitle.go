// Package subtitle reads and writes subtitle files without losing anything, and moves
// cues between reel time and programme time.
//
// Reading is patient: all that a file may mean is read, and a
// [Diagnostic] says what was odd and what was made of it. The gate, a second look at the
// file that owes nothing to its parser, must find every cue and every visible character
// among what was read, or a diagnostic that says why not; where it finds neither, it
// adds an error. The same gate stands behind everything that is written.
package subtitle

import (
	"cmp"
	"regexp"

	"github.com/lectern-av/lectern/internal/charset"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/message"
)

// Format is a kind of subtitle file.
type Format string

// The formats that are known. All are read but Transcript, which is only written.
const (
	SRT        Format = "srt"      // SubRip
	WebVTT     Format = "vtt"      // the web's
	SubViewer  Format = "sub"      // SubViewer 1 and 2
	MicroDVD   Format = "microdvd" // times are frames
	SBV        Format = "sbv"      // YouTube's
	TTML       Format = "ttml"     // W3C Timed Text, DFXP
	SSA        Format = "ssa"      // SubStation Alpha, V4
	ASS        Format = "ass"      // Advanced SubStation Alpha, V4+
	STL        Format = "stl"      // EBU Tech 3264, and Spruce's text files of the same name
	Timecoded  Format = "stc"      // “*TC 00:00:07;09” above every caption
	Transcript Format = "txt"      // what is said, without times
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
	Line     int    `json:"line"`     // from 1; a loss on writing that is not of one cue has none, 0
	Severity string `json:"severity"` // Error, Warning or Note
	Code     string `json:"code"`     // in kebab case; never changes its meaning
	Message  string `json:"message"`  // in English; a sentence without its full stop

	// Key and Values are the message without words. [English] has a sentence for every key;
	// so has each language that messages are shown in.
	Key    string            `json:"key,omitempty"`
	Values map[string]string `json:"values,omitempty"`
}

// Detail returns the message as its key and values, from which [Sentence] makes words.
func (d Diagnostic) Detail() message.Message { return message.Message{Code: d.Key, Values: d.Values} }

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

// ParseCues parses a subtitle file as Parse does, without any options, and returns only its cues.
// name is the file's name in errors.
func ParseCues(name string, data []byte) ([]conference.Cue, error) {
	doc, err := Parse(name, data, Options{})
	return doc.Cues, err
}

// Parse reads a subtitle file. It recognises the format by the content, not by the name, which is
// only for errors. It returns an [inputerr.Error] for what is not a subtitle file, is too large or
// has no cues; everything else is read, and diagnostics say what was unusual. EBU STL has no lines;
// its line numbers are those of its blocks.
func Parse(name string, data []byte, o Options) (Document, error) {
	p, gate, err := readUnchecked(name, data, o)
	if err != nil {
		return Document{}, err
	}
	p.sortExplained()
	gate()
	if len(p.doc.Cues) == 0 {
		return Document{}, inputerr.Coded("subtitles.no_cues", "is a subtitle file without a single caption").In(name).At(1).Hint("Look whether it was saved whole")
	}
	p.normalize()
	p.doc.Diagnostics = p.diagnostics()
	return p.doc, nil
}

// readUnchecked reads a file without checking for losses; gate does that. The cues are still in the
// order of the file, and some lack an end.
func readUnchecked(name string, data []byte, o Options) (p *parser, gate func(), err error) {
	limit := cmp.Or(o.MaxBytes, MaxBytes)
	if int64(len(data)) > limit {
		return nil, nil, inputerr.Coded("subtitles.too_large", "has more than the {max} bytes that are read", "max", limit).In(name).
			Hint("A subtitle file of a whole day has less than one megabyte: look whether it is the right file")
	}
	p = &parser{name: name}
	if isEBU(data) {
		p.doc.Format = STL
		return p, func() { checkEBU(data, &p.doc, &p.reporter) }, readEBU(p, data)
	}
	t, err := charset.Decode(name, data, charset.Hint{Language: o.Language, Encoding: o.Encoding})
	if err != nil {
		return nil, nil, err
	}
	p.text = cleanText(t.UTF8, &p.reporter)
	if isBlank(p.text) {
		return nil, nil, inputerr.Coded("subtitles.empty", "is empty, so it is not a subtitle file").In(name).At(1).Hint("Check that you saved it, then upload it again")
	}
	p.addEncodingNotes(t)
	r, ok := detectReader(p.text)
	if !ok {
		return nil, nil, unknownFormatError(name, p.text)
	}
	p.doc.Format = r.format
	return p, func() { r.lossCheck(t.UTF8, &p.doc, &p.reporter) }, r.read(p)
}

// addEncodingNotes sets the document's encoding, and adds diagnostics for the notes about it and
// for an encoding that was guessed.
func (p *parser) addEncodingNotes(t charset.Text) {
	p.doc.Encoding = t.Encoding
	for _, n := range t.Notes {
		if n.Code != charset.NULCharacters { // clean says what became of them
			p.addMessage(max(1, n.Line), n.Detail)
		}
	}
	if !t.Certain && t.Encoding != "utf-8" {
		p.add(1, "encoding-guessed", "encoding", t.Encoding)
	}
}

// VTTEdition returns the edition that is named in a note of a WebVTT file that Lectern wrote, or
// "".
func VTTEdition(data []byte) string {
	if m := editionNotePattern.FindSubmatch(data); m != nil {
		return string(m[1])
	}
	return ""
}

var editionNotePattern = regexp.MustCompile(`(?m)^NOTE lectern edition (\S+)[ \t]*\r?$`)

// MaxCueBytes limits the text of one cue in uploaded files. A longer text usually means that the
// blank lines between cues are missing.
const MaxCueBytes = 4000
