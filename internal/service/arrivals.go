package service

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/match"
	"github.com/lectern-av/lectern/internal/submission"
)

// RecordingUpload is a recording that has arrived completely.
type RecordingUpload = submission.RecordingUpload

// ReceiveRecording saves a recording that has arrived. To receive it again changes nothing.
func (o *Service) ReceiveRecording(ctx context.Context, u RecordingUpload) error {
	return o.recordings.Receive(ctx, u)
}

// RunInspections inspects recordings as they arrive, until ctx ends.
func (o *Service) RunInspections(ctx context.Context) error {
	return o.recordings.RunInspections(ctx, o.Tools, o.scheduleTimeZone)
}

// InspectionSummary is what was found in a recording.
type InspectionSummary = submission.InspectionSummary

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
		arrivals[i] = Arrival{Arrival: a, Inspection: submission.StoredInspection(a)}
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
	if f := submission.StoredInspection(a); f != nil && f.RejectReason != "" {
		return inputerr.New(a.Name, "%s", f.RejectReason).Hint("Hand in another file")
	}
	candidates := match.Rank(o.matchInput(a), o.scheduleSlots())
	for _, slug := range slugs {
		if err := o.recordings.Assign(ctx, by.Name, slug, a, instead, candidates); err != nil {
			return err
		}
		o.enqueueReconcile(slug)
	}
	return o.Catalog.SetArrivalState(ctx, by.Name, id, catalog.ArrivalAssigned)
}

// UnassignRecording removes a recording from a talk. The recording itself stays.
func (o *Service) UnassignRecording(ctx context.Context, p access.Person, slug, sha256 string) error {
	by, err := p.GrantFor(access.ManageRecordings, slug, "")
	if err != nil {
		return err
	}
	err = o.recordings.Unassign(ctx, by.Name, slug, sha256)
	if err == nil {
		o.enqueueReconcile(slug)
	}
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

func (o *Service) setArrivalState(ctx context.Context, p access.Person, id string, state catalog.ArrivalState) error {
	by, err := p.GrantFor(access.ManageRecordings, "", "")
	if err != nil {
		return err
	}
	return o.Catalog.SetArrivalState(ctx, by.Name, id, state)
}
