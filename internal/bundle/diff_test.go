package bundle_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lectern-av/lectern/internal/bundle"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/timeline"
)

// bundlePair lays out the sample bundle, and a second one that mutate has changed.
func bundlePair(t *testing.T, mutate func(dir string, c *bundle.Manifest)) (old, new string) {
	t.Helper()
	old, new = filepath.Join(t.TempDir(), "old"), filepath.Join(t.TempDir(), "new")
	buildSampleBundle(t, old)
	must(t, os.CopyFS(new, os.DirFS(old)))
	c := readContent(t, new)
	mutate(new, &c)
	upload, _, err := bundle.YouTubeJSON(bundle.YouTubeInput{Talk: c.Talk, Programme: c.Edition.Programme, Tracks: c.Tracks})
	must(t, err)
	must(t, os.WriteFile(filepath.Join(new, bundle.YouTubeName), upload, 0o644))
	writeManifestAndSums(t, new, c)
	return old, new
}

// What an uploader must send again, by what was corrected.
func TestDiff(t *testing.T) {
	tools, err := media.FindTools()
	must(t, err)
	write := func(dir, path, text string) { must(t, os.WriteFile(filepath.Join(dir, path), []byte(text), 0o644)) }
	redo := func(dir string, args ...string) { // of the video
		path := filepath.Join(dir, "video/api.mp4")
		must(t, os.Rename(path, path+".old"))
		ffmpeg(t, append(append([]string{"-i", path + ".old", "-map", "0"}, args...), path)...)
		must(t, os.Remove(path+".old"))
	}
	for _, c := range []struct {
		name    string
		mutate  func(dir string, c *bundle.Manifest)
		youtube []string
		web     []string
		says    string // of YouTube's first step
		edition []string
	}{
		{name: "nothing", mutate: func(string, *bundle.Manifest) {}},
		{
			name: "a caption",
			mutate: func(dir string, _ *bundle.Manifest) {
				write(dir, "captions/api.en.srt", "1\n00:00:01,000 --> 00:00:02,000\nHello\n")
			},
			youtube: []string{"captions.update en captions/api.en.srt"},
			web:     []string{"change SHA256SUMS", "change bundle.json", "change captions/api.en.srt"},
		},
		{
			name: "a caption, and with it the subtitles in the video",
			mutate: func(dir string, _ *bundle.Manifest) {
				write(dir, "captions/api.en.srt", "1\n00:00:01,000 --> 00:00:02,000\nHello\n")
				redo(dir, "-c", "copy", "-map", "-0:s:1")
			},
			youtube: []string{"captions.update en captions/api.en.srt"},
			web:     []string{"change SHA256SUMS", "change bundle.json", "change captions/api.en.srt", "change video/api.mp4"},
		},
		{
			name: "a language comes and one goes",
			mutate: func(dir string, c *bundle.Manifest) {
				write(dir, "captions/api.fr.srt", "1\n00:00:01,000 --> 00:00:02,000\nSalut\n")
				must(t, os.Remove(filepath.Join(dir, "captions/api.es-419.srt")))
				must(t, os.Remove(filepath.Join(dir, "captions/api.es-419.vtt")))
				c.Files = slices.DeleteFunc(c.Files, func(f bundle.File) bool { return strings.Contains(f.Path, "es-419") })
				c.Files = append(c.Files, bundle.File{Path: "captions/api.fr.srt", Role: bundle.RoleCaptions})
				c.Tracks[1] = bundle.Track{Language: "fr", State: "approved", Files: []string{"captions/api.fr.srt"}, Cues: 1}
			},
			youtube: []string{"captions.insert fr captions/api.fr.srt", "captions.delete es-419"},
			web: []string{"add captions/api.fr.srt", "change SHA256SUMS", "change bundle.json", "change youtube.json",
				"remove captions/api.es-419.srt", "remove captions/api.es-419.vtt"},
		},
		{
			name: "the abstract, a tag and a title in another language",
			mutate: func(_ string, c *bundle.Manifest) {
				c.Talk.Abstract, c.Talk.Tags, c.Talk.Titles = "More of it.", []string{"go", "api"}, map[string]string{"es": "Prototipos"}
			},
			youtube: []string{"videos.update snippet,localizations"},
			says:    "the description, the tags, title or description in Spanish",
			web:     []string{"change SHA256SUMS", "change bundle.json", "change youtube.json"},
		},
		{
			name:    "the licence",
			mutate:  func(_ string, c *bundle.Manifest) { c.Talk.Licence = "CC BY 4.0" },
			youtube: []string{"videos.update snippet,status"},
			says:    "the description, the licence",
			web:     []string{"change SHA256SUMS", "change bundle.json", "change youtube.json"},
		},
		{
			name:    "the thumbnail",
			mutate:  func(dir string, _ *bundle.Manifest) { writeJPEG(t, filepath.Join(dir, "thumb/api.jpg"), 1280, 718) },
			youtube: []string{"thumbnails.set thumb/api.jpg"},
			web:     []string{"change SHA256SUMS", "change bundle.json", "change thumb/api.jpg"},
		},
		{
			name:   "metadata of the video file",
			mutate: func(dir string, _ *bundle.Manifest) { redo(dir, "-c", "copy", "-metadata", "title=Another") },
			web:    []string{"change SHA256SUMS", "change bundle.json", "change video/api.mp4"},
		},
		{
			name:    "the sound",
			mutate:  func(dir string, _ *bundle.Manifest) { redo(dir, "-c", "copy", "-c:a", "aac", "-af", "volume=0.5") },
			youtube: []string{"videos.insert video/api.mp4", "captions.insert en captions/api.en.srt", "captions.insert es-419 captions/api.es-419.srt", "thumbnails.set thumb/api.jpg"},
			says:    "its sound changed",
			web:     []string{"change SHA256SUMS", "change bundle.json", "change video/api.mp4"},
		},
		{
			name: "the cut",
			mutate: func(dir string, c *bundle.Manifest) {
				c.Edition.ID, c.Edition.Programme.Kept = "e2", []timeline.Range{{From: 301, To: 301 + frames}}
				redo(dir, "-c", "copy", "-metadata", "title=Another")
			},
			youtube: []string{"videos.insert video/api.mp4", "captions.insert en captions/api.en.srt", "captions.insert es-419 captions/api.es-419.srt", "thumbnails.set thumb/api.jpg"},
			says:    "new edition: the cut changed",
			edition: []string{"the cut"},
			web:     []string{"change SHA256SUMS", "change bundle.json", "change video/api.mp4"},
		},
		{
			name: "a file has another name",
			mutate: func(dir string, c *bundle.Manifest) {
				must(t, os.Rename(filepath.Join(dir, "thumb/api.jpg"), filepath.Join(dir, "thumb/poster.jpg")))
				for i, f := range c.Files {
					if f.Role == bundle.RoleThumbnail {
						c.Files[i].Path = "thumb/poster.jpg"
					}
				}
			},
			web: []string{"change SHA256SUMS", "change bundle.json", "move thumb/poster.jpg from thumb/api.jpg"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			old, new := bundlePair(t, c.mutate)
			d, err := bundle.Diff(t.Context(), tools, old, new)
			must(t, err)
			if got := stepStrings(d.Targets[0]); !slices.Equal(got, c.youtube) {
				t.Errorf("YouTube: %q, want %q", got, c.youtube)
			}
			if got := stepStrings(d.Targets[1]); !slices.Equal(got, c.web) {
				t.Errorf("web: %q, want %q", got, c.web)
			}
			if c.says != "" && (len(d.Targets[0].Steps) == 0 || d.Targets[0].Steps[0].Reason != c.says) {
				t.Errorf("YouTube: %+v, want %q as the reason of the first", d.Targets[0].Steps, c.says)
			}
			if !slices.Equal(d.EditionChanges, c.edition) || d.SameEdition != (c.edition == nil) {
				t.Errorf("edition: %v, %q; want %q", d.SameEdition, d.EditionChanges, c.edition)
			}
		})
	}
}

