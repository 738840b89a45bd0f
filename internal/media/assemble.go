package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	ffmpeg "github.com/u2takey/ffmpeg-go"

	"github.com/lectern-av/lectern/internal/timeline"
)

// SegmentMismatchError is returned for a segment whose decoder configuration differs from the
// first one's, so that they cannot be joined. Encoding all segments again helps.
type SegmentMismatchError struct {
	Segment int // counted from 0
}

func (e *SegmentMismatchError) Error() string {
	return fmt.Sprintf("segment %d has another decoder configuration than the first one, so they cannot be joined", e.Segment)
}

// AssembleInputs are the files that a video file is joined from.
type AssembleInputs struct {
	Segments  []string // video-only MP4s, to be joined end to end
	Sounds    []string // the sound of the whole programme, one file for each language
	Subtitles []string // one file for each language (see Container.SubtitleExtension)
}

// Assemble joins segments and their sounds into the file out, with subtitle streams and chapters if
// there are any. It copies all streams and encodes nothing. It writes temporary files to the
// directory scratch. It returns a *SegmentMismatchError if the segments cannot be joined. At the
// end it verifies the number of frames and the time of each, that every sound starts and ends with
// the video, the languages and the chapters, and returns an error if one of them is wrong. progress
// may be nil.
func (t Tools) Assemble(ctx context.Context, spec AssembleSpec, from AssembleInputs, out, scratch string, progress func(Progress)) (VideoFacts, error) {
	j, err := t.newAssembler(spec, from, out, scratch, progress)
	if err != nil {
		return VideoFacts{}, err
	}
	if err := j.write(ctx); err != nil {
		return VideoFacts{}, fmt.Errorf("join %d segments: %w", len(from.Segments), err)
	}
	result, err := t.verifyOutput(ctx, out, spec.Rate, spec.Frames)
	if err != nil {
		return VideoFacts{}, err
	}
	if err := result.verifySounds(spec.audioLanguages()); err != nil {
		return VideoFacts{}, fmt.Errorf("%s failed verification: %w", filepath.Base(out), err)
	}
	if err := result.verifySubtitles(spec.Subtitles); err != nil {
		return VideoFacts{}, err
	}
	return result.VideoFacts, t.verifyChapters(ctx, out, spec.Chapters)
}

// assembler writes one video file.
type assembler struct {
	Tools
	spec       AssembleSpec
	from       AssembleInputs
	out        string
	progress   func(Progress)
	segments   string // path of the concat list
	chapters   string // path of the FFMETADATA file; "" if there are no chapters
	indexBytes int64  // bytes to reserve for the file's index
}

func (t Tools) newAssembler(spec AssembleSpec, from AssembleInputs, out, scratch string, progress func(Progress)) (*assembler, error) {
	if len(from.Subtitles) != len(spec.Subtitles) || len(from.Sounds) != len(spec.audioLanguages()) {
		return nil, fmt.Errorf("%d subtitle files for %d languages, %d sounds for %d",
			len(from.Subtitles), len(spec.Subtitles), len(from.Sounds), len(spec.audioLanguages()))
	}
	if err := checkJoinable(from.Segments); err != nil {
		return nil, err
	}
	samples, err := estimateTextSamples(from.Subtitles)
	if err != nil {
		return nil, err
	}
	j := &assembler{Tools: t, spec: spec, from: from, out: out, progress: progress}
	j.indexBytes = estimateIndexSize(spec.Frames, spec.Rate, samples, len(from.Sounds)) + estimateChapterSize(spec.Chapters)
	if j.segments, err = writeConcatList(from.Segments, scratch); err != nil {
		return nil, fmt.Errorf("list the segments: %w", err)
	}
	if len(spec.Chapters) > 0 {
		if j.chapters, err = writeFFMetadata(nil, spec.Chapters, scratch); err != nil {
			return nil, fmt.Errorf("list the chapters: %w", err)
		}
	}
	return j, nil
}

// write writes the file with its index in front, so that browsers can play it while it loads. It
// reserves room for the index beforehand; if that was too little for an MP4, it writes the file
// again and moves the index, which takes twice the time.
func (j *assembler) write(ctx context.Context) error {
	room := strconv.FormatInt(j.indexBytes, 10)
	if j.spec.Container.Matroska() {
		return j.run(ctx, options{"format": j.spec.Container.muxerName(), "reserve_index_space": room})
	}
	scale := strconv.FormatInt(Timescale(j.spec.Rate), 10)
	layout := options{"format": "mp4", "video_track_timescale": scale, "movie_timescale": scale}
	once := maps.Clone(layout)
	once["moov_size"] = room
	err := j.run(ctx, once)
	var failed *ToolError
	if !errors.As(err, &failed) || !strings.Contains(failed.Stderr, "reserved_moov_size is too small") {
		return err
	}
	layout["movflags"] = "+faststart"
	return j.run(ctx, layout)
}

