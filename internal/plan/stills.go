package plan

import (
	"errors"
	"fmt"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/timeline"
	"github.com/lectern-av/lectern/pipelines"
)

// StillsSettings are what a pipeline says under a stills stage's with.
type StillsSettings struct {
	Every time.Duration `yaml:"every"` // of how much of the programme there is one
}

// Stills takes a small picture of every few seconds of the programme, and says how well each
// would stand for the talk. They are taken of encoded chunks, and so show what viewers see;
// a moved cut makes those anew that are of a new chunk.
func Stills() Kind {
	return Kind{
		StageKind: pipelines.StageKind{
			Name:     "stills",
			Synonyms: []string{"frames", "screenshots", "candidates", "storyboard"},
			Needs:    []string{"index", "encode"},
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

// stillsResult is what the stage hands on.
type stillsResult struct {
	width, height int
	chunks        []chunkStills // in programme order
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
		return nil, errors.New("no rendition to take stills of") // encode makes one at least: cannot be
	}
	every := x.Stage.With.(*StillsSettings).Every
	slots := timeline.Grid{Rate: reel.Programme.Rate, Interval: every, MinChunk: every / 2}
	made := stillsResult{}
	made.width, made.height = fitInto(reel.Width, reel.Height, stillWidth, stillHeight)
	for i, chunk := range reel.chunks(x.Pipeline.Programme.Chunk) {
		c := chunkStills{chunk: chunk}
		for _, slot := range slots.Chunks(chunk.Range) {
			c.slots = append(c.slots, slot.Shift(-chunk.Range.From))
		}
		spec := media.StillsSpec{Rate: reel.Programme.Rate, Slots: c.slots, Width: made.width, Height: made.height}
		var err error
		if c.key, err = x.AddAction(chunk.name, spec, map[string]action.Key{"segment": from.Segments[i]}); err != nil {
			return nil, err
		}
		made.chunks = append(made.chunks, c)
	}
	return made, nil
}

// stillsRendition is the rendition that stills are taken of: the smallest in which sharp can be told
// from blurred.
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

// fitInto is the largest size of about the same shape that fits into another, in even numbers.
func fitInto(width, height, wide, high int) (w, h int) {
	if width*high > height*wide {
		return wide, nearestEven(wide*height, width)
	}
	return nearestEven(high*width, height), high
}

// nearestEven is the even number nearest to a fraction, and 2 at least.
func nearestEven(num, den int) int { return max(2, (num+den)/(2*den)*2) }

// PosterSpec is the best of the programme's stills, taken off its recording once more.
type PosterSpec struct {
	Sources []media.FrameSource `json:"pictures"` // of the recordings, by their inputs' numbers
	Chunks  []PosterChunk       `json:"chunks"`   // of the stills, likewise
}

// PosterChunk is where stills are of.
type PosterChunk struct {
	Recording int   `json:"recording"` // which of the inputs, from 0
	From      int64 `json:"from"`      // the frame of it with which the chunk begins
	Edge      bool  `json:"edge"`      // it begins or ends what is kept
}

// expandPoster chooses among all stills, rather among those that are the same wherever the
// cut begins and ends: so the poster stays when that is corrected.
func expandPoster(x *Expansion, stills stillsResult) (action.Key, error) {
	reel := firstNeeded[Reel](x)
	var spec PosterSpec
	inputs := make(map[string]action.Key)
	place := make(map[int]int) // of a recording among the inputs
	for i, c := range stills.chunks {
		s := reel.Sources[c.Source]
		at, ok := place[c.Source]
		if !ok {
			at = len(place)
			place[c.Source] = at
			inputs[fmt.Sprintf("recording/%05d", at)] = s.Key
			spec.Sources = append(spec.Sources, s.frames(reel.Programme.Rate))
		}
		inputs[fmt.Sprintf("stills/%05d", i)] = c.key
		spec.Chunks = append(spec.Chunks, PosterChunk{at, c.Range.From, c.edge})
	}
	return x.AddAction("", spec, inputs)
}

// SpriteSpec lays a programme's stills out for players that show where one would go to, and
// some of them for people.
type SpriteSpec struct {
	Slug      string        `json:"slug"` // begins the names of the sheets
	Rate      timeline.Rate `json:"rate"`
	Programme int64         `json:"programme"` // frames
	Width     int           `json:"width"`     // pixels of a still
	Height    int           `json:"height"`
	Chunks    []SpriteChunk `json:"chunks"` // of the stills, by their inputs' numbers
}

// SpriteChunk is where in the programme stills are of.
type SpriteChunk struct {
	At    int64   `json:"at"`    // the frame of the programme with which the chunk begins
	Until []int64 `json:"until"` // the frame of the chunk before which each slot ends
}

// SheetTiles is how many tiles there are to a sheet, ten to a row.
const SheetTiles = 100

// The files of a sprite.
const (
	SpriteVTT   = "sprite.vtt"
	ContactFile = "contact.jpg"
)

// SheetFile is the name of sheet n, counted from 0.
func SheetFile(n int) string { return fmt.Sprintf("sprite-%02d.jpg", n+1) }

// Sprite makes what players show over their time line, and a contact sheet.
func Sprite() Kind {
	return Kind{
		StageKind: pipelines.StageKind{
			Name:     "sprite",
			Synonyms: []string{"sprites", "contact", "thumbnails", "trickplay", "scrub", "seek"},
			Needs:    []string{"stills"},
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
		inputs[fmt.Sprintf("stills/%05d", i)] = c.key
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
	made := spriteResult{
		{Path: "thumb/" + slug + "-" + SpriteVTT, Role: "sprite", Key: key, File: SpriteVTT},
		{Path: "thumb/" + slug + "-" + ContactFile, Role: "contact", Key: key, File: ContactFile},
	}
	for n := range (tiles + SheetTiles - 1) / SheetTiles {
		made = append(made, BundleEntry{Path: "thumb/" + slug + "-" + SheetFile(n), Role: "sprite", Key: key, File: SheetFile(n)})
	}
	return made, nil
}
