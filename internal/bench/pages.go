package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
)

const (
	pageP99    = "page, p99"
	pageMedian = "page, median"
	eventLast  = "event, the latest"
	liveGrown  = "memory grown by pages"
	livePages  = 200
	eventRate  = 20 // a second
	pageRate   = 20 // a second
)

func pagesBenchmark() Benchmark {
	return Benchmark{
		Name: "pages",
		Method: `A server has 1,000 talks with three tracks each, while two niced encodes keep both cores busy. Its
overview is asked for three times and then, which counts, 20 times a second for half a minute, whole
and compressed, until its last byte is there. Then 200 pages are open, and 20 talks a second change:
each page sees each change, and the latest of all counts from before it was asked for; memory is the
server's, against before.`,
		Measure: measurePages,
		Evaluate: func(rounds []Round) []TableLine {
			p99, event, memory := median(rounds, pageP99), median(rounds, eventLast), maxOf(rounds, liveGrown)
			return []TableLine{
				{Task: "page of 1,000 talks, beside encodes: p99 at 20 a second", Lectern: formatMillis(p99), Baseline: "median " + formatMillis(median(rounds, pageMedian)), Target: "≤ 0.100 s", Met: p99 <= 0.1},
				{Task: "200 live pages, 20 events a second: the latest", Lectern: formatMillis(event), Target: "≤ 0.500 s", Met: event <= 0.5},
				{Task: "200 live pages: more memory", Lectern: formatMB(memory), Target: "≤ 60 MB", Met: memory <= 60e6},
			}
		},
	}
}

func formatMillis(s float64) string { return fmt.Sprintf("%.3f s", s) }

