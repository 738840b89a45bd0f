package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"

	"github.com/lectern-av/lectern/internal/plural"
	"github.com/lectern-av/lectern/internal/service"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/translation"
	"github.com/lectern-av/lectern/internal/web"
)

type translationsStatusCmd struct {
	Talk     string `arg:"" help:"The talk's slug."`
	Language string `arg:"" optional:"" help:"Show only this language (BCP 47), with what is left to do."`
	JSON     bool   `help:"Print JSON, with what is left to do."`
	serverFlags
}

// translationStatus is how far a translation has come, and what is left to do.
type translationStatus struct {
	Language string                    `json:"language"`
	Revision int                       `json:"revision"`
	Source   int                       `json:"source_revision"`
	State    translation.State         `json:"state"`
	Progress translation.Progress      `json:"progress"`
	Tasks    []service.TranslationTask `json:"todo"`
}

// loadTranslationStatus returns the progress of a translation and its unfinished texts. With
// suggest, each text has suggestions from earlier translations.
func loadTranslationStatus(ctx context.Context, r *apiClient, t web.Translation, suggest bool) (translationStatus, error) {
	s := translationStatus{
		Language: t.Language, Revision: t.Revision, Source: t.Source, State: t.State, Progress: t.Progress,
	}
	path := fmt.Sprintf("/talks/%s/translations/%s/tasks?suggest=%t", url.PathEscape(t.Talk), url.PathEscape(t.Language), suggest)
	return s, r.call(ctx, http.MethodGet, path, nil, &s.Tasks)
}

// formatProgress returns the progress of a translation in one line, such as "of 12 cues 10
// approved, 2 drafts". Counts of 0 are left out.
func formatProgress(p translation.Progress) string {
	var parts []string
	for _, part := range []struct {
		n    int
		what string
	}{
		{p.Approved, "approved"}, {p.InReview, "in review"}, {p.Draft, "drafts"},
		{p.NeedsEditing, "to edit"}, {p.Untranslated, "to translate"},
	} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	return fmt.Sprintf("of %s %s", plural.Count(p.SourceCues, "cue"), strings.Join(parts, ", "))
}

// Run implements `lectern translations status`: it prints the progress of a talk's translations.
// For a single language it also prints the texts that are left to translate or to change. It exits
// with code 3 if that translation does not exist.
func (c *translationsStatusCmd) Run(ctx context.Context, t *console) (err error) {
	r, err := c.connectReadOnly(ctx, t, c.Talk)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	all, err := c.load(ctx, r)
	if err != nil {
		return err
	}
	if c.JSON {
		return t.printJSON(all)
	}
	if len(all) == 0 {
		fmt.Fprintf(t.err, "%s has no translations yet. Add one: lectern translations add %s es FILE\n", c.Talk, c.Talk)
		return nil
	}
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	for _, s := range all {
		fmt.Fprintf(table, "%s\t%s\trevision %d\t%s\t%s\n", s.Language, subtitle.EnglishLanguageName(s.Language), s.Revision, s.State, formatProgress(s.Progress))
	}
	if err := table.Flush(); err != nil || c.Language == "" {
		return err
	}
	var b strings.Builder
	for _, task := range all[0].Tasks {
		writeTask(&b, task)
	}
	_, err = io.WriteString(t.out, b.String())
	return err
}

// load returns the status of all translations of the talk, or only of the one in c.Language, then
// with suggestions.
func (c *translationsStatusCmd) load(ctx context.Context, r *apiClient) ([]translationStatus, error) {
	track := trackFlags{Talk: c.Talk, Language: c.Language}
	var list []web.Translation
	var err error
	if c.Language == "" {
		err = r.call(ctx, http.MethodGet, "/talks/"+url.PathEscape(c.Talk)+"/translations", nil, &list)
	} else {
		if err := track.canonicalize(); err != nil {
			return nil, err
		}
		list = make([]web.Translation, 1)
		err = r.call(ctx, http.MethodGet, track.path(), nil, &list[0])
		if err == nil && list[0].Revision == 0 {
			err = &apiError{error: errors.New("no revision"), status: http.StatusNotFound}
		}
	}
	if err != nil {
		return nil, track.explain(ctx, r, err)
	}
	all := make([]translationStatus, len(list))
	for i, t := range list {
		if all[i], err = loadTranslationStatus(ctx, r, t, c.Language != ""); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// writeTask prints a text that is left to translate or to change, with its source, its translation
// so far, suggestions and notes.
func writeTask(b *strings.Builder, d service.TranslationTask) {
	fmt.Fprintf(b, "\n%s: %s, %s\n", d.ID, formatRange(d.StartMS, d.EndMS), map[translation.State]string{
		translation.Untranslated: "to translate", translation.NeedsEditing: needsEditingReason(d.Was, d.Source),
		translation.Draft: "sent back",
	}[d.State])
	if d.Was != "" {
		printParagraph(b, "was", d.Was)
		printParagraph(b, "is", d.Source)
	} else {
		printParagraph(b, "source", d.Source)
	}
	if d.Translation != "" {
		printParagraph(b, "translated", d.Translation)
	}
	for _, g := range d.Suggestions {
		printParagraph(b, fmt.Sprintf("%.0f %% like", 100*g.Likeness), fmt.Sprintf("%s (%s)", strings.ReplaceAll(g.Translation, "\n", " / "), g.Talk))
	}
	for _, n := range d.Notes {
		printParagraph(b, n.Author, n.Text)
	}
}
