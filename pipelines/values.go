package pipelines

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v4"

	"github.com/lectern-av/lectern/internal/inputerr"
)

// Scalar is a text in a definition, with its line.
type Scalar struct {
	Text string
	Line int
}

// UnmarshalYAML stores a scalar as it is written, also a number or a boolean, and its line. A list
// or a mapping is an error.
func (w *Scalar) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.ScalarNode {
		return inputerr.New("", "expected a text, found a list or a mapping").At(node.Line)
	}
	w.Text, w.Line = node.Value, node.Line
	return nil
}

// AttachedFile is a small file that is part of a definition, such as a script that a stage runs. It
// is read with the definition: action keys depend on its content and not on its path, and workers
// on other machines get it from the store.
type AttachedFile struct {
	Scalar         // its path, absolute or relative to the definition
	Content []byte // set when the definition has been parsed
}

// maxFileSize is the maximum size of an attached file in bytes.
const maxFileSize = 4 << 20

// read reads the content of the file into f.Content. dir is the directory of the definition. It
// returns an error with the file's line if the file is not a regular one or has more than
// maxFileSize bytes.
func (f *AttachedFile) read(dir string) error {
	path := f.Text
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a regular file")
	}
	var file *os.File
	if err == nil {
		file, err = os.Open(path)
	}
	if err != nil {
		return inputerr.New("", "the file %q cannot be read: %v", f.Text, err).At(f.Line).
			Hint("Give its path relative to the pipeline file.")
	}
	defer file.Close()
	if f.Content, err = io.ReadAll(io.LimitReader(file, maxFileSize+1)); err != nil {
		return inputerr.New("", "the file %q cannot be read: %v", f.Text, err).At(f.Line)
	}
	if len(f.Content) > maxFileSize {
		return inputerr.New("", "the file %q has more than %d MB", f.Text, maxFileSize>>20).At(f.Line).
			Hint("Install it on every machine with a worker, and give only its name.")
	}
	return nil
}
