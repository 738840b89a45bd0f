package plan_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/timeline"
)

// paramsAt returns the parameters of the action in a slot.
func paramsAt[T any](t *testing.T, g plan.Graph, slot string) (spec T) {
	t.Helper()
	for _, a := range g.Actions {
		if a.Slot == slot {
			if err := json.Unmarshal(a.Params, &spec); err != nil {
				t.Fatal(err)
			}
			return spec
		}
	}
	t.Fatalf("no action in %s", slot)
	return spec
}

// Which sound is analysed and used follows from the channels that are asked for and from the
// streams that there are.
func TestAudio_ChoosesChannels(t *testing.T) {
	stereo := media.Audio{Stream: 1, Channels: 2, Hz: 48000, End: half}
	mono := func(stream int) media.Audio { return media.Audio{Stream: stream, Channels: 1, Hz: 48000, End: half} }
	surround := media.Audio{Stream: 1, Channels: 6, Hz: 48000, End: half}
	spanish := []conference.AudioSource{{Language: "es", Stream: 2}}
	found := []media.MixInput{{Stream: 2, Channel: 1}}
	for _, c := range []struct {
		name         string
		streams      []media.Audio
		floor        conference.AudioSource
		interpreters []conference.AudioSource
		channels     conference.Channels // of the command line
		found        []media.MixInput    // by the analysis

		survey   bool
		analysed []media.MixInput
		first    int // stream that is analysed if there is no mix
		stream   int // that is used
		used     string
		mix      []media.MixInput
		err      string
	}{
		{name: "an ordinary recording", streams: []media.Audio{stereo}, first: 1, stream: 1, used: "stereo"},
		{name: "a channel by number", streams: []media.Audio{stereo}, channels: "2", first: 1, stream: 1, used: "right"},
		{name: "the only channel", streams: []media.Audio{mono(1)}, channels: "1", first: 1, stream: 1, used: "stereo"},
		{name: "two streams", streams: []media.Audio{mono(1), mono(2)}, survey: true, first: 1, stream: 7, used: "stereo"},
		{name: "two streams, a mix found", streams: []media.Audio{mono(1), mono(2)}, found: found, survey: true, first: 1, stream: 7, used: "stereo", mix: found},
		{name: "surround", streams: []media.Audio{surround}, survey: true, first: 1, stream: 7, used: "stereo"},
		{name: "surround, mixed down", streams: []media.Audio{surround}, channels: "stereo", first: 1, stream: 1, used: "stereo"},
		{name: "a stream in the file", streams: []media.Audio{mono(1), mono(2)}, floor: conference.AudioSource{Stream: 2}, first: 2, stream: 2, used: "stereo"},
		{name: "a stream by number", streams: []media.Audio{mono(1), mono(2)}, channels: "2:stereo", first: 2, stream: 2, used: "stereo"},
		{name: "a channel of a stream", streams: []media.Audio{mono(1), mono(2)}, channels: "2:1", first: 2, stream: 2, used: "stereo"},
		{name: "a channel of surround", streams: []media.Audio{surround}, channels: "3", analysed: []media.MixInput{{Stream: 1, Channel: 3}}, stream: 1, used: "stereo"},
		{name: "a mix", streams: []media.Audio{mono(1), mono(2)}, channels: "1:1+2:1", analysed: []media.MixInput{{Stream: 1, Channel: 1}, {Stream: 2, Channel: 1}}, stream: 1, used: "stereo"},
		{name: "a channel in the file", streams: []media.Audio{mono(1), surround}, floor: conference.AudioSource{Stream: 2, Channels: "4"}, analysed: []media.MixInput{{Stream: 1, Channel: 4}}, stream: 1, used: "stereo"},
		{name: "an interpreter's stream is left out", streams: []media.Audio{stereo, mono(2)}, interpreters: spanish, first: 1, stream: 1, used: "stereo"},
		{name: "no such stream", streams: []media.Audio{mono(1)}, channels: "2:1", err: "has no sound stream 2; there is only one"},
		{name: "no such channel", streams: []media.Audio{stereo}, channels: "3", err: "has no channel 3 in sound stream 1; there are only 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newFixture()
			w.probes[0].Audio = c.streams
			w.facts.Processing.Floor, w.facts.Processing.Interpreters, w.facts.Channels = c.floor, c.interpreters, c.channels
			w.analysis.Stream, w.analysis.Mix = 7, c.found
			if c.analysed != nil {
				w.analysis.Mix, c.mix = c.analysed, c.analysed
			}
			g, err := w.plan(t)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			spec := paramsAt[plan.AnalyseSpec](t, g, "analyse/r1")
			if spec.Survey != c.survey || !reflect.DeepEqual(spec.Mix, c.analysed) || c.first > 0 && spec.Audio[0].Stream != c.first {
				t.Errorf("analysed with %+v", spec)
			}
			piece := paramsAt[media.AudioSpec](t, g, "audio/aac").Pieces[0]
			if piece.Stream != c.stream || piece.Channels != c.used || !reflect.DeepEqual(piece.Mix, c.mix) {
				t.Errorf("made of %+v", piece)
			}
		})
	}
}

