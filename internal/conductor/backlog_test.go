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

// bench is a queue at which the test does the work.
type bench struct {
	store  *shelf
	events chan action.Event
	length time.Duration // of every recording

	mu        sync.Mutex
	jobs      []action.Job // that wait
	sent      []string     // the first slots of all that ever came
	cancelled []string     // likewise
}

func (q *bench) Dispatch(_ context.Context, job action.Job, _ time.Duration) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !slices.ContainsFunc(q.jobs, func(j action.Job) bool { return j.ID == job.ID }) {
		q.jobs, q.sent = append(q.jobs, job), append(q.sent, job.Actions[0].Slot)
	}
	return nil
}

func (q *bench) State(_ context.Context, id string) (queue.State, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if slices.ContainsFunc(q.jobs, func(j action.Job) bool { return j.ID == id }) {
		return queue.Running, nil
	}
	return queue.Gone, nil
}

func (q *bench) Cancel(_ context.Context, id string) error {
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

func (q *bench) Events() <-chan action.Event { return q.events }

// take takes the jobs whose first slot begins so.
func (q *bench) take(slot string) (taken []action.Job) {
	time.Sleep(time.Second) // by when everybody has looked
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

// do does the jobs whose first slot begins so, and tells how many there were.
func (q *bench) do(slot string) int {
	taken := q.take(slot)
	for _, j := range taken {
		for _, a := range j.Actions {
			q.store.Put(context.Background(), action.Artifact{Key: a.Key, Kind: a.Kind, Facts: q.facts(a)}, "")
		}
		q.events <- action.Event{Type: action.Done, Job: j.ID}
	}
	synctest.Wait()
	return len(taken)
}

// all does everything there is to do, and what follows from it, except what begins so.
func (q *bench) all() (slots []string) {
	for {
		synctest.Wait()
		q.mu.Lock()
		for _, j := range q.jobs {
			slots = append(slots, j.Actions[0].Slot)
		}
		q.mu.Unlock()
		if q.do("") == 0 {
			return slots
		}
	}
}

// fail fails the jobs whose first slot begins so.
func (q *bench) fail(slot string) {
	for _, j := range q.take(slot) {
		q.events <- action.Event{Type: action.Failed, Job: j.ID, Failure: &action.Failure{Slot: j.Actions[0].Slot, Message: "ffmpeg ended with code 1"}}
	}
	synctest.Wait()
}

func (q *bench) facts(a action.Action) json.RawMessage {
	var facts any = media.Analysis{Suggest: "stereo"}
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
		facts = plan.BundleFacts{Layout: []plan.Laid{{Path: "bundle.json", File: file("manifest", manifest)}, {Path: "SHA256SUMS", File: file("sums", sums)}}}
	}
	b, err := json.Marshal(facts)
	if err != nil {
		panic(err)
	}
	return b
}

// The least that makes a directory a bundle.
const manifest = `{"lectern": 1}`

var sums = fmt.Sprintf("%s  bundle.json\n", action.KeyOf([]byte(manifest)))

// blobs is a directory of files.
type blobs struct{ dir string }

func (b blobs) Path(f action.File) (string, error)                   { return filepath.Join(b.dir, f.Name), nil }
func (b blobs) Keep(context.Context, io.Reader) (action.File, error) { return action.File{}, nil }

// server is a catalogue and the backlog of it, as a server has them.
type server struct {
	*bench
	t       *testing.T
	books   *catalog.Catalog
	dir     string
	backlog *Backlog
	stop    func() // the server
}

// newServer is one whose backlog does not run yet. It is to be made in a bubble.
func newServer(t *testing.T) *server {
	s := &server{t: t, dir: t.TempDir(), bench: &bench{store: newShelf(t), events: make(chan action.Event, 10000), length: 2 * time.Minute}}
	var err error
	if s.books, err = catalog.Open(t.Context(), s.dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.books.Close() })
	for name, content := range map[string]string{"manifest": manifest, "sums": sums} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *server) releaser() *Releaser {
	return &Releaser{
		Conductor: Conductor{Store: s.store, Queue: s.bench, Recorder: s.books, Log: quiet, Window: 4, Slots: 2},
		Catalog:   s.books, Blobs: blobs{s.dir},
		Kinds: []plan.Kind{
			plan.Probe(), plan.Index(), plan.Analyse(), plan.Encode(), plan.Card(), plan.Audio(), plan.Assemble(),
			plan.Stills(), plan.Thumbnail(), plan.Sprite(), plan.Captions(), plan.Sync(), plan.Subtitled(), plan.Podcast(), plan.Exec(), plan.Bundle(),
		},
	}
}

