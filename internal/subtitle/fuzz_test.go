package subtitle

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/inputerr"
)

func FuzzSRT(f *testing.F)       { fuzz(f, "srt") }
func FuzzWebVTT(f *testing.F)    { fuzz(f, "vtt") }
func FuzzSBV(f *testing.F)       { fuzz(f, "sbv") }
func FuzzSubViewer(f *testing.F) { fuzz(f, "sub", "sub1") }
func FuzzTimecoded(f *testing.F) { fuzz(f, "stc") }
func FuzzFrames(f *testing.F)    { fuzz(f, "mdvd", "spruce") }
func FuzzASS(f *testing.F)       { fuzz(f, "ass") }
func FuzzTTML(f *testing.F)      { fuzz(f, "ttml") }

func FuzzEBU(f *testing.F) {
	f.Add(ebuSample())
	f.Fuzz(func(t *testing.T, data []byte) { checkParse(t, data) })
}

// fuzz starts from samples. Whatever comes of them is read or refused with a fault,
// soon, and with memory in proportion.
func fuzz(f *testing.F, names ...string) {
	for _, n := range names {
		f.Add([]byte(samples[n]))
		f.Add([]byte("\xff\xfe" + strings.Join(strings.Split(samples[n], ""), "\x00") + "\x00"))
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkParse(t, data) })
}

func checkParse(t *testing.T, data []byte) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begun := time.Now()
	doc, err := Parse("x", data, Options{})
	lasted := time.Since(begun)
	runtime.ReadMemStats(&after)
	const fixed = 8 << 20 // tables of code pages, made once
	if took := after.TotalAlloc - before.TotalAlloc; took > uint64(40*len(data)+fixed) {
		t.Errorf("%d bytes took %d bytes of memory", len(data), took)
	}
	if limit := time.Second + time.Duration(len(data))*time.Microsecond*10; lasted > limit {
		t.Errorf("%d bytes took %v", len(data), lasted)
	}
	if err != nil {
		if inputerr.As(err) == nil {
			t.Errorf("refused without a fault: %v", err)
		}
		return
	}
	for i, c := range doc.Cues {
		if c.Line < 1 || c.End <= c.Start || c.Start < 0 || isBlank(c.Text) {
			t.Errorf("cue %d is none: %+v", i, c)
		}
		at := 0
		for _, s := range c.Spans {
			if s.From < at || s.To <= s.From || s.To > len(c.Text) || strings.Contains(c.Text[s.From:s.To], "\n") {
				t.Errorf("cue %d has a look that cannot be: %+v", i, c)
			}
			at = s.To
		}
		if i > 0 && c.Start < doc.Cues[i-1].Start {
			t.Errorf("cue %d is out of order", i)
		}
	}
}

