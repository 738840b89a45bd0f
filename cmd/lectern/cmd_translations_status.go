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

// standing is how far a translation has come.
type standing struct {
	Language string               `json:"language"`
	Revision int                  `json:"revision"`
	Source   int                  `json:"source_revision"`
	State    translation.State    `json:"state"`
	Progress translation.Progress `json:"progress"`
	Todo     []todo               `json:"todo"`
}

// todo is what a translator has to look at.
type todo struct {
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

func standingOf(h translation.Held) standing {
	p := h.Progress()
	s := standing{h.Language, h.Number, h.Source.Revision, p.State(), p, []todo{}}
	for _, u := range translation.Units(h.Source.Cues, h.Cues) {
		if len(u.Source) > 0 && (u.State() == translation.Untranslated || u.State() == translation.NeedsEditing) || len(notes(u)) > 0 {
			s.Todo = append(s.Todo, todoOf(u))
		}
	}
	return s
}

func todoOf(u translation.Unit) todo {
	d := todo{State: u.State(), Was: u.Was(), Notes: notes(u)}
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

// notes are those of a unit's cues that are still drafts.
func notes(u translation.Unit) (all []translation.Note) {
	for _, c := range u.Target {
		if c.State == translation.Draft || c.State == translation.NeedsEditing {
			all = append(all, c.Notes...)
		}
	}
	return all
}

// progressWords is how far a translation has come, for people.
func progressWords(p translation.Progress) string {
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
func (c *translationsStatusCmd) Run(ctx context.Context, t *terminal) error {
	all, memory, err := c.read(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		list := []standing{}
		for _, h := range all {
			list = append(list, suggested(standingOf(h), memory))
		}
		return t.printJSON(list)
	}
	if len(all) == 0 {
		fmt.Fprintf(t.err, "%s has no translations yet. Add one: lectern translations add %s es FILE\n", c.Talk, c.Talk)
		return nil
	}
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	for _, h := range all {
		fmt.Fprintf(table, "%s\t%s\trevision %d\t%s\t%s\n", h.Language, subtitle.EnglishName(h.Language), h.Number, h.Progress().State(), progressWords(h.Progress()))
	}
	if err := table.Flush(); err != nil || c.Language == "" {
		return err
	}
	var b strings.Builder
	for _, d := range suggested(standingOf(all[0]), memory).Todo {
		d.write(&b)
	}
	_, err = io.WriteString(t.out, b.String())
	return err
}

// read is the translations that are asked for.
func (c *translationsStatusCmd) read(ctx context.Context) (all []translation.Held, memory *translation.Memory, err error) {
	if c.Language == "" {
		err = withDesk(ctx, c.Data, c.Talk, func(d translation.Desk) (err error) {
			all, err = d.All(ctx, c.Talk)
			return err
		})
		return all, nil, err
	}
	f := trackFlags{Talk: c.Talk, Language: c.Language, dataFlag: c.dataFlag}
	h, err := f.at(ctx, func(d translation.Desk, _ string) (h translation.Held, err error) {
		if h, err = d.Open(ctx, c.Talk, f.Language, 0); err == nil {
			memory, err = d.Memory(ctx, c.Talk, f.Language)
		}
		return h, err
	})
	return []translation.Held{h}, memory, err
}

// mostSuggested is how many earlier translations of one cue a translator is shown.
const mostSuggested = 3

// suggested adds what is alike and was translated before.
func suggested(s standing, memory *translation.Memory) standing {
	if memory == nil {
		return s
	}
	for n := range s.Todo {
		d := &s.Todo[n]
		if d.State == translation.Untranslated || d.State == translation.NeedsEditing {
			d.Suggestions = memory.Suggest(d.Source, s.Language, mostSuggested)
		}
	}
	return s
}

// write tells a translator what there is to do.
func (d todo) write(b *strings.Builder) {
	fmt.Fprintf(b, "\n%s: %s, %s\n", d.ID, passage(d.StartMS, d.EndMS), map[translation.State]string{
		translation.Untranslated: "to translate", translation.NeedsEditing: whyAgain(d.Was, d.Source),
		translation.Draft: "sent back",
	}[d.State])
	if d.Was != "" {
		paragraph(b, "was", d.Was)
		paragraph(b, "is", d.Source)
	} else {
		paragraph(b, "source", d.Source)
	}
	if d.Translation != "" {
		paragraph(b, "translated", d.Translation)
	}
	for _, g := range d.Suggestions {
		paragraph(b, fmt.Sprintf("%.0f %% like", 100*g.Likeness), fmt.Sprintf("%s (%s)", strings.ReplaceAll(g.Translation, "\n", " / "), g.Talk))
	}
	for _, n := range d.Notes {
		paragraph(b, n.Who, n.Text)
	}
}
