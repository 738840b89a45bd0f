package subsync_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/subtitle/subsync"
)

// lecture returns the levels of a speaker who talks in phrases with pauses between them, and
// captions of that: cut where they are full, most of them in the middle of a phrase.
func lecture(length time.Duration, seed uint64) (cues []conference.Cue, levels []float32) {
	dice := rand.New(rand.NewPCG(seed, 1))
	levels = make([]float32, int(length/subsync.Frame))
	for i := range levels {
		levels[i] = float32(-60 + 2*dice.NormFloat64())
	}
	for at := 2.0; at < length.Seconds()-12; {
		phrase := 2 + 6*dice.Float64()
		for i := int(at * 100); i < int((at+phrase)*100); i++ {
			syllable := math.Sin(2 * math.Pi * float64(i) / 23)
			levels[i] = max(levels[i], float32(-28+8*syllable+3*dice.NormFloat64()))
		}
		pieces := 1 + int(phrase/2.5)
		for n := range pieces {
			early := 0.15 * dice.NormFloat64()
			start, end := at+phrase*float64(n)/float64(pieces)+early, at+phrase*float64(n+1)/float64(pieces)
			text := "and so it goes on"
			if n == pieces-1 {
				text = "until it ends."
			}
			cues = append(cues, conference.Cue{Start: seconds(start), End: seconds(end), Text: text})
		}
		at += phrase + 0.2 + 0.8*dice.Float64()
	}
	return cues, levels
}

func seconds(s float64) time.Duration {
	return time.Duration(math.Round(s*1000)) * time.Millisecond
}

// moved returns the cues with other times.
func moved(cues []conference.Cue, to func(time.Duration) time.Duration) []conference.Cue {
	cues = slices.Clone(cues)
	for i := range cues {
		cues[i].Start, cues[i].End = to(cues[i].Start), to(cues[i].End)
	}
	return cues
}

func TestAnalyze_Verdicts(t *testing.T) {
	const cut, gone = 7 * time.Minute, 40 * time.Second
	for _, tt := range []struct {
		name    string
		verdict string                            // how it begins
		file    func(time.Duration) time.Duration // from the recording's clock
		skip    func(time.Duration) bool          // cues that the file lacks
	}{
		{"nothing happened", "in sync", func(at time.Duration) time.Duration { return at }, nil},
		{"a little late", "in sync", func(at time.Duration) time.Duration { return at + 80*time.Millisecond }, nil},
		{"too early", "shift by +2.3", func(at time.Duration) time.Duration { return at - 2340*time.Millisecond }, nil},
		{"a minute too late", "shift by -", func(at time.Duration) time.Duration { return at + time.Minute }, nil},
		{"nine minutes too late", "shift by -", func(at time.Duration) time.Duration { return at + 9*time.Minute }, nil},
		{"film as PAL", "drifts", func(at time.Duration) time.Duration { return at * 24 / 25 }, nil},
		{"NTSC for 24", "drifts", func(at time.Duration) time.Duration { return at * 1001 / 1000 }, nil},
		{"a clock of its own", "drifts", func(at time.Duration) time.Duration { return at*9993/10000 + 3*time.Second }, nil},
		{"a passage missing", "jumps at 00:0", func(at time.Duration) time.Duration {
			if at > cut {
				return at - gone
			}
			return at
		}, func(at time.Duration) bool { return at > cut && at < cut+gone }},
	} {
		for seed := range uint64(2) {
			t.Run(fmt.Sprint(tt.name, " ", seed), func(t *testing.T) {
				cues, levels := lecture(15*time.Minute, seed)
				if tt.skip != nil {
					cues = slices.DeleteFunc(cues, func(c conference.Cue) bool { return tt.skip(c.Start) })
				}
				file := slices.DeleteFunc(moved(cues, tt.file), func(c conference.Cue) bool { return c.Start < 0 })
				r := subsync.Analyze(file, levels)
				if !strings.HasPrefix(r.Verdict, tt.verdict) || r.Confidence < 0.5 {
					t.Fatalf("got %+v, want %q", r, tt.verdict)
				}
				back, _, err := subsync.Apply(file, r)
				if err != nil {
					t.Fatal(err)
				}
				if bad := countMisplaced(back, cues[len(cues)-len(file):]); bad > len(file)/20 {
					t.Errorf("%d of %d cues are off by more than a quarter of a second after %+v", bad, len(file), r)
				}
				if warned := subsync.Warning(file, levels) != ""; warned != (tt.verdict != subsync.InSync) {
					t.Errorf("warned: %v, of %q", warned, r.Verdict)
				}
			})
		}
	}
}

// countMisplaced counts the cues that do not begin where they should.
func countMisplaced(got, want []conference.Cue) (n int) {
	for i := range got {
		if d := got[i].Start - want[i].Start; max(d, -d) > 250*time.Millisecond {
			n++
		}
	}
	return n
}

