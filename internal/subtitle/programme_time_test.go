package subtitle_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/subtitle"
	"github.com/lectern-av/lectern/internal/timeline"
)

// programme shows a card of 2 s, the reel from 10 to 20 s and from 30 to 40 s, a card.
var programme = timeline.Programme{
	Rate: timeline.Rate{Num: 25, Den: 1}, Opening: 50, Closing: 50,
	Kept: []timeline.Range{{From: 250, To: 500}, {From: 750, To: 1000}},
}

func TestToProgramme(t *testing.T) {
	tests := []struct {
		name       string
		start, end time.Duration // reel
		from, to   time.Duration // programme
		why        string        // it is left out
	}{
		{name: "inside", start: 11000 * ms, end: 12000 * ms, from: 3000 * ms, to: 4000 * ms},
		{name: "over what was cut out", start: 19000 * ms, end: 31000 * ms, from: 11000 * ms, to: 13000 * ms},
		{name: "clipped", start: 9000 * ms, end: 10300 * ms, from: 2000 * ms, to: 2300 * ms},
		{name: "clipped too short", start: 9000 * ms, end: 10299 * ms, why: "only 299 ms of it are in the programme"},
		{name: "short as it was written", start: 11000 * ms, end: 11200 * ms, from: 3000 * ms, to: 3200 * ms},
		{name: "in what was cut out", start: 20000 * ms, end: 30000 * ms, why: "it is not in the programme"},
		{name: "after the end", start: 50000 * ms, end: 51000 * ms, why: "it is not in the programme"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			placed, left := subtitle.ToProgramme(programme, []conference.Cue{cue("c", test.start, test.end, "x")})
			if test.why != "" {
				if len(placed) != 0 || len(left) != 1 || left[0].Reason != test.why || left[0].Cue.Start != test.start {
					t.Errorf("placed %v, left %v", placed, left)
				}
				return
			}
			if want := []conference.Cue{cue("c", test.from, test.to, "x")}; !reflect.DeepEqual(placed, want) || len(left) != 0 {
				t.Errorf("placed %v, left %v", placed, left)
			}
		})
	}
}

func TestToReel_RoundTrip(t *testing.T) {
	cues := []conference.Cue{
		cue("a", 0, 1000*ms, "over the opening card"),
		cue("b", 3000*ms, 4000*ms, "x"),
		cue("c", 11500*ms, 12500*ms, "over a join"),
		cue("d", 23000*ms, 24000*ms, "over the closing card"),
	}
	reel, left := subtitle.ToReel(programme, cues)
	if len(left) != 2 || left[0].Cue.ID != "a" || left[1].Cue.ID != "d" || left[0].Reason == "" {
		t.Errorf("left %v", left)
	}
	if placed, _ := subtitle.ToProgramme(programme, reel); !reflect.DeepEqual(placed, cues[1:3]) {
		t.Errorf("%v came back as %v", cues[1:3], placed)
	}
}

func TestFlatten(t *testing.T) {
	got := subtitle.Flatten([]conference.Cue{
		cue("a", 0, 3000*ms, "A"), cue("b", 1000*ms, 2000*ms, "B"), cue("c", 3000*ms, 4000*ms, "A"), cue("d", 5000*ms, 6000*ms, "D"),
	})
	want := []conference.Cue{
		cue("a", 0, 1000*ms, "A"), cue("b", 1000*ms, 2000*ms, "A\nB"), cue("a", 2000*ms, 3000*ms, "A"), cue("c", 3000*ms, 4000*ms, "A"), cue("d", 5000*ms, 6000*ms, "D"),
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}

func TestFlatten_MovesStyles(t *testing.T) {
	got := subtitle.Flatten([]conference.Cue{
		{ID: "a", Start: 0, End: 1000 * ms, Text: "été", Spans: []conference.Span{{From: 0, To: 5, Italic: true}}, Position: 8},
		{ID: "b", Start: 0, End: 1000 * ms, Text: "so B", Spans: []conference.Span{{From: 3, To: 4, Bold: true}}},
	})
	want := []conference.Cue{{ID: "b", Start: 0, End: 1000 * ms, Text: "été\nso B",
		Spans: []conference.Span{{From: 0, To: 5, Italic: true}, {From: 9, To: 10, Bold: true}}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}

func TestCanonicalJSON_OnlyWhatViewersSee(t *testing.T) {
	span := conference.Span{From: 0, To: 3, Italic: true}
	a := []conference.Cue{{ID: "a", Start: 1000*ms + 3, End: 2000 * ms, Text: "x\ny", Spans: []conference.Span{span}, Line: 7}}
	b := []conference.Cue{{ID: "b", Start: 1000 * ms, End: 2000*ms - 3, Text: " x\ny", Position: 2,
		Spans: []conference.Span{{From: 1, To: 2, Italic: true}, {From: 3, To: 4, Italic: true}}}}
	want := `[{"start":1000,"end":2000,"text":"x\ny","spans":[{"from":0,"to":1,"italic":true},{"from":2,"to":3,"italic":true}]}]`
	if x, y := subtitle.CanonicalJSON(a), subtitle.CanonicalJSON(b); !bytes.Equal(x, y) || string(x) != want {
		t.Errorf("%s and %s", x, y)
	}
	a[0].Position = 8
	back, err := subtitle.ParseCanonicalJSON(subtitle.CanonicalJSON(a))
	if err != nil || len(back) != 1 || back[0].ID != "c0001" || back[0].Position != 8 || !bytes.Equal(subtitle.CanonicalJSON(back), subtitle.CanonicalJSON(a)) {
		t.Errorf("%v, %v", back, err)
	}
}

func TestCanonicalLanguage(t *testing.T) {
	tests := []struct {
		tag, want string
		says      string // the fault
	}{
		{tag: "en", want: "en"},
		{tag: "pt_BR", want: "pt-BR"},
		{tag: "ZH-hant", want: "zh-Hant"},
		{tag: "es-419", want: "es-419"},
		{tag: "spa", want: "es"},
		{tag: "iw", want: "he"},
		{tag: "es-LA", says: "Did you mean es-419"},
		{tag: "und", says: "names no language"},
		{tag: "", says: "names no language"},
		{tag: "jp", says: "Did you mean ja (Japanese)?"},
		{tag: "cz", says: "Did you mean cs (Czech)?"},
		{tag: "English", says: "Did you mean en (English)?"},
		{tag: "español", says: "Did you mean es (Spanish)?"},
		{tag: "en-Englnd", says: "Did you mean en (English)?"},
		{tag: "zz", says: "Tags look like"},
		{tag: "??", says: "Tags look like"},
	}
	for _, test := range tests {
		got, err := subtitle.CanonicalLanguage(test.tag)
		if test.says == "" && (err != nil || got != test.want) {
			t.Errorf("%q is %q, %v; not %q", test.tag, got, err, test.want)
		}
		if f := inputerr.As(err); test.says != "" && (f == nil || !strings.Contains(f.Error(), test.says)) {
			t.Errorf("%q is %q, %v; not %q", test.tag, got, err, test.says)
		}
	}
}
