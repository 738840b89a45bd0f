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

// CaptionFile is a subtitle file in the language that is spoken, as somebody hands it in.
type CaptionFile struct {
	Name     string
	Data     []byte
	Encoding string // overrules what the bytes look like
	Clock    string // see the constants; "": that of the film, where there is one
	Check    bool   // it is only to be looked at: nothing is saved
}

// Captioned is what became of a subtitle file.
type Captioned struct {
	Saved    bool // there is a new revision
	Same     bool // it says what the present revision says
	Revision int
	Clock    string
	Cues     []conference.Cue  // of the file, on the recordings' clock
	Check    check.Report      //
	Remarks  conference.Source // what reading it remarked
	Notes    []string          // what of it was not taken, and why
	Changed  compare.Counts    // against the revision before
	First    bool              // there was none
	Sync     *subsync.Result   // nil: nobody has listened to the recordings yet
	Calls    Consequences      // translations that have something to do now
}

// HandIn takes a subtitle file in the language that is spoken, checks it, and brings the
// translations along.
func (o *Office) HandIn(ctx context.Context, p access.Person, slug string, f CaptionFile) (Captioned, error) {
	by, err := p.As(access.Caption, slug, "")
	if err != nil {
		return Captioned{}, err
	}
	s, err := o.Catalog.Talk(ctx, slug)
	if err != nil {
		return Captioned{}, err
	}
	language := s.Facts.Talk.Language
	upload, err := conductor.ReadUpload(f.Name, language, f.Encoding, f.Data)
	if err != nil {
		return Captioned{}, err
	}
	for _, c := range upload.Track.Cues {
		if len(c.Text) > mostText {
			return Captioned{}, inputerr.New(f.Name, "has a caption of %d bytes, which nobody could read", len(c.Text)).At(c.Line).Try("Look whether a blank line is missing before it")
		}
	}
	_, published, err := o.Catalog.Published(ctx, slug)
	if err != nil {
		return Captioned{}, err
	}
	if f.Clock == "" {
		f.Clock = ReelClock
		if published {
			f.Clock = ProgrammeClock
		}
	}
	upload.Programme, upload.Track.Kind = f.Clock == ProgrammeClock, conference.Authored
	got, err := o.Releaser.Receive(ctx, slug, upload)
	if err != nil {
		return Captioned{}, err
	}
	done := Captioned{
		Clock: f.Clock, Cues: got.Track.Cues, Notes: got.Notes, Remarks: *got.Track.Source,
		Check: check.Check(got.Track.Cues, check.For(language), language, 0),
	}
	if len(done.Cues) == 0 {
		return done, inputerr.New(f.Name, "has no cue that is shown in the film").Try("Look whether it is for another talk, or on the other clock")
	}
	done.compareWith(conference.AuthoredIn(s.Facts.Tracks))
	if done.Sync, err = o.judge(ctx, s, got.Track); err != nil {
		return done, err
	}
	if f.Check || done.Same {
		return done, nil
	}
	return done, o.keepCaptions(ctx, by.Name, slug, got, f.Data, &done)
}

// compareWith says what a file changes of the track that is there.
func (c *Captioned) compareWith(old *conference.Track) {
	if old == nil {
		c.First = true
		return
	}
	c.Changed = compare.Compare(old.Cues, c.Cues).Counts
	c.Same = bytes.Equal(subtitle.Canonical(old.Cues), subtitle.Canonical(c.Cues))
	c.Revision = old.Revision
}

