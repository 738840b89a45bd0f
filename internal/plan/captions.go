package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/strictyaml"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/subtitle/check"
	"github.com/lectern-av/lectern/internal/timeline"
	"github.com/lectern-av/lectern/pipelines"
)

// CaptionsSpec places one track in the programme and writes it as SRT and WebVTT. The
// track comes as an input: its canonical cues, and not the bytes it was handed in as.
type CaptionsSpec struct {
	Language  string             `json:"language"`
	Edition   string             `json:"edition"` // named in the WebVTT
	Programme timeline.Programme `json:"programme"`
	Profile   string             `json:"profile"` // by whose rules it is checked
}

// CaptionsSettings are what a pipeline says under a captions stage's with.
type CaptionsSettings struct {
	Profile      string `yaml:"profile"`      // by whose rules tracks are checked: ted, netflix-en …
	Translations string `yaml:"translations"` // how far cues of a translation must have come: approved, in-review or draft
	Complete     int    `yaml:"complete"`     // per cent of the source's cues of which there must be such; a translation with less is left out
}

// TranslationThreshold is what a pipeline asks of translations; its captions stage says so.
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
		return fmt.Errorf("unknown profile %q%s; %s can be had", s.Profile,
			strictyaml.DidYouMean(s.Profile, check.ProfileNames()), strings.Join(check.ProfileNames(), ", "))
	}
	if states := []string{conference.TrackApproved, "in-review", conference.TrackDraft}; !slices.Contains(states, s.Translations) {
		return fmt.Errorf("translations: %q is no state that a release can ask for%s; known are %s", s.Translations,
			strictyaml.DidYouMean(s.Translations, states), strings.Join(states, ", "))
	}
	if s.Complete < 0 || s.Complete > 100 {
		return fmt.Errorf("complete: %d is not between 0 and 100 per cent", s.Complete)
	}
	return nil
}

// Captions writes every track, and says how well it can be read.
func Captions() Kind {
	return Kind{
		StageKind: pipelines.StageKind{
			Name:     "captions",
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

// captionsResult is what the captions stage hands on, in the order of the tracks.
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
				Role: "captions", Language: t.language, Key: t.key, File: "captions." + ext,
			})
		}
	}
	return all
}

// TrackKey is the key of a track's canonical cues.
func TrackKey(t conference.Track) (action.Key, []byte) {
	b := subtitle.CanonicalJSON(t.Cues)
	return action.KeyOf(b), b
}

func expandCaptions(x *Expansion) (any, error) {
	if x.graph.Edition == nil {
		return nil, errAwaitingObservation
	}
	made := captionsResult{}
	for _, t := range x.Facts.Tracks {
		track, cues := TrackKey(t)
		x.graph.InlineInputs[track] = cues
		spec := CaptionsSpec{Language: t.Language, Edition: x.graph.Edition.ID, Programme: x.graph.Edition.Programme, Profile: x.Stage.With.(*CaptionsSettings).Profile}
		key, err := x.AddAction(t.Language, spec, map[string]action.Key{"track": track})
		if err != nil {
			return nil, err
		}
		made = append(made, captionsTrack{t.Language, x.Facts.Talk.Slug, key})
		if n := countOverlapping(t.Cues, x.Facts.Treatment.Mute); n > 0 {
			x.Note("%s: of its captions, %d stand where the sound is muted, and may tell what is not to be heard", cmp.Or(t.File, t.Language), n)
		}
	}
	return made, nil
}

// countOverlapping is how many cues are shown during one of the spans.
func countOverlapping(cues []conference.Cue, spans []timeline.Span) (n int) {
	for _, c := range cues {
		if slices.ContainsFunc(spans, func(s timeline.Span) bool { return c.Start < s.To && c.End > s.From }) {
			n++
		}
	}
	return n
}

// Thumbnail chooses the still that stands for the talk.
func Thumbnail() Kind {
	return Kind{
		StageKind: pipelines.StageKind{Name: "thumbnail", Synonyms: []string{"thumb", "poster", "still", "preview"}, Needs: []string{"index"}, Unique: true},
		Version:   2,
		Quick:     true,
		Expand:    expandThumbnail,
	}
}

type thumbnailResult []BundleEntry

func (t thumbnailResult) bundleEntries() []BundleEntry { return t }

// expandThumbnail chooses among the stills of the whole programme or, where the stage needs
// none, looks a third into it, in one cell of the chunk grid, so that it seldom changes when
// an end of the talk is moved.
func expandThumbnail(x *Expansion) (any, error) {
	file := func(key action.Key, err error) (any, error) {
		return thumbnailResult{{Path: "thumb/" + x.Facts.Talk.Slug + ".jpg", Role: "thumbnail", Key: key, File: "thumbnail.jpg"}}, err
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
			return file(x.AddAction("", spec, map[string]action.Key{"recording": s.Key}))
		}
	}
	return nil, fmt.Errorf("nothing is kept of the reel") // the cut was checked: cannot be
}
