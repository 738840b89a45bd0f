package media

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	ffmpeg "github.com/u2takey/ffmpeg-go"

	"github.com/lectern-av/lectern/internal/timeline"
)

// EncodeOutput is one rendition of the same frames.
type EncodeOutput struct {
	Width, Height int // pixels; the picture is letterboxed
	Encoding      Encoding
	Path          string           // MP4 to write; for FFV1, which MP4 does not support, a MOV
	Blank         []timeline.Range // frames to make black, from 0
	Script        string           // path of an ASS file to burn in; "" for none
}

// Timescale returns the ticks a second of all segments at a frame rate, and of the MP4s joined from
// them. It is a multiple of the rate's numerator, so that each frame lasts a whole number of ticks,
// and at least 10,000, which players expect.
func Timescale(rate timeline.Rate) int64 {
	scale := rate.Num
	for scale < 10_000 {
		scale *= 2
	}
	return scale
}

// Encode encodes the frames r of the recording at path to all outs. It decodes them once, or twice
// if an out has two passes, whose log is written to scratch. Each out is an MP4 of exactly r.Len()
// frames that starts at zero, and can be joined to any other made with the same size, encoding and
// rate. progress may be nil; it gets the progress of the last pass. notes report decoding errors.
// It returns a *GlyphError if a burned-in script has a character that no font can draw.
//
// Frames are numbered on the recording's grid wherever the seek lands: the fps filter counts from
// the first frame's exact timestamp, and trim selects by number.
func (t Tools) Encode(ctx context.Context, path string, pics FrameSource, r timeline.Range, outs []EncodeOutput, scratch string, progress func(Progress)) (notes []string, err error) {
	source := func() *ffmpeg.Stream { return frameRange(path, pics, r) }
	stderr, err := t.encodeAll(ctx, source, pics.composed(), r.Len(), outs, scratch, progress)
	if err != nil {
		return nil, fmt.Errorf("encode frames %d to %d: %w", r.From, r.To, err)
	}
	if err := missingGlyph(stderr); err != nil {
		return nil, err
	}
	n := countErrors(stderr)
	for _, pics := range pics.streams() {
		if n, err = t.errorsAfterPreroll(ctx, path, pics, r, n); err != nil {
			return nil, fmt.Errorf("look where frames %d to %d are damaged: %w", r.From, r.To, err)
		}
	}
	if n > 0 {
		notes = append(notes, fmt.Sprintf("the decoder reported %d errors between %s and %s of the recording; the picture may be damaged there",
			n, timeline.FormatClock(pics.Rate.Time(r.From)), timeline.FormatClock(pics.Rate.Time(r.To))))
	}
	return notes, nil
}

// errorsAfterPreroll returns how many of n decoding errors concern the frames r. A decoder that
// starts in the middle reports errors for frames that refer to others before the seek point. So
// errorsAfterPreroll decodes once more from the seek point up to r, and subtracts the errors that
// this reports. If decoding began at the start of the recording, all n count.
func (t Tools) errorsAfterPreroll(ctx context.Context, path string, pics FrameSource, r timeline.Range, n int) (int, error) {
	chain := r.Shift(-pics.Lead)
	from := seekOptions(pics, chain)
	if len(from) == 0 || n == 0 {
		return n, nil
	}
	args, err := buildArgs(func() *ffmpeg.Stream {
		s := openInput(path, from).Get(strconv.Itoa(pics.Stream))
		s = filter(s, "setpts", options{"expr": fmt.Sprintf("PTS-(%d)", pics.FirstPTS)})
		s = filter(s, "fps", options{"fps": pics.Rate, "round": "near"})
		s = filter(s, "trim", options{"end_pts": chain.From})
		return s.Output("pipe:", options{"f": "null"})
	})
	if err != nil {
		return 0, err
	}
	stderr, err := t.Stream(ctx, append([]string{"-copyts"}, args...), func(io.Reader) error { return nil })
	return max(0, n-countErrors(stderr)), err
}

// countErrors returns how many errors, such as damaged frames, ffmpeg logged in stderr without
// stopping.
func countErrors(stderr string) int {
	return strings.Count(stderr, "[error]") + strings.Count(stderr, "[fatal]") + strings.Count(stderr, "corrupt decoded frame")
}

