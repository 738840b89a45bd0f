package talkfile

import (
	"cmp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/strictyaml"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/timeline"
)

// toProcessingOptions returns the settings for audio and video. It returns an *inputerr.Error if
// two sounds have the same language or source. path is that of the file, for errors.
func (t Talk) toProcessingOptions(path string) (treatment conference.ProcessingOptions, err error) {
	treatment = conference.ProcessingOptions{
		Floor:    conference.AudioSource{Stream: t.Sound.Floor.Stream, Channels: conference.Channels(t.Sound.Floor.Channels)},
		HighPass: t.Sound.HighPass, Denoise: t.Sound.Noise == "gentle", Level: t.Sound.Level,
		VideoStream: t.Picture.Stream, SideStream: t.Picture.Beside, MainShare: t.Picture.Share,
		AllowNoAudio: t.Fallback.Sound == "silence", AllowNoVideo: t.Fallback.Picture == "waveform",
		Mute: mergeRanges(t.Mute), Blank: mergeRanges(t.Blank),
	}
	heard := []string{string(t.Language)}
	for _, i := range t.Sound.Interpreters {
		if slices.Contains(heard, string(i.Language)) {
			return treatment, inputerr.New(path, "two audio tracks would be in %s", subtitle.EnglishLanguageName(string(i.Language))).At(i.line).
				Hint("Each interpreter needs a different language, which is not the language of the talk.")
		}
		heard = append(heard, string(i.Language))
		sound := conference.AudioSource{Language: string(i.Language), Stream: i.Stream, Channels: conference.Channels(i.Channels)}
		if slices.ContainsFunc(append(slices.Clone(treatment.Interpreters), treatment.Floor), func(other conference.AudioSource) bool { return !sound.DisjointFrom(other) }) {
			return treatment, inputerr.New(path, "the interpreter into %s has the same audio as the talk or another interpreter", subtitle.EnglishLanguageName(sound.Language)).At(i.line).
				Hint("Give each a stream of its own (stream: 2), or a channel (channels: right); for the talk itself, under floor:.")
		}
		treatment.Interpreters = append(treatment.Interpreters, sound)
	}
	return treatment, nil
}

// mergeRanges returns ranges sorted, with those merged that overlap or touch.
func mergeRanges(passages []TimeRange) (all []timeline.Span) {
	for _, p := range passages {
		all = append(all, timeline.Span(p))
	}
	slices.SortFunc(all, func(a, b timeline.Span) int { return int(a.From - b.From) })
	var apart []timeline.Span
	for _, s := range all {
		if n := len(apart); n > 0 && s.From <= apart[n-1].To {
			apart[n-1].To = max(apart[n-1].To, s.To)
		} else {
			apart = append(apart, s)
		}
	}
	return apart
}

// UnmarshalYAML decodes an interpreter. One without a language, or with an invalid stream number,
// is an error.
func (i *Interpreter) UnmarshalYAML(node *yaml.Node) error {
	type plain Interpreter
	if err := node.Decode((*plain)(i)); err != nil {
		return err
	}
	i.line = node.Line
	if i.Language == "" {
		return errorAt(node, "an interpreter has no language").Hint("Add one, such as language: es.")
	}
	return checkStream(node)
}

// UnmarshalYAML decodes an audio source. A stream number that is not from 1 to 64 is an error.
func (s *AudioSource) UnmarshalYAML(node *yaml.Node) error {
	type plain AudioSource
	if err := node.Decode((*plain)(s)); err != nil {
		return err
	}
	return checkStream(node)
}

// checkStream returns an error if the mapping node has a stream number that is not from 1 to 64.
func checkStream(node *yaml.Node) error {
	var sound struct {
		Stream *int `yaml:"stream"`
	}
	if err := node.Decode(&sound); err != nil || sound.Stream == nil {
		return err
	}
	if *sound.Stream < 1 || *sound.Stream > 64 {
		return errorAt(node, "there is no audio stream %d", *sound.Stream).Hint("Audio streams are counted from 1.")
	}
	return nil
}

// UnmarshalYAML decodes the audio settings. A high-pass that is not from 20 to 300 Hz is an error.
func (a *Audio) UnmarshalYAML(node *yaml.Node) error {
	type plain Audio
	if err := node.Decode((*plain)(a)); err != nil {
		return err
	}
	if a.HighPass != 0 && (a.HighPass < 20 || a.HighPass > 300) {
		return errorAt(node, "high-pass is %d Hz, which is not between 20 and 300", a.HighPass).Hint("Try 80 for a voice.")
	}
	return nil
}

// Channels selects channels of an audio stream.
type Channels string

// UnmarshalYAML decodes auto, left, right, mix, stereo, or channels by number, such as 2:1; see
// [conference.Channels]. Any other value is an error.
func (c *Channels) UnmarshalYAML(node *yaml.Node) error {
	if _, err := conference.Channels(node.Value).Terms(); err != nil {
		return errorAt(node, "%q is not a known choice of channels%s", node.Value, strictyaml.DidYouMean(node.Value, []string{"auto", "left", "right", "mix", "stereo"})).
			Hint("Known values: auto, left, right, mix, stereo, or channels by number: 2, 2:1 (stream:channel), 1:1+2:1.")
	}
	*c = Channels(node.Value)
	return nil
}

