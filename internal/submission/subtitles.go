package submission

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/planner"
	"github.com/lectern-av/lectern/internal/store"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/subtitle/check"
	"github.com/lectern-av/lectern/internal/subtitle/compare"
	"github.com/lectern-av/lectern/internal/subtitle/subsync"
	"github.com/lectern-av/lectern/worker"
)

// SubtitleUpload is a subtitle file in the language that is spoken in the talk.
type SubtitleUpload struct {
	Name     string
	Data     []byte
	Encoding string        // overrides what the bytes look like
	Clock    TimeReference // "" means that of the published video, if there is one
	DryRun   bool          // check the file and save nothing
}

// SubtitleReport says what was found in a subtitle file, and what saving it changed.
type SubtitleReport struct {
	Saved         bool // as a new revision
	Unchanged     bool // the cues are those of the current revision
	Revision      int  // the current one
	Clock         TimeReference
	Cues          []conference.Cue // of the file, in reel time
	Check         check.Report
	Source        conference.SourceFile // the file, and remarks on reading it
	Omissions     []string              // cues that were not taken, and why
	Changed       compare.Counts        // compared with the revision before
	FirstRevision bool
	Sync          *subsync.Result // nil until the recordings are analysed
}

// Subtitles receives the subtitles of talks in the language that is spoken.
type Subtitles struct {
	Catalog *catalog.Catalog
	Store   *store.Local
	Planner *planner.Planner
}

// Receive checks a subtitle file and saves it as the talk's new revision in the spoken language,
// unless it is a dry run or no cue differs. If the file is unusable it returns an *inputerr.Error;
// the report then holds what was found before.
func (s *Subtitles) Receive(ctx context.Context, who, slug string, u SubtitleUpload) (SubtitleReport, error) {
	talk, err := s.Catalog.Talk(ctx, slug)
	if err != nil {
		return SubtitleReport{}, err
	}
	language := talk.Facts.Talk.Language
	file, err := ParseSubtitleFile(u.Name, language, u.Encoding, u.Data)
	if err != nil {
		return SubtitleReport{}, err
	}
	for _, c := range file.Track.Cues {
		if len(c.Text) > subtitle.MaxCueBytes {
			return SubtitleReport{}, inputerr.Coded("subtitles.cue_too_long", "has a caption of {bytes} bytes, more than the limit of {max}", "bytes", len(c.Text), "max", subtitle.MaxCueBytes).In(u.Name).At(c.Line).Hint("Check whether a blank line is missing before it")
		}
	}
	file.Track.Kind = conference.Authored
	track, against, omissions, err := s.toReel(ctx, slug, &u, file)
	if err != nil {
		return SubtitleReport{}, err
	}
	report := SubtitleReport{
		Clock: u.Clock, Cues: track.Cues, Omissions: omissions, Source: *track.Source,
		Check: check.Check(track.Cues, check.ProfileFor(language), language, 0),
	}
	if len(report.Cues) == 0 {
		return report, inputerr.Coded("subtitles.outside", "has no cue within the video").In(u.Name).Hint("Check whether it belongs to another talk, or is timed against the recording")
	}
	report.compareWith(conference.FindAuthored(talk.Facts.Tracks))
	if report.Sync, err = s.CheckSync(ctx, talk, track); err != nil || u.DryRun || report.Unchanged {
		return report, err
	}
	if _, err := s.Store.PutOriginal(ctx, bytes.NewReader(u.Data)); err != nil {
		return report, fmt.Errorf("store %s: %w", track.File, err)
	}
	if against != "" {
		if _, err := s.Catalog.BindUpload(ctx, slug, language, track.Source.SHA256, against); err != nil {
			return report, err
		}
	}
	return report, s.replace(ctx, who, slug, track, &report)
}

// toReel returns the track of a file in reel time, with the cue IDs of the last revision where cues
// match. If u.Clock is "", it sets it: to the programme clock if the talk has been published, else
// to the reel clock. against is the edition that a file on the programme clock was timed against,
// and omissions lists the cues that are not in the recordings.
func (s *Subtitles) toReel(ctx context.Context, slug string, u *SubtitleUpload, f SubtitleFile) (track conference.Track, against string, omissions []string, err error) {
	published, ok, err := s.Catalog.LastPublication(ctx, slug)
	if err != nil {
		return track, "", nil, err
	}
	if u.Clock == "" {
		u.Clock = ReelClock
		if ok {
			u.Clock = ProgrammeClock
		}
	}
	track = f.Track
	if u.Clock == ProgrammeClock {
		if !ok {
			return track, "", nil, inputerr.Coded("subtitles.no_video", "is timed against the video, but there is no video yet").In(track.File).
				Hint("Choose the recording as its clock, or wait for the video")
		}
		current, err := s.Catalog.Edition(ctx, published.Edition)
		if err != nil {
			return track, "", nil, err
		}
		edition, err := editionOf(ctx, s.Catalog, slug, current, f)
		if err != nil {
			return track, "", nil, err
		}
		track, omissions = toReelTime(track, edition)
		against = edition.ID
	}
	tracks, err := carryCueIDs(ctx, s.Catalog, slug, []conference.Track{track})
	if err != nil {
		return track, "", nil, err
	}
	return tracks[0], against, omissions, nil
}

// compareWith sets the fields of r that tell how its cues differ from current, the track that the
// talk has now. current is nil if it has none.
func (r *SubtitleReport) compareWith(current *conference.Track) {
	if current == nil {
		r.FirstRevision = true
		return
	}
	r.Changed = compare.Compare(current.Cues, r.Cues).Counts
	r.Unchanged = sameCues(current.Cues, r.Cues)
	r.Revision = current.Revision
}

