package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/bundle"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/plural"
	"github.com/lectern-av/lectern/internal/strictyaml"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/subtitle/check"
	"github.com/lectern-av/lectern/internal/timeline"
	"github.com/lectern-av/lectern/pipelines"
)

// CaptionsSpec holds the parameters of the action that converts one track to programme time
// and writes it as SRT, WebVTT and MP4 timed text. The track is an input: its canonical cues,
// not the uploaded file.
type CaptionsSpec struct {
	Language  string             `json:"language"`
	Edition   string             `json:"edition"` // ID, written into the WebVTT
	Programme timeline.Programme `json:"programme"`
	Profile   string             `json:"profile"` // rules by which it is checked
}

// CaptionsSettings are the settings of a captions stage in a pipeline file.
type CaptionsSettings struct {
	Profile      string `yaml:"profile"`      // rules by which tracks are checked: ted, netflix-en …
	Translations string `yaml:"translations"` // least state that counts for a translated cue: approved, in-review or draft
	Complete     int    `yaml:"complete"`     // per cent of the source's cues that must have that state; translations with less are left out
}

// TranslationThreshold returns how complete a translation must be to go into a bundle of this
// pipeline: complete per cent of its cues must have reached state. A pipeline without a captions
// stage has the defaults.
func TranslationThreshold(p pipelines.Pipeline) (state string, complete int) {
	s := defaultCaptions()
	for _, stage := range p.Stages {
		if with, ok := stage.With.(*CaptionsSettings); ok {
			s = with
		}
	}
	return s.Translations, s.Complete
}

func defaultCaptions() *CaptionsSettings {
	return &CaptionsSettings{Profile: check.DefaultProfile, Translations: conference.TrackApproved, Complete: 95}
}

func (s *CaptionsSettings) check() error {
	if _, err := check.ProfileByName(s.Profile); err != nil {
		return fmt.Errorf("unknown profile %q%s; choose one of %s", s.Profile,
			strictyaml.DidYouMean(s.Profile, check.ProfileNames()), strings.Join(check.ProfileNames(), ", "))
	}
	if states := []string{conference.TrackApproved, "in-review", conference.TrackDraft}; !slices.Contains(states, s.Translations) {
		return fmt.Errorf("translations: %q is not a state that a release can require%s; choose one of %s", s.Translations,
			strictyaml.DidYouMean(s.Translations, states), strings.Join(states, ", "))
	}
	if s.Complete < 0 || s.Complete > 100 {
		return fmt.Errorf("complete: %d is not between 0 and 100 per cent", s.Complete)
	}
	return nil
}

// Captions returns the kind that converts every subtitle track to programme time, writes it as SRT,
// WebVTT and MP4 timed text, and checks how well it can be read.
func Captions() Kind {
	return Kind{
		StageKind: pipelines.StageKind{
			Name:     KindCaptions,
			Synonyms: []string{"subtitles", "srt", "vtt", "attach", "tracks"},
			With:     func() any { return defaultCaptions() },
			Check:    func(with any) error { return with.(*CaptionsSettings).check() },
			Unique:   true,
		},
		Version: 3,
		Quick:   true,
		Expand:  expandCaptions,
	}
}

// captionsResult is the result of a captions stage, in the order of the tracks.
type captionsResult []captionsTrack

type captionsTrack struct {
	language string
	slug     string
	key      action.Key
}

func (c captionsResult) bundleEntries() (all []BundleEntry) {
	for _, t := range c {
		for _, ext := range []string{"srt", "vtt"} {
			all = append(all, BundleEntry{
				Path: "captions/" + t.slug + "." + t.language + "." + ext,
				Role: bundle.RoleCaptions, Language: t.language, Key: t.key, File: CaptionsFile(ext),
			})
		}
	}
	return all
}

// TrackKey returns the canonical JSON of a track's cues, and the hash of it, which is the key of
// the input that holds it.
func TrackKey(t conference.Track) (key action.Key, canonical []byte) {
	b := subtitle.CanonicalJSON(t.Cues)
	return action.KeyOf(b), b
}

func expandCaptions(x *Expansion) (any, error) {
	if x.graph.Edition == nil {
		return nil, errAwaitingObservation
	}
	result := captionsResult{}
	for _, t := range x.Facts.Tracks {
		track, cues := TrackKey(t)
		x.graph.InlineInputs[track] = cues
		spec := CaptionsSpec{Language: t.Language, Edition: x.graph.Edition.ID, Programme: x.graph.Edition.Programme, Profile: x.Stage.With.(*CaptionsSettings).Profile}
		key, err := x.AddAction(t.Language, spec, map[string]action.Key{RoleTrack: track})
		if err != nil {
			return nil, err
		}
		result = append(result, captionsTrack{t.Language, x.Facts.Talk.Slug, key})
		if n := countOverlapping(t.Cues, x.Facts.Processing.Mute); n > 0 {
			x.Note("%s: %s shown while the sound is muted; check that no text gives away what was muted", cmp.Or(t.File, t.Language), plural.Count(n, "cue"))
		}
	}
	return result, nil
}

// countOverlapping returns how many cues are shown during one of the spans.
func countOverlapping(cues []conference.Cue, spans []timeline.Span) (n int) {
	for _, c := range cues {
		if slices.ContainsFunc(spans, func(s timeline.Span) bool { return c.Start < s.To && c.End > s.From }) {
			n++
		}
	}
	return n
}

// Thumbnail returns the kind that makes the picture that represents the talk: from the best of the
// stills if the stage needs some, else from a recording.
func Thumbnail() Kind {
	return Kind{
		StageKind: pipelines.StageKind{Name: KindThumbnail, Synonyms: []string{"thumb", "poster", "still", "preview"}, Needs: []string{KindIndex}, Unique: true},
		Version:   2,
		Quick:     true,
		Expand:    expandThumbnail,
	}
}

type thumbnailResult []BundleEntry

func (t thumbnailResult) bundleEntries() []BundleEntry { return t }

// expandThumbnail adds the action that chooses the thumbnail: among the stills of the whole
// programme if the stage needs a stills stage, otherwise among frames of the chunk a third into the
// programme. Chunks are aligned to a grid, so the choice seldom changes when the talk's start or
// end is corrected.
func expandThumbnail(x *Expansion) (any, error) {
	file := func(key action.Key, err error) (any, error) {
		return thumbnailResult{{Path: "thumb/" + x.Facts.Talk.Slug + ".jpg", Role: bundle.RoleThumbnail, Key: key, File: ThumbnailFile}}, err
	}
	for _, stills := range NeededResults[stillsResult](x) {
		return file(expandPoster(x, stills))
	}
	reel := firstNeeded[Reel](x)
	grid := timeline.Grid{Rate: reel.Programme.Rate, Interval: x.Pipeline.Programme.Chunk, MinChunk: minChunk}
	left := timeline.Frames(reel.Programme.Kept) / 3
	for _, piece := range reel.Pieces {
		if left >= piece.Range.Len() {
			left -= piece.Range.Len()
			continue
		}
		for _, cell := range grid.Chunks(piece.Range) {
			if cell.To <= piece.Range.From+left {
				continue
			}
			s := reel.Sources[piece.Source]
			spec := media.ThumbnailSpec{Source: s.frames(reel.Programme.Rate), Range: cell}
			return file(x.AddAction("", spec, map[string]action.Key{RoleRecording: s.Key}))
		}
	}
	return nil, fmt.Errorf("nothing is kept of the reel") // the cut was checked: cannot be
}
