package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/pipelines"
)

// Assemble joins cards, chunks and sound.
func Assemble() Kind {
	return Kind{
		StageKind: pipelines.StageKind{
			Name:     "assemble",
			Synonyms: []string{"join", "concat", "merge", "mux", "stitch"},
			Needs:    []string{"card", "encode", "audio"},
		},
		Version: 1,
		Quick:   true,
		Expand:  expandAssemble,
	}
}

// BundleEntry is one file of the bundle.
type BundleEntry struct {
	Path      string     `json:"path"`                // in the bundle
	Role      string     `json:"role"`                // video, captions, thumbnail
	Sounds    []string   `json:"sounds,omitempty"`    // languages of a video's further sounds: interpreters
	Language  string     `json:"language,omitempty"`  // of captions
	Subtitles []string   `json:"subtitles,omitempty"` // languages of a video's soft subtitles, by stream
	Key       action.Key `json:"key"`                 // of the artifact it comes from
	File      string     `json:"file"`                // its name there
}

// bundleFiles is what a stage hands on that puts files into the bundle.
type bundleFiles interface {
	bundleEntries() []BundleEntry
}

// assembledRenditions is what an assemble stage hands on: highest rendition first.
type assembledRenditions []assembledRendition

type assembledRendition struct {
	rendition *Rendition
	spec      media.AssembleSpec
	inputs    map[string]action.Key
	slug      string
	key       action.Key
}

func (a assembledRenditions) bundleEntries() (all []BundleEntry) {
	for _, f := range a {
		all = append(all, BundleEntry{
			Path: "video/" + f.slug + "-" + f.rendition.Name + "." + string(f.spec.Container),
			Role: "video", Sounds: f.spec.ExtraLanguages, Key: f.key, File: "video." + string(f.spec.Container),
		})
	}
	return all
}

func expandAssemble(x *Expansion) (any, error) {
	sheets := firstNeeded[cardSegments](x)
	var made assembledRenditions
	names := make(map[string]bool)
	for _, stage := range NeededResults[encodedRenditions](x) {
		// From the smallest up, so that the two largest, the one with subtitles being the
		// other, are joined at the same time and not one after the other.
		for _, r := range slices.Backward(stage) {
			if names[r.Name] {
				return nil, inputerr.New(x.Pipeline.File, "two renditions are called %q", r.Name).At(x.Stage.Line).
					Hint("Give one of them a name of its own: {name: …, height: …}")
			}
			names[r.Name] = true
			f, err := x.newAssembledRendition(r)
			if err != nil {
				return nil, err
			}
			segments := slices.Clone(r.Segments)
			if k, ok := sheets.opening[r.Name]; ok {
				segments = slices.Insert(segments, 0, k)
			}
			if k, ok := sheets.closing[r.Name]; ok {
				segments = append(segments, k)
			}
			segments = slices.Concat(r.opening, segments, r.closing)
			addNumberedInputs("segment", segments, f.inputs)
			if f.key, err = x.AddAction(r.Name, f.spec, f.inputs); err != nil {
				return nil, err
			}
			made = append(made, f)
		}
	}
	slices.SortStableFunc(made, func(a, b assembledRendition) int { return cmp.Compare(b.rendition.Height, a.rendition.Height) })
	return made, nil
}

// checkSoundForRenditions refuses renditions for which a stage that joins them has no sound, before any
// picture is encoded.
func (x *Expansion) checkSoundForRenditions(all encodedRenditions) error {
	for _, stage := range x.Pipeline.Stages {
		if stage.Uses != "assemble" || !slices.Contains(stage.Needs, x.Stage.Name) {
			continue
		}
		var codecs []string
		for _, other := range x.Pipeline.Stages {
			if with, ok := other.With.(*AudioSettings); ok && slices.Contains(stage.Needs, other.Name) {
				codecs = append(codecs, with.Codec)
			}
		}
		for _, r := range all {
			if !slices.ContainsFunc(audioCodecsByContainer[r.Container], func(codec string) bool { return slices.Contains(codecs, codec) }) {
				return x.missingSoundError(r, stage)
			}
		}
	}
	return nil
}

func (x *Expansion) missingSoundError(r *Rendition, stage pipelines.Stage) error {
	return inputerr.New(x.Pipeline.File, "rendition %s goes into %s, which needs %s sound",
		r.Name, strings.ToUpper(string(r.Container)), strings.Join(audioCodecsByContainer[r.Container], " or ")).At(stage.Line).
		Hint("Add an audio stage with codec: %s, and its name to needs", audioCodecsByContainer[r.Container][0])
}

