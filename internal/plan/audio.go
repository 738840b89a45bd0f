package plan

import (
	"fmt"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/pipelines"
)

// AudioSettings are the settings of an audio stage in a pipeline file.
type AudioSettings struct {
	Codec    string  `yaml:"codec"`    // aac for MP4, opus for WebM and MKV, flac for MKV
	Bitrate  string  `yaml:"bitrate"`  // as ffmpeg writes it
	Loudness float64 `yaml:"loudness"` // LUFS, integrated
	Peak     float64 `yaml:"peak"`     // dBTP
}

// Audio returns the kind that makes the sound of the whole programme, and once more for each
// interpreter.
func Audio() Kind {
	return Kind{
		StageKind: pipelines.StageKind{
			Name:     KindAudio,
			Synonyms: []string{"sound", "loudness", "normalise", "normalize", "aac"},
			Needs:    []string{KindIndex, KindAnalyse},
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
		return fmt.Errorf("unknown codec %q; choose aac, opus or flac", s.Codec)
	case s.Bitrate != "" && !bitratePattern.MatchString(s.Bitrate):
		return fmt.Errorf("bitrate %q is not a bit rate; write it like 160k", s.Bitrate)
	case s.Loudness < -36 || s.Loudness > -6:
		return fmt.Errorf("loudness %g is not between -36 and -6 LUFS", s.Loudness)
	case s.Peak < -12 || s.Peak > 0:
		return fmt.Errorf("peak %g is not between -12 and 0 dBTP", s.Peak)
	}
	return nil
}

// audioResult is the result of an audio stage.
type audioResult struct {
	codec        string
	key          action.Key
	interpreters []interpretedAudio // in the order of the facts
}

// interpretedAudio is the programme's sound in the language of an interpreter.
type interpretedAudio struct {
	language string
	key      action.Key
}

func expandAudio(x *Expansion) (any, error) {
	with := x.Stage.With.(*AudioSettings)
	result := audioResult{codec: with.Codec}
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
			result.key = key
			continue
		}
		result.interpreters = append(result.interpreters, interpretedAudio{h.Language, key})
	}
	return result, nil
}

// addAudioAction adds the action that makes the sound of the programme from h, one sound of the
// recordings: the speaker's or an interpreter's. where is its place within the stage.
func addAudioAction(x *Expansion, h analysedSound, where string) (action.Key, error) {
	reel, with, processing := firstNeeded[Reel](x), x.Stage.With.(*AudioSettings), x.Facts.Processing
	spec := media.AudioSpec{
		Codec: with.Codec, Bitrate: with.Bitrate, LUFS: with.Loudness, Peak: with.Peak,
		Rate: reel.Programme.Rate, Opening: reel.Programme.Opening, Closing: reel.Programme.Closing,
		HighPass: processing.HighPass, Denoise: processing.Denoise, Level: processing.Level,
	}
	inputs := make(map[string]action.Key)
	inputNumber := make(map[int]int) // number of a source among the action's inputs
	gains := h.reelGains(reel)
	for _, piece := range reel.Pieces {
		s := reel.Sources[piece.Source]
		at, ok := inputNumber[piece.Source]
		if !ok {
			at = len(inputNumber)
			inputNumber[piece.Source] = at
			inputs[NumberedRole(RoleRecording, at)] = s.Key
			inputs[NumberedRole(RoleAnalysis, at)] = h.keys[piece.Source]
		}
		spec.Pieces = append(spec.Pieces, media.AudioPiece{
			Recording: at,
			Stream:    h.streams[piece.Source],
			Zero:      s.Probe.Zero(reel.Programme.Rate),
			Range:     piece.Range,
			Channels:  h.channelsOf(piece.Source),
			Mute:      reel.framesWithin(processing.Mute, piece),

			Mix:        h.analyses[piece.Source].Mix,
			ClickLevel: h.analyses[piece.Source].ClickLevel,
			Gain:       gains[piece.Source],
		})
	}
	spec.OpeningClip = h.opening.audioPiece(reel.clips.opening, spec.Rate, inputs)
	spec.ClosingClip = h.closing.audioPiece(reel.clips.closing, spec.Rate, inputs)
	key, err := x.AddAction(where, spec, inputs)
	if err != nil {
		return "", err
	}
	return key, reportLoudness(x, key, spec)
}

// reportLoudness adds the issues of a sound that was made. Nothing waits for it: the bundle is made
// after it.
func reportLoudness(x *Expansion, key action.Key, spec media.AudioSpec) error {
	facts, made, err := observeAs[media.AudioFacts](x, key)
	if err != nil || !made {
		return err
	}
	for _, note := range facts.Notes {
		x.Note("%s", note)
	}
	x.graph.Issues = append(x.graph.Issues, checkLoudness(facts, spec)...)
	return nil
}
