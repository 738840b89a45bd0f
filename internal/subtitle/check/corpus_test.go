package check_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/subtitle/check"
)

// talk is a real file of the corpus.
type talk struct {
	name     string
	language string // after its folder
	cues     []conference.Cue
}

// corpus reads the real subtitle files, those that can be read.
func corpus(t testing.TB) (talks []talk) {
	t.Helper()
	root := os.Getenv("LECTERN_CORPUS")
	if root == "" {
		t.Skip("LECTERN_CORPUS, the folder of real subtitle files, is not set")
	}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		language := filepath.Base(filepath.Dir(path))
		if doc, err := subtitle.Parse(d.Name(), data, subtitle.Options{Language: language}); err == nil {
			talks = append(talks, talk{d.Name(), language, doc.Cues})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(talks) == 0 {
		t.Fatal("no file of the corpus could be read")
	}
	return talks
}

// TestFix_Corpus checks what Fix promises on real files, by every profile.
func TestFix_Corpus(t *testing.T) {
	grades := map[string]int{}
	for _, talk := range corpus(t) {
		for _, profile := range check.ProfileNames() {
			testFix(t, talk.cues, profile, talk.language)
			if t.Failed() {
				t.Fatalf("%s/%s by %s", talk.language, talk.name, profile)
			}
		}
		grades[check.Check(talk.cues, profileNamed(t, check.DefaultProfile), talk.language, 0).Grade]++
	}
	t.Logf("grades by %s: %v", check.DefaultProfile, grades)
}
