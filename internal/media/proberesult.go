package media

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/timeline"
)

// result returns the probe of the recording, from the statistics of its packets. interlaced says
// whether its first frames are interlaced.
func (s *packetScan) result(interlaced bool) Probe {
	p := Probe{Format: s.container.Format.Name, Declared: s.container.declared()}
	start := s.startTime()
	if s.video.Index >= 0 {
		p.Video = s.probeVideo(interlaced, start)
		p.Readable = p.Video.End
	}
	s.addAudio(&p, start)
	if p.Format == "mp3" || p.Format == "aac" {
		p.Declared = 0 // only an estimate from the size of the file
	}
	p.JumpsAsWritten = s.asWritten
	for _, j := range s.jumps {
		j.At -= start
		p.Jumps = append(p.Jumps, j)
		p.Declared = 0 // computed from unrelated clocks
	}
	seeksExactly := strings.HasPrefix(p.Format, "mov,") || strings.HasPrefix(p.Format, "matroska,")
	p.Indexed = p.Video != nil && p.Declared > 0 && seeksExactly
	if p.endsEarly() {
		p.Notes = append(p.Notes, fmt.Sprintf("declares %s but can be read for %s only", noteClock(p.Declared), noteClock(p.Readable)))
	}
	if p.Video != nil && p.Video.Variable {
		p.Video.End = p.Readable
	}
	return p
}

// addAudio adds the sound streams to p, and a note for each that is empty. If there is no video, or
// its frame rate is variable, p.Readable lasts until the end of the sound. start is when the
// container starts on its own clock.
func (s *packetScan) addAudio(p *Probe, start time.Duration) {
	for _, sound := range s.audio {
		span, ok := s.audioSpans[sound.Index]
		if !ok {
			p.Notes = append(p.Notes, fmt.Sprintf("sound stream %d is empty", sound.Index))
			continue
		}
		a := sound.audio()
		a.Start, a.End = ticksToDuration(span.From, sound.timeBase())-start, ticksToDuration(span.To, sound.timeBase())-start
		for _, hole := range s.audioGaps[sound.Index] {
			a.Gaps = append(a.Gaps, spanOf(hole, sound.timeBase(), start))
		}
		p.Audio = append(p.Audio, a)
		if p.Video == nil || p.Video.Variable { // a still picture is shown as long as there is sound
			p.Readable = max(p.Readable, a.End)
		}
	}
}

// probeVideo returns the description of the video stream. interlaced says whether its first frames
// are interlaced; the video also counts as interlaced if the container says so. A rate below ten
// frames a second is replaced by the nominal one, or by 25. start is when the container starts on
// its own clock.
func (s *packetScan) probeVideo(interlaced bool, start time.Duration) *Video {
	base := s.video.timeBase()
	rate, step, variable := s.rates.rate()
	interlaced = interlaced || s.video.FieldOrder != "" && s.video.FieldOrder != "progressive" && s.video.FieldOrder != "unknown"
	if interlaced && (timeline.Rate{Num: 31, Den: 1}).Less(rate) {
		rate.Den *= 2 // each field is a packet of its own
		step *= 2
	}
	// With a lower rate, as of slides or a webcam in the dark, each frame is repeated:
	// cards, burned-in subtitles and cuts need a finer grid.
	slow, pace := false, step
	if slowest := (timeline.Rate{Num: 10, Den: 1}); rate.Less(slowest) {
		rate = timeline.Rate{Num: 25, Den: 1}
		if r, err := timeline.ParseRate(s.video.Nominal); err == nil && slowest.Less(r) && r.Less(timeline.Rate{Num: 61, Den: 1}) {
			rate = r
		}
		slow = !variable
		step, variable = 0, true // a still picture stays for as long as there is sound
	}
	s.end = max(s.end, s.rates.last+int64(math.Round(step)))
	v := Video{
		Stream: s.video.Index, Codec: s.video.CodecName,
		Rate: rate.NearestStandard(), Variable: variable, Interlaced: interlaced,
		Matrix: s.video.matrix(), EncoderReady: s.video.encoderReady(), Reorder: ticksToDuration(s.reorder, base),
		TimeBase: base, FirstPTS: s.first, LowFrameRate: slow,
		Lead: ticksToDuration(s.first, base) - start, End: ticksToDuration(s.end, base) - start,
	}
	v.Gaps = s.pictureGaps(pace, start)
	if slices.ContainsFunc(s.container.Streams, func(o stream) bool { return o.isVideo() && o.Index != s.video.Index }) {
		v.Preroll = ticksToDuration(s.maxKeyframeInterval, base) + time.Second
	}
	v.Width, v.Height = s.video.displaySize()
	if t := s.video.Transfer; t == "smpte2084" || t == "arib-std-b67" {
		v.HDR = t
	} else if s.video.Primaries == "bt2020" {
		v.WideGamut = true
	}
	return &v
}
