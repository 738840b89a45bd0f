package bundle_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/bundle"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/timeline"
)

const frames = 90 // of the sample, at 29.97

var english = []conference.Cue{
	{ID: "c0001", Start: 0, End: 900 * time.Millisecond, Text: "A List<String> in R&D", Spans: []conference.Span{{From: 2, To: 14, Italic: true}}},
	{ID: "c0002", Start: 700 * time.Millisecond, End: 1500 * time.Millisecond, Text: "C:\\New {x}\nand more"}, // overlaps
	{ID: "c0003", Start: 2 * time.Second, End: 3003 * time.Millisecond, Text: "The end"},
}

var spanish = []conference.Cue{
	{ID: "c0001", Start: 500 * time.Millisecond, End: 1500 * time.Millisecond, Text: "¿Qué tal?"},
	{ID: "c0002", Start: 1500 * time.Millisecond, End: 2 * time.Second, Text: "Adiós"},
}

// buildSampleBundle writes a small bundle with real media to dir.
func buildSampleBundle(t *testing.T, dir string) {
	t.Helper()
	for _, d := range []string{"video", "captions", "thumb"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	c := bundle.Manifest{
		Talk: conference.Talk{Slug: "api", Title: "Prototyping APIs", Kind: "talk", Speakers: []string{"Ada"}, Language: "en", Tags: []string{"go"}},
		Edition: conference.Edition{ID: "e1", Programme: timeline.Programme{
			Rate: timeline.Rate{Num: 30000, Den: 1001}, Kept: []timeline.Range{{From: 300, To: 300 + frames}},
		}},
		Provenance: bundle.Provenance{Pipeline: "talk"},
	}
	video, plain := filepath.Join(dir, "video"), filepath.Join(t.TempDir(), "plain.mp4")
	ffmpeg(t, "-f", "lavfi", "-i", "testsrc=s=320x180:r=30000/1001,trim=end_frame=90", "-f", "lavfi", "-i", "sine=r=48000:d=3.003",
		"-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-video_track_timescale", "30000", "-c:a", "aac",
		"-metadata:s:a:0", "language=eng", plain)
	remux(t, plain, filepath.Join(video, "api.mp4"), "spa", english, spanish)
	for _, tr := range []struct {
		language string
		cues     []conference.Cue
	}{{"en", english}, {"es-419", spanish}} {
		track := bundle.Track{Language: tr.language, Kind: conference.Authored, Revision: 1, State: "approved", Cues: len(tr.cues)}
		var srt, vtt bytes.Buffer
		_, err := subtitle.Write(&srt, tr.cues, subtitle.SRT, subtitle.WriteOptions{Plain: true})
		must(t, err)
		_, err = subtitle.Write(&vtt, tr.cues, subtitle.WebVTT, subtitle.WriteOptions{Language: tr.language, Edition: "e1"})
		must(t, err)
		for ext, b := range map[string][]byte{"srt": srt.Bytes(), "vtt": vtt.Bytes()} {
			path := "captions/api." + tr.language + "." + ext
			must(t, os.WriteFile(filepath.Join(dir, path), b, 0o644))
			c.Files = append(c.Files, bundle.File{Path: path, Role: bundle.RoleCaptions})
			track.Files = append(track.Files, path)
		}
		c.Tracks = append(c.Tracks, track)
	}
	writeJPEG(t, filepath.Join(dir, "thumb/api.jpg"), 1280, 720)
	writeJPEG(t, filepath.Join(dir, "thumb/api-sprite-01.jpg"), 320, 90)
	writeJPEG(t, filepath.Join(dir, "thumb/api-contact.jpg"), 640, 180)
	must(t, os.WriteFile(filepath.Join(dir, "thumb/api-sprite.vtt"), []byte("WEBVTT\n\n"+
		"00:00:00.000 --> 00:00:01.500\napi-sprite-01.jpg#xywh=0,0,160,90\n\n"+
		"00:00:01.500 --> 00:00:03.003\napi-sprite-01.jpg#xywh=160,0,160,90\n"), 0o644))
	upload, _, err := bundle.YouTubeJSON(bundle.YouTubeInput{Talk: c.Talk, Tracks: c.Tracks})
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "youtube.json"), upload, 0o644))
	facts := json.RawMessage(`{"codec":"h264","width":320,"height":180}`)
	c.Files = append(c.Files,
		bundle.File{Path: "video/api.mp4", Role: bundle.RoleVideo, Media: facts, SubtitleLanguages: []string{"en", "es-419"}},
		bundle.File{Path: "thumb/api.jpg", Role: bundle.RoleThumbnail},
		bundle.File{Path: "thumb/api-sprite.vtt", Role: bundle.RoleSprite},
		bundle.File{Path: "thumb/api-sprite-01.jpg", Role: bundle.RoleSprite},
		bundle.File{Path: "thumb/api-contact.jpg", Role: bundle.RoleContactSheet},
		bundle.File{Path: "youtube.json", Role: bundle.RoleUploadMetadata})
	writeManifestAndSums(t, dir, c)
}

