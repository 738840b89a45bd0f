package pipelines

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v4"

	"github.com/lectern-av/lectern/internal/inputerr"
)

// Scalar is a text in a definition that knows on which line it stands.
type Scalar struct {
	Text string
	Line int
}

// UnmarshalYAML takes any scalar for what it says.
func (w *Scalar) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.ScalarNode {
		return inputerr.New("", "a list or a mapping stands where a text belongs").At(node.Line)
	}
	w.Text, w.Line = node.Value, node.Line
	return nil
}

// AttachedFile is a small file that belongs to a definition, such as a script that a stage runs.
// It is read along with the definition: what is in it, and not where it lies, is what
// keys are made of, and workers on other machines get it from the store.
type AttachedFile struct {
	Scalar         // its path: absolute, or from the definition's directory
	Content []byte // once the definition was read
}

// maxFileSize is how large a file may be that belongs to a definition, in bytes.
const maxFileSize = 4 << 20

// read reads the file; dir is where the definition lies.
func (f *AttachedFile) read(dir string) error {
	path := f.Text
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is no regular file")
	}
	var file *os.File
	if err == nil {
		file, err = os.Open(path)
	}
	if err != nil {
		return inputerr.New("", "the file %q cannot be read: %v", f.Text, err).At(f.Line).
			Hint("Its path counts from the directory of the pipeline.")
	}
	defer file.Close()
	if f.Content, err = io.ReadAll(io.LimitReader(file, maxFileSize+1)); err != nil {
		return inputerr.New("", "the file %q cannot be read: %v", f.Text, err).At(f.Line)
	}
	if len(f.Content) > maxFileSize {
		return inputerr.New("", "the file %q has more than %d MB", f.Text, maxFileSize>>20).At(f.Line).
			Hint("Install it on every machine with a worker, and call it by its name alone.")
	}
	return nil
}
