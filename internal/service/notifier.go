package service

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/mail"
)

// Notifier queues letters to people about what they can do now.
type Notifier struct {
	catalog *catalog.Catalog
	board   *Board
	url     string
	log     *slog.Logger
	Queued  chan struct{} // has an element when a letter was queued
}

// queueLetter keeps a letter until it is sent; who has no address gets none. Of the same cause one
// person gets one letter.
func (n *Notifier) queueLetter(ctx context.Context, kind mail.Kind, cause string, to access.Grant, m mail.Content) error {
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
	if _, err := n.catalog.QueueEmail(ctx, catalog.Email{
		DedupKey: string(kind) + " " + cause + " " + to.Email, Recipient: to.Email, Subject: subject, Body: body,
	}); err != nil {
		return err
	}
	select {
	case n.Queued <- struct{}{}:
	default: // the postman comes anyway
	}
	return nil
}

// grantsWithRole are those who have a link of a role that stands, for a talk and, where it is for one,
// in a language.
func (n *Notifier) grantsWithRole(ctx context.Context, role access.Role, slug, language string) (all []access.Grant, err error) {
	links, err := n.catalog.Links(ctx)
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
func (n *Notifier) notifyRole(ctx context.Context, kind mail.Kind, role access.Role, slug, page, cause string, m mail.Content) error {
	people, err := n.grantsWithRole(ctx, role, slug, "")
	if err != nil {
		return err
	}
	row, _ := n.board.Talk(slug)
	m.Title, m.Link = row.Title, n.url+"/talks/"+slug+page
	for _, g := range people {
		if err := n.queueLetter(ctx, kind, slug+" "+cause, g, m); err != nil {
			return err
		}
	}
	return nil
}

// notifyPendingTasks writes to everybody whom something waits for.
func (n *Notifier) pendingTasks(ctx context.Context, kind mail.Kind, slug string, calls PendingTasks) error {
	row, _ := n.board.Talk(slug)
	for _, c := range calls {
		page := "/translations/" + c.Language
		if c.Role == access.Reviewer {
			page += "/review"
		}
		for _, g := range c.People {
			m := mail.Content{Title: row.Title, Link: n.url + "/talks/" + slug + page, Into: c.Language, Cues: c.Progress.NeedsEditing + c.Progress.Untranslated}
			cause := fmt.Sprintf("%s %s %s", slug, c.Language, time.Now().UTC().Format(time.DateOnly)) // once a day is often enough
			if err := n.queueLetter(ctx, kind, cause, g, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// notifyOrganisers says that a speaker says that something is wrong.
func (n *Notifier) changesRequested(ctx context.Context, slug string, v catalog.Review) error {
	return n.notifyRole(ctx, mail.ProblemReported, access.Organiser, slug, "", time.Now().UTC().Format(time.RFC3339), mail.Content{Who: v.Who, Comment: v.Comment})
}

// notifyReadyForReview says to a talk's speakers that it can be looked at: once for every film there is
// of it. Of corrected captions they know.
func (n *Notifier) readyForReview(ctx context.Context, slug string) error {
	published, ok, err := n.catalog.LastPublication(ctx, slug)
	if err != nil || !ok {
		return err
	}
	return n.notifyRole(ctx, mail.TalkReady, access.Speaker, slug, "/speaker", published.Edition, mail.Content{})
}

// notifyReleased says to a talk's speakers that it is out.
func (n *Notifier) released(ctx context.Context, slug string) error {
	return n.notifyRole(ctx, mail.TalkReleased, access.Speaker, slug, "/watch", "", mail.Content{})
}

// RunSpeakerNotifications writes to speakers whenever their talk can be looked at, until ctx ends.
func (n *Notifier) Run(ctx context.Context) error {
	rows := make(chan TalkSummary, 256)
	defer n.board.Subscribe(rows)()
	for {
		select {
		case <-ctx.Done():
			return nil
		case r := <-rows:
			if r.State != StateReadyForReview {
				continue
			}
			if err := n.readyForReview(ctx, r.Slug); err != nil && ctx.Err() == nil {
				n.log.Error("cannot write to speakers", "talk", r.Slug, "err", err)
			}
		}
	}
}
