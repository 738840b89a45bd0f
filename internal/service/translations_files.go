package service

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/subtitle/check"
	"github.com/lectern-av/lectern/internal/translation"
	"github.com/lectern-av/lectern/internal/translation/exchange"
)

// ExchangeFormats returns the file name extensions of the formats in which translators get a
// translation. Files in all of them can be uploaded again.
func ExchangeFormats() []string { return []string{"srt", "vtt", "po", "xliff", "csv"} }

// TranslationExport says how a translation is to be written.
type TranslationExport struct {
	Format   string // one of ExchangeFormats, or "xliff-1.2"
	Revision int    // 0: the last
	Profile  string // for the reading speed; "": that of the language
	Title    string // of the talk in the file; "": its own
}

// File returns a revision of a translation as a file for translators, and a name for the file. The
// name contains the revision, so that files in formats without a place for it can be uploaded again
// as well. It requires access.Translate, and returns ErrNotFound for an unknown format.
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
type TranslationUpload = exchange.Upload

// TranslationUploadResult says what an upload changed and what was found in the file.
type TranslationUploadResult struct {
	Translation  translation.Revision
	Saved        bool // as a new revision
	Changed      []translation.UnitChange
	Quality      translation.QualityReport
	Diagnostics  []subtitle.Diagnostic // of subtitle files, by line
	Unmatched    []translation.CueLine // translations that match no source text; they are left out
	IgnoredNotes []translation.CueLine // notes on texts that are not translated; they are left out
	Claim        *catalog.Claim        // of another person; nil: there is none
}

// CountUnlinked returns how many cues of the translation match no source cue. They are kept as they
// are. Obsolete cues do not count.
func (r TranslationUploadResult) CountUnlinked() (n int) {
	for _, c := range r.Translation.Cues {
		if len(c.SourceIDs) == 0 && c.State != translation.Obsolete {
			n++
		}
	}
	return n
}

// Upload imports a translated file: PO, XLIFF, CSV or subtitles, recognised by the content. It
// checks the quality and, unless it is a dry run, saves what changed as a new revision and extends
// the person's own claim. If others changed the translation since the file was exported and
// f.Rebase is not set, Upload returns a *Conflict. It requires access.Translate.
func (svc *Translations) Upload(ctx context.Context, p access.Person, slug, language string, f TranslationUpload) (TranslationUploadResult, error) {
	by, err := p.GrantFor(access.Translate, slug, language)
	if err != nil {
		return TranslationUploadResult{}, err
	}
	before, err := svc.Get(ctx, p, slug, language, 0)
	if err != nil {
		return TranslationUploadResult{}, err
	}
	saved, err := exchange.SaveUpload(ctx, svc.tracks, slug, language, by.Name, f)
	if err != nil {
		return TranslationUploadResult{}, err
	}
	r := TranslationUploadResult{
		Translation: saved.After, Saved: saved.After.Number != saved.Before.Number, Changed: translation.CompareRevisions(saved.Before, saved.After),
		Diagnostics: saved.Diagnostics, Unmatched: saved.Unmatched, IgnoredNotes: saved.IgnoredNotes,
	}
	if r.Saved {
		svc.editor.reconcile(slug)
	}
	terms, err := svc.loadGlossary(ctx)
	if err != nil {
		return r, err
	}
	r.Quality = translation.CheckQuality(saved.After.Sheet(before.Talk.Title), check.ProfileFor(language), terms)
	if before.Claim != nil && before.Claim.Who != by.Name {
		r.Claim = before.Claim
	} else if r.Saved && before.Claim != nil {
		_, err = svc.catalog.Claim(ctx, slug, language, by.Name, time.Now().Add(ClaimLifetime))
	}
	return r, err
}