// encodeAll encodes n frames of source to all outs, and verifies the number of frames in each. pics
// describes the frames of source. First passes of two-pass outs run together with the single-pass
// outs. It returns ffmpeg's log of the last run.
func (t Tools) encodeAll(ctx context.Context, source func() *ffmpeg.Stream, pics FrameSource, n int64, outs []EncodeOutput, scratch string, progress func(Progress)) (stderr string, err error) {
	var single, first, second []passOutput
	for i, out := range outs {
		if !out.Encoding.TwoPass {
			single = append(single, passOutput{EncodeOutput: out})
			continue
		}
		log := filepath.Join(scratch, "pass-"+strconv.Itoa(i))
		first = append(first, passOutput{EncodeOutput: out, pass: 1, log: log})
		second = append(second, passOutput{EncodeOutput: out, pass: 2, log: log})
	}
	// The name of a pass log contains the number of the output, so two-pass outputs
	// come first in both runs.
	runs := [][]passOutput{append(first, single...)}
	if len(second) > 0 {
		runs = append(runs, second)
	}
	for i, run := range runs {
		args, err := buildArgs(func() *ffmpeg.Stream { return outputGraph(source(), pics, run) })
		if err != nil {
			return "", err
		}
		heard := progress
		if i < len(runs)-1 {
			heard = nil
		}
		if stderr, err = t.Run(ctx, append([]string{"-copyts"}, args...), heard); err != nil {
			return stderr, err
		}
	}
	for _, out := range outs {
		if err := verifySegment(out, pics.Rate, n); err != nil {
			return stderr, err
		}
	}
	return stderr, nil
}

// passOutput is one output of one run of ffmpeg.
type passOutput struct {
	EncodeOutput
	pass int    // 0: single pass; 1, 2: of two
	log  string // path prefix of the pass log
}

// frameRange returns exactly the frames r of a recording in its own size, numbered from 0. If a
// second video is shown beside it, they are composed already, and pics.composed() describes the
// result.
func frameRange(path string, pics FrameSource, r timeline.Range) *ffmpeg.Stream {
	if pics.SideBySide != nil {
		return sideBySide(path, pics, r)
	}
	return singleFrameRange(path, pics, r)
}

// singleFrameRange returns exactly the frames r of one video stream, numbered from 0. Where the
// stream has no frames, its first or last one is repeated.
func singleFrameRange(path string, pics FrameSource, r timeline.Range) *ffmpeg.Stream {
	chain := r.Shift(-pics.Lead) // as the fps filter numbers them, without the lead
	s := openInput(path, seekOptions(pics, chain), decoderOptions(pics)).Get(strconv.Itoa(pics.Stream))
	s = filter(s, "setpts", options{"expr": fmt.Sprintf("PTS-(%d)", pics.FirstPTS)})
	if pics.Deinterlace {
		mode := "send_frame"
		if pics.PerField {
			mode = "send_field"
		}
		s = filter(s, "bwdif", options{"mode": mode, "deint": "interlaced"})
	}
	s = filter(s, "fps", options{"fps": pics.Rate, "round": "near"})
	s = filter(s, "tpad", options{"stop": -1, "stop_mode": "clone"})
	begin := max(0, chain.From)
	s = filter(s, "trim", options{"start_pts": begin, "end_pts": max(begin+1, chain.To)})
	if chain.From < 0 {
		s = filter(s, "tpad", options{"start": -chain.From, "start_mode": "clone"})
		s = filter(s, "trim", options{"end_frame": r.Len()})
	}
	return filter(s, "setpts", options{"expr": "N"})
}

// seekOptions returns ffmpeg's input options to start decoding at a keyframe that is shown no later
// than the first of the frames chain, which are counted from pics.FirstPTS. It returns none if
// decoding is to start at the beginning. The margin before the frames includes Reorder, because
// containers seek by decoding time, and a second for deinterlacing, which needs earlier frames. It
// is no larger: keyframes often coincide with chunk boundaries, where a larger one would decode a
// whole group of pictures more.
func seekOptions(pics FrameSource, chain timeline.Range) options {
	first := ticksToDuration(pics.FirstPTS, pics.TimeBase)
	margin := pics.Reorder + pics.Preroll
	if pics.Deinterlace {
		margin += time.Second
	}
	ahead := pics.Rate.Time(chain.From) - margin
	if ahead <= 0 {
		return options{} // decode from the start: safer than any seek
	}
	return options{
		"noaccurate_seek": "", "seek_timestamp": "1",
		"ss": fmt.Sprintf("%.6f", (first + ahead).Seconds()),
	}
}

// decoderOptions returns ffmpeg's input options for decoding. Pictures of fewer than 720 lines are
// decoded by one thread; more would only slow down the encoders (VP9 at 360 lines took 5 % longer).
func decoderOptions(pics FrameSource) options {
	if pics.Height > 0 && pics.Height < 720 {
		return options{"threads": "1"}
	}
	return options{}
}

