package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/service"
)

// eventHub sends changes to open pages as server-sent events (HTML Living Standard, section 9.2).
// Each row is rendered once for each locale, however many pages are open.
type eventHub struct {
	mu          sync.Mutex
	subscribers map[*subscriber]bool
	closed      chan struct{} // closed when the server ends
}

// subscriber is one open page.
type subscriber struct {
	locale string
	talk   string // the slug of the talk it shows; "": all talks
	events chan []byte
	missed bool // an event was dropped because events was full
}

const (
	eventBuffer       = 256              // events that a slow page may lag behind
	heartbeat         = 20 * time.Second // keeps the connection open through proxies
	eventWriteTimeout = 15 * time.Second // for sending one event
)

func newEventHub() *eventHub {
	return &eventHub{subscribers: make(map[*subscriber]bool), closed: make(chan struct{})}
}

// liveRoutes returns the routes on which open pages receive server-sent events.
func (s *Server) liveRoutes() []route {
	return []route{
		{"GET /live", access.ViewConference, s.liveEvents},
		{"GET /talks/{slug}/live", access.ViewTalk, s.liveEvents},
	}
}

// Run sends changes to open pages and removes expired uploads, until ctx ends. Then it aborts
// running uploads, keeping what they received.
func (s *Server) Run(ctx context.Context) error {
	services, ctx := errgroup.WithContext(ctx)
	services.Go(func() error { return s.broadcastChanges(ctx) })
	if s.uploads != nil {
		services.Go(func() error { return s.sweepUploads(ctx) })
	}
	return services.Wait()
}

// broadcastChanges sends every changed summary of the board to the open pages that show it. When
// ctx ends, it closes their event streams.
func (s *Server) broadcastChanges(ctx context.Context) error {
	rows := make(chan service.TalkSummary, 1024)
	stop := s.service.Board.Subscribe(rows)
	defer stop()
	defer close(s.live.closed)
	if err := s.prerenderRows(ctx); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case r := <-rows:
			if err := s.broadcastRow(r); err != nil {
				return err
			}
		}
	}
}

// prerenderRows renders the rows of all talks in every locale into the cache, so that the first
// visitor of a long list does not wait.
func (s *Server) prerenderRows(ctx context.Context) error {
	for _, r := range s.service.Board.Talks() {
		for _, locale := range locales {
			if ctx.Err() != nil {
				return nil
			}
			if _, err := s.rowHTML(locale.String(), r); err != nil {
				return err
			}
		}
	}
	return nil
}

// broadcastRow sends the row of a talk to all open pages that show the talk. It never blocks: a
// page that is too slow gets a "missed" event later.
func (s *Server) broadcastRow(r service.TalkSummary) error {
	s.live.mu.Lock()
	defer s.live.mu.Unlock()
	rendered := make(map[string][]byte)
	for reader := range s.live.subscribers {
		if reader.talk != "" && reader.talk != r.Slug {
			continue
		}
		locale := reader.locale
		if reader.talk != "" {
			locale = "" // such a page loads itself again: not everyone there may see the row
		}
		event, ok := rendered[locale]
		if !ok {
			var html template.HTML
			if locale != "" {
				var err error
				if html, err = s.rowHTML(locale, r); err != nil {
					return err
				}
			}
			data, err := json.Marshal(map[string]string{"talk": r.Slug, "html": string(html)})
			if err != nil {
				return err
			}
			event = fmt.Appendf(nil, "event: row\ndata: %s\n\n", data)
			rendered[locale] = event
		}
		select {
		case reader.events <- event:
		default:
			reader.missed = true
		}
	}
	return nil
}

func (l *eventHub) subscribe(r *subscriber) (leave func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.subscribers[r] = true
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.subscribers, r)
	}
}

// takeMissed reports whether events for r were dropped since the last call.
func (l *eventHub) takeMissed(r *subscriber) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	missed := r.missed
	r.missed = false
	return missed
}

// liveEvents sends server-sent events to an open page until it is closed or the server stops. A
// browser that reconnects is authenticated again.
func (s *Server) liveEvents(v *request) error {
	r := &subscriber{locale: v.locale, talk: v.slug(), events: make(chan []byte, eventBuffer)}
	defer s.live.subscribe(r)()
	v.w.Header().Set("Content-Type", "text/event-stream")
	v.w.Header().Set("Cache-Control", "no-store")
	v.w.Header().Set("X-Accel-Buffering", "no") // nginx must not buffer events
	line := http.NewResponseController(v.w)
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	event := []byte("retry: 2000\n\n")
	for {
		if s.live.takeMissed(r) {
			event = append(bytes.Clone(event), "event: missed\ndata: {}\n\n"...)
		}
		// A client that has gone or does not read gets no error.
		if line.SetWriteDeadline(time.Now().Add(eventWriteTimeout)) != nil {
			return nil
		}
		if _, err := v.w.Write(event); err != nil || line.Flush() != nil {
			return nil
		}
		select {
		case event = <-r.events:
		case <-beat.C:
			event = []byte(": \n\n")
		case <-v.ctx().Done():
			return nil
		case <-s.live.closed:
			return nil
		}
	}
}
