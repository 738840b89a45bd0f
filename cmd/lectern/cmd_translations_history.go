package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/lectern-av/lectern/internal/translation"
)

type translationsHistoryCmd struct {
	trackFlags
}

// historyEntry is a revision of a translation in its history.
type historyEntry struct {
	Revision int    `json:"revision"`
	At       string `json:"at"` // RFC 3339
	Who      string `json:"who"`
	Why      string `json:"why"`
	State    string `json:"state"`
	Source   int    `json:"source_revision"`
}

// Run is `lectern translations history`.
func (c *translationsHistoryCmd) Run(ctx context.Context, t *console) error {
	var list []historyEntry
	_, err := c.at(ctx, func(d translation.Service, _ string) (h translation.Revision, err error) {
		history, err := d.Catalog.TranslationHistory(ctx, c.Talk, c.Language)
		if err == nil && len(history) == 0 {
			err = translation.ErrNotFound
		}
		for _, r := range history {
			list = append(list, historyEntry{r.Number, r.At.UTC().Format("2006-01-02T15:04:05Z"), r.Who, r.Why, r.State, r.Source})
		}
		return h, err
	})
	if err != nil {
		return err
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