// remux puts soft subtitles into a video, as Lectern does.
func remux(t *testing.T, from, to, secondLanguage string, tracks ...[]conference.Cue) {
	t.Helper()
	args := []string{"-i", from}
	maps := []string{"-map", "0"}
	for i, cues := range tracks {
		text := filepath.Join(t.TempDir(), "text.mp4")
		var b bytes.Buffer
		must(t, subtitle.WriteMP4(&b, cues, []string{"en", "es-419"}[i]))
		must(t, os.WriteFile(text, b.Bytes(), 0o644))
		args = append(args, "-i", text)
		maps = append(maps, "-map", []string{"1", "2"}[i])
	}
	ffmpeg(t, append(append(args, maps...), "-c", "copy", "-metadata:s:s:1", "language="+secondLanguage, to)...)
}

func ffmpeg(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.Command("ffmpeg", append([]string{"-v", "error", "-nostdin", "-y"}, args...)...)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, said)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func writeJPEG(t *testing.T, path string, w, h int) {
	t.Helper()
	var b bytes.Buffer
	must(t, jpeg.Encode(&b, image.NewRGBA(image.Rect(0, 0, w, h)), nil))
	must(t, os.WriteFile(path, b.Bytes(), 0o644))
}

// writeManifestAndSums makes manifest and sums true to the files that are there, whatever those are.
func writeManifestAndSums(t *testing.T, dir string, c bundle.Manifest) {
	t.Helper()
	for i, f := range c.Files {
		b, err := os.ReadFile(filepath.Join(dir, f.Path))
		must(t, err)
		made := bundle.NewEntry(f.Path, b)
		c.Files[i].SHA256, c.Files[i].Size = made.SHA256, made.Size
	}
	m, err := bundle.EncodeManifest(c)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, bundle.ManifestName), m, 0o644))
	all := append([]bundle.File{{Path: bundle.ManifestName, SHA256: bundle.NewEntry("", m).SHA256}}, c.Files...)
	must(t, os.WriteFile(filepath.Join(dir, bundle.SumsName), bundle.EncodeSums(all), 0o644))
}

func readContent(t *testing.T, dir string) (c bundle.Manifest) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, bundle.ManifestName))
	must(t, err)
	must(t, json.Unmarshal(b, &c))
	return c
}