func (Channels) schema() map[string]any {
	return map[string]any{"type": []string{"string", "integer"}, "pattern": conference.ChannelsPattern}
}

// NoiseReduction tells how to treat steady noise.
type NoiseReduction string

// UnmarshalYAML decodes keep or gentle. Any other value is an error.
func (n *NoiseReduction) UnmarshalYAML(node *yaml.Node) error {
	return decodeEnum(node, (*string)(n), "noise reduction", "keep", "gentle")
}

func (NoiseReduction) schema() map[string]any {
	return map[string]any{"enum": []string{"keep", "gentle"}}
}

// AudioFallback replaces missing audio.
type AudioFallback string

// UnmarshalYAML decodes silence. Any other value is an error.
func (s *AudioFallback) UnmarshalYAML(node *yaml.Node) error {
	return decodeEnum(node, (*string)(s), "replacement for audio", "silence")
}

func (AudioFallback) schema() map[string]any { return map[string]any{"enum": []string{"silence"}} }

// PictureFallback replaces missing video.
type PictureFallback string

// UnmarshalYAML decodes waveform. Any other value is an error.
func (w *PictureFallback) UnmarshalYAML(node *yaml.Node) error {
	return decodeEnum(node, (*string)(w), "replacement for video", "waveform")
}

func (PictureFallback) schema() map[string]any { return map[string]any{"enum": []string{"waveform"}} }

// UnmarshalYAML decodes the choice of video streams. If only beside is given, stream is 1.
// Impossible combinations are an error.
func (p *Picture) UnmarshalYAML(node *yaml.Node) error {
	type plain Picture
	if err := node.Decode((*plain)(p)); err != nil {
		return err
	}
	if p.Stream == 0 && p.Beside == 0 && p.Share != 0 {
		return errorAt(node, "share needs two video streams, and none is given").Hint("Give both: {stream: 2, beside: 1, share: 60}.")
	}
	if p.Stream == 0 && p.Beside != 0 {
		p.Stream = 1
	}
	return p.validate(node)
}

// validate returns an error for stream numbers and shares that are out of range, and for a stream
// beside itself. Stream must be set.
func (p *Picture) validate(node *yaml.Node) error {
	for _, n := range []int{p.Stream, cmp.Or(p.Beside, 2)} {
		if n < 1 || n > 64 {
			return errorAt(node, "there is no video stream %d", n).Hint("Video streams are counted from 1.")
		}
	}
	switch {
	case p.Beside == p.Stream:
		return errorAt(node, "video stream %d would be shown beside itself", p.Stream).Hint("Give another one: {stream: 2, beside: 1}.")
	case p.Share != 0 && p.Beside == 0:
		return errorAt(node, "share needs two video streams, and only one is given").Hint("Give the other one: {stream: 2, beside: 1, share: 60}.")
	case p.Share != 0 && (p.Share < 30 || p.Share > 80):
		return errorAt(node, "a share of %d per cent is not between 30 and 80", p.Share).Hint("The default is two thirds.")
	}
	return nil
}

// decodeEnum decodes one of words into into. Any other value is an error, in which what names the
// enumeration.
func decodeEnum(node *yaml.Node, into *string, what string, words ...string) error {
	if !slices.Contains(words, node.Value) {
		return errorAt(node, "%q is not a known %s%s", node.Value, what, strictyaml.DidYouMean(node.Value, words)).
			Hint("Known values: %s.", strings.Join(words, ", "))
	}
	*into = node.Value
	return nil
}

// TimeRange is a part of the reel, written FROM-TO.
type TimeRange timeline.Span

func (TimeRange) schema() map[string]any {
	return map[string]any{"type": "string", "description": "FROM-TO, each HH:MM:SS, MM:SS or seconds"}
}

// UnmarshalYAML decodes FROM-TO, two times as timeline.ParseClock parses them. A range that ends
// before it begins is an error.
func (p *TimeRange) UnmarshalYAML(node *yaml.Node) error {
	from, to, ok := strings.Cut(node.Value, "-")
	if !ok {
		return errorAt(node, "%q is not a range of time", node.Value).Hint("Write it as FROM-TO: 00:12:30-00:12:36.")
	}
	var err error
	if p.From, err = timeline.ParseClock(strings.TrimSpace(from)); err != nil {
		return errorAt(node, "%v", err)
	}
	if p.To, err = timeline.ParseClock(strings.TrimSpace(to)); err != nil {
		return errorAt(node, "%v", err)
	}
	if p.To <= p.From {
		return errorAt(node, "the range %s ends before it begins", node.Value).Hint("Write it as FROM-TO, the earlier time first.")
	}
	return nil
}
