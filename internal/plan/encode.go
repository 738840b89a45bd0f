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
		Kind: pipelines.Kind{
			Name:  "encode",
			Also:  []string{"transcode", "video", "compress", "x264", "ladder"},
			Needs: []string{"index"},
			With:  func() any { return new(EncodeSettings) },
			Check: func(with any) error { return with.(*EncodeSettings).check() },
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
			return o.Name == "" && o.name(o.Height) == r.name(r.Height)
		})
		if r.Name == "" && twin >= 0 {
			return fmt.Errorf("renditions %d and %d would both be called %q; give one of them a name", twin+1, i+1, r.name(r.Height))
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

// encoded is what an encode stage hands on: highest first.
type encoded []*Rendition

// renditions are those asked for, none higher than the reel, and each once. One with
// subtitles in a language that the talk has none in is left out.
func renditions(x *Expansion, reel Reel) encoded {
	var all encoded
	for _, r := range x.Stage.With.(*EncodeSettings).Renditions {
		height := min(r.Height, reel.Height) &^ 1
		made := &Rendition{
			Name:      cmp.Or(r.Name, r.name(height)),
			Width:     int(timeline.Rescale(int64(reel.Width), int64(height), int64(2*reel.Height))) * 2,
			Height:    height,
			Encoding:  r.encoding(reel.deep()),
			Container: r.Container,
			Subtitles: r.Subtitles,
		}
		if made.Subtitles != "" && conference.TrackIn(x.Facts.Tracks, made.Subtitles) == nil {
			x.Note("rendition %s is left out: the talk has no subtitles in %s to be burned into it", made.Name, subtitle.EnglishName(made.Subtitles))
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

// leastChunk is the shortest piece that is encoded by itself; x264 needs some frames to
// find its level.
const leastChunk = 2 * time.Second

func expandEncode(x *Expansion) (any, error) {
	reel := need[Reel](x)
	all := renditions(x, reel)
	if len(all) == 0 {
		return nil, inputerr.New(x.Pipeline.File, "asks for no rendition that can be made of this talk").At(x.Stage.Line).
			Try("Add one without subtitles, such as {height: 720}")
	}
	if err := x.heard(all); err != nil {
		return nil, err
	}
	burned := burning(x, all)
	for _, c := range reel.chunks(x.Pipeline.Programme.Chunk) {
		if err := encodeChunk(x, reel, c, all, burned); err != nil {
			return nil, err
		}
	}
	opening, err := encodeClip(x, reel, reel.clips.opening, "opening", all)
	if err != nil {
		return nil, err
	}
	closing, err := encodeClip(x, reel, reel.clips.closing, "closing", all)
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		r.opening, r.closing = opening[r.Name], closing[r.Name]
	}
	return all, nil
}

// burning are the cues that are burned into pictures, by language: in reel time, and only
// those that a viewer of the programme sees.
func burning(x *Expansion, all encoded) map[string][]conference.Cue {
	burned := make(map[string][]conference.Cue)
	for _, r := range all {
		t := conference.TrackIn(x.Facts.Tracks, r.Subtitles)
		if t == nil || burned[r.Subtitles] != nil {
			continue
		}
		_, left := subtitle.Place(x.graph.Edition.Programme, t.Cues)
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

// encodeChunk adds one action per rendition; they share a decode.
func encodeChunk(x *Expansion, reel Reel, c chunk, all encoded, burned map[string][]conference.Cue) error {
	for _, r := range all {
		spec := media.EncodeSpec{
			Range: c.Range,
			Blank: reel.within(x.Facts.Treatment.Blank, c.Piece),
			Cues:  reel.seen(burned[r.Subtitles], c.Piece),
		}
		key, err := encodeAs(x, r, reel.Sources[c.Source], reel.Programme.Rate, c.where, spec)
		if err != nil {
			return err
		}
		r.Segments = append(r.Segments, key)
	}
	return nil
}

// encodeAs adds the action that makes a chunk of a source for a rendition, of which spec says
// what the chunk is, and leaves open how it is taken and compressed.
func encodeAs(x *Expansion, r *Rendition, from Source, rate timeline.Rate, chunk string, spec media.EncodeSpec) (action.Key, error) {
	spec.Pictures = from.pictures(rate)
	spec.Width, spec.Height, spec.Encoding, spec.Salt = r.Width, r.Height, r.Encoding, r.Salt
	return x.share(r.Name+"/"+chunk, chunk, spec, map[string]action.Key{"recording": from.Key})
}

// seen are the cues that are seen during a chunk, from one of its frames to another.
func (reel Reel) seen(cues []conference.Cue, c Piece) (all []conference.Cue) {
	rate, first := reel.Programme.Rate, reel.Sources[c.Source].Offset+c.Range.From
	for _, cue := range cues {
		r := timeline.Range{From: rate.Frame(cue.Start), To: rate.Frame(cue.End)}.Shift(-first)
		if r = r.Intersect(timeline.Range{To: c.Range.Len()}); r.Len() > 0 {
			all = append(all, conference.Cue{Start: rate.Time(r.From), End: rate.Time(r.To), Text: cue.Text, Spans: cue.Spans, Place: cue.Place})
		}
	}
	return all
}
