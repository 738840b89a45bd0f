package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// AudioSource is a recording that the sound of a programme is taken from.
type AudioSource struct {
	Path   string        // the recording
	Blocks string        // the BlocksFile of its analysis
	Origin time.Duration // of its analysis
}

// AudioFacts are measurements of a programme's sound, made after decoding the result.
type AudioFacts struct {
	LUFS        float64  `json:"lufs"`      // −70 for silence
	Peak        float64  `json:"peak"`      // dBTP, at least −120
	Gain        float64  `json:"gain"`      // dB, applied before the limiter
	Corrections int      `json:"corrected"` // number of times it was rendered again because it missed the target
	Samples     int64    `json:"samples"`   // of each channel, at 48 kHz
	Notes       []string `json:"notes,omitempty"`
}

const (
	limiterMargin     = 1.0  // dB between the limiter's ceiling and the allowed peak: encoders raise peaks
	loudnessTolerance = 0.5  // LU that the result may differ from the target
	peakBackoff       = 0.25 // dB to go below an overshoot: an encoder does not repeat itself exactly
	maxCorrections    = 3    // number of times a result that missed is rendered again
	maxStep           = 3.0  // dB by which a correction differs from the one before
	fadeSamples       = 240  // samples, 5 ms at either end of a piece, against clicks
	truePeakTolerance = 0.05 // dB by which true-peak meters differ
)

// RenderAudio makes the sound of a whole programme. It cuts the pieces out of the recordings to the
// sample, brings them to the target loudness, encodes them to out (AAC in MP4, Opus in WebM, FLAC
// in Matroska) and measures the decoded result. The gain, including what the limiter will take
// away, is computed beforehand from the recordings' blocks. A result that misses the target is
// rendered again, up to maxCorrections times; if it still misses, the facts have a note. A
// programme that is almost silent keeps its level, which is noted, too.
//
// The container marks the encoder's priming samples, and copying the stream to another container
// keeps the mark, so that players skip them.
//
// progress may be nil; it gets the position in the programme.
func (t Tools) RenderAudio(ctx context.Context, spec AudioSpec, sources []AudioSource, out string, progress func(Progress)) (AudioFacts, error) {
	facts, err := t.renderAudio(ctx, spec, sources, out, progress)
	if err != nil {
		return facts, fmt.Errorf("make the sound of the programme: %w", err)
	}
	return facts, nil
}

func (t Tools) renderAudio(ctx context.Context, spec AudioSpec, sources []AudioSource, out string, progress func(Progress)) (AudioFacts, error) {
	cuts, err := spec.segments(sources)
	if err != nil {
		return AudioFacts{}, err
	}
	score, err := readLoudnessEnvelope(cuts, sources)
	if err != nil {
		return AudioFacts{}, err
	}
	filters, err := spec.filterChains(sources)
	if err != nil {
		return AudioFacts{}, err
	}
	m := audioRenderer{tools: t, spec: spec, segments: cuts, sources: sources, filters: filters, out: out, progress: progress, began: time.Now()}
	if spec.Level {
		m.levelGains = score.levelGains()
		for _, c := range cuts {
			if c.unfiltered {
				c.keepUnlevelled(m.levelGains)
			}
		}
		score.level(m.levelGains)
	}
	score.matchClipLoudness(cuts)
	if score.loudness(1, 1e9) < silenceThreshold {
		facts, err := m.renderAndMeasure(ctx, 0, spec.Peak-limiterMargin)
		facts.Notes = append(facts.Notes, "the programme is almost silent; its level was not changed")
		return facts, err
	}
	return m.approach(ctx, score)
}

// loudnessTry is a result, and how it was made.
type loudnessTry struct {
	facts         AudioFacts
	gain, ceiling float64
	miss, over    float64 // LU below the target; dB above the ceiling
}

func (l loudnessTry) good() bool { return math.Abs(l.miss) <= loudnessTolerance && l.over <= 0 }

