package service

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	xlanguage "golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/mail"
)

// Notifier queues letters that tell people what they can do now.
type Notifier struct {
	catalog *catalog.Catalog
	board   *Board
	url     string
	log     *slog.Logger
	Queued  chan struct{} // has an element when a letter was queued
}

// queueLetter queues a letter to the person of a grant, in English or Spanish. It does nothing if
// the person has no address, or if a letter of the same kind with the same cause was queued for
// this address before.
func (n *Notifier) queueLetter(ctx context.Context, kind mail.Kind, cause string, to access.Grant, m mail.Content) error {
	if to.Email == "" {
		return nil
	}
	m.Name = to.Name
	language := "en"
	if strings.HasPrefix(n.readingLanguage(to), "es") {
		language = "es"
	}
	if tag, err := xlanguage.Parse(m.TargetLanguage); err == nil && m.TargetLanguage != "" {
		m.TargetLanguage = display.Languages(xlanguage.Make(language)).Name(tag)
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
	default: // the dispatcher is woken already
	}
	return nil
}

// readingLanguage returns the language in which to write to a person: the one of their grant, or
// for speakers the one of their talk. It returns "" if neither is known.
func (n *Notifier) readingLanguage(to access.Grant) string {
	if to.Language != "" || to.Role != access.Speaker {
		return to.Language
	}
	row, _ := n.board.Talk(to.Talk)
	return row.Language
}

// grantsWithRole returns the grants of all valid links with a role for a talk and a language. Links
// for all talks count, API tokens do not. language is "" for roles without one.
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

// notifyRole queues a letter to everyone with a role for a talk. The letter links to page, a path
// below the talk's. It contains no secret: people sign in with their own link. cause is as in
// queueLetter.
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

// pendingTasks queues a letter to the people of each task. A person gets at most one letter of a
// kind a day about the same translation.
func (n *Notifier) pendingTasks(ctx context.Context, kind mail.Kind, slug string, calls PendingTasks) error {
	row, _ := n.board.Talk(slug)
	for _, c := range calls {
		page := "/translations/" + c.Language
		if c.Role == access.Reviewer {
			page += "/review"
		}
		for _, g := range c.People {
			m := mail.Content{Title: row.Title, Link: n.url + "/talks/" + slug + page, TargetLanguage: c.Language, Cues: c.Progress.NeedsEditing + c.Progress.Untranslated}
			cause := fmt.Sprintf("%s %s %s", slug, c.Language, time.Now().UTC().Format(time.DateOnly)) // once a day is often enough
			if err := n.queueLetter(ctx, kind, cause, g, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// changesRequested queues a letter to all organisers with a speaker's request for changes.
func (n *Notifier) changesRequested(ctx context.Context, slug string, v catalog.Review) error {
	return n.notifyRole(ctx, mail.ProblemReported, access.Organiser, slug, "", time.Now().UTC().Format(time.RFC3339), mail.Content{Author: v.Who, Comment: v.Comment})
}

// readyForReview queues a letter that asks the speakers of a talk to review it, once for each
// edition. A new bundle in which only subtitles changed has the same edition and causes no letter.
func (n *Notifier) readyForReview(ctx context.Context, slug string) error {
	published, ok, err := n.catalog.LastPublication(ctx, slug)
	if err != nil || !ok {
		return err
	}
	return n.notifyRole(ctx, mail.TalkReady, access.Speaker, slug, "/speaker", published.Edition, mail.Content{})
}

// released queues a letter to the speakers of a talk with the news that it was released, once for
// each talk.
func (n *Notifier) released(ctx context.Context, slug string) error {
	return n.notifyRole(ctx, mail.TalkReleased, access.Speaker, slug, "/watch", "", mail.Content{})
}

// Run queues a letter to the speakers of each talk that becomes ready for review, until ctx ends.
// Errors are logged.
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
				n.log.Error("notifying speakers failed", "talk", r.Slug, "err", err)
			}
		}
	}
}
