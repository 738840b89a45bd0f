package charset

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding"
)

// TestDecode_CorpusInEveryPage encodes each UTF-8 file of the corpus in every legacy
// encoding that can express all of it and asks for the same text back.
func TestDecode_CorpusInEveryPage(t *testing.T) {
	dir := os.Getenv("LECTERN_CORPUS")
	if dir == "" {
		t.Skip("LECTERN_CORPUS names no folder of real subtitle files")
	}
	t.Parallel()
	var known, unknown pageResults
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil || !utf8.Valid(data) {
			return err
		}
		text := strings.TrimPrefix(string(data), "\uFEFF")
		tag := filepath.Base(filepath.Dir(path))
		known.try(t, d.Name(), text, tag)
		unknown.try(t, d.Name(), text, "")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	known.reaches(t, "language known", 98)
	unknown.reaches(t, "language unknown", 95)
}

// pageResults counts how often a text that went through an encoding came back as it was.
type pageResults struct{ exact, doubted, all int }

// try takes text through every page that can express it.
func (n *pageResults) try(t *testing.T, name, text, tag string) {
	t.Helper()
	if isASCII(text) {
		return
	}
	for _, p := range guessablePages() {
		encoded, err := p.encoding.NewEncoder().String(text)
		if err != nil || p.decode(encoded) != text || strings.ContainsRune(encoded, encoding.ASCIISub) {
			continue
		}
		n.all++
		got, err := Decode(name, []byte(encoded), Hint{Language: tag})
		if slices.ContainsFunc(got.Notes, func(n Note) bool { return n.Code == DoubtfulEncoding }) {
			n.doubted++
		}
		if err == nil && got.UTF8 == text {
			n.exact++
			continue
		}
		t.Logf("%s (language %q) in %s was read as %s: %v\n%s", name, tag, p.name, got.Encoding, err, firstDifference(text, got.UTF8))
	}
}

func (n *pageResults) reaches(t *testing.T, what string, percent float64) {
	t.Helper()
	if n.all == 0 {
		t.Fatalf("%s: nothing was tried", what)
	}
	got := 100 * float64(n.exact) / float64(n.all)
	t.Logf("%s: %d of %d texts exact, %.2f %%; %d noted as doubtful", what, n.exact, n.all, got, n.doubted)
	if got < percent {
		t.Errorf("%s: %.2f %% exact, want %.0f", what, got, percent)
	}
}

func firstDifference(want, got string) string {
	w, g := []rune(want), []rune(got)
	for i := range w {
		if i >= len(g) || w[i] != g[i] {
			return fmt.Sprintf("at %d: want %q, got %q", i, string(w[max(0, i-10):min(len(w), i+30)]), string(g[min(len(g), max(0, i-10)):min(len(g), i+30)]))
		}
	}
	return "something was added"
}
