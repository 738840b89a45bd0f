// Package media makes pictures and sound: it builds filter graphs with ffmpeg-go, runs
// ffmpeg and ffprobe under watch, and proves what they wrote before anyone relies on it.
//
// The Spec types are what an action's key is made of: all that decides the bytes of an
// output, and no path, tool or version.
package media

import (
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/timeline"
)

// Probe is what looking into a recording found. Times are on the recording's own clock,
// whose zero is the container's start, moved by less than half a frame so that the first
// picture falls on the frame grid (sound moves with it).
type Probe struct {
	Format   string        `json:"format"`   // ffmpeg's name of the container
	Indexed  bool          `json:"indexed"`  // seeks exactly as it is; if not, it must be indexed first
	Declared time.Duration `json:"declared"` // how long the container says it is
	Readable time.Duration `json:"readable"` // where its last readable packet of picture ends
	Video    *Video        `json:"video"`    // nil: no picture (a cover image is none)
	Audio    []Audio       `json:"audio"`
	Notes    []string      `json:"notes,omitempty"` // troubles, in words

	SecondVideo *Video `json:"beside,omitempty"` // a second picture, to be shown beside; on the same clock

	UnreadBytes    int64       `json:"unread,omitempty"`  // bytes at the end that hold nothing which can be read
	Jumps          []ClockJump `json:"jumps,omitempty"`   // of the container's times, which an index is without; all other times here are so already
	JumpsAsWritten bool        `json:"written,omitempty"` // jumps are by times as they are written; nowhere does the clock wrap
}

// Video describes the picture stream of a recording.
type Video struct {
	Stream       int           `json:"stream"` // index in the container
	Codec        string        `json:"codec"`
	Width        int           `json:"width"`  // as displayed: square pixels, rotated, even
	Height       int           `json:"height"` // likewise
	Rate         timeline.Rate `json:"rate"`   // the standard rate that suits it
	Variable     bool          `json:"variable"`
	Interlaced   bool          `json:"interlaced"`
	Matrix       string        `json:"matrix"`    // how its colours are coded, as ffmpeg's scale filter names it: "bt709"
	EncoderReady bool          `json:"plain"`     // upright, in square pixels, 8-bit 4:2:0 BT.709 in television's range: as encoders are given it
	Reorder      time.Duration `json:"reorder"`   // the most by which a picture is decoded before it is shown
	TimeBase     timeline.Rate `json:"time_base"` // seconds a tick, as a fraction
	FirstPTS     int64         `json:"first_pts"` // of the first picture, in ticks, in the container's own time
	Lead         time.Duration `json:"lead"`      // how long after the container's start the first picture comes
	End          time.Duration `json:"end"`       // where the last picture ends

	// Where there are several pictures, seeks go by another one of them: this much earlier,
	// there is one that this picture can be decoded from.
	Preroll time.Duration `json:"run_in,omitempty"`

	LowFrameRate bool   `json:"slow,omitempty"` // fewer than ten pictures a second came, at one interval; each is shown several times
	HDR          string `json:"hdr,omitempty"`  // the transfer of high dynamic range, as ffmpeg names it: "smpte2084" (PQ) or "arib-std-b67" (HLG)
	WideGamut    bool   `json:"wide,omitempty"` // the colours of BT.2020, without high dynamic range

	Gaps []timeline.Span `json:"gaps,omitempty"` // after the container's start: pictures are missing, which otherwise come regularly
}

// Audio describes one sound stream of a recording.
type Audio struct {
	Stream   int           `json:"stream"`
	Codec    string        `json:"codec"`
	Channels int           `json:"channels"`
	Hz       int           `json:"hz"`
	Language string        `json:"language,omitempty"`
	Start    time.Duration `json:"start"` // after the container's start; may not be below zero
	End      time.Duration `json:"end"`

	Gaps []timeline.Span `json:"gaps,omitempty"` // after the container's start: there is no sound, not even silence
}

// FrameSource says how to take frames off a recording on a constant frame rate. Frame n of
// the recording is the picture shown at n/Rate on its own clock: the first picture is
// frame Lead, earlier frames repeat it, and frames past the last picture repeat that one.
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
	Reorder      time.Duration `json:"reorder"` // as in Video: how much further ahead a seek must aim

	Preroll   time.Duration `json:"run_in,omitempty"` // as in Video: likewise
	PerField  bool          `json:"fields,omitempty"` // each field becomes a picture: 50 a second of 25i
	HDR       string        `json:"hdr,omitempty"`    // as in Video: it is mapped to what screens without it show
	WideGamut bool          `json:"wide,omitempty"`   // as in Video: likewise

	SideBySide *SideBySide `json:"beside,omitempty"` // another picture, in one frame with these
}

