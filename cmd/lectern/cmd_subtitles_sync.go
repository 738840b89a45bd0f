package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/subtitle/subsync"
)

type subtitlesSyncCmd struct {
	File    string `arg:"" help:"The subtitle file. - reads standard input."`
	Against string `required:"" help:"The recording, with or without video." placeholder:"RECORDING"`
	Apply   string `help:"Write the subtitles with corrected times." placeholder:"OUT"`
	subtitleFlags
	JSON bool `help:"Print JSON: the result."`
}

// Run implements `lectern subtitles sync`: it compares the timing of subtitles with the speech in a
// recording and prints the result. With --apply it writes the subtitles with corrected times; the
// exit code is 3 if there is no certain result to apply.
func (c *subtitlesSyncCmd) Run(ctx context.Context, t *console) error {
	var out outputFile
	var err error
	if c.Apply != "" {
		if out, err = newOutputFile(c.Apply, "", c.File, c.Against); err != nil {
			return err
		}
	}
	s, err := c.read(ctx, c.File)
	if err != nil {
		return err
	}
	tools, err := media.FindTools()
	if err != nil {
		return err
	}
	line := newProgressLine(t)
	levels, err := tools.AudioLevels(ctx, c.Against, c.Against, func(fraction float64) {
		line.show("listening to %s: %.0f%%", quoteName(filepath.Base(c.Against)), 100*fraction)
	})
	line.end()
	if err != nil {
		return err
	}
	found := subsync.Analyze(s.Cues, levels)
	var unapplied error
	if c.Apply != "" {
		unapplied = writeSynced(t, s, found, out)
	}
	if c.JSON && unapplied == nil {
		return t.printJSON(found)
	}
	if !c.JSON {
		s.printWarnings(t)
		c.print(t.out, s, found)
	}
	return unapplied
}

// writeSynced writes the subtitles s to out with the times that found proposes. An undecided result
// is an *inputerr.Error.
func writeSynced(t *console, s subtitleFile, found subsync.Result, out outputFile) error {
	moved, notes, err := subsync.Apply(s.Cues, found)
	if f := inputerr.As(err); f != nil {
		f.File = s.name
	}
	if err != nil {
		return err
	}
	for _, note := range notes {
		fmt.Fprintf(t.err, "%s: %s\n", quoteName(s.name), note)
	}
	return out.write(t, s, moved, false)
}

// print prints the result and, if the subtitles are out of sync and --apply was not given, the
// command that corrects them.
func (c *subtitlesSyncCmd) print(w io.Writer, s subtitleFile, r subsync.Result) {
	fmt.Fprintf(w, "%s: %s\n  %s\n", quoteName(s.name), r.Verdict, r.Sentence())
	if r.Verdict == subsync.CannotTell {
		return
	}
	fmt.Fprintf(w, "  confidence %.2f (0.50 is needed)\n", r.Confidence)
	if r.Verdict != subsync.InSync && c.Apply == "" && c.File != stdio {
		fmt.Fprintf(w, "To apply this:\n  lectern %s\n", shellQuote([]string{
			"subtitles", "sync", c.File, "--against", c.Against, "--apply", syncedFileName(c.File)}))
	}
}

// syncedFileName returns a name for the corrected copy of a file, such as talk.in-sync.es.srt for
// talk.es.srt. The extension becomes .srt if Lectern cannot write the file's own format.
func syncedFileName(file string) string {
	end := filepath.Ext(file)
	name := strings.TrimSuffix(file, end)
	if _, err := subtitle.FormatFromFilename(file); err != nil {
		end = ".srt"
	}
	if languageInName(file) != "" {
		tag := filepath.Ext(name)
		name, end = strings.TrimSuffix(name, tag), tag+end
	}
	return name + ".in-sync" + end
}
