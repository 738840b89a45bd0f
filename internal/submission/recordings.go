package submission

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/match"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/store"
)

// RecordingUpload is a recording that has arrived completely.
type RecordingUpload struct {
	ID          string // of the upload
	Name        string // that it was uploaded with
	Path        string
	KeepInPlace bool // use it at Path; otherwise it is moved into the store
	SHA256      string
	Size        int64 // bytes
	Who         string
	Room        string    // "" if unknown
	Begun       time.Time // zero if unknown
}

// Recordings receives recordings and assigns them to talks.
type Recordings struct {
	Catalog *catalog.Catalog
	Store   *store.Local

	received chan struct{} // signals a recording to inspect
}

// NewRecordings returns Recordings that keep their state in c and files in s. Call RunInspections
// to have the recordings inspected.
func NewRecordings(c *catalog.Catalog, s *store.Local) *Recordings {
	return &Recordings{Catalog: c, Store: s, received: make(chan struct{}, 1)}
}

// Receive saves a recording that has arrived completely, in the store or at its path, and schedules
// its inspection. Receiving the same upload again changes nothing.
func (r *Recordings) Receive(ctx context.Context, u RecordingUpload) error {
	path := u.Path
	if !u.KeepInPlace {
		var err error
		if path, err = r.Store.MoveOriginal(u.Path, action.File{Name: u.Name, SHA256: u.SHA256, Size: u.Size}); err != nil {
			return err
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("receive %s: %w", u.Name, err)
	}
	if err := r.Catalog.SaveOriginals(ctx, map[action.Key]action.Original{
		action.Key(u.SHA256): {Path: path, Size: info.Size(), ModTime: info.ModTime()},
	}); err != nil {
		return err
	}
	if err := r.Catalog.AddArrival(ctx, catalog.Arrival{
		ID: u.ID, Name: u.Name, Path: path, SHA256: u.SHA256, Size: u.Size, Who: u.Who, Room: u.Room, StartedAt: u.Begun,
	}); err != nil {
		return err
	}
	select {
	case r.received <- struct{}{}:
	default: // RunInspections will look anyway
	}
	return nil
}

// RunInspections inspects recordings as they arrive, one at a time, until ctx ends. It first reads
// what all new recordings contain, which takes moments, and then searches each for issues, which
// takes minutes. zone returns the time zone of times in file names.
func (r *Recordings) RunInspections(ctx context.Context, tools media.Tools, zone func() *time.Location) error {
	for {
		for _, complete := range []bool{false, true} {
			if err := r.inspectPending(ctx, tools, zone, complete); err != nil && ctx.Err() == nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-r.received:
		}
	}
}

// inspectPending inspects, the oldest first, the recordings that were not inspected at all. With
// complete it also inspects those that were not searched for issues, and does so completely;
// rejected ones are skipped.
func (r *Recordings) inspectPending(ctx context.Context, tools media.Tools, zone func() *time.Location, complete bool) error {
	all, err := r.Catalog.Arrivals(ctx)
	if err != nil {
		return err
	}
	slices.Reverse(all) // the oldest first
	for _, a := range all {
		found := StoredInspection(a)
		if ctx.Err() != nil || found != nil && (found.Complete || !complete || found.RejectReason != "") {
			continue
		}
		f := inspectArrival(ctx, tools, a, complete)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := r.Catalog.SaveFindings(ctx, a.ID, startTime(a, zone()), f.Length, f); err != nil {
			return err
		}
	}
	return nil
}

// Assign adds a recording to the talk slug or, with replace, makes it the talk's only recording and
// drops its cut. If the talk then has no cut, it gets the time range that the candidate for this
// talk proposes, if there is one.
func (r *Recordings) Assign(ctx context.Context, who, slug string, a catalog.Arrival, replace bool, candidates []match.Candidate) error {
	_, err := r.Catalog.Edit(ctx, who, slug, func(s *catalog.Submission) error {
		addRecording(&s.Facts, a, replace)
		i := slices.IndexFunc(candidates, func(c match.Candidate) bool { return c.Slug == slug })
		if i >= 0 && len(s.Facts.Cut) == 0 && candidates[i].To > candidates[i].From {
			s.Facts.Cut = []conference.KeptRange{{Recording: len(s.Facts.Recordings), From: candidates[i].From, To: candidates[i].To}}
		}
		return nil
	})
	return err
}

// addRecording adds a recording to the facts unless they have it already. With replace, it removes
// all other recordings and the cut first.
func addRecording(f *conference.Facts, a catalog.Arrival, replace bool) {
	if replace {
		f.Recordings, f.Cut = nil, nil
	}
	if slices.ContainsFunc(f.Recordings, func(r conference.Recording) bool { return r.SHA256 == a.SHA256 }) {
		return
	}
	f.Recordings = append(f.Recordings, conference.Recording{SHA256: a.SHA256, Size: a.Size, Name: a.Name})
	f.Channels = cmp.Or(f.Channels, conference.ChannelsAuto)
}

// Unassign removes a recording from a talk, with the ranges of the cut in it. The file stays. It
// returns catalog.ErrNotFound if the talk does not have the recording.
func (r *Recordings) Unassign(ctx context.Context, who, slug, sha256 string) error {
	_, err := r.Catalog.Edit(ctx, who, slug, func(s *catalog.Submission) error {
		f := &s.Facts
		i := slices.IndexFunc(f.Recordings, func(r conference.Recording) bool { return r.SHA256 == sha256 })
		if i < 0 {
			return catalog.ErrNotFound
		}
		f.Recordings = slices.Delete(f.Recordings, i, i+1)
		f.Cut = cutWithout(f.Cut, i)
		return nil
	})
	return err
}

// cutWithout returns a cut without the ranges of the recording with the given index, counted from
// 0, and with the numbers of later recordings reduced by one. It returns nil for a cut in reel
// time, since removing a recording changes the reel's clock.
func cutWithout(cut []conference.KeptRange, index int) (rest []conference.KeptRange) {
	if slices.ContainsFunc(cut, func(k conference.KeptRange) bool { return k.Recording == 0 }) {
		return nil
	}
	for _, k := range cut {
		switch i := k.Recording - 1; { // recordings are counted from 1
		case i == index:
			continue
		case i > index:
			k.Recording--
		}
		rest = append(rest, k)
	}
	return rest
}
