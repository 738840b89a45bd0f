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

// toTreatment is what the talk's file asks for its recordings.
func (t Talk) toTreatment(path string) (asked conference.Treatment, err error) {
	asked = conference.Treatment{
		Floor:    conference.AudioSource{Stream: t.Sound.Floor.Stream, Channels: conference.Channels(t.Sound.Floor.Channels)},
		HighPass: t.Sound.HighPass, Denoise: t.Sound.Noise == "gentle",
		VideoStream: t.Picture.Stream, SideStream: t.Picture.Beside, MainShare: t.Picture.Share,
		AllowNoAudio: t.Fallback.Sound == "silence", AllowNoVideo: t.Fallback.Picture == "waveform",
		Mute: mergeRanges(t.Mute), Blank: mergeRanges(t.Blank),
	}
	heard := []string{string(t.Language)}
	for _, i := range t.Sound.Interpreters {
		if slices.Contains(heard, string(i.Language)) {
			return asked, inputerr.New(path, "two sounds would be in %s", subtitle.EnglishLanguageName(string(i.Language))).At(i.line).
				Hint("Each interpreter has a language of their own, which is not the talk's.")
		}
		heard = append(heard, string(i.Language))
		sound := conference.AudioSource{Language: string(i.Language), Stream: i.Stream, Channels: conference.Channels(i.Channels)}
		if slices.ContainsFunc(append(slices.Clone(asked.Interpreters), asked.Floor), func(other conference.AudioSource) bool { return !sound.DisjointFrom(other) }) {
			return asked, inputerr.New(path, "who interprets into %s would be heard together with somebody else", subtitle.EnglishLanguageName(sound.Language)).At(i.line).
				Hint("Say which sound is whose (stream: 2), or which side of it (channels: right); of the talk itself, under floor:.")
		}
		asked.Interpreters = append(asked.Interpreters, sound)
	}
	return asked, nil
}

// mergeRanges are passages in their order, and each instant in one of them at most.
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

// UnmarshalYAML reads an interpreter, who has a language.
func (i *Interpreter) UnmarshalYAML(node *yaml.Node) error {
	type plain Interpreter
	if err := node.Decode((*plain)(i)); err != nil {
		return err
	}
	i.line = node.Line
	if i.Language == "" {
		return errorAt(node, "an interpreter has no language").Hint("Add language: es, say.")
	}
	return checkStream(node)
}

// UnmarshalYAML reads a sound.
func (s *AudioSource) UnmarshalYAML(node *yaml.Node) error {
	type plain AudioSource
	if err := node.Decode((*plain)(s)); err != nil {
		return err
	}
	return checkStream(node)
}

// checkStream refuses the number of a sound that cannot be.
func checkStream(node *yaml.Node) error {
	var sound struct {
		Stream *int `yaml:"stream"`
	}
	if err := node.Decode(&sound); err != nil || sound.Stream == nil {
		return err
	}
	if *sound.Stream < 1 || *sound.Stream > 64 {
		return errorAt(node, "there is no sound %d", *sound.Stream).Hint("Sounds are counted from 1.")
	}
	return nil
}

// UnmarshalYAML reads what is heard of the recordings.
func (a *Audio) UnmarshalYAML(node *yaml.Node) error {
	type plain Audio
	if err := node.Decode((*plain)(a)); err != nil {
		return err
	}
	if a.HighPass != 0 && (a.HighPass < 20 || a.HighPass > 300) {
		return errorAt(node, "high-pass is %d Hz, and not between 20 and 300", a.HighPass).Hint("80 is a good start for a voice.")
	}
	return nil
}

// Channels is a choice of channels.
type Channels string

// UnmarshalYAML refuses other choices.
func (c *Channels) UnmarshalYAML(node *yaml.Node) error {
	return decodeEnum(node, (*string)(c), "choice of channels", "auto", "left", "right", "mix", "stereo")
}

func (Channels) schema() map[string]any {
	return map[string]any{"enum": []string{"auto", "left", "right", "mix", "stereo"}}
}

