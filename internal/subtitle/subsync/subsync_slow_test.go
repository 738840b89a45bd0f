//go:build slow

package subsync_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/subtitle/subsync"
)

// talk is a real caption file, spoken by synthesisers.
type talk struct {
	name   string
	file   string
	speech func([]conference.Cue) []utterance
	manner speechStyle
	voices []string
}

var talks = []talk{
	{"a cue at a time", "en/DeveloperEvents-SOCwithLeslieHawthorn-03-19-2009.srt", byCue, speechStyle{lead: -80 * time.Millisecond, jitter: 120 * time.Millisecond, fit: true}, []string{"slt", "kal", "rms", "awb"}},
	{"one voice over the other", "en/DeveloperEvents-SOCwithLeslieHawthorn-03-19-2009.srt", byCue, speechStyle{jitter: 120 * time.Millisecond}, []string{"slt", "kal", "rms", "awb"}},
	{"whole sentences", "en/IO2009-Ben-Chromium.srt", bySentence, speechStyle{lead: 80 * time.Millisecond, jitter: 150 * time.Millisecond, fit: true}, []string{"kal", "rms"}},
	{"a talk read out", "en/IO2009-CodingForLife-BatteryLifeThatIs.srt", bySentence, speechStyle{jitter: 120 * time.Millisecond, fit: true}, []string{"awb", "slt"}},
}

var conditions = []struct {
	name string
	add  func(*mixer)
}{
	{"a quiet room", func(s *mixer) { s.room(40) }},
	{"room noise at -20 dB", func(s *mixer) { s.room(20) }},
	{"room noise at -10 dB", func(s *mixer) { s.room(10) }},
	{"applause at -3 dB", func(s *mixer) { s.room(30); s.applause(3) }},
	{"music at -12 dB", func(s *mixer) { s.room(30); s.music(12) }},
	{"all of it", func(s *mixer) { s.room(15); s.music(15); s.applause(6) }},
}

// variant is a change of a file or a recording.
type variant struct {
	name   string
	kind   string // how the verdict begins
	cues   []conference.Cue
	levels []float32
	truth  []float64 // milliseconds, where each cue belongs; NaN: nowhere
	seam   int64     // milliseconds on the file's clock; 0: there is none
}

// tally counts the results under one condition.
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

func TestAnalyze_SpokenTalks(t *testing.T) {
	corpus := os.Getenv("LECTERN_CORPUS")
	if corpus == "" {
		t.Skip("LECTERN_CORPUS is not set, so there are no real captions to have spoken")
	}
	var all tally
	by := map[string]*tally{}
	var mutex sync.Mutex
	count := func(one tally, keys ...string) {
		mutex.Lock()
		defer mutex.Unlock()
		all.add(one)
		for _, key := range keys {
			if by[key] == nil {
				by[key] = &tally{}
			}
			by[key].add(one)
		}
	}
	t.Run("talks", func(t *testing.T) {
		for n, talk := range talks {
			t.Run(talk.name, func(t *testing.T) {
				t.Parallel()
				talk.analyze(t, filepath.Join(corpus, "google-video-captions"), uint64(n), count)
			})
		}
	})
	for key, a := range by {
		t.Logf("%-26s %v", key, a)
	}
	t.Logf("%-26s %v", "altogether", all)
	if all.wrong > 0 {
		t.Errorf("%d answers are wrong", all.wrong)
	}
	jumps := by["jumps at"]
	if right, cases := all.right-jumps.right, all.cases-jumps.cases; right*100 < cases*95 {
		t.Errorf("%d of %d verdicts on files without a jump are right, want 95 %%", right, cases)
	}
	// Jumps are told more rarely: one in four or five stays in doubt, most often because
	// its place could as well be half a minute away.
	if jumps.right*3 < jumps.cases*2 {
		t.Errorf("%d of %d jumps are found, want two thirds", jumps.right, jumps.cases)
	}
	if slices.Sort(all.errors); all.errors[len(all.errors)/2] > 100 || all.errors[len(all.errors)-1] > 250 {
		t.Errorf("the errors are too great")
	}
}

// analyze synthesises a talk under all conditions and analyses each of them.
func (talk talk) analyze(t *testing.T, folder string, seed uint64, count func(one tally, keys ...string)) {
	cues := captions(t, filepath.Join(folder, talk.file), 15*time.Minute)
	spoken := assignVoices(talk.speech(cues), talk.voices...)
	speak(t, talk.name, spoken)
	for n, condition := range conditions {
		s := newMixer(cues[len(cues)-1].End+15*time.Second, 12000+100*seed+uint64(n))
		s.speech(spoken, talk.manner)
		condition.add(s)
		levels := s.levels()
		for _, v := range randomVariants(cues, levels, -talk.manner.lead, s.dice) {
			count(analyzeVariant(t, condition.name, v), talk.name, condition.name, v.kind)
		}
	}
}

// near is how many milliseconds off the position of a jump may be: speech in whole sentences
// gives an onset every five seconds, and not each of them is clear.
const near = 30000

