// Package submission turns what people hand in, recordings and subtitle files, into facts in the
// catalog. What is built from the facts is the conductor's business.
package submission

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/subtitle"
)

// SubtitleFile is a subtitle file that was read and not saved yet.
type SubtitleFile struct {
	Track         conference.Track
	Data          []byte   // the bytes of the file
	ProgrammeTime bool     // its times are on the programme clock, else on the reel clock
	Edition       string   // the edition that the file names; "" if none
	Notes         []string // for the person who submits it
}

// ParseSubtitleFile reads a subtitle file as a track in a language (BCP 47), with the times as in
// the file. name appears in messages. encoding, unless it is "", is used instead of detecting one.
// If the data is no subtitle file, it returns an *inputerr.Error. The Kind of the track and
// ProgrammeTime are left to the caller.
func ParseSubtitleFile(name, language, encoding string, data []byte) (SubtitleFile, error) {
	doc, err := subtitle.Parse(name, data, subtitle.Options{Language: language, Encoding: encoding})
	if err != nil {
		return SubtitleFile{}, err
	}
	f := SubtitleFile{
		Data:    data,
		Edition: doc.Edition,
		Notes:   diagnosticNotes(name, doc.Diagnostics),
		Track: conference.Track{
			Language: language, State: conference.TrackApproved, File: filepath.Base(name), Cues: doc.Cues,
			Source: &conference.SourceFile{
				SHA256: string(action.KeyOf(data)), Size: int64(len(data)),
				Format: string(doc.Format), Encoding: doc.Encoding, Diagnostics: summarizeDiagnostics(doc.Diagnostics),
			},
		},
	}
	if declared, err := subtitle.CanonicalLanguage(doc.Language); doc.Language != "" && err == nil && declared != language {
		f.Notes = append(f.Notes, fmt.Sprintf("%s: declares that it is in %s, but was submitted as %s",
			name, subtitle.EnglishLanguageName(declared), subtitle.EnglishLanguageName(language)))
	}
	return f, nil
}

// maxListedDiagnostics is how many diagnostics of a file are saved with its track one by one.
const maxListedDiagnostics = 100

// summarizeDiagnostics returns the numbers of all diagnostics, and a list by line of at most
// maxListedDiagnostics. If there are more, the least severe are not listed.
func summarizeDiagnostics(all []subtitle.Diagnostic) conference.Diagnostics {
	r := conference.Diagnostics{Codes: make(map[string]int), List: []conference.Diagnostic{}}
	for _, d := range bySeverity(all) {
		switch d.Severity {
		case subtitle.Error:
			r.Errors++
		case subtitle.Warning:
			r.Warnings++
		default:
			r.Notes++
		}
		r.Codes[d.Code]++
		if len(r.List) < maxListedDiagnostics {
			r.List = append(r.List, conference.Diagnostic(d))
		}
	}
	slices.SortStableFunc(r.List, func(a, b conference.Diagnostic) int { return cmp.Compare(a.Line, b.Line) })
	return r
}

// bySeverity returns a sorted copy: errors first, then warnings, then notes. Within each severity
// the order is kept.
func bySeverity(all []subtitle.Diagnostic) []subtitle.Diagnostic {
	rank := map[string]int{subtitle.Error: 0, subtitle.Warning: 1, subtitle.Note: 2}
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b subtitle.Diagnostic) int { return rank[a.Severity] - rank[b.Severity] })
	return sorted
}

// maxDiagnosticNotes is how many diagnostics of a file are shown one by one.
const maxDiagnosticNotes = 10

// diagnosticNotes returns a line of text for each of the maxDiagnosticNotes most severe
// diagnostics, and one with the number of the others. name is the file's.
func diagnosticNotes(name string, all []subtitle.Diagnostic) (notes []string) {
	for _, d := range bySeverity(all)[:min(len(all), maxDiagnosticNotes)] {
		notes = append(notes, fmt.Sprintf("%s:%d: %s", name, d.Line, d.Message))
	}
	if more := len(all) - len(notes); more > 0 {
		notes = append(notes, fmt.Sprintf("%s: and %d more: lectern subtitles read %s", name, more, name))
	}
	return notes
}
