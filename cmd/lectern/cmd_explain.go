package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"unicode"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conductor"
	"github.com/lectern-av/lectern/internal/explain"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/strictyaml"
)

type explainCmd struct {
	Talk string `arg:"" optional:"" help:"The talk's slug. By default, the talk that was built last."`
	Slot string `arg:"" optional:"" help:"Show only slots that begin with this, such as encode/1080."`
	JSON bool   `help:"Print JSON."`
	dataFlag
}

// explainedSlot tells why one action ran.
type explainedSlot struct {
	Slot    string            `json:"slot"`
	State   catalog.SlotState `json:"state"`
	Why     string            `json:"why"`
	Changes []explain.Change  `json:"changes,omitempty"`
}

// Run implements `lectern explain`: it prints why each action of a talk's last run ran. It exits
// with code 2 if no slot begins with the given name.
func (c *explainCmd) Run(ctx context.Context, t *console) (err error) {
	cat, ok, err := openCatalogReadOnly(ctx, c.Data)
	if err != nil {
		return err
	}
	if !ok {
		return talkNotFound(c.Talk, nil)
	}
	defer func() { err = errors.Join(err, cat.Close()) }()
	slug, runs, err := loadRuns(ctx, cat, c.Talk)
	if err != nil {
		return err
	}
	names, err := explain.New(ctx, cat, slug)
	if err != nil {
		return err
	}
	var all []explainedSlot
	reused := 0
	for _, s := range runs[0].Slots {
		if !strings.HasPrefix(s.Slot, c.Slot) {
			continue
		}
		if s.State == catalog.SlotReused || s.State == catalog.SlotWaiting {
			reused++
			continue
		}
		why, changes, err := names.Explain(runs, s)
		if err != nil {
			return err
		}
		all = append(all, explainedSlot{Slot: s.Slot, State: s.State, Why: why, Changes: changes})
	}
	if c.Slot != "" && len(all)+reused == 0 {
		return &usageError{fmt.Sprintf("the last run has no slot that begins with %q", c.Slot)}
	}
	if c.JSON {
		return t.printJSON(all)
	}
	fmt.Fprintf(t.out, "lectern %s\n%s: %d ran, %d were up to date or not needed\n",
		runs[0].Command, cmp.Or(runs[0].Outcome, "did not end"), len(all), reused)
	printExplanations(t.out, all)
	return nil
}

// printExplanations prints each reason once, with the slots of all actions that ran for it. Root
// causes, such as a changed title, come first. Reasons with an input that another action made come
// after them.
func printExplanations(w io.Writer, all []explainedSlot) {
	reasons := make(map[string][]string)
	var first, others []string
	for _, e := range all {
		reason := e.reason()
		if reasons[reason] == nil {
			if slices.ContainsFunc(e.Changes, func(ch explain.Change) bool { return ch.MadeBy != "" }) {
				others = append(others, reason)
			} else {
				first = append(first, reason)
			}
		}
		reasons[reason] = append(reasons[reason], e.Slot)
	}
	for _, reason := range append(first, others...) {
		fmt.Fprintf(w, "\n%s\n  %s\n", joinSlots(reasons[reason]), reason)
	}
}

// reason returns why an action ran, for people. It has one line for each changed part of the key,
// and one line for all inputs that other actions made.
func (e explainedSlot) reason() string {
	if len(e.Changes) == 0 {
		return e.Why
	}
	var lines, made []string
	for _, ch := range e.Changes {
		list, line := &lines, ch.Text
		if ch.MadeBy != "" {
			list, line = &made, ch.MadeBy
		}
		if !slices.Contains(*list, line) {
			*list = append(*list, line)
		}
	}
	if len(made) > 0 {
		lines = append(lines, "its inputs changed: "+joinSlots(made))
	}
	return e.Why + ":\n    " + strings.Join(lines, "\n    ")
}

// joinSlots returns the slots separated by commas. If there are more than six, it returns five and
// the number of the others.
func joinSlots(slots []string) string {
	const enough = 6
	if len(slots) > enough {
		return fmt.Sprintf("%s … and %d more", strings.Join(slots[:enough-1], ", "), len(slots)-enough+1)
	}
	return strings.Join(slots, ", ")
}

