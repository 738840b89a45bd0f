package conference

import "github.com/lectern-av/lectern/internal/timeline"

// ProcessingOptions is how a talk's recordings are to be processed, apart from the cut. The zero value
// changes nothing.
type ProcessingOptions struct {
	Floor        AudioSource     `json:"floor,omitzero"`         // the talk itself; its Language is ignored
	Interpreters []AudioSource   `json:"interpreters,omitempty"` // further audio of the same programme, each in another language
	HighPass     int             `json:"high_pass,omitempty"`    // cutoff in Hz against steps, wind and hum; 0: no filter
	Denoise      bool            `json:"denoise,omitempty"`      // reduce steady noise, by at most 10 dB
	VideoStream  int             `json:"picture,omitempty"`      // video stream of each recording, counted from 1; 0 is the first
	SideStream   int             `json:"beside,omitempty"`       // the one shown beside it; 0: none
	MainShare    int             `json:"share,omitempty"`        // per cent of the frame's width for the first picture; 0: two thirds
	AllowNoAudio bool            `json:"silence,omitempty"`      // accept recordings without audio as silent
	AllowNoVideo bool            `json:"waveform,omitempty"`     // accept recordings without video; a waveform is shown
	Mute         []timeline.Span `json:"mute,omitempty"`         // reel time without sound
	Blank        []timeline.Span `json:"blank,omitempty"`        // reel time without picture
}

// AudioSource selects audio in each recording.
type AudioSource struct {
	Language string   `json:"language,omitempty"` // BCP 47
	Stream   int      `json:"stream,omitempty"`   // audio stream of the recording, counted from 1; 0 is the first
	Channels Channels `json:"channels,omitempty"` // "" is ChannelsAuto
}

// DisjointFrom reports whether two sources share no sound: they are different streams, or the left
// and the right channel of one.
func (s AudioSource) DisjointFrom(other AudioSource) bool {
	sides := [2]Channels{s.Channels, other.Channels}
	return max(1, s.Stream) != max(1, other.Stream) ||
		sides == [2]Channels{ChannelsLeft, ChannelsRight} || sides == [2]Channels{ChannelsRight, ChannelsLeft}
}

// Channels selects channels of an audio stream.
type Channels string

// The choices of channels. All give a stereo programme.
const (
	ChannelsAuto   Channels = "auto"   // stereo, but a silent channel is replaced by the other
	ChannelsLeft   Channels = "left"   // the left one on both sides
	ChannelsRight  Channels = "right"  // the right one on both sides
	ChannelsMix    Channels = "mix"    // the mean of both on both sides
	ChannelsStereo Channels = "stereo" // as recorded
)