// outputGraph returns the filters and outputs that encode source to all targets in one run of
// ffmpeg: HDR is converted to SDR once, and the picture is fitted into the frame of each target.
func outputGraph(source *ffmpeg.Stream, pics FrameSource, targets []passOutput) *ffmpeg.Stream {
	if pics.needsToneMapping() {
		largest := slices.MaxFunc(targets, func(a, b passOutput) int { return cmp.Compare(a.Height, b.Height) })
		source, pics.Matrix = toneMap(source, pics, largest.Height), "bt709"
	}
	split := source.Split()
	var outputs []*ffmpeg.Stream
	for i, to := range targets {
		s := source
		if len(targets) > 1 {
			s = split.Get(strconv.Itoa(i))
		}
		s = to.blankAndBurn(fitFrame(s, pics, to.Width, to.Height, to.Encoding.pixelFormat()))
		outputs = append(outputs, s.Output(to.destination(), to.options(pics.Rate)))
	}
	return ffmpeg.MergeOutputs(outputs...)
}

// blankAndBurn returns s with the frames in out.Blank made black, and then the subtitles of
// out.Script burned in.
func (out EncodeOutput) blankAndBurn(s *ffmpeg.Stream) *ffmpeg.Stream {
	if len(out.Blank) > 0 {
		var during []string
		for _, r := range out.Blank {
			during = append(during, fmt.Sprintf("between(n,%d,%d)", r.From, r.To-1))
		}
		grey := "(minval+maxval)/2"
		s = filter(s, "lutyuv", options{"y": "minval", "u": grey, "v": grey, "enable": strings.Join(during, "+")})
	}
	if out.Script != "" {
		s = filter(s, "ass", options{"filename": out.Script})
	}
	return s
}

// pixelFormat returns ffmpeg's name of the pixel format that the encoder gets: 4:2:2 with ten bits
// if TenBit is set, else 4:2:0 with eight.
func (e Encoding) pixelFormat() string {
	if e.TenBit {
		return "yuv422p10le"
	}
	return "yuv420p"
}

// fitFrame scales a picture into a frame of width × height, letterboxed, with square pixels, in
// BT.709 and limited range. pixels is ffmpeg's name of the pixel format. A picture that needs
// neither conversion nor borders is at most scaled, since even a filter that changes nothing may
// copy every frame.
func fitFrame(s *ffmpeg.Stream, pics FrameSource, width, height int, pixels string) *ffmpeg.Stream {
	if pics.EncoderReady && pixels == "yuv420p" && pics.fillsFrame(width, height) {
		if pics.Width != width || pics.Height != height {
			// zimg gives the same as swscale's bicubic (PSNR 66 dB) in a fifth of the time:
			// scaling a second of 1080p to 720 lines takes 10 ms of a core, not 50.
			s = filter(s, "zscale", options{"w": width, "h": height, "filter": "bicubic", "param_a": 0, "param_b": 0.6})
		}
		return filter(s, "setsar", options{"sar": 1})
	}
	return letterbox(s, width, height, pixels, options{
		"in_color_matrix": pics.Matrix, "out_color_matrix": "bt709", "out_range": "tv",
	})
}

// toneMap converts HDR or BT.2020 pictures to SDR in BT.709. They are first scaled down to height,
// if they are higher. In HDR, what has at most 0.4 times the luminance of reference white, 203
// cd/m² (ITU-R BT.2408), keeps its brightness; everything up to five times reference white is
// compressed into the rest. Colours outside of BT.709 are clipped.
func toneMap(s *ffmpeg.Stream, pics FrameSource, height int) *ffmpeg.Stream {
	if height < pics.Height {
		s = filter(s, "scale", options{"w": -2, "h": height, "flags": "bicubic"})
	}
	s = filter(s, "zscale", options{"tin": cmp.Or(pics.HDR, "709"), "pin": "2020", "min": "2020_ncl", "t": "linear", "npl": 203})
	s = filter(s, "format", options{"pix_fmts": "gbrpf32le"})
	s = filter(s, "zscale", options{"p": "709"})
	if pics.HDR != "" {
		s = filter(s, "tonemap", options{"tonemap": "mobius", "param": 0.4, "desat": 0, "peak": 5})
	}
	s = filter(s, "zscale", options{"t": "709", "m": "709", "r": "tv"})
	return filter(s, "format", options{"pix_fmts": "yuv420p"})
}

// needsToneMapping reports whether pictures are HDR or have a wide gamut, so that they must be
// converted to SDR in BT.709.
func (p FrameSource) needsToneMapping() bool { return p.HDR != "" || p.WideGamut }

// fillsFrame reports whether pictures that are scaled into a frame of width × height leave no black
// borders.
func (p FrameSource) fillsFrame(width, height int) bool {
	even := func(num, den int) int { return 2 * ((num + den) / (2 * den)) } // 2*trunc(num/den/2+0.5)
	return even(min(width*p.Height, height*p.Width), p.Height) == width &&
		even(min(height*p.Width, width*p.Height), p.Width) == height
}