// Encoding is how a rendition's pictures are compressed.
type Encoding struct {
	Codec    string `json:"codec"`              // "h264", "vp9", "av1" or "ffv1"
	Lossless bool   `json:"lossless,omitempty"` // h264 and ffv1; CRF and bitrates mean nothing then
	TenBit   bool   `json:"deep,omitempty"`     // ffv1: 4:2:2 of ten bits, not 4:2:0 of eight
	Preset   string `json:"preset,omitempty"`   // h264: x264's preset; av1: SVT-AV1's
	CRF      int    `json:"crf,omitempty"`
	Threads  int    `json:"threads"`            // they change the bytes
	Bitrate  string `json:"bitrate,omitempty"`  // vp9: target, in ffmpeg's notation ("1024k")
	MinRate  string `json:"min_rate,omitempty"` // vp9
	MaxRate  string `json:"max_rate,omitempty"` // vp9
	TwoPass  bool   `json:"two_pass,omitempty"` // vp9: speed 4, then Speed
	Speed    int    `json:"speed,omitempty"`    // vp9: -speed of the last (or only) pass
}

// EncodeSpec is one rendition of one chunk: a range of a recording's frames.
type EncodeSpec struct {
	Source   FrameSource    `json:"pictures"`
	Range    timeline.Range `json:"range"` // frames of the recording
	Width    int            `json:"width"` // pixels; the picture is letterboxed into them
	Height   int            `json:"height"`
	Encoding Encoding       `json:"encoding"`
	Salt     int            `json:"salt"`

	Blank []timeline.Range `json:"blank,omitempty"` // frames of the chunk, counted from its first, in which nothing is seen
	Cues  []conference.Cue `json:"cues,omitempty"`  // burned in; their times are those of the chunk's frames
}

// CardSpec is one rendition of an opening or closing card.
type CardSpec struct {
	Title      string        `json:"title"`
	Speakers   []string      `json:"speakers"`
	Conference string        `json:"conference"`
	Note       string        `json:"note,omitempty"` // a last small line: the licence, thanks
	Language   string        `json:"language"`       // BCP 47; guides shaping and line breaks
	Rate       timeline.Rate `json:"rate"`
	Frames     int64         `json:"frames"`
	Width      int           `json:"width"`
	Height     int           `json:"height"`
	Encoding   Encoding      `json:"encoding"`
	Salt       int           `json:"salt"`
	Look       *CardLook     `json:"look,omitempty"` // the conference's own; nil: Lectern's
}

// WaveformSpec is the picture that stands in for that of a recording of sound alone.
type WaveformSpec struct {
	Background CardSpec `json:"behind"`
	Colour     string   `json:"colour"` // of the waves, "#rrggbb"
}

// CardLook is a conference's own look of its cards. What it leaves open is as in Lectern's.
type CardLook struct {
	Background Backdrop                      `json:"background,omitempty"` // what lies behind; "": Lectern's
	Font       string                        `json:"font,omitempty"`       // a family that fontconfig knows
	FontFile   bool                          `json:"font_file,omitempty"`  // or the letters are of a file
	Places     map[string]conference.TextBox `json:"places,omitempty"`     // of "title", "speakers", "conference" and "note"
	Logo       *conference.TextBox           `json:"logo,omitempty"`       // its height follows from its width; nil: there is none
}

// Backdrop is a kind of file that lies behind the words of a card.
type Backdrop string

// The kinds of backdrops.
const (
	PNG  Backdrop = "png"
	JPEG Backdrop = "jpeg"
	SVG  Backdrop = "svg"
	Clip Backdrop = "clip" // plays from its beginning; its last picture stays
)