// better reports whether l is nearer to what was asked for than o. A peak that is too high counts
// like the same miss of the loudness.
func (l loudnessTry) better(o loudnessTry) bool {
	return math.Abs(l.miss)+max(0, l.over) < math.Abs(o.miss)+max(0, o.over)
}

// approach renders the programme until it has the loudness asked for, in bounded steps. If no
// result has, the best one stands.
func (m *audioRenderer) approach(ctx context.Context, score loudnessEnvelope) (AudioFacts, error) {
	ceiling, want := m.spec.Peak-limiterMargin, m.spec.LUFS
	var best, last loudnessTry
	for try := 0; try <= maxCorrections; try++ {
		last = loudnessTry{gain: score.gain(want, ceiling), ceiling: ceiling}
		var err error
		if last.facts, err = m.renderAndMeasure(ctx, last.gain, ceiling); err != nil {
			return last.facts, err
		}
		last.facts.Corrections = try
		last.miss, last.over = m.spec.LUFS-last.facts.LUFS, last.facts.Peak-(m.spec.Peak-truePeakTolerance)
		if try == 0 || last.better(best) {
			best = last
		}
		if last.good() {
			return last.facts, nil
		}
		want += min(maxStep, max(-maxStep, last.miss))
		if last.over > 0 {
			ceiling -= min(maxStep, last.over+peakBackoff)
		}
	}
	if best.gain == last.gain && best.ceiling == last.ceiling {
		return best.facts, nil
	}
	facts, err := m.renderAndMeasure(ctx, best.gain, best.ceiling)
	facts.Corrections = maxCorrections + 1
	return facts, err
}

// audioSegment is a part of a programme's sound: silence, or a piece of a recording.
type audioSegment struct {
	from, to    int64 // samples of the programme
	source      int   // −1: silence
	stream      int
	mix         []MixInput
	clicks      float32 // greatest amplitude that is let through; 0: any
	sourceStart int64   // sample of the source at from, on the container's clock
	channels    string
	mutes       []sampleRange // samples of the programme
	unfiltered  bool          // of a clip: no filters, and as loud as the talk
	gain        float64       // before all else, as an amplitude; 0 stands for 1
}

// sampleRange is the half-open range of samples [from, to).
type sampleRange struct{ from, to int64 }

func (c audioSegment) len() int64 { return c.to - c.from }

// segments returns the programme's segments from start to end, with silence where a piece has no
// sound and where the opening and closing have no clip. Each edge is that of a frame, rounded to
// the sample from the programme's start, so that sound and video stay in sync however many pieces
// there are. It returns an error if a piece is from a recording that sources lacks, or if the
// programme is empty.
func (s AudioSpec) segments(sources []AudioSource) ([]audioSegment, error) {
	if s.Rate.Num <= 0 || s.Rate.Den <= 0 {
		return nil, fmt.Errorf("%v is not a frame rate", s.Rate)
	}
	l := segmentBuilder{spec: s}
	quiet := s.Opening
	if s.OpeningClip != nil {
		l.addPiece(*s.OpeningClip)
		quiet -= s.OpeningClip.Range.Len()
	}
	l.add(quiet, audioSegment{source: -1})
	for i, p := range s.Pieces {
		if p.Recording < 0 || p.Recording >= len(sources) {
			return nil, fmt.Errorf("piece %d is from recording %d, but there are %d", i, p.Recording, len(sources))
		}
		l.addPiece(p)
	}
	quiet = s.Closing
	if s.ClosingClip != nil {
		quiet -= s.ClosingClip.Range.Len()
	}
	l.add(quiet, audioSegment{source: -1})
	if s.ClosingClip != nil {
		l.addPiece(*s.ClosingClip)
	}
	cuts := l.segments
	if len(cuts) == 0 {
		return nil, errors.New("the programme is empty")
	}
	return cuts, nil
}

// segmentBuilder lays segments end to end.
type segmentBuilder struct {
	spec     AudioSpec
	at       int64 // frames
	segments []audioSegment
}

