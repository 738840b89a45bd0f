package media

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"
)

// HeardChannel is what was heard on one channel of a recording with several streams or more than
// two channels.
type HeardChannel struct {
	Stream  int           `json:"stream"`  // index in the container
	Channel int           `json:"channel"` // of the stream, from 1
	Kind    ChannelKind   `json:"kind"`
	LUFS    float64       `json:"lufs"`
	Speech  time.Duration `json:"speech"` // number of seconds with the rhythm of speech
	Used    bool          `json:"used,omitempty"`
}

// ChannelKind is what is on a channel.
type ChannelKind string

// The kinds of channels.
const (
	ChannelVoice    ChannelKind = "voice"
	ChannelSilent   ChannelKind = "silent"
	ChannelTimecode ChannelKind = "timecode"
	ChannelOther    ChannelKind = "other"
)

// surveyWindow is how much sound is compared at once to find out who speaks on which channel, in
// blocks: five seconds.
const surveyWindow = 50

// surveyedChannel measures a channel, and describes it once all was heard.
type surveyedChannel struct {
	HeardChannel
	of       Audio
	weight   kWeighting
	energies []float64 // of the blocks, as for a channel on both sides
	levels   []byte    // one level byte for each 10 ms
	code     timecodeMeter
	contrast float64 // dB between its loud and its quiet moments
}

func (c *surveyedChannel) write(x []float32) {
	sum := 0.0
	for _, v := range x {
		y := c.weight.next(float64(v))
		sum += y * y
	}
	c.weight = c.weight.flushDenormals()
	c.energies = append(c.energies, sum/blockSamples)
	c.code.write(x)
	for from := 0; from < len(x); from += frameSamples {
		power := 0.0
		for _, v := range x[from:min(len(x), from+frameSamples)] {
			power += float64(v) * float64(v)
		}
		c.levels = append(c.levels, levelByte(10*math.Log10(power/frameSamples)))
	}
}

// describe works out what was heard. mostSpeech is that of the channel with most of it.
func (c *surveyedChannel) describe() {
	c.LUFS = max(absoluteGate, integratedLoudness(c.energies))
	c.Speech = speechDuration(c.levels)
	sorted := slices.Sorted(slices.Values(c.levels))
	if n := len(sorted); n > 0 {
		c.contrast = float64(sorted[n*9/10]-sorted[n/10]) / 2
	}
	switch {
	case c.code.detected():
		c.Kind = ChannelTimecode
	case c.LUFS <= silenceThreshold:
		c.Kind = ChannelSilent
	case c.Speech < 2*time.Second:
		c.Kind = ChannelOther
	default:
		c.Kind = ChannelVoice
	}
}

// window returns how loud window n is compared with the whole channel, in dB, and whether there
// is speech in it.
func (c *surveyedChannel) window(n int) (level float64, speech bool) {
	from, to := n*surveyWindow, min(len(c.energies), (n+1)*surveyWindow)
	const perBlock = framesPerBlock
	return energyToLUFS(mean(c.energies[from:to])+1e-12) - c.LUFS, speechDuration(c.levels[from*perBlock:min(len(c.levels), to*perBlock)]) > 0
}

