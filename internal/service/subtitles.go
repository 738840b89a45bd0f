package service

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/mail"
	"github.com/lectern-av/lectern/internal/submission"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/subtitle/compare"
)

// Subtitles receives and checks the subtitles of talks in the spoken language.
type Subtitles struct {
	catalog      *catalog.Catalog
	editor       *talkEditor
	received     *submission.Subtitles
	bundles      *Bundles
	translations *Translations
	notifier     *Notifier
}

// TimeReference is what the times of a subtitle file are relative to.
type TimeReference = submission.TimeReference

// The clocks of subtitle files.
const (
	ReelClock      = submission.ReelClock
	ProgrammeClock = submission.ProgrammeClock
)

// SubtitleUpload is a subtitle file in the language that is spoken in the talk.
type SubtitleUpload = submission.SubtitleUpload

// SubtitleReport says what was found in a subtitle file, and what saving it changed.
type SubtitleReport struct {
	submission.SubtitleReport
	PendingTasks PendingTasks // translations that have to follow the change
}

// Upload checks a subtitle file in the spoken language and saves it as a new revision, unless it is
// a dry run or no cue differs. If it is saved, translations are updated to it and their translators
// notified. It requires access.UploadSubtitles. An unusable file is an *inputerr.Error; the report
// then holds what was found before.
func (svc *Subtitles) Upload(ctx context.Context, p access.Person, slug string, f SubtitleUpload) (SubtitleReport, error) {
	by, err := p.GrantFor(access.UploadSubtitles, slug, "")
	if err != nil {
		return SubtitleReport{}, err
	}
	report, err := svc.received.Receive(ctx, by.Name, slug, f)
	if err != nil {
		return SubtitleReport{SubtitleReport: report}, err
	}
	return svc.afterSubtitleChange(ctx, slug, report)
}

// ApplySync shifts the cues of the current revision as its report proposes, and saves them as a new
// revision. revision is the one that the person has seen; if it is no longer the current one,
// ApplySync returns an *inputerr.Error and changes nothing. It requires access.UploadSubtitles.
func (svc *Subtitles) ApplySync(ctx context.Context, p access.Person, slug string, revision int) (SubtitleReport, error) {
	by, err := p.GrantFor(access.UploadSubtitles, slug, "")
	if err != nil {
		return SubtitleReport{}, err
	}
	report, err := svc.received.ApplySync(ctx, by.Name, slug, revision)
	if err != nil {
		return SubtitleReport{SubtitleReport: report}, err
	}
	return svc.afterSubtitleChange(ctx, slug, report)
}

// Restore saves the cues of an earlier revision as the newest one. It requires
// access.UploadSubtitles.
func (svc *Subtitles) Restore(ctx context.Context, p access.Person, slug string, number int) (SubtitleReport, error) {
	by, err := p.GrantFor(access.UploadSubtitles, slug, "")
	if err != nil {
		return SubtitleReport{}, err
	}
	report, err := svc.received.Restore(ctx, by.Name, slug, number)
	if err != nil {
		return SubtitleReport{SubtitleReport: report}, err
	}
	return svc.afterSubtitleChange(ctx, slug, report)
}

// afterSubtitleChange has a talk built with its new subtitles, updates its translations and
// notifies their translators. It does nothing if r was not saved.
func (svc *Subtitles) afterSubtitleChange(ctx context.Context, slug string, r submission.SubtitleReport) (report SubtitleReport, err error) {
	report.SubtitleReport = r
	if !r.Saved {
		return report, nil
	}
	svc.editor.reconcile(slug)
	if report.PendingTasks, err = svc.translations.FollowSource(ctx, slug); err != nil {
		return report, err
	}
	return report, svc.notifier.pendingTasks(ctx, mail.TranslationOutdated, slug, report.PendingTasks)
}

// Report checks the current subtitles in the spoken language: their readability, and their timing
// against the sound. It requires access.ViewTalk, and returns ErrNotFound if there are none.
func (svc *Subtitles) Report(ctx context.Context, p access.Person, slug string) (SubtitleReport, error) {
	if !p.May(access.ViewTalk, slug, "") {
		return SubtitleReport{}, access.ErrForbidden
	}
	report, err := svc.received.Report(ctx, slug)
	return SubtitleReport{SubtitleReport: report}, err
}

// SubtitleRevision is one revision of the subtitles in the language that is spoken.
type SubtitleRevision struct {
	Number  int
	Cues    int
	Changed compare.Counts // against the one before
	Current bool
}

// Revisions returns all revisions of a talk's subtitles in the spoken language, the newest first,
// each with its changes since the one before. It requires access.ViewTalk.
func (svc *Subtitles) Revisions(ctx context.Context, p access.Person, slug string) (all []SubtitleRevision, err error) {
	if !p.May(access.ViewTalk, slug, "") {
		return nil, access.ErrForbidden
	}
	s, err := svc.catalog.Talk(ctx, slug)
	if err != nil {
		return nil, err
	}
	tracks, err := svc.catalog.Revisions(ctx, slug)
	if err != nil {
		return nil, err
	}
	tracks = slices.DeleteFunc(tracks, func(t conference.Track) bool { return t.Language != s.Facts.Talk.Language })
	slices.SortFunc(tracks, func(a, b conference.Track) int { return cmp.Compare(a.Revision, b.Revision) })
	present := conference.FindAuthored(s.Facts.Tracks)
	for i, t := range tracks {
		r := SubtitleRevision{Number: t.Revision, Cues: len(t.Cues), Current: present != nil && present.Revision == t.Revision}
		if i > 0 {
			r.Changed = compare.Compare(tracks[i-1].Cues, t.Cues).Counts
		}
		all = append(all, r)
	}
	slices.Reverse(all)
	return all, nil
}

// File returns a revision of a talk's subtitles in the spoken language as a file in the given
// format. number 0 is the current revision. With ProgrammeClock the times are those of the last
// video, else those of the recordings. It requires access.ViewTalk. It returns ErrNotFound if there
// is no such revision or, with ProgrammeClock, no video.
func (svc *Subtitles) File(ctx context.Context, p access.Person, slug string, number int, format subtitle.Format, clock TimeReference) (data []byte, err error) {
	if !p.May(access.ViewTalk, slug, "") {
		return nil, access.ErrForbidden
	}
	_, t, err := svc.received.Current(ctx, slug)
	if err != nil {
		return nil, err
	}
	if number > 0 {
		if t.Cues, err = svc.catalog.Revision(ctx, slug, t.Language, number); err != nil {
			return nil, err
		}
	}
	options := subtitle.WriteOptions{Language: t.Language}
	if clock == ProgrammeClock {
		b, err := svc.bundles.Open(ctx, p, slug)
		if err != nil {
			return nil, err
		}
		defer b.Close()
		t.Cues, _ = subtitle.ToProgramme(b.Edition.Programme, t.Cues)
		options.Edition = b.Edition.ID
	}
	var w bytes.Buffer
	_, err = subtitle.Write(&w, t.Cues, format, options)
	return w.Bytes(), err
}