// newAssembledRendition is a rendition to be joined, but for its segments.
func (x *Expansion) newAssembledRendition(r *Rendition) (assembledRendition, error) {
	sounds := NeededResults[audioResult](x)
	i := -1
	for _, codec := range audioCodecsByContainer[r.Container] {
		if i = slices.IndexFunc(sounds, func(s audioResult) bool { return s.codec == codec }); i >= 0 {
			break
		}
	}
	if i < 0 {
		return assembledRendition{}, x.missingSoundError(r, x.Stage)
	}
	programme := x.graph.Edition.Programme
	sections, _ := x.Facts.Talk.Sections(programme)
	f := assembledRendition{rendition: r, slug: x.Facts.Talk.Slug, inputs: map[string]action.Key{"audio": sounds[i].key}}
	f.spec = media.AssembleSpec{
		Container: r.Container,
		Rate:      programme.Rate,
		Frames:    programme.Frames(),
		Language:  x.Facts.Talk.Language,
		Metadata:  containerMetadata(x.Facts.Talk),
		Chapters:  sections,
	}
	for n, other := range sounds[i].interpreters {
		f.spec.ExtraLanguages = append(f.spec.ExtraLanguages, other.language)
		f.inputs[fmt.Sprintf("sound/%05d", n)] = other.key
	}
	return f, nil
}

// audioCodecsByContainer are the codecs of sound that containers are given, the best first.
var audioCodecsByContainer = map[media.Container][]string{
	media.MP4:  {"aac"},
	media.WebM: {"opus"},
	media.MKV:  {"flac", "opus"}, // AAC's priming cannot be told there
}

// containerMetadata is what players show of a file, by ffmpeg's names.
func containerMetadata(t conference.Talk) map[string]string {
	m := map[string]string{
		"title": t.Title, "artist": strings.Join(t.Speakers, ", "), "album": t.Conference,
		"date": t.Date, "copyright": t.Licence,
	}
	for k, v := range m {
		if v == "" {
			delete(m, k)
		}
	}
	return m
}

// SubtitledSettings are what a pipeline says under a subtitled stage's with.
type SubtitledSettings struct {
	Container media.Container `yaml:"container"` // mp4, webm or mkv
}

func (s *SubtitledSettings) check() error {
	if !slices.Contains(containers, s.Container) {
		return fmt.Errorf("unknown container %q; %s can be had", s.Container, containerNames())
	}
	return nil
}

// Subtitled joins the highest rendition in a container once more, with the subtitles in it.
// It does not wait for the one without, of which it would be a copy.
func Subtitled() Kind {
	return Kind{
		StageKind: pipelines.StageKind{
			Name:     "subtitled",
			Synonyms: []string{"soft-subtitles", "softsubs", "remux", "mux-subtitles"},
			Needs:    []string{"assemble", "captions"},
			With:     func() any { return &SubtitledSettings{Container: media.MP4} },
			Check:    func(with any) error { return with.(*SubtitledSettings).check() },
		},
		Version: 1,
		Quick:   true,
		Expand:  expandSubtitled,
	}
}

// subtitledResult is what the stage hands on; nothing where there is no such rendition.
type subtitledResult []BundleEntry

func (s subtitledResult) bundleEntries() []BundleEntry { return s }

func expandSubtitled(x *Expansion) (any, error) {
	f, ok := highestPlayable(NeededResults[assembledRenditions](x), x.Stage.With.(*SubtitledSettings).Container)
	if !ok {
		return subtitledResult{}, nil
	}
	spec, inputs := f.spec, maps.Clone(f.inputs)
	for i, c := range firstNeeded[captionsResult](x) {
		spec.Subtitles = append(spec.Subtitles, c.language)
		inputs[fmt.Sprintf("captions/%05d", i)] = c.key
	}
	key, err := f.key, error(nil)
	if len(spec.Subtitles) > 0 { // else it is the very same file, under the name people look for
		key, err = x.AddAction(f.rendition.Name, spec, inputs)
	}
	container := string(spec.Container)
	return subtitledResult{{
		Path: "video/" + f.slug + "." + container, Role: "video", Sounds: spec.ExtraLanguages,
		Subtitles: spec.Subtitles, Key: key, File: "video." + container,
	}}, err
}

// highestPlayable is the highest rendition in a container; one without loss, or with subtitles
// burned in, only where there is no other.
func highestPlayable(stages []assembledRenditions, in media.Container) (found assembledRendition, ok bool) {
	for _, stage := range stages {
		for _, f := range stage {
			odd := f.rendition.Encoding.Lossless || f.rendition.Subtitles != ""
			if f.spec.Container != in || ok && odd {
				continue
			}
			if !odd {
				return f, true
			}
			found, ok = f, true
		}
	}
	return found, ok
}
