package conductor

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lectern-av/lectern/internal/action"
	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/media"
	"github.com/lectern-av/lectern/internal/plan"
	"github.com/lectern-av/lectern/internal/queue"
	"github.com/lectern-av/lectern/internal/timeline"
)

// manualQueue is a queue at which the test does the work.
type manualQueue struct {
	store  *memoryStore
	events chan action.Event
	length time.Duration // of every recording

	mu         sync.Mutex
	jobs       []action.Job // that are not done
	dispatched []string     // the first slot of every job that was ever dispatched
	cancelled  []string     // likewise
}

func (q *manualQueue) Dispatch(_ context.Context, job action.Job, _ time.Duration) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !slices.ContainsFunc(q.jobs, func(j action.Job) bool { return j.ID == job.ID }) {
		q.jobs, q.dispatched = append(q.jobs, job), append(q.dispatched, job.Actions[0].Slot)
	}
	return nil
}

func (q *manualQueue) State(_ context.Context, id string) (queue.State, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if slices.ContainsFunc(q.jobs, func(j action.Job) bool { return j.ID == id }) {
		return queue.Running, nil
	}
	return queue.Gone, nil
}

func (q *manualQueue) Cancel(_ context.Context, id string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.jobs = slices.DeleteFunc(q.jobs, func(j action.Job) bool {
		if j.ID == id {
			q.cancelled = append(q.cancelled, j.Actions[0].Slot)
		}
		return j.ID == id
	})
	return nil
}

func (q *manualQueue) Events() <-chan action.Event { return q.events }

// take removes the jobs whose first slot has this prefix from the queue.
func (q *manualQueue) take(slot string) (taken []action.Job) {
	time.Sleep(time.Second) // let every reconciler poll
	synctest.Wait()
	q.mu.Lock()
	defer q.mu.Unlock()
	q.jobs = slices.DeleteFunc(q.jobs, func(j action.Job) bool {
		is := strings.HasPrefix(j.Actions[0].Slot, slot)
		if is {
			taken = append(taken, j)
		}
		return is
	})
	return taken
}

// finish completes the jobs whose first slot has this prefix, and returns their number.
func (q *manualQueue) finish(slot string) int {
	taken := q.take(slot)
	for _, j := range taken {
		for _, a := range j.Actions {
			q.store.Put(context.Background(), action.Artifact{Key: a.Key, Kind: a.Kind, Facts: q.factsFor(a)}, "")
		}
		q.events <- action.Event{Type: action.JobDone, Job: j.ID}
	}
	synctest.Wait()
	return len(taken)
}

// finishAll completes all jobs, and those that follow from them, and returns their first slots.
func (q *manualQueue) finishAll() (slots []string) {
	for {
		synctest.Wait()
		q.mu.Lock()
		for _, j := range q.jobs {
			slots = append(slots, j.Actions[0].Slot)
		}
		q.mu.Unlock()
		if q.finish("") == 0 {
			return slots
		}
	}
}

// fail fails the jobs whose first slot has this prefix.
func (q *manualQueue) fail(slot string) {
	for _, j := range q.take(slot) {
		q.events <- action.Event{Type: action.JobFailed, Job: j.ID, Failure: &action.Failure{Slot: j.Actions[0].Slot, Message: "ffmpeg ended with code 1"}}
	}
	synctest.Wait()
}

