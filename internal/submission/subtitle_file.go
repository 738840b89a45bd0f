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

// SubtitleFile is a subtitle file that was handed in.
type SubtitleFile struct {
	Track         conference.Track
	Data          []byte   // the file as it came, which the store keeps
	ProgrammeTime bool     // its times are those of a programme, and not of the reel
	Edition       string   // the programme that it says it was made against, if it says so
	Notes         []string // what its reader remarked, for people
}

// ParseSubtitleFile reads a subtitle file in a language (BCP 47); name is what people call it, and
// encoding, unless it is "", overrules what its bytes look like. One that is no subtitle
// file is a *fault.Fault.
func ParseSubtitleFile(name, language, encoding string, data []byte) (SubtitleFile, error) {
	doc, err := subtitle.Parse(name, data, subtitle.Options{Language: language, Encoding: encoding})
	if err != nil {
		return SubtitleFile{}, err
	}
	u := SubtitleFile{
		Data:    data,
		Edition: doc.Edition,
		Notes:   remarkNotes(name, doc.Diagnostics),
		Track: conference.Track{
			Language: language, State: conference.TrackApproved, File: filepath.Base(name), Cues: doc.Cues,
			Source: &conference.SourceFile{
				SHA256: string(action.KeyOf(data)), Size: int64(len(data)),
				Format: string(doc.Format), Encoding: doc.Encoding, Diagnostics: summarizeRemarks(doc.Diagnostics),
			},
		},
	}
	if said, err := subtitle.CanonicalLanguage(doc.Language); doc.Language != "" && err == nil && said != language {
		u.Notes = append(u.Notes, fmt.Sprintf("%s: says that it is in %s, and was handed in as %s",
			name, subtitle.EnglishLanguageName(said), subtitle.EnglishLanguageName(language)))
	}
	return u, nil
}

// maxRemarks is how many remarks on a file are kept with its track, one by one.
const maxRemarks = 100

// summarizeRemarks is what goes into the books: all remarks, or of very many the gravest.
func summarizeRemarks(all []subtitle.Diagnostic) conference.Diagnostics {
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
		if len(r.List) < maxRemarks {
			r.List = append(r.List, conference.Diagnostic(d))
		}
	}
	slices.SortStableFunc(r.List, func(a, b conference.Diagnostic) int { return cmp.Compare(a.Line, b.Line) })
	return r
}

// bySeverity is diagnostics with errors first, then warnings, then notes, each by line.
func bySeverity(all []subtitle.Diagnostic) []subtitle.Diagnostic {
	rank := map[string]int{subtitle.Error: 0, subtitle.Warning: 1, subtitle.Note: 2}
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b subtitle.Diagnostic) int { return rank[a.Severity] - rank[b.Severity] })
	return sorted
}

// maxRemarkNotes is how many remarks on a file a person is told one by one.
const maxRemarkNotes = 10

// remarkNotes is what a person is told of a file: the gravest remarks, and how many more there
// are.
func remarkNotes(name string, all []subtitle.Diagnostic) (notes []string) {
	for _, d := range bySeverity(all)[:min(len(all), maxRemarkNotes)] {
		notes = append(notes, fmt.Sprintf("%s:%d: %s", name, d.Line, d.Message))
	}
	if more := len(all) - len(notes); more > 0 {
		notes = append(notes, fmt.Sprintf("%s: and %d more: lectern subtitles read %s", name, more, name))
	}
	return notes
}
