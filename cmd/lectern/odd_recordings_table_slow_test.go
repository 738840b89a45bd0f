//go:build slow

package main_test

import (
	"bytes"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

var oddRecordings = concatOdd(
	[]oddRecording{
		{name: "plain", inFastRun: true, ext: "mp4", filter: to709, args: h264In("yuv420p")},
		{name: "untagged 601", ext: "mp4", filter: to601, args: concat(x264, aac, []string{"-pix_fmt", "yuv420p"})},
	},
	turned, shapes, pixels, hdr, woven, sounds, containers, streams, clocks, crashed,
)

func concatOdd(lists ...[]oddRecording) []oddRecording {
	var all []oddRecording
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

var upright = image.Pt(180, 320)

// turned are recordings as phones make them: the sensor's picture, and a matrix that rotates it for
// display.
var turned = []oddRecording{
	{name: "turned by 90", inFastRun: true, ownTalk: true, ext: "mp4", size: upright, filter: "transpose=cclock," + to709, args: h264In("yuv420p"), patch: displayMatrix(0, 1, -1, 0)},
	{name: "turned by 270", ext: "mov", size: upright, filter: "transpose=clock," + to709, args: h264In("yuv420p"), patch: displayMatrix(0, -1, 1, 0)},
	{name: "turned by 180", ext: "mp4", filter: "hflip,vflip," + to709, args: h264In("yuv420p"), patch: displayMatrix(-1, 0, 0, -1)},
	{name: "mirrored", ext: "mp4", filter: "hflip," + to709, args: h264In("yuv420p"), patch: displayMatrix(-1, 0, 0, 1)},
	{name: "upside down", ext: "mp4", filter: "vflip," + to709, args: h264In("yuv420p"), patch: displayMatrix(1, 0, 0, -1)},
	{name: "turned and mirrored", inFastRun: true, ext: "mp4", size: upright, filter: "transpose=cclock_flip," + to709, args: h264In("yuv420p"), patch: displayMatrix(0, 1, 1, 0)},
	{name: "turned the other way and mirrored", ext: "mp4", size: upright, filter: "transpose=clock_flip," + to709, args: h264In("yuv420p"), patch: displayMatrix(0, -1, -1, 0)},
	{name: "turned in fragments", ext: "mp4", size: upright, filter: "transpose=cclock," + to709, args: h264In("yuv420p", "-bf", "0", "-movflags", "empty_moov+frag_keyframe"), patch: displayMatrix(0, 1, -1, 0)},
}

var shapes = []oddRecording{
	{name: "HDV", inFastRun: true, ext: "mp4", filter: "scale=240:180,setsar=4/3," + to709, args: h264In("yuv420p")},
	{name: "PAL wide in MPEG-PS", ownTalk: true, ext: "mpg", size: image.Pt(1024, 576), filter: "scale=720:576,setsar=64/45," + to601, args: []string{"-c:v", "mpeg2video", "-q:v", "2", "-c:a", "mp2", "-f", "vob"}},
	{name: "NTSC wide in TS", ext: "ts", size: image.Pt(854, 480), filter: "scale=720:480,setsar=32/27," + to601, args: []string{"-c:v", "mpeg2video", "-q:v", "2", "-c:a", "ac3"}},
	{name: "anamorphic and turned", ext: "mp4", size: image.Pt(180, 240), filter: "transpose=cclock,scale=180:180,setsar=4/3," + to709, args: h264In("yuv420p"), patch: displayMatrix(0, 1, -1, 0)},
	{name: "4:3 among 16:9", inFastRun: true, ext: "mp4", size: image.Pt(240, 180), filter: to709, args: h264In("yuv420p")},
	{name: "wider among 16:9", ext: "mp4", size: image.Pt(384, 160), filter: to709, args: h264In("yuv420p")},
	{name: "odd size", inFastRun: true, ownTalk: true, ext: "mkv", size: image.Pt(321, 181), filter: to709, args: h264In("yuv444p")},
	{name: "odd size 4:2:0", ext: "mkv", size: image.Pt(321, 181), filter: to709, args: concat([]string{"-c:v", "ffv1", "-pix_fmt", "yuv420p"}, sdr709, pcm)},
	{name: "odd width that was cropped", ext: "mp4", size: image.Pt(427, 240), filter: to709, args: h264In("yuv444p")},
	{name: "tiny", ext: "mp4", size: image.Pt(64, 36), filter: to709, args: h264In("yuv420p")},
}

var pixels = []oddRecording{
	{name: "10-bit", inFastRun: true, ext: "mkv", filter: to709, args: h264In("yuv420p10le")},
	{name: "4:2:2", ext: "mp4", filter: to709, args: h264In("yuv422p")},
	{name: "4:4:4", ext: "mp4", filter: to709, args: h264In("yuv444p")},
	{name: "ProRes", ext: "mov", filter: to601, args: concat([]string{"-c:v", "prores_ks", "-pix_fmt", "yuv422p10le"}, []string{"-c:a", "pcm_s24le"})},
	{name: "ProRes 4444 with alpha", ext: "mov", filter: to601, args: concat([]string{"-c:v", "prores_ks", "-pix_fmt", "yuva444p10le"}, []string{"-c:a", "pcm_s24le"})},
	{name: "DNxHR 12-bit", ext: "mov", filter: "scale=320:180," + to709, args: concat([]string{"-c:v", "dnxhd", "-profile:v", "dnxhr_hqx", "-pix_fmt", "yuv422p10le"}, sdr709, pcm)},
	{name: "full range", inFastRun: true, ext: "mp4", filter: "scale=out_color_matrix=bt709:out_range=pc", args: concat(x264, aac, []string{"-pix_fmt", "yuvj420p", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "pc"})},
	{name: "full range 601 in Motion JPEG", ext: "avi", filter: "scale=out_color_matrix=bt601:out_range=pc", args: concat([]string{"-c:v", "mjpeg", "-q:v", "2", "-pix_fmt", "yuvj420p"}, pcm)},
	{name: "RGB screen", inFastRun: true, ext: "mkv", args: concat([]string{"-c:v", "libx264rgb", "-preset", "ultrafast", "-qp", "0", "-pix_fmt", "rgb24"}, pcm)},
	{name: "PNG in MOV", ext: "mov", args: concat([]string{"-c:v", "png", "-pix_fmt", "rgb24"}, pcm)},
	{name: "PNG with alpha", ext: "mov", args: concat([]string{"-c:v", "png", "-pix_fmt", "rgba"}, pcm)},
	{name: "raw BGR in AVI", inFastRun: true, ext: "avi", args: concat([]string{"-c:v", "rawvideo", "-pix_fmt", "bgr24"}, pcm)},
	{name: "YUYV in AVI", ext: "avi", filter: to601, args: concat([]string{"-c:v", "rawvideo", "-pix_fmt", "yuyv422"}, pcm)},
	{name: "UT video", ext: "avi", args: concat([]string{"-c:v", "utvideo", "-pix_fmt", "gbrp"}, pcm)},
	{name: "GBR ffv1 10-bit", ext: "mkv", args: concat([]string{"-c:v", "ffv1", "-pix_fmt", "gbrp10le"}, pcm)},
	{name: "Quicktime animation", ext: "mov", args: concat([]string{"-c:v", "qtrle", "-pix_fmt", "rgb24"}, pcm)},
	{name: "VP9 with alpha", ext: "webm", filter: to709, args: concat([]string{"-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p", "-auto-alt-ref", "0", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "4M", "-c:a", "libopus"}, sdr709)},
}

// lit converts the chart to BT.2020 with the transfer function, with its white at the level of
// paper.
func lit(transfer string) string {
	return "format=gbrp,zscale=min=gbr:tin=bt709:pin=bt709:rin=full:npl=203:t=linear:p=2020,format=gbrpf32le," +
		"zscale=t=" + transfer + ":npl=203,zscale=m=2020_ncl:r=limited,format=yuv420p10le"
}

func x265(transfer string) []string {
	return []string{"-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:qp=4:colorprim=bt2020:colormatrix=bt2020nc:transfer=" + transfer,
		"-colorspace", "bt2020nc", "-color_primaries", "bt2020", "-color_trc", transfer, "-color_range", "tv", "-tag:v", "hvc1", "-c:a", "aac"}
}

var hdr = []oddRecording{
	{name: "HDR10", inFastRun: true, ext: "mp4", filter: lit("smpte2084"), args: x265("smpte2084"), expectation: expectation{tolerance: 16}},
	{name: "HLG", ext: "mov", filter: lit("arib-std-b67"), args: x265("arib-std-b67"), expectation: expectation{tolerance: 16}},
	{name: "HLG, turned", inFastRun: true, ext: "mov", size: upright, filter: "transpose=cclock," + lit("arib-std-b67"), args: x265("arib-std-b67"), patch: displayMatrix(0, 1, -1, 0), expectation: expectation{tolerance: 16}},
	{name: "BT.2020, not HDR", inFastRun: true, ext: "mkv", filter: lit("2020_10"), args: x265("bt2020-10")},
}

// at50 makes 50 fields from the chart's 25 frames.
const at50 = "fps=50,interlace=scan=tff:lowpass=off,"

var woven = []oddRecording{
	{name: "25i in MTS", ext: "mts", filter: at50 + to709, args: h264In("yuv420p", "-flags", "+ildct+ilme", "-f", "mpegts"), ownTalk: true},
	{name: "25i as 50p", inFastRun: true, ext: "mts", filter: at50 + to709, args: h264In("yuv420p", "-flags", "+ildct+ilme", "-f", "mpegts"), ownTalk: true, fast: "50", expectation: expectation{rate: 50}},
	{name: "25i, lower field first", ext: "avi", size: image.Pt(768, 576), filter: "fps=50,scale=720:576,interlace=scan=bff,setsar=16/15," + to601, args: []string{"-c:v", "dvvideo", "-pix_fmt", "yuv420p", "-flags", "+ildct", "-ac", "2"}, expectation: expectation{tolerance: 16}},
	{name: "25i in MPEG-PS", inFastRun: true, ext: "mpg", filter: at50 + to601, args: []string{"-c:v", "mpeg2video", "-q:v", "2", "-flags", "+ildct+ilme", "-c:a", "mp2", "-f", "vob"}},
}

var sounds = []oddRecording{
	{name: "5.1", inFastRun: true, ext: "mkv", filter: to709, args: h264In("yuv420p", "-af", "pan=5.1|FC=c0", "-c:a", "ac3")},
	{name: "5.1 AAC", ext: "mp4", filter: to709, args: h264In("yuv420p", "-af", "pan=5.1|FC=c0|BL=0.2*c0")},
	{name: "7.1 FLAC", ext: "mkv", filter: to709, args: h264In("yuv420p", "-af", "pan=7.1|FL=c0|FR=c0", "-c:a", "flac")},
	{name: "44.1 kHz", ext: "mp4", filter: to709, args: h264In("yuv420p", "-ar", "44100")},
	{name: "96 kHz 24-bit", ext: "mov", filter: to709, args: h264In("yuv420p", "-ar", "96000", "-c:a", "pcm_s24le")},
	{name: "192 kHz float", ext: "mkv", filter: to709, args: h264In("yuv420p", "-ar", "192000", "-c:a", "pcm_f32le")},
	{name: "8 kHz A-law", ext: "avi", filter: to709, args: h264In("yuv420p", "-ar", "8000", "-c:a", "pcm_alaw")},
	{name: "no sound", inFastRun: true, ext: "mp4", filter: to709, args: h264In("yuv420p", "-an"), expectation: expectation{mute: true}},
}

var containers = []oddRecording{
	{name: "MTS", ext: "mts", filter: to709, args: h264In("yuv420p", "-c:a", "ac3", "-f", "mpegts", "-mpegts_m2ts_mode", "1")},
	{name: "MTS with PCM", ext: "mts", filter: to709, args: h264In("yuv420p", "-c:a", "pcm_bluray", "-ac", "2", "-f", "mpegts", "-mpegts_m2ts_mode", "1")},
	{name: "TS with SMPTE 302M", ext: "ts", filter: to709, args: h264In("yuv420p", "-c:a", "s302m", "-strict", "-2", "-ac", "2")},
	{name: "MXF", inFastRun: true, ext: "mxf", size: image.Pt(640, 360), filter: "format=yuv422p," + to709, args: concat([]string{"-c:v", "mpeg2video", "-q:v", "2", "-pix_fmt", "yuv422p"}, sdr709, []string{"-c:a", "pcm_s24le", "-ar", "48000"})},
	{name: "AVI", ext: "avi", filter: to601, args: []string{"-c:v", "mpeg4", "-q:v", "2", "-c:a", "mp3"}},
	{name: "FLV", inFastRun: true, ext: "flv", filter: to709, args: h264In("yuv420p", "-ar", "44100")},
	{name: "FLV1", ext: "flv", filter: to601, args: []string{"-c:v", "flv1", "-q:v", "2", "-c:a", "mp3", "-ar", "44100"}},
	{name: "FLV with ADPCM", ext: "flv", filter: to709, args: h264In("yuv420p", "-c:a", "adpcm_swf", "-ar", "44100", "-ac", "1")},
	{name: "WebM VP8", ext: "webm", filter: to601, args: []string{"-c:v", "libvpx", "-b:v", "4M", "-deadline", "realtime", "-c:a", "libvorbis"}},
	{name: "WebM AV1", ext: "webm", filter: to709, args: concat([]string{"-c:v", "libsvtav1", "-preset", "10", "-crf", "15", "-c:a", "libopus"}, sdr709)},
	{name: "Ogg", inFastRun: true, ownTalk: true, ext: "ogv", filter: to601, args: []string{"-c:v", "libtheora", "-q:v", "9", "-c:a", "libvorbis"}},
	{name: "WMV", ext: "wmv", filter: to601, args: []string{"-c:v", "wmv2", "-q:v", "2", "-c:a", "wmav2"}},
	{name: "3GP", ext: "3gp", size: image.Pt(384, 288), filter: "scale=352:288,setsar=12/11," + to601, args: []string{"-c:v", "h263", "-q:v", "2", "-c:a", "aac", "-ac", "1"}},
	{name: "DV", ext: "dv", size: image.Pt(768, 576), filter: "scale=720:576,setsar=16/15,format=yuv420p," + to601, args: []string{"-c:v", "dvvideo", "-ac", "2", "-ar", "48000"}, expectation: expectation{tolerance: 16}},
	{name: "HEVC", ext: "mp4", filter: to709, args: concat([]string{"-c:v", "libx265", "-preset", "ultrafast", "-crf", "8", "-x265-params", "log-level=none", "-tag:v", "hvc1"}, sdr709, aac)},
}

var streams = []oddRecording{
	{name: "cover before the picture", inFastRun: true, ext: "mkv", filter: to709, args: h264In("yuv420p"), remake: func(t *testing.T, path string) {
		cover, with := path+".png", path+".mp4"
		ffmpeg(t, "-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", "1", cover)
		ffmpeg(t, "-i", cover, "-i", path, "-map", "0", "-map", "1", "-c", "copy", "-disposition:v:0", "attached_pic", "-disposition:v:1", "default", with)
		if err := os.Rename(with, path); err != nil {
			t.Fatal(err)
		}
	}},
	{name: "WAV", inFastRun: true, ext: "wav", args: concat([]string{"-vn"}, pcm), ownTalk: true, expectation: expectation{programme: image.Pt(1280, 720), dark: true}},
	{name: "MP3 with a cover", inFastRun: true, ext: "mp3", args: []string{"-vn", "-c:a", "mp3"}, expectation: expectation{dark: true}, remake: func(t *testing.T, path string) {
		cover, with := path+".png", path+".with.mp3"
		ffmpeg(t, "-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", "1", cover)
		ffmpeg(t, "-i", path, "-i", cover, "-map", "0", "-map", "1", "-c", "copy", "-disposition:v", "attached_pic", with)
		if err := os.Rename(with, path); err != nil {
			t.Fatal(err)
		}
	}},
	{name: "FLAC", ext: "flac", args: []string{"-vn", "-c:a", "flac"}, expectation: expectation{dark: true}},
	{name: "M4A", ext: "m4a", args: []string{"-vn", "-c:a", "aac"}, expectation: expectation{dark: true}},
	{name: "Opus", ext: "opus", args: []string{"-vn", "-c:a", "libopus"}, expectation: expectation{dark: true}},
	{name: "AAC alone", ext: "aac", args: []string{"-vn", "-c:a", "aac"}, expectation: expectation{dark: true}},
}

var ps = []string{"-c:v", "mpeg2video", "-q:v", "2", "-c:a", "mp2", "-f", "vob"}

// set moves a finished recording's clock ahead by ten minutes after half a second, in some of its
// streams. The clock has hz ticks a second.
func set(hz int, streams ...string) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		then := fmt.Sprintf(`+gt(DTS-STARTDTS\,%d)*%d`, hz/2, 600*hz)
		args := []string{"-copyts", "-i", path, "-c", "copy"}
		for _, s := range streams {
			args = append(args, "-bsf:"+s, "setts=pts=PTS"+then+":dts=DTS"+then)
		}
		out := path + filepath.Ext(path)
		ffmpeg(t, append(args, out)...)
		if err := os.Rename(out, path); err != nil {
			t.Fatal(err)
		}
	}
}

