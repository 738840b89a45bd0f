package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/pipelines"
)

// BundleSettings are the settings of a bundle stage in a pipeline file.
type BundleSettings struct {
	Destination string `yaml:"destination"` // youtube: with a youtube.json; plain: without
}

// BundleSpec holds the parameters of the action that makes a bundle: its files, and all that
// its manifest says.
type BundleSpec struct {
	Destination string                     `json:"destination"`
	Talk        conference.Talk            `json:"talk"`
	Conference  conference.Conference      `json:"conference,omitzero"` // only what descriptions need
	Edition     conference.Edition         `json:"edition"`
	Pipeline    string                     `json:"pipeline"` // name
	Entries     []BundleEntry              `json:"entries"`
	Tracks      []BundleTrack              `json:"tracks"`
	LeftOut     []conference.WithheldTrack `json:"left_out,omitempty"`
	Issues      []conference.Issue         `json:"troubles,omitempty"`
}

// BundleTrack is what the manifest says about a subtitle track besides its files.
type BundleTrack struct {
	Language string                 `json:"language"`
	Kind     conference.TrackKind   `json:"kind"`
	State    string                 `json:"state"`
	Revision int                    `json:"revision"`
	File     string                 `json:"file"`
	Source   *conference.SourceFile `json:"source,omitempty"`

	Translated *conference.Completeness `json:"translated,omitempty"`
}

// Bundle returns the kind that collects the files of the needed stages for upload, with a manifest
// that describes them. It must be the last stage of a pipeline.
func Bundle() Kind {
	return Kind{
		StageKind: pipelines.StageKind{
			Name:     KindBundle,
			Synonyms: []string{"publish", "upload", "release", "package", "pack"},
			Needs:    []string{KindAssemble},
			With:     func() any { return &BundleSettings{Destination: "youtube"} },
			Check: func(with any) error {
				if d := with.(*BundleSettings).Destination; d != "youtube" && d != "plain" {
					return fmt.Errorf("unknown destination %q; choose youtube or plain", d)
				}
				return nil
			},
			Unique:   true,
			Terminal: true,
		},
		Version: 4,
		Quick:   true,
		Expand:  expandBundle,
	}
}

func expandBundle(x *Expansion) (any, error) {
	spec := BundleSpec{
		Destination: x.Stage.With.(*BundleSettings).Destination,
		Talk:        x.Facts.Talk,
		Conference:  conference.Conference{URL: x.Facts.Conference.URL, Description: x.Facts.Conference.Description},
		Edition:     *x.graph.Edition,
		Pipeline:    x.Pipeline.Name,
		LeftOut:     x.Facts.Withheld,
		Issues:      x.graph.Issues,
	}
	for _, t := range x.Facts.Tracks {
		spec.Tracks = append(spec.Tracks, BundleTrack{
			Language: t.Language, Kind: t.Kind, State: t.State, Revision: t.Revision,
			File: t.File, Source: t.Source.InWords(), Translated: t.Translated,
		})
	}
	for _, stage := range NeededResults[execResult](x) {
		spec.Tracks = append(spec.Tracks, stage.tracks...)
	}
	slices.SortStableFunc(spec.Tracks, func(a, b BundleTrack) int { return strings.Compare(a.Language, b.Language) })
	_, lost := x.Facts.Talk.Sections(x.graph.Edition.Programme)
	for _, c := range lost {
		x.Note("the chapter “%s” is left out: less than ten seconds of it are in the programme", c.Title)
	}
	inputs := make(map[string]action.Key)
	for _, stage := range NeededResults[bundleFiles](x) {
		for _, e := range stage.bundleEntries() {
			if _, twice := inputs[e.Path]; twice {
				return nil, inputerr.Coded("pipeline.path_repeated", "two files of the bundle would be called {path}", "path", e.Path).In(x.Pipeline.File).At(x.Stage.Line).
					Hint("Give one of them another path.")
			}
			inputs[e.Path] = e.Key
			spec.Entries = append(spec.Entries, e)
		}
	}
	for _, stage := range NeededResults[syncResult](x) {
		for language, key := range stage {
			inputs[SyncRole+language] = key
		}
	}
	key, err := x.AddAction("", spec, inputs)
	if err != nil {
		return nil, err
	}
	x.SetBundleKey(key)
	return key, nil
}

// BundleFacts are the facts of a bundle action's artifact.
type BundleFacts struct {
	Layout []LayoutEntry `json:"layout"`
}

// LayoutEntry is a file of the bundle, and where its bytes are stored.
type LayoutEntry struct {
	Path string      `json:"path"`
	File action.File `json:"file"`
	Key  action.Key  `json:"key,omitempty"` // of the artifact that holds it
}
