package conductor

import (
	"testing"
	"testing/synctest"
	"time"
)

// How long a talk still takes is told by what talks before it took: here each of some twenty
// jobs took 21 seconds, and two are done at a time.
func TestTimeThatRemains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		s.start()
		s.talk("first", "first.mp4")
		s.do("probe")
		for s.begin("") > 0 {
			time.Sleep(20 * time.Second)
			s.do("")
		}
		s.expect("first", Done)
		s.talk("second", "second.mp4")
		s.do("probe")
		s.do("analyse")
		s.do("stills")
		time.Sleep(3 * time.Second)
		p := s.expect("second", Making)
		if !p.Guessable || p.Remaining < 3*time.Minute || p.Remaining > 4*time.Minute {
			t.Errorf("%s remain (%v)", p.Remaining, p.Guessable)
		}
	})
}
