package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/bundle"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/pipelines"
)

// Assemble returns the kind that joins clips, cards, chunks and sound to one video file for each
// rendition.
func Assemble() Kind {
	return Kind{
		StageKind: pipelines.StageKind{
			Name:     KindAssemble,
			Synonyms: []string{"join", "concat", "merge", "mux", "stitch"},
			Needs:    []string{KindCard, KindEncode, KindAudio},
		},
		Version: 1,
		Quick:   true,
		Expand:  expandAssemble,
	}
}

// BundleEntry is a file that a stage contributes to the bundle.
type BundleEntry struct {
	Path      string      `json:"path"` // within the bundle
	Role      bundle.Role `json:"role"`
	Sounds    []string    `json:"sounds,omitempty"`    // languages of a video's further sound streams: interpreters
	Language  string      `json:"language,omitempty"`  // of captions and podcasts
	Subtitles []string    `json:"subtitles,omitempty"` // languages of a video's subtitle streams, in their order
	Key       action.Key  `json:"key"`                 // of the artifact that holds it
	File      string      `json:"file"`                // its name in the artifact
}

// bundleFiles is implemented by the results of stages that contribute files to the bundle.
type bundleFiles interface {
	bundleEntries() []BundleEntry
}

// assembledRenditions is the result of an assemble stage, the highest rendition first.
type assembledRenditions []assembledRendition

// assembledRendition is a rendition that was joined, or is about to be.
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
			Role: bundle.RoleVideo, Sounds: f.spec.ExtraLanguages, Key: f.key, File: VideoFile(f.spec.Container),
		})
	}
	return all
}

func expandAssemble(x *Expansion) (any, error) {
	sheets := firstNeeded[cardSegments](x)
	var result assembledRenditions
	names := make(map[string]bool)
	for _, stage := range NeededResults[encodedRenditions](x) {
		// Smallest first: the largest rendition is joined twice, here and by the subtitled
		// stage, and the queue runs neighbours at the same time.
		for _, r := range slices.Backward(stage) {
			if names[r.Name] {
				return nil, inputerr.Coded("pipeline.rendition_repeated", "two renditions are called {name}", "name", strconv.Quote(r.Name)).In(x.Pipeline.File).At(x.Stage.Line).
					Hint("Give one of them another name: {name: …, height: …}")
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
			addNumberedInputs(RoleSegment, segments, f.inputs)
			if f.key, err = x.AddAction(r.Name, f.spec, f.inputs); err != nil {
				return nil, err
			}
			result = append(result, f)
		}
	}
	slices.SortStableFunc(result, func(a, b assembledRendition) int { return cmp.Compare(b.rendition.Height, a.rendition.Height) })
	return result, nil
}

// checkSoundForRenditions returns an error if an assemble stage joins one of these renditions, but
// needs no audio stage with a codec that the rendition's container may hold. Encoding takes long,
// so the encode stage checks this beforehand.
func (x *Expansion) checkSoundForRenditions(all encodedRenditions) error {
	for _, stage := range x.Pipeline.Stages {
		if stage.Uses != KindAssemble || !slices.Contains(stage.Needs, x.Stage.Name) {
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
	codecs := audioCodecsByContainer[r.Container]
	return inputerr.Coded("pipeline.rendition_sound", "rendition {name} goes into {container}, which needs {codecs} sound",
		"name", r.Name, "container", strings.ToUpper(string(r.Container)), "codecs", strings.Join(codecs, " or "), "codec", codecs[0]).
		In(x.Pipeline.File).At(stage.Line).Hint("Add an audio stage with codec: {codec}, and its name to needs")
}

// newAssembledRendition returns the parameters and the sound inputs of joining r, without its
// segments. Among the audio stages that the stage needs, it takes the one with the codec that r's
// container prefers. It returns an error if the container can hold none of their codecs.
func (x *Expansion) newAssembledRendition(r *Rendition) (assembledRendition, error) {
	sounds := NeededResults[audioResult](x)
	i := -1
	for _, codec := range audioCodecsByContainer[r.Container] {
		i = slices.IndexFunc(sounds, func(s audioResult) bool { return s.codec == codec })
		if i >= 0 {
			break
		}
	}
	if i < 0 {
		return assembledRendition{}, x.missingSoundError(r, x.Stage)
	}
	programme := x.graph.Edition.Programme
	sections, _ := x.Facts.Talk.Sections(programme)
	f := assembledRendition{rendition: r, slug: x.Facts.Talk.Slug, inputs: map[string]action.Key{RoleAudio: sounds[i].key}}
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
		f.inputs[NumberedRole(RoleExtraAudio, n)] = other.key
	}
	return f, nil
}

// audioCodecsByContainer lists the audio codecs that a container may hold, the preferred one
// first.
var audioCodecsByContainer = map[media.Container][]string{
	media.MP4:  {"aac"},
	media.WebM: {"opus"},
	media.MKV:  {"flac", "opus"}, // not AAC: Matroska has no field for its encoder delay
}

// containerMetadata returns the metadata of a talk that players show, by ffmpeg's keys. Empty
// values are left out.
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

// SubtitledSettings are the settings of a subtitled stage in a pipeline file.
type SubtitledSettings struct {
	Container media.Container `yaml:"container"` // mp4, webm or mkv
}

func (s *SubtitledSettings) check() error {
	if !slices.Contains(containers, s.Container) {
		return fmt.Errorf("unknown container %q; choose %s", s.Container, containerNames())
	}
	return nil
}

// Subtitled returns the kind that joins the highest rendition in a container once more, with all
// subtitles as streams that a player can switch on. It reads the segments, and does not wait for
// the file without subtitles. If the talk has no subtitles, that file goes into the bundle under a
// second name.
func Subtitled() Kind {
	return Kind{
		StageKind: pipelines.StageKind{
			Name:     KindSubtitled,
			Synonyms: []string{"soft-subtitles", "softsubs", "remux", "mux-subtitles"},
			Needs:    []string{KindAssemble, KindCaptions},
			With:     func() any { return &SubtitledSettings{Container: media.MP4} },
			Check:    func(with any) error { return with.(*SubtitledSettings).check() },
		},
		Version: 1,
		Quick:   true,
		Expand:  expandSubtitled,
	}
}

// subtitledResult is the result of a subtitled stage. It is empty if there is no rendition in
// the container.
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
		inputs[NumberedRole(RoleCaptions, i)] = c.key
	}
	key, err := f.key, error(nil)
	if len(spec.Subtitles) > 0 { // otherwise it is the same file under a second name
		key, err = x.AddAction(f.rendition.Name, spec, inputs)
	}
	container := string(spec.Container)
	return subtitledResult{{
		Path: "video/" + f.slug + "." + container, Role: bundle.RoleVideo, Sounds: spec.ExtraLanguages,
		Subtitles: spec.Subtitles, Key: key, File: VideoFile(spec.Container),
	}}, err
}

// highestPlayable returns the highest rendition in a container. Lossless renditions, which browsers
// do not play, and those with burned-in subtitles are returned only if there is no other. ok is
// false if there is none at all.
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
