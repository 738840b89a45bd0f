package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	Published string               `json:"published,omitempty"` // the directory of its bundle
	Outcome   string               `json:"outcome"`             // of the last run
	Failed    []catalog.SlotResult `json:"failed,omitempty"`

	Issues []conference.Issue `json:"troubles,omitempty"` // of its recordings, as its bundle tells them
}

// Run implements `lectern status`: it prints the state of each talk, its bundle and the failures of
// its last run; for a single talk, also the issues of its recordings. Failures do not change the
// exit code.
func (c *statusCmd) Run(ctx context.Context, t *console) error {
	all, err := c.load(ctx)
	switch {
	case err != nil:
		return err
	case c.JSON:
		return t.printJSON(all)
	case len(all) == 0:
		fmt.Fprintf(t.err, "The data directory %s has no talks yet.\n", c.Data)
		return nil
	}
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	for _, s := range all {
		outcome, _, _ := strings.Cut(s.Outcome, ":")
		fmt.Fprintf(table, "%s\t%s\t%s\n", s.Slug, outcome, cmp.Or(s.Published, "no bundle"))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, s := range all {
		s.printFailures(t.out)
		if c.Talk != "" {
			s.printIssues(t.out)
		}
	}
	return nil
}

// load returns the status of all talks, or of the talk that was named. It returns an error if that
// talk does not exist.
func (c *statusCmd) load(ctx context.Context) (all []talkStatus, err error) {
	cat, ok, err := openCatalogReadOnly(ctx, c.Data)
	if err != nil {
		return nil, err
	}
	if !ok {
		if c.Talk != "" {
			return nil, talkNotFound(c.Talk, nil)
		}
		return nil, nil
	}
	defer func() { err = errors.Join(err, cat.Close()) }()
	talks, err := cat.Talks(ctx)
	if err != nil {
		return nil, err
	}
	var known []string
	for _, talk := range talks {
		known = append(known, talk.Slug)
		if c.Talk != "" && c.Talk != talk.Slug {
			continue
		}
		s, err := loadTalkStatus(ctx, cat, talk)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	if c.Talk != "" && len(all) == 0 {
		return nil, talkNotFound(c.Talk, known)
	}
	return all, nil
}

// printFailures prints why the last run of the talk failed. It prints nothing if the run did not
// fail.
func (s talkStatus) printFailures(w io.Writer) {
	if len(s.Failed) == 0 {
		if _, why, failed := strings.Cut(s.Outcome, ": "); failed {
			fmt.Fprintf(w, "\n%s failed: %s\n", s.Slug, why)
		}
		return
	}
	fmt.Fprintf(w, "\n%s (%s) needs attention. Everything that doesn't depend on this is done and kept:\n", s.Slug, s.Title)
	for _, slot := range s.Failed {
		printFailure(w, slot.Failure)
	}
}

func (s talkStatus) printIssues(w io.Writer) {
	for _, issue := range s.Issues {
		fmt.Fprintln(w, "issue:", issue)
	}
}

// bundleIssues returns the issues of the recordings that the manifest of a bundle lists. It returns
// none if the manifest cannot be read.
func bundleIssues(dir string) []conference.Issue {
	b, err := os.ReadFile(filepath.Join(dir, bundle.ManifestName))
	if err != nil {
		return nil
	}
	var manifest bundle.Manifest
	if json.Unmarshal(b, &manifest) != nil {
		return nil
	}
	return manifest.Issues
}

func loadTalkStatus(ctx context.Context, cat *catalog.Catalog, talk catalog.TalkSummary) (s talkStatus, err error) {
	s = talkStatus{Slug: talk.Slug, Title: talk.Title, Outcome: "never ran"}
	published, ok, err := cat.LastPublication(ctx, talk.Slug)
	if err != nil {
		return s, err
	}
	if ok {
		s.Published = published.Dir
		s.Issues = bundleIssues(published.Dir)
	}
	runs, err := cat.LastRuns(ctx, talk.Slug, 1)
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
