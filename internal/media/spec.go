// Package media runs ffmpeg and ffprobe: it probes and analyses recordings, encodes chunks,
// draws cards, renders the sound of a programme and joins everything to video files. It builds
// filter graphs with ffmpeg-go, limits what the programs may use, and verifies each file that
// they wrote.
//
// The types whose names end in Spec are parameters of actions, and as such part of their keys:
// everything that decides the bytes of an output, but no paths, tools or versions.
package media

import (
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/timeline"
)

// Probe is what probing a recording found. It is part of keys, notes included: rewording a
// note makes what depends on the probe anew.
//
// Times are on the recording's own clock. Its zero is the container's start, moved by less
// than half a frame so that the first frame is on the frame grid; sound is moved with it.
type Probe struct {
	Format   string        `json:"format"`   // ffmpeg's name for the container
	Indexed  bool          `json:"indexed"`  // it seeks exactly; otherwise it must be indexed first
	Declared time.Duration `json:"declared"` // length according to the container
	Readable time.Duration `json:"readable"` // end of the last video packet that can be read
	Video    *Video        `json:"video"`    // nil: no video (a cover image does not count)
	Audio    []Audio       `json:"audio"`
	Notes    []string      `json:"notes,omitempty"` // defects, in English

	SecondVideo *Video `json:"beside,omitempty"` // to be shown beside Video; on the same clock

	UnreadBytes    int64       `json:"unread,omitempty"`  // bytes at the end of the file that hold no packets
	Jumps          []ClockJump `json:"jumps,omitempty"`   // of the container's clock. An indexed copy has none, and all other times here are without them
	JumpsAsWritten bool        `json:"written,omitempty"` // Jumps refer to timestamps without ffmpeg's correction of clock wraps
}

// Video describes the video stream of a recording.
type Video struct {
	Stream       int           `json:"stream"` // index in the container
	Codec        string        `json:"codec"`
	Width        int           `json:"width"`  // as displayed: square pixels, upright, even
	Height       int           `json:"height"` // as displayed
	Rate         timeline.Rate `json:"rate"`   // nearest standard rate
	Variable     bool          `json:"variable"`
	Interlaced   bool          `json:"interlaced"`
	Matrix       string        `json:"matrix"`    // colour matrix by ffmpeg's name: "bt709"
	EncoderReady bool          `json:"plain"`     // upright, square pixels, 8-bit 4:2:0, BT.709, limited range: needs no conversion
	Reorder      time.Duration `json:"reorder"`   // longest time between decoding and showing a frame
	TimeBase     timeline.Rate `json:"time_base"` // seconds a tick, as a fraction
	FirstPTS     int64         `json:"first_pts"` // of the first frame, in ticks of the container's clock
	Lead         time.Duration `json:"lead"`      // time from the container's start to the first frame
	End          time.Duration `json:"end"`       // end of the last frame

	// With several video streams, seeking may go by the keyframes of another one. A seek
	// must then aim this much earlier to hit a keyframe of this stream.
	Preroll time.Duration `json:"run_in,omitempty"`

	LowFrameRate bool   `json:"slow,omitempty"` // fewer than ten frames a second, at regular intervals; each is repeated
	HDR          string `json:"hdr,omitempty"`  // transfer function if it is HDR: "smpte2084" (PQ) or "arib-std-b67" (HLG)
	WideGamut    bool   `json:"wide,omitempty"` // BT.2020 primaries without HDR

	Gaps []timeline.Span `json:"gaps,omitempty"` // frames are missing here; times from the container's start
}

// Audio describes one sound stream of a recording.
type Audio struct {
	Stream   int           `json:"stream"`
	Codec    string        `json:"codec"`
	Channels int           `json:"channels"`
	Hz       int           `json:"hz"`
	Language string        `json:"language,omitempty"`
	Start    time.Duration `json:"start"` // from the container's start; not negative
	End      time.Duration `json:"end"`

	Gaps    []timeline.Span `json:"gaps,omitempty"`    // there are no packets here; times from the container's start
	Formats []SoundFormat   `json:"formats,omitempty"` // if the format changes: all of them, in their order
}

// HasSoundChoice reports whether the recording has more channels than one stereo pair.
func (p Probe) HasSoundChoice() bool {
	return len(p.Audio) > 1 || len(p.Audio) == 1 && p.Audio[0].Channels > 2
}

