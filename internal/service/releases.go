package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/bundle"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/message"
)

// Releases records the verdicts of speakers and copies bundles that may be released to the release
// directory.
type Releases struct {
	catalog   *catalog.Catalog
	board     *Board
	bundles   *Bundles
	notifier  *Notifier
	dir       string // of released bundles
	log       *slog.Logger
	releasing sync.Mutex
}

// ReleaseStatus says whether a talk was approved and whether it may be released.
type ReleaseStatus struct {
	Review    catalog.Review // the last one; zero if there is none
	HasReview bool
	Stale     bool                    // the talk was changed after the review
	Blocker   string                  // why it must not be published at all, or not yet
	Request   *catalog.ReleaseRequest // nil: its release was not requested
}

// Status returns the last verdict about a talk and whether it may be released. It requires
// access.ViewTalk.
func (svc *Releases) Status(ctx context.Context, p access.Person, slug string) (s ReleaseStatus, err error) {
	if !p.May(access.ViewTalk, slug, "") {
		return s, access.ErrForbidden
	}
	s, err = svc.status(ctx, slug, time.Now())
	if !maySeeRemarks(p, slug) {
		s.Review.Comment = ""
	}
	return s, err
}

func (svc *Releases) status(ctx context.Context, slug string, now time.Time) (s ReleaseStatus, err error) {
	if s.Review, s.HasReview, err = svc.catalog.LastReview(ctx, slug); err != nil {
		return s, err
	}
	judged, err := svc.reviewedContentKey(ctx, slug)
	if err != nil {
		return s, err
	}
	s.Stale = s.HasReview && judged != s.Review.Bundle
	place, err := svc.catalog.Scheduling(ctx, slug)
	if err != nil {
		return s, err
	}
	s.Blocker = place.PublishBlocker(now)
	wanted, err := svc.catalog.ReleaseRequests(ctx)
	for _, w := range wanted {
		if w.Slug == slug {
			s.Request = &w
		}
	}
	return s, err
}

// reviewedContentKey returns a hash of what a speaker reviews: the video, the talk's description,
// and the subtitles in the spoken language. Translations are not part of it, since they have
// reviewers of their own.
func (svc *Releases) reviewedContentKey(ctx context.Context, slug string) (action.Key, error) {
	s, err := svc.catalog.Talk(ctx, slug)
	if err != nil {
		return "", err
	}
	published, _, err := svc.catalog.LastPublication(ctx, slug)
	if err != nil {
		return "", err
	}
	judged := struct {
		Edition  string
		Talk     conference.Talk
		Revision int
	}{published.Edition, s.Facts.Talk, 0}
	if t := conference.FindAuthored(s.Facts.Tracks); t != nil {
		judged.Revision = t.Revision
	}
	b, err := json.Marshal(judged)
	return action.KeyOf(b), err
}

// SubmitVerdict saves that a speaker approves a talk or asks for changes; words then describes them
// and must not be empty. If changes are requested, the organisers get a letter. It requires
// access.ApproveTalk. A talk without a video is an *inputerr.Error.
func (svc *Releases) SubmitVerdict(ctx context.Context, p access.Person, slug string, approved bool, words string) error {
	by, err := p.GrantFor(access.ApproveTalk, slug, "")
	if err != nil {
		return err
	}
	_, ok, err := svc.catalog.LastPublication(ctx, slug)
	if err != nil {
		return err
	}
	if !ok {
		return inputerr.Coded("release.no_video", "has no video yet").In(slug).Hint("Wait until the video is ready")
	}
	judged, err := svc.reviewedContentKey(ctx, slug)
	if err != nil {
		return err
	}
	if words, err = cleanText("words", words, 5000); err != nil {
		return err
	}
	v := catalog.Review{Who: by.Name, Verdict: catalog.ReviewApproved, Comment: words, Bundle: judged}
	if !approved {
		v.Verdict = catalog.ReviewRejected
		if words == "" {
			return inputerr.Coded("review.comment_missing", "is missing").In("comment").Hint("Describe what is wrong")
		}
	}
	if err := svc.catalog.AddReview(ctx, slug, v); err != nil {
		return err
	}
	if !approved {
		return svc.notifier.changesRequested(ctx, slug, v)
	}
	return nil
}

// Request saves that a talk is to be released, and releases it at once if nothing blocks it.
// without is the reason to release a talk that its speaker has not approved in its current version;
// if such a talk comes without a reason, Request returns an *inputerr.Error. It requires
// access.ReleaseTalk.
func (svc *Releases) Request(ctx context.Context, p access.Person, slug, without string) (ReleaseStatus, error) {
	by, err := p.GrantFor(access.ReleaseTalk, slug, "")
	if err != nil {
		return ReleaseStatus{}, err
	}
	if without, err = cleanText("reason", without, 1000); err != nil {
		return ReleaseStatus{}, err
	}
	s, err := svc.status(ctx, slug, time.Now())
	if err != nil {
		return s, err
	}
	if !(s.HasReview && s.Review.Verdict == catalog.ReviewApproved && !s.Stale) {
		if without == "" {
			return s, inputerr.Coded("release.not_approved", "has not been approved in its current version").In(slug).Hint("Ask the speaker to review it, or give a reason to publish it without approval")
		}
		_, ok, err := svc.catalog.LastPublication(ctx, slug)
		if err != nil {
			return s, err
		}
		if !ok {
			return s, inputerr.Coded("release.no_bundle", "has no bundle yet").In(slug).Hint("Wait until processing has finished")
		}
		judged, err := svc.reviewedContentKey(ctx, slug)
		if err != nil {
			return s, err
		}
		if err := svc.catalog.AddReview(ctx, slug, catalog.Review{Who: by.Name, Verdict: catalog.ReviewApproved, Comment: "without its speaker: " + without, Bundle: judged}); err != nil {
			return s, err
		}
	}
	if err := svc.catalog.RequestRelease(ctx, slug, by.Name, s.Blocker); err != nil {
		return s, err
	}
	if err := svc.ReleaseDue(ctx, time.Now()); err != nil {
		return s, err
	}
	return svc.status(ctx, slug, time.Now())
}

