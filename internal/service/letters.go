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

// write keeps a letter until it is sent; who has no address gets none. Of the same cause one
// person gets one letter.
func (o *Office) write(ctx context.Context, kind mail.Kind, cause string, to access.Grant, m mail.Matter) error {
	if to.Email == "" {
		return nil
	}
	m.Name = to.Name
	language := "en"
	if strings.HasPrefix(to.Language, "es") {
		language = "es"
	}
	subject, body, err := mail.Write(kind, language, m)
	if err != nil {
		return fmt.Errorf("write to %s: %w", to.Email, err)
	}
	if _, err := o.Catalog.PutLetter(ctx, catalog.Letter{
		Cause: string(kind) + " " + cause + " " + to.Email, Receiver: to.Email, Subject: subject, Body: body,
	}); err != nil {
		return err
	}
	select {
	case o.Letters <- struct{}{}:
	default: // the postman comes anyway
	}
	return nil
}

// holders are those who have a link of a role that stands, for a talk and, where it is for one,
// in a language.
func (o *Office) holders(ctx context.Context, role access.Role, slug, language string) (all []access.Grant, err error) {
	links, err := o.Catalog.Links(ctx)
	now := time.Now()
	for _, l := range links {
		if l.Role == role && l.Kind != catalog.Token && l.Stands(now) && (l.Talk == "" || l.Talk == slug) && l.Language == language {
			all = append(all, l.Grant)
		}
	}
	return all, err
}

// tell writes to all holders of a role. Letters name the page and no secret: whoever is not in
// any more opens their link again.
func (o *Office) tell(ctx context.Context, kind mail.Kind, role access.Role, slug, page, cause string, m mail.Matter) error {
	people, err := o.holders(ctx, role, slug, "")
	if err != nil {
		return err
	}
	row, _ := o.Board.Row(slug)
	m.Title, m.Link = row.Title, o.URL+"/talks/"+slug+page
	for _, g := range people {
		if err := o.write(ctx, kind, slug+" "+cause, g, m); err != nil {
			return err
		}
	}
	return nil
}

// tellCalls writes to everybody whom something waits for.
func (o *Office) tellCalls(ctx context.Context, kind mail.Kind, slug string, calls Consequences) error {
	row, _ := o.Board.Row(slug)
	for _, c := range calls {
		page := "/translations/" + c.Language
		if c.Role == access.Reviewer {
			page += "/review"
		}
		for _, g := range c.People {
			m := mail.Matter{Title: row.Title, Link: o.URL + "/talks/" + slug + page, Into: c.Language, Cues: c.Progress.NeedsEditing + c.Progress.Untranslated}
			cause := fmt.Sprintf("%s %s %s", slug, c.Language, time.Now().UTC().Format(time.DateOnly)) // once a day is often enough
			if err := o.write(ctx, kind, cause, g, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// tellOrganisers says that a speaker says that something is wrong.
func (o *Office) tellOrganisers(ctx context.Context, slug string, v catalog.Verdict) error {
	return o.tell(ctx, mail.Wrong, access.Organiser, slug, "", time.Now().UTC().Format(time.RFC3339), mail.Matter{Who: v.Who, Comment: v.Words})
}

// tellReady says to a talk's speakers that it can be looked at: once for every film there is
// of it. Of corrected captions they know.
func (o *Office) tellReady(ctx context.Context, slug string) error {
	published, ok, err := o.Catalog.Published(ctx, slug)
	if err != nil || !ok {
		return err
	}
	return o.tell(ctx, mail.Ready, access.Speaker, slug, "/speaker", published.Edition, mail.Matter{})
}

// tellReleased says to a talk's speakers that it is out.
func (o *Office) tellReleased(ctx context.Context, slug string) error {
	return o.tell(ctx, mail.Released, access.Speaker, slug, "/watch", "", mail.Matter{})
}

// TellSpeakers writes to speakers whenever their talk can be looked at, until ctx ends.
func (o *Office) TellSpeakers(ctx context.Context) error {
	rows := make(chan Row, 256)
	defer o.Board.Follow(rows)()
	for {
		select {
		case <-ctx.Done():
			return nil
		case r := <-rows:
			if r.State != Ready {
				continue
			}
			if err := o.tellReady(ctx, r.Slug); err != nil && ctx.Err() == nil {
				o.Log.Error("cannot write to speakers", "talk", r.Slug, "err", err)
			}
		}
	}
}
