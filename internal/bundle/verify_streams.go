package bundle

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/timeline"
)

// checkVideos looks at every video as a player would. It shares no code with what makes
// videos, on purpose.
func (v *verifier) checkVideos() error {
	for _, f := range v.filesWithRole(RoleVideo) {
		shown, err := v.probeStreams(f.Path)
		if v.ctx.Err() != nil {
			return context.Cause(v.ctx)
		}
		if err == nil {
			err = v.checkStreamKinds(shown, f)
		}
		v.record(f.Path, "streams", fmt.Sprintf("%d streams, as they should be", len(shown.Streams)), err)
		if err != nil {
			continue
		}
		frames, err := v.checkFrames(f.Path, shown.Streams[0])
		if v.ctx.Err() != nil {
			return context.Cause(v.ctx)
		}
		v.record(f.Path, "frames", fmt.Sprintf("%d, each at its time", frames), err)
		v.record(f.Path, "durations", "as long as the programme, sound and picture from the start", v.checkDurations(shown))
		v.record(f.Path, "languages", "as players read them", v.checkLanguageTags(shown, f))
		if sections, _ := v.content.Talk.Sections(v.content.Edition.Programme); len(sections) > 0 {
			v.record(f.Path, "chapters", fmt.Sprintf("%d, each at its time", len(sections)), compareChapters(shown.Chapters, sections))
		}
		if len(f.SubtitleLanguages) == 0 {
			continue
		}
		inside, err := v.readTimedText(f.Path, shown)
		if v.ctx.Err() != nil {
			return context.Cause(v.ctx)
		}
		for i, language := range f.SubtitleLanguages {
			problem := err
			if problem == nil {
				problem = v.checkSoftSubtitles(inside[2+len(f.AudioLanguages)+i], language)
			}
			v.record(f.Path, "soft subtitles", language+", the same as its sidecars", problem)
		}
	}
	return nil
}

// checkAudioFiles looks at every file of sound alone as a player of podcasts would.
func (v *verifier) checkAudioFiles() error {
	for _, f := range v.filesWithRole(RoleAudio) {
		shown, err := v.probeStreams(f.Path)
		if v.ctx.Err() != nil {
			return context.Cause(v.ctx)
		}
		if err == nil && (len(shown.Streams) == 0 || shown.Streams[0].Kind != "audio") {
			err = errors.New("it does not begin with a sound")
		}
		v.record(f.Path, "streams", "a sound, as it should be", err)
		if err != nil {
			continue
		}
		v.record(f.Path, "durations", "as long as the programme", v.checkAudioDuration(shown.Streams[0]))
		v.record(f.Path, "languages", "as players read it", checkLanguageTag(shown.Streams[0], f.Language))
		if sections, _ := v.content.Talk.Localized(f.Language).Sections(v.content.Edition.Programme); len(sections) > 0 {
			v.record(f.Path, "chapters", fmt.Sprintf("%d, each at its time", len(sections)), compareChapters(shown.Chapters, sections))
		}
	}
	return nil
}

// checkAudioDuration allows for the packet that fills up the end of a sound.
func (v *verifier) checkAudioDuration(s probedStream) error {
	const packet = 50 * time.Millisecond
	if d, err := parseSeconds(s.Duration); err != nil || (d-v.content.Edition.Programme.Duration()).Abs() > packet {
		return fmt.Errorf("its sound lasts %s s, and the programme lasts %v", s.Duration, v.content.Edition.Programme.Duration())
	}
	return nil
}

// probedFile is what ffprobe says of a file.
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

func (v *verifier) probeStreams(path string) (c probedFile, err error) {
	err = v.runFFprobe(path, []string{"-show_streams", "-show_format", "-show_chapters", "-of", "json"}, func(r io.Reader) error {
		return json.NewDecoder(r).Decode(&c)
	})
	return c, err
}

// checkStreamKinds expects a picture, the sounds and the soft subtitles, in this order, with the facts
// of the manifest. MP4 has its chapters in a stream of their own.
func (v *verifier) checkStreamKinds(c probedFile, f File) error {
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
		return fmt.Errorf("its streams are %v and should be %v", got, want)
	}
	var facts struct {
		Codec  string `json:"codec"`
		Width  int    `json:"width"`
		Height int    `json:"height"`
	}
	if len(f.Media) > 0 {
		if err := json.Unmarshal(f.Media, &facts); err != nil {
			return fmt.Errorf("%s: media facts: %w", ManifestName, err)
		}
	}
	picture := c.Streams[0]
	if facts.Codec != "" && (facts.Codec != picture.Codec || facts.Width != picture.Width || facts.Height != picture.Height) {
		return fmt.Errorf("its picture is %s of %d×%d, and %s says %s of %d×%d", picture.Codec, picture.Width, picture.Height, ManifestName, facts.Codec, facts.Width, facts.Height)
	}
	return nil
}