// Cancel withdraws the request to release a talk. Files that were released already stay. It
// requires access.ReleaseTalk.
func (svc *Releases) Cancel(ctx context.Context, p access.Person, slug string) error {
	by, err := p.GrantFor(access.ReleaseTalk, slug, "")
	if err != nil {
		return err
	}
	return svc.catalog.CancelRelease(ctx, slug, by.Name)
}

// ReleaseDue releases every talk whose release was requested and which nothing blocks at the time
// now. For blocked talks it saves the reason. It continues after an error with one talk, and
// returns all errors.
func (svc *Releases) ReleaseDue(ctx context.Context, now time.Time) error {
	svc.releasing.Lock() // two must not write one bundle at a time
	defer svc.releasing.Unlock()
	wanted, err := svc.catalog.ReleaseRequests(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, w := range wanted {
		if err := svc.releaseOne(ctx, w, now); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// releaseOne releases a talk, unless its last bundle is released already, and notifies its
// speakers. If something blocks the release, it saves the reason instead.
func (svc *Releases) releaseOne(ctx context.Context, r catalog.ReleaseRequest, now time.Time) error {
	published, ok, err := svc.catalog.LastPublication(ctx, r.Slug)
	if err != nil || !ok || len(published.Keys) == 0 || !r.Released.IsZero() && r.Bundle == published.Keys[0] {
		return err
	}
	blocker, err := svc.releaseBlocker(ctx, r.Slug, now)
	if err != nil {
		return err
	}
	if blocker != "" {
		if blocker == r.Blocked {
			return nil
		}
		return svc.catalog.RequestRelease(ctx, r.Slug, r.Who, blocker)
	}
	dir, err := svc.copyBundle(ctx, r.Slug)
	if err != nil {
		return fmt.Errorf("release %s: %w", r.Slug, err)
	}
	if err := svc.catalog.RecordRelease(ctx, r.Slug, published.Keys[0], dir); err != nil {
		return err
	}
	return svc.notifier.released(ctx, r.Slug)
}

// ReleaseEnglish are the reasons why an approved talk is not released yet. Pages recognize the
// stored sentences by these templates.
var ReleaseEnglish = message.Templates{
	"rebuilding": "it is being processed again",
	"changed":    "it was changed since it was approved",
}

// releaseBlocker returns why a talk must not be released at the time now, for people, or "" if it
// may be.
func (svc *Releases) releaseBlocker(ctx context.Context, slug string, now time.Time) (string, error) {
	s, err := svc.status(ctx, slug, now)
	if err != nil || s.Blocker != "" {
		return s.Blocker, err
	}
	build, err := svc.catalog.BuildRequest(ctx, slug)
	if err != nil && !errors.Is(err, catalog.ErrNotFound) {
		return "", err
	}
	switch {
	case build.Pending():
		return ReleaseEnglish["rebuilding"], nil
	case s.Review.Verdict != catalog.ReviewApproved || s.Stale:
		return ReleaseEnglish["changed"], nil
	}
	return "", nil
}

// copyBundle copies the last bundle of a talk to the release directory, with hard links if
// possible, and returns the path of the copy. Files that a person edited in an earlier copy are
// kept under another name.
func (svc *Releases) copyBundle(ctx context.Context, slug string) (string, error) {
	b, err := svc.bundles.Open(ctx, systemUser, slug)
	if err != nil {
		return "", err
	}
	defer b.Close()
	placed := []bundle.Entry{bundle.NewEntry(bundle.ManifestName, b.ManifestJSON), bundle.NewEntry("SHA256SUMS", b.Sums)}
	for _, f := range b.Files {
		placed = append(placed, bundle.Entry{Path: f.Path, Source: filepath.Join(b.dir, filepath.FromSlash(f.Path)), SHA256: f.SHA256, Size: f.Size})
	}
	dir, edited, err := bundle.Write(ctx, svc.dir, slug, placed, nil)
	for _, e := range edited {
		svc.log.Warn("a released file was edited by hand; the edited copy is kept", "talk", slug, "file", e.Path, "kept", e.SavedAs)
	}
	return dir, err
}

// systemUser acts for Lectern itself, on what a person was allowed to ask for.
var systemUser = access.Person{Grants: []access.Grant{{Role: access.Organiser, Name: "lectern"}}}

// Run releases talks as ReleaseDue does, every minute and whenever a talk changes, until ctx ends.
// Errors are logged.
func (svc *Releases) Run(ctx context.Context) error {
	rows := make(chan TalkSummary, 256)
	defer svc.board.Subscribe(rows)()
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for due := true; ; {
		if due {
			if err := svc.ReleaseDue(ctx, time.Now()); err != nil && ctx.Err() == nil {
				svc.log.Error("releasing failed", "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			due = true
		case r := <-rows:
			due = r.State != StateProcessing && r.State != StateQueued // a talk in progress has nothing to release
		}
	}
}
