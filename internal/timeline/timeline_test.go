package timeline

import (
	"reflect"
	"testing"
	"time"
)

var (
	pal  = Rate{25, 1}
	ntsc = Rate{30000, 1001}
)

func TestParseRate(t *testing.T) {
	for in, want := range map[string]Rate{"25": {25, 1}, "50/2": {25, 1}, "30000/1001": ntsc} {
		if got, err := ParseRate(in); err != nil || got != want {
			t.Errorf("ParseRate(%q) = %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "0/1", "25/0", "-25", "fast", "25/1/1"} {
		if got, err := ParseRate(in); err == nil {
			t.Errorf("ParseRate(%q) = %v, want an error", in, got)
		}
	}
}

func TestRate_FrameOfTimeRoundTrip(t *testing.T) {
	for _, r := range []Rate{pal, ntsc, {60000, 1001}, {24000, 1001}, {15, 1}} {
		for _, n := range []int64{0, 1, 29, 899, 900, 324_000, 5_000_000} {
			if got := r.Frame(r.Time(n)); got != n {
				t.Errorf("%v: frame %d begins at %v, where frame %d is", r, n, r.Time(n), got)
			}
		}
	}
}

func TestRate_SamplesDoNotDrift(t *testing.T) {
	// Over a thousand frames at 29.97 each takes 1601.6 samples; the edges are rounded
	// from the start, so every fifth falls on a whole one.
	for n := int64(0); n < 1000; n += 5 {
		if got, want := ntsc.Samples(n, 48000), n*8008/5; got != want {
			t.Fatalf("Samples(%d) = %d, want %d", n, got, want)
		}
	}
}

func TestRate_NearestStandard(t *testing.T) {
	for in, want := range map[Rate]Rate{
		{25, 1}: pal, {2997, 100}: ntsc, {30, 1}: {30, 1}, {120, 1}: {60, 1},
		{59940, 1000}: {60000, 1001}, {29, 2}: {15, 1}, {10, 1}: {10, 1}, {1, 4}: {1, 1},
	} {
		if got := in.NearestStandard(); got != want {
			t.Errorf("%v.Standard() = %v, want %v", in, got, want)
		}
	}
}

func TestGrid_Chunks(t *testing.T) {
	grid := Grid{Rate: pal, Interval: 30 * time.Second, MinChunk: 2 * time.Second}
	s := func(seconds ...float64) (rs []Range) {
		for i := 1; i < len(seconds); i++ {
			rs = append(rs, Range{int64(seconds[i-1] * 25), int64(seconds[i] * 25)})
		}
		return rs
	}
	for _, c := range []struct {
		name     string
		from, to float64
		want     []Range
	}{
		{"on the grid", 0, 90, s(0, 30, 60, 90)},
		{"off the grid at both ends", 10, 75, s(10, 30, 60, 75)},
		{"within one cell", 31, 50, s(31, 50)},
		{"short pieces join their neighbours", 29, 61.5, s(29, 61.5)},
		{"a short piece at the front joins the next", 28.5, 90, s(28.5, 60, 90)},
		{"a short piece at the back joins the one before", 30, 91, s(30, 60, 91)},
		{"just long enough", 28, 62, s(28, 30, 60, 62)},
		{"shorter than the least", 5, 6, s(5, 6)},
		{"across a line, shorter than the least", 29.5, 30.5, s(29.5, 30.5)},
		{"nothing", 7, 7, nil},
	} {
		r := Range{int64(c.from * 25), int64(c.to * 25)}
		if got := grid.Chunks(r); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: Chunks(%v) = %v, want %v", c.name, r, got, c.want)
		}
	}
}

// A moved end changes the chunk it lies in and no other.
func TestGrid_ChunksAreStableWhenRangeMoves(t *testing.T) {
	grid := Grid{Rate: ntsc, Interval: 30 * time.Second, MinChunk: 2 * time.Second}
	whole := Range{ntsc.Frame(190 * time.Second), ntsc.Frame(2000 * time.Second)}
	before := grid.Chunks(whole)
	for shift := int64(1); shift < 300; shift += 7 {
		after := grid.Chunks(Range{whole.From + shift, whole.To})
		if Frames(after) != whole.Len()-shift {
			t.Fatalf("shift %d: %d frames, want %d", shift, Frames(after), whole.Len()-shift)
		}
		same := 0
		for i := range min(len(before), len(after)) {
			if before[len(before)-1-i] == after[len(after)-1-i] {
				same++
			}
		}
		if same < len(before)-2 {
			t.Errorf("in-point moved by %d frames: only %d of %d chunks stayed", shift, same, len(before))
		}
	}
}

func TestProgramme_FromReelAndToReel(t *testing.T) {
	p := Programme{Rate: pal, Opening: 125, Kept: []Range{{250, 500}, {1000, 1250}}, Closing: 100}
	sec := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	for _, c := range []struct {
		name       string
		from, to   float64 // reel
		seen, till float64 // programme
		ok         bool
	}{
		{"inside the first range", 12, 14, 7, 9, true},
		{"inside the second", 42, 44, 17, 19, true},
		{"clipped at the in-point", 8, 12, 5, 7, true},
		{"clipped at the out-point", 48, 55, 23, 25, true},
		{"over the removed middle closes up", 19, 41, 14, 16, true},
		{"in the removed middle", 25, 35, 0, 0, false},
		{"before everything", 1, 10, 0, 0, false},
	} {
		seen, ok := p.FromReel(Span{sec(c.from), sec(c.to)})
		if ok != c.ok || ok && seen != (Span{sec(c.seen), sec(c.till)}) {
			t.Errorf("%s: FromReel(%g–%g) = %v, %v", c.name, c.from, c.to, seen, ok)
		}
		if !ok {
			continue
		}
		reel, ok := p.ToReel(seen)
		if again, ok2 := p.FromReel(reel); !ok || !ok2 || again != seen {
			t.Errorf("%s: %v came back as %v", c.name, seen, again)
		}
	}
	if _, ok := p.ToReel(Span{0, sec(5)}); ok {
		t.Error("a span over the opening card has a place on the reel")
	}
	if got := p.Duration(); got != sec(29) {
		t.Errorf("Duration = %v, want 29s", got)
	}
}

func TestParseClock_RoundTrip(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"00:03:10": 190 * time.Second, "3:10": 190 * time.Second, "190": 190 * time.Second,
		"1:00:00.5": time.Hour + 500*time.Millisecond, "0.040": 40 * time.Millisecond,
	} {
		got, err := ParseClock(in)
		if err != nil || got != want {
			t.Errorf("ParseClock(%q) = %v, %v; want %v", in, got, err, want)
		}
		if again, err := ParseClock(FormatClock(got)); err != nil || again != got {
			t.Errorf("%v formats as %q", got, FormatClock(got))
		}
	}
	for _, in := range []string{"", "x", "1:60", "1:2:3:4", "-5", "5.", "00:3:100", "1e3", "+4"} {
		if got, err := ParseClock(in); err == nil {
			t.Errorf("ParseClock(%q) = %v, want an error", in, got)
		}
	}
}

