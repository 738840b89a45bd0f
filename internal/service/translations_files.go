package service

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/submission"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/subtitle/check"
	"github.com/lectern-av/lectern/internal/subtitle/compare"
	"github.com/lectern-av/lectern/internal/translation"
	"github.com/lectern-av/lectern/internal/translation/exchange"
)

// ExchangeFormats returns the file name extensions of the formats for translators. Files in all of
// them can be uploaded again.
func ExchangeFormats() []string { return []string{"srt", "vtt", "po", "xliff", "csv"} }

// TranslationExport says how a translation is to be written.
type TranslationExport struct {
	Format   string // one of ExchangeFormats, or "xliff-1.2"
	Revision int    // 0: the last
	Profile  string // whose rules say how much can be read; "": those for the language
	Title    string // of the talk, for translators; "": its own
}

// File writes a revision of a talk's translation as a file for translators, and returns
// the best name for it: it says which revision the file holds, so that formats that have no place
// for it can be uploaded again as well.
func (svc *Translations) File(ctx context.Context, p access.Person, slug, language string, export TranslationExport) (name string, data []byte, err error) {
	t, err := svc.Get(ctx, p, slug, language, export.Revision)
	if err != nil {
		return "", nil, err
	}
	name = fmt.Sprintf("%s.r%d.%s.%s", slug, t.Number, language, strings.TrimSuffix(export.Format, "-1.2"))
	sheet := t.Sheet(cmp.Or(export.Title, t.Talk.Title))
	profile := check.ProfileFor(language)
	if export.Profile != "" {
		if profile, err = check.ProfileByName(export.Profile); err != nil {
			return "", nil, err
		}
	}
	speed := cmp.Or(profile.Speed, profile.TooFast)
	var b bytes.Buffer
	switch export.Format {
	case "po":
		err = exchange.WritePO(&b, sheet, speed)
	case "csv":
		err = exchange.WriteCSV(&b, sheet, speed)
	case "xliff":
		err = exchange.WriteXLIFF(&b, sheet, exchange.XLIFF2, speed)
	case "xliff-1.2":
		err = exchange.WriteXLIFF(&b, sheet, exchange.XLIFF12, speed)
	case "srt", "vtt":
		_, err = subtitle.Write(&b, sheet.Subtitles(), subtitle.Format(export.Format), subtitle.WriteOptions{Language: language})
	default:
		err = fmt.Errorf("a translation as %q: %w", export.Format, catalog.ErrNotFound)
	}
	return name, b.Bytes(), err
}

// TranslationUpload is a translated file with the options of its upload.
type TranslationUpload struct {
	Name            string // of the file
	Data            []byte
	Encoding        string // overrules what the bytes look like
	Base            int    // the revision that it was made from; 0: the file, or its name, may say so
	Why             string // what was done, for the history; "": that it was handed in
	InProgrammeTime bool   // its times are those of the bundle that was made last, and not of the recording
	Rebase          bool   // what it changes is to be changed in what there is now, whoever changed that meanwhile
	DryRun          bool   // it is only to be looked at: nothing is saved
}

// TranslationUploadResult says what an upload changed and what was found in the file.
type TranslationUploadResult struct {
	Translation  translation.Revision
	Saved        bool // there is a new revision
	Changed      []UnitChange
	Quality      translation.QualityReport //
	Diagnostics  []subtitle.Diagnostic     // on the lines of the file
	Unmatched    []translation.CueLine     // translations in the file that fit nothing
	IgnoredNotes []translation.CueLine     // notes in the file on what is not translated
	Claim        *catalog.Claim            // of somebody else; nil: there is none
}

// CountUnlinked returns how many cues of the translation match nothing in the source. They are
// kept as they are.
func (r TranslationUploadResult) CountUnlinked() (n int) {
	for _, c := range r.Translation.Cues {
		if len(c.SourceIDs) == 0 && c.State != translation.Obsolete {
			n++
		}
	}
	return n
}