// restarted records like a recorder that stopped for a moment after half a second: its clock began
// at from, and continues at to.
func restarted(from, to string, args ...string) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		var both []byte
		for _, part := range [][]string{{"-to", "0.52", "-output_ts_offset", from}, {"-ss", "0.52", "-output_ts_offset", to}} {
			out := path + ".part." + filepath.Ext(path)
			ffmpeg(t, concat([]string{"-i", path}, part, args, []string{out})...)
			b, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			both = append(both, b...)
		}
		if err := os.WriteFile(path, both, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

var clocks = []oddRecording{
	{name: "TS that wraps", inFastRun: true, ext: "ts", filter: to709, args: h264In("yuv420p", "-output_ts_offset", "95442.2")},
	{name: "TS whose clock jumps three hours", inFastRun: true, ext: "ts", filter: to709, remake: restarted("0", "10800", h264In("yuv420p", "-c:a", "mp2")...), args: h264In("yuv420p", "-c:a", "mp2")},
	{name: "TS whose clock jumps, marked", ext: "mts", filter: to709, remake: restarted("0", "600", h264In("yuv420p", "-c:a", "mp2", "-f", "mpegts", "-mpegts_flags", "initial_discontinuity")...), args: h264In("yuv420p", "-c:a", "mp2", "-f", "mpegts")},
	{name: "TS whose clock falls back", ext: "ts", filter: to709, remake: restarted("30", "0", h264In("yuv420p", "-c:a", "mp2")...), args: h264In("yuv420p", "-c:a", "mp2")},
	{name: "TS whose clock falls back to zero", ext: "ts", filter: to709, remake: restarted("600", "0", h264In("yuv420p", "-c:a", "mp2")...), args: h264In("yuv420p", "-c:a", "mp2")},
	{name: "TS that wraps and jumps", ext: "ts", filter: to709, remake: restarted("95442", "600", h264In("yuv420p", "-c:a", "mp2")...), args: h264In("yuv420p", "-c:a", "mp2")},
	{name: "TS whose clock is set while it records", ext: "ts", filter: to709, args: h264In("yuv420p"), remake: set(90_000, "v", "a")},
	{name: "MTS with PCM whose clock jumps", ext: "mts", filter: to709, remake: restarted("0", "600", h264In("yuv420p", "-c:a", "pcm_bluray", "-ac", "2", "-f", "mpegts", "-mpegts_m2ts_mode", "1")...), args: h264In("yuv420p")},
	{name: "MPEG-PS whose clock jumps", ext: "mpg", filter: to601, remake: restarted("0", "600", ps...), args: ps},
	{name: "MPEG-PS whose clock falls back", ext: "mpg", filter: to601, remake: restarted("30", "0", ps...), args: ps},
	{name: "FLV whose clock jumps", ext: "flv", filter: to709, args: h264In("yuv420p", "-ar", "44100"), remake: set(1000, "v", "a")},
	{name: "TS whose picture alone jumps", ext: "ts", filter: to709, args: h264In("yuv420p"), remake: set(90_000, "v"), refuse: "jump back and forth"},
	{name: "screen, of varying rate", inFastRun: true, ext: "mkv", filter: "select='lt(t,0.5)+between(t,0.95,1.3)+gt(random(1),0.6)'," + to709, args: h264In("yuv444p", "-fps_mode", "passthrough")},
	{name: "15 a second", ext: "mp4", filter: "fps=15," + to709, args: h264In("yuv420p")},
	{name: "59.94 a second", ext: "mp4", filter: "fps=60000/1001," + to709, args: h264In("yuv420p")},
	{name: "a picture a second", inFastRun: true, ext: "mp4", filter: "select=not(mod(n\\,25))," + to709, args: h264In("yuv420p", "-fps_mode", "passthrough")},
}

var crashed = []oddRecording{
	{name: "MP4 without an index", inFastRun: true, ext: "mp4", filter: to709, args: h264In("yuv420p"), patch: truncateAt(0.7), refuse: "was not finished"},
	{name: "MKV without an end", ext: "mkv", filter: to709, args: h264In("yuv420p", "-flush_packets", "1"), remake: func(t *testing.T, path string) {
		// As from a pipe: no header was ever corrected.
		b := ffmpeg(t, "-i", path, "-c", "copy", "-f", "matroska", "-live", "1", "-")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}},
	{name: "TS of which some was lost", ext: "ts", filter: to709, args: h264In("yuv420p"), patch: func(b []byte) []byte {
		const packet = 188
		at := len(b) / packet * 4 / 5 * packet // which is after the second that is judged
		return slices.Concat(b[:at], b[at+30*packet:])
	}},
	{name: "FLV without an end", ext: "flv", filter: to709, args: h264In("yuv420p", "-ar", "44100", "-flvflags", "no_duration_filesize")},
	{name: "AVI without an index", ext: "avi", filter: "scale=out_color_matrix=bt601:out_range=pc", args: []string{"-c:v", "mjpeg", "-q:v", "2", "-pix_fmt", "yuvj420p", "-c:a", "pcm_s16le"}, patch: func(b []byte) []byte {
		return b[:bytes.LastIndex(b, []byte("idx1"))]
	}},
	{name: "MKV cut off", inFastRun: true, ext: "mkv", filter: to709, args: h264In("yuv420p", "-g", "10"), patch: truncateAt(0.6), refuse: "breaks off at"},
}
