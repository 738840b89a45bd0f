package plan

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/timeline"
)

// recordingSound is what one of the programme's sounds is taken from in one recording.
type recordingSound struct {
	spec     AnalyseSpec
	stream   int                 // index in the container; −1: the recording has no sound
	channels conference.Channels // of what is analysed
}

// chooseSound returns what a sound is taken from in a recording: the channels that were asked for
// or, if that was left open, all that may have the voice. taken are the sounds of interpreters.
func chooseSound(sound conference.AudioSource, s Source, taken []conference.AudioSource) (r recordingSound, err error) {
	p := s.Probe
	r = recordingSound{spec: AnalyseSpec{Probe: p}, stream: -1, channels: sound.Channels}
	terms, err := sound.Channels.Terms()
	if err != nil {
		return r, inputerr.Coded("channels.unknown", "there is no choice of channels {channels}", "channels", strconv.Quote(string(sound.Channels))).In("sound")
	}
	if len(terms) > 0 && len(p.Audio) > 0 {
		return chooseNamed(r, max(1, sound.Stream), terms, s)
	}
	if n := len(p.Audio); sound.Stream > max(1, n) {
		return r, streamFault(s, sound.Stream)
	} else if n == 0 {
		return r, nil
	}
	r.useStream(max(1, sound.Stream))
	if sound.Channels != conference.ChannelsAuto && sound.Channels != "" {
		return r, nil
	}
	candidates := p.Audio[max(1, sound.Stream)-1 : max(1, sound.Stream)]
	if sound.Stream == 0 {
		candidates = slices.Clone(p.Audio)
		for _, other := range taken {
			at := max(1, other.Stream) - 1
			candidates = slices.DeleteFunc(candidates, func(a media.Audio) bool { return at < len(p.Audio) && a.Stream == p.Audio[at].Stream })
		}
	}
	if len(candidates) > 1 || len(candidates) == 1 && candidates[0].Channels > 2 {
		r.spec.Audio, r.spec.Survey = candidates, true
	}
	return r, nil
}

// useStream takes stream n of the recording, from 1. Analyse takes the first.
func (r *recordingSound) useStream(n int) {
	r.spec.Audio = r.spec.Audio[n-1:]
	r.stream = r.spec.Audio[0].Stream
}

// chooseNamed returns the channels that are named by number. stream is the one of terms without a
// stream. A single channel of a mono or stereo stream is as if it were called left or right, so
// that it needs no analysis of its own.
func chooseNamed(r recordingSound, stream int, terms []conference.ChannelTerm, s Source) (recordingSound, error) {
	for _, t := range terms {
		if t.Stream == 0 {
			t.Stream = stream
		}
		if t.Stream > len(s.Probe.Audio) {
			return r, streamFault(s, t.Stream)
		}
		of := s.Probe.Audio[t.Stream-1]
		if t.Channel > of.Channels {
			return r, inputerr.Coded("sound.no_channel", "has no channel {channel} in sound stream {stream}; there {only}", "channel", t.Channel, "stream", t.Stream, "only", onlyCountText(of.Channels), "count", of.Channels).In(s.Name).
				Hint("Choose another with --channels, or under sound: in the talk's file")
		}
		if len(terms) == 1 && (t.Channel == 0 || of.Channels <= 2) {
			r.useStream(t.Stream)
			r.channels = conference.ChannelsStereo
			if t.Channel > 0 && of.Channels == 2 {
				r.channels = [...]conference.Channels{conference.ChannelsLeft, conference.ChannelsRight}[t.Channel-1]
			}
			return r, nil
		}
		r.spec.Mix = append(r.spec.Mix, media.MixInput{Stream: of.Stream, Channel: t.Channel})
	}
	r.stream, r.channels = r.spec.Mix[0].Stream, conference.ChannelsStereo
	return r, nil
}

func streamFault(s Source, stream int) error {
	n := len(s.Probe.Audio)
	return inputerr.Coded("sound.no_stream", "has no sound stream {stream}; there {only}", "stream", stream, "only", onlyCountText(n), "count", n).In(s.Name).
		Hint("Choose another under sound: in the talk's file")
}

// checkSurvey says which of several streams or channels are used, and why.
func (t *issueFinder) checkSurvey() {
	a := t.analysis
	if len(a.Heard) == 0 {
		return
	}
	var used, others []string
	for _, m := range a.Mix {
		used = append(used, t.channelName(m.Stream, m.Channel))
	}
	spoken := false
	for _, h := range a.Heard {
		spoken = spoken || h.Used && h.Kind == media.ChannelVoice
		if !h.Used {
			others = append(others, issuePart("is-"+string(h.Kind), "at", t.channelName(h.Stream, h.Channel)))
		}
	}
	variant := "none"
	switch {
	case len(used) > 1:
		variant = "mix"
	case len(used) == 1:
		variant = "one"
	case spoken:
		variant = "stream"
	}
	if len(used) == 0 {
		used = []string{strconv.Itoa(t.streamIndex(a.Stream))}
	}
	if len(others) == 0 {
		others = []string{issuePart("is-all")}
	}
	t.add(conference.IssueChannelChoice, variant, nil, "used", strings.Join(used, " + "), "others", strings.Join(others, ", "))
}

// channelName returns the name of a channel by which --channels chooses it.
func (t *issueFinder) channelName(stream, channel int) string {
	return conference.ChannelTerm{Stream: t.streamIndex(stream), Channel: channel}.String()
}

// streamIndex returns the number of a sound stream, from 1, by its index in the container.
func (t *issueFinder) streamIndex(stream int) int {
	return 1 + max(0, slices.IndexFunc(t.source.Probe.Audio, func(a media.Audio) bool { return a.Stream == stream }))
}

