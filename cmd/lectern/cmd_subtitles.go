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

// subtitlesCmd works on plain files, except for upload: it needs no data directory and no server.
type subtitlesCmd struct {
	Upload  subtitlesUploadCmd  `cmd:"" name:"upload" help:"Upload a talk's subtitles in the language of the talk."`
	Read    subtitlesReadCmd    `cmd:"" help:"Show what a subtitle file contains, and what is odd about it."`
	Check   subtitlesCheckCmd   `cmd:"" help:"Check how well subtitles can be read, and fix what can be fixed automatically."`
	Sync    subtitlesSyncCmd    `cmd:"" help:"Check subtitles against the speech in a recording, and fix their timing."`
	Convert subtitlesConvertCmd `cmd:"" help:"Convert a subtitle file to another format."`
	Diff    subtitlesDiffCmd    `cmd:"" help:"Compare two versions of a subtitle file, cue by cue."`
}

// stdio stands for standard input or standard output on the command line.
const stdio = "-"

// subtitleFlags override what is detected of a subtitle file.
type subtitleFlags struct {
	Language string `help:"Language of the subtitles (BCP 47), if neither the file nor its name says it." placeholder:"L"`
	Encoding string `help:"Encoding of the file if it is detected wrongly, such as windows-1252." aliases:"from-encoding" placeholder:"E"`
}

// subtitleFile is a parsed subtitle file. Its Language is canonical, or "".
type subtitleFile struct {
	subtitle.Document
	name         string // for people
	languageFrom string // whence the language is known, in words
}

// read reads and parses a subtitle file, or standard input if file is "-".
func (f subtitleFlags) read(ctx context.Context, file string) (s subtitleFile, err error) {
	name := inputName(file)
	data, err := readBytes(ctx, file, name)
	if err != nil {
		return subtitleFile{name: name}, err
	}
	return f.parse(file, name, data)
}

// inputName returns the name of an input file for messages: "standard input" for "-", else the name
// itself.
func inputName(file string) string {
	if file == stdio {
		return "standard input"
	}
	return file
}

// parse parses data as a subtitle file. Its language is the one of --language, else the one in the
// data, else the one in the file's name, else "". name is the file's name for messages.
func (f subtitleFlags) parse(file, name string, data []byte) (s subtitleFile, err error) {
	s.name = name
	hint := languageInName(file)
	if f.Language != "" {
		if hint, err = subtitle.CanonicalLanguage(f.Language); err != nil {
			return s, err
		}
	}
	s.Document, err = subtitle.Parse(s.name, data, subtitle.Options{Language: hint, Encoding: f.Encoding})
	if err != nil {
		return s, err
	}
	said, err := subtitle.CanonicalLanguage(s.Language)
	switch {
	case f.Language != "":
		s.Language, s.languageFrom = hint, "set by --language"
	case err == nil:
		s.Language, s.languageFrom = said, "from the file"
	case hint != "":
		s.Language, s.languageFrom = hint, "from the file's name"
	default:
		s.Language = ""
	}
	return s, nil
}

// languageInName returns the language in a file name like talk.es.srt, in canonical form, or "" if
// there is none. It accepts only two-letter codes, with or without script and region, since new,
// old, fin and bak are three-letter language codes.
func languageInName(file string) string {
	base := filepath.Base(file)
	tag := strings.TrimPrefix(filepath.Ext(strings.TrimSuffix(base, filepath.Ext(base))), ".")
	tag = strings.ReplaceAll(tag, "_", "-")
	if first, _, _ := strings.Cut(tag, "-"); len(first) != 2 {
		return ""
	}
	language, err := subtitle.CanonicalLanguage(tag)
	if err != nil {
		return ""
	}
	return language
}

// readBytes returns the content of a file, or of standard input if file is "-". It returns at most
// one byte more than subtitle.MaxBytes, so that parsing refuses a larger file. When ctx ends, it
// stops waiting for input. An unreadable file is an *inputerr.Error with this name.
func readBytes(ctx context.Context, file, name string) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	read := make(chan result, 1)
	go func() {
		data, err := readLimited(file)
		read <- result{data, err}
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-read:
		switch {
		case errors.Is(r.err, fs.ErrNotExist):
			return nil, inputerr.New(name, "does not exist").Hint("Check the name of the file")
		case r.err != nil:
			return nil, inputerr.New(name, "cannot be read: %v", withoutPath(r.err)).Hint("Name a subtitle file")
		}
		return r.data, nil
	}
}

func readLimited(file string) ([]byte, error) {
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

// withoutPath returns the error that an *fs.PathError wraps, without the path, for messages that
// begin with the path. It returns other errors as they are.
func withoutPath(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// quoteName returns a file name for messages: quoted if it contains control characters, else as it
// is.
func quoteName(name string) string {
	if strings.ContainsFunc(name, unicode.IsControl) {
		return strconv.Quote(name)
	}
	return name
}

// maxPerCode is how many diagnostics of one code are printed.
const maxPerCode = 5

// printDiagnostics prints diagnostics with file and line, at most maxPerCode of each code. rest is
// printed with the number of the others, and tells how to see them.
func printDiagnostics(w io.Writer, file string, remarks []subtitle.Diagnostic, rest string) {
	of, shown := map[string]int{}, map[string]int{}
	for _, d := range remarks {
		of[d.Code]++
	}
	for _, d := range remarks {
		shown[d.Code]++
		if shown[d.Code] > maxPerCode {
			continue
		}
		where := quoteName(file)
		if d.Line > 0 {
			where += ":" + strconv.Itoa(d.Line)
		}
		fmt.Fprintf(w, "%s: %s\n", where, printable(d.Message))
		if more := of[d.Code] - maxPerCode; more > 0 && shown[d.Code] == maxPerCode {
			fmt.Fprintf(w, "    … and %d more of this kind (%s); %s\n", more, d.Code, rest)
		}
	}
}

// withSeverity returns the diagnostics that have this severity, in the same order.
func withSeverity(severity string, all []subtitle.Diagnostic) (some []subtitle.Diagnostic) {
	for _, d := range all {
		if d.Severity == severity {
			some = append(some, d)
		}
	}
	return some
}

// printWarnings prints the errors and warnings of reading the file to standard error. It leaves out
// notes.
func (s subtitleFile) printWarnings(t *console) {
	doubts := append(withSeverity(subtitle.Error, s.Diagnostics), withSeverity(subtitle.Warning, s.Diagnostics)...)
	printDiagnostics(t.err, s.name, doubts, "lectern subtitles read --json lists all")
}
