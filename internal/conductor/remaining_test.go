package conductor

import (
	"testing"
	"testing/synctest"
	"time"
)

// The remaining time is estimated from earlier talks: here each of some twenty jobs took 21
// seconds, and two are done at a time.
func TestBuildLoop_RemainingTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestServer(t)
		s.start()
		s.addTalk("first", "first.mp4")
		s.finish("probe")
		for s.startJobs("") > 0 {
			time.Sleep(20 * time.Second)
			s.finish("")
		}
		s.expectPhase("first", Done)
		s.addTalk("second", "second.mp4")
		s.finish("probe")
		s.finish("analyse")
		s.finish("stills")
		time.Sleep(3 * time.Second)
		p := s.expectPhase("second", Building)
		if !p.RemainingKnown || p.Remaining < 3*time.Minute || p.Remaining > 4*time.Minute {
			t.Errorf("remaining %s (known: %v), want 3 to 4 minutes", p.Remaining, p.RemainingKnown)
		}
	})
}
