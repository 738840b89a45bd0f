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

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/timeline"
)

// UnlikeError is a segment whose decoder configuration is not that of the first one, so
// that they cannot be joined. Encoding all of them anew helps.
type UnlikeError struct {
	Segment int // counted from 0
}

func (e *UnlikeError) Error() string {
	return fmt.Sprintf("segment %d is configured unlike the first one; they cannot be joined", e.Segment)
}

// Parts are the files that a film is made of.
type Parts struct {
	Segments  []string // MP4s of pictures, end to end
	Audio     string   // the sound of them all
	Subtitles []string // MP4s of text, one for each language of the spec (see subtitle.WriteMP4)
}

// Assemble joins segments end to end under their sound into out, with soft subtitles if
// there are any, copying all and encoding nothing. It uses the directory scratch. The
// result is proved: the frames, the time of each of them, that the sound starts and ends
// with the picture, and the languages. on, which may be nil, is told how far it is.
func (t Tools) Assemble(ctx context.Context, spec AssembleSpec, from Parts, out, scratch string, on func(Progress)) (VideoFacts, error) {
	if len(from.Subtitles) != len(spec.Subtitles) {
		return VideoFacts{}, fmt.Errorf("%d subtitle files for %d languages", len(from.Subtitles), len(spec.Subtitles))
	}
	segments := from.Segments
	if err := alike(segments); err != nil {
		return VideoFacts{}, err
	}
	samples, err := textSamples(from.Subtitles)
	if err != nil {
		return VideoFacts{}, err
	}
	list, err := list(segments, scratch)
	if err != nil {
		return VideoFacts{}, fmt.Errorf("list the segments: %w", err)
	}
	scale := Timescale(spec.Rate)
	if spec.Container == "webm" {
		scale = 1000
	}
	metadata := []string{}
	for _, key := range slices.Sorted(maps.Keys(spec.Metadata)) {
		metadata = append(metadata, key+"="+spec.Metadata[key])
	}
	build := func(layout options) func() *ffmpeg.Stream {
		return func() *ffmpeg.Stream {
			// auto_convert would put parameter sets into the stream, which the equal
			// configurations make needless.
			joined := ffmpeg.Input(locate(list), options{
				"f": "concat", "safe": "0", "auto_convert": "0", "protocol_whitelist": protocols,
			})
			o := options{
				"c": "copy", "map_metadata": "-1", "map_chapters": "-1", "fflags": "+bitexact",
				"bsf:v": snap(spec.Rate, scale), "metadata": metadata,
				"metadata:s:a:0": "language=" + conference.ISO639(spec.Language),
			}
			maps.Copy(o, layout)
			streams := []*ffmpeg.Stream{joined.Get("v:0"), open(from.Audio).Get("a:0")}
			return ffmpeg.Output(softSubtitles(spec, from.Subtitles, streams, o), locate(out), o)
		}
	}
	index := indexSize(spec.Frames, spec.Rate, samples)
	if spec.Container == "webm" {
		err = t.write(ctx, build(options{"format": "webm", "reserve_index_space": strconv.FormatInt(index, 10)}), on)
	} else {
		err = t.writeMP4(ctx, build, spec.Rate, index, on)
	}
	if err != nil {
		return VideoFacts{}, fmt.Errorf("join %d segments: %w", len(segments), err)
	}
	made, err := t.prove(ctx, out, spec.Rate, spec.Frames)
	if err != nil {
		return VideoFacts{}, err
	}
	if err := made.proveSound(); err != nil {
		return VideoFacts{}, fmt.Errorf("%s is not what was asked for: %w", filepath.Base(out), err)
	}
	return made.VideoFacts, made.proveSubtitles(spec.Subtitles)
}

// alike compares the configurations of segments.
func alike(segments []string) error {
	var first []byte
	for i, path := range segments {
		c, err := configuration(path)
		if err != nil {
			return err
		}
		if i == 0 {
			first = c
		}
		if !bytes.Equal(c, first) {
			return &UnlikeError{Segment: i}
		}
	}
	return nil
}

// list writes what ffmpeg's concat demuxer reads. Segments go by links beside it, whose
// names need no quoting.
func list(segments []string, scratch string) (string, error) {
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

// snap is a bitstream filter that puts every timestamp, counted in the given ticks a
// second, onto the frame grid. The concat demuxer adds up durations in whole microseconds,
// which at 29.97 frames a second drift from the grid after some dozens of joins.
func snap(rate timeline.Rate, scale int64) string {
	expr := func(ts string) string {
		frame := fmt.Sprintf("%d/%d", rate.Den*scale, rate.Num) // ticks
		return fmt.Sprintf("round(round(%s/(%s))*%s)", ts, frame, frame)
	}
	return fmt.Sprintf("setts=pts=%s:dts=%s:duration=%s", expr("PTS"), expr("DTS"), expr("DURATION"))
}

// indexSize is more than the index of an MP4 or WebM can take: per picture its size, time,
// group and place, per packet of sound its size and place, and per cue of subtitles.
func indexSize(frames int64, rate timeline.Rate, cues int64) int64 {
	seconds := int64(rate.Time(frames)/time.Second) + 1
	return 64<<10 + frames*24 + seconds*100*16 + cues*64
}

// writeMP4 writes an MP4 with its index in front, where browsers want it. It reserves the
// room beforehand, because moving the index there afterwards writes everything twice.
func (t Tools) writeMP4(ctx context.Context, build func(options) func() *ffmpeg.Stream, rate timeline.Rate, index int64, on func(Progress)) error {
	scale := strconv.FormatInt(Timescale(rate), 10)
	layout := options{"format": "mp4", "video_track_timescale": scale, "movie_timescale": scale}
	once := maps.Clone(layout)
	once["moov_size"] = strconv.FormatInt(index, 10)
	err := t.write(ctx, build(once), on)
	var failed *ToolError
	if !errors.As(err, &failed) || !strings.Contains(failed.Stderr, "reserved_moov_size is too small") {
		return err
	}
	layout["movflags"] = "+faststart"
	return t.write(ctx, build(layout), on)
}

func (t Tools) write(ctx context.Context, build func() *ffmpeg.Stream, on func(Progress)) error {
	args, err := arguments(build)
	if err != nil {
		return err
	}
	_, err = t.Run(ctx, args, on)
	return err
}
