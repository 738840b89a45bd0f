package plan

import (
	"fmt"
	"maps"
	"strings"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/pipelines"
)

// Podcast makes files of sound alone: one of each audio stage it needs, in each language
// that can be heard. The thumbnail, if it needs that, is their cover.
func Podcast() Kind {
	return Kind{
		StageKind: pipelines.StageKind{
			Name:     "podcast",
			Synonyms: []string{"audio-only", "m4a", "feed"},
			Needs:    []string{"audio"},
			Unique:   true,
		},
		Version: 1,
		Expand:  expandPodcast,
	}
}

// podcastResult is what the stage hands on.
type podcastResult []BundleEntry

func (s podcastResult) bundleEntries() []BundleEntry { return s }

func expandPodcast(x *Expansion) (any, error) {
	var made podcastResult
	for _, s := range NeededResults[audioResult](x) {
		if s.codec == "flac" {
			return nil, inputerr.New(x.Pipeline.File, "a podcast is not made of flac").At(x.Stage.Line).
				Hint("Let it need audio stages with codec: aac or opus")
		}
		heard := append([]interpretedAudio{{x.Facts.Talk.Language, s.key}}, s.interpreters...)
		for i, h := range heard {
			e, err := x.addPodcast(s.codec, h, i > 0)
			if err != nil {
				return nil, err
			}
			made = append(made, e)
		}
	}
	return made, nil
}

// addPodcast is one file. Its words are those that the talk has in its language.
func (x *Expansion) addPodcast(codec string, h interpretedAudio, named bool) (BundleEntry, error) {
	talk := x.Facts.Talk.Localized(h.language)
	sections, _ := talk.Sections(x.graph.Edition.Programme)
	spec := media.PodcastSpec{
		Codec: codec, Length: x.graph.Edition.Programme.Duration(), Language: h.language,
		Metadata: maps.Clone(containerMetadata(talk)), Chapters: sections,
	}
	spec.Metadata["genre"] = "Podcast"
	if about := strings.TrimSpace(talk.Abstract); about != "" {
		spec.Metadata["description"] = about
	}
	inputs := map[string]action.Key{"audio": h.key}
	for _, t := range NeededResults[thumbnailResult](x) {
		inputs["cover"] = t[0].Key
	}
	key, err := x.AddAction(codec+"/"+h.language, spec, inputs)
	path := "audio/" + talk.Slug
	if named {
		path += "." + h.language
	}
	return BundleEntry{Path: fmt.Sprintf("%s.%s", path, spec.Ext()), Role: "audio", Language: h.language, Key: key, File: PodcastFile(spec)}, err
}

// PodcastFile is the one file of a podcast's artifact.
func PodcastFile(spec media.PodcastSpec) string { return "podcast." + spec.Ext() }
