//go:build slow

package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conductor"
	"github.com/lectern-av/lectern/internal/conference"
)

// A caption that is corrected is in its bundle within seconds, while a long encode has every
// core.
func TestCaptionsDoNotWaitForEncodes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	term := &terminal{out: io.Discard, err: &screen{out: os.Stderr}, log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))}
	h, err := openHouse(t.Context(), term, filepath.Join(dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	q, stop, err := serve(t.Context(), term, h.store, "")
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	b := conductor.NewBacklog(h.releaser(term, q))
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := b.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	defer running.Wait()
	defer cancel()

	reached := make(chan conductor.Progress, 10000)
	defer b.Watch(func(_ string, p conductor.Progress) { reached <- p })()
	await := func(slug string, is func(conductor.Progress) bool) {
		t.Helper()
		for p := range reached {
			if p.Wish.Slug == slug && p.Step == conductor.Failed {
				t.Fatalf("%s failed: %s", slug, p.Problem)
			}
			if p.Wish.Slug == slug && is(p) {
				return
			}
		}
	}
	done := func(generation int) func(conductor.Progress) bool {
		return func(p conductor.Progress) bool { return p.Step == conductor.Done && p.Wish.Made == generation }
	}
	talk := func(slug, seconds string) {
		t.Helper()
		path := filepath.Join(dir, slug+".mp4")
		cmd := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=25:d="+seconds, "-f", "lavfi", "-i", "sine=frequency="+seconds+":d="+seconds,
			"-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", path)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		recordings, originals, err := conductor.Identify(t.Context(), h.catalog, []string{path}, nil)
		if err == nil {
			err = h.catalog.KeepOriginals(t.Context(), originals)
		}
		if err == nil {
			_, err = h.catalog.Save(t.Context(), "ada", catalog.Submission{Out: filepath.Join(dir, "bundles"), Pipeline: "talk", Facts: conference.Facts{
				Talk:       conference.Talk{Slug: slug, Title: slug, Language: "en"},
				Recordings: recordings,
				Tracks: []conference.Track{{Language: "en", Kind: conference.Authored, State: conference.Approved,
					Cues: []conference.Cue{{ID: "c1", Start: time.Second, End: 3 * time.Second, Text: "Helo"}}}},
			}})
		}
		if err == nil {
			err = h.catalog.Wish(t.Context(), "ada", slug, "new")
		}
		if err != nil {
			t.Fatal(err)
		}
		b.Poke(slug)
	}
	talk("short", "4")
	await("short", done(1))
	talk("long", "40")
	await("long", func(p conductor.Progress) bool { return p.Step == conductor.Making })
	await("long", func(p conductor.Progress) bool {
		busy := 0
		for _, s := range p.Stages {
			if s.Name == "encode" {
				busy = s.Busy
			}
		}
		return busy >= 2*3
	})
	began := time.Now()
	if _, err := h.catalog.Edit(t.Context(), "bob", "short", func(s *catalog.Submission) error {
		s.Facts.Tracks[0].Cues[0].Text = "Hello"
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	b.Poke("short")
	await("short", done(2))
	took := time.Since(began)
	t.Logf("a corrected caption was in its bundle after %s", took.Round(time.Millisecond))
	srt, err := os.ReadFile(filepath.Join(dir, "bundles", "short", "captions", "short.en.srt"))
	if err != nil || !strings.Contains(string(srt), "Hello") {
		t.Errorf("captions: %s, %v", srt, err)
	}
	if p, _ := b.Status("long"); p.Step != conductor.Making {
		t.Errorf("long is %s", p.Step)
	} else {
		t.Logf("long: %s remaining (%v)", p.Remaining, p.Guessable)
	}
}