func (l *segmentBuilder) add(frames int64, c audioSegment) {
	c.from, c.to = l.spec.Rate.Samples(l.at, Hz), l.spec.Rate.Samples(l.at+frames, Hz)
	l.at += frames
	if c.len() > 0 {
		l.segments = append(l.segments, c)
	}
}

func (l *segmentBuilder) addPiece(p AudioPiece) {
	if p.Stream < 0 {
		l.add(p.Range.Len(), audioSegment{source: -1})
		return
	}
	rate := l.spec.Rate
	c := audioSegment{
		source: p.Recording, stream: p.Stream, mix: p.Mix, clicks: clickLimit(p.ClickLevel), channels: p.Channels, unfiltered: p.Unfiltered,
		sourceStart: sampleAt(p.Zero + rate.Time(p.Range.From)),
	}
	if p.Gain != 0 {
		c.gain = dbToAmplitude(float64(p.Gain))
	}
	for _, m := range p.Mute {
		c.mutes = append(c.mutes, sampleRange{rate.Samples(l.at+m.From, Hz), rate.Samples(l.at+m.To, Hz)})
	}
	l.add(p.Range.Len(), c)
}

// audioRenderer renders and measures a programme's sound, with a new gain each time.
type audioRenderer struct {
	tools      Tools
	spec       AudioSpec
	segments   []audioSegment
	sources    []AudioSource
	filters    []string  // by source
	levelGains []float64 // dB for each 100 ms; empty: none
	out        string
	progress   func(Progress)
	began      time.Time
}

func (m *audioRenderer) samples() int64 { return m.segments[len(m.segments)-1].to }

// renderAndMeasure renders the programme to m.out with a gain and a limiter's ceiling, both in dB,
// and measures the decoded result. It returns an error if that has the wrong number of samples.
func (m *audioRenderer) renderAndMeasure(ctx context.Context, gain, ceiling float64) (AudioFacts, error) {
	encoder, err := m.spec.encoderArgs()
	if err != nil {
		return AudioFacts{}, err
	}
	args := append([]string{"-f", "f32le", "-ar", fmt.Sprint(Hz), "-ac", "2", "-i", "pipe:0"}, encoder...)
	_, err = m.tools.Feed(ctx, append(args, fileURL(m.out)), func(w io.Writer) error {
		return m.render(ctx, &pcmWriter{to: w, limiter: newLimiter(gain, ceiling), skip: delay})
	})
	if err != nil {
		return AudioFacts{}, err
	}
	meter := NewMeter()
	args = append(InputArgs(m.out), "-map", "0:a:0", "-f", "f32le", "-ar", fmt.Sprint(Hz), "-ac", "2", "pipe:1")
	_, err = m.tools.Stream(ctx, args, func(r io.Reader) error {
		return readStereo(r, func(left, right []float32) error {
			meter.Write(left, right)
			m.reportProgress(renderShare + (1-renderShare)*float64(meter.Samples())/float64(m.samples()))
			return nil
		})
	})
	if err != nil {
		return AudioFacts{}, fmt.Errorf("measure the result: %w", err)
	}
	if n := meter.Samples(); n < m.samples() || n > m.samples()+m.spec.maxPadding() {
		return AudioFacts{}, fmt.Errorf("the encoded sound decodes to %d samples instead of %d", n, m.samples())
	}
	return AudioFacts{
		LUFS: max(absoluteGate, meter.LUFS()), Peak: max(minLevel, meter.Peak()),
		Gain: gain, Samples: m.samples(),
	}, nil
}

// renderShare is the fraction of the time that rendering takes; measuring takes the rest.
const renderShare = 0.8

func (m *audioRenderer) reportProgress(fraction float64) {
	if m.progress == nil {
		return
	}
	at := time.Duration(fraction * float64(sampleTime(m.samples())))
	m.progress(Progress{Time: at, Speed: at.Seconds() / time.Since(m.began).Seconds()})
}

