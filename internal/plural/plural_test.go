package plural

import "testing"

func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "0 cues", 1: "1 cue", 2: "2 cues"} {
		if got := Count(n, "cue"); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
	if got := Choose(1, "cue matches", "cues match"); got != "1 cue matches" {
		t.Errorf("Choose = %q", got)
	}
}