// Upload imports a translated file: PO, XLIFF, CSV or any subtitle format, detected by its content.
// If the translation was changed meanwhile, the error is a *Conflict.
func (svc *Translations) Upload(ctx context.Context, p access.Person, slug, language string, f TranslationUpload) (TranslationUploadResult, error) {
	by, err := p.GrantFor(access.Translate, slug, language)
	if err != nil {
		return TranslationUploadResult{}, err
	}
	before, err := svc.Get(ctx, p, slug, language, 0)
	if err != nil {
		return TranslationUploadResult{}, err
	}
	h := translationImport{Translations: svc, TranslationUpload: f, slug: slug, language: language, who: by.Name, last: before.Revision}
	if err := h.parse(ctx); err != nil {
		return TranslationUploadResult{}, err
	}
	if err := h.importFile(ctx); err != nil {
		return TranslationUploadResult{}, err
	}
	r := h.receipt
	r.Translation, r.Saved = h.now, h.now.Number != h.last.Number
	if r.Saved {
		svc.editor.reconcile(slug)
	}
	r.Changed = compareUnits(h.last, h.now)
	terms, err := svc.loadGlossary(ctx)
	if err != nil {
		return r, err
	}
	r.Quality = translation.CheckQuality(h.now.Sheet(before.Talk.Title), check.ProfileFor(language), terms)
	if before.Claim != nil && before.Claim.Who != by.Name {
		r.Claim = before.Claim
	} else if r.Saved && before.Claim != nil {
		_, err = svc.catalog.Claim(ctx, slug, language, by.Name, time.Now().Add(ClaimLifetime))
	}
	return r, err
}

// translationImport is a file on its way in.
type translationImport struct {
	*Translations
	TranslationUpload
	slug, language, who string
	last                translation.Revision // before it
	fromScratch         bool                 // it was made when there was no translation yet
	returned            *exchange.File
	cues                []conference.Cue     // of subtitles
	now                 translation.Revision // with it
	receipt             TranslationUploadResult
}

// revisionInName is how a file's name says which revision it holds; see TranslationFile.
var revisionInName = regexp.MustCompile(`\.r([0-9]{1,6})\.`)

