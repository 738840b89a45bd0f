package submission

import (
	"slices"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
)

// A cue keeps its ID from one upload to the next, and no ID is used for another cue.
func TestCarryCueIDs(t *testing.T) {
	c, err := catalog.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, upload := range []struct {
		texts []string
		want  []string
	}{
		{[]string{"Good morning.", "We shipped 41 releases.", "Thank you."}, []string{"c0001", "c0002", "c0003"}},
		{[]string{"Hello?", "Good morning.", "We shipped 42 releases.", "Thank you."}, []string{"c0004", "c0001", "c0002", "c0003"}},
		{[]string{"Good morning.", "We shipped 42 releases.", "Thank you."}, []string{"c0001", "c0002", "c0003"}},
		{[]string{"Is this on?", "Good morning.", "We shipped 42 releases.", "Thank you."}, []string{"c0005", "c0001", "c0002", "c0003"}},
	} {
		var cues []conference.Cue
		for n, text := range upload.texts {
			at := time.Duration(n+10-len(upload.texts)) * 3 * time.Second
			cues = append(cues, conference.Cue{ID: []string{"c0001", "c0002", "c0003", "c0004"}[n], Start: at, End: at + 2*time.Second, Text: text})
		}
		facts := conference.Facts{Talk: conference.Talk{Slug: "talk"}}
		facts.Tracks, err = carryCueIDs(t.Context(), c, "talk", []conference.Track{{Language: "en", Kind: conference.Authored, Cues: cues}})
		if err != nil {
			t.Fatal(err)
		}
		saved, err := c.Save(t.Context(), "ada", catalog.Submission{Facts: facts})
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, c := range saved.Facts.Tracks[0].Cues {
			ids = append(ids, c.ID)
		}
		if !slices.Equal(ids, upload.want) {
			t.Errorf("%q have the ids %q, want %q", upload.texts, ids, upload.want)
		}
	}
}
