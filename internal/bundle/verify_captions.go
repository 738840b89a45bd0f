package bundle

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/subtitle"
)

// checkTracks parses the caption files of every language, and records where they differ from one
// another, from the manifest and from the programme.
func (v *verifier) checkTracks(context.Context) error {
	claimed := map[string]bool{}
	for _, t := range v.content.Tracks {
		if canonical, err := subtitle.CanonicalLanguage(t.Language); err != nil || canonical != t.Language {
			v.record("", "language", "", inputerr.Coded("check.track_language", "a track has the language “{tag}”, which is not a canonical BCP 47 tag", "tag", t.Language))
		}
		if len(t.Files) == 0 && t.Cues > 0 {
			v.record("", "captions", "", inputerr.Coded("check.track_without_file", "the {tag} track has {n} cues but no file", "tag", t.Language, "n", t.Cues))
		}
		var first string
		for _, path := range t.Files {
			claimed[path] = true
			if _, ok := v.hashes[path]; !ok {
				continue // reported by checkManifest
			}
			v.record(path, "captions", fmt.Sprintf("%d cues within the programme", t.Cues), v.checkSidecar(path, t))
			if _, read := v.sidecars[path]; !read {
				continue
			}
			if first == "" {
				first = path
				continue
			}
			v.record(path, "captions", "same cues as "+first, compareCues(v.sidecars[first].Cues, v.sidecars[path].Cues, path, first))
		}
	}
	for _, f := range v.filesWithRole(RoleCaptions) {
		if !claimed[f.Path] {
			v.record(f.Path, "captions", "", inputerr.Coded("check.no_track", "belongs to no track of the manifest"))
		}
	}
	return nil
}

// checkSidecar parses a caption file of a track, keeps it in v.sidecars, and returns the first
// problem it finds.
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
	for _, d := range doc.Diagnostics { // players recover from less than our parser does; entities in SRT are plain text
		if d.Severity != subtitle.Note && d.Code != "entity" {
			return inputerr.Coded("check.caption_finding", "line {line}: {finding}", "line", d.Line, "finding", d.Message)
		}
	}
	return v.compareWithTrack(path, doc, t)
}

// compareWithTrack returns the first difference between a caption file, what the manifest says
// about its track t, and the programme.
func (v *verifier) compareWithTrack(path string, doc subtitle.Document, t Track) error {
	ext := strings.TrimPrefix(filepath.Ext(path), ".")
	end := v.content.Edition.Programme.Duration()
	last := slices.MaxFunc(doc.Cues, func(a, b conference.Cue) int { return cmp.Compare(a.End, b.End) })
	switch {
	case string(doc.Format) != ext:
		return inputerr.Coded("check.caption_format", "is in the format {format}", "format", doc.Format)
	case !strings.HasSuffix(path, "."+t.Language+"."+ext):
		return inputerr.Coded("check.caption_name", "has no {tag} in its name", "tag", t.Language)
	case len(doc.Cues) != t.Cues:
		return inputerr.Coded("check.cue_count", "has {found} cues, but {list} says {expected}", "found", len(doc.Cues), "list", ManifestName, "expected", t.Cues)
	case last.End > end+time.Millisecond: // files count milliseconds
		return inputerr.Coded("check.cue_after_end", "line {line}: the cue ends at {found}, after the end of the programme at {expected}", "line", last.Line, "found", last.End, "expected", end)
	case doc.Format == subtitle.WebVTT && doc.Language != t.Language:
		return inputerr.Coded("check.caption_language", "has the language “{found}”, but its track has “{expected}”", "found", doc.Language, "expected", t.Language)
	case doc.Format == subtitle.WebVTT && doc.Edition != v.content.Edition.ID:
		return inputerr.Coded("check.caption_edition", "was made for edition “{found}”, but the bundle is edition “{expected}”", "found", doc.Edition, "expected", v.content.Edition.ID)
	case doc.Format == subtitle.SRT && slices.ContainsFunc(doc.Cues, func(c conference.Cue) bool { return len(c.Spans) > 0 || c.Position != 0 }):
		return inputerr.Coded("check.caption_markup", "has markup, which YouTube does not accept")
	}
	return nil
}

// compareCues returns the first difference in text or time between two lists of cues as an error,
// or nil. In the error, a names the file of got, and b that of want.
func compareCues(want, got []conference.Cue, a, b string) error {
	for i := range min(len(want), len(got)) {
		w, g := want[i], got[i]
		if !withinMillisecond(w.Start, g.Start) || !withinMillisecond(w.End, g.End) {
			return inputerr.Coded("check.cue_times", "cue {cue} is at {start}–{end} in {file} but at {otherstart}–{otherend} in {other}", "cue", i+1, "start", g.Start, "end", g.End, "file", a, "otherstart", w.Start, "otherend", w.End, "other", b)
		}
		if w.Text != g.Text {
			return inputerr.Coded("check.cue_text", "cue {cue} is “{text}” in {file} but “{othertext}” in {other}", "cue", i+1, "text", g.Text, "file", a, "othertext", w.Text, "other", b)
		}
	}
	if len(want) != len(got) {
		return inputerr.Coded("check.cue_counts", "{file} has {found} cues, but {other} has {expected}", "file", a, "found", len(got), "other", b, "expected", len(want))
	}
	return nil
}

