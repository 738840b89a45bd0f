package media

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	ffmpeg "github.com/u2takey/ffmpeg-go"

	"github.com/lectern-av/lectern/internal/timeline"
)

// IndexAndProbe copies a recording as Index does, probes the copy, and returns that probe, with the
// notes and jumps of p. progress may be nil; it gets the fraction done and the speed as a multiple
// of real time, or 0 while probing. It returns an *inputerr.Error if the recording's clock jumps in
// a way that cannot be corrected.
func (t Tools) IndexAndProbe(ctx context.Context, in, out, name string, p Probe, behind WaveformBackground, progress func(fraction, speed float64)) (Probe, error) {
	if progress == nil {
		progress = func(float64, float64) {}
	}
	const copying = 0.8 // fraction of the time
	err := t.Index(ctx, in, out, name, p, behind, func(now Progress) { progress(copying*now.Time.Seconds()/p.Readable.Seconds(), now.Speed) })
	if err != nil {
		return Probe{}, err
	}
	indexed, err := t.Probe(ctx, out, name, func(done float64) { progress(copying+done*(1-copying), 0) })
	if err != nil {
		return Probe{}, err
	}
	if p.SecondVideo != nil {
		err = t.ProbeSecondPicture(ctx, out, name, &indexed, 2, func(done float64) { progress(copying+done*(1-copying), 0) })
		if err != nil {
			return Probe{}, err
		}
	}
	if len(p.Jumps) > 0 && !p.sameTiming(indexed) {
		return Probe{}, jumpFault(name)
	}
	indexed.Indexed, indexed.Jumps, indexed.Notes = true, p.Jumps, p.Notes
	for i := range min(len(p.Audio), len(indexed.Audio)) {
		indexed.Audio[i].Formats = p.Audio[i].Formats
	}
	return indexed, nil
}

// sameTiming reports whether the video and all sounds start and end at the same times as in o, to
// 100 ms. It is false without video.
func (p Probe) sameTiming(o Probe) bool {
	const near = 100 * time.Millisecond
	differ := func(a, b time.Duration) bool { return (a - b).Abs() > near }
	if p.Video == nil || o.Video == nil || differ(p.Video.Lead, o.Video.Lead) || differ(p.Video.End, o.Video.End) {
		return false
	}
	return slices.EqualFunc(p.Audio, o.Audio, func(a, b Audio) bool {
		return !differ(a.Start, b.Start) && !differ(a.End, b.End)
	})
}

// Index copies the video streams and all sounds of the recording in, which was probed as p, to a
// Matroska file that seeks exactly. Subtitles, chapters and other metadata are left out. Video is
// copied as it is. Sound is copied too, unless Matroska cannot hold it or its format changes midway:
// then it becomes PCM. Broken packets of AAC are dropped. A recording without video gets a video of
// its waveform in front of behind. Timestamps stay as they are, so that video and sound stay in
// sync; clock jumps are removed from all streams alike. The result must be probed, and used instead
// of in. Index returns an inputerr.Error if the sound is too damaged to be copied. name is the
// recording's name in errors. progress may be nil.
func (t Tools) Index(ctx context.Context, in, out, name string, p Probe, behind WaveformBackground, progress func(Progress)) error {
	err := t.index(ctx, in, out, p, behind, nil, progress)
	var failed *ToolError
	if errors.As(err, &failed) && slices.Contains([]string{"mpegts", "mpeg", "aac"}, p.Format) {
		broken, lookErr := t.findBrokenAAC(ctx, in, name, p)
		if lookErr != nil {
			return lookErr
		}
		if len(broken) > 0 {
			err = t.index(ctx, in, out, p, behind, broken, progress)
		}
	}
	if err != nil {
		return fmt.Errorf("index the recording: %w", err)
	}
	return nil
}