// The recordings of a reel are brought to the loudness of the loudest in which somebody speaks.
func TestAudio_ReelGains(t *testing.T) {
	for _, c := range []struct {
		name  string
		two   media.Analysis // of the second; the first has −20 LUFS
		gains []int
		says  string
	}{
		{"equal", media.Analysis{LUFS: -20.9}, []int{0, 0}, ""},
		{"softer", media.Analysis{LUFS: -32}, []int{0, 12}, "two.mp4: it is 12 dB softer than the loudest recording"},
		{"louder", media.Analysis{LUFS: -14}, []int{6, 0}, "one.mp4: it is 6 dB softer than the loudest recording"},
		{"much softer", media.Analysis{LUFS: -60}, []int{0, 20}, "20 dB softer"},
		{"one side of it", media.Analysis{LUFS: -26, Left: media.ChannelLevels{LUFS: -26}, SuggestedChannels: "left"}, []int{0, 3}, "3 dB softer"},
		{"silent", media.Analysis{LUFS: -70, Silent: true}, []int{0, 0}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := twoRecordings()
			c.two.Activity.Speech = half
			w.analyses = []media.Analysis{{LUFS: -20, SuggestedChannels: "stereo", Activity: media.Activity{Speech: half}}, c.two}
			g := mustPlan(t, w)
			var gains []int
			for _, p := range paramsAt[media.AudioSpec](t, g, "audio/aac").Pieces {
				gains = append(gains, p.Gain)
			}
			if !slices.Equal(gains, c.gains) {
				t.Errorf("gains %v, want %v", gains, c.gains)
			}
			said := issuesText(g)
			if c.says == "" && strings.Contains(said, "softer") || !strings.Contains(said, c.says) {
				t.Errorf("said %s", said)
			}
		})
	}
}

func issuesText(g plan.Graph) string {
	var said []string
	for _, i := range g.Issues {
		said = append(said, i.String())
	}
	return strings.Join(said, "\n")
}

// What was made of the sound is an issue of the talk if it is not what was asked for.
func TestAudio_LoudnessIssues(t *testing.T) {
	for _, c := range []struct {
		name string
		made media.AudioFacts
		says []string
	}{
		{"as asked for", media.AudioFacts{LUFS: -16.4, Peak: -1.6, Gain: 12}, nil},
		{"too loud", media.AudioFacts{LUFS: -15.2, Peak: -1.6}, []string{"-15.2 LUFS"}},
		{"raised", media.AudioFacts{LUFS: -16, Peak: -1.6, Gain: 31.4}, []string{"raised by 31 dB"}},
		{"both", media.AudioFacts{LUFS: -18, Peak: -1.6, Gain: 31.4}, []string{"-18.0 LUFS", "raised by 31 dB"}},
		{"silence", media.AudioFacts{LUFS: -70, Peak: -90}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newFixture()
			w.sound = &c.made
			var said []string
			for _, i := range mustPlan(t, w).Issues {
				said = append(said, i.String())
			}
			if !slices.EqualFunc(said, c.says, strings.Contains) {
				t.Errorf("said %q, want %q", said, c.says)
			}
		})
	}
}