// replace saves a track in place of the talk's track in the same language, and sets Saved and
// Revision in the report.
func (s *Subtitles) replace(ctx context.Context, who, slug string, t conference.Track, report *SubtitleReport) error {
	saved, err := s.Catalog.Edit(ctx, who, slug, func(talk *catalog.Submission) error {
		tracks := slices.DeleteFunc(talk.Facts.Tracks, func(o conference.Track) bool { return o.Language == t.Language })
		talk.Facts.Tracks = append(tracks, t)
		return nil
	})
	if err != nil {
		return err
	}
	report.Saved, report.Revision = true, conference.FindTrack(saved.Facts.Tracks, t.Language).Revision
	return nil
}

// Current returns a talk and the current revision of its subtitles in the spoken language. It
// returns catalog.ErrNotFound if there is no talk or no such subtitles.
func (s *Subtitles) Current(ctx context.Context, slug string) (catalog.Submission, conference.Track, error) {
	talk, err := s.Catalog.Talk(ctx, slug)
	if err != nil {
		return talk, conference.Track{}, err
	}
	t := conference.FindAuthored(talk.Facts.Tracks)
	if t == nil {
		return talk, conference.Track{}, fmt.Errorf("subtitles of %s in %s: %w", slug, talk.Facts.Talk.Language, catalog.ErrNotFound)
	}
	return talk, *t, nil
}

// Report checks the current subtitles in the spoken language: their readability, and their timing
// against the sound. It returns catalog.ErrNotFound if there are none.
func (s *Subtitles) Report(ctx context.Context, slug string) (SubtitleReport, error) {
	talk, t, err := s.Current(ctx, slug)
	if err != nil {
		return SubtitleReport{}, err
	}
	r := SubtitleReport{Revision: t.Revision, Cues: t.Cues, Check: check.Check(t.Cues, check.ProfileFor(t.Language), t.Language, 0)}
	if t.Source != nil {
		r.Source = *t.Source
	}
	r.Sync, err = s.CheckSync(ctx, talk, t)
	return r, err
}

// Restore saves the cues of an earlier revision, by its number, as the newest revision.
func (s *Subtitles) Restore(ctx context.Context, who, slug string, number int) (report SubtitleReport, err error) {
	_, t, err := s.Current(ctx, slug)
	if err != nil {
		return report, err
	}
	if t.Cues, err = s.Catalog.Revision(ctx, slug, t.Language, number); err != nil {
		return report, err
	}
	err = s.replace(ctx, who, slug, t, &report)
	return report, err
}

// ApplySync shifts the cues of the current revision as CheckSync proposes, and saves them as a new
// revision. revision is the one that the caller has seen. If that is no longer the current one, or
// if the recordings are not analysed, ApplySync returns an *inputerr.Error and changes nothing.
func (s *Subtitles) ApplySync(ctx context.Context, who, slug string, revision int) (report SubtitleReport, err error) {
	talk, t, err := s.Current(ctx, slug)
	if err != nil {
		return report, err
	}
	if t.Revision != revision {
		return report, inputerr.Coded("subtitles.changed", "has new subtitles, revision {revision}", "revision", t.Revision).In(slug).Hint("Reload the page and check the shift proposed for them")
	}
	found, err := s.CheckSync(ctx, talk, t)
	if err != nil {
		return report, err
	}
	if found == nil {
		return report, inputerr.Coded("subtitles.not_analysed", "has recordings that are not analysed yet").In(slug).Hint("Wait until its first video is ready")
	}
	if t.Cues, _, err = subsync.Apply(t.Cues, *found); err != nil {
		return report, err
	}
	err = s.replace(ctx, who, slug, t, &report)
	return report, err
}

// CheckSync compares the timing of a track with the sound of the talk's recordings. It returns nil
// without an error if there is nothing to compare with: no recording, one that is not analysed yet,
// or recordings or a cut that cannot be planned.
func (s *Subtitles) CheckSync(ctx context.Context, talk catalog.Submission, t conference.Track) (*subsync.Result, error) {
	if len(talk.Facts.Recordings) == 0 {
		return nil, nil
	}
	talk.Facts.Tracks = []conference.Track{t}
	g, err := s.Planner.PlanSubmission(ctx, talk)
	if inputerr.As(err) != nil {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(g.Actions, func(a action.Action) bool { return a.Kind == plan.KindSync })
	if i < 0 {
		return nil, nil
	}
	levels, err := s.audioLevels(ctx, g.Actions[i])
	if err != nil || levels == nil {
		return nil, err
	}
	result := subsync.Analyze(t.Cues, levels)
	return &result, nil
}

// audioLevels returns the sound levels of the whole reel that a sync action compares a track with.
// It returns nil if a recording is not analysed yet.
func (s *Subtitles) audioLevels(ctx context.Context, sync action.Action) ([]float32, error) {
	var spec plan.SyncSpec
	if err := json.Unmarshal(sync.Params, &spec); err != nil {
		return nil, fmt.Errorf("parameters of %s: %w", sync.Slot, err)
	}
	var paths []string
	for i := range spec.Recordings {
		analysis, err := s.Store.Get(ctx, sync.Inputs[plan.NumberedRole(plan.RoleAnalysis, i)])
		if errors.Is(err, store.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		for _, f := range analysis.Files {
			if f.Name != media.LevelsFile {
				continue
			}
			path, err := s.Store.Path(f)
			if err != nil {
				return nil, err
			}
			paths = append(paths, path)
		}
	}
	if len(paths) != len(spec.Recordings) {
		return nil, nil
	}
	return worker.ReelLevels(spec, paths)
}
