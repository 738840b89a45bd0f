package bundle

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/subtitle"
)

// checkTracks reads the sidecars of every language and compares them with one another, with
// the manifest and with the programme.
func (v *verifier) checkTracks() error {
	claimed := map[string]bool{}
	for _, t := range v.content.Tracks {
		if canonical, err := subtitle.CanonicalLanguage(t.Language); err != nil || canonical != t.Language {
			v.record("", "language", "", fmt.Errorf("a track is in %q, which is no canonical language tag", t.Language))
		}
		if len(t.Files) == 0 && t.Cues > 0 {
			v.record("", "captions", "", fmt.Errorf("the %s track has %d cues and no file", t.Language, t.Cues))
		}
		var first string
		for _, path := range t.Files {
			claimed[path] = true
			if _, ok := v.hashes[path]; !ok {
				continue // said already
			}
			v.record(path, "captions", fmt.Sprintf("%d cues, within the programme", t.Cues), v.checkSidecar(path, t))
			if _, read := v.sidecars[path]; !read {
				continue
			}
			if first == "" {
				first = path
				continue
			}
			v.record(path, "captions", "cue for cue as "+first, compareCues(v.sidecars[first].Cues, v.sidecars[path].Cues, "it", first))
		}
	}
	for _, f := range v.filesWithRole(RoleCaptions) {
		if !claimed[f.Path] {
			v.record(f.Path, "captions", "", errors.New("no track of the manifest has it"))
		}
	}
	return nil
}

// checkSidecar reads one file of a track.
func (v *verifier) checkSidecar(path string, t Track) error {
	data, err := os.ReadFile(v.path(path))
	if err != nil {
		return err
	}
	doc, err := subtitle.Parse(path, data, subtitle.Options{})
	if err != nil {
		return err
	}
	v.sidecars[path] = doc
	for _, d := range doc.Diagnostics { // players are less patient than Lectern; an entity is but text in SRT
		if d.Severity != subtitle.Note && d.Code != "entity" {
			return fmt.Errorf("its line %d: %s", d.Line, d.Message)
		}
	}
	ext := strings.TrimPrefix(filepath.Ext(path), ".")
	end := v.content.Edition.Programme.Duration()
	last := slices.MaxFunc(doc.Cues, func(a, b conference.Cue) int { return cmp.Compare(a.End, b.End) })
	switch {
	case string(doc.Format) != ext:
		return fmt.Errorf("it is %s inside", doc.Format)
	case !strings.HasSuffix(path, "."+t.Language+"."+ext):
		return fmt.Errorf("its name does not say that it is in %s", t.Language)
	case len(doc.Cues) != t.Cues:
		return fmt.Errorf("it has %d cues, and %s says %d", len(doc.Cues), ManifestName, t.Cues)
	case last.End > end+time.Millisecond: // files count milliseconds
		return fmt.Errorf("its cue at line %d ends at %v, after the programme, which ends at %v", last.Line, last.End, end)
	case doc.Format == subtitle.WebVTT && doc.Language != t.Language:
		return fmt.Errorf("it says that it is in %q, and its track is in %q", doc.Language, t.Language)
	case doc.Format == subtitle.WebVTT && doc.Edition != v.content.Edition.ID:
		return fmt.Errorf("it was made for the edition %q, and the bundle is %q", doc.Edition, v.content.Edition.ID)
	case doc.Format == subtitle.SRT && slices.ContainsFunc(doc.Cues, func(c conference.Cue) bool { return len(c.Spans) > 0 || c.Position != 0 }):
		return errors.New("it has markup, which YouTube does not take")
	}
	return nil
}

// compareCues compares what viewers of two lists of cues see; they go by the names a and b.
func compareCues(want, got []conference.Cue, a, b string) error {
	for i := range min(len(want), len(got)) {
		w, g := want[i], got[i]
		if !withinMillisecond(w.Start, g.Start) || !withinMillisecond(w.End, g.End) {
			return fmt.Errorf("cue %d is at %v–%v in %s and at %v–%v in %s", i+1, g.Start, g.End, a, w.Start, w.End, b)
		}
		if w.Text != g.Text {
			return fmt.Errorf("cue %d is %q in %s and %q in %s", i+1, g.Text, a, w.Text, b)
		}
	}
	if len(want) != len(got) {
		return fmt.Errorf("%s has %d cues and %s has %d", a, len(got), b, len(want))
	}
	return nil
}

// withinMillisecond allows for times that were rounded to milliseconds twice.
func withinMillisecond(a, b time.Duration) bool { return (a - b).Abs() <= time.Millisecond }

