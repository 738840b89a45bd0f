package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/timeline"
	"github.com/lectern-av/lectern/internal/web"
)

// talkParts are what a talk in the catalog may have or lack. Every combination is a state that a
// conference can be in, such as after an import, an interrupted build or a lost disk.
type talkParts struct {
	recording   bool // whose file is not in the store
	cut         bool // of a recording that may not be there
	subtitles   bool
	translation bool
	pipeline    bool // a definition that can be read
	publication bool // of a bundle whose directory is gone
	review      bool // of the speaker, and a request for release
}

// allTalkParts returns every combination.
func allTalkParts() (all []talkParts) {
	for n := range 1 << 7 {
		has := func(bit int) bool { return n>>bit&1 == 1 }
		all = append(all, talkParts{has(0), has(1), has(2), has(3), has(4), has(5), has(6)})
	}
	return all
}

// TestEndpoints_SomeStates requests pages and API operations of talks in every 16th state.
func TestEndpoints_SomeStates(t *testing.T) {
	var some []talkParts
	for n, parts := range allTalkParts() {
		if n%16 == n/16 { // in which no two parts always go together
			some = append(some, parts)
		}
	}
	requestEverything(t, some)
}

// requestEverything requests every page and API operation of talks that have the parts. No answer
// may be a server error; a panic would break the connection.
func requestEverything(t *testing.T, states []talkParts) {
	w := newTestServer(t)
	for n, parts := range states {
		w.addTalkWith(fmt.Sprintf("talk-%d", n), parts)
	}
	organiser := w.signIn(access.Organiser, "", "")
	tried := 0
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		for _, e := range w.pages.Endpoints() {
			if e.Method != method || strings.HasSuffix(e.Path, "/live") || e.Path == "/sign-out" {
				continue // live events have no end
			}
			for n, parts := range states {
				path := strings.NewReplacer("{slug}", fmt.Sprintf("talk-%d", n), "{language}", "es", "{sha256}", goneRecording, "{file}", "talk.srt", "{revision}", "1").Replace(e.Path)
				path = placeholder.ReplaceAllString(path, "x")
				for _, content := range requestContents(e) {
					if status, text := organiser.do(method, path, content.contentType, strings.NewReader(content.body)); status >= http.StatusInternalServerError {
						t.Errorf("%s %s with %q answers %d where the talk has %+v: %.300s", method, path, content.body, status, parts, text)
					}
					tried++
				}
				if !strings.Contains(e.Path, "{slug}") {
					break // it is the same for every talk
				}
			}
		}
	}
	if tried < 60*len(states) {
		t.Errorf("only %d requests were made", tried)
	}
}

// requestContent is the body of a request.
type requestContent struct{ contentType, body string }

// requestContents returns bodies for an endpoint: none, and one that has the fields of its kind.
func requestContents(e web.Endpoint) []requestContent {
	if e.Method == http.MethodGet {
		return []requestContent{{}}
	}
	if strings.HasPrefix(e.Path, "/api/") {
		return []requestContent{{}, {"application/json", `{"cut":"0:01-0:05","approved":true,"words":"x","revision":1,"title":"T","talks":["talk-1"],"role":"speaker","name":"N","talk":"talk-1"}`}}
	}
	return []requestContent{{}, {"application/x-www-form-urlencoded", "cut=0:01-0:05&approved=yes&verdict=approved&words=x&revision=1&title=T&talk=talk-1&language=es&base=1"}}
}

const goneRecording = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// addTalkWith adds a talk that has some parts to the catalog.
func (w *testServer) addTalkWith(slug string, has talkParts) {
	w.t.Helper()
	s := catalog.Submission{Pipeline: "talk", PipelineText: "stages: [", Out: filepath.Join(w.data, "bundles"), Facts: conference.Facts{
		Talk: conference.Talk{Slug: slug, Title: "Title of " + slug, Kind: "talk", Language: "en"},
	}}
	cues := []conference.Cue{{ID: "1", Start: time.Second, End: 3 * time.Second, Text: "Hello."}}
	if has.pipeline {
		s.PipelineText = ""
	}
	if has.recording {
		s.Facts.Recordings = []conference.Recording{{SHA256: goneRecording, Size: 1 << 30, Name: "gone.mp4"}}
	}
	if has.cut {
		s.Facts.Cut = []conference.KeptRange{{Recording: 1, From: time.Second, To: time.Minute}}
	}
	if has.subtitles {
		s.Facts.Tracks = []conference.Track{{Language: "en", Kind: conference.Authored, State: conference.TrackApproved, File: "en.srt", Cues: cues}}
	}
	ctx := w.t.Context()
	_, err := w.catalog.Save(ctx, "operator", s)
	if err == nil && has.translation {
		_, err = w.catalog.SaveTranslation(ctx, slug, 0, catalog.Translation{Language: "es", Source: 1, State: "draft", Who: "rosa", Cues: json.RawMessage(`[{"id":"a","source":"1","text":"Hola."}]`)})
	}
	if err == nil && has.publication {
		err = w.catalog.SaveEdition(ctx, slug, conference.Edition{ID: "e1", Recordings: []string{goneRecording}, Programme: timeline.Programme{Rate: timeline.Rate{Num: 25, Den: 1}, Kept: []timeline.Range{{From: 0, To: 250}}}})
	}
	if err == nil && has.publication {
		err = w.catalog.RecordPublication(ctx, slug, catalog.Publication{Edition: "e1", Dir: filepath.Join(w.data, "bundles", slug), Keys: []action.Key{"k"}})
	}
	if err == nil && has.review {
		err = w.catalog.AddReview(ctx, slug, catalog.Review{Who: "Ada", Verdict: "approved", Bundle: "k"})
	}
	if err == nil && has.review {
		err = w.catalog.RequestRelease(ctx, slug, "operator", "")
	}
	if err != nil {
		w.t.Fatal(err)
	}
}