// FrameSource says how to take frames off a recording at a constant frame rate. Frame n is the
// picture shown at n/Rate on the recording's clock. The first picture is frame Lead; frames
// before it show it too, and frames after the end show the last picture.
type FrameSource struct {
	Stream       int           `json:"stream"`
	Rate         timeline.Rate `json:"rate"` // of the programme
	TimeBase     timeline.Rate `json:"time_base"`
	FirstPTS     int64         `json:"first_pts"`
	Lead         int64         `json:"lead"` // frames
	Deinterlace  bool          `json:"deinterlace"`
	Width        int           `json:"width"`   // as in Video
	Height       int           `json:"height"`  // as in Video
	Matrix       string        `json:"matrix"`  // as in Video
	EncoderReady bool          `json:"plain"`   // as in Video
	Reorder      time.Duration `json:"reorder"` // as in Video

	Preroll   time.Duration `json:"run_in,omitempty"` // as in Video
	PerField  bool          `json:"fields,omitempty"` // each field becomes a frame: 25i gives 50 a second
	HDR       string        `json:"hdr,omitempty"`    // as in Video; it is tone-mapped to SDR
	WideGamut bool          `json:"wide,omitempty"`   // as in Video; it is converted to BT.709

	SideBySide *SideBySide `json:"beside,omitempty"` // a second video stream to show beside this one
}

// Encoding holds the encoder settings of a rendition.
type Encoding struct {
	Codec    string `json:"codec"`              // "h264", "vp9", "av1" or "ffv1"
	Lossless bool   `json:"lossless,omitempty"` // h264 and ffv1; CRF and bit rates are ignored
	TenBit   bool   `json:"deep,omitempty"`     // ffv1: 10-bit 4:2:2 instead of 8-bit 4:2:0
	Preset   string `json:"preset,omitempty"`   // h264: x264's preset; av1: SVT-AV1's
	CRF      int    `json:"crf,omitempty"`
	Threads  int    `json:"threads"`            // part of the key, because they change the bytes
	Bitrate  string `json:"bitrate,omitempty"`  // vp9: target, as ffmpeg writes it ("1024k")
	MinRate  string `json:"min_rate,omitempty"` // vp9
	MaxRate  string `json:"max_rate,omitempty"` // vp9
	TwoPass  bool   `json:"two_pass,omitempty"` // vp9: the first pass at speed 4, the second at Speed
	Speed    int    `json:"speed,omitempty"`    // vp9: -speed of the last (or only) pass
}

// EncodeSpec holds the parameters of encoding one chunk, a range of a recording's frames, for
// one rendition.
type EncodeSpec struct {
	Source   FrameSource    `json:"pictures"`
	Range    timeline.Range `json:"range"` // frames of the recording
	Width    int            `json:"width"` // pixels; the picture is letterboxed
	Height   int            `json:"height"`
	Encoding Encoding       `json:"encoding"`
	Salt     int            `json:"salt"`

	Blank []timeline.Range `json:"blank,omitempty"` // frames of the chunk, from 0, to make black
	Cues  []conference.Cue `json:"cues,omitempty"`  // to burn in; times from the chunk's start, on its frames
}

// CardSpec holds the parameters of drawing an opening or closing card for one rendition.
type CardSpec struct {
	Title      string        `json:"title"`
	Speakers   []string      `json:"speakers"`
	Conference string        `json:"conference"`
	Note       string        `json:"note,omitempty"` // small last line: date, licence
	Language   string        `json:"language"`       // BCP 47; for shaping and line breaks
	Rate       timeline.Rate `json:"rate"`
	Frames     int64         `json:"frames"`
	Width      int           `json:"width"`
	Height     int           `json:"height"`
	Encoding   Encoding      `json:"encoding"`
	Salt       int           `json:"salt"`
	Look       *CardLook     `json:"look,omitempty"` // nil: Lectern's own look
}

// WaveformSpec holds the parameters of the picture that is drawn for a sound-only recording.
type WaveformSpec struct {
	Background CardSpec `json:"behind"`
	Colour     string   `json:"colour"` // of the waveform, "#rrggbb"
}

// CardLook is a conference's design of its cards. Zero fields are as in Lectern's own.
type CardLook struct {
	Background Backdrop                      `json:"background,omitempty"` // "": Lectern's gradient
	Font       string                        `json:"font,omitempty"`       // family name for fontconfig
	FontFile   bool                          `json:"font_file,omitempty"`  // use CardFiles.Font instead of Font
	Places     map[string]conference.TextBox `json:"places,omitempty"`     // by text: "title", "speakers", "conference" and "note"
	Logo       *conference.TextBox           `json:"logo,omitempty"`       // keeps its aspect ratio; nil: no logo
}

// Backdrop is the format of a card's background file.
type Backdrop string

// The kinds of backdrops.
const (
	PNG  Backdrop = "png"
	JPEG Backdrop = "jpeg"
	SVG  Backdrop = "svg"
	Clip Backdrop = "clip" // a video; its last frame stays
)

