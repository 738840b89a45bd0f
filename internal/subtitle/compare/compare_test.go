package compare_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/subtitle/compare"
)

// talk parses a version of a track in a few lines: "start end text", times in seconds, with "|"
// for a line break.
func talk(lines ...string) (cues []conference.Cue) {
	for n, line := range lines {
		var from, to float64
		fmt.Sscan(line, &from, &to)
		text := strings.Join(strings.Fields(line)[2:], " ")
		cues = append(cues, conference.Cue{
			ID:    fmt.Sprintf("c%04d", n+1),
			Start: time.Duration(from * float64(time.Second)), End: time.Duration(to * float64(time.Second)),
			Text: strings.ReplaceAll(text, "|", "\n"), Line: 1 + 4*n,
		})
	}
	return cues
}

// kindsOf formats a diff briefly: "kind,flags old>new".
func kindsOf(d compare.Diff) (list []string) {
	for _, c := range d.Changes {
		s := string(c.Kind)
		for _, also := range []struct {
			is   bool
			flag string
		}{{c.Reworded, "reworded"}, {c.Rebroken, "rebroken"}, {c.Restyled, "restyled"}, {c.Retimed, "retimed"}, {c.Moved, "moved"}} {
			if also.is && also.flag != string(c.Kind) {
				s += "," + also.flag
			}
		}
		list = append(list, s+" "+indices(c.Old)+">"+indices(c.New))
	}
	return list
}

func indices(side []compare.CueRef) string {
	var list []string
	for _, at := range side {
		list = append(list, fmt.Sprint(at.Index))
	}
	return strings.Join(list, "+")
}

