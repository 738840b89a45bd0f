package translation

import (
	"reflect"
	"testing"

	"github.com/lectern-av/lectern/internal/translation/translationtest"
)

// Linked cues are in one unit, no cue is lost, and the units give back all of them.
func TestUnits(t *testing.T) {
	source := translationtest.Cues("a", "b", "c", "d", "e")
	cue := func(at int, of ...string) Cue {
		c := Cue{Cue: translationtest.Cues("x", "x", "x", "x", "x", "x", "x")[at], SourceIDs: of, State: Draft}
		return c
	}
	cues := []Cue{cue(0, "c0001"), cue(1, "c0002", "c0003"), cue(2, "c0003"), cue(3), cue(4, "gone")}
	units := Units(source, cues)
	var sizes [][2]int
	for _, u := range units {
		sizes = append(sizes, [2]int{len(u.Source), len(u.Target)})
	}
	if want := [][2]int{{1, 1}, {2, 2}, {1, 0}, {0, 1}, {1, 0}, {0, 1}}; !reflect.DeepEqual(sizes, want) {
		t.Errorf("the units are of %v cues, want %v", sizes, want)
	}
	if got := TargetCues(units); !reflect.DeepEqual(got, cues) {
		t.Errorf("what comes back is %+v", got)
	}
	if got := units[2].State(); got != Untranslated {
		t.Errorf("a unit without a translation is %s", got)
	}
}
