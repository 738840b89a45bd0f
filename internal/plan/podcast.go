package plan

import (
	"fmt"
	"maps"
	"strings"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/bundle"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/pipelines"
)

// Podcast returns the kind that makes audio files for podcasts: one from each audio stage that the
// stage needs, and one more for each interpreter. The cover is the thumbnail, if the stage needs
// one.
func Podcast() Kind {
	return Kind{
		StageKind: pipelines.StageKind{
			Name:     KindPodcast,
			Synonyms: []string{"audio-only", "m4a", "feed"},
			Needs:    []string{KindAudio},
			Unique:   true,
		},
		Version: 1,
		Expand:  expandPodcast,
	}
}

// podcastResult is the result of a podcast stage.
type podcastResult []BundleEntry

func (s podcastResult) bundleEntries() []BundleEntry { return s }

func expandPodcast(x *Expansion) (any, error) {
	var result podcastResult
	for _, s := range NeededResults[audioResult](x) {
		if s.codec == "flac" {
			return nil, inputerr.Coded("pipeline.podcast_flac", "a podcast cannot be made from FLAC").In(x.Pipeline.File).At(x.Stage.Line).
				Hint("Give it an audio stage with codec: aac or opus")
		}
		heard := append([]interpretedAudio{{x.Facts.Talk.Language, s.key}}, s.interpreters...)
		for i, h := range heard {
			e, err := x.addPodcast(s.codec, h, i > 0)
			if err != nil {
				return nil, err
			}
			result = append(result, e)
		}
	}
	return result, nil
}

// addPodcast adds the action that makes one podcast file, with the talk's title and chapters in the
// language of the sound, and returns its file in the bundle. If named, the file's name includes the
// language.
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
	inputs := map[string]action.Key{RoleAudio: h.key}
	for _, t := range NeededResults[thumbnailResult](x) {
		inputs[RoleCover] = t[0].Key
	}
	key, err := x.AddAction(codec+"/"+h.language, spec, inputs)
	path := "audio/" + talk.Slug
	if named {
		path += "." + h.language
	}
	return BundleEntry{Path: fmt.Sprintf("%s.%s", path, spec.Ext()), Role: bundle.RoleAudio, Language: h.language, Key: key, File: PodcastFile(spec)}, err
}