func stepStrings(t bundle.Target) (all []string) {
	for _, s := range t.Steps {
		line := s.Operation
		for _, word := range []string{s.Language, strings.Join(s.Parts, ","), s.File} {
			if word != "" {
				line += " " + word
			}
		}
		if s.From != "" {
			line += " from " + s.From
		}
		all = append(all, line)
	}
	return all
}

// The two JSON files of the old bundle are enough. Without its video, a changed file is uploaded
// again.
func TestDiff_OldBundleIsManifestAndYouTubeOnly(t *testing.T) {
	tools, err := media.FindTools()
	must(t, err)
	old, new := bundlePair(t, func(_ string, c *bundle.Manifest) { c.Talk.Abstract = "More." })
	kept := t.TempDir()
	for _, name := range []string{bundle.ManifestName, bundle.YouTubeName} {
		b, err := os.ReadFile(filepath.Join(old, name))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(kept, name), b, 0o644))
	}
	d, err := bundle.Diff(t.Context(), tools, kept, new)
	must(t, err)
	if got := stepStrings(d.Targets[0]); !slices.Equal(got, []string{"videos.update snippet"}) {
		t.Errorf("YouTube: %q", got)
	}
	c := readContent(t, new)
	b, err := os.ReadFile(filepath.Join(new, "video/api.mp4"))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(new, "video/api.mp4"), append(b, "\x00\x00\x00\x08free"...), 0o644))
	writeManifestAndSums(t, new, c)
	d, err = bundle.Diff(t.Context(), tools, kept, new)
	must(t, err)
	if got := d.Targets[0].Steps[0]; got.Operation != "videos.insert" || !strings.Contains(got.Reason, "cannot be compared") {
		t.Errorf("YouTube: %+v", got)
	}
}