// Each change to a good bundle fails a check. Most cases also recompute manifest and checksums.
func TestVerify_ReportsEveryMutation(t *testing.T) {
	tools, err := media.FindTools()
	must(t, err)
	good := filepath.Join(t.TempDir(), "api")
	buildSampleBundle(t, good)
	report, err := bundle.Verify(t.Context(), tools, good)
	must(t, err)
	if !report.OK {
		t.Fatalf("the unchanged bundle fails: %+v", report.Failed())
	}
	if said, err := (&exec.Cmd{Path: "/usr/bin/sha256sum", Args: []string{"sha256sum", "-c", "--strict", "SHA256SUMS"}, Dir: good}).CombinedOutput(); err != nil {
		t.Fatalf("sha256sum -c: %v\n%s", err, said)
	}

	// redo re-encodes or remuxes a video of the bundle with ffmpeg.
	redo := func(name string, args ...string) func(*testing.T, string, *bundle.Manifest) {
		return func(t *testing.T, dir string, _ *bundle.Manifest) {
			path := filepath.Join(dir, "video", name)
			must(t, os.Rename(path, path+".old"))
			ffmpeg(t, append(append([]string{"-i", path + ".old"}, args...), path)...)
			must(t, os.Remove(path+".old"))
		}
	}
	replace := func(path, old, new string) func(*testing.T, string, *bundle.Manifest) {
		return func(t *testing.T, dir string, _ *bundle.Manifest) {
			editFile(t, filepath.Join(dir, path), func(b []byte) []byte {
				if !bytes.Contains(b, []byte(old)) {
					t.Fatalf("%s does not hold %q", path, old)
				}
				return bytes.ReplaceAll(b, []byte(old), []byte(new))
			})
		}
	}
	tests := []struct {
		name   string
		signed bool // manifest and sums are recomputed
		mutate func(t *testing.T, dir string, c *bundle.Manifest)
		says   string // of some failed check
	}{
		{"a flipped byte in a picture", false, func(t *testing.T, dir string, _ *bundle.Manifest) {
			editFile(t, filepath.Join(dir, "video/api.mp4"), func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
		}, "does not match SHA256SUMS"},
		{"a removed file", false, removeFile("captions/api.es-419.srt"), "is missing"},
		{"an extra file", false, addFile("captions/api.fr.srt", "1\n00:00:01,000 --> 00:00:02,000\nx\n"), "is not listed in SHA256SUMS"},
		{"an extra file in the sums", false, func(t *testing.T, dir string, _ *bundle.Manifest) {
			addFile("notes.txt", "x")(t, dir, nil)
			editFile(t, filepath.Join(dir, "SHA256SUMS"), func(b []byte) []byte {
				return append(b, bundle.EncodeSums([]bundle.File{{Path: "notes.txt", SHA256: bundle.NewEntry("", []byte("x")).SHA256}})...)
			})
		}, "is not listed in bundle.json"},
		{"sums edited to match a changed file", false, func(t *testing.T, dir string, c *bundle.Manifest) {
			path := filepath.Join(dir, "captions/api.en.srt")
			before, err := os.ReadFile(path)
			must(t, err)
			after := bytes.Replace(before, []byte("The end"), []byte("The END"), 1)
			must(t, os.WriteFile(path, after, 0o644))
			replace("SHA256SUMS", bundle.NewEntry("", before).SHA256, bundle.NewEntry("", after).SHA256)(t, dir, c)
		}, "does not match its SHA-256 in bundle.json"},
		{"no sums", false, removeFile("SHA256SUMS"), "no such file"},
		{"a link in place of a file", false, func(t *testing.T, dir string, _ *bundle.Manifest) {
			must(t, os.Rename(filepath.Join(dir, "thumb/api.jpg"), filepath.Join(dir, "..", "api.jpg")))
			must(t, os.Symlink("../../api.jpg", filepath.Join(dir, "thumb/api.jpg")))
		}, "is not a regular file"},

		{"a missing cue in one sidecar", true, replace("captions/api.en.srt", "3\n00:00:02,000 --> 00:00:03,003\nThe end\n", ""), "has 2 cues, but bundle.json says 3"},
		{"a missing cue in both and in the manifest", true, func(t *testing.T, dir string, c *bundle.Manifest) {
			replace("captions/api.en.srt", "3\n00:00:02,000 --> 00:00:03,003\nThe end\n", "")(t, dir, c)
			replace("captions/api.en.vtt", "3\n00:00:02.000 --> 00:00:03.003\nThe end\n", "")(t, dir, c)
			c.Tracks[0].Cues = 2
		}, "video/api.mp4 has 4 cues, but captions/api.en."},
		{"another word in one sidecar", true, replace("captions/api.en.vtt", "The end", "The fin"), `cue 3 is`},
		{"another time in one sidecar", true, replace("captions/api.es-419.srt", "00:00:01,500", "00:00:01,498"), "cue 1 is at"},
		{"another word in both sidecars", true, func(t *testing.T, dir string, c *bundle.Manifest) {
			replace("captions/api.es-419.srt", "Adiós", "Chao")(t, dir, c)
			replace("captions/api.es-419.vtt", "Adiós", "Chao")(t, dir, c)
		}, `is “Adiós” in video/api.mp4 but “Chao” in captions/api.es-419`},
		{"a cue after the end", true, replace("captions/api.en.srt", "00:00:03,003", "00:00:03,903"), "after the end of the programme"},
		{"captions that are none", true, replace("captions/api.en.srt", "-->", "->"), "between two times"},
		{"captions of another edition", true, replace("captions/api.en.vtt", "edition e1", "edition e2"), `was made for edition “e2”`},
		{"captions of another language", true, replace("captions/api.es-419.vtt", "Language: es-419", "Language: es"), `has the language “es”`},
		{"markup for YouTube", true, replace("captions/api.en.srt", "The end", "<b>The end</b>"), "has markup"},

		{"a wrong subtitle tag", true, redo("api.mp4", "-map", "0", "-c", "copy", "-metadata:s:s:1", "language=por"), `stream 3 (subtitle) is tagged “por” and should be “spa”`},
		{"no subtitle tag", true, redo("api.mp4", "-map", "0", "-c", "copy", "-metadata:s:s:1", "language=es"), `stream 3 (subtitle) is tagged “” and should be “spa”`},
		{"a wrong sound tag", true, redo("api.mp4", "-map", "0", "-c", "copy", "-metadata:s:a:0", "language=deu"), `stream 1 (audio) is tagged “deu” and should be “eng”`},
		{"subtitles in another order", true, redo("api.mp4", "-map", "0:0", "-map", "0:1", "-map", "0:3", "-map", "0:2", "-c", "copy"), `and should be “eng”`},
		{"no soft subtitles", true, redo("api.mp4", "-map", "0:v", "-map", "0:a", "-c", "copy"), "has the streams video, audio and"},
		{"soft subtitles where there should be none", true, func(_ *testing.T, _ string, c *bundle.Manifest) {
			for i := range c.Files {
				c.Files[i].SubtitleLanguages = nil
			}
		}, "should have video, audio"},
		{"a soft subtitle less", true, func(t *testing.T, dir string, _ *bundle.Manifest) {
			in, out := filepath.Join(dir, "video/api.mp4"), filepath.Join(t.TempDir(), "less.mp4")
			ffmpeg(t, "-i", in, "-map", "0:v", "-map", "0:a", "-c", "copy", out)
			remux(t, out, in, "spa", english, spanish[:1])
		}, "video/api.mp4 has 1 cues"},

		{"a dropped frame", true, redo("api.mp4", "-map", "0", "-c", "copy", "-bsf:v", `noise=drop=eq(n\,40)`), "is shown at"},
		{"a dropped last frame", true, redo("api.mp4", "-map", "0", "-c", "copy", "-frames:v", "89"), "has 89 frames, and the programme has 90"},
		{"a PTS shifted by a tick", true, redo("api.mp4", "-map", "0", "-c", "copy", "-video_track_timescale", "30000", "-bsf:v", `setts=pts=PTS+eq(N\,40)`), "is shown at"},
		{"another rate", true, redo("api.mp4", "-map", "0", "-c", "copy", "-bsf:v", `setts=ts=TS*30000/30030`), "is shown at"},
		{"sound that starts late", true, func(t *testing.T, dir string, _ *bundle.Manifest) {
			in, out := filepath.Join(dir, "video/api.mp4"), filepath.Join(t.TempDir(), "late.mp4")
			ffmpeg(t, "-i", in, "-itsoffset", "0.1", "-i", in, "-map", "0:v", "-map", "1:a", "-map", "0:s", "-c", "copy", out)
			must(t, os.Rename(out, in))
		}, "has audio that begins at"},
		{"sound that ends early", true, func(t *testing.T, dir string, _ *bundle.Manifest) {
			in, out := filepath.Join(dir, "video/api.mp4"), filepath.Join(t.TempDir(), "short.mp4")
			ffmpeg(t, "-i", in, "-t", "2", "-i", in, "-map", "0:v", "-map", "1:a", "-map", "0:s", "-c", "copy", out)
			must(t, os.Rename(out, in))
		}, "has audio of"},
		{"no sound", true, redo("api.mp4", "-map", "0:v", "-c", "copy"), "has the streams video and"},
		{"a video cut short", true, func(t *testing.T, dir string, _ *bundle.Manifest) {
			editFile(t, filepath.Join(dir, "video/api.mp4"), func(b []byte) []byte { return b[:len(b)/2] })
		}, "cannot be read"},
		{"a playlist for a video", true, func(t *testing.T, dir string, _ *bundle.Manifest) {
			editFile(t, filepath.Join(dir, "video/api.mp4"), func([]byte) []byte { return []byte("#EXTM3U\n#EXTINF:3,\nfile:///etc/passwd\n") })
		}, "cannot be read"},
		{"other facts in the manifest", true, func(_ *testing.T, _ string, c *bundle.Manifest) {
			for i := range c.Files {
				c.Files[i].Media = bytes.Replace(c.Files[i].Media, []byte("320"), []byte("640"), 1)
			}
		}, "bundle.json says h264 640×180"},

		{"a small thumbnail", true, func(t *testing.T, dir string, _ *bundle.Manifest) {
			writeJPEG(t, filepath.Join(dir, "thumb/api.jpg"), 640, 360)
		}, "must be 1280×720"},
		{"a thumbnail cut short", true, func(t *testing.T, dir string, _ *bundle.Manifest) {
			editFile(t, filepath.Join(dir, "thumb/api.jpg"), func(b []byte) []byte { return b[:len(b)/2] })
		}, "is not a complete JPEG"},
		{"a sprite with a gap", true, replace("thumb/api-sprite.vtt", "00:00:01.500 --> 00:00:03.003", "00:00:01.600 --> 00:00:03.003"), "no tile covers 1.5s to 1.6s"},
		{"a sprite that ends early", true, replace("thumb/api-sprite.vtt", "00:00:03.003", "00:00:03.000"), "ends at 3s"},
		{"a sprite's tile outside of its sheet", true, replace("thumb/api-sprite.vtt", "xywh=160", "xywh=170"), "is outside of the image"},
		{"a sprite of a sheet that is not there", true, replace("thumb/api-sprite.vtt", "sprite-01", "sprite-02"), "api-sprite-02.jpg is missing"},
		{"a sprite that leads elsewhere", true, replace("thumb/api-sprite.vtt", "api-sprite-01", "../thumb/api-sprite-01"), "is not FILE#xywh="},
		{"a sheet cut short", true, func(t *testing.T, dir string, _ *bundle.Manifest) {
			editFile(t, filepath.Join(dir, "thumb/api-sprite-01.jpg"), func(b []byte) []byte { return b[:len(b)/2] })
		}, "is not a complete JPEG"},
		{"a draft listed in youtube.json", true, func(_ *testing.T, _ string, c *bundle.Manifest) {
			c.Tracks[1].State = conference.TrackDraft
		}, "lists other captions than the bundle has"},
		{"a title too long", true, replace("youtube.json", "Prototyping APIs", strings.Repeat("x", 101)), "has a title of 101 characters"},
		{"a description too long in bytes", true, replace("youtube.json", `"Ada"`, `"`+strings.Repeat("é", 2501)+`"`), "has a description of 5002 bytes"},
		{"an angle in the title", true, replace("youtube.json", "Prototyping APIs", "a < b"), "has < or >"},
		{"captions missing from youtube.json", true, replace("youtube.json", "es-419.srt", "es.srt"), "lists other captions than the bundle has"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "api")
			must(t, os.CopyFS(dir, os.DirFS(good)))
			c := readContent(t, dir)
			test.mutate(t, dir, &c)
			if test.signed {
				writeManifestAndSums(t, dir, c)
			}
			report, err := bundle.Verify(t.Context(), tools, dir)
			must(t, err)
			failed, err := json.Marshal(report.Failed())
			must(t, err)
			said := false
			for _, c := range report.Failed() {
				said = said || strings.Contains(c.Message, test.says)
			}
			if report.OK || !said {
				t.Errorf("no check says %q; failed: %s", test.says, failed)
			}
		})
	}
}

