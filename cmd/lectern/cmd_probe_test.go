package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/submission"
)

// Each recording has one issue, and exactly that one is reported.
func TestProbe_ReportsIssues(t *testing.T) {
	t.Parallel()
	tools, err := media.FindTools()
	if err != nil {
		t.Fatal(err)
	}
	voice := filepath.Join(t.TempDir(), "voice.wav")
	spoken := append(media.InputArgs("../../testdata/talk.mp4"), "-map", "0:a:0", "-ss", "6", "-t", "50", "-ac", "2", "-ar", "48000", voice)
	if said, err := tools.Run(t.Context(), spoken, nil); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	const (
		camera = "testsrc2=s=96x54:r=5,noise=alls=6:allf=t" // no two pictures are the same
		slides = "testsrc2=s=96x54:r=1/40,fps=5"
		half   = "channelsplit[l][r];[r]volume=0:enable='gt(t,20)'[q];[l][q]amerge"
	)
	for _, c := range []struct {
		name           string
		picture, sound string               // filters; "": a camera, the voice
		options        []string             // of the output
		kind           conference.IssueKind // of the one trouble; "": there is none
		says           string
	}{
		{name: "nothing"},
		{name: "slides that stand", picture: slides},
		{name: "a single slide", picture: "color=gray:s=96x54:r=5"},
		{name: "ten seconds between keyframes", options: []string{"-g", "50"}},
		{name: "clipped", sound: "volume=18dB,aformat=s16", kind: conference.IssueClipped, says: "places, from 00:00:00 to "},
		{name: "hum of 50 Hz", sound: "[0:a]volume=-9dB[v];sine=50:d=200,volume=-20dB[a];sine=100:d=200,volume=-26dB[b];[v][a][b]amix=3:normalize=0:duration=first",
			kind: conference.IssueHum, says: "hum at 50 Hz"},
		{name: "hum of 60 Hz", sound: "[0:a]volume=-9dB[v];sine=60:d=200,volume=-20dB[a];sine=120:d=200,volume=-26dB[b];[v][a][b]amix=3:normalize=0:duration=first",
			kind: conference.IssueHum, says: "hum at 60 Hz"},
		{name: "black for a while", picture: camera + ",drawbox=enable='between(t,40,60)':c=black:t=fill", kind: conference.IssueBlack,
			says: "black from 00:00:40 to 00:01:00"},
		{name: "black, ten seconds between keyframes", picture: camera + ",drawbox=enable='between(t,20,49)':c=black:t=fill",
			options: []string{"-g", "50", "-sc_threshold", "0"}, kind: conference.IssueBlack, says: "from 00:00:20 to 00:00:40 (within 10 s)"},
		{name: "a camera that hung", picture: camera + ",loop=loop=-1:size=1:start=150", kind: conference.IssueFrozen, says: "frozen from 00:00:"},
		{name: "noise alone", sound: "anoisesrc=a=0.1:r=48000:d=70", kind: conference.IssueNoSpeech},
		{name: "silence", sound: "volume=0", kind: conference.IssueSilent},
		{name: "silence at both ends", sound: "volume=0:enable='lt(t,31)+gt(t,50)'", kind: conference.IssueSilentEnds, says: "--cut 00:00:30-00:00:5"},
		{name: "a dead channel", sound: "pan=stereo|c0=c0|c1=0*c0", kind: conference.IssueDeadChannel, says: "no speech on the right channel;"},
		{name: "a channel that died", sound: half, kind: conference.IssueDeadChannel, says: "right channel is silent from 00:00:"},
		{name: "opposite channels", sound: "pan=stereo|c0=c0|c1=-1*c0", kind: conference.IssueOppositePhase},
		{name: "a sound that ends early", sound: "atrim=end=60", kind: conference.IssueDesync, says: "starts with the picture and ends 10.0 s before"},
		{name: "pictures that come as they like", picture: camera + ",select='gt(random(1),0.4)'", options: []string{"-fps_mode", "passthrough"}, kind: conference.IssueVariableFrameRate},
		{name: "pictures that are missing", picture: camera + ",select='not(between(t,40,46))'", options: []string{"-fps_mode", "passthrough"},
			kind: conference.IssueGap, says: "no picture was recorded from 00:00:40 to 00:00:46"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "talk.mkv")
			picture, sound := c.picture, c.sound
			if picture == "" {
				picture = camera
			}
			if sound == "" {
				sound = "anull"
			}
			length := "70"
			if c.kind == conference.IssueFrozen {
				length = "110"
			}
			args := slices.Concat([]string{"-stream_loop", "3", "-i", voice, "-filter_complex", picture + ",format=yuv420p[v];" + lead(sound) + "[a]",
				"-map", "[v]", "-map", "[a]", "-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-c:a", "pcm_s16le"}, c.options, []string{"-t", length, path})
			if said, err := tools.Run(t.Context(), args, nil); err != nil {
				t.Fatalf("%v\n%s", err, said)
			}
			p, err := submission.Inspect(t.Context(), tools, path, nil)
			if err != nil {
				t.Fatal(err)
			}
			var kinds []conference.IssueKind
			for _, trouble := range p.Issues {
				kinds = append(kinds, trouble.Kind)
			}
			var want []conference.IssueKind
			if c.kind != "" {
				want = []conference.IssueKind{c.kind}
			}
			if !slices.Equal(kinds, want) || c.kind != "" && !strings.Contains(p.Issues[0].String(), c.says) {
				t.Errorf("wanted %q, saying %q; told of\n%v", c.kind, c.says, p.Issues)
			}
		})
	}
}

// lead lets a filter chain begin at the voice unless the chain names its input.
func lead(chain string) string {
	if strings.HasPrefix(chain, "[") || strings.HasPrefix(chain, "anoisesrc") {
		return chain
	}
	return "[0:a]" + chain
}
