package main

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/plural"
	"github.com/lectern-av/lectern/internal/subtitle"
)

// outputFile is a subtitle file to write.
type outputFile struct {
	file   string
	format subtitle.Format
}

// newOutputFile returns the file to write in the format to or, if to is "", in the format of its
// extension. It returns an error if the format is unknown, if the file cannot be written or if it
// is one of the inputs. Call it before the work begins.
func newOutputFile(file, to string, inputs ...string) (out outputFile, err error) {
	out.file = file
	switch {
	case to != "":
		out.format, err = subtitle.FormatFromFilename("." + to)
	case file == stdio:
		err = &usageError{"standard output needs a format: add --to, such as --to srt"}
	default:
		out.format, err = subtitle.FormatFromFilename(file)
	}
	if err != nil {
		return out, err
	}
	return out, checkWritable(file, inputs...)
}

// checkWritable returns an *inputerr.Error if a file is a directory, is one of the inputs, or is in
// a directory that does not exist. It does not open the file.
func checkWritable(file string, inputs ...string) error {
	if file == stdio {
		return nil
	}
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Dir(file)); err != nil {
			return writeError(file, err)
		}
		return nil
	}
	if err == nil && info.IsDir() {
		return inputerr.New(file, "is a directory").Hint("Name a file in it")
	}
	for _, in := range inputs {
		if other, e := os.Stat(in); err == nil && e == nil && os.SameFile(info, other) {
			return inputerr.New(file, "is an input file, and inputs are never changed").Hint("Choose another output file")
		}
	}
	return err
}

// write writes cues to the file, which it replaces in one step. It prints to standard error what
// the format cannot represent, and how many cues were written. plain leaves out styling. No cue to
// write is an *inputerr.Error about from.
func (out outputFile) write(t *console, from subtitleFile, cues []conference.Cue, plain bool) error {
	var b bytes.Buffer
	losses, err := subtitle.Write(&b, cues, out.format, subtitle.WriteOptions{Language: from.Language, Edition: from.Edition, Plain: plain})
	if errors.Is(err, subtitle.ErrNoCues) {
		return inputerr.New(from.name, "contains nothing that viewers would see")
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", out.file, err)
	}
	printDiagnostics(t.err, from.name, losses, "they are all alike")
	return writeOutput(t, out.file, b.Bytes(), plural.Count(len(cues), "cue")+" written as "+formatName(out.format))
}

// writeOutput writes data to a file and prints what, a description of the content, to standard
// error. If file is "-", it only writes data to standard output.
func writeOutput(t *console, file string, data []byte, what string) error {
	if file == stdio {
		_, err := t.out.Write(data)
		return err
	}
	if err := writeFileAtomic(file, data); err != nil {
		return writeError(file, err)
	}
	fmt.Fprintf(t.err, "%s: %s\n", quoteName(file), what)
	return nil
}

func writeError(file string, err error) error {
	return inputerr.New(file, "cannot be written: %v", withoutPath(err)).Hint("Choose another file")
}

// writeFileAtomic replaces the content of a file in one step, so that readers never see half of it.
// Special files such as /dev/null are written to directly.
func writeFileAtomic(file string, data []byte) (err error) {
	if real, err := filepath.EvalSymlinks(file); err == nil {
		file = real
	}
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() {
		return os.WriteFile(file, data, 0)
	}
	temporary := filepath.Join(filepath.Dir(file), ".lectern-"+rand.Text()+".tmp")
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err = cmp.Or(err, os.Rename(temporary, file)); err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	return nil
}
