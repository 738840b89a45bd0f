package exchange

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/message"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/subtitle/compare"
	"github.com/lectern-av/lectern/internal/translation"
)

// Upload is a translated file with the options of its upload.
type Upload struct {
	Name            string // of the file
	Data            []byte
	Encoding        string // of the text; "": detected
	Base            int    // the revision that the file was made from; 0: as the file or its name says
	Why             string // a comment for the history; "": a default
	InProgrammeTime bool   // the times are those of the last video, not of the recordings
	Rebase          bool   // apply the changes of the file to the last revision even if others changed it
	DryRun          bool   // check the file and save nothing
}

// UploadResult says what became of an upload.
type UploadResult struct {
	Before, After translation.Revision  // the same number: nothing was saved
	Diagnostics   []subtitle.Diagnostic // of subtitle files, by line
	Unmatched     []translation.CueLine // translations that match no source text; they are left out
	IgnoredNotes  []translation.CueLine // notes on texts that are not translated; they are left out
}

// SaveUpload imports a translated file: PO, XLIFF, CSV or any subtitle format, detected by its
// content. The error is a [catalog.Conflict] if others changed the translation meanwhile and Rebase
// is not set, and an *inputerr.Error if the file is at fault.
func SaveUpload(ctx context.Context, tracks translation.Service, slug, language, who string, u Upload) (UploadResult, error) {
	last, err := tracks.LoadOrNew(ctx, slug, language)
	if err != nil {
		return UploadResult{}, err
	}
	tracks.DryRun = u.DryRun
	i := uploadImport{Upload: u, tracks: tracks, slug: slug, language: language, who: who, result: UploadResult{Before: last}}
	if err := i.read(ctx); err != nil {
		return UploadResult{}, err
	}
	return i.result, i.save(ctx)
}

// uploadImport is one call of SaveUpload.
type uploadImport struct {
	Upload
	tracks              translation.Service
	slug, language, who string
	fromScratch         bool             // the file was made before the translation was started
	file                *File            // nil: the upload is a subtitle file
	cues                []conference.Cue // of a subtitle file
	result              UploadResult
}

// revisionInName finds the revision in names of exported files: "talk.r3.es.srt".
var revisionInName = regexp.MustCompile(`\.r([0-9]{1,6})\.`)

