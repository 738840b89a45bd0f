package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/lectern-av/lectern/internal/bundle"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
)

type statusCmd struct {
	Talk string `arg:"" optional:"" help:"Show only the talk with this slug, with failures and the issues of its recordings."`
	JSON bool   `help:"Print JSON."`
	dataFlag
}

// talkStatus is the state of a talk.
type talkStatus struct {
	Slug      string               `json:"slug"`
	Title     string               `json:"title"`
	Published string               `json:"published,omitempty"` // where
	Outcome   string               `json:"outcome"`             // of the last run
	Failed    []catalog.SlotResult `json:"failed,omitempty"`

	Issues []conference.Issue `json:"troubles,omitempty"` // of its recordings, as its bundle tells them
}

// Run implements `lectern status`.
func (c *statusCmd) Run(ctx context.Context, t *console) (err error) {
	books, ok, err := openCatalogReadOnly(ctx, c.Data)
	if err != nil {
		return err
	}
	var talks []catalog.TalkSummary
	if ok {
		defer func() { err = errors.Join(err, books.Close()) }()
		if talks, err = books.Talks(ctx); err != nil {
			return err
		}
	}
	var all []talkStatus
	var known []string
	for _, talk := range talks {
		known = append(known, talk.Slug)
		if c.Talk != "" && c.Talk != talk.Slug {
			continue
		}
		s, err := loadTalkStatus(ctx, books, talk)
		if err != nil {
			return err
		}
		all = append(all, s)
	}
	if c.Talk != "" && len(all) == 0 {
		return talkNotFound(c.Talk, known)
	}
	if c.JSON {
		return t.printJSON(all)
	}
	if len(all) == 0 {
		fmt.Fprintf(t.err, "No talk has been run with the data directory %s yet.\n", c.Data)
		return nil
	}
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	for _, s := range all {
		outcome, _, _ := strings.Cut(s.Outcome, ":")
		fmt.Fprintf(table, "%s\t%s\t%s\n", s.Slug, outcome, cmp.Or(s.Published, "not published"))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, s := range all {
		if _, why, ok := strings.Cut(s.Outcome, ": "); ok && len(s.Failed) == 0 {
			fmt.Fprintf(t.out, "\n%s failed: %s\n", s.Slug, why)
		}
		if len(s.Failed) > 0 {
			fmt.Fprintf(t.out, "\n%s (%s) needs attention. What did not depend on this is done and kept:\n", s.Slug, s.Title)
		}
		for _, slot := range s.Failed {
			printFailure(t.out, slot.Failure)
		}
		for _, trouble := range s.Issues {
			if c.Talk != "" {
				fmt.Fprintln(t.out, "trouble:", trouble)
			}
		}
	}
	return nil
}

// bundleIssues reads the issues of the recordings from a bundle's manifest. It returns none if there
// is no bundle any more.
func bundleIssues(dir string) []conference.Issue {
	var told bundle.Manifest
	if b, err := os.ReadFile(filepath.Join(dir, bundle.ManifestName)); err != nil || json.Unmarshal(b, &told) != nil {
		return nil
	}
	return told.Issues
}

func loadTalkStatus(ctx context.Context, books *catalog.Catalog, talk catalog.TalkSummary) (s talkStatus, err error) {
	s = talkStatus{Slug: talk.Slug, Title: talk.Title, Outcome: "never ran"}
	published, ok, err := books.LastPublication(ctx, talk.Slug)
	if err != nil {
		return s, err
	}
	if ok {
		s.Published = published.Dir
		s.Issues = bundleIssues(published.Dir)
	}
	runs, err := books.LastRuns(ctx, talk.Slug, 1)
	if len(runs) == 0 && talk.Recordings == 0 {
		s.Outcome = "no recording yet"
	}
	if err != nil || len(runs) == 0 {
		return s, err
	}
	s.Outcome = cmp.Or(runs[0].Outcome, "unfinished")
	for _, slot := range runs[0].Slots {
		if slot.State == catalog.SlotFailed && slot.Failure != nil {
			s.Failed = append(s.Failed, slot)
		}
	}
	return s, nil
}
