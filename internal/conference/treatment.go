package conference

import "github.com/lectern-av/lectern/internal/timeline"

// Treatment is how a talk's recordings are to be processed, apart from the cut. The zero value
// changes nothing.
type Treatment struct {
	Floor        AudioSource     `json:"floor,omitzero"`         // where the talk itself is heard; its Language is not looked at
	Interpreters []AudioSource   `json:"interpreters,omitempty"` // further sounds of the same programme, each in a language of its own
	HighPass     int             `json:"high_pass,omitempty"`    // Hz under which sound is taken away: steps, wind, hum; 0 takes none
	Denoise      bool            `json:"denoise,omitempty"`      // steady noise is lowered, by 10 dB at most
	VideoStream  int             `json:"picture,omitempty"`      // which moving picture of each recording, counted from 1; 0 is the first
	SideStream   int             `json:"beside,omitempty"`       // which one is shown beside it; 0 is none
	MainShare    int             `json:"share,omitempty"`        // per cent of the frame's width that the picture has, where one is beside it; 0 is two thirds
	AllowNoAudio bool            `json:"silence,omitempty"`      // recordings without sound are silent; if not, they are refused
	AllowNoVideo bool            `json:"waveform,omitempty"`     // recordings without picture show their sound; if not, they are refused
	Mute         []timeline.Span `json:"mute,omitempty"`         // reel time in which nothing is heard
	Blank        []timeline.Span `json:"blank,omitempty"`        // reel time in which nothing is seen
}

// AudioSource selects audio in each recording.
type AudioSource struct {
	Language string   `json:"language,omitempty"` // BCP 47
	Stream   int      `json:"stream,omitempty"`   // which of the recording's sounds, counted from 1; 0 is the first
	Channels Channels `json:"channels,omitempty"` // "" is ChannelsAuto
}

// DisjointFrom reports whether two sources share no sound: they are different streams, or
// different channels of one.
func (s AudioSource) DisjointFrom(other AudioSource) bool {
	sides := [2]Channels{s.Channels, other.Channels}
	return max(1, s.Stream) != max(1, other.Stream) ||
		sides == [2]Channels{ChannelsLeft, ChannelsRight} || sides == [2]Channels{ChannelsRight, ChannelsLeft}
}

// Channels selects channels of an audio stream.
type Channels string

// The choices of channels. All give a stereo programme.
const (
	ChannelsAuto   Channels = "auto"   // stereo, but a dead channel gives way to the living one
	ChannelsLeft   Channels = "left"   // the left one, on both sides
	ChannelsRight  Channels = "right"  // the right one, on both sides
	ChannelsMix    Channels = "mix"    // the mean of both, on both sides
	ChannelsStereo Channels = "stereo" // as recorded
)
