package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/plural"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/subtitle/check"
	"github.com/lectern-av/lectern/internal/subtitle/compare"
	"github.com/lectern-av/lectern/internal/translation"
	"github.com/lectern-av/lectern/internal/translation/exchange"
	"github.com/lectern-av/lectern/internal/web"
)

type translationsExportCmd struct {
	Source         string `arg:"" help:"The subtitle file to translate, or the slug of a talk."`
	Translation    string `arg:"" optional:"" help:"The translation so far, if there is one. With a talk, the language."`
	Output         string `short:"o" help:"The file to write. Its extension sets the format: .po, .xlf, .csv, .srt or .vtt. - writes to standard output." default:"-" placeholder:"OUT"`
	Format         string `aliases:"to" help:"Format to write, regardless of the extension: po, xliff (2.0), xliff-1.2, csv, srt or vtt." enum:",po,xliff,xliff-1.2,csv,srt,vtt" default:"" placeholder:"FORMAT"`
	OldSource      string `help:"The subtitle file that the translation was made from, if the source was corrected since then." placeholder:"FILE"`
	SourceLanguage string `help:"Language of the source (BCP 47), if neither the file nor its name says it." placeholder:"L"`
	Profile        string `help:"The rules for reading speed: ${profiles}. The default depends on the language." enum:",${profiles}" default:"" placeholder:"NAME"`
	Revision       int    `help:"With a talk, an earlier revision of its translation." placeholder:"N"`
	Talk           string `help:"Title of the talk, for translators. By default the talk's own, or the name of the file." placeholder:"TITLE"`
	subtitleFlags
	serverFlags
}

// Run implements `lectern translations export`: it writes a file for translators, from a subtitle
// file or from a talk, with the translation so far beside the source.
func (c *translationsExportCmd) Run(ctx context.Context, t *console) error {
	format, err := exchangeFormat(c.Output, c.Format)
	if err != nil {
		return err
	}
	if c.Translation != "" && isTalkSlug(c.Source) {
		return c.exportFromTalk(ctx, t, format)
	}
	inputs := slices.DeleteFunc([]string{c.Source, c.Translation, c.OldSource}, func(f string) bool { return f == "" })
	if countEqual(stdio, inputs) > 1 {
		return &usageError{"standard input can be one of the files, not several"}
	}
	if err := checkWritable(c.Output, inputs...); err != nil {
		return err
	}
	sheet, err := c.buildSheet(ctx, t)
	if err != nil {
		return err
	}
	return c.writeFile(t, format, sheet)
}

// isTalkSlug reports whether name is a valid slug and not the name of an existing file. It does not
// look for the talk.
func isTalkSlug(name string) bool {
	_, err := os.Stat(name)
	return err != nil && conference.ValidSlug(name)
}

// exportFromTalk writes a revision of a talk's translation as a file for translators. If the
// translation was not started, the file has only the source texts.
func (c *translationsExportCmd) exportFromTalk(ctx context.Context, t *console, format string) (err error) {
	track := trackFlags{Talk: c.Source, Language: c.Translation}
	if err := track.canonicalize(); err != nil {
		return err
	}
	if err := checkWritable(c.Output); err != nil {
		return err
	}
	r, err := c.connectReadOnly(ctx, t, c.Source)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	query := url.Values{"format": {format}, "revision": {strconv.Itoa(c.Revision)}, "profile": {c.Profile}, "title": {c.Talk}}
	var data []byte
	err = r.call(ctx, http.MethodGet, track.path()+"/file?"+query.Encode(), nil, &data)
	if hasStatus(err, http.StatusNotFound) && c.Revision != 0 {
		err = r.findTalk(ctx, c.Source)
		if err == nil {
			err = inputerr.New(c.Source+" in "+track.Language, "has no revision %d", c.Revision).
				Hint("`lectern translations history %s %s` lists them", c.Source, track.Language)
		}
	}
	var now web.Translation
	if err == nil {
		err = r.call(ctx, http.MethodGet, track.path(), nil, &now)
	}
	if err != nil {
		return track.explain(ctx, r, err)
	}
	if err := writeOutput(t, c.Output, data, formatProgress(now.Progress)); err != nil {
		return err
	}
	if n := now.Progress.Untranslated; n > 0 && (format == "srt" || format == "vtt") {
		printPlaceholders(t, n)
	}
	return nil
}

func (c *translationsExportCmd) writeFile(t *console, format string, sheet translation.Sheet) error {
	if format == "srt" || format == "vtt" {
		return c.writeSubtitles(t, sheet, subtitle.Format(format))
	}
	profile := check.ProfileFor(sheet.To)
	if c.Profile != "" {
		var err error
		if profile, err = check.ProfileByName(c.Profile); err != nil {
			return err
		}
	}
	var b bytes.Buffer
	if err := writeSheet(&b, format, sheet, cmp.Or(profile.Speed, profile.TooFast)); err != nil {
		return fmt.Errorf("write %s: %w", c.Output, err)
	}
	return writeOutput(t, c.Output, b.Bytes(), sheetSummary(sheet))
}

