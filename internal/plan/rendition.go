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

// RenditionSettings describe one rendition in a pipeline file.
type RenditionSettings struct {
	Name      string          `yaml:"name"`      // suffix of the file name; unset: the height, with the codec unless it is H.264
	Height    int             `yaml:"height"`    // pixels; lowered to the recording's height if that is less
	Codec     string          `yaml:"codec"`     // h264, vp9, av1 or ffv1 (lossless)
	Container media.Container `yaml:"container"` // mp4, webm or mkv; unset: the usual one of the codec
	Subtitles string          `yaml:"subtitles"` // language (BCP 47) of subtitles to burn in
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

// codecRules are the settings that a codec supports, and their defaults.
type codecRules struct {
	containers  []media.Container // the usual one first
	presets     []string          // nil: not supported
	preset      string            // default
	crf         int               // default
	maxCRF      int               // 0: 63, the limit for all codecs
	hasBitrates bool              // bit rates, two passes and speed are supported
	hasCRF      bool              // a constant rate factor is supported
}

// codecs returns the rules of each video codec. The default preset of AV1 is the result of
// measurements; see BENCHMARKS.md.
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

func containerNames() string { return "mp4, webm or mkv" }

// fileNamePattern matches what may become part of a file name.
var fileNamePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$`)

// bitratePattern matches a bit rate as ffmpeg writes it.
var bitratePattern = regexp.MustCompile(`^\d+(\.\d+)?[kKM]?$`)

// check fills in defaults, and returns an error for settings that are out of range or do not work
// together.
func (r *RenditionSettings) check() (err error) {
	r.Codec = cmp.Or(r.Codec, "h264")
	of, ok := codecs()[r.Codec]
	switch {
	case r.Name != "" && !fileNamePattern.MatchString(r.Name):
		return fmt.Errorf("the name %q cannot be part of a file name: use at most 40 letters, digits and hyphens", r.Name)
	case r.Height < 16 || r.Height > 4320:
		return fmt.Errorf("height %d is not between 16 and 4320", r.Height)
	case !ok:
		return fmt.Errorf("unknown codec %q; choose h264, vp9, av1 or ffv1", r.Codec)
	case r.CRF != nil && (*r.CRF < 1 || *r.CRF > 63):
		return fmt.Errorf("crf %d is not between 1 and 63; for lossless video set lossless: true", *r.CRF)
	case r.Threads < 0 || r.Threads > 64:
		return fmt.Errorf("threads %d is not between 1 and 64", r.Threads)
	}
	if err := r.checkBitrateFormat(); err != nil {
		return err
	}
	if r.Subtitles != "" {
		if r.Subtitles, err = subtitle.CanonicalLanguage(r.Subtitles); err != nil {
			return err
		}
	}
	r.Threads = cmp.Or(r.Threads, 1) // with a chunk on every core, 5 % faster than two
	return r.checkForCodec(of)
}

func (r *RenditionSettings) checkBitrateFormat() error {
	for _, b := range []struct{ key, rate string }{{"bitrate", r.Bitrate}, {"min-rate", r.MinRate}, {"max-rate", r.MaxRate}} {
		if b.rate != "" && !bitratePattern.MatchString(b.rate) {
			return fmt.Errorf("%s %q is not a bit rate; write it like 1024k or 1.5M", b.key, b.rate)
		}
	}
	return nil
}

// checkForCodec returns an error for settings that the codec does not support, and fills in
// its defaults.
func (r *RenditionSettings) checkForCodec(of codecRules) error {
	hasBitrates := r.Bitrate+r.MinRate+r.MaxRate != "" || r.TwoPass || r.Speed != 0
	switch {
	case hasBitrates && !of.hasBitrates:
		return errors.New("bitrate, min-rate, max-rate, two-pass and speed are for vp9; use crf and preset for h264 and av1")
	case r.Lossless && r.Codec != "h264":
		return errors.New("lossless is for h264; ffv1 always is")
	}
	for _, check := range []func(codecRules) error{r.checkPreset, r.checkCRF, r.checkContainer} {
		if err := check(of); err != nil {
			return err
		}
	}
	r.Container = cmp.Or(r.Container, of.containers[0])
	r.Preset = cmp.Or(r.Preset, of.preset)
	if r.CRF == nil && of.crf != 0 && !r.Lossless {
		r.CRF = new(of.crf)
	}
	return nil
}

func (r *RenditionSettings) checkPreset(of codecRules) error {
	switch {
	case r.Preset == "":
		return nil
	case of.presets == nil:
		return errors.New("preset is for h264 and av1")
	case !slices.Contains(of.presets, r.Preset):
		return fmt.Errorf("unknown preset %q; %s has %s", r.Preset, r.Codec, strings.Join(of.presets, ", "))
	}
	return nil
}

func (r *RenditionSettings) checkCRF(of codecRules) error {
	switch {
	case r.CRF == nil:
		return nil
	case r.Lossless:
		return errors.New("crf and lossless: true contradict one another; remove one of them")
	case of.maxCRF != 0 && *r.CRF > of.maxCRF:
		return fmt.Errorf("crf %d is not between 1 and %d, the range of %s", *r.CRF, of.maxCRF, r.Codec)
	case !of.hasCRF:
		return fmt.Errorf("crf has no meaning for %s, which is lossless", r.Codec)
	}
	return nil
}

func (r *RenditionSettings) checkContainer(of codecRules) error {
	switch {
	case r.Container == "":
		return nil
	case !slices.Contains(containers, r.Container):
		return fmt.Errorf("unknown container %q; choose %s", r.Container, containerNames())
	case !slices.Contains(of.containers, r.Container):
		return fmt.Errorf("%s cannot be stored in %s; use %s", r.Codec, r.Container, of.containers[0])
	}
	return nil
}

// defaultName returns the name of a rendition of that height whose settings have none, such as
// "1080" or "720-vp9-es".
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

// encoding returns the encoder's parameters. deep says that recordings may have more than 8-bit
// 4:2:0, which FFV1 keeps.
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