func (q *manualQueue) factsFor(a action.Action) json.RawMessage {
	var facts any = media.Analysis{SuggestedChannels: "stereo"}
	switch a.Kind {
	case "probe":
		facts = media.Probe{
			Format: "mov,mp4,m4a,3gp,3g2,mj2", Indexed: true, Declared: q.length, Readable: q.length,
			Video: &media.Video{Width: 1920, Height: 1080, Rate: timeline.Rate{Num: 25, Den: 1}, TimeBase: timeline.Rate{Num: 1, Den: 12800}, End: q.length},
			Audio: []media.Audio{{Stream: 1, Channels: 2, Hz: 48000, End: q.length}},
		}
	case "bundle":
		file := func(name, content string) action.File {
			return action.File{Name: name, SHA256: string(action.KeyOf([]byte(content))), Size: int64(len(content))}
		}
		facts = plan.BundleFacts{Layout: []plan.LayoutEntry{{Path: "bundle.json", File: file("manifest", manifest)}, {Path: "SHA256SUMS", File: file("sums", sums)}}}
	}
	b, err := json.Marshal(facts)
	if err != nil {
		panic(err)
	}
	return b
}

// The smallest valid bundle.
const manifest = `{"lectern": 1}`

var sums = fmt.Sprintf("%s  bundle.json\n", action.KeyOf([]byte(manifest)))

// blobDir serves blobs from a directory.
type blobDir struct{ dir string }

func (b blobDir) Path(f action.File) (string, error) { return filepath.Join(b.dir, f.Name), nil }
func (b blobDir) PutOriginal(context.Context, io.Reader) (action.File, error) {
	return action.File{}, nil
}

// testServer has a catalog and a build loop, as a server does. The test does the work of its queue.
type testServer struct {
	*manualQueue
	t         *testing.T
	catalog   *catalog.Catalog
	dir       string
	buildLoop *BuildLoop
	stop      func() // the build loop
}

// newTestServer returns a server whose buildLoop does not run yet. It needs a synctest bubble.
func newTestServer(t *testing.T) *testServer {
	s := &testServer{t: t, dir: t.TempDir(), manualQueue: &manualQueue{store: newMemoryStore(t), events: make(chan action.Event, 10000), length: 2 * time.Minute}}
	var err error
	if s.catalog, err = catalog.Open(t.Context(), s.dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.catalog.Close() })
	for name, content := range map[string]string{"manifest": manifest, "sums": sums} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *testServer) builder() *Builder {
	return &Builder{
		Conductor: Conductor{Store: s.store, Queue: s.manualQueue, Recorder: s.catalog, Log: discardLog, MaxInFlight: 4, WorkerSlots: 2},
		Catalog:   s.catalog, Blobs: blobDir{s.dir},
		Kinds: []plan.Kind{
			plan.Probe(), plan.Index(), plan.Analyse(), plan.Encode(), plan.Card(), plan.Audio(), plan.Assemble(),
			plan.Stills(), plan.Thumbnail(), plan.Sprite(), plan.Captions(), plan.Sync(), plan.Subtitled(), plan.Podcast(), plan.Exec(), plan.Bundle(),
		},
	}
}

// start runs the build loop until stop.
func (s *testServer) start() {
	s.buildLoop = NewBuildLoop(s.builder())
	ctx, cancel := context.WithCancel(s.t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.buildLoop.Run(ctx); err != nil {
			s.t.Error(err)
		}
	})
	s.stop = func() { cancel(); running.Wait() }
	s.t.Cleanup(s.stop)
	synctest.Wait()
}