func editFile(t *testing.T, path string, change func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, change(b), 0o644))
}

func removeFile(path string) func(*testing.T, string, *bundle.Manifest) {
	return func(t *testing.T, dir string, _ *bundle.Manifest) { must(t, os.Remove(filepath.Join(dir, path))) }
}

func addFile(path, data string) func(*testing.T, string, *bundle.Manifest) {
	return func(t *testing.T, dir string, _ *bundle.Manifest) {
		must(t, os.WriteFile(filepath.Join(dir, path), []byte(data), 0o644))
	}
}

// WebM timestamps are milliseconds, which frames at 29.97 fall between.
func TestVerify_WebM(t *testing.T) {
	tools, err := media.FindTools()
	must(t, err)
	dir := filepath.Join(t.TempDir(), "api")
	buildSampleBundle(t, dir)
	ffmpeg(t, "-i", filepath.Join(dir, "video/api.mp4"), "-map", "0:v", "-map", "0:a", "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus", "-avoid_negative_ts", "disabled",
		"-metadata:s:a:0", "language=eng", filepath.Join(dir, "video/api.webm"))
	c := readContent(t, dir)
	c.Files = append(c.Files, bundle.File{Path: "video/api.webm", Role: bundle.RoleVideo})
	writeManifestAndSums(t, dir, c)
	report, err := bundle.Verify(t.Context(), tools, dir)
	must(t, err)
	if !report.OK {
		t.Errorf("%+v", report.Failed())
	}
}

func TestVerify_NotABundle(t *testing.T) {
	if _, err := bundle.Verify(t.Context(), media.Tools{}, t.TempDir()); inputerr.As(err) == nil {
		t.Errorf("an empty directory gave %v, want an input error", err)
	}
}