// loudnessOf returns how loud a recording is in a choice of channels, in LUFS. ok is false if
// there is no speech in it.
func loudnessOf(a media.Analysis, channels string) (lufs float64, ok bool) {
	const both = 3.01 // dB by which a channel is louder on both sides
	lufs = a.LUFS
	switch conference.Channels(channels) {
	case conference.ChannelsLeft:
		lufs = a.Left.LUFS + both
	case conference.ChannelsRight:
		lufs = a.Right.LUFS + both
	}
	return lufs, a.Stream >= 0 && !a.Silent && a.Activity.Speech > 0
}

// reelGains returns by how many decibels each recording is raised so that all of the reel are
// equally loud.
func (h analysedSound) reelGains(reel Reel) []int {
	const least, most = 2, 20 // dB
	gains := make([]int, len(reel.Sources))
	var used []int
	loudest := math.Inf(-1)
	for _, piece := range reel.Pieces {
		lufs, ok := loudnessOf(h.analyses[piece.Source], h.channelsOf(piece.Source))
		if ok && !slices.Contains(used, piece.Source) {
			used = append(used, piece.Source)
			loudest = max(loudest, lufs)
		}
	}
	for _, i := range used {
		lufs, _ := loudnessOf(h.analyses[i], h.channelsOf(i))
		if gain := math.Round(loudest - lufs); gain >= least {
			gains[i] = int(min(most, gain))
		}
	}
	return gains
}

// channelsOf returns the channels to use of a recording: those asked for or, for "auto", those that
// its analysis suggests.
func (h analysedSound) channelsOf(source int) string {
	asked := h.Channels
	if source < len(h.sounds) {
		asked = h.sounds[source].channels
	}
	if asked == conference.ChannelsAuto || asked == "" {
		return h.analyses[source].SuggestedChannels
	}
	return string(asked)
}

// checkReelLevels reports recordings that are raised to be as loud as the others.
func (t *issueFinder) checkReelLevels(floor analysedSound) {
	for i, gain := range floor.reelGains(t.reel) {
		if gain > 0 {
			t.setSource(t.reel.Sources[i], floor.analyses[i])
			t.add(conference.IssueUnevenReel, "", nil, "by", strconv.Itoa(gain))
		}
	}
}

// checkPartsOfSound reports clicks, and speakers who are much softer than others.
func (t *issueFinder) checkPartsOfSound() {
	a := t.analysis
	if kept := t.keptStretches(a.Activity.Clicks...); len(kept) > 0 {
		t.add(conference.IssueClicks, "", kept, "where", stretchesText(kept))
	}
	if kept := t.keptStretches(a.Activity.Quiet...); len(kept) > 0 && !t.levelled {
		t.add(conference.IssueQuietParts, "", kept, "where", stretchesText(kept))
	}
}

// checkLoudness reports what became of the sound of the programme, once it was made.
func checkLoudness(f media.AudioFacts, spec media.AudioSpec) (all []conference.Issue) {
	const tolerance, much = 0.55, 20 // LU; dB
	if f.LUFS <= -65 {               // it was not raised
		return nil
	}
	decimal := func(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }
	if miss := math.Abs(f.LUFS - spec.LUFS); miss > tolerance || f.Peak > spec.Peak {
		all = append(all, conference.NewIssue(conference.IssueLoudness, "", nil, "lufs", decimal(f.LUFS), "peak", decimal(f.Peak), "target", decimal(spec.LUFS), "ceiling", decimal(spec.Peak)))
	}
	if f.Gain > much {
		all = append(all, conference.NewIssue(conference.IssueAmplified, "", nil, "by", strconv.Itoa(int(math.Round(f.Gain)))))
	}
	return all
}

// checkChannels reports channels that are not used, and channels of opposite polarity.
func (t *issueFinder) checkChannels() {
	a := t.analysis
	switch opposite := t.keptStretches(a.Activity.Opposite...); {
	case a.Left.Timecode && a.Right.Timecode:
		t.add(conference.IssueTimecode, "", nil)
	case a.Right.Dead:
		t.addUnused("right", a.Right)
	case a.Left.Dead:
		t.addUnused("left", a.Left)
	case a.PolarityInverted && a.SuggestedChannels == "right":
		t.add(conference.IssueOppositePhase, "right", nil)
	case a.PolarityInverted:
		t.add(conference.IssueOppositePhase, "", nil)
	case len(opposite) > 0:
		t.add(conference.IssueOppositePhase, a.SuggestedChannels+"-part", opposite, "where", stretchesText(opposite))
	default:
		for side, spans := range map[string][]timeline.Span{"left": a.Activity.LeftDropouts, "right": a.Activity.RightDropouts} {
			if kept := t.keptStretches(spans...); len(kept) > 0 {
				t.add(conference.IssueDeadChannel, side+"-part", kept, "where", stretchesText(kept))
			}
		}
	}
}

// addUnused reports a channel that is not used, and why.
func (t *issueFinder) addUnused(side string, of media.ChannelLevels) {
	switch {
	case of.Timecode:
		t.add(conference.IssueTimecode, side, nil)
	case of.NoVoice:
		t.add(conference.IssueDeadChannel, side+"-voice", nil)
	default:
		t.add(conference.IssueDeadChannel, side, nil)
	}
}

// checkChanges reports where the format of the sound changes.
func (t *issueFinder) checkChanges(a media.Audio) {
	for i := 1; i < len(a.Formats); i++ {
		f := a.Formats[i]
		if kept := t.keptStretches(timeline.Span{From: f.At, To: f.At + time.Millisecond}); len(kept) > 0 {
			t.add(conference.IssueSoundChanges, "", kept, "before", a.Formats[i-1].String(), "after", f.String(), "where", stretchesText(kept))
		}
	}
}
