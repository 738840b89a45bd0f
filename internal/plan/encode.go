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

// EncodeSettings are the settings of an encode stage in a pipeline file.
type EncodeSettings struct {
	Renditions []RenditionSettings `yaml:"renditions"`
}

// Encode returns the kind that encodes the video in every rendition, chunk by chunk.
func Encode() Kind {
	return Kind{
		StageKind: pipelines.StageKind{
			Name:     KindEncode,
			Synonyms: []string{"transcode", "video", "compress", "x264", "ladder"},
			Needs:    []string{KindIndex},
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

// Rendition is one encoding of the programme's video: a size, codec and container.
type Rendition struct {
	Name      string
	Width     int
	Height    int
	Encoding  media.Encoding
	Container media.Container
	Subtitles string       // language of burned-in subtitles; "" for none
	Salt      int          // part of the keys: raised to encode all segments again
	Segments  []action.Key // of the chunks, in the programme's order

	opening, closing []action.Key // segments of the conference's clips
}

// encodedRenditions is the result of an encode stage, the highest rendition first.
type encodedRenditions []*Rendition

// requestedRenditions returns the renditions of the stage's settings, the highest first, none
// higher than the reel's picture, and none with the name of an earlier one. A rendition with
// burned-in subtitles is left out, with a note, if the talk has no such track.
func requestedRenditions(x *Expansion, reel Reel) encodedRenditions {
	var all encodedRenditions
	for _, r := range x.Stage.With.(*EncodeSettings).Renditions {
		height := min(r.Height, reel.Height) &^ 1
		result := &Rendition{
			Name:      cmp.Or(r.Name, r.defaultName(height)),
			Width:     int(timeline.Rescale(int64(reel.Width), int64(height), int64(2*reel.Height))) * 2,
			Height:    height,
			Encoding:  r.encoding(reel.hasDeepColour()),
			Container: r.Container,
			Subtitles: r.Subtitles,
		}
		if result.Subtitles != "" && conference.FindTrack(x.Facts.Tracks, result.Subtitles) == nil {
			x.Note("rendition %s is left out: the talk has no subtitles in %s to burn in", result.Name, subtitle.EnglishLanguageName(result.Subtitles))
			continue
		}
		result.Salt = x.Facts.Salts[result.Name]
		if !slices.ContainsFunc(all, func(o *Rendition) bool { return o.Name == result.Name }) {
			all = append(all, result)
		}
	}
	slices.SortStableFunc(all, func(a, b *Rendition) int { return cmp.Compare(b.Height, a.Height) })
	return all
}

// minChunk is the shortest chunk that is encoded by itself; x264's rate control needs some
// frames to settle.
const minChunk = 2 * time.Second

func expandEncode(x *Expansion) (any, error) {
	reel := firstNeeded[Reel](x)
	all := requestedRenditions(x, reel)
	if len(all) == 0 {
		return nil, inputerr.Coded("pipeline.no_rendition", "asks for no rendition that this talk can have").In(x.Pipeline.File).At(x.Stage.Line).
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

// burnedCues returns the cues to burn into the renditions, in reel time, by language. Cues outside
// of the programme are left out.
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

// addChunkActions adds the actions that encode a chunk, one for each rendition, and appends their
// keys to the renditions' segments. One job does all of them, so that the chunk is decoded once.
// burned are the cues to burn in, by language.
func addChunkActions(x *Expansion, reel Reel, c chunk, all encodedRenditions, burned map[string][]conference.Cue) error {
	for _, r := range all {
		spec := media.EncodeSpec{
			Range: c.Range,
			Blank: reel.framesWithin(x.Facts.Processing.Blank, c.Piece),
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

// addEncodeAction adds the action that encodes one chunk of a source for a rendition, and returns
// its key. The caller sets the Range, Blank and Cues of spec; chunk is the chunk's name.
func addEncodeAction(x *Expansion, r *Rendition, from Source, rate timeline.Rate, chunk string, spec media.EncodeSpec) (action.Key, error) {
	spec.Source = from.frames(rate)
	spec.Width, spec.Height, spec.Encoding, spec.Salt = r.Width, r.Height, r.Encoding, r.Salt
	return x.addSharedAction(r.Name+"/"+chunk, chunk, spec, map[string]action.Key{RoleRecording: from.Key})
}

// cuesIn returns the cues that are shown during a chunk. cues are in reel time; the result counts
// from the chunk's start and is aligned to its frames.
func (reel Reel) cuesIn(cues []conference.Cue, c Piece) (all []conference.Cue) {
	rate, first := reel.Programme.Rate, reel.Sources[c.Source].Offset+c.Range.From
	for _, cue := range cues {
		r := timeline.Range{From: rate.Frame(cue.Start), To: rate.Frame(cue.End)}.Shift(-first)
		r = r.Intersect(timeline.Range{To: c.Range.Len()})
		if r.Len() > 0 {
			all = append(all, conference.Cue{Start: rate.Time(r.From), End: rate.Time(r.To), Text: cue.Text, Spans: cue.Spans, Position: cue.Position})
		}
	}
	return all
}
