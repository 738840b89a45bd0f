package translation

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/subtitle/compare"
	"github.com/lectern-av/lectern/internal/translation/translationtest"
)

// cueStates returns the states of cues.
func cueStates(cues []Cue) (all []State) {
	for _, c := range cues {
		all = append(all, c.State)
	}
	return all
}

func TestUpdate(t *testing.T) {
	for _, c := range []struct {
		name   string
		new    []conference.Cue
		want   []State
		report string // kept, retimed, to look at again, untranslated, obsolete
	}{
		{"nothing happened", translationtest.English, []State{Draft, Draft, Draft, Draft}, "4 0 0 0 0"},
		{"lines broken anew", translationtest.Cues("Good morning,\neverybody.", "Begin at the end of it.", "Ten lines are enough.", "Then ask your colleagues."),
			[]State{Draft, Draft, Draft, Draft}, "4 0 0 0 0"},
		{"a word changed", translationtest.Cues("Good morning, everybody.", "Begin at the start of it.", "Ten lines are enough.", "Then ask your colleagues."),
			[]State{Draft, NeedsEditing, Draft, Draft}, "3 0 1 0 0"},
		{"later", translationtest.Cues("60 Good morning, everybody.", "Begin at the end of it.", "Ten lines are enough.", "Then ask your colleagues."),
			[]State{Draft, Draft, Draft, Draft}, "0 4 0 0 0"},
		{"one deleted", translationtest.Cues("Good morning, everybody.", "6 Ten lines are enough.", "Then ask your colleagues."),
			[]State{Draft, Obsolete, Draft, Draft}, "3 0 0 0 1"},
		{"one inserted", translationtest.Cues("Good morning, everybody.", "Begin at the end of it.", "Ten lines are enough.", "Then ask your colleagues.", "Thank you very much."),
			[]State{Draft, Draft, Draft, Draft}, "4 0 0 1 0"},
		{"split", translationtest.Cues("Good morning, everybody.", "3 Begin at the", "5 end of it.", "6 Ten lines are enough.", "Then ask your colleagues."),
			[]State{Draft, NeedsEditing, Draft, Draft}, "3 0 1 0 0"},
		{"merged", translationtest.Cues("Good morning, everybody. Begin at the end of it.", "6 Ten lines are enough.", "Then ask your colleagues."),
			[]State{NeedsEditing, NeedsEditing, Draft, Draft}, "2 0 1 0 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			new := compare.CarryIDs(translationtest.English, c.new, compare.NewIDs([]string{"c0004"}))
			cues, r := Update(LinkCues(translationtest.English, translationtest.Spanish), translationtest.English, new)
			if got := cueStates(cues); !slices.Equal(got, c.want) {
				t.Errorf("the cues are %v, want %v", got, c.want)
			}
			if got := fmt.Sprint(r.Kept, r.Retimed, len(r.NeedsEditing), r.Untranslated, r.Obsolete); got != c.report {
				t.Errorf("the report is %s, want %s", got, c.report)
			}
		})
	}
}

// Stale cues are reported with both source texts. Once the source is back at the translated
// text, they are no longer stale.
func TestUpdate_SourceRevertedToItsText(t *testing.T) {
	changed := slices.Clone(translationtest.English)
	changed[1].Text = "Begin at the start of it."
	cues := LinkCues(translationtest.English, translationtest.Spanish)
	for n := range cues {
		cues[n].State = Approved
	}
	cues, r := Update(cues, translationtest.English, changed)
	want := StaleCue{"Begin at the end of it.", "Begin at the start of it.", "Empieza por el final.", 3000, 5000, 0}
	if len(r.NeedsEditing) != 1 || r.NeedsEditing[0] != want {
		t.Errorf("to look at again is %+v, want %+v", r.NeedsEditing, want)
	}
	again := slices.Clone(changed)
	again[1].Text = "Begin at the very start of it."
	if cues, r = Update(cues, changed, again); len(r.NeedsEditing) != 1 || r.NeedsEditing[0].OldSource != "Begin at the end of it." {
		t.Errorf("after a second change, to look at again is %+v; want it beside what it was translated from", r.NeedsEditing)
	}
	if cues, r = Update(cues, again, translationtest.English); len(r.NeedsEditing) != 0 || cues[1].State != Approved || cues[1].PreviousSource != "" {
		t.Errorf("when the source said again what it had said, the cue was %+v", cues[1])
	}
}

