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

// AudioFacts is what became of a programme's sound, as measured after decoding it.
type AudioFacts struct {
	LUFS        float64  `json:"lufs"`      // −70 where there is nothing to hear
	Peak        float64  `json:"peak"`      // dBTP, −120 at the least
	Gain        float64  `json:"gain"`      // decibels, before the limiter
	Corrections int      `json:"corrected"` // how often it was made again because it had missed
	Samples     int64    `json:"samples"`   // of each side, at 48 kHz
	Notes       []string `json:"notes,omitempty"`
}

const (
	limiterMargin     = 1.0  // dB that the limiter stays under the peak: encoders raise it
	loudnessTolerance = 0.5  // LU that the result may be away from the target
	peakBackoff       = 0.25 // dB more than a peak was over: an encoder never does the same thing twice
	maxCorrections    = 3    // times that a result which missed is made again
	fadeSamples       = 240  // samples at either end of a piece, 5 ms: joins do not click
	truePeakTolerance = 0.05 // dB by which meters of true peak differ from one another
)

// RenderAudio makes the sound of a programme in one piece: it takes the pieces off the
// recordings to the sample, brings them to the loudness the spec asks for, encodes them
// to out (AAC in MP4, Opus in WebM, FLAC in Matroska), and measures the decoded result. The loudness of what
// goes in is reckoned from the recordings' blocks, and so is what the limiter will take
// away; a result that misses all the same is made again.
//
// The encoder's priming is marked in the container and still there: whoever copies the
// stream into another container keeps the mark, and players trim it once.
//
// on, which may be nil, is told how far the programme has come.
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
	ceiling, want := spec.Peak-limiterMargin, spec.LUFS
	score.matchClipLoudness(cuts)
	before := score.loudness(1, 1e9)
	if before < silenceThreshold {
		facts, err := m.renderAndMeasure(ctx, 0, ceiling)
		facts.Notes = append(facts.Notes, "the programme has no sound to speak of; it is left as quiet as it is")
		return facts, err
	}
	for try := 0; ; try++ {
		gain := score.gain(want, ceiling)
		facts, err := m.renderAndMeasure(ctx, gain, ceiling)
		if err != nil {
			return facts, err
		}
		miss, over := spec.LUFS-facts.LUFS, facts.Peak-(spec.Peak-truePeakTolerance)
		good := math.Abs(miss) <= loudnessTolerance && over <= 0
		if good || try == maxCorrections {
			facts.Corrections = try
			facts.Notes = append(facts.Notes, loudnessNotes(spec, before, facts, good)...)
			return facts, nil
		}
		want += miss
		if over > 0 {
			ceiling -= over + peakBackoff
		}
	}
}

// loudnessNotes says in words what a person should know about the loudness.
func loudnessNotes(spec AudioSpec, before float64, facts AudioFacts, good bool) (notes []string) {
	if facts.Gain > 30 {
		notes = append(notes, fmt.Sprintf("the sound was very quiet (%.0f LUFS) and is raised by %.0f dB, its noise with it", before, facts.Gain))
	}
	if !good {
		notes = append(notes, fmt.Sprintf("the sound came out at %.1f LUFS with a true peak of %.1f dBTP; %.1f and %.1f were asked for", facts.LUFS, facts.Peak, spec.LUFS, spec.Peak))
	}
	return notes
}

// audioSegment is a stretch of a programme's sound: silence, or a piece of a recording.
type audioSegment struct {
	from, to    int64 // samples of the programme
	source      int   // −1: silence
	stream      int
	sourceStart int64 // sample of the source that stands at from, in the container's own time
	channels    string
	mutes       []sampleRange // samples of the programme
	unfiltered  bool          // of a clip: it goes through no filters, and is made as loud as the talk
	gain        float64       // that this takes, as an amplitude; 0 is 1
}

// sampleRange is a range of samples.
type sampleRange struct{ from, to int64 }

func (c audioSegment) len() int64 { return c.to - c.from }