func measurePages(ctx context.Context, b *Bench, _ int, into *Round) (err error) {
	data := filepath.Join(b.work, "server")
	defer os.RemoveAll(data)
	talks := forSize(b, 1000, 50)
	events := min(talks, forSize(b, 10, 2)*eventRate)
	if err := fillCatalogue(ctx, data, talks, events); err != nil {
		return err
	}
	s, err := b.startServer(ctx, data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	busy, rest := context.WithCancel(ctx)
	var encoders sync.WaitGroup
	defer encoders.Wait()
	defer rest()
	for range 2 {
		encoders.Go(func() { b.encodeUntilDone(busy) })
	}
	if err := s.measurePageLoads(ctx, forSize(b, 30, 3)*pageRate, into); err != nil {
		return err
	}
	return s.measureLiveUpdates(ctx, events, into)
}

// fillCatalogue adds talks with subtitles in three languages, whose bundles were built once, to the
// catalog in data. The first ones, as many as events, have no recording, so that changing them
// starts no build.
func fillCatalogue(ctx context.Context, data string, talks, events int) (err error) {
	c, err := catalog.Open(ctx, data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	cues := make([]conference.Cue, 300)
	for i := range cues {
		cues[i] = conference.Cue{ID: fmt.Sprint(i), Start: time.Duration(i) * 6 * time.Second, End: time.Duration(i)*6*time.Second + 5*time.Second,
			Text: fmt.Sprintf("What is said at number %d.", i)}
	}
	for i := range talks {
		slug := fmt.Sprintf("talk-%04d", i)
		s := catalog.Submission{Pipeline: "talk", Out: filepath.Join(data, "bundles")}
		s.Facts.Talk = conference.Talk{Slug: slug, Title: fmt.Sprintf("The talk with the number %d, and what follows from it", i), Kind: "talk", Language: "en", Speakers: []string{"Ada Lovelace", "Grace Hopper"}}
		if i >= events { // those that change have nothing to be made of
			s.Facts.Recordings = []conference.Recording{{SHA256: strings.Repeat("0", 64), Size: 1, Name: "recording.mkv"}}
		}
		for _, language := range []string{"en", "es", "fr"} {
			kind := conference.Translation
			if language == "en" {
				kind = conference.Authored
			}
			s.Facts.Tracks = append(s.Facts.Tracks, conference.Track{Language: language, Kind: kind, State: conference.TrackApproved, File: slug + "." + language + ".srt", Cues: cues})
		}
		if _, err := c.Save(ctx, "bench", s); err != nil {
			return err
		}
		if err := recordFinishedRun(ctx, c, slug); err != nil {
			return err
		}
	}
	return nil
}

// recordFinishedRun records a run of a talk in which an action of each stage ran.
func recordFinishedRun(ctx context.Context, c *catalog.Catalog, slug string) error {
	run, err := c.BeginRun(ctx, slug, "bench")
	if err != nil {
		return err
	}
	var slots []catalog.SlotResult
	for _, stage := range []string{"probe", "index", "analyse", "encode", "card", "audio", "assemble", "stills", "thumbnail", "sprite", "captions", "sync", "subtitled", "bundle"} {
		slots = append(slots, catalog.SlotResult{Slot: stage, Kind: stage, State: catalog.SlotRan})
	}
	return errors.Join(c.RecordSlots(ctx, run, slots), c.EndRun(ctx, run, "published"))
}

// encodeUntilDone keeps the machine busy with encoding until ctx ends, at the niceness of Lectern's
// encodes.
func (b *Bench) encodeUntilDone(ctx context.Context) {
	for ctx.Err() == nil {
		_ = exec.CommandContext(ctx, "nice", "-n", niceness, "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25:duration=30",
			"-c:v", "libx264", "-preset", "medium", "-threads", "2", "-f", "null", "-").Run()
	}
}

// server is a `lectern serve` in a process of its own.
type server struct {
	cmd   *exec.Cmd
	url   string
	token string
}

// startServer starts `lectern serve` with the data directory data, waits until it serves, and gets
// a token for it.
func (b *Bench) startServer(ctx context.Context, data string) (*server, error) {
	s := &server{cmd: exec.CommandContext(ctx, b.lectern, "serve", "--data", data, "--listen", "127.0.0.1:0")}
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(os.Interrupt) }
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	for s.url == "" && lines.Scan() {
		if _, url, ok := strings.Cut(lines.Text(), "Lectern serves "); ok {
			s.url = url
		}
	}
	go io.Copy(io.Discard, out) // ends with the process
	token, err := exec.CommandContext(ctx, b.lectern, "link", "new", "organiser", "--name", "bench", "--program", "--data", data).Output()
	s.token = strings.TrimSpace(string(token))
	return s, err
}

func (s *server) stop() error {
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	_ = s.cmd.Wait() // it was interrupted
	return nil
}

func (s *server) ask(ctx context.Context, method, path string, content []byte) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, s.url+path, bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	r.Header.Set("Accept-Encoding", "gzip")
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err == nil && answer.StatusCode >= http.StatusBadRequest {
		text, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		err = fmt.Errorf("%s %s: %s: %s", method, path, answer.Status, text)
	}
	return answer, err
}

// measurePageLoads requests the overview at a fixed rate, without waiting for the previous
// response, and records the median and the 99th percentile of the times.
func (s *server) measurePageLoads(ctx context.Context, requests int, into *Round) error {
	for range 3 { // a server that has just started renders its rows once
		answer, err := s.ask(ctx, http.MethodGet, "/talks", nil)
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			return err
		}
		answer.Body.Close()
	}
	took := make([]float64, requests)
	errs := make([]error, requests)
	var asked sync.WaitGroup
	tick := time.NewTicker(time.Second / pageRate)
	defer tick.Stop()
	for i := range requests {
		<-tick.C
		asked.Go(func() {
			began := time.Now()
			answer, err := s.ask(ctx, http.MethodGet, "/talks", nil)
			if err == nil {
				_, err = io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
			}
			took[i], errs[i] = time.Since(began).Seconds(), err
		})
	}
	asked.Wait()
	slices.Sort(took)
	into.Values[pageP99], into.Values[pageMedian] = took[len(took)*99/100], took[len(took)/2]
	return errors.Join(errs...)
}