// A source cue that was cut and restored gets its translation back.
func TestUpdate_CutSourceRestored(t *testing.T) {
	cut := slices.Delete(slices.Clone(translationtest.English), 1, 2)
	cues, _ := Update(LinkCues(translationtest.English, translationtest.Spanish), translationtest.English, cut)
	back := compare.CarryIDs(cut, translationtest.English, compare.NewIDs([]string{"c0004"}))
	cues, r := Update(cues, cut, back)
	if got := cueStates(cues); !slices.Equal(got, []State{Draft, Draft, Draft, Draft}) || r.Untranslated > 0 {
		t.Errorf("the cues are %v, and %d are to be translated", got, r.Untranslated)
	}
}

// Further changes of the source do not clear the needs-editing state.
func TestUpdate_StaleStaysStale(t *testing.T) {
	source := translationtest.Cues("Is it open?", "Yes.", "Is it large?", "Yes.", "Thank you all.")
	target := translationtest.Cues("¿Está abierto?", "Sí, lo está.", "¿Es grande?", "Sí, lo es.", "Gracias a todos.")
	cues := LinkCues(source, target)
	for _, next := range [][]conference.Cue{
		translationtest.Cues("Is it open?", "Yes.", "Is it large?", "9 No.", "Thank you all."),
		translationtest.Cues("Is it open?", "No.", "Is it large?", "9 No.", "Thank you all."),
		translationtest.Cues("Is it open?", "Yes.", "Is it large?", "9 No.", "Thank you all."),
	} {
		next = compare.CarryIDs(source, next, compare.NewIDs(translationtest.IDs(source)))
		cues, _ = Update(cues, source, next)
		source = next
		if cues[1].State != NeedsEditing {
			t.Errorf("where the source is %q, the answer to the first question is %s", JoinText(next), cues[1].State)
		}
	}
}

func TestAlign_EndsWithoutSource(t *testing.T) {
	if got := fmt.Sprint(Align(translationtest.English[1:3], translationtest.Spanish)); got != "[[] [0] [1] []]" {
		t.Errorf("bound to %s", got)
	}
}

func TestUpdate_RetimesMergedCues(t *testing.T) {
	both := []conference.Cue{{ID: "a", Start: 500 * time.Millisecond, End: 5200 * time.Millisecond, Text: "Buenos días a todos. Empieza por el final."}, translationtest.Spanish[2], translationtest.Spanish[3]}
	later := slices.Clone(translationtest.English)
	for n := range later {
		later[n].Start, later[n].End = later[n].Start+time.Minute, later[n].End+time.Minute
	}
	cues, r := Update(LinkCues(translationtest.English, both), translationtest.English, later)
	if r.Retimed != 3 || cues[0].Start != 60500*time.Millisecond || cues[0].End != 65200*time.Millisecond {
		t.Errorf("%d were retimed, the first to %v-%v; want 3, to 1m0.5s-1m5.2s", r.Retimed, cues[0].Start, cues[0].End)
	}
}

func TestLinkCues_CopiesAreUntranslated(t *testing.T) {
	source := translationtest.Cues("Good morning, everybody.", "Google Web Toolkit", "Ten lines are enough.", "Uh, no.")
	for _, c := range []struct {
		name       string
		translated []conference.Cue
		want       []State
	}{
		{"one left", translationtest.Cues("Buenos días a todos.", "Google Web Toolkit", "ten lines are enough", "Eh, no."), []State{Draft, Draft, Untranslated, Draft}},
		{"in capitals", translationtest.Cues("GOOD MORNING, EVERYBODY.", "Google Web Toolkit", "TEN LINES ARE ENOUGH.", "Eh, no."), []State{Untranslated, Draft, Untranslated, Draft}},
		{"a word that is the same", translationtest.Cues("Buenos días a todos.", "Google Web Toolkit", "Diez líneas bastan.", "Uh, no."), []State{Draft, Draft, Draft, Draft}},
		{"all of it", source, []State{Untranslated, Draft, Untranslated, Untranslated}},
	} {
		if got := cueStates(LinkCues(source, c.translated)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	corrected := translationtest.Cues("And ten lines of this are enough for that.")
	if got := cueStates(LinkCues(corrected, translationtest.Cues("And ten lines of it are enough for that."))); got[0] != Untranslated {
		t.Errorf("what the source said before a word of it was corrected is %v, want untranslated", got)
	}
	if got := cueStates(LinkCuesBetween("da", "nb", corrected, corrected)); got[0] != Draft {
		t.Errorf("between neighbours what is the same is %v, want a draft", got)
	}
	if got := cueStates(LinkCuesBetween("en", "en-GB", source, source)); slices.Contains(got, Untranslated) {
		t.Errorf("in British English: %v, want no copy among them", got)
	}
}