// addTalk saves a talk with one recording and requests its build.
func (s *testServer) addTalk(slug, recording string) {
	s.t.Helper()
	_, err := s.catalog.Save(s.t.Context(), "ada", catalog.Submission{Out: filepath.Join(s.dir, "bundles"), Pipeline: "talk", Facts: conference.Facts{
		Talk:       conference.Talk{Slug: slug, Title: slug, Language: "en"},
		Recordings: []conference.Recording{{SHA256: string(action.KeyOf([]byte(recording))), Size: 1, Name: recording}},
		Tracks:     []conference.Track{captionTrack("Hello")},
	}})
	if err == nil {
		err = s.catalog.RequestBuild(s.t.Context(), "ada", slug, "new")
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.wake()
}

func captionTrack(text string) conference.Track {
	return conference.Track{Language: "en", Kind: conference.Authored, State: conference.TrackApproved,
		Cues: []conference.Cue{{ID: "c1", Start: 40 * time.Second, End: 43 * time.Second, Text: text}}}
}

// edit changes the facts of a talk.
func (s *testServer) edit(slug string, how func(*conference.Facts)) {
	s.t.Helper()
	if _, err := s.catalog.Edit(s.t.Context(), "ada", slug, func(s *catalog.Submission) error { how(&s.Facts); return nil }); err != nil {
		s.t.Fatal(err)
	}
	s.wake()
}

func (s *testServer) wake() {
	if s.buildLoop != nil {
		s.buildLoop.Wake()
		synctest.Wait()
	}
}

func (s *testServer) expectPhase(slug string, want Phase) Progress {
	s.t.Helper()
	synctest.Wait()
	p, ok := s.buildLoop.Status(slug)
	if !ok || p.Phase != want {
		s.t.Fatalf("%s is %s (%s), want %s", slug, p.Phase, p.Problem, want)
	}
	return p
}

// countStages counts slots by their stage.
func countStages(slots []string) map[string]int {
	n := make(map[string]int)
	for _, slot := range slots {
		n[stageName(slot)]++
	}
	return n
}

func TestBuildLoop_BuildsRequestedTalk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestServer(t)
		s.start()
		var steps []Phase
		defer s.buildLoop.Watch(func(slug string, p Progress) {
			if slug == "apis" && (len(steps) == 0 || steps[len(steps)-1] != p.Phase) {
				steps = append(steps, p.Phase)
			}
		})()
		s.addTalk("apis", "room.mp4")
		s.expectPhase("apis", Analysing)
		s.finishAll()
		p := s.expectPhase("apis", Done)
		if _, err := os.Stat(filepath.Join(p.Result.Dir, "bundle.json")); err != nil {
			t.Error(err)
		}
		if want := []Phase{Queued, Analysing, Building, LayingOut, Done}; !slices.Equal(steps, want) {
			t.Errorf("phases %v, want %v", steps, want)
		}
		if w, err := s.catalog.BuildRequest(t.Context(), "apis"); err != nil || w.Pending() || w.Outcome != "" {
			t.Errorf("request: %+v, %v", w, err)
		}
	})
}

// A caption that is corrected during the build costs only the files it is in.
func TestBuildLoop_FactsChangeDuringBuild(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestServer(t)
		s.addTalk("apis", "room.mp4")
		s.start()
		s.finish("probe")
		if s.finish("captions") != 1 {
			t.Fatalf("no captions among %q", s.dispatched)
		}
		s.edit("apis", func(f *conference.Facts) { f.Tracks = []conference.Track{captionTrack("Hullo")} })
		rest := countStages(s.finishAll())
		if rest["captions"] != 1 || rest["encode"] != 4 {
			t.Errorf("jobs after the edit: %v, want 1 captions and 4 encode", rest)
		}
		s.expectPhase("apis", Done)
		if len(s.cancelled) > 0 {
			t.Errorf("cancelled %q, want none", s.cancelled)
		}
		if runs, err := s.catalog.LastRuns(t.Context(), "apis", 9); err != nil || len(runs) != 1 || runs[0].Outcome != "published" {
			t.Errorf("runs: %+v, %v", runs, err)
		}
	})
}

// Long jobs that are no longer needed are cancelled; the others go on.
func TestBuildLoop_CutMovesDuringBuild(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestServer(t)
		s.addTalk("apis", "room.mp4")
		s.start()
		s.finish("probe")
		s.edit("apis", func(f *conference.Facts) {
			f.Cut = []conference.KeptRange{{From: 5 * time.Second, To: 2 * time.Minute}}
		})
		synctest.Wait()
		if len(s.cancelled) != 1 || !strings.HasPrefix(s.cancelled[0], "encode/1080/r1/") {
			t.Errorf("cancelled %q, want the first chunk", s.cancelled)
		}
		s.finishAll()
		s.expectPhase("apis", Done)
		if n := countStages(s.dispatched)["encode"]; n != 5 {
			t.Errorf("%d chunks were sent, want 4 and the one that moved", n)
		}
	})
}