// survey listens to all channels of all sound streams, and chooses those with the voice. mix is nil
// if one stream as a whole is to be used, which is then the first of p.Audio.
func (t Tools) survey(ctx context.Context, path string, p *Probe, from, to int64, progress func(float64)) (heard []HeardChannel, mix []MixInput, err error) {
	var all []*surveyedChannel
	for _, a := range p.Audio {
		for c := range a.Channels {
			all = append(all, &surveyedChannel{HeardChannel: HeardChannel{Stream: a.Stream, Channel: c + 1}, of: a})
		}
	}
	if len(all) > maxSurveyed {
		return nil, nil, fmt.Errorf("the recording has %d sound channels; only %d can be compared", len(all), maxSurveyed)
	}
	done := int64(0)
	err = t.decodeChannels(ctx, path, p.Audio, from, to, func(channels [][]float32) error {
		for i, x := range channels {
			all[i].write(x)
		}
		done += int64(len(channels[0]))
		progress(float64(done) / float64(to-from))
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("listen to all its channels: %w", err)
	}
	for _, c := range all {
		c.describe()
	}
	chosen := chooseChannels(all)
	for _, c := range all {
		c.Used = slices.Contains(chosen, c)
		heard = append(heard, c.HeardChannel)
	}
	return heard, newMix(p, chosen), nil
}

// maxSurveyed is the largest number of channels that ffmpeg merges.
const maxSurveyed = 64

// chooseChannels returns the channels to use, the best first: one with a voice, its stereo partner,
// and those with speech while the others are quiet. Without any voice it is
// the loudest channel that is not timecode; it is nil if there is none.
func chooseChannels(all []*surveyedChannel) (chosen []*surveyedChannel) {
	var voices []*surveyedChannel
	most := time.Duration(0)
	for _, c := range all {
		if c.Kind == ChannelVoice {
			most = max(most, c.Speech)
		}
	}
	for _, c := range all {
		if c.Kind == ChannelVoice && c.Speech >= most/10 {
			voices = append(voices, c)
		}
	}
	if len(voices) == 0 {
		return loudestChannel(all)
	}
	lead := slices.MaxFunc(voices, func(a, b *surveyedChannel) int { return cmp.Compare(a.rank(most), b.rank(most)) })
	chosen = append(chosen, lead)
	if lead.of.Channels == 2 {
		for _, c := range all {
			if c != lead && c.Stream == lead.Stream {
				chosen = append(chosen, c)
			}
		}
	}
	for _, c := range voices {
		if !slices.Contains(chosen, c) && c.of.Language == lead.of.Language && c.speaksAlone(chosen) {
			chosen = append(chosen, c)
		}
	}
	return chosen
}

// rank returns a score of how well a voice can be heard on the channel; higher is better. What counts
// first is how long the channel has speech, in tenths of most, the longest speech of any channel;
// then its contrast, in steps of 6 dB. The steps are coarse, so that channels about as good score
// the same and the caller takes the first of them.
func (c *surveyedChannel) rank(most time.Duration) float64 {
	return math.Floor(10*float64(c.Speech)/float64(most)+0.5)*100 + math.Floor(c.contrast/6)
}

func loudestChannel(all []*surveyedChannel) []*surveyedChannel {
	var loudest *surveyedChannel
	for _, c := range all {
		if c.Kind == ChannelOther && (loudest == nil || c.LUFS > loudest.LUFS+1) {
			loudest = c
		}
	}
	if loudest == nil {
		return nil
	}
	return []*surveyedChannel{loudest}
}

// speaksAlone reports whether there is speech on the channel, in at least two windows, while the
// others are much quieter than usual.
func (c *surveyedChannel) speaksAlone(others []*surveyedChannel) bool {
	const loud, quiet = -8, -12 // dB, compared with each channel's own loudness
	alone := 0
	for n := range len(c.energies) / surveyWindow {
		level, speech := c.window(n)
		if !speech || level < loud {
			continue
		}
		if !slices.ContainsFunc(others, func(o *surveyedChannel) bool { level, _ := o.window(n); return level > quiet }) {
			alone++
		}
	}
	return alone >= 2
}

// newMix returns the mix of the chosen channels, all brought to the loudness of the first. If that
// is a whole stream it is nil, and the stream becomes the first of p.
func newMix(p *Probe, chosen []*surveyedChannel) (mix []MixInput) {
	if len(chosen) == 0 {
		return nil
	}
	lead := chosen[0]
	for _, c := range chosen {
		in := MixInput{Stream: c.Stream, Channel: c.Channel}
		if c.of.Channels == 2 && c.Stream == lead.Stream {
			if c != lead {
				continue // it is in the stream as a whole
			}
			in.Channel = 0
		}
		if gain := math.Round(lead.LUFS - c.LUFS); math.Abs(gain) >= 3 {
			in.Gain = int(min(20, max(-20, gain)))
		}
		mix = append(mix, in)
	}
	if len(mix) == 1 && lead.of.Channels <= 2 {
		p.Audio = p.Audio[slices.IndexFunc(p.Audio, func(a Audio) bool { return a.Stream == lead.Stream }):]
		return nil
	}
	return mix
}
