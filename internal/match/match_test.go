package match_test

import (
	"slices"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/match"
)

var zone = time.FixedZone("CEST", 2*60*60)

func at(hour, minute int) time.Time { return time.Date(2026, 7, 14, hour, minute, 0, 0, zone) }

var programme = []match.Slot{
	{Slug: "opening", Title: "Opening", ID: "4711", Room: "Hall A", Start: at(10, 0), Length: 30 * time.Minute},
	{Slug: "apis", Title: "Prototyping APIs", Room: "Hall A", Speakers: []string{"Ada Byron"}, Start: at(11, 0), Length: 30 * time.Minute},
	{Slug: "maps", Title: "Maps", Room: "Hall B", Start: at(11, 0), Length: 30 * time.Minute},
}

func TestRank(t *testing.T) {
	for _, test := range []struct {
		name string
		r    match.Recording
		want []string
	}{
		{"an id", match.Recording{Name: "4711_final.mp4"}, []string{"opening"}},
		{"a title", match.Recording{Name: "Prototyping-APIs.mkv"}, []string{"apis"}},
		{"a speaker", match.Recording{Name: "ada_byron.mov"}, []string{"apis"}},
		{"a room's long recording", match.Recording{Name: "2026-07-14 09-55-00.mkv", Room: "hall-a", Length: 3 * time.Hour}, []string{"opening", "apis"}},
		{"the room in the name comes first", match.Recording{Name: "hall_b_20260714T105500.ts", Length: time.Hour}, []string{"maps", "apis"}},
		{"another day", match.Recording{Name: "2026-07-15_10-00-05.mkv", Length: time.Hour}, nil},
		{"a camera's name", match.Recording{Name: "00001.MTS", Length: time.Hour}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.r.Zone = zone
			var got []string
			for _, p := range match.Rank(test.r, programme) {
				got = append(got, p.Slug)
				for _, r := range p.Reasons {
					if match.English[r.Code] == "" {
						t.Errorf("reason %s has no text", r.Code)
					}
				}
				if len(p.Reasons) == 0 {
					t.Errorf("%s is proposed without a reason", p.Slug)
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("proposed are %v, want %v", got, test.want)
			}
		})
	}
}

func TestRank_CutMargin(t *testing.T) {
	r := match.Recording{Name: "x.mkv", Start: at(11, 0), Length: 30*time.Minute + 20*time.Second, Room: "Hall A", Zone: zone}
	p := match.Rank(r, programme)
	if len(p) != 1 || p[0].From != 0 || p[0].To != r.Length || p[0].Reasons[0].String() != "room and time fit: 11:00–11:30 in Hall A was recorded" {
		t.Errorf("proposed is %+v", p)
	}
}

func TestStartFromName(t *testing.T) {
	for name, want := range map[string]time.Time{
		"2026-07-14_10-00-05.mp4": at(10, 0).Add(5 * time.Second),
		"20260714T100005.mkv":     at(10, 0).Add(5 * time.Second),
		"2026-07-14 10-00-05.mkv": at(10, 0).Add(5 * time.Second),
		"rec-20260714-1000.ts":    at(10, 0),
		"20260714T080005Z.ts":     at(10, 0).Add(5 * time.Second),
		"00001.MTS":               {},
		"2026-13-40_10-00-05.mp4": {},
	} {
		if got, ok := match.StartFromName(name, zone); !got.Equal(want) || ok == want.IsZero() {
			t.Errorf("%s began %v, %v; want %v", name, got, ok, want)
		}
	}
}
