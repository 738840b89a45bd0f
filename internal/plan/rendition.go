package plan

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/subtitle"
)

// RenditionSettings ask for one rendition.
type RenditionSettings struct {
	Name      string          `yaml:"name"`      // ends the file's name; unset: the height, with what it is unlike plain H.264 in
	Height    int             `yaml:"height"`    // pixels, at most; never above the recording's
	Codec     string          `yaml:"codec"`     // h264, vp9, av1 or ffv1, which is without loss
	Container media.Container `yaml:"container"` // mp4, webm or mkv; unset: the codec's usual
	Subtitles string          `yaml:"subtitles"` // a language (BCP 47) whose subtitles are burned in
	Lossless  bool            `yaml:"lossless"`  // h264
	Preset    string          `yaml:"preset"`    // h264: x264's; av1: SVT-AV1's, 0 to 13
	CRF       *int            `yaml:"crf"`       // constant rate factor; unset: 23 for h264, 38 for av1, none for vp9
	Threads   int             `yaml:"threads"`   // of one encoder; unset: 1
	Bitrate   string          `yaml:"bitrate"`   // vp9, as ffmpeg writes it: 1024k
	MinRate   string          `yaml:"min-rate"`  // vp9
	MaxRate   string          `yaml:"max-rate"`  // vp9
	TwoPass   bool            `yaml:"two-pass"`  // vp9
	Speed     int             `yaml:"speed"`     // vp9: of the last pass
}

// codecRules is what a rendition may ask of one.
type codecRules struct {
	containers  []media.Container // the usual one first
	presets     []string          // nil: it has none
	preset      string            // where none is given
	crf         int               // where none is given
	maxCRF      int               // 0: what goes for all of them
	hasBitrates bool              // it takes bit rates, passes and a speed
	hasCRF      bool              // it takes a constant rate factor
}

// codecs are those that pictures can be compressed with. AV1's preset was measured; see
// BENCHMARKS.md.
func codecs() map[string]codecRules {
	var svt []string
	for n := range 14 {
		svt = append(svt, strconv.Itoa(n))
	}
	return map[string]codecRules{
		"h264": {containers: []media.Container{media.MP4, media.MKV}, presets: x264Presets, preset: "medium", crf: 23, maxCRF: 51, hasCRF: true},
		"vp9":  {containers: []media.Container{media.WebM, media.MKV}, hasBitrates: true, hasCRF: true},
		"av1":  {containers: []media.Container{media.MP4, media.WebM, media.MKV}, presets: svt, preset: "9", crf: 38, hasCRF: true},
		"ffv1": {containers: []media.Container{media.MKV}},
	}
}

var x264Presets = []string{"ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo"}

var containers = []media.Container{media.MP4, media.WebM, media.MKV}

func containerNames() string { return "mp4, webm and mkv" }

// fileNamePattern is what a rendition may be called: it becomes part of a file's name.
var fileNamePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$`)

// bitratePattern is how a bit rate is written.
var bitratePattern = regexp.MustCompile(`^\d+(\.\d+)?[kKM]?$`)

// check fills what was left out and refuses what cannot be.
func (r *RenditionSettings) check() (err error) {
	r.Codec = cmp.Or(r.Codec, "h264")
	of, ok := codecs()[r.Codec]
	switch {
	case r.Name != "" && !fileNamePattern.MatchString(r.Name):
		return fmt.Errorf("the name %q cannot stand in a file's: use letters, digits and hyphens, 40 at most", r.Name)
	case r.Height < 16 || r.Height > 4320:
		return fmt.Errorf("height %d is not between 16 and 4320", r.Height)
	case !ok:
		return fmt.Errorf("unknown codec %q; h264, vp9, av1 and ffv1 can be had", r.Codec)
	case r.CRF != nil && (*r.CRF < 1 || *r.CRF > 63):
		return fmt.Errorf("crf %d is not between 1 and 63; without any loss it is lossless: true", *r.CRF)
	case r.Threads < 0 || r.Threads > 64:
		return fmt.Errorf("threads %d is not between 1 and 64", r.Threads)
	}
	for key, rate := range map[string]string{"bitrate": r.Bitrate, "min-rate": r.MinRate, "max-rate": r.MaxRate} {
		if rate != "" && !bitratePattern.MatchString(rate) {
			return fmt.Errorf("%s %q is no bit rate; write it like 1024k, or 1.5M", key, rate)
		}
	}
	if r.Subtitles != "" {
		if r.Subtitles, err = subtitle.CanonicalLanguage(r.Subtitles); err != nil {
			return err
		}
	}
	r.Threads = cmp.Or(r.Threads, 1) // where every core has a chunk, a twentieth quicker than two
	return r.checkForCodec(of)
}

// checkForCodec refuses what is not for the rendition's codec, and fills what was left out.
func (r *RenditionSettings) checkForCodec(of codecRules) error {
	switch {
	case !of.hasBitrates && (r.Bitrate+r.MinRate+r.MaxRate != "" || r.TwoPass || r.Speed != 0):
		return errors.New("bitrate, min-rate, max-rate, two-pass and speed are for vp9; h264 and av1 are made by crf and preset")
	case r.Lossless && r.Codec != "h264":
		return errors.New("lossless is for h264; ffv1 always is")
	case r.Preset != "" && of.presets == nil:
		return errors.New("preset is for h264 and av1")
	case r.Preset != "" && !slices.Contains(of.presets, r.Preset):
		return fmt.Errorf("unknown preset %q; %s has %s", r.Preset, r.Codec, strings.Join(of.presets, ", "))
	case r.CRF != nil && r.Lossless:
		return errors.New("crf says how much is lost, and lossless: true that nothing is; take one of them away")
	case r.CRF != nil && of.maxCRF != 0 && *r.CRF > of.maxCRF:
		return fmt.Errorf("crf %d is not between 1 and %d, as %s has it", *r.CRF, of.maxCRF, r.Codec)
	case r.CRF != nil && !of.hasCRF:
		return fmt.Errorf("crf means nothing to %s, which is without loss", r.Codec)
	case r.Container != "" && !slices.Contains(containers, r.Container):
		return fmt.Errorf("unknown container %q; %s can be had", r.Container, containerNames())
	case r.Container != "" && !slices.Contains(of.containers, r.Container):
		return fmt.Errorf("%s does not go into %s, but into %s", r.Codec, r.Container, of.containers[0])
	}
	r.Container = cmp.Or(r.Container, of.containers[0])
	r.Preset = cmp.Or(r.Preset, of.preset)
	if r.CRF == nil && of.crf != 0 && !r.Lossless {
		r.CRF = new(of.crf)
	}
	return nil
}

// defaultName is what the rendition is called where its settings do not say, at a height.
func (r RenditionSettings) defaultName(height int) string {
	name := fmt.Sprint(height)
	if r.Codec != "h264" {
		name += "-" + r.Codec
	}
	if r.Lossless {
		name += "-lossless"
	}
	if r.Subtitles != "" {
		name += "-" + r.Subtitles
	}
	return name
}

// encoding is how the rendition is compressed. A codec without loss keeps deep colours.
func (r RenditionSettings) encoding(deep bool) media.Encoding {
	e := media.Encoding{
		Codec: r.Codec, Lossless: r.Lossless || r.Codec == "ffv1", Preset: r.Preset, Threads: r.Threads,
		Bitrate: r.Bitrate, MinRate: r.MinRate, MaxRate: r.MaxRate, TwoPass: r.TwoPass, Speed: r.Speed,
		TenBit: deep && r.Codec == "ffv1",
	}
	if r.CRF != nil {
		e.CRF = *r.CRF
	}
	return e
}