func TestAnalyze_CannotTell(t *testing.T) {
	const length = 12 * time.Minute
	cues, levels := lecture(length, 1)
	others, strange := lecture(length, 2)
	few := cues[:10]
	silence, beat := slices.Repeat([]float32{-120}, len(levels)), make([]float32, len(levels))
	for i := range beat {
		beat[i] = -20 - float32(i%50)/2
	}
	for _, tt := range []struct {
		name   string
		cues   []conference.Cue
		levels []float32
	}{
		{"no cues", nil, levels},
		{"few cues", few, levels},
		{"no sound", cues, nil},
		{"silence", cues, silence},
		{"music", cues, beat},
		{"another talk", cues, strange},
		{"a file of which little is right", append(slices.Clone(cues[:len(cues)/25]), others[len(cues)/25:]...), levels},
		{"a file of which half is right", append(slices.Clone(cues[:len(cues)/2]), others[len(cues)/2:]...), levels},
		{"cues far beyond", moved(cues, func(at time.Duration) time.Duration { return at + 1000*time.Hour }), levels},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := subsync.Analyze(tt.cues, tt.levels)
			if r.Verdict != subsync.CannotTell || r.Confidence >= 0.5 || len(r.Segments) > 0 {
				t.Errorf("got %+v", r)
			}
			if s := r.Sentence(); !strings.Contains(s, "cannot be determined") {
				t.Errorf("said %q", s)
			}
			if _, _, err := subsync.Apply(tt.cues, r); inputerr.As(err) == nil {
				t.Errorf("applied with error %v", err)
			}
			if s := subsync.Warning(tt.cues, tt.levels); s != "" {
				t.Errorf("warned: %s", s)
			}
		})
	}
}

func TestApply(t *testing.T) {
	cue := func(from, to float64, text string) conference.Cue {
		return conference.Cue{Start: seconds(from), End: seconds(to), Text: text}
	}
	one := func(offset int64) []subsync.Segment { return []subsync.Segment{{ToMS: 99000, OffsetMS: offset}} }
	for _, tt := range []struct {
		name  string
		r     subsync.Result
		cues  []conference.Cue
		want  []conference.Cue
		notes int
	}{
		{"in sync, so left alone", subsync.Result{Verdict: subsync.InSync, OffsetMS: 90, Ratio: 1, Segments: one(90)},
			[]conference.Cue{cue(1, 2, "a")}, []conference.Cue{cue(1, 2, "a")}, 0},
		{"shifted, and clipped at zero", subsync.Result{Verdict: "shift by -2.000 s", OffsetMS: -2000, Ratio: 1, Segments: one(-2000)},
			[]conference.Cue{cue(0.5, 1, "a"), cue(1, 3, "b"), cue(3, 4, "c")}, []conference.Cue{cue(0, 0, "a"), cue(0, 1, "b"), cue(1, 2, "c")}, 1},
		{"stretched", subsync.Result{Verdict: subsync.Drifts, OffsetMS: 500, Ratio: 1.5, Segments: one(500)},
			[]conference.Cue{cue(10, 20, "a")}, []conference.Cue{cue(15.5, 30.5, "a")}, 0},
		{"a passage that the recording lacks", subsync.Result{Verdict: "jumps at 00:00:10", Ratio: 1, Segments: []subsync.Segment{{ToMS: 10000}, {FromMS: 10000, ToMS: 99000, OffsetMS: -5000}}},
			[]conference.Cue{cue(8, 11, "a"), cue(11, 12, "gone"), cue(14, 17, "half"), cue(17, 18, "b")},
			[]conference.Cue{cue(8, 10, "a"), cue(10, 10, "gone"), cue(10, 12, "half"), cue(12, 13, "b")}, 1},
		{"a passage that the file lacks", subsync.Result{Verdict: "jumps at 00:00:10", Ratio: 1, Segments: []subsync.Segment{{ToMS: 10000}, {FromMS: 10000, ToMS: 99000, OffsetMS: 5000}}},
			[]conference.Cue{cue(8, 11, "a"), cue(11, 12, "b")}, []conference.Cue{cue(8, 11, "a"), cue(16, 17, "b")}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, notes, err := subsync.Apply(tt.cues, tt.r)
			if err != nil || fmt.Sprint(got) != fmt.Sprint(tt.want) || len(notes) != tt.notes {
				t.Errorf("got %v, notes %q, error %v\nwant %v", got, notes, err, tt.want)
			}
		})
	}
}

// ExampleResult_Sentence shows what a speaker reads.
func ExampleResult_Sentence() {
	one := func(offset int64) []subsync.Segment { return []subsync.Segment{{ToMS: 600000, OffsetMS: offset}} }
	for _, r := range []subsync.Result{
		{Verdict: subsync.InSync, Ratio: 1, Segments: one(0)},
		{Verdict: "shift by +2.340 s", OffsetMS: 2340, Ratio: 1, Segments: one(2340)},
		{Verdict: "shift by -0.500 s", OffsetMS: -500, Ratio: 1, Segments: one(-500)},
		{Verdict: subsync.Drifts, OffsetMS: 1200, Ratio: 25 / 24., Segments: one(1200)},
		{Verdict: "jumps at 00:12:40", Ratio: 1, Segments: []subsync.Segment{{ToMS: 760000}, {FromMS: 760000, ToMS: 1800000, OffsetMS: -30000}}},
	} {
		fmt.Println(r.Sentence())
	}
	// Output:
	// The subtitles are in sync with the speech.
	// The subtitles come 2.340 s too early: move them to later times (+2.340 s).
	// The subtitles come 0.500 s too late: move them to earlier times (-0.500 s).
	// The subtitles drift, coming earlier and earlier: multiply their times by 1.04167 (25/24), then add +1.200 s.
	// One shift does not fit all subtitles: up to 00:12:40 add +0.000 s. From there on add -30.000 s: the recording lacks 30.000 s that the subtitles have.
}

func BenchmarkAnalyze_30Minutes(b *testing.B) {
	cues, levels := lecture(30*time.Minute, 1)
	for b.Loop() {
		subsync.Analyze(cues, levels)
	}
}
