package plan

import (
	"errors"
	"fmt"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/bundle"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/timeline"
	"github.com/lectern-av/lectern/pipelines"
)

// StillsSettings are the settings of a stills stage in a pipeline file.
type StillsSettings struct {
	Every time.Duration `yaml:"every"` // interval between stills
}

// Stills returns the kind that takes a small picture every few seconds of the programme, and rates
// each as a thumbnail. They are taken from encoded chunks, so they show what viewers see, and after
// a cut is moved only those of changed chunks are taken anew.
func Stills() Kind {
	return Kind{
		StageKind: pipelines.StageKind{
			Name:     KindStills,
			Synonyms: []string{"frames", "screenshots", "candidates", "storyboard"},
			Needs:    []string{KindIndex, KindEncode},
			With:     func() any { return &StillsSettings{Every: 5 * time.Second} },
			Check: func(with any) error {
				if every := with.(*StillsSettings).Every; every < time.Second || every > time.Minute {
					return fmt.Errorf("a still every %v is not between 1s and 1m", every)
				}
				return nil
			},
			Unique: true,
		},
		Version: 2,
		Expand:  expandStills,
	}
}

// stillsResult is the result of a stills stage.
type stillsResult struct {
	width, height int
	chunks        []chunkStills // in the programme's order
}

type chunkStills struct {
	chunk
	slots []timeline.Range
	key   action.Key
}

// The most pixels of a still.
const (
	stillWidth  = 320
	stillHeight = 180
)

func expandStills(x *Expansion) (any, error) {
	reel := firstNeeded[Reel](x)
	from := stillsRendition(NeededResults[encodedRenditions](x))
	if from == nil {
		return nil, errors.New("no rendition to take stills of") // cannot happen: encode makes one at least
	}
	every := x.Stage.With.(*StillsSettings).Every
	slots := timeline.Grid{Rate: reel.Programme.Rate, Interval: every, MinChunk: every / 2}
	result := stillsResult{}
	result.width, result.height = fitInto(reel.Width, reel.Height, stillWidth, stillHeight)
	for i, chunk := range reel.chunks(x.Pipeline.Programme.Chunk) {
		c := chunkStills{chunk: chunk}
		for _, slot := range slots.Chunks(chunk.Range) {
			c.slots = append(c.slots, slot.Shift(-chunk.Range.From))
		}
		spec := media.StillsSpec{Rate: reel.Programme.Rate, Slots: c.slots, Width: result.width, Height: result.height}
		var err error
		if c.key, err = x.AddAction(chunk.name, spec, map[string]action.Key{RoleSegment: from.Segments[i]}); err != nil {
			return nil, err
		}
		result.chunks = append(result.chunks, c)
	}
	return result, nil
}

// stillsRendition returns the rendition to take stills from: the lowest that has at least 360
// lines, enough to tell sharp from blurred, or if there is none, the highest. It is nil without
// renditions.
func stillsRendition(stages []encodedRenditions) (best *Rendition) {
	const least = 2 * stillHeight
	for _, stage := range stages {
		for _, r := range stage {
			switch {
			case best == nil:
				best = r
			case r.Height >= least && (r.Height < best.Height || best.Height < least):
				best = r
			case r.Height > best.Height && best.Height < least:
				best = r
			}
		}
	}
	return best
}

// fitInto returns the largest size of about the aspect ratio width:height that fits into wide ×
// high, in even numbers.
func fitInto(width, height, wide, high int) (w, h int) {
	if width*high > height*wide {
		return wide, nearestEven(wide*height, width)
	}
	return nearestEven(high*width, height), high
}

// nearestEven returns the even number nearest to num/den, but at least 2.
func nearestEven(num, den int) int { return max(2, (num+den)/(2*den)*2) }

// PosterSpec holds the parameters of the action that picks the best still, and takes that
// frame from the recording in full size.
type PosterSpec struct {
	Sources []media.FrameSource `json:"pictures"` // of the recordings, by input number
	Chunks  []PosterChunk       `json:"chunks"`   // of the stills, by input number
}