// start starts the backlog, until stop.
func (s *server) start() {
	s.backlog = NewBacklog(s.releaser())
	ctx, cancel := context.WithCancel(s.t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.backlog.Run(ctx); err != nil {
			s.t.Error(err)
		}
	})
	s.stop = func() { cancel(); running.Wait() }
	s.t.Cleanup(s.stop)
	synctest.Wait()
}

// talk saves one of a recording, and wishes for it.
func (s *server) talk(slug, recording string) {
	s.t.Helper()
	_, err := s.books.Save(s.t.Context(), "ada", catalog.Submission{Out: filepath.Join(s.dir, "bundles"), Pipeline: "talk", Facts: conference.Facts{
		Talk:       conference.Talk{Slug: slug, Title: slug, Language: "en"},
		Recordings: []conference.Recording{{SHA256: string(action.KeyOf([]byte(recording))), Size: 1, Name: recording}},
		Tracks:     []conference.Track{captions("Hello")},
	}})
	if err == nil {
		err = s.books.Wish(s.t.Context(), "ada", slug, "new")
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.poke(slug)
}

func captions(text string) conference.Track {
	return conference.Track{Language: "en", Kind: conference.Authored, State: conference.Approved,
		Cues: []conference.Cue{{ID: "c1", Start: 40 * time.Second, End: 43 * time.Second, Text: text}}}
}

// edit changes a talk's facts.
func (s *server) edit(slug string, how func(*conference.Facts)) {
	s.t.Helper()
	if _, err := s.books.Edit(s.t.Context(), "ada", slug, func(s *catalog.Submission) error { how(&s.Facts); return nil }); err != nil {
		s.t.Fatal(err)
	}
	s.poke(slug)
}

func (s *server) poke(slug string) {
	if s.backlog != nil {
		s.backlog.Poke(slug)
		synctest.Wait()
	}
}

func (s *server) expect(slug string, want Step) Progress {
	s.t.Helper()
	synctest.Wait()
	p, ok := s.backlog.Status(slug)
	if !ok || p.Step != want {
		s.t.Fatalf("%s is %s (%s), want %s", slug, p.Step, p.Problem, want)
	}
	return p
}

// kinds is how many jobs of each kind there are among slots.
func stages(slots []string) map[string]int {
	n := make(map[string]int)
	for _, slot := range slots {
		n[stageOf(slot)]++
	}
	return n
}

func TestAWishIsMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		s.start()
		var steps []Step
		defer s.backlog.Watch(func(slug string, p Progress) {
			if slug == "apis" && (len(steps) == 0 || steps[len(steps)-1] != p.Step) {
				steps = append(steps, p.Step)
			}
		})()
		s.talk("apis", "room.mp4")
		s.expect("apis", Observing)
		s.all()
		p := s.expect("apis", Done)
		if _, err := os.Stat(filepath.Join(p.Released.Dir, "bundle.json")); err != nil {
			t.Error(err)
		}
		if want := []Step{Queued, Observing, Making, LayingOut, Done}; !slices.Equal(steps, want) {
			t.Errorf("it was %v, want %v", steps, want)
		}
		if w, err := s.books.WishFor(t.Context(), "apis"); err != nil || w.Open() || w.Outcome != "" {
			t.Errorf("the wish: %+v, %v", w, err)
		}
	})
}

