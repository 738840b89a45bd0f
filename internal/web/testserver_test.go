package web_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conductor"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/service"
	"github.com/lectern-av/lectern/internal/store"
	"github.com/lectern-av/lectern/internal/web"
	"github.com/lectern-av/lectern/worker"
)

// testServer is a conference server with its own data directory.
type testServer struct {
	t       *testing.T
	url     string
	service *service.Service
	catalog *catalog.Catalog
	pages   *web.Server
	data    string // the data directory
}

// olga is an organiser who invites people.
var olga = access.Person{Grants: []access.Grant{{Role: access.Organiser, Name: "operator"}}}

func newTestServer(t *testing.T) *testServer {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	data := t.TempDir()
	c, err := catalog.Open(ctx, data)
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(filepath.Join(data, "store"))
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	board, err := service.NewBoard(ctx, c, nil)
	if err != nil {
		t.Fatal(err)
	}
	o := service.New(service.Config{
		Catalog: c, Store: s, Board: board, BundleDir: filepath.Join(data, "bundles"), Log: log,
		Builder: &conductor.Builder{Conductor: conductor.Conductor{Store: s, Log: log}, Catalog: c, Blobs: s, Kinds: worker.PlanKinds(worker.Kinds())},
	})
	server := httptest.NewUnstartedServer(nil)
	url := "http://" + server.Listener.Addr().String()
	pages, err := web.New(web.Options{Service: o, Log: log, URL: url, Uploads: filepath.Join(data, "uploads")})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = pages
	server.Start()
	ended := make(chan error, 2)
	go func() { ended <- board.Run(ctx) }()
	go func() { ended <- pages.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		for range 2 {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
		server.Close()
		c.Close()
	})
	return &testServer{t, url, o, c, pages, data}
}

// addTalk adds a talk with English subtitles and waits until the board shows it.
func (w *testServer) addTalk(slug, title string) {
	w.t.Helper()
	_, err := w.catalog.Save(w.t.Context(), "operator", catalog.Submission{Pipeline: "talk", Out: filepath.Join(w.data, "bundles"), Facts: conference.Facts{
		Talk: conference.Talk{Slug: slug, Title: title, Kind: "talk", Language: "en", Speakers: []string{"Ada"}},
		Tracks: []conference.Track{{Language: "en", Kind: conference.Authored, State: conference.TrackApproved, File: "talk.en.srt",
			Cues: []conference.Cue{{ID: "1", Start: 1e9, End: 3e9, Text: "Hello."}, {ID: "2", Start: 4e9, End: 6e9, Text: "Goodbye."}}}},
	}})
	if err != nil {
		w.t.Fatal(err)
	}
	o := w.service.Board // which is told, and reads when it comes to it
	for row := range boardUpdates(w.t, o) {
		if row.Slug == slug {
			return
		}
	}
}

// boardUpdates yields the current summaries of all talks, and then every one that changes.
func boardUpdates(t *testing.T, b *service.Board) func(yield func(service.TalkSummary) bool) {
	rows := make(chan service.TalkSummary, 100)
	stop := b.Subscribe(rows)
	return func(yield func(service.TalkSummary) bool) {
		defer stop()
		for _, r := range b.Talks() {
			if !yield(r) {
				return
			}
		}
		for {
			select {
			case r := <-rows:
				if !yield(r) {
					return
				}
			case <-t.Context().Done():
				t.Error("the board did not change")
				return
			}
		}
	}
}

// browser is an HTTP client with cookies.
type browser struct {
	*testServer
	client *http.Client
}

// newBrowser returns a browser that is not signed in.
func (w *testServer) newBrowser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return &browser{w, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// signIn returns a browser signed in with a role.
func (w *testServer) signIn(role access.Role, talk, language string) *browser {
	w.t.Helper()
	secret, _, err := w.service.People.Invite(w.t.Context(), olga, service.Invitation{Role: role, Talk: talk, Language: language, Name: string(role)})
	if err != nil {
		w.t.Fatal(err)
	}
	b := w.newBrowser()
	if status, _ := b.post("/l/"+string(secret), nil); status != http.StatusSeeOther {
		w.t.Fatalf("a %s's link answers %d", role, status)
	}
	return b
}

// get requests a page and returns its status and text.
func (b *browser) get(path string) (int, string) {
	b.t.Helper()
	return b.do(http.MethodGet, path, "", nil)
}

// post sends a form and returns the status and text of the response.
func (b *browser) post(path string, form url.Values) (int, string) {
	b.t.Helper()
	return b.do(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

func (b *browser) do(method, path, contentType string, content io.Reader) (int, string) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, content)
	if err != nil {
		b.t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	answer, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}