// Two talks with one recording share its jobs. A job goes on when one of them no longer needs it.
func TestBuildLoop_TwoTalksShareRecording(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestServer(t)
		s.start()
		s.addTalk("morning", "room.mp4")
		s.addTalk("noon", "room.mp4")
		if n := countStages(s.dispatched)["probe"]; n != 1 {
			t.Errorf("it was probed %d times", n)
		}
		s.finish("probe")
		s.edit("morning", func(f *conference.Facts) {
			f.Recordings = []conference.Recording{{SHA256: string(action.KeyOf([]byte("other"))), Size: 1, Name: "other.mp4"}}
		})
		if slices.Contains(s.cancelled, "analyse/r1") {
			t.Error("cancelled the analysis that noon waits for")
		}
		s.finishAll()
		s.expectPhase("morning", Done)
		s.expectPhase("noon", Done)
		if n := countStages(s.dispatched)["analyse"]; n != 2 {
			t.Errorf("%d analyses of two recordings", n)
		}
	})
}

// A corrected caption does not wait for the encodes of other talks.
func TestBuildLoop_CaptionsOvertakeEncodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestServer(t)
		s.start()
		s.addTalk("fixed", "fixed.mp4")
		s.finishAll()
		s.expectPhase("fixed", Done)
		for i := range 6 {
			s.addTalk(string(rune('a'+i)), string(rune('a'+i))+".mp4")
			s.finish("probe")
		}
		s.expectPhase("f", Queued)
		s.edit("fixed", func(f *conference.Facts) { f.Tracks = []conference.Track{captionTrack("Hullo")} })
		for s.finish("card")+s.finish("captions")+s.finish("subtitled")+s.finish("bundle")+s.finish("thumbnail") > 0 {
		}
		s.expectPhase("fixed", Done)
		s.expectPhase("a", Building)
		s.finishAll()
		s.expectPhase("f", Done)
	})
}

// When the server is killed, the next one builds what was requested.
func TestBuildLoop_RestartAfterKill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestServer(t)
		s.addTalk("apis", "room.mp4")
		s.start()
		s.finish("probe")
		s.finish("encode")
		lost, err := s.catalog.BeginRun(t.Context(), "apis", "of a killed server")
		if err != nil {
			t.Fatal(err)
		}
		s.stop()
		if len(s.jobs) > 0 {
			t.Errorf("%d jobs are left in the queue", len(s.jobs))
		}
		sent := len(s.dispatched)
		s.start()
		s.finishAll()
		s.expectPhase("apis", Done)
		again := countStages(s.dispatched[sent:])
		if again["probe"] > 0 || again["encode"] > 3 {
			t.Errorf("ran again: %v", again)
		}
		runs, err := s.catalog.LastRuns(t.Context(), "apis", 9)
		if err != nil {
			t.Fatal(err)
		}
		outcomes := make(map[int64]string)
		for _, r := range runs {
			outcomes[r.ID] = r.Outcome
		}
		if want := map[int64]string{lost - 1: "interrupted", lost: "interrupted", lost + 1: "published"}; !maps.Equal(outcomes, want) {
			t.Errorf("runs: %v", outcomes)
		}
	})
}

