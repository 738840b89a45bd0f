package plan_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/plan"
)

// keysOf returns the keys of the actions of a kind.
func keysOf(g plan.Graph, kind string) map[action.Key]bool {
	keys := make(map[action.Key]bool)
	for _, a := range g.Actions {
		if a.Kind == kind {
			keys[a.Key] = true
		}
	}
	return keys
}

// Moving a cut renews the stills of the changed chunks; correcting a word renews none.
func TestStills_RemadeOnlyForMovedChunks(t *testing.T) {
	w := newFixture()
	w.facts.Cut = []conference.KeptRange{cut(time.Minute, 20*time.Minute)}
	was, err := w.plan(t)
	if err != nil {
		t.Fatal(err)
	}
	before := keysOf(was, "stills")
	if len(before) != 38 {
		t.Errorf("stills of %d chunks, want 38", len(before))
	}
	for _, c := range []struct {
		name   string
		change func(*planFixture)
		stills int
		sprite bool
	}{
		{"nothing", func(*planFixture) {}, 0, false},
		{"five seconds off the start", func(w *planFixture) { w.facts.Cut[0] = cut(65*time.Second, 20*time.Minute) }, 1, true},
		{"a break taken out", func(w *planFixture) {
			w.facts.Cut = []conference.KeptRange{cut(time.Minute, 10*time.Minute+7*time.Second), cut(12*time.Minute+3*time.Second, 20*time.Minute)}
		}, 2, true},
		{"the title", func(w *planFixture) { w.facts.Talk.Title = "Others" }, 0, false},
		{"a caption", func(w *planFixture) { w.facts.Tracks[0].Cues[0].Text = "Others" }, 0, false},
		{"a rendition more", func(w *planFixture) {
			w.pipeline = shipped(t, "talk", "- {height: 720,", "- {height: 540, codec: h264}\n        - {height: 720,")
		}, 0, false},
	} {
		w := newFixture()
		w.facts.Cut = []conference.KeptRange{cut(time.Minute, 20*time.Minute)}
		w.facts.Tracks = slices.Clone(w.facts.Tracks)
		w.facts.Tracks[0].Cues = slices.Clone(w.facts.Tracks[0].Cues)
		c.change(&w)
		now, err := w.plan(t)
		if err != nil {
			t.Fatal(err)
		}
		fresh := keysOf(now, "stills")
		maps.DeleteFunc(fresh, func(k action.Key, _ bool) bool { return before[k] })
		if len(fresh) != c.stills {
			t.Errorf("%s: stills of %d chunks anew, want %d", c.name, len(fresh), c.stills)
		}
		if changed := !maps.Equal(keysOf(was, "sprite"), keysOf(now, "sprite")); changed != c.sprite {
			t.Errorf("%s: the sprite is made anew: %v, want %v", c.name, changed, c.sprite)
		}
	}
}

// shipped returns the text of a shipped pipeline with one part replaced.
func shipped(t *testing.T, name, old, new string) string {
	t.Helper()
	p, err := loadShipped(name)
	if err != nil || !strings.Contains(p.Text, old) {
		t.Fatalf("pipeline %s: %v", name, err)
	}
	return strings.Replace(p.Text, old, new, 1)
}

// A tutorial of three hours has a still every ten seconds, and as many sheets as they need.
func TestSprite_ThreeHourTutorial(t *testing.T) {
	w := newFixture()
	w.probes[0] = recording(3 * time.Hour)
	p, err := loadShipped("tutorial")
	if err != nil {
		t.Fatal(err)
	}
	w.pipeline = p.Text
	g, err := w.plan(t)
	if err != nil {
		t.Fatal(err)
	}
	var b plan.BundleSpec
	unmarshal(t, g.Actions[len(g.Actions)-1].Params, &b)
	var paths []string
	for _, e := range b.Entries {
		if e.Role == "sprite" || e.Role == "contact" {
			paths = append(paths, e.Path)
		}
	}
	want := []string{"thumb/apis-sprite.vtt", "thumb/apis-contact.jpg"}
	for n := range 11 { // 1080 stills, of which 100 go on a sheet
		want = append(want, fmt.Sprintf("thumb/apis-sprite-%02d.jpg", n+1))
	}
	if !slices.Equal(paths, want) {
		t.Errorf("the bundle has %q, want %q", paths, want)
	}
}

// Stills are taken from the smallest rendition that is sharp enough to judge, and keep the
// programme's aspect ratio.
func TestStills_RenditionChosen(t *testing.T) {
	for _, c := range []struct {
		renditions string
		width      int
		height     int
		of         string
		wide, high int
	}{
		{"{height: 1080}, {height: 720}, {height: 480}", 1920, 1080, "480", 320, 180},
		{"{height: 1080}, {height: 240}", 1920, 1080, "1080", 320, 180},
		{"{height: 240}, {height: 144}", 1920, 1080, "240", 320, 180},
		{"{height: 480}", 640, 480, "480", 240, 180},
		{"{height: 480}", 1080, 1920, "480", 102, 180},
		{"{height: 480}", 2560, 1080, "480", 320, 136},
	} {
		w := newFixture()
		w.probes[0].Video.Width, w.probes[0].Video.Height = c.width, c.height
		w.pipeline = strings.Replace(withExec("sprite", "  - {uses: stills, needs: [index, encode]}\n  - {uses: sprite, needs: [stills]}\n"),
			"{height: 720}, {height: 480}", c.renditions, 1)
		g, err := w.plan(t)
		if err != nil {
			t.Fatal(err)
		}
		var spec struct{ Width, Height int }
		i := slices.IndexFunc(g.Actions, func(a action.Action) bool { return a.Kind == "stills" })
		unmarshal(t, g.Actions[i].Params, &spec)
		from := slices.IndexFunc(g.Actions, func(a action.Action) bool { return a.Key == g.Actions[i].Inputs["segment"] })
		if !strings.HasPrefix(g.Actions[from].Slot, "encode/"+c.of+"/") || spec.Width != c.wide || spec.Height != c.high {
			t.Errorf("of %d×%d in %s: %d×%d of %s; want %d×%d of %s", c.width, c.height, c.renditions, spec.Width, spec.Height, g.Actions[from].Slot, c.wide, c.high, c.of)
		}
	}
}

// Chunks at the start or end of a kept range are marked, because a poster should not come from
// what may be cut off soon.
func TestPoster_EdgeChunks(t *testing.T) {
	w := newFixture()
	w.facts.Cut = []conference.KeptRange{cut(time.Minute, 3*time.Minute), cut(5*time.Minute+10*time.Second, 5*time.Minute+25*time.Second)}
	g, err := w.plan(t)
	if err != nil {
		t.Fatal(err)
	}
	var spec plan.PosterSpec
	i := slices.IndexFunc(g.Actions, func(a action.Action) bool { return a.Kind == "thumbnail" })
	unmarshal(t, g.Actions[i].Params, &spec)
	want := []plan.PosterChunk{{0, 1500, true}, {0, 2250, false}, {0, 3000, false}, {0, 3750, true}, {0, 7750, true}}
	if !slices.Equal(spec.Chunks, want) {
		t.Errorf("chunks %+v, want %+v", spec.Chunks, want)
	}
}
