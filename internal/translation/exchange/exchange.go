// Package exchange writes translations in the formats of translation editors (PO for gettext
// tools and Weblate, XLIFF 1.2 and 2.0, CSV for spreadsheets), reads them back, and merges
// the changes into the translation.
//
// A format holds one entry per unit: source, translation, state and notes. Everything else,
// such as ids and times, is written to comments or metadata, so that an unchanged file comes
// back as it was exported. If an editor drops those, the current translation supplies them.
package exchange

import (
	"bytes"
	"strings"

	"github.com/lectern-av/lectern/internal/charset"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/subtitle"
)

type File struct {
	Name           string // the file's name
	Talk           string // the talk's title
	From, To       string // BCP 47; "" if the file does not say
	Revision       int    // of the source that it was exported from; 0 if unknown
	Base           int    // revision of the translation that it was exported from; 0 if none or unknown
	entries        []entry
	statesAreEdits bool // its states are set by the translator, so they count for changed texts, too
}

// Origin returns the file's name, the revision of the source and that of the translation that it
// was exported from. A revision is 0 if the file does not say.
func (r *File) Origin() (name string, source, base int) { return r.Name, r.Revision, r.Base }

// LongestText returns the length in bytes of the longest text in the file, and the line of its
// entry. Both are 0 if there is none.
func (r *File) LongestText() (bytes, line int) {
	for _, e := range r.entries {
		if n := max(len(e.source), len(e.previousSource), len(e.translation), len(e.context)); n > bytes {
			bytes, line = n, e.line
		}
	}
	return bytes, line
}

// decodeText returns a file as UTF-8. encoding is what the file declares, or "" to detect it. A
// file with bytes that the encoding does not define is an error.
func decodeText(name string, data []byte, encoding string) (string, error) {
	hint := charset.Hint{Encoding: encoding}
	if e := strings.ToLower(encoding); e == "utf-8" || e == "utf8" || e == "charset" {
		hint.Encoding = ""
	}
	text, err := charset.Decode(name, data, hint)
	if err != nil {
		return "", err
	}
	for _, n := range text.Notes {
		if n.Code == charset.UnreadableBytes {
			return "", inputerr.Coded("translation.not_utf8", "{problem}", "problem", n.Text).In(name).At(n.Line).Hint("Save the file as UTF-8")
		}
	}
	return text.UTF8, nil
}

// canonicalLanguage returns the canonical form of a language tag, which may have underscores, or ""
// if it is invalid.
func canonicalLanguage(language string) string {
	tag, err := subtitle.CanonicalLanguage(strings.ReplaceAll(language, "_", "-"))
	if err != nil {
		return ""
	}
	return tag
}

// DetectReader returns the function that reads data, [ReadXLIFF], [ReadPO] or [ReadCSV], by how
// data begins. It returns nil for any other format, such as subtitles.
func DetectReader(data []byte) func(name string, data []byte) (*File, error) {
	head := bytes.ReplaceAll(data[:min(len(data), 4096)], []byte{0}, nil) // so that UTF-16 is recognised
	has := func(in []byte, words ...string) bool {
		for _, w := range words {
			if !bytes.Contains(in, []byte(w)) {
				return false
			}
		}
		return true
	}
	switch {
	case has(head, "<xliff"):
		return ReadXLIFF
	case has(head, `msgid "`, "msgstr"):
		return ReadPO
	case isSheet(headingText(head)):
		return ReadCSV
	}
	return nil
}
