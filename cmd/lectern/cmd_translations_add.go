package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"

	"github.com/lectern-av/lectern/internal/plural"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/web"
)

type translationsAddCmd struct {
	trackFlags
	File     string `arg:"" help:"The translated subtitle file."`
	Base     int    `help:"The revision that the file was made from. If another person changed the translation since then, yours is refused." placeholder:"N"`
	Why      string `help:"What was done, for the history." default:"uploaded" placeholder:"TEXT"`
	Encoding string `help:"Encoding of the file if it is detected wrongly, such as windows-1252." placeholder:"E"`
}

// Run implements `lectern translations add`: it uploads a translated file to a talk as a new
// revision of the translation, and prints the progress. A conflict with another person's changes is
// exit code 3.
func (c *translationsAddCmd) Run(ctx context.Context, t *console) error {
	name := inputName(c.File)
	data, err := readBytes(ctx, c.File, name)
	if err != nil {
		return err
	}
	return c.upload(ctx, t, name, data, func(web.TranslationUploadResult) string { return "saved" })
}

// upload uploads data as the translated file name. It prints warnings, what was left out, and the
// progress. done returns what to print as the action, such as "saved".
func (c *translationsAddCmd) upload(ctx context.Context, t *console, name string, data []byte, done func(web.TranslationUploadResult) string) (err error) {
	r, err := c.open(ctx, t)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	query := url.Values{"name": {filepath.Base(name)}, "base": {strconv.Itoa(c.Base)}, "why": {c.Why}, "encoding": {c.Encoding}}
	var receipt web.TranslationUploadResult
	err = r.do(ctx, http.MethodPost, c.path()+"?"+query.Encode(), "application/octet-stream", bytes.NewReader(data), &receipt)
	if err != nil {
		return c.explain(ctx, r, err)
	}
	doubts := append(withSeverity(subtitle.Error, receipt.Remarks), withSeverity(subtitle.Warning, receipt.Remarks)...)
	printDiagnostics(t.err, name, doubts, "lectern subtitles read --json lists all")
	if n := receipt.Unmatched; n > 0 {
		fmt.Fprintf(t.err, "%s: %s nothing in the source; kept as they are\n", quoteName(name), plural.Choose(n, "cue matches", "cues match"))
	}
	for _, l := range receipt.Lost {
		fmt.Fprintf(t.err, "%s:%d: matches nothing in the source; left out: %s\n", quoteName(name), l.Line, printable(l.Text))
	}
	for _, l := range receipt.Unkept {
		fmt.Fprintf(t.err, "%s:%d: a note on an untranslated text; not kept: %s\n", quoteName(name), l.Line, printable(l.Text))
	}
	next := fmt.Sprintf("lectern translations review %s %s", c.Talk, c.Language)
	return c.printResult(ctx, t, r, receipt.Translation, done(receipt), next)
}
