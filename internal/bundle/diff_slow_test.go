//go:build slow

package bundle_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lectern-av/lectern/internal/bundle"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/media"
)

func TestDiff_Refuses(t *testing.T) {
	tools, err := media.FindTools()
	must(t, err)
	for _, c := range []struct {
		name   string
		mutate func(old, new string)
		says   string
	}{
		{"no bundle", func(old, _ string) { must(t, os.Remove(filepath.Join(old, "bundle.json"))) }, "is not a bundle"},
		{"another talk", func(_, new string) {
			other := readContent(t, new)
			other.Talk = conference.Talk{Slug: "other", Title: "Other", Language: "en"}
			writeManifestAndSums(t, new, other)
		}, `is a bundle of the talk "other"`},
		{"a caption edited by hand", func(_, new string) {
			editFile(t, filepath.Join(new, "captions/api.en.srt"), func(b []byte) []byte { return append(b[:len(b)-1], ' ') })
		}, "api.en.srt: does not match its SHA-256 in bundle.json"},
		{"a video that is missing", func(_, new string) { must(t, os.Remove(filepath.Join(new, "video/api.mp4"))) }, "api.mp4: is missing"},
		{"a youtube.json edited by hand", func(old, _ string) {
			editFile(t, filepath.Join(old, "youtube.json"), func(b []byte) []byte { return append(b, '\n') })
		}, "youtube.json: does not match its SHA-256 in bundle.json"},
		{"a manifest that leads elsewhere", func(_, new string) {
			editFile(t, filepath.Join(new, "bundle.json"), func(b []byte) []byte {
				return []byte(strings.ReplaceAll(string(b), "thumb/api.jpg", "../../../api.jpg"))
			})
		}, "is not a path inside a bundle"},
	} {
		t.Run(c.name, func(t *testing.T) {
			old, new := bundlePair(t, func(string, *bundle.Manifest) {})
			c.mutate(old, new)
			_, err := bundle.Diff(t.Context(), tools, old, new)
			var f *inputerr.Error
			if !errors.As(err, &f) || !strings.Contains(fmt.Sprint(err), c.says) {
				t.Errorf("got %v, want an input error with %q", err, c.says)
			}
		})
	}
}