// NoiseReduction is what becomes of steady noise.
type NoiseReduction string

// UnmarshalYAML refuses other words.
func (n *NoiseReduction) UnmarshalYAML(node *yaml.Node) error {
	return decodeEnum(node, (*string)(n), "way with noise", "keep", "gentle")
}

func (NoiseReduction) schema() map[string]any {
	return map[string]any{"enum": []string{"keep", "gentle"}}
}

// AudioFallback is what stands in for sound.
type AudioFallback string

// UnmarshalYAML refuses other words.
func (s *AudioFallback) UnmarshalYAML(node *yaml.Node) error {
	return decodeEnum(node, (*string)(s), "thing to stand in for sound", "silence")
}

func (AudioFallback) schema() map[string]any { return map[string]any{"enum": []string{"silence"}} }

// PictureFallback is what stands in for a picture.
type PictureFallback string

// UnmarshalYAML refuses other words.
func (w *PictureFallback) UnmarshalYAML(node *yaml.Node) error {
	return decodeEnum(node, (*string)(w), "thing to stand in for a picture", "waveform")
}

func (PictureFallback) schema() map[string]any { return map[string]any{"enum": []string{"waveform"}} }

// UnmarshalYAML reads what is seen.
func (p *Picture) UnmarshalYAML(node *yaml.Node) error {
	type plain Picture
	if err := node.Decode((*plain)(p)); err != nil {
		return err
	}
	if p.Stream == 0 && p.Beside == 0 && p.Share != 0 {
		return errorAt(node, "share divides a frame of two pictures, and none is named").Hint("Name both: {stream: 2, beside: 1, share: 60}.")
	}
	if p.Stream == 0 && p.Beside != 0 {
		p.Stream = 1
	}
	for _, n := range []int{p.Stream, cmp.Or(p.Beside, 2)} {
		if n < 1 || n > 64 {
			return errorAt(node, "there is no picture %d", n).Hint("Pictures are counted from 1.")
		}
	}
	switch {
	case p.Beside == p.Stream:
		return errorAt(node, "picture %d would be shown beside itself", p.Stream).Hint("Name the other one: {stream: 2, beside: 1}.")
	case p.Share != 0 && p.Beside == 0:
		return errorAt(node, "share divides a frame of two pictures, and there is one").Hint("Name the other one: {stream: 2, beside: 1, share: 60}.")
	case p.Share != 0 && (p.Share < 30 || p.Share > 80):
		return errorAt(node, "a share of %d per cent is not between 30 and 80", p.Share).Hint("Without it, the first has two thirds.")
	}
	return nil
}

func decodeEnum(node *yaml.Node, into *string, what string, words ...string) error {
	if !slices.Contains(words, node.Value) {
		return errorAt(node, "%q is no %s%s", node.Value, what, strictyaml.DidYouMean(node.Value, words)).
			Hint("Known: %s.", strings.Join(words, ", "))
	}
	*into = node.Value
	return nil
}

// TimeRange is a part of the reel, FROM-TO.
type TimeRange timeline.Span

func (TimeRange) schema() map[string]any {
	return map[string]any{"type": "string", "description": "FROM-TO, each HH:MM:SS, MM:SS or seconds"}
}

// UnmarshalYAML reads two clocks with a hyphen between them.
func (p *TimeRange) UnmarshalYAML(node *yaml.Node) error {
	from, to, ok := strings.Cut(node.Value, "-")
	if !ok {
		return errorAt(node, "%q is no passage", node.Value).Hint("Write it as FROM-TO: 00:12:30-00:12:36.")
	}
	var err error
	if p.From, err = timeline.ParseClock(strings.TrimSpace(from)); err != nil {
		return errorAt(node, "%v", err)
	}
	if p.To, err = timeline.ParseClock(strings.TrimSpace(to)); err != nil {
		return errorAt(node, "%v", err)
	}
	if p.To <= p.From {
		return errorAt(node, "the passage %s ends before it begins", node.Value).Hint("Write it as FROM-TO, the earlier time first.")
	}
	return nil
}
