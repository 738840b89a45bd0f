package catalog_test

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
)

// TestMain lets this binary be the other process that some tests need.
func TestMain(m *testing.M) {
	if role, ok := roles[os.Getenv("CATALOG_TEST_ROLE")]; ok {
		if err := role(os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// helperProcess starts this test binary in a role on a data directory.
func helperProcess(t *testing.T, role, dir string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, dir)
	cmd.Env = append(os.Environ(), "CATALOG_TEST_ROLE="+role)
	cmd.Stderr = os.Stderr
	return cmd
}

func open(t testing.TB, dir string) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// must returns v, or panics if the call that returned it failed.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// edited returns the submission of one talk after n edits: every part of it contains n, so that
// parts of two edits never make a whole.
func edited(slug string, n int) catalog.Submission {
	cues := make([]conference.Cue, 40)
	for i := range cues {
		at := time.Duration(i) * 2 * time.Second
		cues[i] = conference.Cue{ID: fmt.Sprint("c", i), Start: at, End: at + time.Second, Text: fmt.Sprintf("cue %d of edit %d", i, n)}
	}
	return catalog.Submission{
		Facts: conference.Facts{
			Talk: conference.Talk{Slug: slug, Title: fmt.Sprint("Edit ", n), Kind: "talk", Language: "en", Speakers: []string{"Ada"}},
			Recordings: []conference.Recording{
				{SHA256: fmt.Sprintf("%064x", n), Size: int64(n), Name: "b.mp4"},
				{SHA256: fmt.Sprintf("%064x", n+1), Size: int64(n), Name: "a.mp4"},
			},
			Cut:      []conference.KeptRange{{From: 0, To: time.Duration(n+1) * time.Second}},
			Channels: conference.ChannelsAuto,
			Tracks: []conference.Track{
				{Language: "en", Kind: conference.Authored, State: "approved", File: "talk.srt", Cues: cues},
				{Language: "es", Kind: conference.Translation, State: "approved", File: "talk.es.srt", Cues: cues[:20]},
			},
			Salts: map[string]int{"1080": n + 1},
		},
		Out: "/out", Pipeline: "talk", PipelineText: "stages: []",
	}
}