// parse reads the file.
func (h *translationImport) parse(ctx context.Context) (err error) {
	h.Name = filepath.Base(strings.ReplaceAll(h.Name, `\`, "/"))
	if len(bytes.TrimSpace(h.Data)) == 0 {
		return inputerr.New(h.Name, "is empty").Hint("Choose the file that you translated")
	}
	stated := h.Base
	if m := revisionInName.FindStringSubmatch(h.Name); m != nil && h.Base == 0 {
		h.Base, _ = strconv.Atoi(m[1]) // digits
		h.fromScratch = h.Base == 0
	}
	if read := exchange.DetectReader(h.Data); read != nil {
		h.returned, err = read(h.Name, h.Data)
		if err == nil && h.returned.To != "" && h.returned.To != h.language {
			err = inputerr.New(h.Name, "says that it is in %s (%s), and not in %s", subtitle.EnglishLanguageName(h.returned.To), h.returned.To, subtitle.EnglishLanguageName(h.language)).
				Hint("Look whether it is the right file")
		}
		if err == nil {
			err = h.checkTextLength(h.returned.LongestText())
		}
		if err == nil {
			h.Base = cmp.Or(stated, h.returned.Base, h.Base)
			h.fromScratch = h.Base == 0 && h.returned.Revision > 0
		}
		return err
	}
	doc, err := subtitle.Parse(h.Name, h.Data, subtitle.Options{Language: h.language, Encoding: h.Encoding})
	if err != nil {
		return err
	}
	for _, c := range doc.Cues {
		if err := h.checkTextLength(len(c.Text), c.Line); err != nil {
			return err
		}
	}
	h.cues, h.receipt.Diagnostics = doc.Cues, doc.Diagnostics
	return h.convertToReelTime(ctx, doc.Edition)
}

// maxTextBytes is how long one text of a translation may be, in bytes: what nobody could read
// anyhow would keep the server busy for minutes.
const maxTextBytes = submission.MaxCueBytes

func (h *translationImport) checkTextLength(bytes, line int) error {
	if bytes > maxTextBytes {
		return inputerr.New(h.Name, "has a text of %d bytes, and no caption is longer than %d", bytes, maxTextBytes).At(line).
			Hint("Look whether it is the right file; nothing of it was taken")
	}
	return nil
}

// convertToReelTime brings cues with the times of a programme to those of the recording.
func (h *translationImport) convertToReelTime(ctx context.Context, edition string) error {
	if edition == "" && h.InProgrammeTime {
		published, ok, err := h.catalog.LastPublication(ctx, h.slug)
		if err != nil {
			return err
		}
		if !ok {
			return inputerr.New(h.Name, "cannot have the times of the video: there is none yet").Hint("Say that its times are those of the files from here")
		}
		edition = published.Edition
	}
	if edition == "" {
		return nil
	}
	e, err := h.catalog.Edition(ctx, edition)
	if errors.Is(err, catalog.ErrNotFound) {
		return inputerr.New(h.Name, "was made for a video that nobody here knows (edition %s)", edition).Hint("Take away the line that says so, or make it from a file from here")
	}
	if err != nil {
		return err
	}
	var left []subtitle.OmittedCue
	h.cues, left = subtitle.ToReel(e.Programme, h.cues)
	for _, l := range left {
		h.receipt.Unmatched = append(h.receipt.Unmatched, translation.CueLine{Text: l.Cue.Text, StartMS: l.Cue.Start.Milliseconds(), EndMS: l.Cue.End.Milliseconds(), Line: l.Cue.Line})
	}
	return nil
}

// importFile makes the translation of it, and saves that unless it is only to be looked at.
func (h *translationImport) importFile(ctx context.Context) error {
	desk := h.tracks
	desk.DryRun = h.DryRun
	switch {
	case h.Rebase:
		return h.rebase(ctx, desk)
	case h.returned == nil:
		var err error
		h.now, err = desk.ImportSubtitles(ctx, h.slug, h.language, h.cues, h.Base, h.who, cmp.Or(h.Why, "handed in "+h.Name))
		return err
	}
	now, taken, err := desk.Import(ctx, h.slug, h.language, h.returned, h.Base, h.who)
	h.now, h.receipt.Unmatched, h.receipt.IgnoredNotes = now, taken.Lost, taken.OrphanNotes
	return err
}

// applyTo is the translation that the file holds, made from a revision.
func (h *translationImport) applyTo(base translation.Revision) ([]translation.Cue, error) {
	if h.returned != nil {
		cues, taken, err := h.returned.Merge(base.Source.Cues, base.Cues)
		h.receipt.Unmatched, h.receipt.IgnoredNotes = taken.Lost, taken.OrphanNotes
		return cues, err
	}
	plain := make([]conference.Cue, len(base.Cues))
	ids := make([]string, 0, len(base.Cues)+len(h.last.Cues))
	for i, c := range base.Cues {
		plain[i] = c.Cue
		ids = append(ids, c.ID)
	}
	for _, c := range h.last.Cues {
		ids = append(ids, c.ID)
	}
	carried := compare.CarryIDs(plain, h.cues, compare.NewIDs(ids))
	return translation.LinkCuesBetween(base.Source.Language, h.language, base.Source.Cues, carried), nil
}

// rebase changes in the last revision what the file changes in the one that it was made from,
// and nothing else: what others did meanwhile stays, but where both changed the same cue.
func (h *translationImport) rebase(ctx context.Context, desk translation.Service) error {
	base, err := h.open(ctx, h.slug, h.language, h.Base)
	if err != nil {
		return err
	}
	if h.fromScratch {
		base.Cues = nil
	}
	mine, err := h.applyTo(base)
	if err != nil {
		return err
	}
	merged := mergeThreeWay(base.Cues, h.last.Cues, mine)
	h.now, err = desk.ImportSubtitles(ctx, h.slug, h.language, merged, h.last.Number, h.who, "handed in "+h.Name+" on top of what there was")
	return err
}

// mergeThreeWay is theirs with what mine changed in base.
func mergeThreeWay(base, theirs, mine []translation.Cue) (all []conference.Cue) {
	was, now, own := indexByID(base), indexByID(theirs), indexByID(mine)
	for _, c := range mine {
		old, known := was[c.ID]
		their, stands := now[c.ID]
		if !known && c.State == translation.Untranslated {
			continue
		}
		touched := !known || old.Text != c.Text || !slices.Equal(old.Spans, c.Spans)
		switch {
		case !touched && stands:
			all = append(all, their.Cue)
		case !touched: // they took it away
		case known && stands && old.Start == c.Start && old.End == c.End: // it may have another time since
			c.Start, c.End = their.Start, their.End
			all = append(all, c.Cue)
		default:
			all = append(all, c.Cue)
		}
	}
	answered := make(map[string]bool) // source cues that mine translates anew
	for _, c := range mine {
		if _, known := was[c.ID]; !known && c.State != translation.Untranslated {
			for _, id := range c.SourceIDs {
				answered[id] = true
			}
		}
	}
	for _, c := range theirs {
		_, mineToo := own[c.ID]
		_, wasThere := was[c.ID]
		if !mineToo && !wasThere && !slices.ContainsFunc(c.SourceIDs, func(id string) bool { return answered[id] }) {
			all = append(all, c.Cue)
		}
	}
	slices.SortStableFunc(all, func(a, b conference.Cue) int { return cmp.Compare(a.Start, b.Start) })
	return all
}

func indexByID(cues []translation.Cue) map[string]translation.Cue {
	all := make(map[string]translation.Cue, len(cues))
	for _, c := range cues {
		all[c.ID] = c
	}
	return all
}