// keepCaptions saves what was handed in, as it came and as it was read.
func (o *Office) keepCaptions(ctx context.Context, who, slug string, got conductor.Received, data []byte, done *Captioned) error {
	if _, err := o.Store.Keep(ctx, bytes.NewReader(data)); err != nil {
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
func (o *Office) replaceSource(ctx context.Context, who, slug string, t conference.Track, done *Captioned) error {
	saved, err := o.edit(ctx, who, slug, func(s *catalog.Submission) error {
		s.Facts.Tracks = slices.DeleteFunc(s.Facts.Tracks, func(o conference.Track) bool { return o.Language == t.Language })
		s.Facts.Tracks = append(s.Facts.Tracks, t)
		return nil
	})
	if err != nil {
		return err
	}
	done.Saved, done.Revision = true, conference.TrackIn(saved.Facts.Tracks, t.Language).Revision
	if done.Calls, err = o.SourceChanged(ctx, slug); err != nil {
		return err
	}
	return o.tellCalls(ctx, mail.Again, slug, done.Calls)
}

// judge says whether a track comes when somebody speaks, by what was heard when the recordings
// were analysed; nil where they were not yet.
func (o *Office) judge(ctx context.Context, s catalog.Submission, t conference.Track) (*subsync.Result, error) {
	if len(s.Facts.Recordings) == 0 {
		return nil, nil
	}
	s.Facts.Tracks = []conference.Track{t}
	g, err := o.Releaser.Planned(ctx, s)
	if inputerr.Of(err) != nil { // the recordings or the cut are at fault, which is said elsewhere
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(g.Actions, func(a action.Action) bool { return a.Kind == "sync" })
	if at < 0 {
		return nil, nil
	}
	levels, err := o.levels(ctx, g.Actions[at])
	if err != nil || levels == nil {
		return nil, err
	}
	found := subsync.Judge(t.Cues, levels)
	return &found, nil
}

// levels is how loud the recordings are, as the action that compares them with a track gets it.
func (o *Office) levels(ctx context.Context, a action.Action) ([]float32, error) {
	var spec plan.SyncSpec
	if err := json.Unmarshal(a.Params, &spec); err != nil {
		return nil, fmt.Errorf("read what %s listens to: %w", a.Slot, err)
	}
	var paths []string
	for i := range spec.Recordings {
		heard, err := o.Store.Get(ctx, a.Inputs[fmt.Sprintf("analysis/%05d", i)])
		if errors.Is(err, store.ErrNone) {
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

// Shift moves the cues of the present revision as listening to the recordings has it. revision
// is the one for which that was offered: if another has come since, nothing is moved.
func (o *Office) Shift(ctx context.Context, p access.Person, slug string, revision int) (Captioned, error) {
	by, err := p.As(access.Caption, slug, "")
	if err != nil {
		return Captioned{}, err
	}
	s, t, err := o.source(ctx, slug)
	if err != nil {
		return Captioned{}, err
	}
	if t.Revision != revision {
		return Captioned{}, inputerr.New(slug, "has other subtitles by now (revision %d)", t.Revision).Try("Look at what is offered for those")
	}
	found, err := o.judge(ctx, s, t)
	if err != nil {
		return Captioned{}, err
	}
	if found == nil {
		return Captioned{}, inputerr.New(slug, "has not been listened to yet").Try("Wait until it has been made once")
	}
	if t.Cues, _, err = subsync.Apply(t.Cues, *found); err != nil {
		return Captioned{}, err
	}
	var done Captioned
	return done, o.replaceSource(ctx, by.Name, slug, t, &done)
}

// source is a talk and its subtitles in the language that is spoken; where it has none, the
// error is catalog.ErrNone.
func (o *Office) source(ctx context.Context, slug string) (catalog.Submission, conference.Track, error) {
	s, err := o.Catalog.Talk(ctx, slug)
	if err != nil {
		return s, conference.Track{}, err
	}
	t := conference.AuthoredIn(s.Facts.Tracks)
	if t == nil {
		return s, conference.Track{}, fmt.Errorf("subtitles of %s in %s: %w", slug, s.Facts.Talk.Language, catalog.ErrNone)
	}
	return s, *t, nil
}

// Captions is the subtitles of a talk in the language that is spoken, as they are, and how well
// they read and fit.
func (o *Office) Captions(ctx context.Context, p access.Person, slug string) (Captioned, error) {
	if !p.May(access.See, slug, "") {
		return Captioned{}, access.ErrForbidden
	}
	s, t, err := o.source(ctx, slug)
	if err != nil {
		return Captioned{}, err
	}
	c := Captioned{Revision: t.Revision, Cues: t.Cues, Check: check.Check(t.Cues, check.For(t.Language), t.Language, 0)}
	if t.Source != nil {
		c.Remarks = *t.Source
	}
	c.Sync, err = o.judge(ctx, s, t)
	return c, err
}

// SourceRevision is one revision of the subtitles in the language that is spoken.
type SourceRevision struct {
	Number  int
	Cues    int
	Changed compare.Counts // against the one before
	Present bool
}

// SourceRevisions is all of them, the newest first.
func (o *Office) SourceRevisions(ctx context.Context, p access.Person, slug string) (all []SourceRevision, err error) {
	if !p.May(access.See, slug, "") {
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
	present := conference.AuthoredIn(s.Facts.Tracks)
	for i, t := range tracks {
		r := SourceRevision{Number: t.Revision, Cues: len(t.Cues), Present: present != nil && present.Revision == t.Revision}
		if i > 0 {
			r.Changed = compare.Compare(tracks[i-1].Cues, t.Cues).Counts
		}
		all = append(all, r)
	}
	slices.Reverse(all)
	return all, nil
}

// RestoreSource makes an earlier revision the present one again, as a new one.
func (o *Office) RestoreSource(ctx context.Context, p access.Person, slug string, number int) (Captioned, error) {
	by, err := p.As(access.Caption, slug, "")
	if err != nil {
		return Captioned{}, err
	}
	s, t, err := o.source(ctx, slug)
	if err != nil {
		return Captioned{}, err
	}
	if t.Cues, err = o.Catalog.Revision(ctx, slug, s.Facts.Talk.Language, number); err != nil {
		return Captioned{}, err
	}
	var done Captioned
	return done, o.replaceSource(ctx, by.Name, slug, t, &done)
}

// WriteSource writes a revision of the subtitles in the language that is spoken, 0 being the
// present one, in a format, on the recordings' clock or on that of the film.
func (o *Office) WriteSource(ctx context.Context, p access.Person, slug string, number int, format subtitle.Format, clock string) (data []byte, err error) {
	if !p.May(access.See, slug, "") {
		return nil, access.ErrForbidden
	}
	_, t, err := o.source(ctx, slug)
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
		t.Cues, _ = subtitle.Place(b.Edition.Programme, t.Cues)
		options.Edition = b.Edition.ID
	}
	var w bytes.Buffer
	_, err = subtitle.Write(&w, t.Cues, format, options)
	return w.Bytes(), err
}

// Described is what a talk says of itself, as its speaker corrects it.
type Described struct {
	Title    string
	Abstract string
	Speakers []string // as they are shown
}

// plain is what was typed as it may stand on cards and pages, without speakers of no name; or
// what of it cannot.
func (d Described) plain() (p Described, err error) {
	if p.Title, err = plainText("title", d.Title, 300); err != nil {
		return p, err
	}
	if p.Abstract, err = plainText("abstract", d.Abstract, 20_000); err != nil {
		return p, err
	}
	for _, name := range d.Speakers {
		if name, err = plainText("speakers", name, 200); err != nil {
			return p, err
		}
		if name != "" {
			p.Speakers = append(p.Speakers, name)
		}
	}
	return p, nil
}

// Describe corrects what a talk says of itself.
func (o *Office) Describe(ctx context.Context, p access.Person, slug string, d Described) error {
	by, err := p.As(access.Describe, slug, "")
	if err != nil {
		return err
	}
	if d, err = d.plain(); err != nil {
		return err
	}
	if d.Title == "" {
		return inputerr.New("title", "is empty").Try("Give the talk one")
	}
	_, err = o.edit(ctx, by.Name, slug, func(s *catalog.Submission) error {
		s.Facts.Talk.Title, s.Facts.Talk.Abstract, s.Facts.Talk.Speakers = d.Title, d.Abstract, d.Speakers
		return nil
	})
	return err
}
