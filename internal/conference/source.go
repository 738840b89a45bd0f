package conference

import (
	"slices"

	"github.com/lectern-av/lectern/internal/message"
)

// SourceFile is the file that a track was read from, and the diagnostics of reading it.
type SourceFile struct {
	SHA256      string      `json:"sha256"`   // of the file, which is kept unchanged
	Size        int64       `json:"size"`     // bytes
	Format      string      `json:"format"`   // "srt", "vtt", "ass" …
	Encoding    string      `json:"encoding"` // "utf-8", "windows-1252" …
	Diagnostics Diagnostics `json:"diagnostics"`
}

// Diagnostics are the remarks of a parser about a file.
type Diagnostics struct {
	Errors   int            `json:"errors"`   // something viewers should see was lost
	Warnings int            `json:"warnings"` // read as was probably meant
	Notes    int            `json:"notes"`    // corrected, or irrelevant to viewers
	Codes    map[string]int `json:"codes"`    // how many there are of each code
	List     []Diagnostic   `json:"list"`     // by line; the most serious ones if there are very many
}

// Diagnostic is what was found on one line of a file, and how it was read.
type Diagnostic struct {
	Line     int    `json:"line"` // from 1
	Severity string `json:"severity"`
	Code     string `json:"code"`
	Message  string `json:"message"` // in English

	// Key and Values are the message without words, as in subtitle.Diagnostic. Diagnostics
	// that were stored before there were keys have none.
	Key    string            `json:"key,omitempty"`
	Values map[string]string `json:"values,omitempty"`
}

// Detail returns the message as its key and values, from which it can be translated. The code of
// the result is "" for diagnostics that were stored before there were keys.
func (d Diagnostic) Detail() message.Message { return message.Message{Code: d.Key, Values: d.Values} }

// InWords returns a copy of s whose diagnostics have only their English message, as bundles store
// them. A nil s stays nil.
func (s *SourceFile) InWords() *SourceFile {
	if s == nil {
		return nil
	}
	words := *s
	words.Diagnostics.List = slices.Clone(s.Diagnostics.List)
	for i := range words.Diagnostics.List {
		words.Diagnostics.List[i].Key, words.Diagnostics.List[i].Values = "", nil
	}
	return &words
}
