//go:build slow

package insync_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/subtitle/insync"
)

// talk is a real caption file, spoken by synthesisers.
type talk struct {
	name   string
	file   string
	speech func([]conference.Cue) []utterance
	manner manner
	voices []string
}

var talks = []talk{
	{"a cue at a time", "en/DeveloperEvents-SOCwithLeslieHawthorn-03-19-2009.srt", byCue, manner{lead: -80 * time.Millisecond, jitter: 120 * time.Millisecond, fit: true}, []string{"slt", "kal", "rms", "awb"}},
	{"one voice over the other", "en/DeveloperEvents-SOCwithLeslieHawthorn-03-19-2009.srt", byCue, manner{jitter: 120 * time.Millisecond}, []string{"slt", "kal", "rms", "awb"}},
	{"whole sentences", "en/IO2009-Ben-Chromium.srt", bySentence, manner{lead: 80 * time.Millisecond, jitter: 150 * time.Millisecond, fit: true}, []string{"kal", "rms"}},
	{"Russian sentences", "ru/2008_07_10_PoweredByYouTube_APIDay_ALookIntoYouTubeInfrastructure_06.srt", bySentence, manner{jitter: 150 * time.Millisecond, fit: true}, []string{"espeak-ng:ru", "espeak-ng:ru+f3"}},
}

var conditions = []struct {
	name string
	add  func(*stage)
}{
	{"a quiet room", func(s *stage) { s.room(40) }},
	{"room noise at -20 dB", func(s *stage) { s.room(20) }},
	{"room noise at -10 dB", func(s *stage) { s.room(10) }},
	{"applause at -3 dB", func(s *stage) { s.room(30); s.applause(3) }},
	{"music at -12 dB", func(s *stage) { s.room(30); s.music(12) }},
	{"all of it", func(s *stage) { s.room(15); s.music(15); s.applause(6) }},
}

// variant is something that happened to a file or a recording.
type variant struct {
	name   string
	kind   string // how the verdict begins
	cues   []conference.Cue
	levels []float32
	truth  []float64 // milliseconds, where each cue belongs; NaN: nowhere
	seam   int64     // milliseconds on the file's clock; 0: there is none
}

// tally is what came out under one condition.
type tally struct {
	cases, right, wrong int
	errors              []float64
}

func (a *tally) add(b tally) {
	a.cases, a.right, a.wrong, a.errors = a.cases+b.cases, a.right+b.right, a.wrong+b.wrong, append(a.errors, b.errors...)
}

func (a tally) String() string {
	slices.Sort(a.errors)
	if len(a.errors) == 0 {
		return fmt.Sprintf("%4d cases, %4d right, %d wrong", a.cases, a.right, a.wrong)
	}
	return fmt.Sprintf("%4d cases, %4d right, %d wrong; error: median %3.0f ms, worst %3.0f ms", a.cases, a.right, a.wrong, a.errors[len(a.errors)/2], a.errors[len(a.errors)-1])
}

