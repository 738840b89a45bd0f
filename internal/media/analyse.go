package media

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/lectern-av/lectern/internal/timeline"
)

const (
	frameSamples   = Hz / 100                    // samples in a frame of 10 ms
	framesPerBlock = blockSamples / frameSamples // in a block
)

// Analysis is what an analysis of a recording found. Levels that would be −∞ are −120
// (loudness: −70).
type Analysis struct {
	Stream            int           `json:"stream"`   // index in the container; −1: no sound
	Origin            time.Duration `json:"origin"`   // zero of the files and of times here: the container's start, on its own clock
	Duration          time.Duration `json:"duration"` // from Origin to the end of the sound
	LUFS              float64       `json:"lufs"`     // of the whole, as stereo
	Left              ChannelLevels `json:"left"`
	Right             ChannelLevels `json:"right"`
	Silent            bool          `json:"silent"`             // both channels are silent
	PolarityInverted  bool          `json:"opposite,omitempty"` // the channels have opposite polarity
	SuggestedChannels string        `json:"suggest"`            // "stereo", "left" or "right"
	Activity          Activity      `json:"activity,omitzero"`
	Keyframes         *KeyframeScan `json:"glance,omitempty"` // nil: not scanned, or no video
	Notes             []string      `json:"notes,omitempty"`

	Mix        []MixInput     `json:"mix,omitempty"`         // the sound is a mix of these; Stream is that of the first
	Heard      []HeardChannel `json:"heard,omitempty"`       // of a survey: what is on each channel
	ClickLevel float64        `json:"click_level,omitempty"` // dBFS: what is louder is a click, and was limited to it; 0: there are none
}

// ChannelLevels are the levels of one channel of a recording.
type ChannelLevels struct {
	LUFS    float64 `json:"lufs"`    // of this channel alone
	RMS     float64 `json:"level"`   // dBFS, of the whole
	Peak    float64 `json:"peak"`    // dBFS, sample peak
	Clipped int     `json:"clipped"` // number of runs of three or more samples at full scale
	Dead    bool    `json:"dead"`    // silent, only hum and crosstalk, or no voice while the other has one

	Timecode bool `json:"timecode,omitempty"` // it is not sound, but timecode
	NoVoice  bool `json:"no_voice,omitempty"` // there is sound without speech, while the other has speech
}

// AnalyseOptions says which sound of a recording is analysed. The zero value is the first stream.
type AnalyseOptions struct {
	Mix           []MixInput // a mix of these
	Survey        bool       // the channels with the voice, of all streams
	SkipKeyframes bool       // leave out the picture
}

// Analyse reads the recording at path: it measures its sound, and scans the keyframes of the
// video. It reads it once, or several times if there are channels to choose from, or clicks. It
// writes BlocksFile and LevelsFile into dir; without sound they are empty. progress may be nil; it
// gets the fraction done.
func (t Tools) Analyse(ctx context.Context, path string, p Probe, o AnalyseOptions, dir string, progress func(fraction float64)) (Analysis, error) {
	if progress == nil {
		progress = func(float64) {}
	}
	a := Analysis{Stream: -1, Origin: p.origin(), Mix: o.Mix}
	r := analysisRun{tools: t, path: path, dir: dir, progress: progress}
	var err error
	if o.Survey && len(p.Audio) > 0 {
		from := sampleAt(a.Origin)
		const share = 0.5 // of the time
		a.Heard, a.Mix, err = t.survey(ctx, path, &p, from, from+sampleAt(p.soundEnd()), func(done float64) { progress(share * done) })
		if err != nil {
			return a, fmt.Errorf("analyse %s: %w", path, err)
		}
		r.progress = func(done float64) { progress(share + (1-share)*done) }
	}
	switch {
	case len(a.Mix) > 0:
		a.Stream = a.Mix[0].Stream
	case len(p.Audio) > 0:
		a.Stream = p.Audio[0].Stream
	}
	if p.Video != nil && !o.SkipKeyframes {
		r.keyframesPath = filepath.Join(dir, "keyframes")
		defer os.Remove(r.keyframesPath)
	}
	if err := r.listen(ctx, p, &a); err != nil {
		return a, fmt.Errorf("analyse %s: %w", path, err)
	}
	return a, nil
}