// letterbox scales a picture into a frame of width × height, centres it and pads it with black.
// format is ffmpeg's name of the pixel format; colours are more options of its scale filter.
func letterbox(s *ffmpeg.Stream, width, height int, format string, colours options) *ffmpeg.Stream {
	scale := options{
		"w":     fmt.Sprintf("2*trunc(min(%d,%d*dar)/2+0.5)", width, height),
		"h":     fmt.Sprintf("2*trunc(min(%d,%d/dar)/2+0.5)", height, width),
		"flags": "bicubic", // accurate_rnd and full_chroma_int cost 12 % of an encode, with no visible difference
	}
	maps.Copy(scale, colours)
	s = filter(s, "scale", scale)
	s = filter(s, "format", options{"pix_fmts": format})
	s = filter(s, "pad", options{"w": width, "h": height, "x": "(ow-iw)/2", "y": "(oh-ih)/2"})
	return filter(s, "setsar", options{"sar": 1})
}

// destination returns the file URL that ffmpeg writes the output to. A first pass goes to a pipe,
// which gets nothing.
func (to passOutput) destination() string {
	if to.pass == 1 {
		return "pipe:"
	}
	return fileURL(to.Path)
}

// options returns ffmpeg's options for an output: those of its codec, and those that keep segments
// joinable and free of metadata.
func (to passOutput) options(rate timeline.Rate) options {
	scale := strconv.FormatInt(Timescale(rate), 10)
	o := options{
		"format": "mp4", "video_track_timescale": scale, "movie_timescale": scale,
		"fps_mode": "passthrough", "map_metadata": "-1", "fflags": "+bitexact",
		"colorspace": "bt709", "color_primaries": "bt709", "color_trc": "bt709", "color_range": "tv",
		"chroma_sample_location": "left", // otherwise VP9's header depends on the source, and cards differ
		"threads":                strconv.Itoa(to.Encoding.Threads),
	}
	switch to.Encoding.Codec {
	case "vp9":
		maps.Copy(o, to.Encoding.vp9())
	case "av1":
		maps.Copy(o, to.Encoding.av1(rate))
	case "ffv1":
		maps.Copy(o, ffv1())
	default:
		maps.Copy(o, to.Encoding.h264(rate))
	}
	if to.pass > 0 {
		o["pass"], o["passlogfile"] = strconv.Itoa(to.pass), to.log
	}
	if to.pass == 1 {
		o["format"] = "null"
		if to.Encoding.Codec == "vp9" {
			o["speed"] = "4"
		}
	}
	return o
}

// h264 returns x264's options. stitchable keeps the headers of all segments equal, closed GOPs
// let them be cut at any keyframe, and a keyframe at least every four seconds lets players
// seek.
func (e Encoding) h264(rate timeline.Rate) options {
	o := options{
		"c:v": "libx264", "preset": e.Preset, "crf": strconv.Itoa(e.CRF),
		"x264-params": fmt.Sprintf("stitchable=1:open-gop=0:nal-hrd=none:keyint=%d", rate.Frame(4*time.Second)),
	}
	if e.Lossless {
		delete(o, "crf")
		o["qp"] = "0"
	}
	if e.Preset == "" {
		delete(o, "preset")
	}
	return o
}

// vp9 returns libvpx's options for VP9: constant quality, or constrained quality if there is a bit
// rate.
func (e Encoding) vp9() options {
	o := options{"c:v": "libvpx-vp9", "crf": strconv.Itoa(e.CRF), "speed": strconv.Itoa(e.Speed)}
	for name, rate := range map[string]string{"b:v": e.Bitrate, "minrate": e.MinRate, "maxrate": e.MaxRate} {
		if rate != "" {
			o[name] = rate
		}
	}
	if e.Bitrate == "" {
		o["b:v"] = "0" // constant quality
	}
	return o
}

// av1 returns SVT-AV1's options. Keyframes are ten seconds apart: of slides, which hardly
// change, they are most of the file, and decoding ten seconds of AV1 for a seek is fast.
func (e Encoding) av1(rate timeline.Rate) options {
	return options{
		"c:v": "libsvtav1", "preset": e.Preset, "crf": strconv.Itoa(e.CRF), "g": strconv.FormatInt(rate.Frame(10*time.Second), 10),
		"svtav1-params": fmt.Sprintf("lp=%d", e.Threads),
	}
}

// ffv1 returns the options for FFV1 version 3 (RFC 9043) in a MOV, with each frame coded by itself,
// and checksums.
func ffv1() options {
	return options{"format": "mov", "c:v": "ffv1", "level": "3", "g": "1", "slices": "4", "slicecrc": "1"}
}
