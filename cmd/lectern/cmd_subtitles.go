package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"

	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/subtitle"
)

// subtitlesCmd works on plain files: it needs no data directory and no server.
type subtitlesCmd struct {
	HandIn  subtitlesHandInCmd  `cmd:"" name:"hand-in" help:"Hand subtitles in at the conference server, in the language that is spoken."`
	Read    subtitlesReadCmd    `cmd:"" help:"Say what a subtitle file holds, and what is odd about it."`
	Check   subtitlesCheckCmd   `cmd:"" help:"Say how well subtitles can be read, and mend what can be mended."`
	Sync    subtitlesSyncCmd    `cmd:"" help:"Say whether subtitles come when somebody speaks."`
	Convert subtitlesConvertCmd `cmd:"" help:"Write a subtitle file in another format."`
	Diff    subtitlesDiffCmd    `cmd:"" help:"Say what became of each cue in another version."`
}

// stdio is the name of standard input and standard output on the command line.
const stdio = "-"

// fileFlags say what is known of a subtitle file that does not say it itself.
type fileFlags struct {
	Language string `help:"The language of the subtitles (BCP 47), if the file and its name do not say it." placeholder:"L"`
	Encoding string `help:"How the file is encoded, such as windows-1252, if the guess is wrong." aliases:"from-encoding" placeholder:"E"`
}

// source is a subtitle file as it was handed in and read. Its Language is canonical, or "".
type source struct {
	subtitle.Document
	name string // for people
	why  string // whence the language is known, in words
}

// read reads a subtitle file, or standard input.
func (f fileFlags) read(ctx context.Context, file string) (s source, err error) {
	name := file
	if file == stdio {
		name = "standard input"
	}
	data, err := readBytes(ctx, file, name)
	if err != nil {
		return source{name: name}, err
	}
	return f.parse(file, name, data)
}

// parse reads what is in a subtitle file; name is what people call it.
func (f fileFlags) parse(file, name string, data []byte) (s source, err error) {
	s.name = name
	hint := languageInName(file)
	if f.Language != "" {
		if hint, err = subtitle.Language(f.Language); err != nil {
			return s, err
		}
	}
	s.Document, err = subtitle.Parse(s.name, data, subtitle.Options{Language: hint, Encoding: f.Encoding})
	if err != nil {
		return s, err
	}
	said, err := subtitle.Language(s.Language)
	switch {
	case f.Language != "":
		s.Language, s.why = hint, "as you say"
	case err == nil:
		s.Language, s.why = said, "as the file says"
	case hint != "":
		s.Language, s.why = hint, "by the file's name"
	default:
		s.Language = ""
	}
	return s, nil
}

// languageInName is the language in a name like talk.es.srt, or "". Only codes of two
// letters count, with or without a script and a region: among those of three are new, old,
// fin and bak.
func languageInName(file string) string {
	base := filepath.Base(file)
	tag := strings.TrimPrefix(filepath.Ext(strings.TrimSuffix(base, filepath.Ext(base))), ".")
	tag = strings.ReplaceAll(tag, "_", "-")
	if first, _, _ := strings.Cut(tag, "-"); len(first) != 2 {
		return ""
	}
	language, err := subtitle.Language(tag)
	if err != nil {
		return ""
	}
	return language
}

// readBytes is what is in a file, up to a little more than may be read. It gives up
// waiting for a terminal or a pipe when ctx ends.
func readBytes(ctx context.Context, file, name string) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	read := make(chan result, 1)
	go func() {
		data, err := slurp(file)
		read <- result{data, err}
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-read:
		switch {
		case errors.Is(r.err, fs.ErrNotExist):
			return nil, inputerr.New(name, "does not exist").Try("Check the name of the file")
		case r.err != nil:
			return nil, inputerr.New(name, "cannot be read: %v", bare(r.err)).Try("Name a subtitle file")
		}
		return r.data, nil
	}
}

func slurp(file string) ([]byte, error) {
	f := os.Stdin
	if file != stdio {
		var err error
		if f, err = os.Open(file); err != nil {
			return nil, err
		}
		defer f.Close()
	}
	return io.ReadAll(io.LimitReader(f, subtitle.MaxBytes+1))
}

// bare is an error without the name of the file, which is said already.
func bare(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// shownName is a file's name, quoted if a terminal would obey something in it.
func shownName(name string) string {
	if strings.ContainsFunc(name, unicode.IsControl) {
		return strconv.Quote(name)
	}
	return name
}

// number is like "1 cue" or "12 cues".
func number(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// perKind is how many remarks of a kind a person is shown.
const perKind = 5

// printRemarks prints remarks about a file as file:line, a few of each code; rest says
// where to find the others.
func printRemarks(w io.Writer, file string, remarks []subtitle.Diagnostic, rest string) {
	of, shown := map[string]int{}, map[string]int{}
	for _, d := range remarks {
		of[d.Code]++
	}
	for _, d := range remarks {
		if shown[d.Code]++; shown[d.Code] > perKind {
			continue
		}
		where := shownName(file)
		if d.Line > 0 {
			where += ":" + strconv.Itoa(d.Line)
		}
		fmt.Fprintf(w, "%s: %s\n", where, printable(d.Message))
		if more := of[d.Code] - perKind; more > 0 && shown[d.Code] == perKind {
			fmt.Fprintf(w, "    … and %d more of this kind (%s); %s\n", more, d.Code, rest)
		}
	}
}

// severe is the remarks of one severity.
func severe(severity string, all []subtitle.Diagnostic) (some []subtitle.Diagnostic) {
	for _, d := range all {
		if d.Severity == severity {
			some = append(some, d)
		}
	}
	return some
}

// warn tells on standard error what of a file could not be taken over, or only as it was
// probably meant.
func (s source) warn(t *terminal) {
	doubts := append(severe(subtitle.Error, s.Diagnostics), severe(subtitle.Warning, s.Diagnostics)...)
	printRemarks(t.err, s.name, doubts, "lectern subtitles read --json has all")
}
