package subtitle_test

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/subtitle"
)

// written are the formats that can be read again.
var written = []subtitle.Format{subtitle.SRT, subtitle.WebVTT, subtitle.TTML, subtitle.SSA, subtitle.ASS}

// shown are cues with everything that a cue can have.
var shown = []conference.Cue{
	{Start: 1000*ms + 400*time.Microsecond, End: 3_600_000 * ms, Text: "R&D\nList<String> --> x", Spans: []conference.Span{
		{From: 0, To: 3, Italic: true}, {From: 4, To: 8, Bold: true, Underline: true, Colour: "#ff0000"}}},
	{Start: 3_600_000 * ms, End: 3_600_010 * ms, Text: "{x} &amp; 日本語\u00a0", Position: 7, Spans: []conference.Span{{From: 0, To: 3, Colour: "#ff8800"}}},
}

func TestWrite(t *testing.T) {
	about := subtitle.WriteOptions{Language: "en", Edition: "abc"}
	tests := []struct {
		name   string
		format subtitle.Format
		o      subtitle.WriteOptions
		want   string
	}{
		{"SRT", subtitle.SRT, about, "1\n00:00:01,000 --> 01:00:00,000\n<i>R&D</i>\n" +
			"<font color=\"#ff0000\"><b><u>List</u></b></font><String> --> x\n\n" +
			"2\n01:00:00,000 --> 01:00:00,010\n{\\an7}<font color=\"#ff8800\">{x}</font> &amp; 日本語\u00a0\n"},
		{"SRT for YouTube", subtitle.SRT, subtitle.WriteOptions{Plain: true},
			"1\n00:00:01,000 --> 01:00:00,000\nR&D\nList<String> --> x\n\n2\n01:00:00,000 --> 01:00:00,010\n{x} &amp; 日本語\u00a0\n"},
		{"WebVTT", subtitle.WebVTT, about, "WEBVTT\nKind: captions\nLanguage: en\n\nNOTE lectern edition abc\n\n" +
			"STYLE\n::cue(.colour-ff8800) { color: #ff8800 }\n\n" +
			"1\n00:00:01.000 --> 01:00:00.000\n<i>R&amp;D</i>\n<c.red><b><u>List</u></b></c>&lt;String&gt; --&gt; x\n\n" +
			"2\n01:00:00.000 --> 01:00:00.010 line:0 align:left\n<c.colour-ff8800>{x}</c> &amp;amp; 日本語&nbsp;\n"},
		{"TTML", subtitle.TTML, about, `<?xml version="1.0" encoding="UTF-8"?>
<tt xmlns="http://www.w3.org/ns/ttml" xml:space="preserve" xml:lang="en" xmlns:ttm="http://www.w3.org/ns/ttml#metadata" xmlns:tts="http://www.w3.org/ns/ttml#styling">` +
			`<head><styling></styling><layout>` +
			`<region xml:id="bottom" tts:displayAlign="after" tts:extent="90% 90%" tts:origin="5% 5%" tts:textAlign="center"></region>` +
			`<region xml:id="top-left" tts:displayAlign="before" tts:extent="90% 90%" tts:origin="5% 5%" tts:textAlign="left"></region>` +
			`</layout></head><body><div>` +
			`<p begin="00:00:01.000" end="01:00:00.000" region="bottom"><span tts:fontStyle="italic">R&amp;D</span><br></br>` +
			`<span tts:color="#ff0000" tts:fontWeight="bold" tts:textDecoration="underline">List</span><span>&lt;String&gt; --&gt; x</span></p>` +
			`<p begin="01:00:00.000" end="01:00:00.010" region="top-left"><span tts:color="#ff8800">{x}</span><span> &amp;amp; 日本語` + "\u00a0" + `</span></p>` +
			"</div></body></tt>\n"},
		{"transcript", subtitle.Transcript, about, "R&D List<String> --> x\n{x} &amp; 日本語\u00a0\n"},
	}
	for _, test := range tests {
		var b bytes.Buffer
		if _, err := subtitle.Write(&b, shown, test.format, test.o); err != nil || b.String() != test.want {
			t.Errorf("%s: %v\n%s\nnot\n%s", test.name, err, b.String(), test.want)
		}
	}
}

