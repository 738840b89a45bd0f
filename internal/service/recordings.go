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
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/submission"
)

// Recordings receives recordings, inspects them and assigns them to talks.
type Recordings struct {
	catalog  *catalog.Catalog
	board    *Board
	editor   *talkEditor
	tools    media.Tools
	received *submission.Recordings
}

// ReceivedRecording is a recording that has arrived completely.
type ReceivedRecording = submission.RecordingUpload

// Receive saves a recording that has arrived and schedules its inspection. Receiving the same
// upload again changes nothing. It checks no permission.
func (svc *Recordings) Receive(ctx context.Context, u ReceivedRecording) error {
	return svc.received.Receive(ctx, u)
}

// RunInspections inspects recordings as they arrive, one at a time, until ctx ends.
func (svc *Recordings) RunInspections(ctx context.Context) error {
	return svc.received.RunInspections(ctx, svc.tools, svc.board.timeZone)
}

// InspectionSummary is what was found in a recording.
type InspectionSummary = submission.InspectionSummary

// Arrival is a recording that has arrived, with the talks that it may belong to.
type Arrival struct {
	catalog.Arrival
	Inspection *InspectionSummary // nil: not inspected yet
	Proposals  []match.Candidate
}

// List returns all recordings that have arrived, the newest first. Those that are not assigned yet
// come with the talks that they may belong to, the likeliest first. It requires
// access.ManageRecordings.
func (svc *Recordings) List(ctx context.Context, p access.Person) ([]Arrival, error) {
	if !p.May(access.ManageRecordings, "", "") {
		return nil, access.ErrForbidden
	}
	all, err := svc.catalog.Arrivals(ctx)
	if err != nil {
		return nil, err
	}
	programme := svc.scheduleSlots()
	arrivals := make([]Arrival, len(all))
	for i, a := range all {
		arrivals[i] = Arrival{Arrival: a, Inspection: submission.StoredInspection(a)}
		if a.State == catalog.ArrivalNew {
			arrivals[i].Proposals = match.Rank(svc.matchInput(a), programme)
		}
	}
	return arrivals, nil
}

func (svc *Recordings) matchInput(a catalog.Arrival) match.Recording {
	return match.Recording{Name: a.Name, Start: a.StartedAt, Length: a.Length, Room: a.Room, Zone: svc.board.timeZone()}
}

// scheduleSlots returns all talks in the form in which package match compares them with recordings.
func (svc *Recordings) scheduleSlots() (slots []match.Slot) {
	for _, r := range svc.board.Talks() {
		s := r.Scheduling
		slots = append(slots, match.Slot{
			Slug: r.Slug, Title: r.Title, GUID: s.GUID, ID: s.Event, Room: s.Room, Speakers: r.Speakers, Start: s.Start, Length: r.Length,
		})
	}
	return slots
}

// Assign adds a recording to talks and has them built. With instead, it replaces the talks'
// existing recordings. A talk without a cut gets the part of the recording that matches its time in
// the schedule. Assign requires access.ManageRecordings. A file that is no usable recording is an
// *inputerr.Error.
func (svc *Recordings) Assign(ctx context.Context, p access.Person, id string, slugs []string, instead bool) error {
	by, err := p.GrantFor(access.ManageRecordings, "", "")
	if err != nil {
		return err
	}
	if len(slugs) == 0 {
		return inputerr.Coded("talk.not_chosen", "no talk is chosen").Hint("Choose the talks of the recording")
	}
	a, err := svc.catalog.Arrival(ctx, id)
	if err != nil {
		return err
	}
	if f := submission.StoredInspection(a); f != nil && f.RejectReason != "" {
		if f.Rejected != nil {
			rejected := *f.Rejected
			return rejected.In(a.Name)
		}
		return inputerr.Coded("recording.rejected", "is not a recording: {reason}", "reason", f.RejectReason).In(a.Name).Hint("Upload another file")
	}
	candidates := match.Rank(svc.matchInput(a), svc.scheduleSlots())
	for _, slug := range slugs {
		if err := svc.received.Assign(ctx, by.Name, slug, a, instead, candidates); err != nil {
			return err
		}
		svc.editor.reconcile(slug)
	}
	return svc.catalog.SetArrivalState(ctx, by.Name, id, catalog.ArrivalAssigned)
}

// Unassign removes a recording from a talk and has the talk built again. The file stays. It
// requires access.ManageRecordings, and returns catalog.ErrNotFound if the talk does not have the
// recording.
func (svc *Recordings) Unassign(ctx context.Context, p access.Person, slug, sha256 string) error {
	by, err := p.GrantFor(access.ManageRecordings, slug, "")
	if err != nil {
		return err
	}
	err = svc.received.Unassign(ctx, by.Name, slug, sha256)
	if err == nil {
		svc.editor.reconcile(slug)
	}
	return err
}

// WriteAudioSample writes twelve seconds of one channel of a talk's recording as Opus in WebM, so
// that people can compare channels. side is "left", "right" or "mix". The sample begins at the
// offset at, or in the middle of the recording if at is in its last quarter. It requires
// access.ManageRecordings.
func (svc *Recordings) WriteAudioSample(ctx context.Context, p access.Person, slug, sha256, side string, at time.Duration, w io.Writer) error {
	path, err := svc.path(ctx, p, slug, sha256)
	if err != nil {
		return err
	}
	all, err := svc.catalog.Arrivals(ctx)
	if err != nil {
		return err
	}
	for _, a := range all {
		if a.SHA256 == sha256 && a.Length > 0 && at > a.Length*3/4 { // too short: from its middle
			at = a.Length / 2
		}
	}
	return svc.tools.WriteAudioSample(ctx, path, 0, side, at, w)
}

// path returns the path of a recording on the disk. It returns an error if p may not manage
// recordings or if the recording is not one of the talk's.
func (svc *Recordings) path(ctx context.Context, p access.Person, slug, sha256 string) (string, error) {
	if !p.May(access.ManageRecordings, slug, "") {
		return "", access.ErrForbidden
	}
	s, err := svc.catalog.Talk(ctx, slug)
	if err != nil {
		return "", err
	}
	if !slices.ContainsFunc(s.Facts.Recordings, func(r conference.Recording) bool { return r.SHA256 == sha256 }) {
		return "", fmt.Errorf("recording %.12s of %s: %w", sha256, slug, catalog.ErrNotFound)
	}
	original, err := svc.catalog.Original(ctx, action.Key(sha256))
	return original.Path, err
}

// Dismiss marks a recording as belonging to no talk, which Restore undoes. It requires
// access.ManageRecordings.
func (svc *Recordings) Dismiss(ctx context.Context, p access.Person, id string) error {
	return svc.setState(ctx, p, id, catalog.ArrivalDismissed)
}

// Restore makes a dismissed recording appear again among those to assign. It requires
// access.ManageRecordings.
func (svc *Recordings) Restore(ctx context.Context, p access.Person, id string) error {
	return svc.setState(ctx, p, id, catalog.ArrivalNew)
}

func (svc *Recordings) setState(ctx context.Context, p access.Person, id string, state catalog.ArrivalState) error {
	by, err := p.GrantFor(access.ManageRecordings, "", "")
	if err != nil {
		return err
	}
	return svc.catalog.SetArrivalState(ctx, by.Name, id, state)
}