// checkSoftSubtitles compares a text track inside a video with the sidecars of its language.
func (v *verifier) checkSoftSubtitles(inside []conference.Cue, language string) error {
	track := slices.IndexFunc(v.content.Tracks, func(t Track) bool { return t.Language == language })
	if track < 0 {
		return fmt.Errorf("the bundle has no %s track", language)
	}
	for _, sidecar := range v.content.Tracks[track].Files {
		doc, ok := v.sidecars[sidecar]
		if !ok {
			return fmt.Errorf("%s cannot be compared", sidecar)
		}
		if err := compareCues(subtitle.Flatten(doc.Cues), subtitle.Flatten(inside), "the video", sidecar); err != nil {
			return err
		}
	}
	return nil
}

// readTimedText is the cues of all text tracks of a video, by stream, byte by byte as the
// file has them: ffmpeg's decoder would not tell a line break from a \N in the text.
func (v *verifier) readTimedText(path string, c probedFile) (map[int][]conference.Cue, error) {
	var out struct {
		Packets []textPacket `json:"packets"`
	}
	err := v.runFFprobe(path, []string{"-select_streams", "s", "-show_packets", "-show_data", "-of", "json"}, func(r io.Reader) error {
		return json.NewDecoder(r).Decode(&out)
	})
	if err != nil {
		return nil, err
	}
	inside := map[int][]conference.Cue{}
	for _, p := range out.Packets {
		cue, err := p.cue(c.Streams[p.Stream].Codec)
		if err != nil {
			return nil, err
		}
		if cue.Text != "" { // else it is the space between two cues
			inside[p.Stream] = append(inside[p.Stream], cue)
		}
	}
	return inside, nil
}

// textPacket is a sample of timed text as ffprobe shows it.
type textPacket struct {
	Stream   int    `json:"stream_index"`
	Time     string `json:"pts_time"`
	Duration string `json:"duration_time"`
	Data     string `json:"data"`
}

// cue is the packet's text and its times. In MP4 its length stands before it; in Matroska it
// is a cue as SRT or WebVTT has it, without its first line.
func (p textPacket) cue(codec string) (c conference.Cue, err error) {
	b, err := parseHexDump(p.Data)
	if err != nil {
		return c, err
	}
	switch codec {
	case "mov_text":
		if len(b) < 2 || len(b) < 2+int(b[0])<<8+int(b[1]) {
			return c, errors.New("its subtitles are damaged")
		}
		c.Text = string(b[2 : 2+int(b[0])<<8+int(b[1])])
	case "webvtt", "subrip":
		if c.Text, err = parseCueBody(codec, b); err != nil {
			return c, err
		}
	default:
		return c, fmt.Errorf("its subtitles are %s, which players do not take", codec)
	}
	if c.Text == "" {
		return c, nil
	}
	length, err := parseSeconds(p.Duration)
	if err != nil {
		return c, fmt.Errorf("its subtitles have no lengths: %w", err)
	}
	if c.Start, err = parseSeconds(p.Time); err != nil {
		return c, fmt.Errorf("its subtitles have no times: %w", err)
	}
	c.End = c.Start + length
	return c, nil
}

// parseCueBody is what a viewer sees of a cue as SRT or WebVTT has it.
func parseCueBody(codec string, body []byte) (string, error) {
	head := "1\n00:00:00,000 --> 00:00:01,000\n"
	if codec == "webvtt" {
		head = "WEBVTT\n\n00:00.000 --> 00:01.000\n"
	}
	doc, err := subtitle.Parse("", append([]byte(head), body...), subtitle.Options{})
	if err != nil {
		return "", fmt.Errorf("its subtitles: %w", err)
	}
	if len(doc.Cues) != 1 {
		return "", fmt.Errorf("a packet of its subtitles holds %d cues", len(doc.Cues))
	}
	return doc.Cues[0].Text, nil
}

// parseHexDump is the bytes of ffprobe's hex dump: "00000000: 0011 4c69 …  ..Li…" in lines.
func parseHexDump(dump string) ([]byte, error) {
	var all []byte
	for line := range strings.Lines(dump) {
		_, row, ok := strings.Cut(line, ": ")
		if !ok {
			continue
		}
		b, err := hex.DecodeString(strings.ReplaceAll(row[:min(len(row), 40)], " ", ""))
		if err != nil {
			return nil, fmt.Errorf("ffprobe wrote an odd dump: %q", line)
		}
		all = append(all, b...)
	}
	return all, nil
}