// A typo that is corrected while the chunks are encoded costs the files it is in.
func TestFactsThatChangeMeanwhileAreTakenAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		s.talk("apis", "room.mp4")
		s.start()
		s.do("probe")
		if s.do("captions") != 1 {
			t.Fatalf("no captions among %q", s.sent)
		}
		s.edit("apis", func(f *conference.Facts) { f.Tracks = []conference.Track{captions("Hullo")} })
		rest := stages(s.all())
		if rest["captions"] != 1 || rest["encode"] != 4 {
			t.Errorf("afterwards there were %v", rest)
		}
		s.expect("apis", Done)
		if len(s.cancelled) > 0 {
			t.Errorf("called back: %q", s.cancelled)
		}
		if runs, err := s.books.LastRuns(t.Context(), "apis", 9); err != nil || len(runs) != 1 || runs[0].Outcome != "published" {
			t.Errorf("runs: %+v, %v", runs, err)
		}
	})
}

// Long jobs that nobody wants any more are called back; those that are wanted still go on.
func TestACutThatMovesMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		s.talk("apis", "room.mp4")
		s.start()
		s.do("probe")
		s.edit("apis", func(f *conference.Facts) { f.Cut = []conference.Keep{{From: 5 * time.Second, To: 2 * time.Minute}} })
		synctest.Wait()
		if len(s.cancelled) != 1 || !strings.HasPrefix(s.cancelled[0], "encode/1080/r1/") {
			t.Errorf("called back: %q, want the first chunk", s.cancelled)
		}
		s.all()
		s.expect("apis", Done)
		if n := stages(s.sent)["encode"]; n != 5 {
			t.Errorf("%d chunks were sent, want 4 and the one that moved", n)
		}
	})
}

// What two talks want of one recording is made once; and one that goes leaves it to the other.
func TestTwoTalksOfOneRecording(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		s.start()
		s.talk("morning", "room.mp4")
		s.talk("noon", "room.mp4")
		if n := stages(s.sent)["probe"]; n != 1 {
			t.Errorf("it was probed %d times", n)
		}
		s.do("probe")
		s.edit("morning", func(f *conference.Facts) {
			f.Recordings = []conference.Recording{{SHA256: string(action.KeyOf([]byte("other"))), Size: 1, Name: "other.mp4"}}
		})
		if slices.Contains(s.cancelled, "analyse/r1") {
			t.Error("the analysis was called back, which noon waits for")
		}
		s.all()
		s.expect("morning", Done)
		s.expect("noon", Done)
		if n := stages(s.sent)["analyse"]; n != 2 {
			t.Errorf("%d analyses of two recordings", n)
		}
	})
}

// A caption that is corrected waits for no encode, however many talks are waiting for theirs.
func TestCaptionsOvertake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		s.start()
		s.talk("fixed", "fixed.mp4")
		s.all()
		s.expect("fixed", Done)
		for i := range 6 {
			s.talk(string(rune('a'+i)), string(rune('a'+i))+".mp4")
			s.do("probe")
		}
		s.expect("f", Queued)
		s.edit("fixed", func(f *conference.Facts) { f.Tracks = []conference.Track{captions("Hullo")} })
		for s.do("card")+s.do("captions")+s.do("subtitled")+s.do("bundle")+s.do("thumbnail") > 0 {
		}
		s.expect("fixed", Done)
		s.expect("a", Making)
		s.all()
		s.expect("f", Done)
	})
}

// The server may be killed at any moment: what was wished for is made by the next.
func TestWishesOutliveTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		s.talk("apis", "room.mp4")
		s.start()
		s.do("probe")
		s.do("encode")
		lost, err := s.books.BeginRun(t.Context(), "apis", "of a server that was killed")
		if err != nil {
			t.Fatal(err)
		}
		s.stop()
		if len(s.jobs) > 0 {
			t.Errorf("%d jobs were left out", len(s.jobs))
		}
		sent := len(s.sent)
		s.start()
		s.all()
		s.expect("apis", Done)
		again := stages(s.sent[sent:])
		if again["probe"] > 0 || again["encode"] > 3 {
			t.Errorf("made again: %v", again)
		}
		runs, err := s.books.LastRuns(t.Context(), "apis", 9)
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

