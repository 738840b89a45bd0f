package plan

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/timeline"
	"github.com/lectern-av/lectern/pipelines"
)

// EncodeSettings are what a pipeline says under an encode stage's with.
type EncodeSettings struct {
	Renditions []RenditionSettings `yaml:"renditions"`
}

// Encode makes the pictures, a chunk at a time.
func Encode() Kind {
	return Kind{
		StageKind: pipelines.StageKind{
			Name:     "encode",
			Synonyms: []string{"transcode", "video", "compress", "x264", "ladder"},
			Needs:    []string{"index"},
			With:     func() any { return new(EncodeSettings) },
			Check:    func(with any) error { return with.(*EncodeSettings).check() },
		},
		Version: 1,
		Expand:  expandEncode,
	}
}

func (s *EncodeSettings) check() error {
	if len(s.Renditions) == 0 {
		return errors.New("asks for no renditions; name at least one, such as {height: 720, codec: h264}")
	}
	for i := range s.Renditions {
		r := &s.Renditions[i]
		if err := r.check(); err != nil {
			return fmt.Errorf("rendition %d: %w", i+1, err)
		}
		twin := slices.IndexFunc(s.Renditions[:i], func(o RenditionSettings) bool { return o.Name == r.Name })
		if r.Name != "" && twin >= 0 {
			return fmt.Errorf("renditions %d and %d are both called %q", twin+1, i+1, r.Name)
		}
		twin = slices.IndexFunc(s.Renditions[:i], func(o RenditionSettings) bool {
			return o.Name == "" && o.defaultName(o.Height) == r.defaultName(r.Height)
		})
		if r.Name == "" && twin >= 0 {
			return fmt.Errorf("renditions %d and %d would both be called %q; give one of them a name", twin+1, i+1, r.defaultName(r.Height))
		}
	}
	return nil
}

// Rendition is one form of the programme's pictures.
type Rendition struct {
	Name      string
	Width     int
	Height    int
	Encoding  media.Encoding
	Container media.Container
	Subtitles string // the language of those burned into it; "" is none
	Salt      int
	Segments  []action.Key // of the chunks, in programme order

	opening, closing []action.Key // segments of the conference's clips
}

// encodedRenditions is what an encode stage hands on: highest first.
type encodedRenditions []*Rendition

// requestedRenditions are those asked for, none higher than the reel, and each once. One with
// subtitles in a language that the talk has none in is left out.
func requestedRenditions(x *Expansion, reel Reel) encodedRenditions {
	var all encodedRenditions
	for _, r := range x.Stage.With.(*EncodeSettings).Renditions {
		height := min(r.Height, reel.Height) &^ 1
		made := &Rendition{
			Name:      cmp.Or(r.Name, r.defaultName(height)),
			Width:     int(timeline.Rescale(int64(reel.Width), int64(height), int64(2*reel.Height))) * 2,
			Height:    height,
			Encoding:  r.encoding(reel.hasDeepColour()),
			Container: r.Container,
			Subtitles: r.Subtitles,
		}
		if made.Subtitles != "" && conference.FindTrack(x.Facts.Tracks, made.Subtitles) == nil {
			x.Note("rendition %s is left out: the talk has no subtitles in %s to be burned into it", made.Name, subtitle.EnglishLanguageName(made.Subtitles))
			continue
		}
		made.Salt = x.Facts.Salts[made.Name]
		if !slices.ContainsFunc(all, func(o *Rendition) bool { return o.Name == made.Name }) {
			all = append(all, made)
		}
	}
	slices.SortStableFunc(all, func(a, b *Rendition) int { return cmp.Compare(b.Height, a.Height) })
	return all
}

// minChunk is the shortest piece that is encoded by itself; x264 needs some frames to
// find its level.
const minChunk = 2 * time.Second

func expandEncode(x *Expansion) (any, error) {
	reel := firstNeeded[Reel](x)
	all := requestedRenditions(x, reel)
	if len(all) == 0 {
		return nil, inputerr.New(x.Pipeline.File, "asks for no rendition that can be made of this talk").At(x.Stage.Line).
			Hint("Add one without subtitles, such as {height: 720}")
	}
	if err := x.checkSoundForRenditions(all); err != nil {
		return nil, err
	}
	burned := burnedCues(x, all)
	for _, c := range reel.chunks(x.Pipeline.Programme.Chunk) {
		if err := addChunkActions(x, reel, c, all, burned); err != nil {
			return nil, err
		}
	}
	opening, err := addClipActions(x, reel, reel.clips.opening, "opening", all)
	if err != nil {
		return nil, err
	}
	closing, err := addClipActions(x, reel, reel.clips.closing, "closing", all)
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		r.opening, r.closing = opening[r.Name], closing[r.Name]
	}
	return all, nil
}

// burnedCues are the cues that are burned into pictures, by language: in reel time, and only
// those that a viewer of the programme sees.
func burnedCues(x *Expansion, all encodedRenditions) map[string][]conference.Cue {
	burned := make(map[string][]conference.Cue)
	for _, r := range all {
		t := conference.FindTrack(x.Facts.Tracks, r.Subtitles)
		if t == nil || burned[r.Subtitles] != nil {
			continue
		}
		_, left := subtitle.ToProgramme(x.graph.Edition.Programme, t.Cues)
		unseen := make(map[string]bool)
		for _, l := range left {
			unseen[l.Cue.ID] = true
		}
		for _, c := range t.Cues {
			if !unseen[c.ID] {
				burned[r.Subtitles] = append(burned[r.Subtitles], c)
			}
		}
	}
	return burned
}

// addChunkActions adds one action per rendition; they share a decode.
func addChunkActions(x *Expansion, reel Reel, c chunk, all encodedRenditions, burned map[string][]conference.Cue) error {
	for _, r := range all {
		spec := media.EncodeSpec{
			Range: c.Range,
			Blank: reel.framesWithin(x.Facts.Treatment.Blank, c.Piece),
			Cues:  reel.cuesIn(burned[r.Subtitles], c.Piece),
		}
		key, err := addEncodeAction(x, r, reel.Sources[c.Source], reel.Programme.Rate, c.name, spec)
		if err != nil {
			return err
		}
		r.Segments = append(r.Segments, key)
	}
	return nil
}

// addEncodeAction adds the action that makes a chunk of a source for a rendition, of which spec says
// what the chunk is, and leaves open how it is taken and compressed.
func addEncodeAction(x *Expansion, r *Rendition, from Source, rate timeline.Rate, chunk string, spec media.EncodeSpec) (action.Key, error) {
	spec.Source = from.frames(rate)
	spec.Width, spec.Height, spec.Encoding, spec.Salt = r.Width, r.Height, r.Encoding, r.Salt
	return x.addSharedAction(r.Name+"/"+chunk, chunk, spec, map[string]action.Key{"recording": from.Key})
}

// cuesIn are the cues that are seen during a chunk, from one of its frames to another.
func (reel Reel) cuesIn(cues []conference.Cue, c Piece) (all []conference.Cue) {
	rate, first := reel.Programme.Rate, reel.Sources[c.Source].Offset+c.Range.From
	for _, cue := range cues {
		r := timeline.Range{From: rate.Frame(cue.Start), To: rate.Frame(cue.End)}.Shift(-first)
		if r = r.Intersect(timeline.Range{To: c.Range.Len()}); r.Len() > 0 {
			all = append(all, conference.Cue{Start: rate.Time(r.From), End: rate.Time(r.To), Text: cue.Text, Spans: cue.Spans, Position: cue.Position})
		}
	}
	return all
}