func TestWrite_ASS(t *testing.T) {
	var b bytes.Buffer
	cues := append(slices.Clone(shown), conference.Cue{Start: 3_700_000 * ms, End: 3_700_014 * ms, Text: `C:\new\ {\an8}x`})
	losses, err := subtitle.Write(&b, cues, subtitle.ASS, subtitle.WriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"ScriptType: v4.00+\n", "[V4+ Styles]\n", "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n",
		"Dialogue: 0,00:00:01.00,01:00:00.00,Default,,0,0,0,,{\\i1}R&D\\N{\\i0\\b1\\u1\\c&H0000FF&}List{\\b0\\u0\\c}<String> --> x\n",
		"Dialogue: 0,01:00:00.00,01:00:00.01,Default,,0,0,0,,{\\an7}{\\c&H0088FF&}\\{x}{\\c} &amp; 日本語\u00a0\n",
		"Dialogue: 0,01:01:40.00,01:01:40.01,Default,,0,0,0,,C:\\\u2060new\\ \\{\\an8}x\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	if len(losses) != 1 || losses[0].Code != "times-rounded" || !strings.HasPrefix(losses[0].Message, "cue 3:") {
		t.Errorf("losses %+v", losses)
	}
}

// Timed text counts its looks in characters, and has a colour for each.
func TestWriteMP4_KeepsStyles(t *testing.T) {
	var b bytes.Buffer
	c := conference.Cue{End: 1000 * ms, Text: "été\nred", Spans: []conference.Span{{From: 0, To: 5, Italic: true}, {From: 6, To: 9, Bold: true, Colour: "#ff0000"}}}
	if err := subtitle.WriteMP4(&b, []conference.Cue{c}, "fr"); err != nil {
		t.Fatal(err)
	}
	want := "\x00\x09été\nred" + "\x00\x00\x00\x22styl\x00\x02" +
		"\x00\x00\x00\x03\x00\x01\x02\x10\xff\xff\xff\xff" + "\x00\x04\x00\x07\x00\x01\x01\x10\xff\x00\x00\xff"
	if !bytes.Contains(b.Bytes(), []byte(want)) {
		t.Errorf("no %q in %q", want, b.Bytes())
	}
}

// Every loss is said, with its cue.
func TestWrite_ReportsLosses(t *testing.T) {
	look := []conference.Span{{From: 0, To: 1, Italic: true}}
	tests := []struct {
		name   string
		cue    conference.Cue
		format subtitle.Format
		plain  bool
		code   string
	}{
		{name: "nothing", cue: shown[0], format: subtitle.WebVTT},
		{name: "an empty line", cue: cue("", 0, 1000*ms, "a\n\nb"), format: subtitle.SRT, code: "empty-line"},
		{name: "an empty line", cue: cue("", 0, 1000*ms, "a\n \nb"), format: subtitle.WebVTT, code: "empty-line"},
		{name: "blanks around it", cue: cue("", 0, 1000*ms, " a \nb\n"), format: subtitle.TTML},
		{name: "a tag as text", cue: cue("", 0, 1000*ms, "<i>x</i>"), format: subtitle.SRT, code: "text-like-markup"},
		{name: "an override as text", cue: cue("", 0, 1000*ms, `{\an8}x`), format: subtitle.SRT, code: "text-like-markup"},
		{name: "times as text", cue: cue("", 0, 1000*ms, "x\n00:00:01,000 --> 00:00:02,000"), format: subtitle.SRT, code: "text-like-markup"},
		{name: "an unknown tag", cue: cue("", 0, 1000*ms, "List<String>"), format: subtitle.SRT, code: "text-like-markup"},
		{name: "what is hardly a tag", cue: cue("", 0, 1000*ms, "a<b and c>d"), format: subtitle.SRT, code: "text-like-markup"},
		{name: "no tag", cue: cue("", 0, 1000*ms, "a < b > c"), format: subtitle.SRT},
		{name: "a control character", cue: cue("", 0, 1000*ms, "a\x1bb"), format: subtitle.TTML, code: "control-characters"},
		{name: "milliseconds", cue: cue("", 0, 1001*ms, "x"), format: subtitle.SSA, code: "times-rounded"},
		{name: "looks", cue: conference.Cue{End: 1000 * ms, Text: "x", Spans: look}, format: subtitle.Transcript, code: "looks-lost"},
		{name: "looks nobody wants", cue: conference.Cue{End: 1000 * ms, Text: "x", Spans: look, Position: 8}, format: subtitle.SRT, plain: true},
	}
	for _, test := range tests {
		var b bytes.Buffer
		losses, err := subtitle.Write(&b, []conference.Cue{test.cue}, test.format, subtitle.WriteOptions{Plain: test.plain})
		if err != nil {
			t.Errorf("%s as %s: %v", test.name, test.format, err)
		}
		if test.code == "" && len(losses) > 0 || test.code != "" && (len(losses) != 1 || losses[0].Code != test.code || !strings.Contains(losses[0].Message, "cue 1")) {
			t.Errorf("%s as %s: losses %+v, not %q", test.name, test.format, losses, test.code)
		}
	}
	losses, err := subtitle.Write(&bytes.Buffer{}, []conference.Cue{{Text: " \x00", End: 5, Line: 7}}, subtitle.SRT, subtitle.WriteOptions{})
	if !errors.Is(err, subtitle.ErrNoCues) || len(losses) != 1 || losses[0].Code != "no-text" || losses[0].Line != 7 {
		t.Errorf("a cue without text: %v, %+v", err, losses)
	}
}

