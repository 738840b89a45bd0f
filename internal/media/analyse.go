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
}

// ChannelLevels are the levels of one channel of a recording.
type ChannelLevels struct {
	LUFS    float64 `json:"lufs"`    // of this channel alone
	RMS     float64 `json:"level"`   // dBFS, of the whole
	Peak    float64 `json:"peak"`    // dBFS, sample peak
	Clipped int     `json:"clipped"` // number of runs of three or more samples at full scale
	Dead    bool    `json:"dead"`    // silent, or only hum and crosstalk
}

// Analyse reads the recording at path once: it measures the first sound stream, and scans the
// keyframes of the video. It writes BlocksFile and LevelsFile into dir; without sound they are
// empty. progress gets the fraction done, from 0 to 1, if there is sound; it may be nil.
func (t Tools) Analyse(ctx context.Context, path string, p Probe, dir string, progress func(fraction float64)) (Analysis, error) {
	keyframesPath := ""
	if p.Video != nil {
		keyframesPath = filepath.Join(dir, "keyframes")
		defer os.Remove(keyframesPath)
	}
	return t.analyse(ctx, path, p, dir, keyframesPath, progress)
}

// AnalyseSound does what Analyse does, but scans no keyframes.
func (t Tools) AnalyseSound(ctx context.Context, path string, p Probe, dir string, progress func(fraction float64)) (Analysis, error) {
	return t.analyse(ctx, path, p, dir, "", progress)
}

// analyse implements Analyse. It scans keyframes only if keyframesPath, a scratch file for them, is
// not "".
func (t Tools) analyse(ctx context.Context, path string, p Probe, dir, keyframesPath string, progress func(fraction float64)) (Analysis, error) {
	a := Analysis{Stream: -1, Origin: p.origin()}
	if len(p.Audio) > 0 {
		a.Stream = p.Audio[0].Stream
	}
	s, err := newAnalyser(dir)
	if err != nil {
		return a, fmt.Errorf("analyse %s: %w", path, err)
	}
	if a.Stream >= 0 || keyframesPath != "" {
		err = t.decodeForAnalysis(ctx, path, p, a, s, keyframesPath, progress)
	}
	if err == nil && keyframesPath != "" {
		a.Keyframes, err = readKeyframeScan(keyframesPath, a.Origin, p.Readable)
	}
	if err = errors.Join(err, s.close()); err != nil {
		return a, fmt.Errorf("analyse %s: %w", path, err)
	}
	s.finish(&a, p)
	return a, nil
}

// origin returns when the container begins on its own clock, or 0 without video. The times of an
// analysis count from it. Unlike Zero it does not depend on the frame rate.
func (p Probe) origin() time.Duration {
	if p.Video == nil {
		return 0
	}
	return ticksToDuration(p.Video.FirstPTS, p.Video.TimeBase) - p.Video.Lead
}

// decodeForAnalysis decodes the sound into s, and writes the keyframes to keyframesPath unless that
// is "". It stops a minute after the recording's length, since a damaged timestamp might otherwise
// add hours of silence.
func (t Tools) decodeForAnalysis(ctx context.Context, path string, p Probe, a Analysis, s *analyser, keyframesPath string, progress func(float64)) error {
	// A damaged timestamp must not produce hours of silence.
	const grace = time.Minute
	length := max(p.Readable, p.Declared)
	if len(p.Audio) > 0 {
		length = max(length, p.Audio[0].End)
	}
	from := sampleAt(a.Origin)
	l := decodeRequest{stream: a.Stream, from: from, to: from + sampleAt(length+grace)}
	if keyframesPath != "" {
		l.picture, l.keyframesPath = p.Video.Stream, keyframesPath
	}
	return t.decodeAudioAndKeyframes(ctx, path, l, func(left, right []float32) error {
		if progress != nil && length > 0 {
			progress(min(1, float64(s.samples)/float64(sampleAt(length))))
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
	energies     []float64 // of the blocks, both channels together, as in Meter
	cross        float64   // sum of the blocks' cross terms
	samples      int64
	levels8      []byte          // one level byte for each 10 ms
	clippedSpans []timeline.Span // where there are clipped samples
	hum          humMeter
}

// channelAnalyser measures one channel.
type channelAnalyser struct {
	energies []float64 // K-weighted, one for each block
	power    float64   // sum of squares, unweighted
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
	s.hum.write(left, right)
	e := kWeigh(&s.weights, left, right)
	b := loudnessBlock{left: e.left / blockSamples, right: e.right / blockSamples, cross: e.cross / blockSamples}
	s.energies = append(s.energies, b.left+b.right)
	s.sides[0].energies = append(s.sides[0].energies, b.left)
	s.sides[1].energies = append(s.sides[1].energies, b.right)
	s.cross += b.cross
	for f := 0; f*frameSamples < len(left); f++ {
		from, to := f*frameSamples, min(len(left), (f+1)*frameSamples)
		l, lp := s.sides[0].addFrame(left[from:to])
		r, rp := s.sides[1].addFrame(right[from:to])
		b.peaks[0][f], b.peaks[1][f] = levelByte(amplitudeToDB(float64(l))), levelByte(amplitudeToDB(float64(r)))
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
	a.Left.Dead = a.Silent || isDead(a.Left, a.Right)
	a.Right.Dead = a.Silent || isDead(a.Right, a.Left)
	a.SuggestedChannels = "stereo"
	a.PolarityInverted = len(p.Audio) > 0 && !a.Silent && s.isPolarityInverted()
	switch {
	case a.Silent:
	case a.Right.Dead, a.PolarityInverted && !a.Left.Dead:
		a.SuggestedChannels = "left"
	case a.Left.Dead:
		a.SuggestedChannels = "right"
	}
	a.Activity = s.detectActivity(a.LUFS)
	note := func(format string, args ...any) { a.Notes = append(a.Notes, fmt.Sprintf(format, args...)) }
	if len(p.Audio) > 0 && p.Audio[0].Channels > 2 {
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

// isDead reports whether a channel has nothing worth using: it is silent, it is more than 30 LU
// below the other channel, or it is below −55 LUFS and more than 15 LU below the other, so that it
// has only hum and crosstalk.
func isDead(side, other ChannelLevels) bool {
	under := other.LUFS - side.LUFS
	return side.LUFS <= silenceThreshold || under > 30 || side.LUFS < -55 && under > 15
}

// isPolarityInverted reports whether one channel is the other with opposite polarity, as when a
// balanced line is plugged in as stereo: their correlation after K-weighting is below −0.9.
func (s *analyser) isPolarityInverted() bool {
	var left, right float64
	for i := range s.energies {
		left += s.sides[0].energies[i]
		right += s.sides[1].energies[i]
	}
	return s.cross < -0.9*math.Sqrt(left*right)
}