// What a survey found and chose is said, by the names that --channels takes.
func TestIssues_Channels(t *testing.T) {
	heard := func(stream, channel int, kind media.ChannelKind, used bool) media.HeardChannel {
		return media.HeardChannel{Stream: stream, Channel: channel, Kind: kind, Used: used}
	}
	second := 15 * time.Second
	for _, c := range []struct {
		name     string
		analysis media.Analysis
		says     string
	}{
		{"a channel", media.Analysis{Mix: []media.MixInput{{Stream: 2, Channel: 1}}, Heard: []media.HeardChannel{
			heard(1, 1, media.ChannelTimecode, false), heard(1, 2, media.ChannelSilent, false), heard(2, 1, media.ChannelVoice, true), heard(2, 2, media.ChannelSilent, false)}},
			"channel 2:1 is used, where speech is heard; 1:1 has timecode, 1:2 is silent, 2:2 is silent"},
		{"a stream", media.Analysis{Stream: 2, Heard: []media.HeardChannel{heard(1, 1, media.ChannelOther, false), heard(2, 1, media.ChannelVoice, true), heard(2, 2, media.ChannelVoice, true)}},
			"sound stream 2 is used, where speech is heard; 1:1 has no speech"},
		{"a mix", media.Analysis{Mix: []media.MixInput{{Stream: 1, Channel: 0}, {Stream: 2, Channel: 2}}, Heard: []media.HeardChannel{heard(1, 1, media.ChannelVoice, true), heard(2, 2, media.ChannelVoice, true), heard(2, 1, media.ChannelVoice, false)}},
			"channels 1:stereo + 2:2 are mixed, since each has speech that the others lack; 2:1 has speech, too"},
		{"nothing", media.Analysis{Stream: 1, Heard: []media.HeardChannel{heard(1, 1, media.ChannelSilent, false), heard(2, 1, media.ChannelSilent, false)}},
			"no speech is heard on any channel; sound stream 1 is used; 1:1 is silent, 2:1 is silent"},
		{"timecode", media.Analysis{Right: media.ChannelLevels{Dead: true, Timecode: true}}, "the right channel has timecode instead of sound; the left one is used for both"},
		{"nobody speaks", media.Analysis{Left: media.ChannelLevels{Dead: true, NoVoice: true}}, "there is no speech on the left channel; the right one is used for both"},
		{"only timecode", media.Analysis{Left: media.ChannelLevels{Timecode: true}, Right: media.ChannelLevels{Timecode: true}}, "the sound is timecode, not a voice"},
		{"opposite in part", media.Analysis{SuggestedChannels: "left", Activity: media.Activity{Opposite: []timeline.Span{{From: second, To: 2 * second}}}},
			"the channels have opposite phase from 00:00:15 to 00:00:30 and would cancel out in mono there; the left one is used for both"},
		{"clicks", media.Analysis{Activity: media.Activity{Clicks: []timeline.Span{{From: second, To: second}, {From: second, To: second + 10*time.Millisecond}}}}, "clicks far louder than the talk were limited at 00:00:15"},
		{"a soft speaker", media.Analysis{Activity: media.Activity{Quiet: []timeline.Span{{From: second, To: 2 * second}}}}, "people speak much more softly from 00:00:15 to 00:00:30"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := recording(half)
			p.Audio = append(p.Audio, media.Audio{Stream: 2, Channels: 2, End: half})
			c.analysis.Duration, c.analysis.Activity.Speech = half, half
			var said []string
			for _, i := range plan.InspectRecording("one.mp4", p, c.analysis) {
				said = append(said, i.Message)
			}
			if !slices.Contains(said, c.says) {
				t.Errorf("said %q\nwant %q", said, c.says)
			}
		})
	}
}
