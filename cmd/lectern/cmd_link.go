package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"text/tabwriter"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/web"
)

type linkCmd struct {
	New    linkNewCmd    `cmd:"" help:"Invite a person by a link, or make a token for a program."`
	List   linkListCmd   `cmd:"" help:"List the links and tokens."`
	Revoke linkRevokeCmd `cmd:"" help:"Revoke a link or token, and sign out everyone who used it."`
}

type linkNewCmd struct {
	Role     string `arg:"" help:"The role that it gives: organiser, volunteer, reviewer, speaker or translator." enum:"organiser,volunteer,reviewer,speaker,translator"`
	Name     string `required:"" help:"Name of the person or program, for the history." placeholder:"NAME"`
	Talk     string `help:"The talk's slug. Required for speakers and translators." placeholder:"SLUG"`
	Language string `help:"The language (BCP 47). Required for translators and reviewers." placeholder:"L"`
	Email    string `help:"Email address of the person." placeholder:"ADDRESS"`
	Days     int    `help:"Number of days until it expires." default:"90" placeholder:"N"`
	Once     bool   `help:"Make a link that works once."`
	Program  bool   `name:"program" help:"Make a token for a program."`
	At       string `help:"The address of the server, if it doesn't run yet." placeholder:"URL"`
	JSON     bool   `help:"Print JSON."`
	serverFlags
}

// Run implements `lectern link new`: it creates a link for a person or a token for a program, and
// prints it. It cannot be printed again later.
func (c *linkNewCmd) Run(ctx context.Context, t *console) error {
	kind := catalog.LinkReusable
	switch {
	case c.Program && c.Once:
		return &usageError{"--once is for links and not for tokens of programs"}
	case c.Program:
		kind = catalog.LinkAPIToken
	case c.Once:
		kind = catalog.LinkOneTime
	}
	var made web.Link
	err := c.call(ctx, t, http.MethodPost, "/links", web.LinkRequest{
		Kind: string(kind), Role: access.Role(c.Role), Talk: c.Talk, Language: c.Language, Name: c.Name, Email: c.Email, Days: c.Days,
	}, &made)
	if err != nil {
		return err
	}
	if path, ok := strings.CutPrefix(made.URL, offlineURL); ok && c.At != "" {
		made.URL = strings.TrimSuffix(c.At, "/") + path
	}
	if c.JSON {
		return t.printJSON(made)
	}
	_, err = fmt.Fprintln(t.out, made.URL+made.Secret)
	return err
}

type linkListCmd struct {
	JSON bool `help:"Print JSON."`
	serverFlags
}

// Run implements `lectern link list`: it prints all links and tokens with their numbers, without
// their secrets.
func (c *linkListCmd) Run(ctx context.Context, t *console) error {
	var links []web.Link
	if err := c.call(ctx, t, http.MethodGet, "/links", nil, &links); err != nil {
		return err
	}
	if c.JSON {
		return t.printJSON(links)
	}
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	for _, l := range links {
		state := "until " + l.Expires.Local().Format("2006-01-02")
		if l.Revoked != nil {
			state = "revoked"
		}
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n", l.ID, l.Kind, l.Role, l.Name, l.Talk, l.Language, state)
	}
	return table.Flush()
}

type linkRevokeCmd struct {
	Link int64 `arg:"" help:"Number of the link, from lectern link list."`
	serverFlags
}

// Run implements `lectern link revoke`: it makes a link or token invalid and ends the sessions that
// it opened.
func (c *linkRevokeCmd) Run(ctx context.Context, t *console) error {
	return c.call(ctx, t, http.MethodDelete, fmt.Sprintf("/links/%d", c.Link), nil, nil)
}

// call connects to the API, makes one request as apiClient.call does, and closes the connection.
func (f *serverFlags) call(ctx context.Context, t *console, method, path string, in, out any) error {
	r, err := f.connect(ctx, t)
	if err != nil {
		return err
	}
	return errors.Join(r.call(ctx, method, path, in, out), r.close())
}