func TestSpokenTalks(t *testing.T) {
	corpus := os.Getenv("LECTERN_CORPUS")
	if corpus == "" {
		t.Skip("LECTERN_CORPUS is not set, so there are no real captions to have spoken")
	}
	var all, steady tally // steady: where nothing was removed or inserted
	by := map[string]*tally{}
	count := func(key string, one tally) {
		if by[key] == nil {
			by[key] = &tally{}
		}
		by[key].add(one)
	}
	for n, talk := range talks {
		cues := captions(t, filepath.Join(corpus, "google-video-captions", talk.file), 20*time.Minute)
		spoken := cast(talk.speech(cues), talk.voices...)
		speak(t, strings.ReplaceAll(talk.voices[0], ":", "-")+fmt.Sprint(len(spoken)), spoken)
		for _, c := range conditions {
			s := newStage(cues[len(cues)-1].End+15*time.Second, uint64(n))
			s.speech(spoken, talk.manner)
			c.add(s)
			levels := s.levels()
			for _, v := range variants(cues, levels, -talk.manner.lead) {
				one := judge(t, talk.name+", "+c.name, v)
				all.add(one)
				if v.seam == 0 {
					steady.add(one)
				}
				count(talk.name, one)
				count(c.name, one)
				count(v.kind, one)
			}
		}
	}
	for key, a := range by {
		t.Logf("%-26s %v", key, a)
	}
	t.Logf("%-26s %v", "altogether", all)
	if steady.wrong > 0 {
		t.Errorf("%d answers are wrong", steady.wrong)
	}
	if steady.right*100 < steady.cases*95 || all.right*100 < all.cases*95 {
		t.Errorf("%d of %d verdicts are right, and %d of %d with jumps; want 95 %% of both", steady.right, steady.cases, all.right, all.cases)
	}
	if slices.Sort(steady.errors); steady.errors[len(steady.errors)/2] > 100 || steady.errors[len(steady.errors)-1] > 250 {
		t.Errorf("the errors are too great")
	}
	// Not one wrong answer is the aim for jumps too. It is not reached: this holds what is.
	if jumps := by["jumps at"]; jumps.right*100 < jumps.cases*85 || jumps.wrong*100 > jumps.cases*6 {
		t.Errorf("jumps: %v", jumps)
	}
}

// near is how many milliseconds off the place of a jump may be: speech in whole sentences
// gives an onset every five seconds, and not each of them is clear.
const near = 30000

// judge compares the verdict on a variant with the truth.
func judge(t *testing.T, where string, v variant) tally {
	r := insync.Judge(v.cues, v.levels)
	one := tally{cases: 1}
	if r.Verdict == insync.CannotTell {
		t.Logf("%s, %s: %+v", where, v.name, r)
		return one
	}
	worst := 0.0
	for i, c := range v.cues {
		at := c.Start.Milliseconds()
		if math.IsNaN(v.truth[i]) || v.seam > 0 && max(at-v.seam, v.seam-at) < near {
			continue
		}
		worst = max(worst, math.Abs(placed(r, at)-v.truth[i]))
	}
	right := strings.HasPrefix(r.Verdict, v.kind) && worst <= 250
	if v.seam > 0 && right {
		right = len(r.Segments) == 2 && max(r.Segments[1].FromMS-v.seam, v.seam-r.Segments[1].FromMS) < near
	}
	if right {
		one.right = 1
	} else {
		one.wrong = 1
		t.Logf("WRONG %s, %s: %+v off by %.0f ms", where, v.name, r, worst)
	}
	one.errors = []float64{worst}
	return one
}

// placed is where a time of the file belongs by a result.
func placed(r insync.Result, ms int64) float64 {
	offset := r.OffsetMS
	for _, s := range r.Segments {
		if ms >= s.FromMS {
			offset = s.OffsetMS
		}
	}
	return float64(ms)*r.Ratio + float64(offset)
}

