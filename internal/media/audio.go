package media

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/lectern-av/lectern/internal/timeline"
)

// SoundSource is a recording that the sound of a programme is taken from.
type SoundSource struct {
	Path   string        // the recording
	Blocks string        // the BlocksFile of its analysis
	Origin time.Duration // of its analysis
}

// AudioFacts is what became of a programme's sound, as measured after decoding it.
type AudioFacts struct {
	LUFS      float64  `json:"lufs"`      // −70 where there is nothing to hear
	Peak      float64  `json:"peak"`      // dBTP, −120 at the least
	Gain      float64  `json:"gain"`      // decibels, before the limiter
	Corrected int      `json:"corrected"` // how often it was made again because it had missed
	Samples   int64    `json:"samples"`   // of each side, at 48 kHz
	Notes     []string `json:"notes,omitempty"`
}

const (
	margin      = 1.0  // dB that the limiter stays under the peak: encoders raise it
	tolerance   = 0.5  // LU that the result may be away from the target
	again       = 0.25 // dB more than a peak was over: an encoder never does the same thing twice
	corrections = 3    // times that a result which missed is made again
	fade        = 240  // samples at either end of a piece, 5 ms: joins do not click
	bias        = 0.05 // dB by which meters of true peak differ from one another
)

// Audio makes the sound of a programme in one piece: it takes the pieces off the
// recordings to the sample, brings them to the loudness the spec asks for, encodes them
// to out (AAC in MP4, Opus in WebM, FLAC in Matroska), and measures the decoded result. The loudness of what
// goes in is reckoned from the recordings' blocks, and so is what the limiter will take
// away; a result that misses all the same is made again.
//
// The encoder's priming is marked in the container and still there: whoever copies the
// stream into another container keeps the mark, and players trim it once.
//
// on, which may be nil, is told how far the programme has come.
func (t Tools) Audio(ctx context.Context, spec AudioSpec, sources []SoundSource, out string, on func(Progress)) (AudioFacts, error) {
	facts, err := t.audio(ctx, spec, sources, out, on)
	if err != nil {
		return facts, fmt.Errorf("make the sound of the programme: %w", err)
	}
	return facts, nil
}

func (t Tools) audio(ctx context.Context, spec AudioSpec, sources []SoundSource, out string, on func(Progress)) (AudioFacts, error) {
	cuts, err := spec.cuts(sources)
	if err != nil {
		return AudioFacts{}, err
	}
	score, err := readScore(cuts, sources)
	if err != nil {
		return AudioFacts{}, err
	}
	filters, err := spec.filtersOf(sources)
	if err != nil {
		return AudioFacts{}, err
	}
	m := mastering{tools: t, spec: spec, cuts: cuts, sources: sources, filters: filters, out: out, on: on, began: time.Now()}
	ceiling, want := spec.Peak-margin, spec.LUFS
	score.level(cuts)
	before := score.loudness(1, 1e9)
	if before < hush {
		facts, err := m.make(ctx, 0, ceiling)
		facts.Notes = append(facts.Notes, "the programme has no sound to speak of; it is left as quiet as it is")
		return facts, err
	}
	for try := 0; ; try++ {
		gain := score.gain(want, ceiling)
		facts, err := m.make(ctx, gain, ceiling)
		if err != nil {
			return facts, err
		}
		miss, over := spec.LUFS-facts.LUFS, facts.Peak-(spec.Peak-bias)
		good := math.Abs(miss) <= tolerance && over <= 0
		if good || try == corrections {
			facts.Corrected = try
			facts.Notes = append(facts.Notes, remarks(spec, before, facts, good)...)
			return facts, nil
		}
		want += miss
		if over > 0 {
			ceiling -= over + again
		}
	}
}

