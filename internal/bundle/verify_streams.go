package bundle

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/timeline"
)

// checkVideos records for every video whether its streams, frame times, durations, languages,
// chapters and subtitles are right, as ffprobe reads them. It deliberately shares no code with the
// stages that make videos.
func (v *verifier) checkVideos(ctx context.Context) error {
	for _, f := range v.filesWithRole(RoleVideo) {
		probed, err := v.probeStreams(ctx, f.Path)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err == nil {
			err = checkStreamKinds(probed, f)
		}
		v.record(f.Path, "streams", fmt.Sprintf("%d streams as expected", len(probed.Streams)), err)
		if err != nil {
			continue
		}
		frames, err := v.checkFrames(ctx, f.Path, probed.Streams[0])
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		v.record(f.Path, "frames", fmt.Sprintf("%d frames, each at its time", frames), err)
		v.record(f.Path, "durations", "video and audio last as long as the programme", v.checkDurations(probed))
		v.record(f.Path, "languages", "tagged as expected", v.checkLanguageTags(probed, f))
		if sections, _ := v.content.Talk.Sections(v.content.Edition.Programme); len(sections) > 0 {
			v.record(f.Path, "chapters", fmt.Sprintf("%d chapters, each at its time", len(sections)), compareChapters(probed.Chapters, sections))
		}
		if len(f.SubtitleLanguages) == 0 {
			continue
		}
		inside, err := v.readTimedText(ctx, f.Path, probed)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		for i, language := range f.SubtitleLanguages {
			problem := err
			if problem == nil {
				problem = v.checkSoftSubtitles(f.Path, inside[2+len(f.AudioLanguages)+i], language)
			}
			v.record(f.Path, "soft subtitles", language+": same cues as the caption files", problem)
		}
	}
	return nil
}

// checkAudioFiles records for every audio file whether its stream, duration, language and chapters
// are right.
func (v *verifier) checkAudioFiles(ctx context.Context) error {
	for _, f := range v.filesWithRole(RoleAudio) {
		probed, err := v.probeStreams(ctx, f.Path)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err == nil && (len(probed.Streams) == 0 || probed.Streams[0].Kind != "audio") {
			err = inputerr.Coded("check.no_audio", "has no audio as its first stream")
		}
		v.record(f.Path, "streams", "one audio stream", err)
		if err != nil {
			continue
		}
		v.record(f.Path, "durations", "lasts as long as the programme", v.checkAudioDuration(probed.Streams[0]))
		v.record(f.Path, "languages", "tagged as expected", checkLanguageTag(probed.Streams[0], f.Language))
		if sections, _ := v.content.Talk.Localized(f.Language).Sections(v.content.Edition.Programme); len(sections) > 0 {
			v.record(f.Path, "chapters", fmt.Sprintf("%d chapters, each at its time", len(sections)), compareChapters(probed.Chapters, sections))
		}
	}
	return nil
}

// checkAudioDuration returns an error if the duration of an audio file differs from the programme's
// by more than 50 ms, a padded last packet.
func (v *verifier) checkAudioDuration(s probedStream) error {
	const packet = 50 * time.Millisecond
	if d, err := parseSeconds(s.Duration); err != nil || (d-v.content.Edition.Programme.Duration()).Abs() > packet {
		return inputerr.Coded("check.audio_length", "has audio of {found} s, and the programme lasts {expected}", "found", s.Duration, "expected", v.content.Edition.Programme.Duration())
	}
	return nil
}

// probedFile is the output of ffprobe for a file.
type probedFile struct {
	Format struct {
		Duration string `json:"duration"`
	} `json:"format"`
	Streams  []probedStream  `json:"streams"`
	Chapters []probedChapter `json:"chapters"`
}

type probedChapter struct {
	Start string            `json:"start_time"`
	Tags  map[string]string `json:"tags"`
}

type probedStream struct {
	Index     int               `json:"index"`
	Kind      string            `json:"codec_type"`
	Codec     string            `json:"codec_name"`
	Width     int               `json:"width"`
	Height    int               `json:"height"`
	TimeBase  string            `json:"time_base"`
	StartTime string            `json:"start_time"`
	Duration  string            `json:"duration"`
	Tags      map[string]string `json:"tags"`
}

func (v *verifier) probeStreams(ctx context.Context, path string) (c probedFile, err error) {
	err = v.runFFprobe(ctx, path, []string{"-show_streams", "-show_format", "-show_chapters", "-of", "json"}, func(r io.Reader) error {
		return json.NewDecoder(r).Decode(&c)
	})
	return c, err
}

