package exchange

import (
	"bytes"
	"strings"

	"github.com/lectern-av/lectern/internal/charset"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/subtitle"
)

// File is a sheet as it stands in a file that came back from a translator.
type File struct {
	Name           string // its name, for people
	Talk           string // its title
	From, To       string // languages, BCP 47; "": it does not say
	Revision       int    // of the source that it was made from; 0: it does not say
	Base           int    // the revision of the translation that it was made from; 0: of none, or it does not say
	entries        []entry
	statesAreEdits bool // its states are the translator's, and hold whatever else changed
}

// Origin implements [translation.ReturnedFile].
func (r *File) Origin() (name string, source, base int) { return r.Name, r.Revision, r.Base }

// LongestText is the longest text in the file, in bytes, and on which line it is.
func (r *File) LongestText() (bytes, line int) {
	for _, e := range r.entries {
		if n := max(len(e.source), len(e.previousSource), len(e.translation), len(e.context)); n > bytes {
			bytes, line = n, e.line
		}
	}
	return bytes, line
}

// decodeText is a file as text. The encoding that it says it has is believed unless that is
// UTF-8: programs write that of everything.
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
			return "", inputerr.New(name, "%s", n.Text).At(n.Line).Hint("Save it as UTF-8")
		}
	}
	return text.UTF8, nil
}

// canonicalLanguage is a language as BCP 47 writes it; what is none is "".
func canonicalLanguage(language string) string {
	tag, err := subtitle.CanonicalLanguage(strings.ReplaceAll(language, "_", "-"))
	if err != nil {
		return ""
	}
	return tag
}

// DetectReader is what reads a file for translators, by what is in it; nil if it is something
// else, such as subtitles.
func DetectReader(data []byte) func(name string, data []byte) (*File, error) {
	head := bytes.ReplaceAll(data[:min(len(data), 4096)], []byte{0}, nil) // UTF-16, too
	first, _, _ := bytes.Cut(head, []byte("\n"))
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
	case has(bytes.ToLower(first), "source", "translation"):
		return ReadCSV
	}
	return nil
}
