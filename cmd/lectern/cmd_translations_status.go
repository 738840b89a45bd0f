package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/translation"
)

type translationsStatusCmd struct {
	Talk     string `arg:"" help:"The talk's slug."`
	Language string `arg:"" optional:"" help:"Only this language (BCP 47), with what to translate and what to look at again."`
	JSON     bool   `help:"Print JSON: with what to translate and what to look at again."`
	dataFlag
}

// translationStatus is how far a translation has come.
type translationStatus struct {
	Language string               `json:"language"`
	Revision int                  `json:"revision"`
	Source   int                  `json:"source_revision"`
	State    translation.State    `json:"state"`
	Progress translation.Progress `json:"progress"`
	Tasks    []translationTask    `json:"todo"`
}

// translationTask is what a translator has to look at.
type translationTask struct {
	ID          string             `json:"id"` // of the first source cue
	State       translation.State  `json:"state"`
	Source      string             `json:"source"`
	Was         string             `json:"old_source,omitempty"`
	Translation string             `json:"translation,omitempty"`
	Notes       []translation.Note `json:"notes,omitempty"`
	StartMS     int64              `json:"start_ms"`
	EndMS       int64              `json:"end_ms"`

	Suggestions []translation.Suggestion `json:"suggestions,omitempty"` // the likest first
}

func newTranslationStatus(h translation.Revision) translationStatus {
	p := h.Progress()
	s := translationStatus{h.Language, h.Number, h.Source.Revision, p.State(), p, []translationTask{}}
	for _, u := range translation.Units(h.Source.Cues, h.Cues) {
		if len(u.Source) > 0 && (u.State() == translation.Untranslated || u.State() == translation.NeedsEditing) || len(openNotes(u)) > 0 {
			s.Tasks = append(s.Tasks, newTranslationTask(u))
		}
	}
	return s
}

func newTranslationTask(u translation.Unit) translationTask {
	d := translationTask{State: u.State(), Was: u.Was(), Notes: openNotes(u)}
	var source, target []string
	for n, c := range u.Source {
		source = append(source, c.Text)
		if n == 0 {
			d.ID = c.ID
			d.StartMS = c.Start.Milliseconds()
		}
		d.EndMS = c.End.Milliseconds()
	}
	for _, c := range u.Target {
		target = append(target, c.Text)
	}
	d.Source, d.Translation = strings.Join(source, "\n"), strings.Join(target, "\n")
	return d
}

// openNotes are those of a unit's cues that are still drafts.
func openNotes(u translation.Unit) (all []translation.Note) {
	for _, c := range u.Target {
		if c.State == translation.Draft || c.State == translation.NeedsEditing {
			all = append(all, c.Notes...)
		}
	}
	return all
}

// formatProgress is how far a translation has come, for people.
func formatProgress(p translation.Progress) string {
	var parts []string
	for _, part := range []struct {
		n    int
		what string
	}{
		{p.Approved, "approved"}, {p.InReview, "in review"}, {p.Draft, "drafts"},
		{p.NeedsEditing, "to look at again"}, {p.Untranslated, "to translate"},
	} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	return fmt.Sprintf("of %s %s", number(p.Source, "cue"), strings.Join(parts, ", "))
}

// Run is `lectern translations status`.
func (c *translationsStatusCmd) Run(ctx context.Context, t *console) error {
	all, memory, err := c.read(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		list := []translationStatus{}
		for _, h := range all {
			list = append(list, addSuggestions(newTranslationStatus(h), memory))
		}
		return t.printJSON(list)
	}
	if len(all) == 0 {
		fmt.Fprintf(t.err, "%s has no translations yet. Add one: lectern translations add %s es FILE\n", c.Talk, c.Talk)
		return nil
	}
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	for _, h := range all {
		fmt.Fprintf(table, "%s\t%s\trevision %d\t%s\t%s\n", h.Language, subtitle.EnglishLanguageName(h.Language), h.Number, h.Progress().State(), formatProgress(h.Progress()))
	}
	if err := table.Flush(); err != nil || c.Language == "" {
		return err
	}
	var b strings.Builder
	for _, d := range addSuggestions(newTranslationStatus(all[0]), memory).Tasks {
		d.write(&b)
	}
	_, err = io.WriteString(t.out, b.String())
	return err
}

// read is the translations that are asked for.
func (c *translationsStatusCmd) read(ctx context.Context) (all []translation.Revision, memory *translation.Memory, err error) {
	if c.Language == "" {
		err = withDesk(ctx, c.Data, c.Talk, func(d translation.Service) (err error) {
			all, err = d.Latest(ctx, c.Talk)
			return err
		})
		return all, nil, err
	}
	f := trackFlags{Talk: c.Talk, Language: c.Language, dataFlag: c.dataFlag}
	h, err := f.at(ctx, func(d translation.Service, _ string) (h translation.Revision, err error) {
		if h, err = d.Load(ctx, c.Talk, f.Language, 0); err == nil {
			memory, err = d.Memory(ctx, c.Talk, f.Language)
		}
		return h, err
	})
	return []translation.Revision{h}, memory, err
}

// maxSuggestions is how many earlier translations of one cue a translator is shown.
const maxSuggestions = 3

// addSuggestions adds what is alike and was translated before.
func addSuggestions(s translationStatus, memory *translation.Memory) translationStatus {
	if memory == nil {
		return s
	}
	for n := range s.Tasks {
		d := &s.Tasks[n]
		if d.State == translation.Untranslated || d.State == translation.NeedsEditing {
			d.Suggestions = memory.Suggest(d.Source, s.Language, maxSuggestions)
		}
	}
	return s
}

// write tells a translator what there is to do.
func (d translationTask) write(b *strings.Builder) {
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
		printParagraph(b, n.Who, n.Text)
	}
}
