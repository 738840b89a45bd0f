package plan_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/timeline"
	"github.com/lectern-av/lectern/pipelines"
)

func kinds() []plan.Kind {
	return []plan.Kind{
		plan.Probe(), plan.Index(), plan.Analyse(), plan.Encode(), plan.Card(), plan.Audio(),
		plan.Assemble(), plan.Stills(), plan.Thumbnail(), plan.Sprite(), plan.Captions(), plan.Sync(), plan.Subtitled(), plan.Exec(), plan.Bundle(),
	}
}

// planFixture is a talk, with the observations that are made of its recordings.
type planFixture struct {
	facts    conference.Facts
	pipeline string // text; empty: the shipped one for a talk
	probes   []media.Probe
	analysis media.Analysis
	analyses []media.Analysis  // of each recording, instead of analysis
	sound    *media.AudioFacts // what was made; nil: nothing yet
}

const half = 30 * time.Minute

// newFixture returns a talk of half an hour at 25 frames a second with English subtitles.
func newFixture() planFixture {
	return planFixture{
		facts: conference.Facts{
			Talk:       conference.Talk{Slug: "apis", Title: "APIs", Speakers: []string{"Inés"}, Language: "en"},
			Recordings: []conference.Recording{{SHA256: strings.Repeat("a", 64), Name: "one.mp4"}},
			Tracks:     []conference.Track{{Language: "en", Revision: 1, Cues: []conference.Cue{{ID: "c1", End: time.Second, Text: "Hello"}}}},
		},
		probes:   []media.Probe{recording(half)},
		analysis: media.Analysis{SuggestedChannels: "stereo"},
	}
}

func recording(length time.Duration) media.Probe {
	return media.Probe{
		Format: "mov,mp4,m4a,3gp,3g2,mj2", Indexed: true, Declared: length, Readable: length,
		Video: &media.Video{Width: 1920, Height: 1080, Rate: timeline.Rate{Num: 25, Den: 1}, TimeBase: timeline.Rate{Num: 1, Den: 12800}, End: length},
		Audio: []media.Audio{{Stream: 1, Channels: 2, Hz: 48000, End: length}},
	}
}

func cut(from, to time.Duration) conference.KeptRange {
	return conference.KeptRange{From: from, To: to}
}

// plan plans the talk again and again as observations come in, as the conductor does.
func (w planFixture) plan(t *testing.T) (plan.Graph, error) {
	t.Helper()
	var planKinds []pipelines.StageKind
	for _, k := range kinds() {
		planKinds = append(planKinds, k.StageKind)
	}
	p, err := pipelines.Load("talk", planKinds)
	if w.pipeline != "" {
		p, err = pipelines.Parse("mine", "mine.yaml", []byte(w.pipeline), planKinds)
	}
	if err != nil {
		t.Fatal(err)
	}
	observed := make(map[action.Key]action.Artifact)
	for {
		g, err := plan.Build(plan.Input{Facts: w.facts, Pipeline: p, Kinds: kinds(), Observed: observed})
		if err != nil || g.Complete && !w.observe(t, g, observed) {
			return g, err
		}
		if !g.Complete && !w.observe(t, g, observed) {
			t.Fatalf("the plan waits for something: %v", g.ObservationKeys)
		}
	}
}

// observe adds the observations that the graph waits for.
func (w planFixture) observe(t *testing.T, g plan.Graph, observed map[action.Key]action.Artifact) (found bool) {
	t.Helper()
	for _, a := range g.Actions {
		if _, known := observed[a.Key]; known || !slices.Contains(g.ObservationKeys, a.Key) {
			continue
		}
		var facts any = w.analysis
		if n, err := strconv.Atoi(strings.TrimPrefix(a.Slot, "analyse/r")); err == nil && n <= len(w.analyses) {
			facts = w.analyses[n-1]
		}
		if a.Kind == "audio" {
			if w.sound == nil {
				continue
			}
			facts = *w.sound
		}
		if a.Kind == "probe" || a.Kind == "index" {
			n := slices.IndexFunc(w.facts.Recordings, func(r conference.Recording) bool { return a.Inputs["recording"] == action.Key(r.SHA256) })
			p := w.probes[max(0, n)] // a clip is like the first
			if a.Kind == "index" {
				p.Indexed, p.Video = true, recording(half).Video
			}
			facts = p
		}
		b, err := json.Marshal(facts)
		if err != nil {
			t.Fatal(err)
		}
		observed[a.Key], found = action.Artifact{Key: a.Key, Facts: b}, true
	}
	return found
}