// soundEnd returns when the last sound stream ends, from the container's start.
func (p Probe) soundEnd() (end time.Duration) {
	for _, a := range p.Audio {
		end = max(end, a.End)
	}
	return end
}

// analysisRun is one analysis.
type analysisRun struct {
	tools         Tools
	path, dir     string
	keyframesPath string // a scratch file; "": keyframes are not scanned
	progress      func(fraction float64)
}

// listen analyses the chosen sound, and once more with its clicks limited if it has any.
func (r analysisRun) listen(ctx context.Context, p Probe, a *Analysis) error {
	s, err := r.decode(ctx, p, *a)
	if err != nil {
		return err
	}
	if r.keyframesPath != "" {
		if a.Keyframes, err = readKeyframeScan(r.keyframesPath, a.Origin, p.Readable); err != nil {
			return err
		}
	}
	if level, clicks := s.findClicks(); len(clicks) > 0 {
		a.ClickLevel = level
		r.keyframesPath = ""
		if s, err = r.decode(ctx, p, *a); err != nil {
			return err
		}
		a.Activity.Clicks = clicks
	}
	s.finish(a, p)
	return nil
}

// decode measures the chosen sound of a recording.
func (r analysisRun) decode(ctx context.Context, p Probe, a Analysis) (*analyser, error) {
	s, err := newAnalyser(r.dir)
	if err != nil {
		return nil, err
	}
	s.limit = clickLimit(a.ClickLevel)
	if a.Stream >= 0 || r.keyframesPath != "" {
		err = r.feed(ctx, p, a, s)
	}
	return s, errors.Join(err, s.close())
}

// origin returns the container's start on its own clock. Unlike Zero it does not depend on a
// frame rate, so analyses do not either.
func (p Probe) origin() time.Duration {
	if p.Video == nil {
		return 0
	}
	return ticksToDuration(p.Video.FirstPTS, p.Video.TimeBase) - p.Video.Lead
}

// feed decodes the sound for s, and the keyframes.
func (r analysisRun) feed(ctx context.Context, p Probe, a Analysis, s *analyser) error {
	// A damaged timestamp must not produce hours of silence.
	const grace = time.Minute
	length := max(p.Readable, p.Declared)
	if len(p.Audio) > 0 {
		length = max(length, p.Audio[0].End)
	}
	from := sampleAt(a.Origin)
	l := decodeRequest{stream: a.Stream, mix: a.Mix, from: from, to: from + sampleAt(length+grace)}
	if r.keyframesPath != "" {
		l.picture, l.keyframesPath = p.Video.Stream, r.keyframesPath
	}
	return r.tools.decodeAudio(ctx, r.path, l, func(left, right []float32) error {
		if length > 0 {
			r.progress(min(1, float64(s.samples)/float64(sampleAt(length))))
		}
		return s.addBlock(left, right)
	})
}

// analyser measures a recording's sound, block by block.
type analyser struct {
	blocks, levels *os.File
	toBlocks       *bufio.Writer

	weights      [2]kWeighting
	sides        [2]channelAnalyser
	limit        float32   // greatest amplitude that is let through; 0: any
	energies     []float64 // of the blocks, both channels together, as in Meter
	crosses      []float64 // cross terms of the blocks
	peaks        []float32 // greatest amplitude of each 10 ms
	samples      int64
	levels8      []byte          // one level byte for each 10 ms
	clippedSpans []timeline.Span // where there are clipped samples
	hum          humMeter
}