// TestCaptionsOfSomethingElse lays captions beside sound that they have nothing, or too
// little, to do with.
func TestCaptionsOfSomethingElse(t *testing.T) {
	corpus := os.Getenv("LECTERN_CORPUS")
	if corpus == "" {
		t.Skip("LECTERN_CORPUS is not set, so there are no real captions to have spoken")
	}
	sounds, files := map[string][]float32{}, map[string][]conference.Cue{}
	for n, talk := range talks[1:] {
		cues := captions(t, filepath.Join(corpus, "google-video-captions", talk.file), 20*time.Minute)
		spoken := cast(talk.speech(cues), talk.voices...)
		speak(t, strings.ReplaceAll(talk.voices[0], ":", "-")+fmt.Sprint(len(spoken)), spoken)
		s := newStage(cues[len(cues)-1].End, uint64(n))
		s.speech(spoken, talk.manner)
		s.room(25)
		sounds[talk.name], files[talk.name] = s.levels(), cues
	}
	noises := map[string]func(*stage){
		"silence":    func(*stage) {},
		"music":      func(s *stage) { s.music(0); s.room(30) },
		"room noise": func(s *stage) { s.room(0) },
		"applause":   func(s *stage) { s.room(30); s.applause(-6) },
	}
	for name, add := range noises {
		s := newStage(15*time.Minute, 5)
		add(s)
		sounds[name] = s.levels()
	}
	real, err := filepath.Glob(filepath.Join(corpus, "google-video-captions", "*", "IO2009-*.srt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range real {
		if cues := captions(t, path, 20*time.Minute); filepath.Base(path) != filepath.Base(talks[2].file) {
			files[path] = cues
		}
	}
	cases := 0
	for sound, levels := range sounds {
		for file, cues := range files {
			if sound == file || len(cues) == 0 {
				continue
			}
			cases++
			if r := insync.Judge(cues, levels); r.Verdict != insync.CannotTell {
				t.Errorf("%s against %s: %+v", file, sound, r)
			}
			if right := files[sound]; len(right) > 0 && len(cues) > 100 {
				mixed := append(slices.Clone(right[:len(right)/25]), cues[len(cues)/25:]...)
				cases++
				if r := insync.Judge(mixed, levels); r.Verdict != insync.CannotTell {
					t.Errorf("%s but for its beginning, against %s: %+v", file, sound, r)
				}
			}
		}
	}
	t.Logf("%d cases", cases)
}

// variants are the file moved, stretched, and missing something or having too much, and
// the recording likewise. The speech comes late after its captions.
func variants(cues []conference.Cue, levels []float32, lead time.Duration) (all []variant) {
	add := func(name, kind string, levels []float32, seam time.Duration, file, truth func(time.Duration) (time.Duration, bool)) {
		v := variant{name: name, kind: kind, levels: levels, seam: seam.Milliseconds()}
		for _, c := range cues {
			start, ok := file(c.Start)
			if !ok || start < 0 {
				continue
			}
			c.End = start + c.End - c.Start
			place, ok := truth(c.Start)
			ms := float64((place - lead).Milliseconds())
			if !ok {
				ms = math.NaN()
			}
			c.Start = start
			v.cues, v.truth = append(v.cues, c), append(v.truth, ms)
		}
		all = append(all, v)
	}
	same := func(at time.Duration) (time.Duration, bool) { return at, true }
	for _, shift := range []time.Duration{-20000, -7310, -2340, -500, 0, 400, 1000, 2340, 5000, 17777, 33333, 60000} {
		kind := "shift by"
		if shift == 0 {
			kind = insync.InSync
		}
		moved := func(at time.Duration) (time.Duration, bool) { return at + shift*time.Millisecond, true }
		add(fmt.Sprintf("moved by %d ms", shift), kind, levels, 0, moved, same)
	}
	for _, rate := range []float64{1.001, 1 / 1.001, 25 / 24., 24 / 25., 25 / 23.976, 23.976 / 25} {
		for _, shift := range []time.Duration{0, 7 * time.Second} {
			stretched := func(at time.Duration) (time.Duration, bool) {
				return time.Duration(float64(at)/rate) + shift, true
			}
			add(fmt.Sprintf("stretched by 1/%.5f and moved by %v", rate, shift), insync.Drifts, levels, 0, stretched, same)
		}
	}
	end := cues[len(cues)-1].End
	for _, at := range []float64{0.25, 0.5, 0.7} {
		for _, gone := range []time.Duration{3 * time.Second, 20 * time.Second, 100 * time.Second} {
			from := time.Duration(at * float64(end)).Truncate(insync.Frame)
			frame := int(from / insync.Frame)
			until := frame + int(gone/insync.Frame)
			cut := append(slices.Clone(levels[:frame]), levels[until:]...)
			closed := func(at time.Duration) (time.Duration, bool) {
				if at > from {
					return at - gone, at >= from+gone
				}
				return at, true
			}
			add(fmt.Sprintf("%v gone from the recording at %v", gone, from), "jumps at", cut, from, same, closed)
			add(fmt.Sprintf("%v gone from the file at %v", gone, from), "jumps at", levels, from, closed, same)
		}
	}
	return all
}