func TestFormatTimestampAndShortClock(t *testing.T) {
	for _, c := range []struct {
		in               time.Duration
		clock, timestamp string
		short            string
	}{
		{0, "00:00:00", "00:00:00.000", "0:00"},
		{62*time.Second + 999_600*time.Microsecond, "00:01:03", "00:01:02.999", "1:02"},
		{time.Hour + 2*time.Minute + 3*time.Second + 40*time.Millisecond, "01:02:03.040", "01:02:03.040", "1:02:03"},
		{100*time.Hour + time.Nanosecond, "100:00:00", "100:00:00.000", "100:00:00"},
	} {
		if got := FormatClock(c.in); got != c.clock {
			t.Errorf("FormatClock(%v) = %q, want %q", c.in, got, c.clock)
		}
		if got := FormatTimestamp(c.in); got != c.timestamp {
			t.Errorf("FormatTimestamp(%v) = %q, want %q", c.in, got, c.timestamp)
		}
		if got := FormatShortClock(c.in); got != c.short {
			t.Errorf("FormatShortClock(%v) = %q, want %q", c.in, got, c.short)
		}
	}
	if got := FormatTimestamp(-1500 * time.Millisecond); got != "-00:00:01.500" {
		t.Errorf("FormatTimestamp(-1.5s) = %q", got)
	}
	if got := FormatClock(-90 * time.Second); got != "-00:01:30" {
		t.Errorf("FormatClock(-90s) = %q", got)
	}
}