// nasty are pieces of text that have been lost or changed by readers and writers.
var nasty = []string{
	"a", "word", " ", "  ", "\t", "\u00a0", "\n", "\n", "\n\n", "<i>", "</i>", "<b>x</b>", "<", ">", "</", "<u", "a<b and c>d", "List<String>", "<font color=\"red\">",
	"{", "}", `{\an8}`, `{\i1}`, `{b}`, `\N`, `\n`, `\h`, `\`, `\\`, `\{`, "&", "&amp;", "&lt;", "&#65;", "R&D", "-->", "->", "--", "00:00:01,000 --> 00:00:02,000", "00:01.000 --> 00:02.000",
	"7", "12", "NOTE x", "STYLE", "WEBVTT", "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,x", "[Events]", ",", ";", "]]>", "<!--", "<br/>", "<v Ada>", "<c.red>", "<00:00:01.000>",
	"日本語", "你好，世界", "한국어", "שלום", "مرحبا", "हिन्दी", "e\u0301", "👩\u200d👩\u200d👧", "\u200e", "\u200f", "\u202b", "\u2060", "\u200b", "\ufeff", "\u2028", "|", "/", "'", "\"", "ß", "\U0010ffff",
}

// randomCues are cues of nasty text with looks and places, the same for the same seed.
func randomCues(seed uint64) (cues []conference.Cue) {
	r := rand.New(rand.NewPCG(seed, 0))
	at := time.Duration(0)
	for range 1 + r.IntN(4) {
		text := "x"
		for range r.IntN(7) {
			text += nasty[r.IntN(len(nasty))]
		}
		if r.IntN(2) == 0 { // so that not every cue begins with a letter
			text = strings.TrimPrefix(text, "x") + "x"
		}
		at += time.Duration(r.IntN(5000)) * ms
		c := conference.Cue{Start: at, End: at + time.Duration(1+r.IntN(9000))*ms, Text: text, Position: []int{0, 0, 0, r.IntN(10)}[r.IntN(4)]}
		c.Spans = randomSpans(r, text)
		cues = append(cues, c)
	}
	return cues
}

// randomSpans are looks for parts of text, which begin and end with characters.
func randomSpans(r *rand.Rand, text string) (spans []conference.Span) {
	var edges []int
	for i := range text {
		edges = append(edges, i)
	}
	edges = append(edges, len(text))
	for at := r.IntN(len(edges)); at < len(edges)-1 && r.IntN(3) > 0; {
		to := at + 1 + r.IntN(len(edges)-1-at)
		s := conference.Span{From: edges[at], To: edges[to], Italic: r.IntN(2) == 0, Bold: r.IntN(3) == 0, Underline: r.IntN(3) == 0,
			Colour: []string{"", "", "#ff0000", "#12ab9f", "#ffffff"}[r.IntN(5)]}
		if s != (conference.Span{From: s.From, To: s.To}) {
			spans = append(spans, s)
		}
		at = to
	}
	return spans
}

// expectedJSON is what a viewer sees of cues after they were written in a format: the same, but
// for the losses that are known.
func expectedJSON(t *testing.T, cues []conference.Cue, f subtitle.Format) []byte {
	t.Helper()
	canonical, err := subtitle.ParseCanonicalJSON(subtitle.CanonicalJSON(cues))
	if err != nil {
		t.Fatal(err)
	}
	for i := range canonical {
		switch c := &canonical[i]; f {
		case subtitle.SSA, subtitle.ASS:
			start, end := c.Start.Round(10*ms), c.End.Round(10*ms)
			if start == end {
				end += 10 * ms
			}
			c.Start, c.End = start, end
		}
	}
	return subtitle.CanonicalJSON(canonical)
}

// checkRoundTrip writes cues in every format and reads them again.
func checkRoundTrip(t *testing.T, name string, cues []conference.Cue) (ok bool) {
	t.Helper()
	ok = true
	for _, f := range written {
		var b bytes.Buffer
		if _, err := subtitle.Write(&b, cues, f, subtitle.WriteOptions{Language: "en"}); err != nil {
			t.Errorf("%s as %s: %v", name, f, err)
			ok = false
			continue
		}
		doc, err := subtitle.Parse("", b.Bytes(), subtitle.Options{})
		if got, want := subtitle.CanonicalJSON(doc.Cues), expectedJSON(t, cues, f); err != nil || doc.Format != f || !bytes.Equal(got, want) {
			t.Errorf("%s as %s: %v\n%s\nnot\n%s", name, f, err, got, want)
			ok = false
		}
		for _, d := range doc.Diagnostics {
			if d.Severity == subtitle.Error {
				t.Errorf("%s as %s: %+v\n%s", name, f, d, b.String())
				ok = false
			}
		}
	}
	var b bytes.Buffer
	seen, _ := subtitle.ParseCanonicalJSON(subtitle.CanonicalJSON(cues))
	if _, err := subtitle.Write(&b, cues, subtitle.Transcript, subtitle.WriteOptions{}); err != nil || withoutSpace(b.String()) != withoutSpace(joinTexts(seen)) {
		t.Errorf("%s as a transcript: %v", name, err)
		ok = false
	}
	return ok
}

func joinTexts(cues []conference.Cue) string {
	var b strings.Builder
	for _, c := range cues {
		b.WriteString(c.Text)
	}
	return b.String()
}

// withoutSpace is s without white space.
func withoutSpace(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

// Whatever the text, what was written reads back as the same cues, in every format.
func TestWrite_RoundTrip(t *testing.T) {
	for seed := range uint64(3000) {
		if cues := randomCues(seed); !checkRoundTrip(t, "nasty", cues) {
			t.Fatalf("seed %d: %+v", seed, cues)
		}
	}
}

// Text that looks like times, in digits of any script, stays as it is.
func TestWrite_TextThatLooksLikeTimes(t *testing.T) {
	for _, text := range []string{"休憩は\n５:00 --> ６:00 です", "٥:٠٠ --> ٦:٠٠", "५:०० --> ६:००", "𝟓:00 --> 𝟔:00", "5:00 --> 6:00"} {
		checkRoundTrip(t, text, []conference.Cue{cue("c0001", 1000*ms, 3000*ms, text)})
	}
}

// Whatever was read can be written in every format, and reads back as the same cues.
func FuzzWrite_RoundTrip(f *testing.F) {
	f.Add([]byte("1\n00:00:01,000 --> 00:00:02,000\n{\\an8}<i>a</i> List<String> &amp; <b>x <i>y</b></i>\nx --> y\n"))
	f.Add([]byte("WEBVTT\n\n00:01.000 --> 00:02.000 line:0\nR&amp;D &lt;I&gt; <c.red>a\nb</c>\n\n1\n00:00:01.500 --> 00:00:02.000\n&nbsp;q&#x41;\n"))
	f.Add([]byte("[Script Info]\n[Events]\nFormat: Start, End, Text\nDialogue: 0:00:01.00,0:00:02.00,{\\i1}a\\N\\{b\\h{\\c&H0000FF&}c\n"))
	f.Add([]byte("<tt xmlns='http://www.w3.org/ns/ttml' xml:lang='en'><body><div><p begin='1s' end='2s'>a<br/><span tts:fontStyle='italic'>b</span></p></div></body></tt>"))
	f.Fuzz(func(t *testing.T, in []byte) {
		doc, err := subtitle.Parse("x", in, subtitle.Options{})
		if err == nil {
			checkRoundTrip(t, "what was read", doc.Cues)
		}
	})
}

func TestWrite_CorpusRoundTrip(t *testing.T) {
	root := os.Getenv("LECTERN_CORPUS")
	if root == "" {
		t.Skip("LECTERN_CORPUS, the folder of real subtitle files, is not set")
	}
	through := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		doc, err := subtitle.Parse(d.Name(), data, subtitle.Options{})
		if inputerr.As(err) != nil {
			return nil // said by the readers' tests
		}
		if err == nil && checkRoundTrip(t, path, doc.Cues) {
			through++
		}
		return err
	})
	if err != nil || through == 0 {
		t.Errorf("%d files went through every format: %v", through, err)
	}
	t.Logf("%d files went through every format", through)
}

func BenchmarkWrite(b *testing.B) {
	var cues []conference.Cue
	for i := range 20_000 {
		at := time.Duration(i) * 3 * time.Second
		cues = append(cues, cue("", at, at+2*time.Second, "and this is R&D, or so they say,\nin every line of <it>"))
	}
	for _, f := range append(written, subtitle.Transcript) {
		b.Run(string(f), func(b *testing.B) {
			for b.Loop() {
				var out bytes.Buffer
				if _, err := subtitle.Write(&out, cues, f, subtitle.WriteOptions{}); err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(out.Len()))
			}
		})
	}
}
