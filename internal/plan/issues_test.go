package plan_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/timeline"
)

// Issues are reported in reel time, and only where they concern what is kept.
func TestIssues_InReelTime(t *testing.T) {
	two := newFixture()
	two.facts.Recordings = append(two.facts.Recordings, conference.Recording{SHA256: strings.Repeat("b", 64), Name: "two.mp4"})
	two.probes = append(two.probes, recording(half))
	minutes := func(from, to time.Duration) timeline.Span {
		return timeline.Span{From: from * time.Minute, To: to * time.Minute}
	}
	two.analysis = media.Analysis{Duration: half, LUFS: -20, Activity: media.Activity{
		Sounding: []timeline.Span{minutes(2, 14), minutes(16, 30)}, Speech: 20 * time.Minute,
	}}
	for _, c := range []struct {
		name   string
		cut    []conference.KeptRange
		length time.Duration
		glance media.KeyframeScan
		jumps  []media.ClockJump // of the second
		want   []string
	}{
		{name: "all of it", want: []string{
			"one.mp4: silence from 00:14:00 to 00:16:00. If this is a break, trim it (--cut keeps the parts before and after)",
			"two.mp4: silence from 00:44:00 to 00:46:00. If this is a break, trim it (--cut keeps the parts before and after)",
			"silence until 00:01:59. To trim it: --cut 00:01:59-01:00:00",
		}},
		{name: "a cut without a trouble", cut: []conference.KeptRange{cut(2*time.Minute, 14*time.Minute)}},
		{name: "a cut that leaves half of one", cut: []conference.KeptRange{cut(2*time.Minute, 15*time.Minute+time.Second)}, want: []string{
			"one.mp4: silence from 00:14:00 to 00:15:01. If this is a break, trim it (--cut keeps the parts before and after)",
		}},
		{name: "a picture", cut: []conference.KeptRange{cut(33*time.Minute, 40*time.Minute)}, glance: media.KeyframeScan{Black: []timeline.Span{minutes(1, 4)}, MaxInterval: 9 * time.Second}, want: []string{
			"two.mp4: the picture is black from 00:33:00 to 00:34:00 (within 9 s). Trim that part, or use another recording",
		}},
		{name: "a short one", cut: []conference.KeptRange{cut(2*time.Minute, 14*time.Minute)}, length: half, want: []string{
			"the trimmed recordings last 00:12:00, but the slot lasts 00:30:00. Check whether a recording is missing or too much was trimmed (--cut)",
		}},
		{name: "a long one", cut: []conference.KeptRange{cut(2*time.Minute, 14*time.Minute)}, length: 5 * time.Minute, want: []string{
			"the trimmed recordings last 00:12:00, but the slot lasts 00:05:00. Trim it to the talk (--cut)",
		}},
		{name: "a clock that jumps", cut: []conference.KeptRange{cut(33*time.Minute, 40*time.Minute)}, want: []string{
			"two.mp4: the recorder's clock jumps forward by 03:00:00 at 00:35:00, back by 0.5 s at 00:36:00, as if it was restarted; the parts are joined without a gap. Watch that part; anything missing was not recorded",
		}, jumps: []media.ClockJump{{At: 2 * time.Minute, By: time.Hour}, {At: 5 * time.Minute, By: 3 * time.Hour}, {At: 6 * time.Minute, By: -time.Second / 2}}},
		{name: "one that fits", cut: []conference.KeptRange{cut(2*time.Minute, 14*time.Minute)}, length: 15 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := two
			w.probes = slices.Clone(two.probes)
			w.probes[1].Jumps = c.jumps
			w.facts.Cut, w.facts.Talk.Length, w.analysis.Keyframes = c.cut, c.length, &c.glance
			var said []string
			for _, trouble := range mustPlan(t, w).Issues {
				said = append(said, trouble.String())
			}
			if !slices.Equal(said, c.want) {
				t.Errorf("said\n%s\nwant\n%s", strings.Join(said, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}