// checkFrames asks of every picture that frame n is shown at n/rate: exactly where the file's
// clock can say so, to the tick where it cannot (WebM counts milliseconds).
func (v *verifier) checkFrames(path string, picture probedStream) (n int64, err error) {
	base, err := timeline.ParseRate(picture.TimeBase)
	if err != nil {
		return 0, fmt.Errorf("its clock: %w", err)
	}
	var shown []int64
	var flagged int
	err = v.runFFprobe(path, []string{"-select_streams", "0", "-show_entries", "packet=pts,flags", "-of", "csv=p=0"}, func(r io.Reader) error {
		lines := bufio.NewScanner(r)
		for lines.Scan() {
			pts, flags, _ := strings.Cut(lines.Text(), ",")
			if strings.ContainsAny(flags, "DC") {
				flagged++ // decoded and not shown, or corrupt
			}
			t, err := strconv.ParseInt(pts, 10, 64)
			if err != nil {
				return fmt.Errorf("packet %d of the picture has no time", len(shown))
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
			return 0, fmt.Errorf("frame %d is shown at %s s and belongs at %s s", n, formatTicks(t, base), formatTicks(int64(n), timeline.Rate{Num: rate.Den, Den: rate.Num}))
		}
	}
	if want := v.content.Edition.Programme.Frames(); int64(len(shown)) != want {
		return 0, fmt.Errorf("it has %d frames, and the programme has %d", len(shown), want)
	}
	if flagged > 0 {
		return 0, fmt.Errorf("%d of its frames are damaged or not shown", flagged)
	}
	return int64(len(shown)), nil
}

// isFrameTime reports whether tick t of base is frame n's time, or where that falls between
// two ticks, one of them.
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

func formatTicks(t int64, base timeline.Rate) string {
	return new(big.Rat).Mul(big.NewRat(t, 1), big.NewRat(base.Num, base.Den)).FloatString(6)
}

// checkDurations compares how long picture and sound last, and where they begin, with the
// programme; a frame is what they may be off.
func (v *verifier) checkDurations(c probedFile) error {
	p := v.content.Edition.Programme
	frame, whole := p.Rate.Time(1)+time.Millisecond, p.Duration()
	for _, s := range c.Streams {
		if s.Kind != "video" && s.Kind != "audio" {
			continue
		}
		if start, err := parseSeconds(s.StartTime); err != nil || start.Abs() > frame/2 {
			return fmt.Errorf("its %s begins at %s s", s.Kind, s.StartTime)
		}
		length := s.Duration
		if length == "" {
			length = parseMatroskaDuration(s.Tags["DURATION"])
		}
		if d, err := parseSeconds(length); err != nil || (d-whole).Abs() > frame {
			return fmt.Errorf("its %s lasts %s s, and the programme lasts %v", s.Kind, length, whole)
		}
	}
	if d, err := parseSeconds(c.Format.Duration); err != nil || (d-whole).Abs() > frame {
		return fmt.Errorf("it lasts %s s, and the programme lasts %v", c.Format.Duration, whole)
	}
	return nil
}

func parseSeconds(s string) (time.Duration, error) {
	return time.ParseDuration(s + "s")
}

// parseMatroskaDuration is "00:01:02.500000000", as WebM tags a stream's length, in seconds.
func parseMatroskaDuration(s string) string {
	var h, m int
	var sec float64
	if _, err := fmt.Sscanf(s, "%d:%d:%f", &h, &m, &sec); err != nil {
		return s
	}
	return strconv.FormatFloat(float64(h*3600+m*60)+sec, 'f', 6, 64)
}

// checkLanguageTags compares the tags of sound and subtitles with those the manifest asks for.
func (v *verifier) checkLanguageTags(c probedFile, f File) error {
	for i, language := range slices.Concat([]string{v.content.Talk.Language}, f.AudioLanguages, f.SubtitleLanguages) {
		if err := checkLanguageTag(c.Streams[1+i], language); err != nil {
			return err
		}
	}
	return nil
}

// checkLanguageTag compares a stream's tag with the one for a language.
func checkLanguageTag(s probedStream, language string) error {
	want := conference.ISO639(language)
	if got := s.Tags["language"]; got != want && !(want == "und" && got == "") {
		return fmt.Errorf("stream %d (%s) is tagged %q and should be %q for %s", s.Index, s.Kind, got, want, language)
	}
	return nil
}

// compareChapters compares what a player offers to go to with what the talk's chapters and the
// cut make of it.
func compareChapters(got []probedChapter, want []conference.Section) error {
	for i := range min(len(got), len(want)) {
		at, err := parseSeconds(got[i].Start)
		if err != nil || !withinMillisecond(at, want[i].From) || got[i].Tags["title"] != want[i].Title {
			return fmt.Errorf("chapter %d is %q at %s s, and should be %q at %v", i+1, got[i].Tags["title"], got[i].Start, want[i].Title, want[i].From)
		}
	}
	if len(got) != len(want) {
		return fmt.Errorf("it has %d chapters and should have %d", len(got), len(want))
	}
	return nil
}

// runFFprobe runs ffprobe on a file of the bundle. The file may come from anywhere, so it is
// opened like any recording.
func (v *verifier) runFFprobe(path string, args []string, read func(io.Reader) error) error {
	said, err := v.tools.Inspect(v.ctx, append(append([]string{"-v", "error"}, args...), media.InputArgs(v.path(path))...), read)
	if err != nil {
		return fmt.Errorf("it cannot be read: %w", err)
	}
	if said = strings.TrimSpace(said); said != "" {
		return fmt.Errorf("ffprobe finds fault with it: %s", said)
	}
	return nil
}
