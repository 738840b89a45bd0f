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
		Kind: pipelines.Kind{
			Name:   "podcast",
			Also:   []string{"audio-only", "m4a", "feed"},
			Needs:  []string{"audio"},
			Single: true,
		},
		Version: 1,
		Expand:  expandPodcast,
	}
}

// spoken is what the stage hands on.
type spoken []Entry

func (s spoken) entries() []Entry { return s }

func expandPodcast(x *Expansion) (any, error) {
	var made spoken
	for _, s := range Needed[sound](x) {
		if s.codec == "flac" {
			return nil, inputerr.New(x.Pipeline.File, "a podcast is not made of flac").At(x.Stage.Line).
				Try("Let it need audio stages with codec: aac or opus")
		}
		heard := append([]interpreted{{x.Facts.Talk.Language, s.key}}, s.others...)
		for i, h := range heard {
			e, err := x.podcast(s.codec, h, i > 0)
			if err != nil {
				return nil, err
			}
			made = append(made, e)
		}
	}
	return made, nil
}

// podcast is one file. Its words are those that the talk has in its language.
func (x *Expansion) podcast(codec string, h interpreted, named bool) (Entry, error) {
	talk := x.Facts.Talk.In(h.language)
	sections, _ := talk.Sections(x.graph.Edition.Programme)
	spec := media.PodcastSpec{
		Codec: codec, Length: x.graph.Edition.Programme.Duration(), Language: h.language,
		Metadata: maps.Clone(metadata(talk)), Chapters: sections,
	}
	spec.Metadata["genre"] = "Podcast"
	if about := strings.TrimSpace(talk.Abstract); about != "" {
		spec.Metadata["description"] = about
	}
	inputs := map[string]action.Key{"audio": h.key}
	for _, t := range Needed[thumbnail](x) {
		inputs["cover"] = t[0].Key
	}
	key, err := x.Act(codec+"/"+h.language, spec, inputs)
	path := "audio/" + talk.Slug
	if named {
		path += "." + h.language
	}
	return Entry{Path: fmt.Sprintf("%s.%s", path, spec.Ext()), Role: "audio", Language: h.language, Key: key, File: PodcastFile(spec)}, err
}

// PodcastFile is the one file of a podcast's artifact.
func PodcastFile(spec media.PodcastSpec) string { return "podcast." + spec.Ext() }