// AudioSpec is the sound of a whole programme: silence under the opening card, the pieces,
// silence under the closing card, brought to one loudness.
type AudioSpec struct {
	Codec   string        `json:"codec"`   // "aac", "opus" or "flac", which is without loss
	Bitrate string        `json:"bitrate"` // "160k"; means nothing to flac
	Rate    timeline.Rate `json:"rate"`
	Opening int64         `json:"opening"` // frames
	Closing int64         `json:"closing"` // frames
	Pieces  []AudioPiece  `json:"pieces"`  // kept ranges, in programme order
	LUFS    float64       `json:"lufs"`    // integrated loudness to reach
	Peak    float64       `json:"peak"`    // dBTP, never above

	HighPass int  `json:"high_pass,omitempty"` // Hz; 0 is none
	Denoise  bool `json:"denoise,omitempty"`

	OpeningClip *AudioPiece `json:"before,omitempty"` // sound at the very beginning; what is left of Opening behind it is silent
	ClosingClip *AudioPiece `json:"after,omitempty"`  // sound at the very end; what is left of Closing in front of it is silent
}

// AudioPiece is a range of one recording's sound. Its edges in samples are those of its
// frames, rounded from the start of the programme.
type AudioPiece struct {
	Recording int            `json:"recording"` // which of the inputs, from 0
	Stream    int            `json:"stream"`    // index in the container; -1: it has no sound
	Zero      time.Duration  `json:"zero"`      // the recording's zero, in the container's own time
	Range     timeline.Range `json:"range"`     // frames of the recording
	Channels  string         `json:"channels"`  // "stereo", "left", "right" or "mix"

	Unfiltered bool `json:"plain,omitempty"` // it does not go through HighPass and Denoise, and is made as loud as what does

	Mute []timeline.Range `json:"mute,omitempty"` // frames, counted from the piece's first, in which nothing is heard
}

// Container is the form of a file that a rendition is put into, and the end of its name.
type Container string

// The containers.
const (
	MP4  Container = "mp4"
	WebM Container = "webm"
	MKV  Container = "mkv"
)

// Matroska reports whether c counts milliseconds, and has its index where Matroska does.
func (c Container) Matroska() bool { return c != MP4 }

// muxerName is ffmpeg's name of c.
func (c Container) muxerName() string {
	if c == MKV {
		return "matroska"
	}
	return string(c)
}

// SubtitleExtension is the form that subtitles take to be copied into c: "mp4" (see subtitle.WriteMP4),
// "vtt" or "srt".
func (c Container) SubtitleExtension() string {
	return map[Container]string{MP4: "mp4", WebM: "vtt", MKV: "srt"}[c]
}

// AssembleSpec is a rendition: segments joined end to end under one sound or several, with
// soft subtitles that a player can switch on, and chapters it can go to.
type AssembleSpec struct {
	Container      Container            `json:"container"`
	Rate           timeline.Rate        `json:"rate"`
	Frames         int64                `json:"frames"`
	Language       string               `json:"language"`            // of the sound, BCP 47
	ExtraLanguages []string             `json:"sounds,omitempty"`    // languages of further sounds: interpreters
	Metadata       map[string]string    `json:"metadata"`            // ffmpeg's names: title, artist, album, date, …
	Subtitles      []string             `json:"subtitles,omitempty"` // languages, BCP 47, in the order of the streams
	Chapters       []conference.Section `json:"chapters,omitempty"`
}

// audioLanguages are the languages of all sounds, the floor's first.
func (s AssembleSpec) audioLanguages() []string {
	return append([]string{s.Language}, s.ExtraLanguages...)
}

// PodcastSpec is the sound of a programme alone, as players of podcasts take it.
type PodcastSpec struct {
	Codec    string               `json:"codec"`    // "aac", into M4A, or "opus", into Ogg
	Length   time.Duration        `json:"length"`   // of the programme
	Language string               `json:"language"` // BCP 47
	Metadata map[string]string    `json:"metadata"` // as in AssembleSpec
	Chapters []conference.Section `json:"chapters,omitempty"`
}

// Ext ends the file's name.
func (s PodcastSpec) Ext() string {
	if s.Codec == "opus" {
		return "opus"
	}
	return "m4a"
}

// StillsSpec is small pictures of a segment, one for each of its slots.
type StillsSpec struct {
	Rate   timeline.Rate    `json:"rate"`
	Slots  []timeline.Range `json:"slots"` // frames of the segment
	Width  int              `json:"width"` // pixels of a still
	Height int              `json:"height"`
}

// ThumbnailSpec is a still: 1280×720 (letterboxed), JPEG, under 2 MB.
type ThumbnailSpec struct {
	Source FrameSource    `json:"pictures"`
	Range  timeline.Range `json:"range"` // frames of the recording among which a telling one is chosen
}