func writeSheet(b *bytes.Buffer, format string, s translation.Sheet, speed float64) error {
	switch format {
	case "po":
		return exchange.WritePO(b, s, speed)
	case "csv":
		return exchange.WriteCSV(b, s, speed)
	case "xliff-1.2":
		return exchange.WriteXLIFF(b, s, exchange.XLIFF12, speed)
	}
	return exchange.WriteXLIFF(b, s, exchange.XLIFF2, speed)
}

// exchangeFormat returns the format of a file for translators: to or, if that is "", the one of the
// file's extension.
func exchangeFormat(file, to string) (string, error) {
	if to != "" {
		return to, nil
	}
	if file == stdio {
		return "", &usageError{"standard output needs a format: add --format, such as --format po"}
	}
	format, ok := map[string]string{".po": "po", ".pot": "po", ".xlf": "xliff", ".xliff": "xliff", ".csv": "csv", ".srt": "srt", ".vtt": "vtt"}[strings.ToLower(filepath.Ext(file))]
	if !ok {
		return "", inputerr.New(file, "has no known extension").Hint("Name it .po, .xlf, .csv, .srt or .vtt, or add --format")
	}
	return format, nil
}

// buildSheet returns the source texts in c.Source with their translations in c.Translation. If
// c.OldSource is given, the translation is first updated from it to the source. It returns a
// *usageError if the target language is unknown.
func (c *translationsExportCmd) buildSheet(ctx context.Context, t *console) (s translation.Sheet, err error) {
	source, err := subtitleFlags{Language: c.SourceLanguage}.read(ctx, c.Source)
	if err != nil {
		return s, err
	}
	source.printWarnings(t)
	s = translation.Sheet{Talk: c.Talk, From: source.Language}
	if s.Talk == "" {
		s.Talk = titleFromName(source.name)
	}
	if c.Translation == "" {
		if c.Language == "" {
			return s, &usageError{"name the language to translate into, such as --language es"}
		}
		s.To, err = subtitle.CanonicalLanguage(c.Language)
		s.Units = translation.Units(source.Cues, nil)
		return s, err
	}
	translated, err := c.read(ctx, c.Translation)
	if err != nil {
		return s, err
	}
	translated.printWarnings(t)
	s.To = translated.Language
	if s.To == "" {
		return s, &usageError{"name the language of the translation, such as --language es"}
	}
	old, now := source.Cues, source.Cues
	if c.OldSource != "" {
		before, err := subtitleFlags{Language: c.SourceLanguage}.read(ctx, c.OldSource)
		if err != nil {
			return s, err
		}
		before.printWarnings(t)
		old = before.Cues
		now = compare.CarryIDs(old, source.Cues, compare.NewIDs(cueIDs(old)))
	}
	cues, _ := translation.Update(translation.LinkCuesBetween(s.From, s.To, old, translated.Cues), old, now)
	s.Units = translation.Units(withSourceIDs(source.Cues, now, cues))
	return s, nil
}

// titleFromName returns a file's base name without its extension and language: "talk" for
// talk.es.srt.
func titleFromName(file string) string {
	base := filepath.Base(file)
	base = strings.TrimSuffix(base, filepath.Ext(base))
	if languageInName(file) != "" {
		base = strings.TrimSuffix(base, filepath.Ext(base))
	}
	return base
}

// withSourceIDs changes the source ids in cues from those in carried to those in source, and
// returns source and cues. An import reads the source file anew, so that only the ids in source can
// be found again. carried has the same cues as source.
func withSourceIDs(source, carried []conference.Cue, cues []translation.Cue) ([]conference.Cue, []translation.Cue) {
	to := map[string]string{}
	for n, c := range carried {
		to[c.ID] = source[n].ID
	}
	for n, c := range cues {
		of := slices.Clone(c.SourceIDs)
		for i, id := range of {
			of[i] = cmp.Or(to[id], "gone-"+id)
		}
		cues[n].SourceIDs = of
	}
	return source, cues
}

// writeSubtitles writes the translated cues as a subtitle file, with a placeholder for each that is
// not translated yet.
func (c *translationsExportCmd) writeSubtitles(t *console, s translation.Sheet, format subtitle.Format) error {
	cues := s.Subtitles()
	missing := 0
	for _, cue := range cues {
		if cue.Text == translation.Placeholder {
			missing++
		}
	}
	from := subtitleFile{name: c.Source}
	from.Language = s.To
	if err := (outputFile{c.Output, format}).write(t, from, cues, false); err != nil {
		return err
	}
	if missing > 0 {
		printPlaceholders(t, missing)
	}
	return nil
}

func printPlaceholders(t *console, missing int) {
	fmt.Fprintf(t.err, "%s to translate: replace %s by the translation\n", plural.Choose(missing, "cue is", "cues are"), translation.Placeholder)
}

func sheetSummary(s translation.Sheet) string {
	states := map[translation.State]int{}
	for _, u := range s.Units {
		states[u.State()]++
	}
	said := fmt.Sprintf("%s from %s to %s, %d to translate", plural.Count(len(s.Units), "text"),
		cmp.Or(s.From, "an unknown language"), s.To, states[translation.Untranslated])
	if n := states[translation.NeedsEditing]; n > 0 {
		said += fmt.Sprintf(", %d to edit", n)
	}
	return said
}