// openCatalogReadOnly opens the catalog of a data directory for reading. It does not take the
// directory's lock, so that another process may use the directory meanwhile. If the directory does
// not exist, ok is false and nothing is created.
func openCatalogReadOnly(ctx context.Context, dir string) (cat *catalog.Catalog, ok bool, err error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	cat, err = catalog.Open(ctx, dir)
	return cat, err == nil, err
}

// loadRuns returns the last runs of a talk, the newest first, and the talk's slug. If slug is "",
// it picks the talk that ran last. If there is no run, it returns an error.
func loadRuns(ctx context.Context, cat *catalog.Catalog, slug string) (found string, newest []catalog.Run, err error) {
	talks, err := cat.Talks(ctx)
	if err != nil {
		return "", nil, err
	}
	known := make([]string, 0, len(talks))
	for _, talk := range talks {
		known = append(known, talk.Slug)
		if slug != "" && talk.Slug != slug {
			continue
		}
		runs, err := cat.LastRuns(ctx, talk.Slug, conductor.RunsKept)
		if err != nil {
			return "", nil, err
		}
		if len(runs) > 0 && (newest == nil || runs[0].ID > newest[0].ID) {
			found, newest = talk.Slug, runs
		}
	}
	if newest == nil && slices.Contains(known, slug) {
		return "", nil, inputerr.New(slug, "nothing has run for this talk yet").Hint("Upload its recording, or build it with `lectern bundle build %s`", slug)
	}
	if newest == nil {
		return "", nil, talkNotFound(slug, known)
	}
	return found, newest, nil
}

func talkNotFound(slug string, known []string) error {
	if slug == "" {
		return inputerr.New("", "nothing has run yet in this data directory").Hint("Name another with --data.")
	}
	return inputerr.New("", "there is no talk %q%s", slug, strictyaml.DidYouMean(slug, known)).
		Hint("`lectern status` lists the talks.")
}

// printFailures prints the actions that failed for good, and then a sentence on how to continue.
func printFailures(w io.Writer, failures []*action.Failure) {
	for _, f := range failures {
		printFailure(w, f)
	}
	fmt.Fprintln(w, "\nEverything that doesn't depend on it is done and kept. Fix the cause, then run the same command again.")
}

// printFailure prints an action that failed for good: the message, the command, and the last 15
// lines of the command's output.
func printFailure(w io.Writer, f *action.Failure) {
	fmt.Fprintf(w, "\n%s needs attention: %s\n", f.Slot, f.Message)
	if len(f.Command) > 0 {
		fmt.Fprintf(w, "  command: %s\n", shellQuote(f.Command))
	}
	if f.Stderr != "" {
		fmt.Fprintf(w, "  output:\n")
		lines := strings.Split(strings.TrimRight(f.Stderr, "\n"), "\n")
		for _, line := range lines[max(0, len(lines)-15):] {
			fmt.Fprintf(w, "    %s\n", printable(line))
		}
	}
}

// printable returns s with unprintable characters replaced by dots. They could control the
// terminal: a recording's metadata may contain anything, and ffmpeg repeats it.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '·'
	}, s)
}

// shellQuote returns a command line that can be pasted into a POSIX shell. It quotes words only if
// needed.
func shellQuote(command []string) string {
	words := make([]string, len(command))
	for i, w := range command {
		words[i] = w
		if w == "" || strings.ContainsFunc(w, func(r rune) bool {
			return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=+,@%", r)
		}) {
			words[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}

// jsonError returns what --json prints for an error: an input error as it is, failed actions as a
// list, and other errors as a text.
func jsonError(err error) any {
	var attention *conductor.ActionsFailedError
	if f := inputerr.As(err); f != nil {
		return f
	}
	if errors.As(err, &attention) {
		return map[string]any{"problem": "needs attention", "failures": attention.Failures}
	}
	return map[string]string{"problem": err.Error()}
}
