package service

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conductor"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/mail"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/store"
	"github.com/lectern-av/lectern/internal/submission"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/subtitle/check"
	"github.com/lectern-av/lectern/internal/subtitle/compare"
	"github.com/lectern-av/lectern/internal/subtitle/subsync"
	"github.com/lectern-av/lectern/worker"
)

// The clocks that a subtitle file may be on.
const (
	ReelClock      = "reel"      // that of the recordings, end to end
	ProgrammeClock = "programme" // that of the film as it was made last
)

// SubtitleUpload is a subtitle file in the language that is spoken, as somebody hands it in.
type SubtitleUpload struct {
	Name     string
	Data     []byte
	Encoding string // overrules what the bytes look like
	Clock    string // see the constants; "": that of the film, where there is one
	DryRun   bool   // it is only to be looked at: nothing is saved
}

// SubtitleReport is what became of a subtitle file.
type SubtitleReport struct {
	Saved         bool // there is a new revision
	Unchanged     bool // it says what the present revision says
	Revision      int
	Clock         string
	Cues          []conference.Cue      // of the file, on the recordings' clock
	Check         check.Report          //
	Source        conference.SourceFile // what reading it remarked
	Omissions     []string              // what of it was not taken, and why
	Changed       compare.Counts        // against the revision before
	FirstRevision bool                  // there was none
	Sync          *subsync.Result       // nil: nobody has listened to the recordings yet
	PendingTasks  PendingTasks          // translations that have something to do now
}

// UploadSubtitles takes a subtitle file in the language that is spoken, checks it, and brings the
// translations along.
func (o *Service) UploadSubtitles(ctx context.Context, p access.Person, slug string, f SubtitleUpload) (SubtitleReport, error) {
	by, err := p.GrantFor(access.UploadSubtitles, slug, "")
	if err != nil {
		return SubtitleReport{}, err
	}
	s, err := o.Catalog.Talk(ctx, slug)
	if err != nil {
		return SubtitleReport{}, err
	}
	language := s.Facts.Talk.Language
	upload, err := submission.ParseSubtitleFile(f.Name, language, f.Encoding, f.Data)
	if err != nil {
		return SubtitleReport{}, err
	}
	for _, c := range upload.Track.Cues {
		if len(c.Text) > maxTextBytes {
			return SubtitleReport{}, inputerr.New(f.Name, "has a caption of %d bytes, which nobody could read", len(c.Text)).At(c.Line).Hint("Look whether a blank line is missing before it")
		}
	}
	_, published, err := o.Catalog.LastPublication(ctx, slug)
	if err != nil {
		return SubtitleReport{}, err
	}
	if f.Clock == "" {
		f.Clock = ReelClock
		if published {
			f.Clock = ProgrammeClock
		}
	}
	upload.ProgrammeTime, upload.Track.Kind = f.Clock == ProgrammeClock, conference.Authored
	got, err := o.Releaser.Receive(ctx, slug, upload)
	if err != nil {
		return SubtitleReport{}, err
	}
	done := SubtitleReport{
		Clock: f.Clock, Cues: got.Track.Cues, Omissions: got.Notes, Source: *got.Track.Source,
		Check: check.Check(got.Track.Cues, check.ProfileFor(language), language, 0),
	}
	if len(done.Cues) == 0 {
		return done, inputerr.New(f.Name, "has no cue that is shown in the film").Hint("Look whether it is for another talk, or on the other clock")
	}
	done.compareWith(conference.FindAuthored(s.Facts.Tracks))
	if done.Sync, err = o.checkSync(ctx, s, got.Track); err != nil {
		return done, err
	}
	if f.DryRun || done.Unchanged {
		return done, nil
	}
	return done, o.saveSubtitles(ctx, by.Name, slug, got, f.Data, &done)
}

// compareWith says what a file changes of the track that is there.
func (c *SubtitleReport) compareWith(old *conference.Track) {
	if old == nil {
		c.FirstRevision = true
		return
	}
	c.Changed = compare.Compare(old.Cues, c.Cues).Counts
	c.Unchanged = bytes.Equal(subtitle.CanonicalJSON(old.Cues), subtitle.CanonicalJSON(c.Cues))
	c.Revision = old.Revision
}

// saveSubtitles saves what was handed in, as it came and as it was read.
func (o *Service) saveSubtitles(ctx context.Context, who, slug string, got conductor.ReceivedTrack, data []byte, done *SubtitleReport) error {
	if _, err := o.Store.PutOriginal(ctx, bytes.NewReader(data)); err != nil {
		return fmt.Errorf("keep %s as it came: %w", got.Track.File, err)
	}
	if got.Edition != "" {
		if _, err := o.Catalog.BindUpload(ctx, slug, got.Track.Language, got.Track.Source.SHA256, got.Edition); err != nil {
			return err
		}
	}
	return o.replaceSource(ctx, who, slug, got.Track, done)
}

// replaceSource makes a track the one in the language that is spoken, and has what follows from
// that done.
func (o *Service) replaceSource(ctx context.Context, who, slug string, t conference.Track, done *SubtitleReport) error {
	saved, err := o.editTalk(ctx, who, slug, func(s *catalog.Submission) error {
		s.Facts.Tracks = slices.DeleteFunc(s.Facts.Tracks, func(o conference.Track) bool { return o.Language == t.Language })
		s.Facts.Tracks = append(s.Facts.Tracks, t)
		return nil
	})
	if err != nil {
		return err
	}
	done.Saved, done.Revision = true, conference.FindTrack(saved.Facts.Tracks, t.Language).Revision
	if done.PendingTasks, err = o.UpdateTranslations(ctx, slug); err != nil {
		return err
	}
	return o.notifyPendingTasks(ctx, mail.TranslationOutdated, slug, done.PendingTasks)
}