// withinMillisecond reports whether two times differ by at most a millisecond, as rounding may
// cause.
func withinMillisecond(a, b time.Duration) bool { return (a - b).Abs() <= time.Millisecond }

// checkSoftSubtitles returns the first difference between inside, the cues of a subtitle stream in
// the video at path, and the caption files of its language.
func (v *verifier) checkSoftSubtitles(path string, inside []conference.Cue, language string) error {
	track := slices.IndexFunc(v.content.Tracks, func(t Track) bool { return t.Language == language })
	if track < 0 {
		return inputerr.Coded("check.bundle_track", "the bundle has no {tag} track", "tag", language)
	}
	for _, sidecar := range v.content.Tracks[track].Files {
		doc, ok := v.sidecars[sidecar]
		if !ok {
			return inputerr.Coded("check.sidecar", "cannot be compared with {file}, which has problems of its own", "file", sidecar)
		}
		if err := compareCues(subtitle.Flatten(doc.Cues), subtitle.Flatten(inside), path, sidecar); err != nil {
			return err
		}
	}
	return nil
}

// readTimedText returns the cues of all subtitle streams of a video, by stream index. It reads the
// packets' bytes, because ffmpeg's decoder does not distinguish a line break from \N in the text.
func (v *verifier) readTimedText(ctx context.Context, path string, c probedFile) (map[int][]conference.Cue, error) {
	var out struct {
		Packets []textPacket `json:"packets"`
	}
	err := v.runFFprobe(ctx, path, []string{"-select_streams", "s", "-show_packets", "-show_data", "-of", "json"}, func(r io.Reader) error {
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
		if cue.Text != "" { // an empty sample fills the gap between two cues
			inside[p.Stream] = append(inside[p.Stream], cue)
		}
	}
	return inside, nil
}

// textPacket is a subtitle packet as ffprobe prints it.
type textPacket struct {
	Stream   int    `json:"stream_index"`
	Time     string `json:"pts_time"`
	Duration string `json:"duration_time"`
	Data     string `json:"data"`
}

// cue decodes the packet of a subtitle stream with that codec. In MP4 the text follows its length
// in two bytes; in Matroska it is the body of an SRT or WebVTT cue. An empty packet gives a cue
// without text.
func (p textPacket) cue(codec string) (c conference.Cue, err error) {
	b, err := parseHexDump(p.Data)
	if err != nil {
		return c, err
	}
	switch codec {
	case "mov_text":
		if len(b) < 2 || len(b) < 2+int(b[0])<<8+int(b[1]) {
			return c, inputerr.Coded("check.soft_damaged", "has damaged subtitles")
		}
		c.Text = string(b[2 : 2+int(b[0])<<8+int(b[1])])
	case "webvtt", "subrip":
		if c.Text, err = parseCueBody(codec, b); err != nil {
			return c, err
		}
	default:
		return c, inputerr.Coded("check.soft_format", "has subtitles in the format {format}, which players do not support", "format", codec)
	}
	if c.Text == "" {
		return c, nil
	}
	length, err := parseSeconds(p.Duration)
	if err != nil {
		return c, inputerr.Coded("check.soft_durations", "has subtitles without durations")
	}
	if c.Start, err = parseSeconds(p.Time); err != nil {
		return c, inputerr.Coded("check.soft_times", "has subtitles without times")
	}
	c.End = c.Start + length
	return c, nil
}

// parseCueBody returns the visible text of the body of an SRT or WebVTT cue. codec is "subrip" or
// "webvtt".
func parseCueBody(codec string, body []byte) (string, error) {
	head := "1\n00:00:00,000 --> 00:00:01,000\n"
	if codec == "webvtt" {
		head = "WEBVTT\n\n00:00.000 --> 00:01.000\n"
	}
	doc, err := subtitle.Parse("", append([]byte(head), body...), subtitle.Options{})
	if err != nil {
		return "", fmt.Errorf("subtitles: %w", err)
	}
	if len(doc.Cues) != 1 {
		return "", inputerr.Coded("check.soft_packet", "has a subtitle packet with {found} cues", "found", len(doc.Cues))
	}
	return doc.Cues[0].Text, nil
}

// parseHexDump decodes a hex dump of ffprobe, whose lines are like "00000000: 0011 4c69 … ..Li…".
func parseHexDump(dump string) ([]byte, error) {
	var all []byte
	for line := range strings.Lines(dump) {
		_, row, ok := strings.Cut(line, ": ")
		if !ok {
			continue
		}
		b, err := hex.DecodeString(strings.ReplaceAll(row[:min(len(row), 40)], " ", ""))
		if err != nil {
			return nil, fmt.Errorf("ffprobe printed an unexpected hex dump: %q", line)
		}
		all = append(all, b...)
	}
	return all, nil
}
