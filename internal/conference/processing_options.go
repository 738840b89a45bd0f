package conference

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/lectern-av/lectern/internal/timeline"
)

// ProcessingOptions is how a talk's recordings are to be processed, apart from the cut. The zero value
// changes nothing.
type ProcessingOptions struct {
	Floor        AudioSource     `json:"floor,omitzero"`         // the talk itself; its Language is ignored
	Interpreters []AudioSource   `json:"interpreters,omitempty"` // further audio of the same programme, each in another language
	HighPass     int             `json:"high_pass,omitempty"`    // cutoff in Hz against steps, wind and hum; 0: no filter
	Denoise      bool            `json:"denoise,omitempty"`      // reduce steady noise, by at most 10 dB
	Level        bool            `json:"level,omitempty"`        // even out loud and quiet speakers
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

// DisjointFrom reports whether two sources share no sound: no channel of one is a channel of the
// other. auto, mix and stereo count as all channels of their stream.
func (s AudioSource) DisjointFrom(other AudioSource) bool {
	for _, a := range s.parts() {
		for _, b := range other.parts() {
			if a.Stream == b.Stream && (a.Channel == b.Channel || a.Channel == 0 || b.Channel == 0) {
				return false
			}
		}
	}
	return true
}

// parts returns the channels that the source consists of, each with its stream. auto, mix and
// stereo are the whole stream, and so are channels that Terms refuses.
func (s AudioSource) parts() []ChannelTerm {
	terms, _ := s.Channels.Terms()
	if terms == nil {
		terms = []ChannelTerm{{Channel: map[Channels]int{ChannelsLeft: 1, ChannelsRight: 2}[s.Channels]}}
	}
	for i := range terms {
		if terms[i].Stream == 0 {
			terms[i].Stream = max(1, s.Stream)
		}
	}
	return terms
}

// Channels selects channels of a recording's sound: one of the constants or, for those of any
// stream, numbers counted from 1: "3" is a channel of the stream, "2:1" a channel of audio stream
// 2, "2:stereo" that stream as a whole, and "1:1+2:1" a mix of several.
type Channels string

// The choices of channels. All give a stereo programme.
const (
	ChannelsAuto   Channels = "auto"   // what has the voice, of all streams and channels
	ChannelsLeft   Channels = "left"   // the left one on both sides
	ChannelsRight  Channels = "right"  // the right one on both sides
	ChannelsMix    Channels = "mix"    // the mean of both on both sides
	ChannelsStereo Channels = "stereo" // as recorded
)

// ChannelChoices returns the choices that have names, such as auto; those by number are not listed.
func ChannelChoices() []Channels {
	return []Channels{ChannelsAuto, ChannelsLeft, ChannelsRight, ChannelsMix, ChannelsStereo}
}

// ChannelsPattern is a regular expression that matches all choices of channels.
const ChannelsPattern = `^(auto|left|right|mix|stereo|([1-9][0-9]?:)?([1-9][0-9]?|stereo)([+]([1-9][0-9]?:)?([1-9][0-9]?|stereo))*)$`

// ChannelTerm is a channel that Channels name by number.
type ChannelTerm struct {
	Stream  int // audio stream of the recording, from 1; 0: that of the source
	Channel int // of the stream, from 1; 0: the whole stream
}

// String returns the term as it is written in Channels: "2", "2:1" or, for a whole stream,
// "2:stereo".
func (t ChannelTerm) String() string {
	channel := string(ChannelsStereo)
	if t.Channel > 0 {
		channel = strconv.Itoa(t.Channel)
	}
	if t.Stream == 0 {
		return channel
	}
	return strconv.Itoa(t.Stream) + ":" + channel
}

// Terms returns the channels that c names by number, in its order; none if c is "" or a choice that
// has a name. It returns an error if c is malformed, or has a number that is not from 1 to 64.
func (c Channels) Terms() (terms []ChannelTerm, err error) {
	switch c {
	case "", ChannelsAuto, ChannelsLeft, ChannelsRight, ChannelsMix, ChannelsStereo:
		return nil, nil
	}
	const most = 64
	for text := range strings.SplitSeq(string(c), "+") {
		stream, channel, named := strings.Cut(text, ":")
		var t ChannelTerm
		var streamErr, channelErr error
		if named {
			t.Stream, streamErr = strconv.Atoi(stream)
		} else {
			channel = text
		}
		if channel != string(ChannelsStereo) {
			t.Channel, channelErr = strconv.Atoi(channel)
		}
		numbered := channel == string(ChannelsStereo) || t.Channel >= 1
		if streamErr != nil || channelErr != nil || !numbered || named && t.Stream < 1 || max(t.Stream, t.Channel) > most {
			return nil, fmt.Errorf("%q is no choice of channels; choose auto, left, right, mix, stereo, or write channels like 2, 2:1 (stream:channel) or 1:1+2:1", string(c))
		}
		terms = append(terms, t)
	}
	return terms, nil
}
