package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"text/tabwriter"

	"github.com/lectern-av/lectern/internal/catalog"
)

type translationsHistoryCmd struct {
	trackFlags
}

// historyEntry is one revision in what --json prints.
type historyEntry struct {
	Revision int    `json:"revision"`
	At       string `json:"at"` // RFC 3339
	Who      string `json:"who"`
	Why      string `json:"why"`
	State    string `json:"state"`
	Source   int    `json:"source_revision"`
}

// Run implements `lectern translations history`: it prints the revisions of a translation, the
// oldest first. It exits with code 3 if there is none.
func (c *translationsHistoryCmd) Run(ctx context.Context, t *console) (err error) {
	if err := c.canonicalize(); err != nil {
		return err
	}
	r, err := c.connectReadOnly(ctx, t, c.Talk)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	var revisions []catalog.Translation // the last one first
	err = r.call(ctx, http.MethodGet, c.path()+"/revisions", nil, &revisions)
	if err == nil && len(revisions) == 0 {
		err = &apiError{error: errors.New("no revision"), status: http.StatusNotFound}
	}
	if err != nil {
		return c.explain(ctx, r, err)
	}
	slices.Reverse(revisions)
	list := make([]historyEntry, len(revisions))
	for i, r := range revisions {
		list[i] = historyEntry{
			Revision: r.Number, At: r.At.UTC().Format("2006-01-02T15:04:05Z"), Who: r.Who, Why: r.Why, State: r.State, Source: r.Source,
		}
	}
	if c.JSON {
		return t.printJSON(list)
	}
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	for _, r := range list {
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\n", r.Revision, r.At, printable(r.Who), r.State, printable(r.Why))
	}
	return table.Flush()
}
