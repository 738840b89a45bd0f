package service

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/match"
)

// RecordingUpload is a recording that arrived whole.
type RecordingUpload struct {
	ID          string // of the upload
	Name        string // as it was called
	Path        string // where it lies
	KeepInPlace bool   // it stays there; else it is taken over by renaming it
	SHA256      string
	Size        int64 // bytes
	Who         string
	Room        string    // "": nobody said
	Begun       time.Time // zero: nobody said
}

// ReceiveRecording takes in a recording that arrived. Delivering it again changes nothing.
func (o *Service) ReceiveRecording(ctx context.Context, d RecordingUpload) error {
	path := d.Path
	if !d.KeepInPlace {
		var err error
		if path, err = o.Store.MoveOriginal(d.Path, action.File{Name: d.Name, SHA256: d.SHA256, Size: d.Size}); err != nil {
			return err
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("take in %s: %w", d.Name, err)
	}
	if err := o.Catalog.SaveOriginals(ctx, map[action.Key]action.Original{
		action.Key(d.SHA256): {Path: path, Size: info.Size(), ModTime: info.ModTime()},
	}); err != nil {
		return err
	}
	if err := o.Catalog.AddArrival(ctx, catalog.Arrival{
		ID: d.ID, Name: d.Name, Path: path, SHA256: d.SHA256, Size: d.Size, Who: d.Who, Room: d.Room, StartedAt: d.Begun,
	}); err != nil {
		return err
	}
	select {
	case o.recordingReceived <- struct{}{}:
	default: // somebody is on the way already
	}
	return nil
}

// RunInspections looks into recordings as they arrive, one after the other, until ctx ends: first what
// they are, which takes a moment, and then what is wrong with them, which takes a while.
func (o *Service) RunInspections(ctx context.Context) error {
	for {
		for _, whole := range []bool{false, true} {
			if err := o.inspectPending(ctx, whole); err != nil && ctx.Err() == nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-o.recordingReceived:
		}
	}
}

// inspectPending looks into those that were not looked into so far.
func (o *Service) inspectPending(ctx context.Context, whole bool) error {
	all, err := o.Catalog.Arrivals(ctx)
	if err != nil {
		return err
	}
	slices.Reverse(all) // who came first
	for _, a := range all {
		found := storedInspection(a)
		if ctx.Err() != nil || found != nil && (found.Complete || !whole || found.RejectReason != "") {
			continue
		}
		f := o.inspectArrival(ctx, a, whole)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := o.Catalog.SaveFindings(ctx, a.ID, o.recordingStart(a), f.Length, f); err != nil {
			return err
		}
	}
	return nil
}

// storedInspection is what was found in an arrival; nil if nobody looked.
func storedInspection(a catalog.Arrival) *InspectionSummary {
	var f *InspectionSummary
	if json.Unmarshal(a.Findings, &f) != nil {
		return nil
	}
	return f
}

// Arrival is a recording that arrived, and which talks it may be of.
type Arrival struct {
	catalog.Arrival
	Inspection *InspectionSummary // nil: nobody looked yet
	Proposals  []match.Candidate
}

// Arrivals is all recordings that arrived, the newest first.
func (o *Service) Arrivals(ctx context.Context, p access.Person) ([]Arrival, error) {
	if !p.May(access.ManageRecordings, "", "") {
		return nil, access.ErrForbidden
	}
	all, err := o.Catalog.Arrivals(ctx)
	if err != nil {
		return nil, err
	}
	programme := o.scheduleSlots()
	arrivals := make([]Arrival, len(all))
	for i, a := range all {
		arrivals[i] = Arrival{Arrival: a, Inspection: storedInspection(a)}
		if a.State == catalog.ArrivalNew {
			arrivals[i].Proposals = match.Rank(o.matchInput(a), programme)
		}
	}
	return arrivals, nil
}

func (o *Service) matchInput(a catalog.Arrival) match.Recording {
	return match.Recording{Name: a.Name, Start: a.StartedAt, Length: a.Length, Room: a.Room, Zone: o.scheduleTimeZone()}
}

// scheduleSlots is the programme, as far as the times and names in it help.
func (o *Service) scheduleSlots() (slots []match.Slot) {
	for _, r := range o.Board.Talks() {
		s := r.Scheduling
		slots = append(slots, match.Slot{
			Slug: r.Slug, Title: r.Title, GUID: s.GUID, ID: s.Event, Room: s.Room, Speakers: r.Speakers, Start: s.Start, Length: r.Length,
		})
	}
	return slots
}

// scheduleTimeZone is the conference's time zone: that of its programme.
func (o *Service) scheduleTimeZone() *time.Location {
	for _, r := range o.Board.Talks() {
		if !r.Scheduling.Start.IsZero() {
			return r.Scheduling.Start.Location()
		}
	}
	return time.Local
}

// AssignRecording says that a recording is of some talks; instead says that it takes the place of what
// they have, where it else comes after that. Where the talk has no cut yet, and the programme
// says which part of the recording it is, that is the first guess.
func (o *Service) AssignRecording(ctx context.Context, p access.Person, id string, slugs []string, instead bool) error {
	by, err := p.GrantFor(access.ManageRecordings, "", "")
	if err != nil {
		return err
	}
	if len(slugs) == 0 {
		return inputerr.New("", "no talk is chosen").Hint("Choose those that the recording is of")
	}
	a, err := o.Catalog.Arrival(ctx, id)
	if err != nil {
		return err
	}
	if f := storedInspection(a); f != nil && f.RejectReason != "" {
		return inputerr.New(a.Name, "%s", f.RejectReason).Hint("Hand in another file")
	}
	guesses := match.Rank(o.matchInput(a), o.scheduleSlots())
	for _, slug := range slugs {
		if _, err := o.editTalk(ctx, by.Name, slug, func(s *catalog.Submission) error {
			if err := assignTo(&s.Facts, a, instead); err != nil {
				return err
			}
			at := slices.IndexFunc(guesses, func(g match.Candidate) bool { return g.Slug == slug })
			if at >= 0 && len(s.Facts.Cut) == 0 && guesses[at].To > guesses[at].From {
				s.Facts.Cut = []conference.KeptRange{{Recording: len(s.Facts.Recordings), From: guesses[at].From, To: guesses[at].To}}
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return o.Catalog.SetArrivalState(ctx, by.Name, id, catalog.ArrivalAssigned)
}

// assignTo makes a recording one of a talk's.
func assignTo(f *conference.Facts, a catalog.Arrival, instead bool) error {
	if slices.ContainsFunc(f.Recordings, func(r conference.Recording) bool { return r.SHA256 == a.SHA256 }) && !instead {
		return nil
	}
	if instead {
		f.Recordings, f.Cut = nil, nil
	}
	f.Recordings = append(f.Recordings, conference.Recording{SHA256: a.SHA256, Size: a.Size, Name: a.Name})
	f.Channels = cmp.Or(f.Channels, conference.ChannelsAuto)
	return nil
}

// UnassignRecording takes a recording away from a talk again; the recording stays.
func (o *Service) UnassignRecording(ctx context.Context, p access.Person, slug, sha256 string) error {
	by, err := p.GrantFor(access.ManageRecordings, slug, "")
	if err != nil {
		return err
	}
	_, err = o.editTalk(ctx, by.Name, slug, func(s *catalog.Submission) error {
		f := &s.Facts
		at := slices.IndexFunc(f.Recordings, func(r conference.Recording) bool { return r.SHA256 == sha256 })
		if at < 0 {
			return catalog.ErrNotFound
		}
		f.Recordings = slices.Delete(f.Recordings, at, at+1)
		if slices.ContainsFunc(f.Cut, func(k conference.KeptRange) bool { return k.Recording == 0 }) {
			f.Cut = nil // the reel's clock is another now
		}
		var cut []conference.KeptRange
		for _, k := range f.Cut {
			switch n := k.Recording - 1; {
			case n == at:
				continue
			case n > at:
				k.Recording--
			}
			cut = append(cut, k)
		}
		f.Cut = cut
		return nil
	})
	return err
}

// WriteAudioSample writes twelve seconds of one side ("left", "right" or "mix") of a talk's recording, from
// an offset on, as Opus in WebM: so that somebody can hear which channel is the talk.
func (o *Service) WriteAudioSample(ctx context.Context, p access.Person, slug, sha256, side string, at time.Duration, w io.Writer) error {
	path, err := o.recordingPath(ctx, p, slug, sha256)
	if err != nil {
		return err
	}
	all, err := o.Catalog.Arrivals(ctx)
	if err != nil {
		return err
	}
	for _, a := range all {
		if a.SHA256 == sha256 && a.Length > 0 && at > a.Length*3/4 { // a short one: from its middle on
			at = a.Length / 2
		}
	}
	return o.Tools.WriteAudioSample(ctx, path, 0, side, at, w)
}

// recordingPath is where one of a talk's recordings lies.
func (o *Service) recordingPath(ctx context.Context, p access.Person, slug, sha256 string) (string, error) {
	if !p.May(access.ManageRecordings, slug, "") {
		return "", access.ErrForbidden
	}
	s, err := o.Catalog.Talk(ctx, slug)
	if err != nil {
		return "", err
	}
	if !slices.ContainsFunc(s.Facts.Recordings, func(r conference.Recording) bool { return r.SHA256 == sha256 }) {
		return "", fmt.Errorf("recording %.12s of %s: %w", sha256, slug, catalog.ErrNotFound)
	}
	original, err := o.Catalog.Original(ctx, action.Key(sha256))
	return original.Path, err
}

// DismissArrival says that a recording is of no talk; Readmit takes that back.
func (o *Service) DismissArrival(ctx context.Context, p access.Person, id string) error {
	return o.setArrivalState(ctx, p, id, catalog.ArrivalDismissed)
}

// RestoreArrival has somebody decide once more which talks a recording is of.
func (o *Service) RestoreArrival(ctx context.Context, p access.Person, id string) error {
	return o.setArrivalState(ctx, p, id, catalog.ArrivalNew)
}

func (o *Service) setArrivalState(ctx context.Context, p access.Person, id, state string) error {
	by, err := p.GrantFor(access.ManageRecordings, "", "")
	if err != nil {
		return err
	}
	return o.Catalog.SetArrivalState(ctx, by.Name, id, state)
}