// checkSync says whether a track comes when somebody speaks, by what was heard when the recordings
// were analysed; nil where they were not yet.
func (o *Service) checkSync(ctx context.Context, s catalog.Submission, t conference.Track) (*subsync.Result, error) {
	if len(s.Facts.Recordings) == 0 {
		return nil, nil
	}
	s.Facts.Tracks = []conference.Track{t}
	g, err := o.Releaser.Planner().PlanSubmission(ctx, s)
	if inputerr.As(err) != nil { // the recordings or the cut are at fault, which is said elsewhere
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(g.Actions, func(a action.Action) bool { return a.Kind == "sync" })
	if at < 0 {
		return nil, nil
	}
	levels, err := o.audioLevels(ctx, g.Actions[at])
	if err != nil || levels == nil {
		return nil, err
	}
	found := subsync.Analyze(t.Cues, levels)
	return &found, nil
}

// audioLevels is how loud the recordings are, as the action that compares them with a track gets it.
func (o *Service) audioLevels(ctx context.Context, a action.Action) ([]float32, error) {
	var spec plan.SyncSpec
	if err := json.Unmarshal(a.Params, &spec); err != nil {
		return nil, fmt.Errorf("read what %s listens to: %w", a.Slot, err)
	}
	var paths []string
	for i := range spec.Recordings {
		heard, err := o.Store.Get(ctx, a.Inputs[fmt.Sprintf("analysis/%05d", i)])
		if errors.Is(err, store.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		for _, f := range heard.Files {
			if f.Name == media.LevelsFile {
				path, err := o.Store.Path(f)
				if err != nil {
					return nil, err
				}
				paths = append(paths, path)
			}
		}
	}
	if len(paths) != len(spec.Recordings) {
		return nil, nil
	}
	return worker.ReelLevels(spec, paths)
}

// ApplySync moves the cues of the present revision as listening to the recordings has it. revision
// is the one for which that was offered: if another has come since, nothing is moved.
func (o *Service) ApplySync(ctx context.Context, p access.Person, slug string, revision int) (SubtitleReport, error) {
	by, err := p.GrantFor(access.UploadSubtitles, slug, "")
	if err != nil {
		return SubtitleReport{}, err
	}
	s, t, err := o.sourceTrack(ctx, slug)
	if err != nil {
		return SubtitleReport{}, err
	}
	if t.Revision != revision {
		return SubtitleReport{}, inputerr.New(slug, "has other subtitles by now (revision %d)", t.Revision).Hint("Look at what is offered for those")
	}
	found, err := o.checkSync(ctx, s, t)
	if err != nil {
		return SubtitleReport{}, err
	}
	if found == nil {
		return SubtitleReport{}, inputerr.New(slug, "has not been listened to yet").Hint("Wait until it has been made once")
	}
	if t.Cues, _, err = subsync.Apply(t.Cues, *found); err != nil {
		return SubtitleReport{}, err
	}
	var done SubtitleReport
	return done, o.replaceSource(ctx, by.Name, slug, t, &done)
}

// sourceTrack is a talk and its subtitles in the language that is spoken; where it has none, the
// error is catalog.ErrNone.
func (o *Service) sourceTrack(ctx context.Context, slug string) (catalog.Submission, conference.Track, error) {
	s, err := o.Catalog.Talk(ctx, slug)
	if err != nil {
		return s, conference.Track{}, err
	}
	t := conference.FindAuthored(s.Facts.Tracks)
	if t == nil {
		return s, conference.Track{}, fmt.Errorf("subtitles of %s in %s: %w", slug, s.Facts.Talk.Language, catalog.ErrNotFound)
	}
	return s, *t, nil
}

// SubtitleReport is the subtitles of a talk in the language that is spoken, as they are, and how well
// they read and fit.
func (o *Service) SubtitleReport(ctx context.Context, p access.Person, slug string) (SubtitleReport, error) {
	if !p.May(access.ViewTalk, slug, "") {
		return SubtitleReport{}, access.ErrForbidden
	}
	s, t, err := o.sourceTrack(ctx, slug)
	if err != nil {
		return SubtitleReport{}, err
	}
	c := SubtitleReport{Revision: t.Revision, Cues: t.Cues, Check: check.Check(t.Cues, check.ProfileFor(t.Language), t.Language, 0)}
	if t.Source != nil {
		c.Source = *t.Source
	}
	c.Sync, err = o.checkSync(ctx, s, t)
	return c, err
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

// RestoreSubtitles makes an earlier revision the present one again, as a new one.
func (o *Service) RestoreSubtitles(ctx context.Context, p access.Person, slug string, number int) (SubtitleReport, error) {
	by, err := p.GrantFor(access.UploadSubtitles, slug, "")
	if err != nil {
		return SubtitleReport{}, err
	}
	s, t, err := o.sourceTrack(ctx, slug)
	if err != nil {
		return SubtitleReport{}, err
	}
	if t.Cues, err = o.Catalog.Revision(ctx, slug, s.Facts.Talk.Language, number); err != nil {
		return SubtitleReport{}, err
	}
	var done SubtitleReport
	return done, o.replaceSource(ctx, by.Name, slug, t, &done)
}

// SubtitleFile writes a revision of the subtitles in the language that is spoken, 0 being the
// present one, in a format, on the recordings' clock or on that of the film.
func (o *Service) SubtitleFile(ctx context.Context, p access.Person, slug string, number int, format subtitle.Format, clock string) (data []byte, err error) {
	if !p.May(access.ViewTalk, slug, "") {
		return nil, access.ErrForbidden
	}
	_, t, err := o.sourceTrack(ctx, slug)
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