// channelAnalyser measures one channel.
type channelAnalyser struct {
	energies []float64 // K-weighted, one for each block
	levels   []byte    // one level byte for each 10 ms
	code     timecodeMeter
	power    float64 // sum of squares, unweighted
	peak     float32
	clipRun  int // number of samples at full scale in a row
	clipped  int
}

func newAnalyser(dir string) (*analyser, error) {
	blocks, err := os.Create(filepath.Join(dir, BlocksFile))
	if err != nil {
		return nil, err
	}
	levels, err := os.Create(filepath.Join(dir, LevelsFile))
	if err != nil {
		return nil, errors.Join(err, blocks.Close())
	}
	return &analyser{blocks: blocks, levels: levels, toBlocks: bufio.NewWriter(blocks)}, nil
}

func (s *analyser) close() error {
	_, err := s.levels.Write(s.levels8)
	return errors.Join(s.toBlocks.Flush(), err, s.blocks.Close(), s.levels.Close())
}

// addBlock measures 100 ms of sound, or less at the end of the recording, and writes its record to
// the BlocksFile.
func (s *analyser) addBlock(left, right []float32) error {
	at := timeline.Span{From: sampleTime(s.samples)}
	s.samples += int64(len(left))
	at.To = sampleTime(s.samples)
	clipped := s.sides[0].clipped + s.sides[1].clipped
	for side, x := range [...][]float32{left, right} {
		limitPeaks(x, s.limit)
		s.sides[side].code.write(x)
	}
	s.hum.write(left, right)
	e := kWeigh(&s.weights, left, right)
	b := loudnessBlock{left: e.left / blockSamples, right: e.right / blockSamples, cross: e.cross / blockSamples}
	s.energies = append(s.energies, b.left+b.right)
	s.sides[0].energies = append(s.sides[0].energies, b.left)
	s.sides[1].energies = append(s.sides[1].energies, b.right)
	s.crosses = append(s.crosses, b.cross)
	for f := 0; f*frameSamples < len(left); f++ {
		from, to := f*frameSamples, min(len(left), (f+1)*frameSamples)
		l, lp := s.sides[0].addFrame(left[from:to])
		r, rp := s.sides[1].addFrame(right[from:to])
		b.peaks[0][f], b.peaks[1][f] = levelByte(amplitudeToDB(float64(l))), levelByte(amplitudeToDB(float64(r)))
		s.peaks = append(s.peaks, max(l, r))
		s.levels8 = append(s.levels8, levelByte(10*math.Log10((lp+rp)/(2*frameSamples))))
	}
	if s.sides[0].clipped+s.sides[1].clipped > clipped {
		s.clippedSpans = appendMerged(s.clippedSpans, at, maxPause)
	}
	_, err := s.toBlocks.Write(b.encode())
	return err
}

// addFrame adds 10 ms of sound, the samples x, to the channel's power, peak and number of clipped
// runs. It returns the greatest amplitude of the samples and the sum of their squares.
func (s *channelAnalyser) addFrame(x []float32) (peak float32, power float64) {
	const full = 0.999
	var sum float32
	for _, v := range x {
		sum += v * v
	}
	peak, power = maxAbs(x), float64(sum)
	s.power += power
	s.levels = append(s.levels, levelByte(10*math.Log10(power/frameSamples)))
	s.peak = max(s.peak, peak)
	if peak < full {
		s.clipRun = 0
		return peak, power
	}
	for _, v := range x {
		if v < full && v > -full {
			s.clipRun = 0
			continue
		}
		s.clipRun++
		if s.clipRun == 3 {
			s.clipped++
		}
	}
	return peak, power
}