func mustPlan(t *testing.T, w planFixture) plan.Graph {
	t.Helper()
	g, err := w.plan(t)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// bySlot returns the keys of a graph's actions by slot.
func bySlot(g plan.Graph) map[string]action.Key {
	keys := make(map[string]action.Key)
	for _, a := range g.Actions {
		keys[a.Slot] = a.Key
	}
	return keys
}

// changed returns, by kind, the number of actions in after that are not in before.
func changed(before, after plan.Graph) map[string]int {
	there := make(map[action.Key]bool)
	for _, a := range before.Actions {
		there[a.Key] = true
	}
	kinds := make(map[string]int)
	for _, a := range after.Actions {
		if !there[a.Key] {
			kinds[a.Kind]++
		}
	}
	return kinds
}

func TestBuild_Deterministic(t *testing.T) {
	a, b := mustPlan(t, newFixture()), mustPlan(t, newFixture())
	if a.BundleKey != b.BundleKey || !maps.Equal(bySlot(a), bySlot(b)) {
		t.Error("the same input gave another graph")
	}
	for i, act := range a.Actions {
		if act.Key != b.Actions[i].Key {
			t.Fatalf("action %d: %s and %s", i, act.Slot, b.Actions[i].Slot)
		}
		if got := action.KeyOf(a.Preimages[act.Key]); got != act.Key {
			t.Errorf("%s: its preimage has the key %s", act.Slot, got)
		}
	}
}

func TestBuild_ActionsSortedByDependency(t *testing.T) {
	g := mustPlan(t, newFixture())
	slots := make(map[string]bool)
	done := map[action.Key]bool{action.Key(strings.Repeat("a", 64)): true}
	for key := range g.InlineInputs {
		done[key] = true
	}
	for _, a := range g.Actions {
		for role, key := range a.Inputs {
			if !done[key] {
				t.Errorf("%s reads %s before it is made", a.Slot, role)
			}
		}
		if slots[a.Slot] {
			t.Errorf("two actions are in slot %s", a.Slot)
		}
		done[a.Key], slots[a.Slot] = true, true
	}
	if g.Actions[len(g.Actions)-1].Key != g.BundleKey {
		t.Error("the last action is not the bundle's")
	}
}

// Each change of the facts needs exactly the actions listed here to be run again.
func TestBuild_ChangeAffectsOnlyDependentActions(t *testing.T) {
	base := newFixture()
	base.facts.Cut = []conference.KeptRange{cut(190*time.Second, 20*time.Minute)}
	for _, c := range []struct {
		name   string
		change func(*planFixture)
		want   map[string]int
	}{
		{"nothing", func(*planFixture) {}, map[string]int{}},
		{"a caption", func(w *planFixture) { w.facts.Tracks[0].Cues[0].Text = "Hello!" },
			map[string]int{"captions": 1, "subtitled": 1, "bundle": 1}},
		{"when a caption ends", func(w *planFixture) { w.facts.Tracks[0].Cues[0].End += time.Second },
			map[string]int{"captions": 1, "sync": 1, "subtitled": 1, "bundle": 1}},
		{"the file a track came as", func(w *planFixture) { w.facts.Tracks[0].Source = &conference.SourceFile{Encoding: "utf-16"} },
			map[string]int{"bundle": 1}},
		{"the ids and lines of cues", func(w *planFixture) { w.facts.Tracks[0].Cues[0].ID, w.facts.Tracks[0].Cues[0].Line = "x", 7 },
			map[string]int{}},
		{"a language more", func(w *planFixture) {
			w.facts.Tracks = append(w.facts.Tracks, conference.Track{Language: "es", Cues: []conference.Cue{{End: time.Second, Text: "Hola"}}})
		}, map[string]int{"captions": 1, "subtitled": 1, "bundle": 1}},
		{"the in-point moved within a chunk", func(w *planFixture) { w.facts.Cut[0].From += 5 * time.Second },
			map[string]int{"encode": 3, "audio": 1, "assemble": 3, "stills": 1, "thumbnail": 1, "sprite": 1, "captions": 1, "subtitled": 1, "bundle": 1}},
		{"both ends moved", func(w *planFixture) { w.facts.Cut[0].From += 5 * time.Second; w.facts.Cut[0].To -= 5 * time.Second },
			map[string]int{"encode": 6, "audio": 1, "assemble": 3, "stills": 2, "thumbnail": 1, "sprite": 1, "captions": 1, "subtitled": 1, "bundle": 1}},
		{"the title", func(w *planFixture) { w.facts.Talk.Title = "The APIs" },
			map[string]int{"card": 6, "assemble": 3, "subtitled": 1, "bundle": 1}},
		{"the abstract", func(w *planFixture) { w.facts.Talk.Abstract = "About them." }, map[string]int{"bundle": 1}},
		{"the channels", func(w *planFixture) { w.facts.Channels = conference.ChannelsLeft },
			map[string]int{"audio": 1, "assemble": 3, "subtitled": 1, "bundle": 1}},
		{"a passage muted", func(w *planFixture) {
			w.facts.Processing.Mute = []timeline.Span{{From: 5 * time.Minute, To: 6 * time.Minute}}
		},
			map[string]int{"audio": 1, "assemble": 3, "subtitled": 1, "bundle": 1}},
		{"a passage muted that is cut out", func(w *planFixture) { w.facts.Processing.Mute = []timeline.Span{{To: time.Minute}} }, map[string]int{}},
		{"a passage blanked, over the edge of a chunk", func(w *planFixture) {
			w.facts.Processing.Blank = []timeline.Span{{From: 329 * time.Second, To: 331 * time.Second}}
		}, map[string]int{"encode": 6, "assemble": 3, "stills": 2, "thumbnail": 1, "sprite": 1, "subtitled": 1, "bundle": 1}},
		{"an interpreter on one side, and the talk on the other", func(w *planFixture) {
			w.facts.Processing.Floor.Channels = conference.ChannelsLeft
			w.facts.Processing.Interpreters = []conference.AudioSource{{Language: "es", Channels: conference.ChannelsRight}}
		}, map[string]int{"audio": 2, "assemble": 3, "subtitled": 1, "bundle": 1}},
		{"chapters", func(w *planFixture) {
			w.facts.Talk.Chapters = []conference.Chapter{{At: 5 * time.Minute, Title: "Middle"}}
		},
			map[string]int{"assemble": 3, "subtitled": 1, "bundle": 1}},
		{"where the title stands on cards", func(w *planFixture) {
			w.facts.Conference.Cards = &conference.Cards{Title: &conference.TextBox{X: 5, Y: 5, Width: 90}}
		}, map[string]int{"card": 6, "assemble": 3, "subtitled": 1, "bundle": 1}},
		{"what lies behind cards", func(w *planFixture) {
			w.facts.Conference.Cards = &conference.Cards{Background: &conference.Asset{Name: "b.png", SHA256: strings.Repeat("c", 64)}}
		}, map[string]int{"card": 6, "assemble": 3, "subtitled": 1, "bundle": 1}},
		{"the font of cards", func(w *planFixture) {
			w.facts.Conference.Cards = &conference.Cards{FontFile: &conference.Asset{Name: "f.ttf", SHA256: strings.Repeat("c", 64)}}
		}, map[string]int{"card": 6, "assemble": 3, "subtitled": 1, "bundle": 1}},
		{"the language of cards", func(w *planFixture) {
			w.facts.Conference.Cards = &conference.Cards{Language: "es"}
		}, map[string]int{"card": 6, "assemble": 3, "subtitled": 1, "bundle": 1}},
		{"the description", func(w *planFixture) { w.facts.Conference.Description = "{abstract}" }, map[string]int{"bundle": 1}},
		{"the salt of one rendition", func(w *planFixture) { w.facts.Salts = map[string]int{"720": 1} },
			map[string]int{"encode": 34, "card": 2, "assemble": 1, "bundle": 1}},
		{"a file's name", func(w *planFixture) { w.facts.Recordings[0].Name = "renamed.mp4" }, map[string]int{}},
		{"another recording at the end, not kept", func(w *planFixture) {
			w.facts.Recordings = append(w.facts.Recordings, conference.Recording{SHA256: strings.Repeat("b", 64), Name: "two.mp4"})
			w.probes = append(w.probes, recording(half))
		}, map[string]int{"probe": 1, "analyse": 1, "captions": 1, "sync": 1, "subtitled": 1, "bundle": 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			after := base
			after.facts.Cut = slices.Clone(base.facts.Cut)
			after.facts.Tracks = slices.Clone(base.facts.Tracks)
			after.facts.Tracks[0].Cues = slices.Clone(base.facts.Tracks[0].Cues)
			after.facts.Recordings = slices.Clone(base.facts.Recordings)
			c.change(&after)
			if got := changed(mustPlan(t, base), mustPlan(t, after)); !maps.Equal(got, c.want) {
				t.Errorf("asks for %v, want %v", got, c.want)
			}
		})
	}
}

// Chunks depend on their recording and not on the reel: adding a recording in front changes
// none of them.
func TestEncode_RecordingInsertedBeforeKeepsChunks(t *testing.T) {
	one := newFixture()
	two := newFixture()
	two.facts.Recordings = slices.Insert(two.facts.Recordings, 0, conference.Recording{SHA256: strings.Repeat("b", 64), Name: "zero.mp4"})
	two.probes = slices.Insert(two.probes, 0, recording(7*time.Minute+333*time.Millisecond))
	there := make(map[action.Key]bool)
	for _, a := range mustPlan(t, two).Actions {
		there[a.Key] = true
	}
	for _, a := range mustPlan(t, one).Actions {
		if a.Kind == "encode" && !there[a.Key] {
			t.Errorf("%s would be encoded again", a.Slot)
		}
	}
}

// The conference's clips are encoded once for all talks, their sound is part of the
// programme's, and captions are delayed by the length of the opening clip.
func TestClips_SurroundProgramme(t *testing.T) {
	w := newFixture()
	w.facts.Conference.Cards = &conference.Cards{
		OpeningClip: &conference.Asset{Name: "in.mp4", SHA256: strings.Repeat("c", 64)},
		ClosingClip: &conference.Asset{Name: "out.mp4", SHA256: strings.Repeat("d", 64)},
	}
	plain, g := mustPlan(t, newFixture()), mustPlan(t, w)
	if more := g.Edition.Programme.Opening - plain.Edition.Programme.Opening; more != int64(half/time.Second)*25 {
		t.Errorf("the opening is %d frames longer", more)
	}
	got := changed(plain, g)
	want := map[string]int{"probe": 2, "analyse": 2, "encode": 360, "card": 6, "audio": 1, "assemble": 3, "sprite": 1, "captions": 1, "subtitled": 1, "bundle": 1}
	if !maps.Equal(got, want) {
		t.Errorf("asks for %v, want %v", got, want)
	}
	for _, a := range g.Actions {
		if a.Slot != "audio/aac" {
			continue
		}
		var spec media.AudioSpec
		if err := json.Unmarshal(a.Params, &spec); err != nil {
			t.Fatal(err)
		}
		if spec.OpeningClip == nil || spec.ClosingClip == nil || spec.OpeningClip.Recording != 1 || spec.ClosingClip.Recording != 2 || len(a.Inputs) != 6 {
			t.Errorf("the sound is %+v, of %v", spec, a.Inputs)
		}
	}
}

func TestEncode_RenditionsNotAboveSourceHeight(t *testing.T) {
	for _, c := range []struct {
		width, height int
		want          []string
	}{
		{3840, 2160, []string{"1080", "480", "720"}},
		{1920, 1080, []string{"1080", "480", "720"}},
		{1600, 900, []string{"480", "720", "900"}},
		{1280, 720, []string{"480", "720"}},
		{640, 360, []string{"360"}},
	} {
		w := newFixture()
		w.probes[0].Video.Width, w.probes[0].Video.Height = c.width, c.height
		var got []string
		for _, a := range mustPlan(t, w).Actions {
			if a.Kind == "assemble" {
				got = append(got, strings.TrimPrefix(a.Slot, "assemble/"))
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%d×%d: renditions %v, want %v", c.width, c.height, got, c.want)
		}
	}
}

func TestEncode_RenditionsOfChunkShareJob(t *testing.T) {
	shares := make(map[string]int)
	for _, a := range mustPlan(t, newFixture()).Actions {
		if a.Kind == "encode" {
			shares[a.Share]++
		}
	}
	if len(shares) != 60 {
		t.Errorf("%d jobs for half an hour in chunks of 30 s", len(shares))
	}
	for share, n := range shares {
		if n != 3 {
			t.Errorf("chunk %s: %d renditions share its decode, want 3", share, n)
		}
	}
}

func TestIndex_UnindexedRecording(t *testing.T) {
	w := newFixture()
	w.probes[0].Indexed = false
	g := mustPlan(t, w)
	index := bySlot(g)["index/r1"]
	if index == "" {
		t.Fatal("nothing indexes it")
	}
	for _, a := range g.Actions {
		if a.Kind == "encode" && a.Inputs["recording"] != index {
			t.Fatalf("%s reads %s, not the index", a.Slot, a.Inputs["recording"])
		}
	}
}

// The picture of a sound-only recording is drawn again when its texts or background change,
// but not for a logo, which it does not show, or a clip, which it cannot use.
func TestWaveform_CardBackground(t *testing.T) {
	index := func(change func(w *planFixture)) (found action.Action, spec plan.RecordingSpec) {
		w := newFixture()
		w.probes[0].Indexed, w.probes[0].Video, w.facts.Processing.AllowNoVideo = false, nil, true
		change(&w)
		for _, a := range mustPlan(t, w).Actions {
			if a.Slot == "index/r1" {
				found = a
			}
		}
		if err := json.Unmarshal(found.Params, &spec); err != nil || spec.Waveform == nil {
			t.Fatalf("%s: %v", found.Params, err)
		}
		return found, spec
	}
	asset := func(name string) *conference.Asset {
		return &conference.Asset{Name: name, SHA256: strings.Repeat("c", 64)}
	}
	plain, spec := index(func(*planFixture) {})
	if behind := spec.Waveform.Background; behind.Title != "APIs" || behind.Look.Places["title"].Width == 0 {
		t.Errorf("drawn as %+v", behind)
	}
	for name, c := range map[string]struct {
		change func(w *planFixture)
		input  string
		anew   bool
	}{
		"a title":      {func(w *planFixture) { w.facts.Talk.Title = "Loops" }, "", true},
		"a background": {func(w *planFixture) { w.facts.Conference.Cards = &conference.Cards{Background: asset("b.png")} }, "background", true},
		"a font":       {func(w *planFixture) { w.facts.Conference.Cards = &conference.Cards{FontFile: asset("f.ttf")} }, "font", true},
		"a clip":       {func(w *planFixture) { w.facts.Conference.Cards = &conference.Cards{Background: asset("b.mp4")} }, "", false},
		"a logo": {func(w *planFixture) {
			w.facts.Conference.Cards = &conference.Cards{Logo: &conference.Logo{Asset: *asset("l.png")}}
		}, "", false},
		"a cut": {func(w *planFixture) { w.facts.Cut = []conference.KeptRange{cut(0, time.Minute)} }, "", false},
	} {
		a, _ := index(c.change)
		if anew := a.Key != plain.Key; anew != c.anew {
			t.Errorf("%s: drawn anew: %v", name, anew)
		}
		if c.input != "" && a.Inputs[c.input] == "" {
			t.Errorf("%s: read from %v", name, a.Inputs)
		}
	}
}

func TestAudio_DeadChannel(t *testing.T) {
	for _, c := range []struct {
		asked conference.Channels
		want  string
	}{
		{conference.ChannelsAuto, "left"}, {"", "left"},
		{conference.ChannelsStereo, "stereo"}, {conference.ChannelsMix, "mix"}, {conference.ChannelsRight, "right"},
	} {
		w := newFixture()
		w.facts.Channels = c.asked
		w.analysis = media.Analysis{SuggestedChannels: "left", Right: media.ChannelLevels{Dead: true}}
		g := mustPlan(t, w)
		for _, a := range g.Actions {
			var spec media.AudioSpec
			if a.Kind == "audio" {
				if err := json.Unmarshal(a.Params, &spec); err != nil {
					t.Fatal(err)
				}
				if got := spec.Pieces[0].Channels; got != c.want {
					t.Errorf("asked for %q: takes %q, want %q", c.asked, got, c.want)
				}
			}
		}
		said := func(t conference.Issue) bool {
			return t.Kind == conference.IssueDeadChannel && t.Recording == "one.mp4"
		}
		if !slices.ContainsFunc(g.Issues, said) {
			t.Errorf("no issue reports it: %v", g.Issues)
		}
	}
}

// Assigning a recording twice is allowed, but noted.
func TestProbe_DuplicateRecordingNoted(t *testing.T) {
	w := newFixture()
	w.facts.Recordings = append(w.facts.Recordings, conference.Recording{SHA256: w.facts.Recordings[0].SHA256, Name: "copy.mp4"})
	w.probes = append(w.probes, w.probes[0])
	g, err := w.plan(t)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(g.Notes, func(n string) bool { return strings.Contains(n, "recordings 1 and 2 are the same file: copy.mp4") }) {
		t.Errorf("notes %q", g.Notes)
	}
}

// Settings in a talk's file that its recordings cannot fulfil are errors.
func TestBuild_InvalidProcessing(t *testing.T) {
	left := conference.AudioSource{Channels: conference.ChannelsLeft}
	right := func(language string) []conference.AudioSource {
		return []conference.AudioSource{{Language: language, Channels: conference.ChannelsRight}}
	}
	for _, c := range []struct {
		name string
		ask  func(w *planFixture)
		says string
	}{
		{"silence after the end", func(w *planFixture) { w.facts.Processing.Mute = []timeline.Span{{From: half, To: half + time.Second}} },
			"mute: 00:30:00-00:30:01: begins after the end of the recordings, which are 00:30:00 long"},
		{"darkness after the end", func(w *planFixture) { w.facts.Processing.Blank = []timeline.Span{{From: 2 * half, To: 3 * half}} }, "blank: 01:00:00"},
		{"an interpreter on one side, and the talk on both", func(w *planFixture) { w.facts.Processing.Interpreters = right("es") }, "into Spanish uses the same channel"},
		{"an interpreter on a side of what has none", func(w *planFixture) {
			w.facts.Processing.Floor, w.facts.Processing.Interpreters = left, right("es")
			w.probes = []media.Probe{recording(half)}
			w.probes[0].Audio = []media.Audio{{Stream: 1, Channels: 1, Hz: 48000, End: half}}
		}, "sound stream 1 is mono"},
		{"an interpreter in the talk's language", func(w *planFixture) { w.facts.Processing.Floor, w.facts.Processing.Interpreters = left, right("en") }, "two sounds are in English"},
	} {
		w := newFixture()
		c.ask(&w)
		_, err := w.plan(t)
		var f *inputerr.Error
		if !errors.As(err, &f) || !strings.Contains(f.Error(), c.says) {
			t.Errorf("%s: %v, want a fault that says %q", c.name, err, c.says)
		}
	}
}

func TestCut_Invalid(t *testing.T) {
	for _, c := range []struct {
		name string
		cut  []conference.KeptRange
		says string
	}{
		{"reversed", []conference.KeptRange{cut(2*time.Minute, time.Minute)}, "ends before it begins"},
		{"empty", []conference.KeptRange{cut(time.Minute, time.Minute)}, "keeps nothing"},
		{"beyond the end", []conference.KeptRange{cut(0, time.Hour)}, "lies outside the recording, which is 00:30:00 long. Let it end at 00:30:00 at the latest"},
		{"after the end", []conference.KeptRange{cut(time.Hour, 2*time.Hour)}, "lies outside"},
		{"overlapping", []conference.KeptRange{cut(0, 2*time.Minute), cut(time.Minute, 3*time.Minute)}, "overlaps"},
		{"out of order", []conference.KeptRange{cut(5*time.Minute, 6*time.Minute), cut(0, time.Minute)}, "comes before"},
		{"of a recording that is not there", []conference.KeptRange{{Recording: 2, To: time.Minute}}, "names recording 2, but there is only one"},
		{"shorter than a frame", []conference.KeptRange{cut(0, 10*time.Millisecond)}, "shorter than a frame"},
	} {
		w := newFixture()
		w.facts.Cut = c.cut
		_, err := w.plan(t)
		var f *inputerr.Error
		if !errors.As(err, &f) || !strings.Contains(f.Error(), c.says) || !strings.Contains(f.Error(), "--cut") {
			t.Errorf("%s: %v, want a fault that says %q", c.name, err, c.says)
		}
	}
}

func TestCut_RecordingClock(t *testing.T) {
	w := newFixture()
	w.facts.Recordings = append(w.facts.Recordings, conference.Recording{SHA256: strings.Repeat("b", 64), Name: "two.mp4"})
	w.probes = append(w.probes, recording(half))
	w.facts.Cut = []conference.KeptRange{{Recording: 1, From: 29 * time.Minute, To: half}, {Recording: 2, To: time.Minute}}
	p := mustPlan(t, w).Edition.Programme
	want := timeline.Range{From: 29 * 60 * 25, To: 31 * 60 * 25}
	if len(p.Kept) != 1 || p.Kept[0] != want {
		t.Errorf("kept %v, want one range %v", p.Kept, want)
	}
}

func TestAssemble_CodecNeedsMatchingSound(t *testing.T) {
	w := newFixture()
	w.pipeline = `
stages:
  - {uses: probe}
  - {uses: index, needs: [probe]}
  - {uses: analyse, needs: [index]}
  - {uses: audio, needs: [index, analyse]}
  - {uses: encode, needs: [index], with: {renditions: [{height: 720, codec: vp9, bitrate: 1M}]}}
  - {uses: card, needs: [encode]}
  - {uses: assemble, needs: [card, encode, audio]}
  - {uses: captions}
  - {uses: bundle, needs: [assemble, captions]}
`
	_, err := w.plan(t)
	var f *inputerr.Error
	if !errors.As(err, &f) || f.Line != 9 || !strings.Contains(f.Error(), "codec: opus") {
		t.Fatalf("%v, want a fault of line 9 that asks for opus", err)
	}
	w.pipeline = strings.Replace(w.pipeline, "{uses: audio, needs: [index, analyse]}", "{uses: audio, needs: [index, analyse], with: {codec: opus}}", 1)
	if g := mustPlan(t, w); bySlot(g)["assemble/720-vp9"] == "" {
		t.Errorf("no WebM: %v", slices.Sorted(maps.Keys(bySlot(g))))
	}
}

// Two encode stages must not make files of the same name.
func TestAssemble_DuplicateRenditionNames(t *testing.T) {
	w := newFixture()
	w.pipeline = `
stages:
  - {uses: probe}
  - {uses: index, needs: [probe]}
  - {uses: analyse, needs: [index]}
  - {uses: audio, needs: [index, analyse]}
  - {uses: encode, needs: [index], with: {renditions: [{height: 720}]}}
  - {name: again, uses: encode, needs: [index], with: {renditions: [{height: 720, crf: 30}]}}
  - {uses: card, needs: [encode, again]}
  - {uses: assemble, needs: [card, encode, again, audio]}
  - {uses: captions}
  - {uses: bundle, needs: [assemble, captions]}
`
	_, err := w.plan(t)
	if f := inputerr.As(err); f == nil || f.Line != 10 || !strings.Contains(f.Problem, `two renditions are called "720"`) {
		t.Fatalf("%v, want a fault of line 10", err)
	}
	whole := w.pipeline
	w.pipeline = strings.Replace(whole, "{height: 720, crf: 30}", "{height: 720, codec: vp9}", 1)
	_, err = w.plan(t)
	if f := inputerr.As(err); f == nil || f.Line != 10 || !strings.Contains(f.Problem, "rendition 720-vp9 goes into WEBM, which needs opus sound") {
		t.Fatalf("%v, want a fault of line 10", err)
	}
	w.pipeline = strings.Replace(whole, "{height: 720, crf: 30}", "{name: small, height: 720, crf: 30}", 1)
	mustPlan(t, w)
}
