package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/bundle"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/store"
	"github.com/lectern-av/lectern/internal/timeline"
)

// newServiceWithBundle returns a service with one talk that has a bundle.
func newServiceWithBundle(t *testing.T, place conference.Scheduling) *Service {
	t.Helper()
	ctx, data := t.Context(), t.TempDir()
	c, err := catalog.Open(ctx, data)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	s, err := store.Open(filepath.Join(data, "store"))
	if err != nil {
		t.Fatal(err)
	}
	bundles := filepath.Join(data, "bundles")
	talk := conference.Talk{Slug: "apis", Title: "APIs", Kind: "talk", Language: "en"}
	fresh := catalog.Submission{Out: bundles, Pipeline: "talk"}
	fresh.Facts.Recordings = []conference.Recording{{SHA256: strings.Repeat("a", 64), Size: 1, Name: "a.mkv"}}
	if err := c.SaveProgramme(ctx, "test", []catalog.ProgrammeEntry{{Talk: talk, Scheduling: place, Initial: fresh}}); err != nil {
		t.Fatal(err)
	}
	publish(t, c, bundles, talk, "one")
	if err := c.FinishBuild(ctx, "apis", 1, nil); err != nil {
		t.Fatal(err)
	}
	board, err := NewBoard(ctx, c, nil)
	if err != nil {
		t.Fatal(err)
	}
	return New(Config{
		Catalog: c, Store: s, Board: board, BundleDir: bundles, ReleaseDir: filepath.Join(data, "released"), Log: slog.New(slog.DiscardHandler),
	})
}

// publish writes a bundle of one file and records it as the talk's last publication.
func publish(t *testing.T, c *catalog.Catalog, bundles string, talk conference.Talk, content string) {
	t.Helper()
	dir := filepath.Join(bundles, talk.Slug)
	sum := sha256.Sum256([]byte(content))
	told := bundle.Manifest{Talk: talk, Edition: conference.Edition{ID: "e", Programme: timeline.Programme{Rate: timeline.Rate{Num: 25, Den: 1}}}, Files: []bundle.File{{Path: "captions/apis.en.srt", SHA256: hex.EncodeToString(sum[:]), Size: int64(len(content)), Role: bundle.RoleCaptions}}}
	manifest, err := json.Marshal(told)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{bundle.ManifestName: manifest, "SHA256SUMS": nil, "captions/apis.en.srt": []byte(content)} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	err = c.RecordPublication(context.WithoutCancel(t.Context()), talk.Slug, catalog.Publication{Edition: "e", Dir: dir, Keys: []action.Key{action.KeyOf([]byte(content))}})
	if err != nil {
		t.Fatal(err)
	}
}

var (
	speaker   = access.Person{Grants: []access.Grant{{Role: access.Speaker, Name: "Ada", Talk: "apis"}}}
	organiser = access.Person{Grants: []access.Grant{{Role: access.Organiser, Name: "Ana"}}}
)

// releasedContent returns the released captions; "" if the talk was not released.
func releasedContent(o *Service) string {
	b, err := os.ReadFile(filepath.Join(o.Releases.dir, "apis", "captions", "apis.en.srt"))
	if err != nil {
		return ""
	}
	return string(b)
}

func TestRelease_AfterApproval(t *testing.T) {
	o := newServiceWithBundle(t, conference.Scheduling{})
	if _, err := o.Releases.Request(t.Context(), organiser, "apis", ""); inputerr.As(err) == nil {
		t.Fatalf("it is released without anybody's approval: %v", err)
	}
	if err := o.Releases.SubmitVerdict(t.Context(), speaker, "apis", true, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Releases.Request(t.Context(), speaker, "apis", ""); err != access.ErrForbidden {
		t.Errorf("a speaker releases: %v", err)
	}
	s, err := o.Releases.Request(t.Context(), organiser, "apis", "")
	if err != nil || s.Request == nil || s.Request.Released.IsZero() || releasedContent(o) != "one" {
		t.Fatalf("it is not released: %+v, %v", s, err)
	}
}

func TestRelease_WithoutApprovalNeedsReason(t *testing.T) {
	o := newServiceWithBundle(t, conference.Scheduling{})
	if _, err := o.Releases.Request(t.Context(), organiser, "apis", "the speaker cannot be reached"); err != nil || releasedContent(o) != "one" {
		t.Errorf("%v, released %q", err, releasedContent(o))
	}
}

func TestRelease_EmbargoDelays(t *testing.T) {
	until := time.Now().Add(time.Hour)
	o := newServiceWithBundle(t, conference.Scheduling{Embargo: until})
	if err := o.Releases.SubmitVerdict(t.Context(), speaker, "apis", true, ""); err != nil {
		t.Fatal(err)
	}
	s, err := o.Releases.Request(t.Context(), organiser, "apis", "")
	if err != nil || s.Request == nil || !strings.Contains(s.Request.Blocked, "embargo") || releasedContent(o) != "" {
		t.Fatalf("under embargo it stands as %+v, %v", s.Request, err)
	}
	if err := o.Releases.ReleaseDue(t.Context(), until.Add(-time.Minute)); err != nil || releasedContent(o) != "" {
		t.Errorf("before its time: %v, released %q", err, releasedContent(o))
	}
	if err := o.Releases.ReleaseDue(t.Context(), until.Add(time.Minute)); err != nil || releasedContent(o) != "one" {
		t.Errorf("after its time: %v, released %q", err, releasedContent(o))
	}
}

func TestRelease_DoNotRecordIsNeverReleased(t *testing.T) {
	o := newServiceWithBundle(t, conference.Scheduling{DoNotRecord: true})
	if _, err := o.Releases.Request(t.Context(), organiser, "apis", "by mistake"); err != nil {
		t.Fatal(err)
	}
	if err := o.Releases.ReleaseDue(t.Context(), time.Now().AddDate(100, 0, 0)); err != nil || releasedContent(o) != "" {
		t.Errorf("%v, released %q", err, releasedContent(o))
	}
}

func TestVerdict_StaleAfterChange(t *testing.T) {
	o := newServiceWithBundle(t, conference.Scheduling{})
	if err := o.Releases.SubmitVerdict(t.Context(), speaker, "apis", true, ""); err != nil {
		t.Fatal(err)
	}
	if err := o.Talks.SetDescription(t.Context(), speaker, "apis", TalkDescription{Title: "Other APIs"}); err != nil {
		t.Fatal(err)
	}
	s, err := o.Releases.Status(t.Context(), speaker, "apis")
	if err != nil || !s.Stale {
		t.Errorf("after another title it stands as %+v, %v", s, err)
	}
	if _, err := o.Releases.Request(t.Context(), organiser, "apis", ""); inputerr.As(err) == nil {
		t.Errorf("it is released by an approval of something else: %v", err)
	}
	if err := o.Releases.SubmitVerdict(t.Context(), speaker, "apis", false, ""); inputerr.As(err) == nil {
		t.Errorf("something is wrong, and nobody says what: %v", err)
	}
}