// analyzeVariant compares the verdict on a variant with the truth.
func analyzeVariant(t *testing.T, where string, v variant) tally {
	r := subsync.Analyze(v.cues, v.levels)
	one := tally{cases: 1}
	if r.Verdict == subsync.CannotTell {
		t.Logf("%s, %s: %+v", where, v.name, r)
		return one
	}
	worst := 0.0
	for i, c := range v.cues {
		at := c.Start.Milliseconds()
		if math.IsNaN(v.truth[i]) || v.seam > 0 && max(at-v.seam, v.seam-at) < near {
			continue
		}
		worst = max(worst, math.Abs(mapped(r, at)-v.truth[i]))
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

// mapped returns where a time of the file belongs by a result.
func mapped(r subsync.Result, ms int64) float64 {
	offset := r.OffsetMS
	for _, s := range r.Segments {
		if ms >= s.FromMS {
			offset = s.OffsetMS
		}
	}
	return float64(ms)*r.Ratio + float64(offset)
}

// TestAnalyze_CaptionsOfAnotherTalk compares captions with sound that they have nothing, or too
// little, to do with.
func TestAnalyze_CaptionsOfAnotherTalk(t *testing.T) {
	corpus := os.Getenv("LECTERN_CORPUS")
	if corpus == "" {
		t.Skip("LECTERN_CORPUS is not set, so there are no real captions to have spoken")
	}
	sounds, files := map[string][]float32{}, map[string][]conference.Cue{}
	for n, talk := range talks[1:3] {
		cues := captions(t, filepath.Join(corpus, "google-video-captions", talk.file), 15*time.Minute)
		spoken := assignVoices(talk.speech(cues), talk.voices...)
		speak(t, talk.name, spoken)
		s := newMixer(cues[len(cues)-1].End, uint64(n))
		s.speech(spoken, talk.manner)
		s.room(25)
		sounds[talk.name], files[talk.name] = s.levels(), cues
	}
	noises := map[string]func(*mixer){
		"silence":    func(*mixer) {},
		"music":      func(s *mixer) { s.music(0); s.room(30) },
		"room noise": func(s *mixer) { s.room(0) },
		"applause":   func(s *mixer) { s.room(30); s.applause(-6) },
	}
	for name, add := range noises {
		s := newMixer(15*time.Minute, 5)
		add(s)
		sounds[name] = s.levels()
	}
	real, err := filepath.Glob(filepath.Join(corpus, "google-video-captions", "*", "IO2009-*.srt"))
	if err != nil {
		t.Fatal(err)
	}
	for n, path := range real {
		if n%12 != 0 {
			continue // some of them will do
		}
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
			if r := subsync.Analyze(cues, levels); r.Verdict != subsync.CannotTell {
				t.Errorf("%s against %s: %+v", file, sound, r)
			}
			if right := files[sound]; len(right) > 0 && len(cues) > 100 {
				mixed := append(slices.Clone(right[:len(right)/25]), cues[len(cues)/25:]...)
				cases++
				if r := subsync.Analyze(mixed, levels); r.Verdict != subsync.CannotTell {
					t.Errorf("%s but for its beginning, against %s: %+v", file, sound, r)
				}
			}
		}
	}
	t.Logf("%d cases", cases)
}

// randomVariants returns ten changes of a file or of a recording whose speech starts a constant
// time after its captions: moved, stretched, and either of them without a passage.
func randomVariants(cues []conference.Cue, levels []float32, late time.Duration, dice *rand.Rand) (all []variant) {
	same := func(at time.Duration) (time.Duration, bool) { return at, true }
	between := func(from, to float64) time.Duration {
		return time.Duration((from + (to-from)*dice.Float64()) * 1e9).Truncate(subsync.Frame)
	}
	all = append(all, newVariant("left alone", subsync.InSync, cues, levels, late, same, same))
	for _, by := range []time.Duration{-between(0.4, 20), between(0.4, 10), between(10, 60)} {
		moved := func(at time.Duration) (time.Duration, bool) { return at + by, true }
		all = append(all, newVariant(fmt.Sprint("moved by ", by), "shift by", cues, levels, late, moved, same))
	}
	rates := []float64{1.001, 1 / 1.001, 25 / 24., 24 / 25., 25 / 23.976, 23.976 / 25}
	for range 3 {
		rate, by := rates[dice.IntN(len(rates))], between(-20, 60)
		stretched := func(at time.Duration) (time.Duration, bool) { return time.Duration(float64(at)/rate) + by, true }
		all = append(all, newVariant(fmt.Sprintf("divided by %.5f and moved by %v", rate, by), subsync.Drifts, cues, levels, late, stretched, same))
	}
	for n := range 3 {
		end := cues[len(cues)-1].End.Seconds()
		from, gone := between(0.25*end, 0.7*end), between(3, 100)
		closed := func(at time.Duration) (time.Duration, bool) {
			if at > from {
				return at - gone, at >= from+gone
			}
			return at, true
		}
		var v variant
		if n%2 == 0 {
			cut := slices.Delete(slices.Clone(levels), int(from/subsync.Frame), int((from+gone)/subsync.Frame))
			v = newVariant(fmt.Sprintf("%v gone from the recording at %v", gone, from), "jumps at", cues, cut, late, same, closed)
		} else {
			v = newVariant(fmt.Sprintf("%v gone from the file at %v", gone, from), "jumps at", cues, levels, late, closed, same)
		}
		v.seam = from.Milliseconds()
		all = append(all, v)
	}
	return all
}

// newVariant returns a variant in which file and truth map a time of the captions to the file
// and to the recording, and say whether it exists there.
func newVariant(name, kind string, cues []conference.Cue, levels []float32, late time.Duration, file, truth func(time.Duration) (time.Duration, bool)) variant {
	v := variant{name: name, kind: kind, levels: levels}
	for _, c := range cues {
		start, ok := file(c.Start)
		if !ok || start < 0 {
			continue
		}
		place, ok := truth(c.Start)
		ms := float64((place - late).Milliseconds())
		if !ok {
			ms = math.NaN()
		}
		c.Start, c.End = start, start+c.End-c.Start
		v.cues, v.truth = append(v.cues, c), append(v.truth, ms)
	}
	return v
}