// measureLiveUpdates opens pages, changes as many talks as events, and records after how long the
// last page saw its change, and how much the server's memory grew. It returns an error if a page
// never sees a change.
func (s *server) measureLiveUpdates(ctx context.Context, events int, into *Round) error {
	before, err := residentMemory(s.cmd.Process.Pid)
	if err != nil {
		return err
	}
	w := &updateWatch{changed: make([]time.Time, events), seen: make(chan struct{}, livePages*events)}
	watching, stop := context.WithCancel(ctx)
	var readers sync.WaitGroup
	defer readers.Wait()
	defer stop()
	var open sync.WaitGroup
	for range livePages {
		response, err := s.ask(watching, http.MethodGet, "/live", nil)
		if err != nil {
			return err
		}
		open.Add(1)
		readers.Go(func() {
			defer response.Body.Close()
			w.read(response.Body, open.Done)
		})
	}
	open.Wait()
	if err := s.changeTalks(ctx, w); err != nil {
		return err
	}
	for range livePages * events {
		select {
		case <-w.seen:
		case <-time.After(30 * time.Second):
			return errors.New("some pages never saw some changes")
		}
	}
	after, err := residentMemory(s.cmd.Process.Pid)
	into.Values[eventLast], into.Values[liveGrown] = w.latest.Seconds(), float64(after-before)
	return err
}

// changeTalks changes the talks of w, one after the other, eventRate of them a second, and stores
// in w.changed when it began each change.
func (s *server) changeTalks(ctx context.Context, w *updateWatch) error {
	tick := time.NewTicker(time.Second / eventRate)
	defer tick.Stop()
	for n := range w.changed {
		<-tick.C
		w.mu.Lock()
		w.changed[n] = time.Now()
		w.mu.Unlock()
		change, _ := json.Marshal(map[string]any{"pipeline": "talk", "channels": "auto", "cut": []string{fmt.Sprintf("%d-%d", n, n+60)}})
		response, err := s.ask(ctx, http.MethodPut, fmt.Sprintf("/api/v1/talks/talk-%04d/processing", n), change)
		if err != nil {
			return err
		}
		response.Body.Close()
	}
	return nil
}

// updateWatch collects when live pages saw changes of talks.
type updateWatch struct {
	seen chan struct{} // one for each page and change

	mu      sync.Mutex
	changed []time.Time // when each talk was changed
	latest  time.Duration
}

// read reads the events of a live page until they end, and sends to w.seen once for each change
// that the page sees. It calls open after the first line.
func (w *updateWatch) read(events io.Reader, open func()) {
	lines := bufio.NewScanner(events)
	lines.Buffer(nil, 1<<20)
	lines.Scan()
	open()
	seen := make(map[int]bool)
	for lines.Scan() {
		n, ok := w.talk(lines.Text())
		if ok && !seen[n] && w.note(n, time.Now()) {
			seen[n] = true
			w.seen <- struct{}{}
		}
	}
}

// talk returns the number of the talk that a line of events is about. ok is false for other lines.
func (w *updateWatch) talk(line string) (n int, ok bool) {
	data, ok := strings.CutPrefix(line, "data: ")
	var row struct{ Talk string }
	if !ok || json.Unmarshal([]byte(data), &row) != nil {
		return 0, false
	}
	_, err := fmt.Sscanf(row.Talk, "talk-%d", &n)
	return n, err == nil && n < len(w.changed)
}

// note records that a page saw talk n at a time. It reports whether that talk was changed before;
// if not, it records nothing.
func (w *updateWatch) note(n int, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.changed[n].IsZero() {
		return false
	}
	w.latest = max(w.latest, now.Sub(w.changed[n]))
	return true
}
