package media

import (
	"context"
	"encoding/json"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/timeline"
)

// container is the part of ffprobe's output that is used here. The names of fields without
// tags are ffprobe's.
type container struct {
	Streams []stream
	Format  struct {
		Name     string `json:"format_name"`
		Start    string `json:"start_time"`
		Duration string
	}
}

type stream struct {
	Index       int
	Kind        string `json:"codec_type"`
	CodecName   string `json:"codec_name"`
	Width       int64
	Height      int64
	SAR         string `json:"sample_aspect_ratio"`
	FieldOrder  string `json:"field_order"`
	PixelFormat string `json:"pix_fmt"`
	ColorSpace  string `json:"color_space"`
	ColorRange  string `json:"color_range"`
	Transfer    string `json:"color_transfer"`
	Primaries   string `json:"color_primaries"`
	Nominal     string `json:"r_frame_rate"`
	TimeBase    string `json:"time_base"`
	StartPTS    *int64 `json:"start_pts"`
	Length      int64  `json:"duration_ts"` // ticks; 0 if unknown
	Channels    int
	SampleRate  string         `json:"sample_rate"`
	Disposition map[string]int `json:"disposition"`
	Tags        map[string]string
	SideData    []sideData `json:"side_data_list"`
}

type sideData struct {
	Rotation   float64 // degrees
	Dolby      int     `json:"dv_profile"`                    // Dolby Vision
	Compatible int     `json:"dv_bl_signal_compatibility_id"` // format that other decoders can use: 0 for none
}

// container runs ffprobe on a file and returns its streams and format.
func (t Tools) container(ctx context.Context, path string) (c container, err error) {
	args := append([]string{"-show_format", "-show_streams", "-of", "json"}, InputArgs(path)...)
	_, err = t.Inspect(ctx, args, func(r io.Reader) error { return json.NewDecoder(r).Decode(&c) })
	return c, err
}

// selectStreams returns video stream number wanted, counted from 1, and all sounds. If there is no
// video at all, the Index of picture is −1. It returns an inputerr.Error if there is neither video
// nor sound, no such video, or one in a profile of Dolby Vision that cannot be decoded. name is the
// recording's name in errors.
func (c container) selectStreams(name string, wanted int) (picture stream, sounds []stream, err error) {
	picture.Index = -1
	pictures := 0
	for _, s := range c.Streams {
		switch {
		case s.isVideo():
			pictures++
			if pictures == wanted {
				picture = s
			}
		case s.Kind == "audio" && s.Channels > 0 && s.CodecName != "unknown":
			sounds = append(sounds, s)
		}
	}
	switch {
	case pictures == 0 && len(sounds) == 0:
		return picture, nil, inputerr.Coded("recording.no_streams", "holds neither video nor sound").In(name).Hint("Use the recording itself")
	case pictures > 0 && wanted > pictures:
		return picture, nil, inputerr.Coded("recording.no_such_stream", "has no video stream {wanted}; it has {count}", "wanted", wanted, "count", pictures).In(name).
			Hint("Choose another under picture: in the talk's file")
	case slices.ContainsFunc(picture.SideData, func(d sideData) bool { return d.Dolby > 0 && d.Compatible == 0 }):
		return picture, nil, inputerr.Coded("recording.dolby_vision", "is in a profile of Dolby Vision that only Dolby's software can decode").In(name).
			Hint("Export it from the phone or the camera as HLG, HDR10 or SDR")
	}
	return picture, sounds, nil
}

// isVideo reports whether a stream is a video of known size, and not a still image.
func (s stream) isVideo() bool { return s.Kind == "video" && !s.isStillImage() && s.Width > 0 }

// isStillImage reports whether a video stream is a cover image or thumbnails.
func (s stream) isStillImage() bool {
	return s.Disposition["attached_pic"] == 1 || s.Disposition["still_image"] == 1 || s.Disposition["timed_thumbnails"] == 1
}

// isVideo reports whether the stream with that index is a video and not a still image, even if its
// size is unknown.
func (c container) isVideo(index int) bool {
	return slices.ContainsFunc(c.Streams, func(s stream) bool {
		return s.Index == index && s.Kind == "video" && !s.isStillImage()
	})
}

// declared returns the length that the container declares, or 0 if it declares none.
func (c container) declared() time.Duration { return parseSeconds(c.Format.Duration) }

// startTime returns when the container begins on its own clock, or 0 if that is unknown.
func (c container) startTime() time.Duration { return parseSeconds(c.Format.Start) }

// parseSeconds parses a time in seconds, as ffprobe prints it, to the microsecond. It returns 0 if
// it is invalid.
func parseSeconds(s string) time.Duration {
	seconds, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0
	}
	return time.Duration(math.Round(seconds*1e6)) * time.Microsecond
}

// timeBase returns the length of the stream's tick in seconds, or a microsecond if it is unknown.
func (s stream) timeBase() timeline.Rate {
	r, err := timeline.ParseRate(s.TimeBase)
	if err != nil {
		return timeline.Rate{Num: 1, Den: 1_000_000}
	}
	return r
}

// displaySize returns the size of the video as it is displayed, with square pixels and upright, in
// pixels. Odd lengths are rounded up to even ones.
func (s stream) displaySize() (width, height int) {
	w, h := s.Width, s.Height
	if sar, err := timeline.ParseRate(strings.ReplaceAll(s.SAR, ":", "/")); err == nil {
		w = timeline.Rescale(w, sar.Num, sar.Den)
	}
	for _, side := range s.SideData {
		if quarter := int64(math.Round(side.Rotation/90)) % 2; quarter != 0 {
			w, h = h, w
		}
	}
	even := func(n int64) int { return int(max(2, n+n%2)) }
	return even(w), even(h)
}

// matrix returns the stream's colour matrix. If it declares none, HD is BT.709 and the rest
// BT.601, as in players.
func (s stream) matrix() string {
	switch s.ColorSpace {
	case "bt709", "fcc", "smpte240m":
		return s.ColorSpace
	case "bt470bg", "smpte170m":
		return "bt601"
	case "bt2020nc", "bt2020c":
		return "bt2020"
	}
	if s.Width >= 1280 || s.Height > 576 {
		return "bt709"
	}
	return "bt601"
}

// encoderReady reports whether frames can be encoded without conversion: they are upright, of even
// size, with square pixels, and 8-bit 4:2:0 in BT.709 and limited range.
func (s stream) encoderReady() bool {
	width, height := s.displaySize()
	return int64(width) == s.Width && int64(height) == s.Height && // square pixels, upright, even
		!slices.ContainsFunc(s.SideData, func(side sideData) bool { return side.Rotation != 0 }) &&
		s.PixelFormat == "yuv420p" && s.matrix() == "bt709" && s.ColorRange != "pc"
}

func (s stream) audio() Audio {
	hz, _ := strconv.Atoi(s.SampleRate)
	a := Audio{Stream: s.Index, Codec: s.CodecName, Channels: s.Channels, Hz: hz}
	if language := s.Tags["language"]; language != "und" {
		a.Language = language
	}
	return a
}

// ticksToDuration converts ticks of base seconds to a time, rounded to the nearest nanosecond.
func ticksToDuration(ticks int64, base timeline.Rate) time.Duration {
	return time.Duration(timeline.Rescale(ticks, base.Num*int64(time.Second), base.Den))
}