// checkStreamKinds returns an error unless a video file has one video stream, then its audio
// streams and its subtitle streams, with the codec and size that the manifest says. In MP4,
// chapters are one more stream.
func checkStreamKinds(c probedFile, f File) error {
	want := []string{"video", "audio"}
	for range f.AudioLanguages {
		want = append(want, "audio")
	}
	for range f.SubtitleLanguages {
		want = append(want, "subtitle")
	}
	if len(c.Chapters) > 0 && strings.HasSuffix(f.Path, ".mp4") {
		want = append(want, "data")
	}
	var got []string
	for _, s := range c.Streams {
		got = append(got, s.Kind)
	}
	if !slices.Equal(got, want) {
		return inputerr.Coded("check.streams", "has the streams {found} and should have {expected}", "found", strings.Join(got, ", "), "expected", strings.Join(want, ", "))
	}
	var facts struct {
		Codec  string `json:"codec"`
		Width  int    `json:"width"`
		Height int    `json:"height"`
	}
	if len(f.Media) > 0 {
		if err := json.Unmarshal(f.Media, &facts); err != nil {
			return fmt.Errorf("cannot be compared with %s: its media facts: %w", ManifestName, err)
		}
	}
	picture := c.Streams[0]
	if facts.Codec != "" && (facts.Codec != picture.Codec || facts.Width != picture.Width || facts.Height != picture.Height) {
		return inputerr.Coded("check.video_format", "has video {found}, but {list} says {expected}", "found", fmt.Sprintf("%s %d×%d", picture.Codec, picture.Width, picture.Height), "list", ManifestName, "expected", fmt.Sprintf("%s %d×%d", facts.Codec, facts.Width, facts.Height))
	}
	return nil
}

// checkFrames returns the number of frames, or an error unless each frame n is shown at n/rate and
// there are as many as the programme has. In a file whose time base cannot express that time, such
// as WebM's milliseconds, a neighbouring tick is right.
func (v *verifier) checkFrames(ctx context.Context, path string, picture probedStream) (n int64, err error) {
	base, err := timeline.ParseRate(picture.TimeBase)
	if err != nil {
		return 0, fmt.Errorf("time base: %w", err)
	}
	var shown []int64
	var flagged int
	err = v.runFFprobe(ctx, path, []string{"-select_streams", "0", "-show_entries", "packet=pts,flags", "-of", "csv=p=0"}, func(r io.Reader) error {
		lines := bufio.NewScanner(r)
		for lines.Scan() {
			pts, flags, _ := strings.Cut(lines.Text(), ",")
			if strings.ContainsAny(flags, "DC") {
				flagged++ // discarded or corrupt
			}
			t, err := strconv.ParseInt(pts, 10, 64)
			if err != nil {
				return inputerr.Coded("check.no_timestamp", "video packet {packet} has no timestamp", "packet", len(shown))
			}
			shown = append(shown, t)
		}
		return lines.Err()
	})
	if err != nil {
		return 0, err
	}
	slices.Sort(shown)
	rate := v.content.Edition.Programme.Rate
	for n, t := range shown {
		if !isFrameTime(int64(n), t, rate, base) {
			return 0, inputerr.Coded("check.frame_time", "frame {frame} is shown at {found} s and should be shown at {expected} s", "frame", n, "found", formatTicks(t, base), "expected", formatTicks(int64(n), timeline.Rate{Num: rate.Den, Den: rate.Num}))
		}
	}
	if want := v.content.Edition.Programme.Frames(); int64(len(shown)) != want {
		return 0, inputerr.Coded("check.frame_count", "has {found} frames, and the programme has {expected}", "found", len(shown), "expected", want)
	}
	if flagged > 0 {
		return 0, inputerr.Coded("check.corrupt_frames", "has {found} frames that are corrupt or discarded", "found", flagged)
	}
	return int64(len(shown)), nil
}

// isFrameTime reports whether tick t of the time base is the time of frame n or, if that time
// falls between two ticks, one of these.
func isFrameTime(n, t int64, rate, base timeline.Rate) bool {
	off := new(big.Rat).Sub(
		new(big.Rat).Mul(big.NewRat(t, 1), big.NewRat(base.Num, base.Den)),
		new(big.Rat).Mul(big.NewRat(n, 1), big.NewRat(rate.Den, rate.Num)))
	if off.Sign() == 0 {
		return true
	}
	frame := new(big.Rat).Quo(big.NewRat(rate.Den, rate.Num), big.NewRat(base.Num, base.Den))
	return !frame.IsInt() && off.Abs(off).Cmp(big.NewRat(base.Num, base.Den)) < 0
}

