package service

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/mail"
)

// queueLetter keeps a letter until it is sent; who has no address gets none. Of the same cause one
// person gets one letter.
func (o *Service) queueLetter(ctx context.Context, kind mail.Kind, cause string, to access.Grant, m mail.Content) error {
	if to.Email == "" {
		return nil
	}
	m.Name = to.Name
	language := "en"
	if strings.HasPrefix(to.Language, "es") {
		language = "es"
	}
	subject, body, err := mail.Compose(kind, language, m)
	if err != nil {
		return fmt.Errorf("write to %s: %w", to.Email, err)
	}
	if _, err := o.Catalog.QueueEmail(ctx, catalog.Email{
		DedupKey: string(kind) + " " + cause + " " + to.Email, Recipient: to.Email, Subject: subject, Body: body,
	}); err != nil {
		return err
	}
	select {
	case o.LetterQueued <- struct{}{}:
	default: // the postman comes anyway
	}
	return nil
}

// grantsWithRole are those who have a link of a role that stands, for a talk and, where it is for one,
// in a language.
func (o *Service) grantsWithRole(ctx context.Context, role access.Role, slug, language string) (all []access.Grant, err error) {
	links, err := o.Catalog.Links(ctx)
	now := time.Now()
	for _, l := range links {
		if l.Role == role && l.Kind != catalog.LinkAPIToken && l.Valid(now) && (l.Talk == "" || l.Talk == slug) && l.Language == language {
			all = append(all, l.Grant)
		}
	}
	return all, err
}

// notifyRole writes to all holders of a role. Letters name the page and no secret: whoever is not in
// any more opens their link again.
func (o *Service) notifyRole(ctx context.Context, kind mail.Kind, role access.Role, slug, page, cause string, m mail.Content) error {
	people, err := o.grantsWithRole(ctx, role, slug, "")
	if err != nil {
		return err
	}
	row, _ := o.Board.Talk(slug)
	m.Title, m.Link = row.Title, o.URL+"/talks/"+slug+page
	for _, g := range people {
		if err := o.queueLetter(ctx, kind, slug+" "+cause, g, m); err != nil {
			return err
		}
	}
	return nil
}

// notifyPendingTasks writes to everybody whom something waits for.
func (o *Service) notifyPendingTasks(ctx context.Context, kind mail.Kind, slug string, calls PendingTasks) error {
	row, _ := o.Board.Talk(slug)
	for _, c := range calls {
		page := "/translations/" + c.Language
		if c.Role == access.Reviewer {
			page += "/review"
		}
		for _, g := range c.People {
			m := mail.Content{Title: row.Title, Link: o.URL + "/talks/" + slug + page, Into: c.Language, Cues: c.Progress.NeedsEditing + c.Progress.Untranslated}
			cause := fmt.Sprintf("%s %s %s", slug, c.Language, time.Now().UTC().Format(time.DateOnly)) // once a day is often enough
			if err := o.queueLetter(ctx, kind, cause, g, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// notifyOrganisers says that a speaker says that something is wrong.
func (o *Service) notifyOrganisers(ctx context.Context, slug string, v catalog.Review) error {
	return o.notifyRole(ctx, mail.ProblemReported, access.Organiser, slug, "", time.Now().UTC().Format(time.RFC3339), mail.Content{Who: v.Who, Comment: v.Comment})
}

// notifyReadyForReview says to a talk's speakers that it can be looked at: once for every film there is
// of it. Of corrected captions they know.
func (o *Service) notifyReadyForReview(ctx context.Context, slug string) error {
	published, ok, err := o.Catalog.LastPublication(ctx, slug)
	if err != nil || !ok {
		return err
	}
	return o.notifyRole(ctx, mail.TalkReady, access.Speaker, slug, "/speaker", published.Edition, mail.Content{})
}

// notifyReleased says to a talk's speakers that it is out.
func (o *Service) notifyReleased(ctx context.Context, slug string) error {
	return o.notifyRole(ctx, mail.TalkReleased, access.Speaker, slug, "/watch", "", mail.Content{})
}

// RunSpeakerNotifications writes to speakers whenever their talk can be looked at, until ctx ends.
func (o *Service) RunSpeakerNotifications(ctx context.Context) error {
	rows := make(chan TalkSummary, 256)
	defer o.Board.Subscribe(rows)()
	for {
		select {
		case <-ctx.Done():
			return nil
		case r := <-rows:
			if r.State != StateReadyForReview {
				continue
			}
			if err := o.notifyReadyForReview(ctx, r.Slug); err != nil && ctx.Err() == nil {
				o.Log.Error("cannot write to speakers", "talk", r.Slug, "err", err)
			}
		}
	}
}
