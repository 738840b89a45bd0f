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

// Receive saves a recording that has arrived. Receiving it again changes nothing.
func (svc *Recordings) Receive(ctx context.Context, u ReceivedRecording) error {
	return svc.received.Receive(ctx, u)
}

// RunInspections inspects recordings as they arrive, until ctx ends.
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

// List returns all recordings that arrived, the newest first.
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

// scheduleSlots returns the programme in the form that recordings are matched against.
func (svc *Recordings) scheduleSlots() (slots []match.Slot) {
	for _, r := range svc.board.Talks() {
		s := r.Scheduling
		slots = append(slots, match.Slot{
			Slug: r.Slug, Title: r.Title, GUID: s.GUID, ID: s.Event, Room: s.Room, Speakers: r.Speakers, Start: s.Start, Length: r.Length,
		})
	}
	return slots
}

// Assign adds a recording to talks; instead replaces their existing recordings. Where a talk has no
// cut yet, its time in the schedule gives the first one.
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

// Unassign removes a recording from a talk. The recording itself stays.
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

// WriteAudioSample writes twelve seconds of one channel ("left", "right" or "mix") of a recording
// as Opus in WebM, from the offset at, so that people can compare channels.
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

// path returns the path of one of a talk's recordings.
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

// Dismiss marks a recording as belonging to no talk; Restore undoes that.
func (svc *Recordings) Dismiss(ctx context.Context, p access.Person, id string) error {
	return svc.setState(ctx, p, id, catalog.ArrivalDismissed)
}

// Restore puts a dismissed recording back among those to assign.
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
