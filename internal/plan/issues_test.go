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
			"one.mp4: nothing is heard from 00:14:00 to 00:16:00. If it is a break, leave it out: give --cut for what comes before and after",
			"two.mp4: nothing is heard from 00:44:00 to 00:46:00. If it is a break, leave it out: give --cut for what comes before and after",
			"silence until 00:01:59. To leave it out: --cut 00:01:59-01:00:00",
		}},
		{name: "a cut without a trouble", cut: []conference.KeptRange{cut(2*time.Minute, 14*time.Minute)}},
		{name: "a cut that leaves half of one", cut: []conference.KeptRange{cut(2*time.Minute, 15*time.Minute+time.Second)}, want: []string{
			"one.mp4: nothing is heard from 00:14:00 to 00:15:01. If it is a break, leave it out: give --cut for what comes before and after",
		}},
		{name: "a picture", cut: []conference.KeptRange{cut(33*time.Minute, 40*time.Minute)}, glance: media.KeyframeScan{Black: []timeline.Span{minutes(1, 4)}, MaxInterval: 9 * time.Second}, want: []string{
			"two.mp4: the picture is black from 00:33:00 to 00:34:00 (give or take 9 s). If nothing is to be seen there, cut it out, or look for another recording",
		}},
		{name: "a short one", cut: []conference.KeptRange{cut(2*time.Minute, 14*time.Minute)}, length: half, want: []string{
			"00:12:00 is kept of the recordings, and the slot is of 00:30:00. Is a recording missing, or does --cut leave out too much?",
		}},
		{name: "a long one", cut: []conference.KeptRange{cut(2*time.Minute, 14*time.Minute)}, length: 5 * time.Minute, want: []string{
			"00:12:00 is kept of the recordings, and the slot is of 00:05:00. Give --cut for what belongs to the talk",
		}},
		{name: "a clock that jumps", cut: []conference.KeptRange{cut(33*time.Minute, 40*time.Minute)}, want: []string{
			"two.mp4: the clock jumps forward by 03:00:00 at 00:35:00, back by 0.5 s at 00:36:00, as where a recorder was started again; what comes after follows at once. Have a look there; what is missing was not recorded",
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