// remarks says in words what a person should know about the loudness.
func remarks(spec AudioSpec, before float64, facts AudioFacts, good bool) (notes []string) {
	if facts.Gain > 30 {
		notes = append(notes, fmt.Sprintf("the sound was very quiet (%.0f LUFS) and is raised by %.0f dB, its noise with it", before, facts.Gain))
	}
	if !good {
		notes = append(notes, fmt.Sprintf("the sound came out at %.1f LUFS with a true peak of %.1f dBTP; %.1f and %.1f were asked for", facts.LUFS, facts.Peak, spec.LUFS, spec.Peak))
	}
	return notes
}

// cut is a stretch of a programme's sound: silence, or a piece of a recording.
type cut struct {
	from, to int64 // samples of the programme
	source   int   // −1: silence
	stream   int
	first    int64 // sample of the source that stands at from, in the container's own time
	channels string
	mutes    []stretch // samples of the programme
	plain    bool      // of a clip: it goes through no filters, and is made as loud as the talk
	level    float64   // that this takes, as an amplitude; 0 is 1
}

// stretch is a range of samples.
type stretch struct{ from, to int64 }

func (c cut) len() int64 { return c.to - c.from }

// cuts lays out the programme. Every edge is that of a frame, rounded to the sample from
// the programme's start, so that sound and picture stay together however many there are.
func (s AudioSpec) cuts(sources []SoundSource) ([]cut, error) {
	if s.Rate.Num <= 0 || s.Rate.Den <= 0 {
		return nil, fmt.Errorf("%v is no frame rate", s.Rate)
	}
	l := layout{spec: s}
	quiet := s.Opening
	if s.Before != nil {
		l.piece(*s.Before)
		quiet -= s.Before.Range.Len()
	}
	l.add(quiet, cut{source: -1})
	for i, p := range s.Pieces {
		if p.Recording < 0 || p.Recording >= len(sources) {
			return nil, fmt.Errorf("piece %d is of recording %d; there are %d", i, p.Recording, len(sources))
		}
		l.piece(p)
	}
	quiet = s.Closing
	if s.After != nil {
		quiet -= s.After.Range.Len()
	}
	l.add(quiet, cut{source: -1})
	if s.After != nil {
		l.piece(*s.After)
	}
	cuts := l.cuts
	if len(cuts) == 0 {
		return nil, errors.New("the programme is empty")
	}
	return cuts, nil
}

// layout lays the cuts of a programme end to end.
type layout struct {
	spec AudioSpec
	at   int64 // frames
	cuts []cut
}

func (l *layout) add(frames int64, c cut) {
	c.from, c.to = l.spec.Rate.Samples(l.at, Hz), l.spec.Rate.Samples(l.at+frames, Hz)
	l.at += frames
	if c.len() > 0 {
		l.cuts = append(l.cuts, c)
	}
}

func (l *layout) piece(p AudioPiece) {
	if p.Stream < 0 {
		l.add(p.Range.Len(), cut{source: -1})
		return
	}
	rate := l.spec.Rate
	c := cut{
		source: p.Recording, stream: p.Stream, channels: p.Channels, plain: p.Plain,
		first: sampleAt(p.Zero + rate.Time(p.Range.From)),
	}
	for _, m := range p.Mute {
		c.mutes = append(c.mutes, stretch{rate.Samples(l.at+m.From, Hz), rate.Samples(l.at+m.To, Hz)})
	}
	l.add(p.Range.Len(), c)
}

// mastering makes and measures a programme's sound with one gain and another.
type mastering struct {
	tools   Tools
	spec    AudioSpec
	cuts    []cut
	sources []SoundSource
	filters []string // of each source
	out     string
	on      func(Progress)
	began   time.Time
}

func (m *mastering) samples() int64 { return m.cuts[len(m.cuts)-1].to }