// PosterChunk says which part of a recording a chunk's stills show.
type PosterChunk struct {
	Recording int   `json:"recording"` // input number, from 0
	From      int64 `json:"from"`      // frame of the recording at which the chunk begins
	Edge      bool  `json:"edge"`      // it begins or ends a kept range
}

// expandPoster adds the action that chooses the thumbnail among all stills, and returns its key.
// Stills of chunks at cut points are marked, because others are preferred: then correcting the cut
// does not change the thumbnail.
func expandPoster(x *Expansion, stills stillsResult) (action.Key, error) {
	reel := firstNeeded[Reel](x)
	var spec PosterSpec
	inputs := make(map[string]action.Key)
	inputNumber := make(map[int]int) // by source
	for i, c := range stills.chunks {
		s := reel.Sources[c.Source]
		at, ok := inputNumber[c.Source]
		if !ok {
			at = len(inputNumber)
			inputNumber[c.Source] = at
			inputs[NumberedRole(RoleRecording, at)] = s.Key
			spec.Sources = append(spec.Sources, s.frames(reel.Programme.Rate))
		}
		inputs[NumberedRole(RoleStills, i)] = c.key
		spec.Chunks = append(spec.Chunks, PosterChunk{at, c.Range.From, c.edge})
	}
	return x.AddAction("", spec, inputs)
}

// SpriteSpec holds the parameters of the action that lays the programme's stills out as sprite
// sheets, which players show over their seek bar, and as a contact sheet for people.
type SpriteSpec struct {
	Slug      string        `json:"slug"` // prefix of the file names in the bundle
	Rate      timeline.Rate `json:"rate"`
	Programme int64         `json:"programme"` // frames
	Width     int           `json:"width"`     // pixels of a still
	Height    int           `json:"height"`
	Chunks    []SpriteChunk `json:"chunks"` // of the stills, by input number
}

// SpriteChunk says where in the programme a chunk's stills are.
type SpriteChunk struct {
	At    int64   `json:"at"`    // frame of the programme at which the chunk begins
	Until []int64 `json:"until"` // frame of the chunk at which each slot ends
}

// SheetTiles is the number of stills on a sprite sheet, ten to a row.
const SheetTiles = 100

// Sprite returns the kind that makes sprite sheets with their WebVTT, and a contact sheet.
func Sprite() Kind {
	return Kind{
		StageKind: pipelines.StageKind{
			Name:     KindSprite,
			Synonyms: []string{"sprites", "contact", "thumbnails", "trickplay", "scrub", "seek"},
			Needs:    []string{KindStills},
			Unique:   true,
		},
		Version: 1,
		Expand:  expandSprite,
	}
}

// spriteResult is what the stage hands on.
type spriteResult []BundleEntry

func (s spriteResult) bundleEntries() []BundleEntry { return s }

func expandSprite(x *Expansion) (any, error) {
	stills := firstNeeded[stillsResult](x)
	programme, slug := x.graph.Edition.Programme, x.Facts.Talk.Slug
	spec := SpriteSpec{Slug: slug, Rate: programme.Rate, Programme: programme.Frames(), Width: stills.width, Height: stills.height}
	inputs := make(map[string]action.Key)
	at, tiles := programme.Opening, 0
	for i, c := range stills.chunks {
		inputs[NumberedRole(RoleStills, i)] = c.key
		chunk := SpriteChunk{At: at}
		for _, slot := range c.slots {
			chunk.Until = append(chunk.Until, slot.To)
		}
		spec.Chunks = append(spec.Chunks, chunk)
		at += c.Range.Len()
		tiles += len(c.slots)
	}
	key, err := x.AddAction("", spec, inputs)
	if err != nil {
		return nil, err
	}
	result := spriteResult{
		{Path: "thumb/" + slug + "-" + SpriteVTT, Role: bundle.RoleSprite, Key: key, File: SpriteVTT},
		{Path: "thumb/" + slug + "-" + ContactFile, Role: bundle.RoleContactSheet, Key: key, File: ContactFile},
	}
	for n := range (tiles + SheetTiles - 1) / SheetTiles {
		result = append(result, BundleEntry{Path: "thumb/" + slug + "-" + SheetFile(n), Role: bundle.RoleSprite, Key: key, File: SheetFile(n)})
	}
	return result, nil
}
