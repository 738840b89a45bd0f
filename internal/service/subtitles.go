package service

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/mail"
	"github.com/lectern-av/lectern/internal/submission"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/subtitle/compare"
)

// The clocks that the times of a subtitle file may be on.
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

func (o *Service) subtitles() *submission.Subtitles {
	return &submission.Subtitles{Catalog: o.Catalog, Store: o.Store, Planner: o.Builder.Planner()}
}

// UploadSubtitles checks and saves a subtitle file in the language that is spoken, and updates the
// translations to it.
func (o *Service) UploadSubtitles(ctx context.Context, p access.Person, slug string, f SubtitleUpload) (SubtitleReport, error) {
	by, err := p.GrantFor(access.UploadSubtitles, slug, "")
	if err != nil {
		return SubtitleReport{}, err
	}
	report, err := o.subtitles().Receive(ctx, by.Name, slug, f)
	if err != nil {
		return SubtitleReport{SubtitleReport: report}, err
	}
	return o.afterSubtitleChange(ctx, slug, report)
}

// ApplySync shifts the cues of a revision as its report proposes. If that is no longer the current
// revision, nothing is changed and the error is an *inputerr.Error.
func (o *Service) ApplySync(ctx context.Context, p access.Person, slug string, revision int) (SubtitleReport, error) {
	by, err := p.GrantFor(access.UploadSubtitles, slug, "")
	if err != nil {
		return SubtitleReport{}, err
	}
	report, err := o.subtitles().ApplySync(ctx, by.Name, slug, revision)
	if err != nil {
		return SubtitleReport{SubtitleReport: report}, err
	}
	return o.afterSubtitleChange(ctx, slug, report)
}

// RestoreSubtitles saves an earlier revision again as the newest one.
func (o *Service) RestoreSubtitles(ctx context.Context, p access.Person, slug string, number int) (SubtitleReport, error) {
	by, err := p.GrantFor(access.UploadSubtitles, slug, "")
	if err != nil {
		return SubtitleReport{}, err
	}
	report, err := o.subtitles().Restore(ctx, by.Name, slug, number)
	if err != nil {
		return SubtitleReport{SubtitleReport: report}, err
	}
	return o.afterSubtitleChange(ctx, slug, report)
}

// afterSubtitleChange has the talk built with its new subtitles, updates its translations and
// notifies their translators.
func (o *Service) afterSubtitleChange(ctx context.Context, slug string, r submission.SubtitleReport) (report SubtitleReport, err error) {
	report.SubtitleReport = r
	if !r.Saved {
		return report, nil
	}
	o.enqueueReconcile(slug)
	if report.PendingTasks, err = o.UpdateTranslations(ctx, slug); err != nil {
		return report, err
	}
	return report, o.notifyPendingTasks(ctx, mail.TranslationOutdated, slug, report.PendingTasks)
}

// SubtitleReport reports on the current subtitles in the language that is spoken: how well they
// read, and whether they fit the sound.
func (o *Service) SubtitleReport(ctx context.Context, p access.Person, slug string) (SubtitleReport, error) {
	if !p.May(access.ViewTalk, slug, "") {
		return SubtitleReport{}, access.ErrForbidden
	}
	report, err := o.subtitles().Report(ctx, slug)
	return SubtitleReport{SubtitleReport: report}, err
}

// SubtitleRevision is one revision of the subtitles in the language that is spoken.
type SubtitleRevision struct {
	Number  int
	Cues    int
	Changed compare.Counts // against the one before
	Current bool
}

// SubtitleRevisions is all of them, the newest first.
func (o *Service) SubtitleRevisions(ctx context.Context, p access.Person, slug string) (all []SubtitleRevision, err error) {
	if !p.May(access.ViewTalk, slug, "") {
		return nil, access.ErrForbidden
	}
	s, err := o.Catalog.Talk(ctx, slug)
	if err != nil {
		return nil, err
	}
	tracks, err := o.Catalog.Revisions(ctx, slug)
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

// SubtitleFile writes a revision of the subtitles in the language that is spoken, 0 being the
// present one, in a format, on the recordings' clock or on that of the film.
func (o *Service) SubtitleFile(ctx context.Context, p access.Person, slug string, number int, format subtitle.Format, clock string) (data []byte, err error) {
	if !p.May(access.ViewTalk, slug, "") {
		return nil, access.ErrForbidden
	}
	_, t, err := o.subtitles().Current(ctx, slug)
	if err != nil {
		return nil, err
	}
	if number > 0 {
		if t.Cues, err = o.Catalog.Revision(ctx, slug, t.Language, number); err != nil {
			return nil, err
		}
	}
	options := subtitle.WriteOptions{Language: t.Language}
	if clock == ProgrammeClock {
		b, err := o.OpenBundle(ctx, p, slug)
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

// TalkDescription is what a talk says of itself, as its speaker corrects it.
type TalkDescription struct {
	Title    string
	Abstract string
	Speakers []string // as they are shown
}

// clean is what was typed as it may stand on cards and pages, without speakers of no name; or
// what of it cannot.
func (d TalkDescription) clean() (p TalkDescription, err error) {
	if p.Title, err = cleanText("title", d.Title, 300); err != nil {
		return p, err
	}
	if p.Abstract, err = cleanText("abstract", d.Abstract, 20_000); err != nil {
		return p, err
	}
	for _, name := range d.Speakers {
		if name, err = cleanText("speakers", name, 200); err != nil {
			return p, err
		}
		if name != "" {
			p.Speakers = append(p.Speakers, name)
		}
	}
	return p, nil
}

// SetDescription corrects what a talk says of itself.
func (o *Service) SetDescription(ctx context.Context, p access.Person, slug string, d TalkDescription) error {
	by, err := p.GrantFor(access.EditTalk, slug, "")
	if err != nil {
		return err
	}
	if d, err = d.clean(); err != nil {
		return err
	}
	if d.Title == "" {
		return inputerr.New("title", "is empty").Hint("Give the talk one")
	}
	_, err = o.editTalk(ctx, by.Name, slug, func(s *catalog.Submission) error {
		s.Facts.Talk.Title, s.Facts.Talk.Abstract, s.Facts.Talk.Speakers = d.Title, d.Abstract, d.Speakers
		return nil
	})
	return err
}