func TestCompare_Kinds(t *testing.T) {
	old := talk("1 3 Good morning,|everybody.", "3 5 Yes.", "5 8 We shipped 41 releases last year.", "8 10 Yes.", "10 13 Thank you for having me.")
	with := func(n int, lines ...string) []conference.Cue { // old with its cue n, from 1, replaced
		var all []string
		for i, c := range old {
			if i == n-1 {
				all = append(all, lines...)
				continue
			}
			all = append(all, fmt.Sprintf("%g %g %s", c.Start.Seconds(), c.End.Seconds(), strings.ReplaceAll(c.Text, "\n", "|")))
		}
		return talk(all...)
	}
	styled := with(0)
	styled[2].Spans = []conference.Span{{From: 0, To: 2, Italic: true}}
	placed := with(0)
	placed[4].Position = 8
	late := with(0)
	for i := range late {
		late[i].Start += 2340 * time.Millisecond
		late[i].End += 2340 * time.Millisecond
	}
	same := []string{"unchanged 1>1", "unchanged 2>2", "unchanged 3>3", "unchanged 4>4", "unchanged 5>5"}
	but := func(n int, fate ...string) (list []string) { // the same but for the fate of cue n
		return append(append(append(list, same[:n-1]...), fate...), same[n:]...)
	}
	for _, tt := range []struct {
		name string
		new  []conference.Cue
		want []string
	}{
		{"nothing", with(0), same},
		{"a number is put right", with(3, "5 8 We shipped 42 releases last year."), but(3, "edited,reworded 3>3")},
		{"a text is put right and comes later", with(3, "5.5 8 We shipped 42 releases last year."), but(3, "edited,reworded,retimed 3>3")},
		{"a text is written anew", with(3, "5 8 Nobody counts."), but(3, "edited,reworded 3>3")},
		{"only times change", with(3, "5.2 7.9 We shipped 41 releases last year."), but(3, "retimed 3>3")},
		{"a short text that comes often changes its time", with(4, "8.4 10 Yes."), but(4, "retimed 4>4")},
		{"a line is broken elsewhere", with(3, "5 8 We shipped|41 releases last year."), but(3, "unchanged,rebroken 3>3")},
		{"and comes later too", with(3, "5.3 8 We shipped|41 releases last year."), but(3, "retimed,rebroken 3>3")},
		{"a word becomes italic", styled, but(3, "edited,restyled 3>3")},
		{"a cue goes to the top", placed, but(5, "edited,restyled 5>5")},
		{"a cue is taken out", with(4), []string{"unchanged 1>1", "unchanged 2>2", "unchanged 3>3", "deleted 4>", "unchanged 5>4"}},
		{"a cue is put in", with(4, "8 9 Yes.", "9 10 [Applause]"), []string{"unchanged 1>1", "unchanged 2>2", "unchanged 3>3", "retimed 4>4", "inserted >5", "unchanged 5>6"}},
		{"a cue is split", with(3, "5 6.5 We shipped", "6.5 8 41 releases last year."), []string{"unchanged 1>1", "unchanged 2>2", "split 3>3+4", "unchanged 4>5", "unchanged 5>6"}},
		{"a cue is split in three, with other words", with(3, "5 6 We shipped out", "6 7 42 releases", "7 8 last year."), []string{"unchanged 1>1", "unchanged 2>2", "split,reworded 3>3+4+5", "unchanged 4>6", "unchanged 5>7"}},
		{"everything comes later", late, []string{"retimed 1>1", "retimed 2>2", "retimed 3>3", "retimed 4>4", "retimed 5>5"}},
		{"another language", talk("1 3 Guten Morgen.", "3 5 Ja.", "5 8 Wir haben 41 Versionen ausgeliefert.", "8 10 Ja.", "10 13 Danke für die Einladung."),
			[]string{"edited,reworded 1>1", "edited,reworded 2>2", "edited,reworded 3>3", "edited,reworded 4>4", "edited,reworded 5>5"}},
		{"nothing is left", nil, []string{"deleted 1>", "deleted 2>", "deleted 3>", "deleted 4>", "deleted 5>"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := kindsOf(compare.Compare(old, tt.new)); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestCompare_SplitReversedIsMerged(t *testing.T) {
	old := talk("1 2 We shipped", "2 4 41 releases last year.", "4 5 Yes.")
	new := talk("1 4 We shipped 41 releases last year.", "4 5 Yes.")
	if got, want := kindsOf(compare.Compare(old, new)), []string{"merged 1+2>1", "unchanged 3>2"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCompare_MovedPassage(t *testing.T) {
	old := talk("0 3 First we look at the queue.", "3 6 Then we look at the store.", "6 9 In the store are blobs.", "9 12 Last comes the catalogue.", "12 15 Are there any questions?")
	new := talk("0 3 First we look at the queue.", "3 6 Last comes the catalogue.", "6 9 Are there any questions?", "9 12 Then we look at the store.", "12 15 In the store are blobs.")
	want := []string{"unchanged 1>1", "retimed 4>2", "retimed 5>3", "retimed,moved 2>4", "retimed,moved 3>5"}
	got := kindsOf(compare.Compare(old, new))
	other := []string{"unchanged 1>1", "retimed,moved 4>2", "retimed,moved 5>3", "retimed 2>4", "retimed 3>5"}
	if !reflect.DeepEqual(got, want) && !reflect.DeepEqual(got, other) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCompare_ScriptsWithoutSpaces(t *testing.T) {
	old := talk("0 2 字幕を|読みます", "2 4 はい", "4 8 基本的な手順を説明します", "8 10 はい")
	new := talk("0 2 字幕を読みます", "2 4 はい", "4 6 基本的な", "6 8 手順を説明します", "8 10 はい")
	want := []string{"unchanged,rebroken 1>1", "unchanged 2>2", "split 3>3+4", "unchanged 4>5"}
	if got := kindsOf(compare.Compare(old, new)); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCompare_Shift(t *testing.T) {
	var old []conference.Cue
	for i := range 100 {
		at := time.Duration(i) * 3 * time.Second
		old = append(old, conference.Cue{Start: at, End: at + 2*time.Second, Text: fmt.Sprintf("This is sentence %d.", i)})
	}
	for _, tt := range []struct {
		name    string
		clock   func(time.Duration) time.Duration
		want    *compare.Shift
		summary string
	}{
		{"none", shiftWords(0), nil, "100 cues: 100 unchanged"},
		{"later", shiftWords(2340 * time.Millisecond), &compare.Shift{OffsetMS: 2340, Ratio: 1, Share: 1, WithinMS: 20}, "100 cues: 100 retimed; all later by 2.340 s"},
		{"earlier", shiftWords(-time.Second), &compare.Shift{OffsetMS: -1000, Ratio: 1, Share: 1, WithinMS: 20}, "100 cues: 100 retimed; all earlier by 1.000 s"},
		{"drift", func(t time.Duration) time.Duration { return t*24/25 + time.Second }, &compare.Shift{OffsetMS: 1000, Ratio: 0.96, Share: 1, WithinMS: 20},
			"100 cues: 100 retimed; all drift (times × 0.960000): later by 1.000 s at the start, earlier by 10.880 s at the end"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			new := append([]conference.Cue(nil), old...)
			for i := range new {
				new[i].Start, new[i].End = tt.clock(new[i].Start), tt.clock(new[i].End)
			}
			d := compare.Compare(old, new)
			if !reflect.DeepEqual(d.Shift, tt.want) {
				t.Errorf("shift %+v, want %+v", d.Shift, tt.want)
			}
			if d.Summary() != tt.summary {
				t.Errorf("summary %q, want %q", d.Summary(), tt.summary)
			}
		})
	}
}

func TestWrite(t *testing.T) {
	old := talk("1 3 Good morning,|everybody.", "3 5 Yes.", "5 8 We shipped 41 releases.", "8 10 All of them work.", "10 13 Thank you for having me.")
	new := talk("1.5 3 Good morning,|everybody.", "3 5 Yes.", "5 8 We shipped 42 releases.", "8 9 All of them", "9 10 work.", "10 13 Thank you|for having me.", "13 14 [Applause]")
	var b strings.Builder
	if err := compare.Compare(old, new).Write(&b, "old.srt", "new.srt"); err != nil {
		t.Fatal(err)
	}
	want := `--- old.srt
+++ new.srt
5 cues, now 7: 2 unchanged, 1 retimed, 1 edited, 1 split, 1 inserted

retimed: cue 1 (line 1) → cue 1 (line 1)
  00:00:01.000 – 00:00:03.000 → 00:00:01.500 – 00:00:03.000 (starts later by 0.500 s, ends at the same time)

edited: cue 3 (line 9) → cue 3 (line 9)
- We shipped [-41-] releases.
+ We shipped {+42+} releases.

split: cue 4 (line 13) → cues 4–5 (line 13)
- All of them work.
+ All of them
+
+ work.

unchanged, new line breaks or spaces: cue 5 (line 17) → cue 6 (line 21)
- Thank you for having me.
+ Thank you
+ for having me.

inserted: cue 7 (line 25)
  00:00:13.000 – 00:00:14.000
+ [Applause]
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestCarryIDs(t *testing.T) {
	old := talk("1 3 Good morning.", "3 5 Yes.", "5 8 We shipped 41 releases.", "8 10 All of them work.", "10 12 Thank you", "12 13 for having me.", "13 14 [Applause]")
	new := talk("0 1 Hello?", "1.5 3 Good morning.", "5 8 We shipped 42 releases.", "8 9 All of them", "9 10 work.", "10 13 Thank you for having me.", "13 14 [Applause]")
	var ids []string
	for _, c := range compare.CarryIDs(old, new, compare.NewIDs([]string{"c0007", "c0009", "x"})) {
		ids = append(ids, c.ID)
	}
	want := []string{"c0010", "c0001", "c0003", "c0004", "c0011", "c0005", "c0007"}
	if !reflect.DeepEqual(ids, want) {
		t.Errorf("got %q, want %q", ids, want)
	}
	if new[0].ID != "c0001" {
		t.Error("Carry changed what it was given")
	}
}

func TestWrite_GroupsRetimedCues(t *testing.T) {
	old := talk("1 2 One.", "2 3 Two.", "3 4 Three.", "4 5 Four.", "5 6 Five.", "6 7 Six.", "7 8 Seven.")
	new := talk("1 2.5 One.", "2 3.5 Two.", "3 4 Three.", "4.2 5.2 Four.", "5.2 6.2 Five.", "6 7 Six.", "8 9 Seven.")
	var b strings.Builder
	if err := compare.Compare(old, new).Write(&b, "a", "b"); err != nil {
		t.Fatal(err)
	}
	want := `--- a
+++ b
7 cues: 2 unchanged, 5 retimed

retimed: cues 1–2 (line 1) → cues 1–2 (line 1), only when they end

retimed: cues 4–5 (line 13) → cues 4–5 (line 13), later by 0.200 s

retimed: cue 7 (line 25) → cue 7 (line 25)
  00:00:07.000 – 00:00:08.000 → 00:00:08.000 – 00:00:09.000 (later by 1.000 s)
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

// expectEveryCueOnce fails unless each cue of both versions is in exactly one change.
func expectEveryCueOnce(t *testing.T, old, new []conference.Cue, d compare.Diff) {
	t.Helper()
	was, is := make([]int, len(old)), make([]int, len(new))
	for _, c := range d.Changes {
		for _, at := range c.Old {
			was[at.Index-1]++
		}
		for _, at := range c.New {
			is[at.Index-1]++
		}
	}
	for _, side := range [][]int{was, is} {
		for i, n := range side {
			if n != 1 {
				t.Fatalf("cue %d of %d is in %d changes", i+1, len(side), n)
			}
		}
	}
}

// FuzzCompare reads two versions from any bytes: each cue has one of few texts, so that texts
// repeat often, and times need not ascend.
func FuzzCompare(f *testing.F) {
	f.Add([]byte("abcabcab"), []byte("abcbcabb"))
	f.Add([]byte("aaaaaaaaaaaaaaaaaaaa"), []byte("aaaaaaaaaa"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		old, new := cuesOf(a), cuesOf(b)
		d := compare.Compare(old, new)
		expectEveryCueOnce(t, old, new, d)
		if again := compare.Compare(old, new); !reflect.DeepEqual(d, again) {
			t.Error("another answer to the same question")
		}
		if err := d.Write(&strings.Builder{}, "a", "b"); err != nil {
			t.Error(err)
		}
		seen := map[string]bool{}
		for _, c := range compare.CarryIDs(old, new, compare.NewIDs(nil)) {
			if c.ID == "" || seen[c.ID] {
				t.Fatalf("id %q is not a cue's own", c.ID)
			}
			seen[c.ID] = true
		}
	})
}

func cuesOf(bytes []byte) (cues []conference.Cue) {
	texts := []string{"", "Yes.", "No.", "♪", "字幕", "We go on.", "Yes. No.", "a\nb", "a b", "[Applause]"}
	var at time.Duration
	for _, b := range bytes {
		at += time.Duration(int8(b)) * 50 * time.Millisecond
		text := texts[int(b)%len(texts)]
		cues = append(cues, conference.Cue{Start: at, End: at + time.Duration(b%7-1)*time.Second, Text: text,
			Spans: []conference.Span{{From: int(b % 5), To: int(b%9) - 1, Bold: true}}})
	}
	return cues
}

// shuffledCues returns n cues of few texts at times that do not ascend.
func shuffledCues(seed uint64, n int) []conference.Cue {
	rng, bytes := rand.New(rand.NewPCG(seed, 2)), make([]byte, n)
	for i := range bytes {
		bytes[i] = byte(rng.Uint32())
	}
	return cuesOf(bytes)
}

func TestCompare_EveryCueOnce(t *testing.T) {
	for seed := range uint64(20) {
		old, new := shuffledCues(seed, 700), shuffledCues(seed+100, 600)
		expectEveryCueOnce(t, old, new, compare.Compare(old, new))
	}
}

// BenchmarkCompare compares 20,000 cues in no order and of few texts: with a tenth of them
// edited, with all edited, and with all the same text.
func BenchmarkCompare(b *testing.B) {
	words := strings.Fields("we the queue store talk recording look at into and then many of it a with when chunk encode cue again never")
	sentences := func(seed uint64, n int) (cues []conference.Cue) {
		rng := rand.New(rand.NewPCG(seed, 1))
		for i := range n {
			var text []string
			for range 5 + rng.IntN(8) {
				text = append(text, words[rng.IntN(len(words))])
			}
			at := time.Duration(i) * 2500 * time.Millisecond
			cues = append(cues, conference.Cue{Start: at, End: at + 2*time.Second, Text: strings.Join(text, " ")})
		}
		return cues
	}
	const n = 20_000
	old := sentences(1, n)
	tenth := append([]conference.Cue(nil), old...)
	for i := range tenth {
		tenth[i].Start += time.Minute
		tenth[i].End += time.Minute
		if i%10 == 0 {
			tenth[i].Text += " really"
		}
	}
	same := append([]conference.Cue(nil), old...)
	for i := range same {
		same[i].Text = "Yes."
	}
	for _, bb := range []struct {
		name     string
		old, new []conference.Cue
	}{{"disorder", shuffledCues(1, n), shuffledCues(2, n)}, {"tenth", old, tenth}, {"all", old, sentences(2, n)}, {"same", same, same[:n-1]}} {
		b.Run(bb.name, func(b *testing.B) {
			for b.Loop() {
				compare.Compare(bb.old, bb.new)
			}
		})
	}
}
