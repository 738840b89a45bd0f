package plan

import (
	"fmt"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/pipelines"
)

// AudioSettings are what a pipeline says under an audio stage's with.
type AudioSettings struct {
	Codec    string  `yaml:"codec"`    // aac for MP4, opus for WebM and MKV, flac for MKV
	Bitrate  string  `yaml:"bitrate"`  // as ffmpeg writes it
	Loudness float64 `yaml:"loudness"` // LUFS, integrated
	Peak     float64 `yaml:"peak"`     // dBTP
}

// Audio makes the sound of the whole programme.
func Audio() Kind {
	return Kind{
		StageKind: pipelines.StageKind{
			Name:     "audio",
			Synonyms: []string{"sound", "loudness", "normalise", "normalize", "aac"},
			Needs:    []string{"index", "analyse"},
			With: func() any {
				return &AudioSettings{Codec: "aac", Bitrate: "160k", Loudness: -16, Peak: -1.5}
			},
			Check: func(with any) error { return with.(*AudioSettings).check() },
		},
		Version: 1,
		Expand:  expandAudio,
	}
}

func (s *AudioSettings) check() error {
	switch {
	case s.Codec != "aac" && s.Codec != "opus" && s.Codec != "flac":
		return fmt.Errorf("unknown codec %q; aac, opus and flac can be had", s.Codec)
	case s.Bitrate != "" && !bitratePattern.MatchString(s.Bitrate):
		return fmt.Errorf("bitrate %q is no bit rate; write it like 160k", s.Bitrate)
	case s.Loudness < -36 || s.Loudness > -6:
		return fmt.Errorf("loudness %g is not between -36 and -6 LUFS", s.Loudness)
	case s.Peak < -12 || s.Peak > 0:
		return fmt.Errorf("peak %g is not between -12 and 0 dBTP", s.Peak)
	}
	return nil
}

// audioResult is what an audio stage hands on.
type audioResult struct {
	codec        string
	key          action.Key
	interpreters []interpretedAudio // in the order of the facts
}

// interpretedAudio is the same programme as an interpreter is heard in it.
type interpretedAudio struct {
	language string
	key      action.Key
}

func expandAudio(x *Expansion) (any, error) {
	with := x.Stage.With.(*AudioSettings)
	made := audioResult{codec: with.Codec}
	for i, h := range firstNeeded[analyseResult](x) {
		where := with.Codec
		if i > 0 {
			where += "/" + h.Language
		}
		key, err := addAudioAction(x, h, where)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			made.key = key
			continue
		}
		made.interpreters = append(made.interpreters, interpretedAudio{h.Language, key})
	}
	return made, nil
}

// addAudioAction adds the action that makes the programme of a sound.
func addAudioAction(x *Expansion, h analysedSound, where string) (action.Key, error) {
	reel, with, treatment := firstNeeded[Reel](x), x.Stage.With.(*AudioSettings), x.Facts.Treatment
	spec := media.AudioSpec{
		Codec: with.Codec, Bitrate: with.Bitrate, LUFS: with.Loudness, Peak: with.Peak,
		Rate: reel.Programme.Rate, Opening: reel.Programme.Opening, Closing: reel.Programme.Closing,
		HighPass: treatment.HighPass, Denoise: treatment.Denoise,
	}
	inputs := make(map[string]action.Key)
	place := make(map[int]int) // of a source among those that are heard
	for _, piece := range reel.Pieces {
		s := reel.Sources[piece.Source]
		at, ok := place[piece.Source]
		if !ok {
			at = len(place)
			place[piece.Source] = at
			inputs[fmt.Sprintf("recording/%05d", at)] = s.Key
			inputs[fmt.Sprintf("analysis/%05d", at)] = h.keys[piece.Source]
		}
		spec.Pieces = append(spec.Pieces, media.AudioPiece{
			Recording: at,
			Stream:    h.streams[piece.Source],
			Zero:      s.Probe.Zero(reel.Programme.Rate),
			Range:     piece.Range,
			Channels:  resolveChannels(h.Channels, h.analyses[piece.Source]),
			Mute:      reel.framesWithin(treatment.Mute, piece),
		})
	}
	spec.OpeningClip = h.opening.audioPiece(reel.clips.opening, spec.Rate, inputs)
	spec.ClosingClip = h.closing.audioPiece(reel.clips.closing, spec.Rate, inputs)
	return x.AddAction(where, spec, inputs)
}

// resolveChannels decides what "auto" means for a recording.
func resolveChannels(asked conference.Channels, a media.Analysis) string {
	if asked == conference.ChannelsAuto || asked == "" {
		return a.SuggestedChannels
	}
	return string(asked)
}
