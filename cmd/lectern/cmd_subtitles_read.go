package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/plural"
	"github.com/lectern-av/lectern/internal/subtitle"
)

type subtitlesReadCmd struct {
	File string `arg:"" help:"The subtitle file. - reads standard input."`
	subtitleFlags
	JSON bool `help:"Print JSON: all cues and diagnostics."`
}

// readDocument is what --json prints.
type readDocument struct {
	Format      subtitle.Format       `json:"format"`
	Encoding    string                `json:"encoding"`
	Language    string                `json:"language"`
	Cues        []readCue             `json:"cues"`
	Diagnostics []subtitle.Diagnostic `json:"diagnostics"`
}

// readCue is a cue in what --json prints.
type readCue struct {
	Index   int    `json:"index"`
	StartMS int64  `json:"start_ms"`
	EndMS   int64  `json:"end_ms"`
	Text    string `json:"text"`
}

// Run implements `lectern subtitles read`: it prints the format, encoding and language of a
// subtitle file and the diagnostics of reading it; with --json, also the cues. Errors in the file
// do not change the exit code, unless it is no subtitle file at all.
func (c *subtitlesReadCmd) Run(ctx context.Context, t *console) error {
	s, err := c.read(ctx, c.File)
	if err != nil {
		return err
	}
	if !c.JSON {
		s.print(t.out)
		return nil
	}
	doc := readDocument{
		Format: s.Format, Encoding: s.Encoding, Language: s.Language, Cues: []readCue{}, Diagnostics: s.Diagnostics,
	}
	for i, cue := range s.Cues {
		doc.Cues = append(doc.Cues, readCue{
			Index: i + 1, StartMS: cue.Start.Milliseconds(), EndMS: cue.End.Milliseconds(), Text: cue.Text,
		})
	}
	return t.printJSON(doc)
}

// print prints a summary of the file, and its diagnostics by severity.
func (s subtitleFile) print(w io.Writer) {
	language := "unknown (set it with --language)"
	if s.Language != "" {
		language = fmt.Sprintf("%s (%s), %s", subtitle.EnglishLanguageName(s.Language), s.Language, s.languageFrom)
	}
	encoding := s.Encoding
	if slices.ContainsFunc(s.Diagnostics, func(d subtitle.Diagnostic) bool { return d.Code == "encoding-guessed" }) {
		encoding += ", guessed (override it with --encoding)"
	}
	first, last := cueRange(s.Cues)
	fmt.Fprintf(w, "%s\n  format    %s\n  encoding  %s\n  language  %s\n  cues      %d, from %s to %s\n",
		quoteName(s.name), formatName(s.Format), encoding, language, len(s.Cues), formatTimestamp(first), formatTimestamp(last))
	for _, severity := range []string{subtitle.Error, subtitle.Warning, subtitle.Note} {
		if some := withSeverity(severity, s.Diagnostics); len(some) > 0 {
			fmt.Fprintf(w, "\n%s: %s\n", plural.Count(len(some), severity), severityMeaning[severity])
			printDiagnostics(w, s.name, some, "--json lists all")
		}
	}
	if len(s.Diagnostics) == 0 {
		fmt.Fprintln(w, "\nNo issues found.")
	}
}

// severityMeaning explains each severity.
var severityMeaning = map[string]string{
	subtitle.Error:   "could not be read, so viewers would miss it",
	subtitle.Warning: "read as probably meant; please check",
	subtitle.Note:    "corrected, or without effect for viewers",
}

// cueRange returns the earliest start and the latest end of the cues, or zeros if there are none.
func cueRange(cues []conference.Cue) (first, last time.Duration) {
	if len(cues) == 0 {
		return 0, 0
	}
	first = cues[0].Start
	for _, c := range cues {
		first, last = min(first, c.Start), max(last, c.End)
	}
	return first, last
}

// formatTimestamp returns a time as WebVTT writes it, such as 00:01:02.345.
func formatTimestamp(d time.Duration) string {
	ms := d.Milliseconds()
	return fmt.Sprintf("%02d:%02d:%02d.%03d", ms/3_600_000, ms/60_000%60, ms/1000%60, ms%1000)
}

// formatNames are the common names of the formats.
var formatNames = map[subtitle.Format]string{
	subtitle.SRT:        "SubRip (SRT)",
	subtitle.WebVTT:     "WebVTT",
	subtitle.SubViewer:  "SubViewer",
	subtitle.MicroDVD:   "MicroDVD",
	subtitle.SBV:        "YouTube's SBV",
	subtitle.TTML:       "TTML",
	subtitle.SSA:        "SubStation Alpha (SSA)",
	subtitle.ASS:        "Advanced SubStation Alpha (ASS)",
	subtitle.STL:        "STL",
	subtitle.Timecoded:  "text with timecodes",
	subtitle.Transcript: "a plain transcript",
}

func formatName(f subtitle.Format) string { return cmp.Or(formatNames[f], string(f)) }
