package plan_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/media"
)

// TestBuild_KeysStayEqual compares the action keys of four talks with a list that was
// written once, because a changed key makes every conference encode its talks again.
// Regenerate the list with UPDATE_KEYS=1 only when an action's output really changes.
func TestBuild_KeysStayEqual(t *testing.T) {
	translated := newFixture()
	translated.facts.Tracks = append(translated.facts.Tracks, conference.Track{Language: "es", Revision: 1,
		Cues: []conference.Cue{{ID: "c1", End: time.Second, Text: "Hola"}}})
	tutorial := newFixture()
	tutorial.facts.Talk.Kind = "tutorial"
	tutorial.facts.Cut = []conference.KeptRange{cut(10*time.Second, 10*time.Minute), cut(15*time.Minute, 29*time.Minute)}
	tutorial.facts.Recordings = append(tutorial.facts.Recordings, conference.Recording{SHA256: strings.Repeat("b", 64), Name: "two.ts"})
	tutorial.probes = []media.Probe{recording(half), recording(half)}
	tutorial.probes[1].Indexed = false
	recut := newFixture()
	recut.facts.Cut = []conference.KeptRange{cut(190*time.Second, 20*time.Minute)}

	var lines []string
	for _, talk := range []struct {
		name    string
		fixture planFixture
	}{{"talk", newFixture()}, {"two-languages", translated}, {"tutorial", tutorial}, {"re-cut", recut}} {
		for slot, key := range bySlot(mustPlan(t, talk.fixture)) {
			lines = append(lines, fmt.Sprintf("%s %s %s\n", talk.name, slot, key))
		}
	}
	slices.Sort(lines)
	const golden = "testdata/keys.golden"
	if os.Getenv("UPDATE_KEYS") != "" {
		if err := os.WriteFile(golden, []byte(strings.Join(lines, "")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(lines, ""); got != string(want) {
		for _, line := range lines {
			if !strings.Contains(string(want), line) {
				t.Errorf("not in %s: %s", golden, line)
			}
		}
	}
}