// make renders the programme and measures what comes out of a decoder.
func (m *mastering) make(ctx context.Context, gain, ceiling float64) (AudioFacts, error) {
	encoder, err := m.spec.encoder()
	if err != nil {
		return AudioFacts{}, err
	}
	args := append([]string{"-f", "f32le", "-ar", fmt.Sprint(Hz), "-ac", "2", "-i", "pipe:0"}, encoder...)
	_, err = m.tools.Feed(ctx, append(args, locate(m.out)), func(w io.Writer) error {
		return m.render(ctx, &player{to: w, limiter: newLimiter(gain, ceiling), late: delay})
	})
	if err != nil {
		return AudioFacts{}, err
	}
	meter := NewMeter()
	args = append(Input(m.out), "-map", "0:a:0", "-f", "f32le", "-ar", fmt.Sprint(Hz), "-ac", "2", "pipe:1")
	_, err = m.tools.Stream(ctx, args, func(r io.Reader) error {
		return stereo(r, func(left, right []float32) error {
			meter.Write(left, right)
			m.tell(rendering + (1-rendering)*float64(meter.Samples())/float64(m.samples()))
			return nil
		})
	})
	if err != nil {
		return AudioFacts{}, fmt.Errorf("measure the result: %w", err)
	}
	if n := meter.Samples(); n < m.samples() || n > m.samples()+m.spec.padding() {
		return AudioFacts{}, fmt.Errorf("the encoded sound decodes to %d samples instead of %d", n, m.samples())
	}
	return AudioFacts{
		LUFS: max(gate, meter.LUFS()), Peak: max(quietest, meter.Peak()),
		Gain: gain, Samples: m.samples(),
	}, nil
}

// rendering is the part of the time that making the sound takes; measuring takes the
// rest.
const rendering = 0.8

func (m *mastering) tell(fraction float64) {
	if m.on == nil {
		return
	}
	at := time.Duration(fraction * float64(timeOf(m.samples())))
	m.on(Progress{Time: at, Speed: at.Seconds() / time.Since(m.began).Seconds()})
}

