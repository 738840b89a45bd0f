package main

import (
	"context"
	"fmt"
	"time"

	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/plural"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/subtitle/check"
	"github.com/lectern-av/lectern/internal/timeline"
)

type subtitlesCheckCmd struct {
	File      string `arg:"" help:"The subtitle file. - reads standard input."`
	Profile   string `help:"The rules to check by: ${profiles}." enum:"${profiles}" default:"${profile}" placeholder:"NAME"`
	Recording string `help:"The recording, to know its length." xor:"length" placeholder:"FILE"`
	Length    string `help:"Length of the recording, such as 00:31:05." xor:"length" placeholder:"TIME"`
	Fix       string `help:"Write a copy with all automatic fixes, and list the changes." placeholder:"OUT"`
	Strict    bool   `help:"Exit with code 1 if there are errors."`
	subtitleFlags
	JSON bool `help:"Print JSON: all findings and changes."`
}

// checkResult is what --json prints.
type checkResult struct {
	check.Report
	Diagnostics []subtitle.Diagnostic `json:"diagnostics"` // from reading the file
	Fixed       *fixResult            `json:"fixed,omitempty"`
}

// fixResult is what --fix did.
type fixResult struct {
	File    string         `json:"file"`
	Changes []check.Change `json:"changes"`
	Grade   string         `json:"grade"` // of the new file
	Counts  check.Counts   `json:"counts"`
}

// Run implements `lectern subtitles check`: it checks how well subtitles can be read and prints the
// findings. With --fix it also writes a corrected file. With --strict the exit code is 1 if there
// are errors in the checked file.
func (c *subtitlesCheckCmd) Run(ctx context.Context, t *console) error {
	var out outputFile
	var err error
	if c.Fix != "" {
		if out, err = newOutputFile(c.Fix, "", c.File, c.Recording); err != nil {
			return err
		}
	}
	profile, err := check.ProfileByName(c.Profile)
	if err != nil {
		return err
	}
	length, err := c.length(ctx)
	if err != nil {
		return err
	}
	s, err := c.read(ctx, c.File)
	if err != nil {
		return err
	}
	found := checkResult{Report: check.Check(s.Cues, profile, s.Language, length), Diagnostics: s.Diagnostics}
	if c.Fix != "" {
		cues, changes := check.Fix(s.Cues, profile, s.Language)
		if err := out.write(t, s, cues, false); err != nil {
			return err
		}
		after := check.Check(cues, profile, s.Language, length)
		found.Fixed = &fixResult{File: c.Fix, Changes: changes, Grade: after.Grade, Counts: after.Counts}
	}
	if c.JSON {
		err = t.printJSON(found)
	} else {
		s.printWarnings(t)
		err = found.print(t, s.name)
	}
	if err == nil && c.Strict && found.errorCount() > 0 {
		return errReported
	}
	return err
}

// length returns the length in --length, else that of the recording as its file declares it, else
// 0.
func (c *subtitlesCheckCmd) length(ctx context.Context) (time.Duration, error) {
	if c.Length != "" {
		length, err := timeline.ParseClock(c.Length)
		if err != nil {
			return 0, &usageError{fmt.Sprintf("--length: %v", err)}
		}
		return length, nil
	}
	if c.Recording == "" {
		return 0, nil
	}
	tools, err := media.FindTools()
	if err != nil {
		return 0, err
	}
	return tools.DeclaredLength(ctx, c.Recording, c.Recording)
}

// errorCount returns the number of errors found in reading and in checking the file.
func (c checkResult) errorCount() int {
	return c.Counts.Errors + len(withSeverity(subtitle.Error, c.Diagnostics))
}

// print prints the findings and, if there was a --fix, what it changed.
func (c checkResult) print(t *console, name string) error {
	if err := c.Write(t.out, quoteName(name)); err != nil || c.Fixed == nil {
		return err
	}
	return c.Fixed.print(t)
}

// maxChangesShown is how many changes are printed one by one.
const maxChangesShown = 20

func (f *fixResult) print(t *console) error {
	if len(f.Changes) == 0 {
		_, err := fmt.Fprintf(t.out, "\n%s: nothing to fix automatically; the rest needs a person\n", quoteName(f.File))
		return err
	}
	fmt.Fprintf(t.out, "\n%s: %s made, now grade %s: %s\n", quoteName(f.File), plural.Count(len(f.Changes), "change"), f.Grade, f.Counts)
	if len(f.Changes) <= maxChangesShown {
		for _, c := range f.Changes {
			fmt.Fprintf(t.out, "  %s\n", c)
		}
		return nil
	}
	var codes []check.Code
	of := map[check.Code][]check.Change{}
	for _, c := range f.Changes {
		if of[c.Code] == nil {
			codes = append(codes, c.Code)
		}
		of[c.Code] = append(of[c.Code], c)
	}
	for _, code := range codes {
		fmt.Fprintf(t.out, "  %5d  for %s, such as\n         %s\n", len(of[code]), code, of[code][0])
	}
	_, err := fmt.Fprintln(t.out, "  --json lists each of them.")
	return err
}
