package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/lectern-av/lectern/internal/schedule"
	"github.com/lectern-av/lectern/internal/web"
)

type importCmd struct {
	Schedule string `arg:"" help:"The schedule: schedule.xml or schedule.json of frab, pentabarf or pretalx, or the talks that pretalx exports. - reads standard input."`
	DryRun   bool   `help:"Show what would change, and change nothing."`
	Yes      bool   `short:"y" help:"Don't ask for confirmation."`
	JSON     bool   `help:"Print JSON: the changes."`
	serverFlags
}

// Run implements `lectern import`: it prints what importing a schedule changes, asks for
// confirmation on a terminal, and imports the schedule. It does not ask with --yes, with --json, or
// if the schedule comes from standard input. If the answer is no, the exit code is 0.
func (c *importCmd) Run(ctx context.Context, t *console) (err error) {
	data, err := readBytes(ctx, c.Schedule, c.Schedule)
	if err != nil {
		return err
	}
	r, err := c.connect(ctx, t)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	var preview web.ScheduleChanges
	if err := r.post(ctx, "/schedule/preview?name="+url.QueryEscape(filepath.Base(c.Schedule)), data, &preview); err != nil {
		return err
	}
	if !c.JSON {
		printImport(t.out, preview)
	}
	if !c.DryRun && (c.Yes || c.JSON || c.Schedule == stdio || t.confirmImport(preview)) {
		if err := r.post(ctx, "/schedule/import?name="+url.QueryEscape(filepath.Base(c.Schedule)), data, &preview); err != nil {
			return err
		}
		if !c.JSON {
			fmt.Fprintln(t.err, "Imported.")
		}
	}
	if c.JSON {
		return t.printJSON(preview)
	}
	return nil
}

// confirmImport asks for confirmation and reports whether the answer is yes. If standard error is
// no terminal, it does not ask and returns true, since running the command was the confirmation.
func (t *console) confirmImport(preview web.ScheduleChanges) bool {
	if _, live := t.err.width(); !live {
		return true
	}
	fmt.Fprint(t.err, "Import? [y/N] ")
	answer, _ := bufio.NewReader(os.Stdin).ReadString('\n') // no answer is no
	return strings.EqualFold(strings.TrimSpace(answer), "y") || strings.EqualFold(strings.TrimSpace(answer), "yes")
}

// printImport prints a line for each talk that an import adds or changes or that the schedule no
// longer has, then the changed fields, the notes and the totals.
func printImport(w io.Writer, p web.ScheduleChanges) {
	counts := make(map[schedule.ChangeKind]int)
	for _, c := range p.Changes {
		counts[c.Kind]++
		switch {
		case c.Kind == schedule.Added:
			fmt.Fprintf(w, "new      %s: %s\n", c.Slug, c.Title)
		case c.Kind == schedule.Removed:
			fmt.Fprintf(w, "gone     %s: %s is no longer in the schedule; the talk is kept\n", c.Slug, c.Title)
		case len(c.Fields) > 0:
			fmt.Fprintf(w, "%-8s %s: %s\n", c.Kind, c.Slug, c.Title)
		}
		for _, f := range c.Fields {
			kept := ""
			if f.Kept {
				kept = " (corrected by hand; kept)"
			}
			fmt.Fprintf(w, "           %s: %s → %s%s\n", f.Name, f.Old, f.New, kept)
		}
	}
	for _, note := range p.Notes {
		fmt.Fprintf(w, "note     %s\n", note)
	}
	fmt.Fprintf(w, "%d new, %d changed, %d unchanged, %d gone\n", counts[schedule.Added], counts[schedule.Changed], counts[schedule.Unchanged], counts[schedule.Removed])
}

// post makes a POST request with data as the body, without encoding it, and decodes the JSON
// response into out.
func (r *apiClient) post(ctx context.Context, path string, data []byte, out any) error {
	return r.do(ctx, http.MethodPost, path, "application/octet-stream", bytes.NewReader(data), out)
}