// encoderArgs returns ffmpeg's options for the codec and container. It returns an error for a codec
// other than aac, opus and flac.
//
// Of the two methods of ffmpeg's AAC encoder, "fast" takes half the time (ten minutes: 4.9 s
// instead of 10.5 s) and is as good for talks: the noise it adds to speech at 160k is 50 LU below
// clean speech and 37 LU below speech in a noisy room; for "twoloop" it is 34 and 40. It also keeps
// peaks, while "twoloop" raised those of claps by up to 3 dB.
func (s AudioSpec) encoderArgs() ([]string, error) {
	var codec []string
	switch s.Codec {
	case "aac":
		codec = []string{"-f", "mp4", "-c:a", "aac", "-aac_coder", "fast"}
	case "opus":
		codec = []string{"-f", "webm", "-c:a", "libopus"}
	case "flac":
		return []string{"-f", "matroska", "-c:a", "flac", "-sample_fmt", "s32", "-bits_per_raw_sample", "24", "-flags:a", "+bitexact", "-fflags", "+bitexact"}, nil
	default:
		return nil, fmt.Errorf("unknown audio codec %q; choose aac, opus or flac", s.Codec)
	}
	return append(codec, "-b:a", s.Bitrate, "-flags:a", "+bitexact", "-fflags", "+bitexact"), nil
}

// maxPadding returns how many more samples a decoder may return than were encoded. AAC packets have
// 1024 samples, and ffmpeg plays the last one of an MP4 to its end. Opus marks the excess, and FLAC
// has none.
func (s AudioSpec) maxPadding() int64 {
	if s.Codec == "aac" {
		return 1023
	}
	return 0
}

// render writes the sound of the whole programme to w, with silence where a segment has no source
// or the source ends early.
func (m *audioRenderer) render(ctx context.Context, w *pcmWriter) error {
	for _, c := range m.segments {
		if c.source >= 0 {
			if err := m.renderSegment(ctx, c, w); err != nil {
				return err
			}
		}
		if err := w.writeSilence(c.to); err != nil {
			return err
		}
		m.reportProgress(renderShare * float64(w.written) / float64(m.samples()))
	}
	return w.flush()
}

// renderSegment decodes a segment's part of a recording and writes it to w, with the segment's gain
// and mutes, the recording's filters unless the segment is unfiltered, and faded edges. If the
// recording ends early, it writes less than the segment's length.
func (m *audioRenderer) renderSegment(ctx context.Context, c audioSegment, w *pcmWriter) error {
	pick := channelMixer(c.channels)
	if pick == nil {
		return fmt.Errorf("unknown channels %q; choose stereo, left, right or mix", c.channels)
	}
	path := m.sources[c.source].Path
	filters := m.filters[c.source]
	if c.unfiltered {
		filters = ""
	}
	l := decodeRequest{stream: c.stream, mix: c.mix, from: c.sourceStart, to: c.sourceStart + c.len(), filters: filters}
	err := m.tools.decodeAudio(ctx, path, l, func(left, right []float32) error {
		// Sound that overlaps itself, as where files were joined, may be longer than its time.
		n := min(int64(len(left)), c.to-w.written)
		left, right = left[:n], right[:n]
		limitPeaks(left, c.clicks)
		limitPeaks(right, c.clicks)
		pick(left, right)
		for _, side := range [][]float32{left, right} {
			levelSamples(side, w.written, m.levelGains)
			c.applyGain(side)
			fadeEdges(side, w.written-c.from, c.len())
			for _, s := range c.mutes {
				muteRange(side, w.written, s)
			}
		}
		m.reportProgress(renderShare * float64(w.written) / float64(m.samples()))
		return w.write(left, right)
	})
	if err != nil {
		return fmt.Errorf("take the sound of %s from %v: %w", path, sampleTime(c.sourceStart), err)
	}
	return nil
}

func (c audioSegment) applyGain(side []float32) {
	if c.gain == 0 {
		return
	}
	for i := range side {
		side[i] *= float32(c.gain)
	}
}