// encoder is ffmpeg's options for the spec's codec and container.
//
// Of the two ways in which ffmpeg's AAC encoder chooses its quantisers, the fast one
// takes half the time (ten minutes: 4.9 s against 10.5) and serves talks as well: what it
// adds to speech at 160k lies 50 LU under it when clean and 37 in a noisy room, where
// twoloop's lies 34 and 40. And it keeps the peaks where they are: twoloop raised those
// of claps by up to 3 dB.
func (s AudioSpec) encoder() ([]string, error) {
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

// padding is how many samples more than the programme has may come out of a decoder: AAC
// comes in packets of 1024, and ffmpeg plays the last one of an MP4 to its end, whatever
// the file says. Opus marks what is too much.
func (s AudioSpec) padding() int64 {
	if s.Codec == "aac" {
		return 1023
	}
	return 0
}

// render plays the programme from beginning to end.
func (m *mastering) render(ctx context.Context, p *player) error {
	for _, c := range m.cuts {
		if c.source >= 0 {
			if err := m.piece(ctx, c, p); err != nil {
				return err
			}
		}
		if err := p.rest(c.to); err != nil {
			return err
		}
		m.tell(rendering * float64(p.at) / float64(m.samples()))
	}
	return p.flush()
}

// piece plays what a recording has of a cut; the rest of it, should the recording end
// too soon, is left to be silence.
func (m *mastering) piece(ctx context.Context, c cut, p *player) error {
	pick := picker(c.channels)
	if pick == nil {
		return fmt.Errorf("%q is no choice of channels; there are stereo, left, right and mix", c.channels)
	}
	path := m.sources[c.source].Path
	filters := m.filters[c.source]
	if c.plain {
		filters = ""
	}
	err := m.tools.listen(ctx, path, c.stream, c.first, c.first+c.len(), filters, func(left, right []float32) error {
		pick(left, right)
		for _, side := range [][]float32{left, right} {
			c.raise(side)
			soften(side, p.at-c.from, c.len())
			for _, s := range c.mutes {
				mute(side, p.at, s)
			}
		}
		m.tell(rendering * float64(p.at) / float64(m.samples()))
		return p.play(left, right)
	})
	if err != nil {
		return fmt.Errorf("take the sound of %s from %v: %w", path, timeOf(c.first), err)
	}
	return nil
}

// raise brings the sound of a clip to its level.
func (c cut) raise(side []float32) {
	if c.level == 0 {
		return
	}
	for i := range side {
		side[i] *= float32(c.level)
	}
}

// picker turns the two sides into the chosen ones, in place; nil for a choice that
// there is not.
func picker(channels string) func(left, right []float32) {
	switch channels {
	case "stereo":
		return func(_, _ []float32) {}
	case "left":
		return func(left, right []float32) { copy(right, left) }
	case "right":
		return func(left, right []float32) { copy(left, right) }
	case "mix":
		return func(left, right []float32) {
			for i := range left {
				left[i] = (left[i] + right[i]) / 2
			}
			copy(right, left)
		}
	}
	return nil
}

// soften fades the beginning and the end of a piece of n samples, of which x are those
// from at on.
func soften(x []float32, at, n int64) {
	for i := at; i < min(fade, at+int64(len(x))); i++ {
		x[i-at] *= (float32(i) + 0.5) / fade
	}
	for i := max(at, n-fade); i < min(n, at+int64(len(x))); i++ {
		x[i-at] *= (float32(n-i) - 0.5) / fade
	}
}

// player sends sound through the limiter to an encoder and makes up for the limiter's
// delay.
type player struct {
	to      io.Writer
	limiter *limiter
	late    int   // samples that the limiter still owes from before the start
	at      int64 // samples played
	raw     []byte
}

func (p *player) play(left, right []float32) error {
	p.at += int64(len(left))
	return p.send(left, right)
}

// rest plays silence up to a sample.
func (p *player) rest(to int64) error {
	for p.at < to {
		n := min(to-p.at, blockSize)
		if err := p.play(make([]float32, n), make([]float32, n)); err != nil {
			return err
		}
	}
	return nil
}

// flush sends what the limiter still holds.
func (p *player) flush() error {
	return p.send(make([]float32, delay), make([]float32, delay))
}

func (p *player) send(left, right []float32) error {
	p.limiter.process(left, right)
	skip := min(p.late, len(left))
	p.late -= skip
	p.raw = p.raw[:0]
	for i := skip; i < len(left); i++ {
		p.raw = binary.LittleEndian.AppendUint32(p.raw, math.Float32bits(left[i]))
		p.raw = binary.LittleEndian.AppendUint32(p.raw, math.Float32bits(right[i]))
	}
	_, err := p.to.Write(p.raw)
	return err
}

// score is a programme's sound before any gain, in frames of 10 ms: enough to reckon how
// loud it will be.
type score []moment

// moment is 10 ms of a programme.
type moment struct {
	energy float32 // as in blocks, both sides together
	peak   float32 // greatest sample
}

// readScore lays out the analyses of the recordings as the programme does their sound.
// It rounds to 10 ms, which loudness does not notice.
func readScore(cuts []cut, sources []SoundSource) (score, error) {
	type choice struct {
		source   int
		channels string
	}
	known := make(map[choice]score)
	var s score
	for _, c := range cuts {
		n := timeline.Rescale(c.to, 1, frameSize) - int64(len(s))
		part := make(score, n)
		if c.source >= 0 {
			source, key := sources[c.source], choice{c.source, c.channels}
			if known[key] == nil {
				blocks, err := readBlocks(source.Blocks)
				if err != nil {
					return nil, fmt.Errorf("read the analysis of %s: %w", source.Path, err)
				}
				known[key] = scoreOf(blocks, c.channels)
			}
			known[key].lay(part, timeline.Rescale(c.first-sampleAt(source.Origin), 1, frameSize))
			for _, m := range c.mutes {
				clear(part[timeline.Rescale(m.from-c.from, 1, frameSize):min(n, timeline.Rescale(m.to-c.from, 1, frameSize))])
			}
		}
		s = append(s, part...)
	}
	return s, nil
}

// level has each clip be as loud as what is no clip, so that the gain of a quiet talk does
// not make its music a fright.
func (s score) level(cuts []cut) {
	var talk score
	part := func(c cut) score {
		return s[timeline.Rescale(c.from, 1, frameSize):timeline.Rescale(c.to, 1, frameSize)]
	}
	for _, c := range cuts {
		if !c.plain {
			talk = append(talk, part(c)...)
		}
	}
	want := talk.loudness(1, 1e9)
	for i := range cuts {
		c := &cuts[i]
		if !c.plain {
			continue
		}
		is := part(*c).loudness(1, 1e9)
		if is < hush || want < hush {
			continue
		}
		c.level = linear(want - is)
		for j, m := range part(*c) {
			part(*c)[j] = moment{energy: m.energy * float32(square(c.level)), peak: m.peak * float32(c.level)}
		}
	}
}

// lay copies what s has from moment first on, which may lie outside of it.
func (s score) lay(to score, first int64) {
	skip := min(max(0, -first), int64(len(to)))
	copy(to[skip:], s[min(max(0, first), int64(len(s))):])
}

// scoreOf is a whole analysis in a choice of channels. How a block's energy is spread
// over its frames is not known; their peaks tell.
func scoreOf(blocks []block, channels string) score {
	s := make(score, 0, len(blocks)*frames)
	for _, b := range blocks {
		var peaks [frames]float64
		var sum float64
		for f := range peaks {
			peaks[f] = b.peak(f, channels)
			sum += square(peaks[f])
		}
		share := b.energy(channels) * frames / max(sum, 1e-30)
		for _, peak := range peaks {
			s = append(s, moment{energy: float32(square(peak) * share), peak: float32(peak)})
		}
	}
	return s
}

func square(x float64) float64 { return x * x }

// energy is the block's, both sides together, in a choice of channels.
func (b block) energy(channels string) float64 {
	switch channels {
	case "left":
		return 2 * b.left
	case "right":
		return 2 * b.right
	case "mix":
		return (b.left + b.right + 2*b.cross) / 2
	}
	return b.left + b.right
}

// peak is the greatest sample of a frame in a choice of channels; of a mix, the most it
// can be.
func (b block) peak(frame int, channels string) float64 {
	left, right := amplitude(b.peaks[0][frame]), amplitude(b.peaks[1][frame])
	switch channels {
	case "left":
		return left
	case "right":
		return right
	case "mix":
		return (left + right) / 2
	}
	return max(left, right)
}

// amplitude is what a level byte stands for; the least of them for silence.
func amplitude(level byte) float64 {
	if level == 0 {
		return 0
	}
	return linear(float64(level)/2 + quietest)
}

// gain is what brings the score to a loudness under a ceiling, in decibels.
func (s score) gain(lufs, ceiling float64) float64 {
	low, high := -60.0, 90.0
	for high-low > 0.01 {
		if mid := (low + high) / 2; s.loudness(linear(mid), linear(ceiling)) < lufs {
			low = mid
		} else {
			high = mid
		}
	}
	return low
}

// loudness reckons what the score will measure behind a limiter with this gain and
// ceiling, given as amplitudes.
func (s score) loudness(gain, ceiling float64) float64 {
	keep := math.Exp(-1 / (recovery * Hz / frameSize)) // of a reduction, after 10 ms
	blocks := make([]float64, 0, len(s)/frames)
	limit, sum := 1.0, 0.0
	for i, m := range s {
		limit = 1 - (1-limit)*keep
		if peak := float64(m.peak) * gain; peak*limit > ceiling {
			limit = ceiling / peak
		}
		sum += float64(m.energy) * square(gain*limit)
		if i%frames == frames-1 {
			blocks = append(blocks, sum/frames)
			sum = 0
		}
	}
	return integrated(blocks)
}
