package plan

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/timeline"
	"github.com/lectern-av/lectern/pipelines"
)

// EncodeSettings are what a pipeline says under an encode stage's with.
type EncodeSettings struct {
	Renditions []RenditionSettings `yaml:"renditions"`
}

// RenditionSettings ask for one rendition.
type RenditionSettings struct {
	Name     string `yaml:"name"`     // ends the file's name; unset: the height, with codec or "lossless" where it is not plain H.264
	Height   int    `yaml:"height"`   // pixels, at most; never above the recording's
	Codec    string `yaml:"codec"`    // h264 or vp9
	Lossless bool   `yaml:"lossless"` // h264
	Preset   string `yaml:"preset"`   // h264: x264's
	CRF      *int   `yaml:"crf"`      // constant rate factor; unset: 23 for h264, none for vp9
	Threads  int    `yaml:"threads"`  // of one encoder; unset: 1
	Bitrate  string `yaml:"bitrate"`  // vp9, as ffmpeg writes it: 1024k
	MinRate  string `yaml:"min-rate"` // vp9
	MaxRate  string `yaml:"max-rate"` // vp9
	TwoPass  bool   `yaml:"two-pass"` // vp9
	Speed    int    `yaml:"speed"`    // vp9: of the last pass
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

var presets = []string{"ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo"}

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
	}
	return nil
}

// fileName is what a rendition may be called: it becomes part of a file's name.
var fileName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$`)

// check fills what was left out and refuses what cannot be.
func (r *RenditionSettings) check() error {
	r.Codec = cmp.Or(r.Codec, "h264")
	switch {
	case r.Name != "" && !fileName.MatchString(r.Name):
		return fmt.Errorf("the name %q cannot stand in a file's: use letters, digits and hyphens, 40 at most", r.Name)
	case r.Height < 16 || r.Height > 4320:
		return fmt.Errorf("height %d is not between 16 and 4320", r.Height)
	case r.Codec != "h264" && r.Codec != "vp9":
		return fmt.Errorf("unknown codec %q; h264 and vp9 can be had", r.Codec)
	case r.Codec == "h264" && (r.Bitrate+r.MinRate+r.MaxRate != "" || r.TwoPass || r.Speed != 0):
		return errors.New("bitrate, min-rate, max-rate, two-pass and speed are for vp9; h264 is made by crf and preset")
	case r.Codec == "vp9" && (r.Lossless || r.Preset != ""):
		return errors.New("lossless and preset are for h264")
	case r.CRF != nil && (*r.CRF < 1 || *r.CRF > 63):
		return fmt.Errorf("crf %d is not between 1 and 63; without any loss it is lossless: true", *r.CRF)
	case r.Threads < 0 || r.Threads > 64:
		return fmt.Errorf("threads %d is not between 1 and 64", r.Threads)
	}
	r.Threads = cmp.Or(r.Threads, 1) // where every core has a chunk, a twentieth quicker than two
	if r.Codec == "h264" {
		r.Preset = cmp.Or(r.Preset, "medium")
		if !slices.Contains(presets, r.Preset) {
			return fmt.Errorf("unknown preset %q; x264 has %s", r.Preset, strings.Join(presets, ", "))
		}
		if r.CRF == nil && !r.Lossless {
			r.CRF = new(23)
		}
		return nil
	}
	return nil
}

func (r RenditionSettings) encoding() media.Encoding {
	e := media.Encoding{
		Codec: r.Codec, Lossless: r.Lossless, Preset: r.Preset, Threads: r.Threads,
		Bitrate: r.Bitrate, MinRate: r.MinRate, MaxRate: r.MaxRate, TwoPass: r.TwoPass, Speed: r.Speed,
	}
	if r.CRF != nil {
		e.CRF = *r.CRF
	}
	return e
}

// Rendition is one form of the programme's pictures.
type Rendition struct {
	Name     string
	Width    int
	Height   int
	Encoding media.Encoding
	Salt     int
	Segments []action.Key // of the chunks, in programme order
}

// encoded is what an encode stage hands on: highest first.
type encoded []*Rendition

// renditions are those asked for, none higher than the reel, and each once.
func renditions(x *Expansion, reel Reel) encoded {
	var all encoded
	for _, r := range x.Stage.With.(*EncodeSettings).Renditions {
		height := min(r.Height, reel.Height) &^ 1
		made := &Rendition{
			Name:     r.Name,
			Width:    int(timeline.Rescale(int64(reel.Width), int64(height), int64(2*reel.Height))) * 2,
			Height:   height,
			Encoding: r.encoding(),
		}
		if made.Name == "" {
			made.Name = fmt.Sprint(height)
			if r.Codec != "h264" {
				made.Name += "-" + r.Codec
			}
			if r.Lossless {
				made.Name += "-lossless"
			}
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
	for _, c := range reel.chunks(x.Pipeline.Programme.Chunk) {
		if err := encodeChunk(x, reel, c, all); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// encodeChunk adds one action per rendition; they share a decode.
func encodeChunk(x *Expansion, reel Reel, c chunk, all encoded) error {
	s := reel.Sources[c.Source]
	for _, r := range all {
		spec := media.EncodeSpec{
			Pictures: s.Probe.Pictures(reel.Programme.Rate),
			Range:    c.Range,
			Width:    r.Width,
			Height:   r.Height,
			Encoding: r.Encoding,
			Salt:     r.Salt,
		}
		key, err := x.share(r.Name+"/"+c.where, c.where, spec, map[string]action.Key{"recording": s.Key})
		if err != nil {
			return err
		}
		r.Segments = append(r.Segments, key)
	}
	return nil
}

// Card makes opening and closing cards, for the renditions of the encode stages it needs.
func Card() Kind {
	return Kind{
		Kind:    pipelines.Kind{Name: "card", Also: []string{"cards", "title", "intro", "outro", "slate", "credits"}, Needs: []string{"encode"}},
		Version: 3,
		Expand:  expandCard,
	}
}

// cards are the two cards' segments, by rendition; a card of no length has none.
type cards struct {
	opening, closing map[string]action.Key
}

func expandCard(x *Expansion) (any, error) {
	made := cards{make(map[string]action.Key), make(map[string]action.Key)}
	programme := x.graph.Edition.Programme
	talk := x.Facts.Talk
	opening := media.CardSpec{
		Title: talk.Title, Speakers: talk.Speakers, Conference: talk.Conference, Note: talk.Date,
		Language: talk.Language, Rate: programme.Rate, Frames: programme.Opening,
	}
	closing := opening
	closing.Note, closing.Frames = cmp.Or(talk.Licence, talk.URL), programme.Closing
	for _, stage := range Needed[encoded](x) {
		for _, r := range stage {
			if err := card(x, opening, r, "opening", made.opening); err != nil {
				return nil, err
			}
			if err := card(x, closing, r, "closing", made.closing); err != nil {
				return nil, err
			}
		}
	}
	return made, nil
}

func card(x *Expansion, spec media.CardSpec, r *Rendition, which string, into map[string]action.Key) (err error) {
	if spec.Frames == 0 {
		return nil
	}
	spec.Width, spec.Height, spec.Encoding, spec.Salt = r.Width, r.Height, r.Encoding, r.Salt
	into[r.Name], err = x.share(r.Name+"/"+which, which, spec, nil)
	return err
}