func (j *assembler) run(ctx context.Context, layout options) error {
	args, err := buildArgs(func() *ffmpeg.Stream { return j.graph(layout) })
	if err != nil {
		return err
	}
	_, err = j.Run(ctx, addFFMetadataInput(args, j.chapters, false), j.progress)
	return err
}

func (j *assembler) graph(layout options) *ffmpeg.Stream {
	// auto_convert would repeat parameter sets in the stream, which segments of equal
	// configuration do not need.
	joined := ffmpeg.Input(fileURL(j.segments), options{
		"f": "concat", "safe": "0", "auto_convert": "0", "protocol_whitelist": allowedProtocols,
	})
	scale := Timescale(j.spec.Rate)
	if j.spec.Container.Matroska() {
		scale = 1000
	}
	o := options{ // map_metadata without g and s would also remove the titles of chapters
		"c": "copy", "map_metadata:g": "-1", "map_metadata:s": "-1", "fflags": "+bitexact",
		"bsf:v": snapToFramesFilter(j.spec.Rate, scale), "metadata": metadataArgs(j.spec.Metadata),
	}
	if j.chapters == "" {
		o["map_chapters"] = "-1"
	}
	maps.Copy(o, layout)
	streams := []*ffmpeg.Stream{joined.Get("v:0")}
	for i, language := range j.spec.audioLanguages() {
		streams = append(streams, openInput(j.from.Sounds[i]).Get("a:0"))
		labelStream(o, "a", i, language, len(j.spec.ExtraLanguages) > 0)
		if len(j.spec.ExtraLanguages) > 0 {
			o[fmt.Sprintf("disposition:a:%d", i)] = map[bool]string{true: "default", false: "0"}[i == 0]
		}
	}
	for i, language := range j.spec.Subtitles {
		streams = append(streams, openSubtitles(j.from.Subtitles[i]).Get("s:0"))
		labelStream(o, "s", i, language, true)
		o[fmt.Sprintf("disposition:s:%d", i)] = "0"
	}
	return ffmpeg.Output(streams, fileURL(j.out), o)
}

// metadataArgs returns metadata as key=value, sorted by key.
func metadataArgs(metadata map[string]string) []string {
	all := []string{}
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		all = append(all, key+"="+metadata[key])
	}
	return all
}

// checkJoinable returns a *SegmentMismatchError for the first segment whose decoder configuration
// differs from that of segment 0.
func checkJoinable(segments []string) error {
	var first []byte
	for i, path := range segments {
		c, err := decoderConfiguration(path)
		if err != nil {
			return err
		}
		if i == 0 {
			first = c
		}
		if !bytes.Equal(c, first) {
			return &SegmentMismatchError{Segment: i}
		}
	}
	return nil
}

// writeConcatList writes a list of segments for ffmpeg's concat demuxer into scratch, and returns
// its path. The list names symbolic links beside it, since the paths themselves might need quoting.
func writeConcatList(segments []string, scratch string) (string, error) {
	var names strings.Builder
	for i, path := range segments {
		abs, err := filepath.Abs(path)
		if err != nil {
			return "", err
		}
		name := fmt.Sprintf("segment-%06d.mp4", i)
		if err := os.Symlink(abs, filepath.Join(scratch, name)); err != nil {
			return "", err
		}
		fmt.Fprintf(&names, "file %s\n", name)
	}
	path := filepath.Join(scratch, "segments.ffconcat")
	return path, os.WriteFile(path, []byte("ffconcat version 1.0\n"+names.String()), 0o644)
}

// snapToFramesFilter returns a bitstream filter of ffmpeg that rounds all timestamps and durations
// to whole frames. scale is the number of ticks a second. The filter is needed because the concat
// demuxer adds durations in whole microseconds, which drift after some dozens of joins at 29.97
// frames a second.
func snapToFramesFilter(rate timeline.Rate, scale int64) string {
	expr := func(ts string) string {
		frame := fmt.Sprintf("%d/%d", rate.Den*scale, rate.Num) // ticks
		return fmt.Sprintf("round(round(%s/(%s))*%s)", ts, frame, frame)
	}
	return fmt.Sprintf("setts=pts=%s:dts=%s:duration=%s", expr("PTS"), expr("DTS"), expr("DURATION"))
}

// estimateIndexSize returns an upper bound for the index of an MP4 or WebM, in bytes: 64 KiB, and
// an amount for each frame, each second of each sound, and each subtitle cue.
func estimateIndexSize(frames int64, rate timeline.Rate, cues int64, sounds int) int64 {
	seconds := int64(rate.Time(frames)/time.Second) + 1
	return 64<<10 + frames*24 + seconds*100*16*int64(sounds) + cues*64
}