// hostile are files that are mostly of one thing, for loops within loops and for what
// is kept of every one.
var hostile = map[string]func(n int) string{
	"cues":         func(n int) string { return strings.Repeat("0:0-->0:1\na\n", n/12) },
	"tags":         func(n int) string { return "0:0-->0:1\n" + strings.Repeat("<b>", n/3) },
	"pairs":        func(n int) string { return "0:0-->0:1\n" + strings.Repeat("<i>a</i>", n/8) },
	"brackets":     func(n int) string { return "0:0-->0:1\n" + strings.Repeat("<", n) },
	"far brackets": func(n int) string { return "0:0-->0:1\n" + strings.Repeat("<a ", n/3) + ">" },
	"braces":       func(n int) string { return "0:0-->0:1\n" + strings.Repeat("{\\", n/2) + "}" },
	"entities":     func(n int) string { return "WEBVTT\n\n00:00.000 --> 00:01.000\n" + strings.Repeat("&amp", n/4) },
	"carriages":    func(n int) string { return "0:0-->0:1\na" + strings.Repeat("\r", n) },
	"short lines":  func(n int) string { return "0:0-->0:1\n" + strings.Repeat("a\n", n/2) },
	"gaps":         func(n int) string { return "0:0-->0:1\n" + strings.Repeat("a\n\n", n/3) },
	"numbers":      func(n int) string { return "0:0-->0:1\n" + strings.Repeat("1\n", n/2) },
	"controls":     func(n int) string { return "0:0-->0:1\n" + strings.Repeat("a\x01", n/2) },
	"text first":   func(n int) string { return strings.Repeat("a\n", n/2) + "0:0-->0:1\na\n" },
	"comments": func(n int) string {
		return "WEBVTT\n\n00:00.000 --> 00:01.000\na\n\n" + strings.Repeat("NOTE\n\n", n/6)
	},
	"styles": func(n int) string {
		return "WEBVTT\n\n" + strings.Repeat("::cue(", n/6) + "\n\n00:00.000 --> 00:01.000\na\n"
	},
	"joiners":     func(n int) string { return "0:0-->0:1\n" + strings.Repeat("<\u2060i>", n/6) },
	"backslashes": func(n int) string { return "Dialogue: 0,0:0:0.0,0:0:1.0,,,,,,," + strings.Repeat(`\N`, n/2) + "a" },
	"dialogues":   func(n int) string { return strings.Repeat("Dialogue: 0,0:0:0.0,0:0:1.0,,,,,,,a\n", n/36) },
	"nested":      func(n int) string { return "<tt><body><p begin='0s' end='1s'>" + strings.Repeat("<span>", n/6) },
	"breaks": func(n int) string {
		return "<tt><body><p begin='0s' end='1s'>a" + strings.Repeat("<br/>", n/5) + "</p></body></tt>"
	},
	"paragraphs": func(n int) string {
		return "<tt><body>" + strings.Repeat("<p begin='0s' end='1s'>a</p>", n/28) + "</body></tt>"
	},
	"timed spans": func(n int) string {
		return "<tt><body><p>" + strings.Repeat("<span begin='0s'>a</span>", n/25) + "</p></body></tt>"
	},
	"frames":        func(n int) string { return "{1}{1}25\n" + strings.Repeat("{1}{9}a\n", n/8) },
	"bars":          func(n int) string { return "{1}{1}25\n{1}{9}a" + strings.Repeat("|a", n/2) },
	"never a time":  func(n int) string { return strings.Repeat("0:0-", n/4) },
	"long no times": func(n int) string { return strings.Repeat("1\n\n", n/3) },
}

// Half a megabyte of anything is read soon and in memory of at most twenty times its size.
func TestParse_HostileInput(t *testing.T) {
	const size = 1 << 19
	for name, make := range hostile {
		data := []byte(make(size))
		read := func() {
			begun := time.Now()
			_, err := Parse("x", data, Options{})
			if err != nil && inputerr.As(err) == nil {
				t.Errorf("%s: %v", name, err)
			}
			if lasted := time.Since(begun); lasted > 5*time.Second {
				t.Errorf("%s: %d bytes took %v", name, len(data), lasted)
			}
		}
		peak := peakMemory(read)
		for range 2 { // on a busy machine the collector lags, and garbage counts
			if peak > 20*uint64(len(data)) {
				peak = min(peak, peakMemory(read))
			}
		}
		if t.Logf("%-14s %4.1f × its size", name, float64(peak)/float64(len(data))); peak > 20*uint64(len(data)) {
			t.Errorf("%s: %d bytes took %d bytes of memory", name, len(data), peak)
		}
	}
}

// peakMemory is how much the heap grew at most while f ran, looked at all the time.
func peakMemory(f func()) (peak uint64) {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	base := m.HeapAlloc
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	for {
		runtime.ReadMemStats(&m)
		if m.HeapAlloc > base {
			peak = max(peak, m.HeapAlloc-base)
		}
		select {
		case <-done:
			return peak
		default:
			runtime.Gosched()
		}
	}
}