// read parses the file, and finds which revision it was made from: the one that the caller gave, or
// else that in the file, or else that in its name.
func (i *uploadImport) read(ctx context.Context) error {
	i.Name = filepath.Base(strings.ReplaceAll(i.Name, `\`, "/"))
	if len(bytes.TrimSpace(i.Data)) == 0 {
		return inputerr.Coded("translation.empty", "is empty").In(i.Name).Hint("Choose the file that you translated")
	}
	stated := i.Base
	if m := revisionInName.FindStringSubmatch(i.Name); m != nil && i.Base == 0 {
		i.Base, _ = strconv.Atoi(m[1]) // only digits match
		i.fromScratch = i.Base == 0
	}
	if read := DetectReader(i.Data); read != nil {
		return i.readFile(read, stated)
	}
	return i.readSubtitles(ctx)
}

func (i *uploadImport) readFile(read func(name string, data []byte) (*File, error), stated int) (err error) {
	if i.file, err = read(i.Name, i.Data); err != nil {
		return err
	}
	if to := i.file.To; to != "" && to != i.language {
		return inputerr.Coded("translation.other_language", fmt.Sprintf("is in %s (%s), not in %s", subtitle.EnglishLanguageName(to), to, subtitle.EnglishLanguageName(i.language)), "language", to).In(i.Name).
			Hint("Check that it is the right file")
	}
	if err := i.checkTextLength(i.file.LongestText()); err != nil {
		return err
	}
	i.Base = cmp.Or(stated, i.file.Base, i.Base)
	i.fromScratch = i.Base == 0 && i.file.Revision > 0
	return nil
}

func (i *uploadImport) readSubtitles(ctx context.Context) error {
	doc, err := subtitle.Parse(i.Name, i.Data, subtitle.Options{Language: i.language, Encoding: i.Encoding})
	if err != nil {
		return err
	}
	for _, c := range doc.Cues {
		if err := i.checkTextLength(len(c.Text), c.Line); err != nil {
			return err
		}
	}
	i.cues, i.result.Diagnostics = doc.Cues, doc.Diagnostics
	return i.convertToReelTime(ctx, doc.Edition)
}

// checkTextLength returns an error if a text of so many bytes, on that line, is longer than
// subtitle.MaxCueBytes. Such a text cannot be read, and would take minutes to compare.
func (i *uploadImport) checkTextLength(bytes, line int) error {
	if bytes > subtitle.MaxCueBytes {
		return inputerr.Coded("translation.text_too_long", "has a text of {bytes} bytes, more than the limit of {max}", "bytes", bytes, "max", subtitle.MaxCueBytes).In(i.Name).At(line).
			Hint("Check that it is the right file. Nothing was saved")
	}
	return nil
}

// convertToReelTime converts the cues of a subtitle file from the programme time of an edition to
// reel time. Cues that are only over a card are unmatched. If edition is "", the last published one
// is meant if InProgrammeTime is set, and otherwise nothing is converted.
func (i *uploadImport) convertToReelTime(ctx context.Context, edition string) error {
	books := i.tracks.Catalog
	if edition == "" && i.InProgrammeTime {
		published, ok, err := books.LastPublication(ctx, i.slug)
		if err != nil {
			return err
		}
		if !ok {
			return inputerr.Coded("translation.no_video", "cannot have the times of the video: there is no video yet").In(i.Name).Hint("Choose the times of the recordings")
		}
		edition = published.Edition
	}
	if edition == "" {
		return nil
	}
	e, err := books.Edition(ctx, edition)
	if errors.Is(err, catalog.ErrNotFound) {
		return inputerr.Coded("translation.unknown_edition", "was made for a video that does not exist here (edition {edition})", "edition", edition).In(i.Name).
			Hint("Remove the line that names the edition, or start from a file that you downloaded here")
	}
	if err != nil {
		return err
	}
	var omitted []subtitle.OmittedCue
	i.cues, omitted = subtitle.ToReel(e.Programme, i.cues)
	for _, o := range omitted {
		i.result.Unmatched = append(i.result.Unmatched,
			translation.CueLine{Text: o.Cue.Text, StartMS: o.Cue.Start.Milliseconds(), EndMS: o.Cue.End.Milliseconds(), Line: o.Cue.Line})
	}
	return nil
}

// save saves the file as a new revision, if it changes anything, and sets the result.
func (i *uploadImport) save(ctx context.Context) (err error) {
	switch {
	case i.Rebase:
		return i.rebase(ctx)
	case i.file == nil:
		i.result.After, err = i.tracks.ImportSubtitles(ctx, i.slug, i.language, i.cues, i.Base, i.who, cmp.Or(i.Why, translation.WhyEnglish.Format(message.New("why.uploaded", "file", i.Name))))
		return err
	}
	var merged translation.MergeResult
	i.result.After, merged, err = i.tracks.ImportFile(ctx, i.slug, i.language, i.file, i.Base, i.who)
	i.result.Unmatched, i.result.IgnoredNotes = merged.Lost, merged.OrphanNotes
	return err
}

// rebase applies to the last revision what the file changes in the revision that it was made from.
// What others changed meanwhile stays, except in cues that both changed.
func (i *uploadImport) rebase(ctx context.Context) error {
	base, err := i.loadBase(ctx)
	if err != nil {
		return err
	}
	mine, err := i.applyTo(base)
	if err != nil {
		return err
	}
	last := i.result.Before
	merged := translation.MergeThreeWay(base.Cues, last.Cues, mine)
	i.result.After, err = i.tracks.ImportSubtitles(ctx, i.slug, i.language, merged, last.Number, i.who, translation.WhyEnglish.Format(message.New("why.merged", "file", i.Name)))
	return err
}

func (i *uploadImport) loadBase(ctx context.Context) (base translation.Revision, err error) {
	if i.Base == 0 {
		base, err = i.tracks.LoadOrNew(ctx, i.slug, i.language)
	} else {
		base, err = i.tracks.Load(ctx, i.slug, i.language, i.Base)
	}
	if i.fromScratch {
		base.Cues = nil
	}
	return base, err
}

// applyTo returns the translated cues with which the file replaces those of the revision base.
func (i *uploadImport) applyTo(base translation.Revision) ([]translation.Cue, error) {
	if i.file != nil {
		cues, merged, err := i.file.Merge(base.Source.Cues, base.Cues)
		i.result.Unmatched, i.result.IgnoredNotes = merged.Lost, merged.OrphanNotes
		return cues, err
	}
	var used []string
	for _, c := range base.Cues {
		used = append(used, c.ID)
	}
	for _, c := range i.result.Before.Cues {
		used = append(used, c.ID)
	}
	carried := compare.CarryIDs(translation.PlainCues(base.Cues), i.cues, compare.NewIDs(used))
	return translation.LinkCuesBetween(base.Source.Language, i.language, base.Source.Cues, carried), nil
}