// A failed talk is tried again at the next request, not before.
func TestBuildLoop_FailureThenRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestServer(t)
		s.addTalk("apis", "room.mp4")
		s.start()
		for s.finish("probe")+s.finish("analyse")+s.finish("encode")+s.finish("stills") > 0 {
		}
		for range MaxAttempts {
			s.fail("audio")
		}
		s.finishAll()
		p := s.expectPhase("apis", Failed)
		if len(p.Failures) != 1 || p.Failures[0].Slot != "audio/aac" || !strings.Contains(p.Problem, "ffmpeg") {
			t.Errorf("failures: %+v, %s", p.Failures, p.Problem)
		}
		sent := len(s.dispatched)
		s.stop()
		s.start()
		if p := s.expectPhase("apis", Failed); p.Problem == "" || len(s.dispatched) > sent {
			t.Errorf("after a restart: %+v, jobs %q", p, s.dispatched[sent:])
		}
		if err := s.catalog.RequestBuild(t.Context(), "ada", "apis", "retry"); err != nil {
			t.Fatal(err)
		}
		s.wake()
		s.finishAll()
		s.expectPhase("apis", Done)
	})
}

// Higher priorities go first, then older requests.
func TestBuildLoop_Order(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestServer(t)
		for _, slug := range []string{"a", "b", "c", "d"} {
			s.addTalk(slug, slug+".mp4")
			time.Sleep(time.Second)
		}
		s.start()
		s.addTalk("e", "e.mp4")
		time.Sleep(time.Second)
		s.addTalk("f", "f.mp4")
		if e, f := s.expectPhase("e", Queued), s.expectPhase("f", Queued); e.QueuePosition != 1 || f.QueuePosition != 2 {
			t.Errorf("queue positions: e %d, f %d, want 1 and 2", e.QueuePosition, f.QueuePosition)
		}
		s.finishAll()
		for _, slug := range []string{"a", "b", "c", "d", "e", "f"} {
			s.expectPhase(slug, Done)
		}
	})
}

// The cost of a change is estimated from the timings of earlier runs.
func TestCost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestServer(t)
		s.addTalk("apis", "room.mp4")
		price := func(how func(*conference.Facts)) Cost {
			t.Helper()
			sub, err := s.catalog.Talk(t.Context(), "apis")
			if err != nil {
				t.Fatal(err)
			}
			how(&sub.Facts)
			p, err := s.builder().Cost(t.Context(), sub)
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		if p := price(func(*conference.Facts) {}); p.Complete || p.Sure() || p.Work.Unknown != 1 {
			t.Errorf("recording not probed: %+v", p)
		}
		s.start()
		s.finish("probe")
		for s.startJobs("encode") > 0 {
			time.Sleep(20 * time.Second)
			s.finish("")
		}
		s.finishAll()
		s.expectPhase("apis", Done)
		if p := price(func(*conference.Facts) {}); !p.Sure() || p.Time != 0 {
			t.Errorf("nothing changed: %+v", p)
		}
		captions := price(func(f *conference.Facts) { f.Tracks[0].Cues[0].Text = "Hullo" })
		if captions.LongActions > 0 || !captions.Sure() {
			t.Errorf("changed captions: %+v", captions)
		}
		cut := price(func(f *conference.Facts) {
			f.Cut = []conference.KeptRange{{From: 5 * time.Second, To: 2 * time.Minute}}
		})
		i := slices.IndexFunc(cut.Stages, func(s StageCost) bool { return s.Name == "encode" })
		if e := cut.Stages[i]; e.Make != 3 || e.There != 9 || e.Work.Work < 15*time.Second || e.Work.Work > 25*time.Second {
			t.Errorf("moved cut: %+v", e)
		}
		if s, _ := s.buildLoop.Status("apis"); s.Request.Pending() {
			t.Error("estimating the cost requested a build")
		}
	})
}

// startJobs says that the jobs whose slot begins so are at work, and tells how many there are.
func (q *manualQueue) startJobs(slot string) (n int) {
	synctest.Wait()
	q.mu.Lock()
	for _, j := range q.jobs {
		if strings.HasPrefix(j.Actions[0].Slot, slot) {
			q.events <- action.Event{Type: action.JobStarted, Job: j.ID}
			n++
		}
	}
	q.mu.Unlock()
	synctest.Wait()
	return n
}