// index implements Index. It leaves out the broken packets, which are ranges of packet numbers by
// stream.
func (t Tools) index(ctx context.Context, in, out string, p Probe, behind WaveformBackground, broken map[int][]timeline.Range, progress func(Progress)) error {
	args, err := buildArgs(func() *ffmpeg.Stream {
		reading := options{"fflags": "+genpts"}
		if p.JumpsAsWritten {
			reading["correct_ts_overflow"] = "0"
		}
		source := openInput(in, reading)
		o := options{"format": "matroska", "c": "copy", "map_metadata": "-1", "map_chapters": "-1", "fflags": "+bitexact", "allow_raw_vfw": "1"}
		if len(p.Jumps) > 0 {
			o["copyinkf"] = "" // a flag: also copy packets before the first keyframe
		}
		var streams []*ffmpeg.Stream
		add := func(stream int, as string) {
			streams = append(streams, source.Get(strconv.Itoa(stream)))
			var filters []string
			if len(p.Jumps) > 0 {
				filters = append(filters, removeJumpsFilter(p.Jumps, stream))
			}
			if len(broken[stream]) > 0 {
				filters = append(filters, dropPacketsFilter(broken[stream]))
			}
			if len(filters) > 0 {
				o["bsf:"+as] = strings.Join(filters, ",")
			}
		}
		if p.Video == nil {
			streams = append(streams, drawWaveform(source.Get(strconv.Itoa(p.Audio[0].Stream)), behind, o))
		} else {
			add(p.Video.Stream, "v:0")
		}
		if p.SecondVideo != nil {
			add(p.SecondVideo.Stream, "v:1")
		}
		for i, a := range p.Audio {
			add(a.Stream, fmt.Sprintf("a:%d", i))
			if !slices.Contains(copyableAudio, a.Codec) || len(a.Formats) > 0 {
				o[fmt.Sprintf("c:a:%d", i)] = "pcm_s24le"
			}
			if len(a.Formats) > 0 {
				o[fmt.Sprintf("filter:a:%d", i)] = fmt.Sprintf("aformat=sample_rates=%d:channel_layouts=stereo", Hz)
			}
			if a.Language != "" {
				o[fmt.Sprintf("metadata:s:a:%d", i)] = "language=" + a.Language
			}
		}
		return ffmpeg.Output(streams, fileURL(out), o)
	})
	if err == nil {
		_, err = t.Run(ctx, append([]string{"-copyts"}, args...), progress)
	}
	return err
}

// copyableAudio are the audio codecs that can be stored in Matroska and decoded again.
var copyableAudio = []string{
	"aac", "aac_latm", "ac3", "eac3", "dts", "truehd", "mlp", "mp1", "mp2", "mp3", "opus", "vorbis", "flac", "alac", "tta", "wavpack", "speex",
	"pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le", "pcm_u8", "pcm_alaw", "pcm_mulaw",
	"wmav1", "wmav2", "wmapro", "adpcm_ms", "adpcm_ima_wav", "g726",
}

// WaveformBackground is what a waveform is drawn on.
type WaveformBackground struct {
	Picture string // PNG of 1280×720; "" for black
	Colour  string // of the waveform, "#rrggbb"; "" for light blue
}

// drawWaveform returns a video of a sound's waveform, with 25 frames a second of 1280×720, and adds
// the options to encode it to o.
func drawWaveform(sound *ffmpeg.Stream, behind WaveformBackground, o options) *ffmpeg.Stream {
	maps.Copy(o, options{
		"c:v": "libx264", "preset": "ultrafast", "crf": "16", "g": "50",
		"colorspace": "bt709", "color_primaries": "bt709", "color_trc": "bt709", "color_range": "tv",
	})
	colour := strings.Replace(cmp.Or(behind.Colour, "#8fb8de"), "#", "0x", 1)
	s := filter(sound, "aformat", options{"channel_layouts": "mono", "sample_rates": 25 * 1280}) // one sample for each column
	s = filter(s, "showwaves", options{"s": "1280x240", "mode": "cline", "rate": "25", "colors": colour, "scale": "sqrt"})
	if behind.Picture == "" {
		return filter(toBT709(s), "pad", options{"w": "1280", "h": "720", "x": "0", "y": "(oh-ih)/2", "color": "black"})
	}
	// The background is a single picture; the waveform has the timestamps. So the background
	// is laid over one copy of the waveform, which it hides, and another copy over that.
	both := s.Split()
	picture := toBT709(ffmpeg.Input(fileURL(behind.Picture), options{"protocol_whitelist": allowedProtocols, "f": "png_pipe"}).Get("v:0"))
	ground := filter(toBT709(both.Get("0")), "pad", options{"w": "1280", "h": "720"})
	ground = ffmpeg.Filter([]*ffmpeg.Stream{ground, filter(picture, "setpts", options{"expr": "-1000/TB"})}, "overlay", nil, options{"eof_action": "repeat"})
	return ffmpeg.Filter([]*ffmpeg.Stream{ground, both.Get("1")}, "overlay", nil, options{"y": 310})
}

// toBT709 converts a stream to 8-bit 4:2:0 in BT.709 and limited range.
func toBT709(s *ffmpeg.Stream) *ffmpeg.Stream {
	s = filter(s, "scale", options{"out_color_matrix": "bt709", "out_range": "tv"})
	return filter(s, "format", options{"pix_fmts": "yuv420p"})
}