// formatTicks returns tick t of a time base in seconds, with six decimals.
func formatTicks(t int64, base timeline.Rate) string {
	return new(big.Rat).Mul(big.NewRat(t, 1), big.NewRat(base.Num, base.Den)).FloatString(6)
}

// checkDurations returns an error unless the video and audio streams start at 0, to half a frame,
// and last as long as the programme, to a frame.
func (v *verifier) checkDurations(c probedFile) error {
	p := v.content.Edition.Programme
	frame, whole := p.Rate.Time(1)+time.Millisecond, p.Duration()
	for _, s := range c.Streams {
		if s.Kind != "video" && s.Kind != "audio" {
			continue
		}
		if start, err := parseSeconds(s.StartTime); err != nil || start.Abs() > frame/2 {
			return inputerr.Coded("check.stream_start", "has {kind} that begins at {found} s", "kind", s.Kind, "found", s.StartTime)
		}
		length := s.Duration
		if length == "" {
			length = matroskaSeconds(s.Tags["DURATION"])
		}
		if d, err := parseSeconds(length); err != nil || (d-whole).Abs() > frame {
			return inputerr.Coded("check.stream_length", "has {kind} of {found} s, and the programme lasts {expected}", "kind", s.Kind, "found", length, "expected", whole)
		}
	}
	if d, err := parseSeconds(c.Format.Duration); err != nil || (d-whole).Abs() > frame {
		return inputerr.Coded("check.file_length", "lasts {found} s, and the programme lasts {expected}", "found", c.Format.Duration, "expected", whole)
	}
	return nil
}

func parseSeconds(s string) (time.Duration, error) {
	return time.ParseDuration(s + "s")
}

// matroskaSeconds converts the DURATION tag of a WebM stream, "00:01:02.500000000", to seconds,
// and returns any other text unchanged.
func matroskaSeconds(s string) string {
	var h, m int
	var sec float64
	if _, err := fmt.Sscanf(s, "%d:%d:%f", &h, &m, &sec); err != nil {
		return s
	}
	return strconv.FormatFloat(float64(h*3600+m*60)+sec, 'f', 6, 64)
}

// checkLanguageTags returns an error unless the audio and subtitle streams are tagged with the
// languages that the manifest says.
func (v *verifier) checkLanguageTags(c probedFile, f File) error {
	for i, language := range slices.Concat([]string{v.content.Talk.Language}, f.AudioLanguages, f.SubtitleLanguages) {
		if err := checkLanguageTag(c.Streams[1+i], language); err != nil {
			return err
		}
	}
	return nil
}

// checkLanguageTag returns an error unless a stream is tagged with the ISO 639-2 code of a BCP 47
// language.
func checkLanguageTag(s probedStream, language string) error {
	want := conference.ISO639(language)
	got := s.Tags["language"]
	if got != want && !(want == "und" && got == "") {
		return inputerr.Coded("check.stream_language", "stream {stream} ({kind}) is tagged “{found}” and should be “{expected}” for {tag}", "stream", s.Index, "kind", s.Kind, "found", got, "expected", want, "tag", language)
	}
	return nil
}

// compareChapters returns an error unless the chapters in a file have the titles and times of want,
// in programme time.
func compareChapters(got []probedChapter, want []conference.Section) error {
	for i := range min(len(got), len(want)) {
		at, err := parseSeconds(got[i].Start)
		if err != nil || !withinMillisecond(at, want[i].From) || got[i].Tags["title"] != want[i].Title {
			return inputerr.Coded("check.chapter", "chapter {chapter} is “{found}” at {foundstart} s and should be “{expected}” at {expectedstart}", "chapter", i+1, "found", got[i].Tags["title"], "foundstart", got[i].Start, "expected", want[i].Title, "expectedstart", want[i].From)
		}
	}
	if len(got) != len(want) {
		return inputerr.Coded("check.chapter_count", "has {found} chapters and should have {expected}", "found", len(got), "expected", len(want))
	}
	return nil
}

// runFFprobe runs ffprobe on a file of the bundle, and calls read with its output. If ffprobe
// reports anything, that is an error. The file is as untrusted as a recording, and is opened with
// the same limits.
func (v *verifier) runFFprobe(ctx context.Context, path string, args []string, read func(io.Reader) error) error {
	messages, err := v.tools.Inspect(ctx, append(append([]string{"-v", "error"}, args...), media.InputArgs(v.path(path))...), read)
	if err != nil {
		return fmt.Errorf("cannot be read: %w", err)
	}
	messages = strings.TrimSpace(messages)
	if messages != "" {
		return inputerr.Coded("check.ffprobe", "ffprobe reports: {message}", "message", messages)
	}
	return nil
}