// finish computes the results of the analysis from all blocks, and writes them to a. It adds a note
// if the sound has more than two channels.
func (s *analyser) finish(a *Analysis, p Probe) {
	a.Duration = sampleTime(s.samples)
	a.LUFS = max(absoluteGate, integratedLoudness(s.energies))
	a.Left, a.Right = s.channelLevels(0), s.channelLevels(1)
	a.Silent = a.LUFS <= silenceThreshold
	s.judgeChannels(a)
	clicks := a.Activity.Clicks
	a.Activity = s.detectActivity(a.LUFS)
	a.Activity.Clicks = clicks
	a.PolarityInverted = a.Stream >= 0 && !a.Silent && s.isPolarityInverted()
	a.SuggestedChannels = s.suggestChannels(*a)
	note := func(format string, args ...any) { a.Notes = append(a.Notes, fmt.Sprintf(format, args...)) }
	if len(p.Audio) > 0 && p.Audio[0].Channels > 2 && len(a.Mix) == 0 {
		note("the sound has %d channels; they are mixed down to two", p.Audio[0].Channels)
	}
}

func (s *analyser) channelLevels(n int) ChannelLevels {
	side := s.sides[n]
	return ChannelLevels{
		LUFS:    max(absoluteGate, integratedLoudness(side.energies)),
		RMS:     max(minLevel, 10*math.Log10(side.power/float64(max(s.samples, 1)))),
		Peak:    max(minLevel, amplitudeToDB(float64(side.peak))),
		Clipped: side.clipped,
	}
}

// judgeChannels finds out which channels have nothing worth using.
func (s *analyser) judgeChannels(a *Analysis) {
	sides := [2]*ChannelLevels{&a.Left, &a.Right}
	for n, side := range sides {
		side.Timecode = s.sides[n].code.detected()
	}
	if a.Left.Timecode && a.Right.Timecode {
		return // there is nothing better, and it is reported
	}
	for n, side := range sides {
		other := sides[1-n]
		side.NoVoice = !side.Timecode && !a.Silent && s.lacksVoice(n)
		side.Dead = a.Silent || side.Timecode || !other.Timecode && (side.NoVoice || isDead(*side, *other))
	}
}

// lacksVoice reports whether there is no speech on a channel, while there is on the other.
func (s *analyser) lacksVoice(n int) bool {
	const enough = 5 * time.Second
	own, other := speechDuration(s.sides[n].levels), speechDuration(s.sides[1-n].levels)
	return other >= enough && own < other/50
}

// suggestChannels returns the channels to use: both, unless one is dead or they cancel each other
// out.
func (s *analyser) suggestChannels(a Analysis) string {
	opposite := a.PolarityInverted || len(a.Activity.Opposite) > 0
	switch {
	case a.Silent:
	case a.Right.Dead, opposite && !a.Left.Dead && !s.speaksMore(1):
		return "left"
	case a.Left.Dead, opposite:
		return "right"
	}
	return "stereo"
}

// speaksMore reports whether there is clearly more speech on a channel than on the other.
func (s *analyser) speaksMore(n int) bool {
	return speechDuration(s.sides[n].levels)*9 > speechDuration(s.sides[1-n].levels)*10+10*time.Second
}

// isDead reports whether a channel has nothing worth using: it is silent, or hum and crosstalk
// far below the other channel.
func isDead(side, other ChannelLevels) bool {
	under := other.LUFS - side.LUFS
	return side.LUFS <= silenceThreshold || under > 30 || side.LUFS < -55 && under > 15
}

// isPolarityInverted reports whether one channel is the other with opposite polarity, as when a
// balanced line is plugged in as stereo: their correlation after K-weighting is below −0.9.
func (s *analyser) isPolarityInverted() bool {
	return s.isOpposite(0, len(s.energies))
}

// isOpposite reports whether the channels have opposite polarity in blocks [from, to).
func (s *analyser) isOpposite(from, to int) bool {
	var left, right, cross float64
	for i := from; i < to; i++ {
		left += s.sides[0].energies[i]
		right += s.sides[1].energies[i]
		cross += s.crosses[i]
	}
	return cross < -0.9*math.Sqrt(left*right)
}
