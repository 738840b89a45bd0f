package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/fault"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/pipelines"
)

// Assemble joins cards, chunks and sound.
func Assemble() Kind {
	return Kind{
		Kind: pipelines.Kind{
			Name:  "assemble",
			Also:  []string{"join", "concat", "merge", "mux", "stitch"},
			Needs: []string{"card", "encode", "audio"},
		},
		Version: 1,
		Expand:  expandAssemble,
	}
}

// Entry is one file of the bundle.
type Entry struct {
	Path      string     `json:"path"`                // in the bundle
	Role      string     `json:"role"`                // video, captions, thumbnail
	Language  string     `json:"language,omitempty"`  // of captions
	Subtitles []string   `json:"subtitles,omitempty"` // languages of a video's soft subtitles, by stream
	Key       action.Key `json:"key"`                 // of the artifact it comes from
	File      string     `json:"file"`                // its name there
}

// files is what a stage hands on that puts files into the bundle.
type files interface {
	entries() []Entry
}

// assembled is what an assemble stage hands on: highest rendition first.
type assembled []finished

type finished struct {
	rendition *Rendition
	spec      media.AssembleSpec
	inputs    map[string]action.Key
	slug      string
	key       action.Key
}

func (a assembled) entries() (all []Entry) {
	for _, f := range a {
		all = append(all, Entry{
			Path: "video/" + f.slug + "-" + f.rendition.Name + "." + f.spec.Container,
			Role: "video", Key: f.key, File: "video." + f.spec.Container,
		})
	}
	return all
}

func expandAssemble(x *Expansion) (any, error) {
	sheets := need[cards](x)
	var made assembled
	names := make(map[string]bool)
	for _, stage := range Needed[encoded](x) {
		// From the smallest up, so that the two largest, the one with subtitles being the
		// other, are joined at the same time and not one after the other.
		for _, r := range slices.Backward(stage) {
			if names[r.Name] {
				return nil, fault.New(x.Pipeline.File, "two renditions are called %q", r.Name).At(x.Stage.Line).
					Try("Give one of them a name of its own: {name: …, height: …}")
			}
			names[r.Name] = true
			container, codec := "mp4", "aac"
			if r.Encoding.Codec == "vp9" {
				container, codec = "webm", "opus"
			}
			sounds := Needed[sound](x)
			i := slices.IndexFunc(sounds, func(s sound) bool { return s.codec == codec })
			if i < 0 {
				return nil, fault.New(x.Pipeline.File, "rendition %s goes into %s, which needs %s sound",
					r.Name, strings.ToUpper(container), codec).At(x.Stage.Line).
					Try("Add an audio stage with codec: %s, and its name to needs", codec)
			}
			f := finished{rendition: r, slug: x.Facts.Talk.Slug}
			f.spec = media.AssembleSpec{
				Container: container,
				Rate:      x.graph.Edition.Programme.Rate,
				Frames:    x.graph.Edition.Programme.Frames(),
				Language:  x.Facts.Talk.Language,
				Metadata:  metadata(x),
			}
			f.inputs = map[string]action.Key{"audio": sounds[i].key}
			segments := slices.Clone(r.Segments)
			if k, ok := sheets.opening[r.Name]; ok {
				segments = slices.Insert(segments, 0, k)
			}
			if k, ok := sheets.closing[r.Name]; ok {
				segments = append(segments, k)
			}
			sortedRoles("segment", segments, f.inputs)
			var err error
			if f.key, err = x.Act(r.Name, f.spec, f.inputs); err != nil {
				return nil, err
			}
			made = append(made, f)
		}
	}
	slices.SortStableFunc(made, func(a, b finished) int { return cmp.Compare(b.rendition.Height, a.rendition.Height) })
	return made, nil
}

// metadata is what players show of a file, by ffmpeg's names.
func metadata(x *Expansion) map[string]string {
	t := x.Facts.Talk
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

// Subtitled joins the highest MP4 once more, with the subtitles in it. It does not wait for
// the one without, of which it would be a copy.
func Subtitled() Kind {
	return Kind{
		Kind: pipelines.Kind{
			Name:  "subtitled",
			Also:  []string{"soft-subtitles", "softsubs", "remux", "mux-subtitles"},
			Needs: []string{"assemble", "captions"},
		},
		Version: 1,
		Expand:  expandSubtitled,
	}
}

// subtitled is what the stage hands on; nothing where no rendition is an MP4.
type subtitled []Entry

func (s subtitled) entries() []Entry { return s }

func expandSubtitled(x *Expansion) (any, error) {
	for _, stage := range Needed[assembled](x) {
		for _, f := range stage {
			if f.spec.Container != "mp4" || f.rendition.Encoding.Lossless && len(stage) > 1 {
				continue
			}
			spec, inputs := f.spec, maps.Clone(f.inputs)
			for i, c := range need[captioned](x) {
				spec.Subtitles = append(spec.Subtitles, c.language)
				inputs[fmt.Sprintf("captions/%05d", i)] = c.key
			}
			if len(spec.Subtitles) == 0 { // the very same file, under the name people look for
				return subtitled{{Path: "video/" + f.slug + ".mp4", Role: "video", Key: f.key, File: "video.mp4"}}, nil
			}
			key, err := x.Act(f.rendition.Name, spec, inputs)
			return subtitled{{Path: "video/" + f.slug + ".mp4", Role: "video", Subtitles: spec.Subtitles, Key: key, File: "video.mp4"}}, err
		}
	}
	return subtitled{}, nil
}