// segments lays out the programme. Every edge is that of a frame, rounded to the sample from
// the programme's start, so that sound and picture stay together however many there are.
func (s AudioSpec) segments(sources []AudioSource) ([]audioSegment, error) {
	if s.Rate.Num <= 0 || s.Rate.Den <= 0 {
		return nil, fmt.Errorf("%v is no frame rate", s.Rate)
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
			return nil, fmt.Errorf("piece %d is of recording %d; there are %d", i, p.Recording, len(sources))
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

// segmentBuilder lays the cuts of a programme end to end.
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
		source: p.Recording, stream: p.Stream, channels: p.Channels, unfiltered: p.Unfiltered,
		sourceStart: sampleAt(p.Zero + rate.Time(p.Range.From)),
	}
	for _, m := range p.Mute {
		c.mutes = append(c.mutes, sampleRange{rate.Samples(l.at+m.From, Hz), rate.Samples(l.at+m.To, Hz)})
	}
	l.add(p.Range.Len(), c)
}

// audioRenderer makes and measures a programme's sound with one gain and another.
type audioRenderer struct {
	tools    Tools
	spec     AudioSpec
	segments []audioSegment
	sources  []AudioSource
	filters  []string // of each source
	out      string
	progress func(Progress)
	began    time.Time
}

func (m *audioRenderer) samples() int64 { return m.segments[len(m.segments)-1].to }

// renderAndMeasure renders the programme and measures what comes out of a decoder.
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

// renderShare is the part of the time that making the sound takes; measuring takes the
// rest.
const renderShare = 0.8

func (m *audioRenderer) reportProgress(fraction float64) {
	if m.progress == nil {
		return
	}
	at := time.Duration(fraction * float64(sampleTime(m.samples())))
	m.progress(Progress{Time: at, Speed: at.Seconds() / time.Since(m.began).Seconds()})
}

// encoderArgs is ffmpeg's options for the spec's codec and container.
//
// Of the two ways in which ffmpeg's AAC encoder chooses its quantisers, the fast one
// takes half the time (ten minutes: 4.9 s against 10.5) and serves talks as well: what it
// adds to speech at 160k lies 50 LU under it when clean and 37 in a noisy room, where
// twoloop's lies 34 and 40. And it keeps the peaks where they are: twoloop raised those
// of claps by up to 3 dB.
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
		return nil, fmt.Errorf("%q is no sound codec; there are aac, opus and flac", s.Codec)
	}
	return append(codec, "-b:a", s.Bitrate, "-flags:a", "+bitexact", "-fflags", "+bitexact"), nil
}

// maxPadding is how many samples more than the programme has may come out of a decoder: AAC
// comes in packets of 1024, and ffmpeg plays the last one of an MP4 to its end, whatever
// the file says. Opus marks what is too much.
func (s AudioSpec) maxPadding() int64 {
	if s.Codec == "aac" {
		return 1023
	}
	return 0
}

// render plays the programme from beginning to end.
func (m *audioRenderer) render(ctx context.Context, p *pcmWriter) error {
	for _, c := range m.segments {
		if c.source >= 0 {
			if err := m.renderSegment(ctx, c, p); err != nil {
				return err
			}
		}
		if err := p.writeSilence(c.to); err != nil {
			return err
		}
		m.reportProgress(renderShare * float64(p.written) / float64(m.samples()))
	}
	return p.flush()
}

// renderSegment plays what a recording has of a cut; the rest of it, should the recording end
// too soon, is left to be silence.
func (m *audioRenderer) renderSegment(ctx context.Context, c audioSegment, p *pcmWriter) error {
	pick := channelMixer(c.channels)
	if pick == nil {
		return fmt.Errorf("%q is no choice of channels; there are stereo, left, right and mix", c.channels)
	}
	path := m.sources[c.source].Path
	filters := m.filters[c.source]
	if c.unfiltered {
		filters = ""
	}
	err := m.tools.decodeAudio(ctx, path, c.stream, c.sourceStart, c.sourceStart+c.len(), filters, func(left, right []float32) error {
		pick(left, right)
		for _, side := range [][]float32{left, right} {
			c.applyGain(side)
			fadeEdges(side, p.written-c.from, c.len())
			for _, s := range c.mutes {
				muteRange(side, p.written, s)
			}
		}
		m.reportProgress(renderShare * float64(p.written) / float64(m.samples()))
		return p.write(left, right)
	})
	if err != nil {
		return fmt.Errorf("take the sound of %s from %v: %w", path, sampleTime(c.sourceStart), err)
	}
	return nil
}

// applyGain brings the sound of a clip to its level.
func (c audioSegment) applyGain(side []float32) {
	if c.gain == 0 {
		return
	}
	for i := range side {
		side[i] *= float32(c.gain)
	}
}