// What failed for good rests until somebody wishes again, and is tried anew then.
func TestFailureAndRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		s.talk("apis", "room.mp4")
		s.start()
		for s.do("probe")+s.do("analyse")+s.do("encode")+s.do("stills") > 0 {
		}
		for range Attempts {
			s.fail("audio")
		}
		s.all()
		p := s.expect("apis", Failed)
		if len(p.Failures) != 1 || p.Failures[0].Slot != "audio/aac" || !strings.Contains(p.Problem, "ffmpeg") {
			t.Errorf("failures: %+v, %s", p.Failures, p.Problem)
		}
		sent := len(s.sent)
		s.stop()
		s.start()
		if p := s.expect("apis", Failed); p.Problem == "" || len(s.sent) > sent {
			t.Errorf("after another start: %+v, %q", p, s.sent[sent:])
		}
		if err := s.books.Wish(t.Context(), "ada", "apis", "retry"); err != nil {
			t.Fatal(err)
		}
		s.poke("apis")
		s.all()
		s.expect("apis", Done)
	})
}

// What matters more goes first, then what has waited longer.
func TestOrderOfWishes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		for _, slug := range []string{"a", "b", "c", "d"} {
			s.talk(slug, slug+".mp4")
			time.Sleep(time.Second)
		}
		s.start()
		s.talk("e", "e.mp4")
		time.Sleep(time.Second)
		s.talk("f", "f.mp4")
		if e, f := s.expect("e", Queued), s.expect("f", Queued); e.Position != 1 || f.Position != 2 {
			t.Errorf("e is %d., f is %d.", e.Position, f.Position)
		}
		s.all()
		for _, slug := range []string{"a", "b", "c", "d", "e", "f"} {
			s.expect(slug, Done)
		}
	})
}

// What a change would cost is said before it is made, by what such things took before.
func TestPrice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		s.talk("apis", "room.mp4")
		price := func(how func(*conference.Facts)) Price {
			t.Helper()
			sub, err := s.books.Talk(t.Context(), "apis")
			if err != nil {
				t.Fatal(err)
			}
			how(&sub.Facts)
			p, err := s.releaser().Price(t.Context(), sub)
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		if p := price(func(*conference.Facts) {}); p.Complete || p.Sure() || p.Work.Unknown != 1 {
			t.Errorf("of a recording that nobody has looked into: %+v", p)
		}
		s.start()
		s.do("probe")
		for s.begin("encode") > 0 {
			time.Sleep(20 * time.Second)
			s.do("")
		}
		s.all()
		s.expect("apis", Done)
		if p := price(func(*conference.Facts) {}); !p.Sure() || p.Time != 0 {
			t.Errorf("of nothing: %+v", p)
		}
		captions := price(func(f *conference.Facts) { f.Tracks[0].Cues[0].Text = "Hullo" })
		if captions.Long > 0 || !captions.Sure() {
			t.Errorf("of captions: %+v", captions)
		}
		cut := price(func(f *conference.Facts) { f.Cut = []conference.Keep{{From: 5 * time.Second, To: 2 * time.Minute}} })
		i := slices.IndexFunc(cut.Stages, func(s StagePrice) bool { return s.Name == "encode" })
		if e := cut.Stages[i]; e.Make != 3 || e.There != 9 || e.Work.Work < 15*time.Second || e.Work.Work > 25*time.Second {
			t.Errorf("of a moved cut: %+v", e)
		}
		if s, _ := s.backlog.Status("apis"); s.Wish.Open() {
			t.Error("asking for the price wished for something")
		}
	})
}

// begin says that the jobs whose slot begins so are at work, and tells how many there are.
func (q *bench) begin(slot string) (n int) {
	synctest.Wait()
	q.mu.Lock()
	for _, j := range q.jobs {
		if strings.HasPrefix(j.Actions[0].Slot, slot) {
			q.events <- action.Event{Type: action.Started, Job: j.ID}
			n++
		}
	}
	q.mu.Unlock()
	synctest.Wait()
	return n
}