// AudioSpec holds the parameters of the sound of a whole programme: silence during the opening
// card, the pieces, silence during the closing card, brought to one loudness.
type AudioSpec struct {
	Codec   string        `json:"codec"`   // "aac", "opus" or "flac"
	Bitrate string        `json:"bitrate"` // "160k"; ignored for flac
	Rate    timeline.Rate `json:"rate"`
	Opening int64         `json:"opening"` // frames
	Closing int64         `json:"closing"` // frames
	Pieces  []AudioPiece  `json:"pieces"`  // the kept ranges in the programme's order
	LUFS    float64       `json:"lufs"`    // target integrated loudness
	Peak    float64       `json:"peak"`    // dBTP, the ceiling

	HighPass int  `json:"high_pass,omitempty"` // Hz; 0 is none
	Denoise  bool `json:"denoise,omitempty"`
	Level    bool `json:"level,omitempty"` // even out loud and quiet speakers

	OpeningClip *AudioPiece `json:"before,omitempty"` // sound at the start; the rest of Opening is silent
	ClosingClip *AudioPiece `json:"after,omitempty"`  // sound at the end; the rest of Closing, before it, is silent
}

// AudioPiece is a range of one recording's sound. Its edges are those of its frames, rounded
// to the nearest sample from the programme's start.
type AudioPiece struct {
	Recording int            `json:"recording"` // input number, from 0
	Stream    int            `json:"stream"`    // index in the container; -1: no sound
	Zero      time.Duration  `json:"zero"`      // the recording's zero on the container's clock
	Range     timeline.Range `json:"range"`     // frames of the recording
	Channels  string         `json:"channels"`  // "stereo", "left", "right" or "mix"

	Unfiltered bool `json:"plain,omitempty"` // of a clip: without HighPass and Denoise, and as loud as the talk

	Mute []timeline.Range `json:"mute,omitempty"` // frames of the piece, from 0, to silence

	Mix        []MixInput `json:"mix,omitempty"`         // instead of Stream
	ClickLevel float64    `json:"click_level,omitempty"` // dBFS, to which clicks are limited; 0: they are not
	Gain       int        `json:"gain,omitempty"`        // dB, so that the recording is as loud as the others
}

// Container is the format of a video file. It is also the file's extension.
type Container string

// The containers.
const (
	MP4  Container = "mp4"
	WebM Container = "webm"
	MKV  Container = "mkv"
)

// Matroska reports whether c is a Matroska format, WebM or MKV. Their times are in milliseconds,
// and their index is written at the end unless room was reserved.
func (c Container) Matroska() bool { return c != MP4 }

// muxerName returns the name of ffmpeg's muxer for c.
func (c Container) muxerName() string {
	if c == MKV {
		return "matroska"
	}
	return string(c)
}

// SubtitleExtension returns the extension of subtitle files that can be copied into c: "mp4" (see
// subtitle.WriteMP4), "vtt" or "srt".
func (c Container) SubtitleExtension() string {
	return map[Container]string{MP4: "mp4", WebM: "vtt", MKV: "srt"}[c]
}

// AssembleSpec holds the parameters of joining segments to a video file with one sound or
// several, subtitle streams and chapters.
type AssembleSpec struct {
	Container      Container            `json:"container"`
	Rate           timeline.Rate        `json:"rate"`
	Frames         int64                `json:"frames"`
	Language       string               `json:"language"`            // of the sound, BCP 47
	ExtraLanguages []string             `json:"sounds,omitempty"`    // languages of further sound streams: interpreters
	Metadata       map[string]string    `json:"metadata"`            // by ffmpeg's keys: title, artist, album, date, …
	Subtitles      []string             `json:"subtitles,omitempty"` // languages, BCP 47, in the order of the streams
	Chapters       []conference.Section `json:"chapters,omitempty"`
}

// audioLanguages returns the languages of all sound streams, in the streams' order.
func (s AssembleSpec) audioLanguages() []string {
	return append([]string{s.Language}, s.ExtraLanguages...)
}

// PodcastSpec holds the parameters of an audio file for podcasts.
type PodcastSpec struct {
	Codec    string               `json:"codec"`    // "aac", into M4A, or "opus", into Ogg
	Length   time.Duration        `json:"length"`   // of the programme
	Language string               `json:"language"` // BCP 47
	Metadata map[string]string    `json:"metadata"` // as in AssembleSpec
	Chapters []conference.Section `json:"chapters,omitempty"`
}

// Ext returns the podcast's file name extension without a dot: "opus" or "m4a".
func (s PodcastSpec) Ext() string {
	if s.Codec == "opus" {
		return "opus"
	}
	return "m4a"
}

// StillsSpec holds the parameters of taking stills from a segment, one for each slot.
type StillsSpec struct {
	Rate   timeline.Rate    `json:"rate"`
	Slots  []timeline.Range `json:"slots"` // frames of the segment
	Width  int              `json:"width"` // pixels of a still
	Height int              `json:"height"`
}

// ThumbnailSpec holds the parameters of choosing a thumbnail from a range of a recording. The
// result is a JPEG of 1280×720, letterboxed, of less than 2 MB.
type ThumbnailSpec struct {
	Source FrameSource    `json:"pictures"`
	Range  timeline.Range `json:"range"` // frames of the recording to choose from
}
