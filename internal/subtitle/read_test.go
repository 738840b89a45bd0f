package subtitle_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/subtitle"
)

// summarize is a document in short: “1000-2500 Hello/world” a cue, its place behind an @, and
// its looks as “[0:5 i #ff0000]”; and “4 unclosed-tag” a diagnostic.
func summarize(doc subtitle.Document) (cues, said []string) {
	for _, c := range doc.Cues {
		s := fmt.Sprintf("%d-%d %s", c.Start.Milliseconds(), c.End.Milliseconds(), strings.ReplaceAll(c.Text, "\n", "/"))
		if c.Position != 0 {
			s += fmt.Sprintf(" @%d", c.Position)
		}
		for _, l := range c.Spans {
			s += fmt.Sprintf(" [%d:%d%s]", l.From, l.To, look(l))
		}
		cues = append(cues, s)
	}
	for _, d := range doc.Diagnostics {
		said = append(said, fmt.Sprintf("%d %s", d.Line, d.Code))
	}
	return cues, said
}

func look(s conference.Span) (l string) {
	for _, f := range []struct {
		on   bool
		name string
	}{{s.Italic, " i"}, {s.Bold, " b"}, {s.Underline, " u"}, {s.Colour != "", " " + s.Colour}} {
		if f.on {
			l += f.name
		}
	}
	return l
}

// parseCase is something odd that people hand in, and what is made of it.
type parseCase struct {
	name string
	in   string
	cues []string // as inShort has them
	said []string
}

func runParseCases(t *testing.T, name string, format subtitle.Format, all []parseCase) {
	for _, test := range all {
		t.Run(test.name, func(t *testing.T) {
			doc, err := subtitle.Parse(name, []byte(test.in), subtitle.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if doc.Format != format {
				t.Errorf("read as %s", doc.Format)
			}
			cues, said := summarize(doc)
			if !reflect.DeepEqual(cues, test.cues) {
				t.Errorf("cues\n%q\nnot\n%q", cues, test.cues)
			}
			if !reflect.DeepEqual(said, test.said) {
				t.Errorf("said %q, not %q: %+v", said, test.said, doc.Diagnostics)
			}
		})
	}
}

const (
	first   = "1\n00:00:01,000 --> 00:00:02,000\n"
	second  = "2\n00:00:03,000 --> 00:00:04,000\n"
	thirdOf = "3\n00:00:05,000 --> 00:00:06,000\n"
)

func TestParse_SRT(t *testing.T) {
	long := strings.Repeat("long ", 20_000) + "line"
	runParseCases(t, "talk.srt", subtitle.SRT, []parseCase{
		{"as it should be", first + "Hello\nworld\n\n" + second + "Bye\n", []string{"1000-2000 Hello/world", "3000-4000 Bye"}, nil},
		{"byte-order mark, CR LF, no line end at the end", "\ufeff" + strings.ReplaceAll(first+"Hello\n\n\n"+second+"Bye", "\n", "\r\n"), []string{"1000-2000 Hello", "3000-4000 Bye"}, nil},
		{"lines ended by CR", strings.ReplaceAll(first+"Hello\nworld\n\n"+second+"Bye\n", "\n", "\r"), []string{"1000-2000 Hello/world", "3000-4000 Bye"}, nil},
		{"lines ended by CR CR LF", strings.ReplaceAll(first+"Hello\n\n"+second+"Bye\n", "\n", "\r\r\n"), []string{"1000-2000 Hello", "3000-4000 Bye"}, []string{"1 odd-newlines"}},
		{"lines ended in several ways", first + "Hello\r\n\r\n" + second + "Bye\r", []string{"1000-2000 Hello", "3000-4000 Bye"}, []string{"3 mixed-newlines"}},

		{"no numbers", "00:00:01,000 --> 00:00:02,000\nHello\n\n00:00:03,000 --> 00:00:04,000\nBye\n", []string{"1000-2000 Hello", "3000-4000 Bye"}, []string{"1 missing-number"}},
		{"one number missing", first + "a\n\n00:00:03,000 --> 00:00:04,000\nb\n\n" + thirdOf + "c\n", []string{"1000-2000 a", "3000-4000 b", "5000-6000 c"}, []string{"5 missing-number"}},
		{"a number twice", first + "a\n\n" + first + "b\n", []string{"1000-2000 a", "1000-2000 b"}, []string{"5 repeated-number", "6 overlap"}},
		{"two numbers on one cue", first + "a\n\n2\n" + second + "b\n", []string{"1000-2000 a", "3000-4000 b"}, []string{"5 doubled-number"}},
		{"numbers out of order", first + "a\n\n" + thirdOf + "b\n", []string{"1000-2000 a", "5000-6000 b"}, []string{"5 number-order"}},
		{"text for a number", "Intro\n00:00:01,000 --> 00:00:02,000\na\n\nOutro\n00:00:03,000 --> 00:00:04,000\nb\n", []string{"1000-2000 a", "3000-4000 b"}, []string{"1 text-number", "5 text-number"}},
		{"an empty line under the number", first + "a\n\n2\n\n00:00:03,000 --> 00:00:04,000\nb\n", []string{"1000-2000 a", "3000-4000 b"}, []string{"5 blank-line-under-number"}},
		{"a number with nothing under it", first + "a\n\n2\n", []string{"1000-2000 a"}, []string{"5 stray-number"}},
		{"a caption that is a number", first + "42\n\n" + second + "43\n", []string{"1000-2000 42", "3000-4000 43"}, nil},
		{"a number at the end of a caption", first + "The answer is\n42\n\n" + second + "so\n", []string{"1000-2000 The answer is/42", "3000-4000 so"}, nil},
		{"a number alone, and no numbers else", "00:00:01,000 --> 00:00:02,000\n42\n00:00:03,000 --> 00:00:04,000\nb\n", []string{"1000-2000 42", "3000-4000 b"}, []string{"1 missing-number", "3 missing-blank-line"}},

		{"no empty line between cues", first + "a\n" + second + "b\n", []string{"1000-2000 a", "3000-4000 b"}, []string{"4 missing-blank-line"}},
		{"an empty line in a cue", first + "a\n \nb\n\n" + second + "c\n", []string{"1000-2000 a/b", "3000-4000 c"}, []string{"4 blank-line-in-cue"}},
		{"an empty line under the times", first + "\na\n\n" + second + "b\n", []string{"1000-2000 a", "3000-4000 b"}, []string{"3 blank-line-under-times"}},
		{"text before the first times", "A talk\nby me\n\n" + first + "a\n", []string{"1000-2000 a"}, []string{"1 text-before-first-cue", "2 text-before-first-cue"}},
		{"a cue without text", first + "\n" + second + "b\n", []string{"3000-4000 b"}, []string{"2 empty-cue"}},
		{"only white to see", first + "<i>\u00a0</i>\n\n" + second + "b\n", []string{"3000-4000 b"}, []string{"2 empty-cue"}},

		{"full stops", "1\n00:00:01.000 --> 00:00:02.000\na\n", []string{"1000-2000 a"}, []string{"2 time-point"}},
		{"colons", "1\n00:00:01:000 --> 00:00:02:500\na\n", []string{"1000-2500 a"}, []string{"2 time-colon"}},
		{"no milliseconds", "1\n00:00:01 --> 00:00:02\na\n", []string{"1000-2000 a"}, []string{"2 time-no-milliseconds"}},
		{"one to four digits", "1\n00:00:01,5 --> 00:00:02,25\na\n\n2\n00:00:03,1234 --> 00:00:04,000\nb\n", []string{"1500-2250 a", "3123-4000 b"}, []string{"2 time-digits"}},
		{"minutes and seconds", "1\n00:01,000 --> 00:02,000\na\n\n2\n61:01,000 --> 61:02,000\nb\n", []string{"1000-2000 a", "3661000-3662000 b"}, []string{"2 time-no-hours"}},
		{"a hundred hours and more", "1\n100:00:01,000 --> 1234:00:02,000\na\n", []string{"360001000-4442402000 a"}, nil},
		{"short hours", "1\n0:00:01,000 --> 0:00:02,000\na\n", []string{"1000-2000 a"}, nil},
		{"sixty seconds", "1\n00:00:01,000 --> 00:00:60,000\na\n", []string{"1000-60000 a"}, []string{"2 time-range"}},
		{"letters for digits", "1\n00:00:O1,000 --> 00:00:02,OOO\na\n", []string{"1000-2000 a"}, []string{"2 time-letters"}},
		{"spaces inside times", "1\n00:00: 01, 000 --> 00:00:02,000\na\n", []string{"1000-2000 a"}, []string{"2 time-spaces"}},
		{"below zero", "1\n-00:00:01,000 --> 00:00:02,000\na\n", []string{"0-2000 a"}, []string{"2 negative-time"}},

		{"thin arrows", "1\n00:00:01,000 -> 00:00:02,000\na\n\n2\n00:00:03,000 –> 00:00:04,000\nb\n", []string{"1000-2000 a", "3000-4000 b"}, []string{"2 odd-arrow"}},
		{"dashes and signs", "1\n00:00:01,000 - 00:00:02,000\na\n\n2\n00:00:03,000 → 00:00:04,000\nb\n\n3\n00:00:05,000 -- > 00:00:06,000\nc\n", []string{"1000-2000 a", "3000-4000 b", "5000-6000 c"}, []string{"2 odd-arrow"}},
		{"no spaces", "1\n00:00:01,000-->00:00:02,000\na\n", []string{"1000-2000 a"}, []string{"2 arrow-spaces"}},
		{"no end", "1\n00:00:01,000 -->\na\n\n2\n00:00:02,500 --> 00:00:04,000\nb\n\n3\n00:00:05,000 -->\nc\n", []string{"1000-2500 a", "2500-4000 b", "5000-7000 c"}, []string{"2 missing-end", "10 missing-end"}},
		{"an end before the start", "1\n00:00:03,000 --> 00:00:02,000\na\n", []string{"3000-5000 a"}, []string{"2 end-before-start"}},
		{"no time at all", "1\n00:00:03,000 --> 00:00:03,000\na\n", []string{"3000-5000 a"}, []string{"2 no-duration"}},
		{"out of order", "1\n00:00:03,000 --> 00:00:04,000\nb\n\n2\n00:00:01,000 --> 00:00:02,000\na\n", []string{"1000-2000 a", "3000-4000 b"}, []string{"6 unsorted"}},
		{"overlapping", "1\n00:00:01,000 --> 00:00:04,000\na\n\n2\n00:00:03,000 --> 00:00:05,000\nb\n", []string{"1000-4000 a", "3000-5000 b"}, []string{"6 overlap"}},
		{"text behind the times", "1\n00:00:01,000 --> 00:00:02,000 Hello\nworld\n", []string{"1000-2000 Hello/world"}, []string{"2 text-beside-times"}},
		{"coordinates", "1\n00:00:01,000 --> 00:00:02,000 X1:100 X2:200 Y1:10 Y2:20\na\n", []string{"1000-2000 a"}, []string{"2 coordinates"}},

		{"an arrow in the text", first + "x --> y\n", []string{"1000-2000 x --> y"}, nil},
		{"programs", first + "List<String> a<b and c>d\nR&D Box<I> {b}\n", []string{"1000-2000 List<String> a<b and c>d/R&D Box<I> {b}"}, []string{"3 unknown-tag", "3 unknown-tag", "4 unknown-tag"}},
		{"formulas", first + "{\\frac{a}{b}} {\\alpha x}\n", []string{"1000-2000 {\\frac{a}{b}} {\\alpha x}"}, []string{"3 unknown-tag", "3 unknown-tag"}},
		{"entities", first + "R&amp;D\n", []string{"1000-2000 R&amp;D"}, []string{"3 entity"}},
		{"looks", first + "<I>one\ntwo</I> <b><u>x</u></b><i></i>\n", []string{"1000-2000 one/two x [0:3 i] [4:7 i] [8:9 b u]"}, nil},
		{"nested the wrong way round", first + "<i>a<b>b</i>c</b>\n", []string{"1000-2000 abc [0:1 i] [1:2 i b] [2:3 b]"}, nil},
		{"colours", first + "<font color=\"#FF8000\">a</font> <font color=yellow face='Arial'>b</font>\n", []string{"1000-2000 a b [0:1 #ff8000] [2:3 #ffff00]"}, []string{"3 look-dropped"}},
		{"a tag left open, another never opened", first + "a <i>b\nc\n\n" + second + "d</i>\n", []string{"1000-2000 a b/c [2:3 i] [4:5 i]", "3000-4000 d"}, []string{"3 unclosed-tag", "8 stray-tag"}},
		{"tags that others have", first + "<link>a</link><br/>b\n", []string{"1000-2000 <link>a</link>/b"}, []string{"3 br-tag", "3 unknown-tag", "3 unknown-tag"}},
		{"places", first + "{\\an8}a\n\n" + second + "{\\pos(20,280)}{\\i1}b{\\i0}c{\\fad(1,2)}\n", []string{"1000-2000 a @8", "3000-4000 bc @1 [0:1 i]"}, []string{"7 override-dropped", "7 place-rounded"}},
		{"control characters", "1\n00:00:01,\x00000 --> 00:00:02,000\na\x00b\x07c\n", []string{"1000-2000 abc"}, []string{"2 control-character", "3 control-character", "3 control-character"}},
		{"blanks of another kind", first + "a\n\u00a0\n" + "2\n00:00:03,000\u00a0-->\u00a000:00:04,000\nb\n\u3000\nc\n", []string{"1000-2000 a", "3000-4000 b/c"}, []string{"6 time-script", "8 blank-line-in-cue"}},
		{"marks of the direction of writing", "\u202b1\n\u200f00:00:01,000 --> 00:00:02,000\u202c\n\u202bשלום\u202c\n\n\u200f2\n\u200f00:00:03,000 --> 00:00:04,000\nb\n", []string{"1000-2000 \u202bשלום\u202c", "3000-4000 b"}, []string{"2 time-script"}},
		{"digits of another script", "１\n００：００：０１，０００　-->　００：００：０２，５００\nあ\n\n٢\n٠٠:٠٠:٠٣٫٠٠٠ --> ٠٠:٠٠:٠٤٫٠٠٠\nب\n", []string{"1000-2500 あ", "3000-4000 ب"}, []string{"2 time-script"}},
		{"numbers of another script beside the times", first + "a\n００：００：０３，０００ --> ００：００：０４，０００ １２\n\n" + second + "b\n", []string{"1000-2000 a/００：００：０３，０００ --> ００：００：０４，０００ １２", "3000-4000 b"}, []string{"4 cues-lost"}},
		{"arrows of word processors", "1\n00:00:01,000 à 00:00:02,000\na\n\n2\n00:00:03,000 \uf0e0 00:00:04,000\nb\n", []string{"1000-2000 a", "3000-4000 b"}, []string{"2 odd-arrow"}},
		{"a full stop behind the times", "1\n00:00:01,000 --> 00:00:02,000.\na\n", []string{"1000-2000 a"}, []string{"2 time-digits"}},
		{"coordinates and text", "1\n00:00:01,000 --> 00:00:02,000 X1:1 Hello\na\n", []string{"1000-2000 Hello/a"}, []string{"2 coordinates", "2 text-beside-times"}},
		{"times beyond understanding", first + "a\n\n2\n00-00-03 --> 00-00-04\nb\n", []string{"1000-2000 a/2/00-00-03 --> 00-00-04/b"}, []string{"4 blank-line-in-cue", "6 times-unreadable"}},
		{"spaces inside both times", "1\n00: 00: 01, 000 --> 00: 00: 02, 000\na\n", []string{"1000-2000 a"}, []string{"2 time-spaces"}},
		{"the number beside the times", "1 00:00:01,000 --> 00:00:02,000\na\n\n2\t00:00:03,000 --> 00:00:04,000\nb\n", []string{"1000-2000 a", "3000-4000 b"}, []string{"1 number-beside-times", "4 number-beside-times"}},
		{"as speech recognition prints it", "[00:00:01.000 --> 00:00:02.000]  Hello [there].\n[00:00:03.000 --> 00:00:04.000]  Align:me\n", []string{"1000-2000 Hello [there].", "3000-4000 Align:me"}, []string{"1 bracketed-times", "1 time-point"}},
		{"a timetable in the text", first + "10:30 – 11:45\n10:30 à 11:45\n\n" + second + "b\n", []string{"1000-2000 10:30 – 11:45/10:30 à 11:45", "3000-4000 b"}, nil},
		{"times of the day in the text", first + "Open\n10:30 --> 11:45\n9:00 --> noon\n1:2 --> 3\n\n" + second + "b\n", []string{"1000-2000 Open/10:30 --> 11:45/9:00 --> noon/1:2 --> 3", "3000-4000 b"}, []string{"4 times-in-text"}},
		{"TeX that looks like an override", first + "{\\alpha} {\\t} {\\i1}x{\\i}\n", []string{"1000-2000 {\\alpha} {\\t} x [14:15 i]"}, []string{"3 unknown-tag", "3 unknown-tag"}},
		{"a line of a hundred thousand bytes", first + long + "\n", []string{"1000-2000 " + long}, nil},
	})
}

func TestParse_WebVTT(t *testing.T) {
	const head = "WEBVTT\n\n"
	const one = "00:01.000 --> 00:02.000"
	runParseCases(t, "talk.vtt", subtitle.WebVTT, []parseCase{
		{"as it should be", "WEBVTT\nKind: captions\nLanguage: en\n\nintro\n00:01.000 --> 00:02.500\nR&amp;D &lt;3 List&lt;String&gt; <i>so</i> AT&T &copy 5\n\n01:40:00.000 --> 01:40:01.000\n&nbsp;x\n",
			[]string{"1000-2500 R&D <3 List<String> so AT&T &copy 5 [20:22 i]", "6000000-6001000 \u00a0x"}, nil},
		{"title, time map and other headers", "WEBVTT - My talk\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:900000\nAuthor: me\n\n" + one + "\na\n", []string{"1000-2000 a"}, []string{"1 title", "2 timestamp-map", "3 header-line"}},
		{"no empty line under WEBVTT", "WEBVTT\n" + one + "\na\n", []string{"1000-2000 a"}, []string{"2 missing-blank-line"}},
		{"small letters", "webvtt\n\n" + one + "\na\n", []string{"1000-2000 a"}, []string{"1 header-case"}},
		{"comments, styles and regions", head + "STYLE\n::cue(.loud) { color: #ff8000 }\n\nREGION\nid:a\n\nNOTE to self:\n00 is nothing\n\n" + one + "\n<c.loud>a</c>\n\nNOTE bye\n", []string{"1000-2000 a [0:1 #ff8000]"}, []string{"3 comment", "6 comment", "9 comment", "15 comment"}},
		{"settings", head + one + " line:0 position:10% align:start\na\n\n00:03.000 --> 00:04.000 line:50% region:a\nb\n", []string{"1000-2000 a @7", "3000-4000 b @5"}, []string{"6 setting-dropped"}},
		{"misspelt settings", head + one + " algn:start\na\n\n00:03.000 --> 00:04.000 positon:42% line:0\nb\n\n00:05.000 --> 00:06.000 lnie:0 Align:left\nc\n\n00:07.000 --> 00:08.000 placement:50%\nd\n",
			[]string{"1000-2000 a", "3000-4000 b @8", "5000-6000 c", "7000-8000 d"}, []string{"3 setting-unknown", "6 setting-unknown", "9 setting-unknown", "9 setting-unknown", "12 setting-unknown"}},
		{"styles with annotations", head + one + "\n<b Ada>Hi</b> <i.loud Bob B>you\nall</i> <u\tx>c</u> if a<b or c>d\n", []string{"1000-2000 Hi you/all c if a<b or c>d [0:2 b] [3:6 i] [7:10 i] [11:12 u]"}, []string{"5 unknown-tag"}},
		{"text that is no setting", head + one + " Ada:hello there\na\n\n00:03.000 --> 00:04.000 line:0 Hi\nb\n", []string{"1000-2000 Ada:hello there/a", "3000-4000 Hi/b @8"}, []string{"3 text-beside-times", "6 text-beside-times"}},
		{"voices, classes, languages, ruby, sung words", head + one + "\n<v Ada>Hi <c.yellow.x>you</c> <lang en>there</lang>\n<ruby>漢<rt>kan</rt></ruby> a <00:01.500>b\n",
			[]string{"1000-2000 Hi you there/漢kan a b [3:6 #ffff00]"}, []string{"4 look-dropped", "4 voice", "5 word-times"}},
		{"who speaks", head + one + "\n<v Ada>a</v> <v.loud Bob B>b</v> <v Ada>c</v>\n", []string{"1000-2000 a b c"}, []string{"4 voice", "4 voice"}},
		{"an empty line in a cue, and none under it", head + one + "\na\n\nb c\n00:03.000 --> 00:04.000\nd\n\ne\n00:05.000 --> 00:06.000\nf\n",
			[]string{"1000-2000 a/b c", "3000-4000 d", "5000-6000 f"}, []string{"5 blank-line-in-cue", "7 missing-blank-line", "10 text-number"}},
		{"names", head + "one\n" + one + "\na\n\ntwo\n00:03.000 --> 00:04.000\nb\n\nnot a name\n00:05.000 --> 00:06.000\nc\n", []string{"1000-2000 a", "3000-4000 b", "5000-6000 c"}, []string{"11 text-number"}},
		{"an empty line in a cue", head + one + "\na\n\nb\n\n00:03.000 --> 00:04.000\nc\n", []string{"1000-2000 a/b", "3000-4000 c"}, []string{"5 blank-line-in-cue"}},
		{"commas", "WEBVTT\n\n00:00:01,000 --> 00:00:02,000\na\n", []string{"1000-2000 a"}, []string{"3 time-comma"}},
		{"what is no tag", head + one + "\nList<String> a<b and c>d\n", []string{"1000-2000 List<String> a<b and c>d"}, []string{"4 unknown-tag", "4 unknown-tag"}},
		{"line ends in entities", head + one + "\nx&#10;&#0;y\n", []string{"1000-2000 x \ufffdy"}, nil},
	})
}

func TestParse_OtherFormats(t *testing.T) {
	for _, test := range []struct {
		format subtitle.Format
		parseCase
	}{
		{subtitle.SBV, parseCase{"YouTube's", "0:00:01.000,0:00:02.500\nHello\nworld\n\n0:00:03.000,0:00:04.000\nBye\n", []string{"1000-2500 Hello/world", "3000-4000 Bye"}, nil}},
		{subtitle.SubViewer, parseCase{"SubViewer 2", "[INFORMATION]\n[TITLE]x\n[END INFORMATION]\n[SUBTITLE]\n00:00:01.00,00:00:02.50\nHello[br]world\n\n00:00:03.00,00:00:04.00\nBye\n",
			[]string{"1000-2500 Hello/world", "3000-4000 Bye"}, []string{"1 header-line", "2 header-line", "3 header-line", "4 header-line"}}},
		{subtitle.SubViewer, parseCase{"SubViewer 1", "[00:00:01]\nHello|world\n[00:00:03]\n\n[00:00:05]\nBye\n", []string{"1000-3000 Hello/world", "5000-7000 Bye"}, []string{"3 clears", "5 missing-end"}}},
		{subtitle.SubViewer, parseCase{"SubViewer 1 with its end", "[00:00:01]\nHello\n[00:00:03]\n\n[END]\n******** END SCRIPT ********\n", []string{"1000-3000 Hello"}, []string{"3 clears", "5 header-line", "6 header-line"}}},
		{subtitle.Timecoded, parseCase{"a timecoded script", "*TC 00:00:01;00\nHello\n\n*TC 00:01:00;02\nworld\n", []string{"1001-3001 Hello", "60060-62060 world"}, []string{"1 missing-end"}}},
		{subtitle.MicroDVD, parseCase{"MicroDVD", "{1}{1}25\n{25}{50}Hello|world\n{75}{100}{y:i}so\n", []string{"1000-2000 Hello/world", "3000-4000 so [0:2 i]"}, []string{"1 header-line"}}},
		{subtitle.STL, parseCase{"Spruce", "//by me\n$FontName = Arial\n00:00:01:00 , 00:00:02:00 , Hello|^Iworld^I\n", []string{"1000-2000 Hello/world [6:11 i]"}, []string{"1 frame-rate-guessed", "1 header-line", "2 header-line"}}},
		{subtitle.ASS, parseCase{"ASS", "[Script Info]\nScriptType: v4.00+\nPlayResX: 100\nPlayResY: 100\n\n[V4+ Styles]\nFormat: Name, PrimaryColour, Italic, Alignment\nStyle: Top,&H0000FFFF,-1,8\n\n[Events]\nFormat: Start, End, Style, Text, Layer\n" +
			"Dialogue: 0:00:01.00,0:00:02.00,Top,Hello, you\\N{\\i0}there{note},0\nComment: 0:00:01.00,0:00:02.00,Top,x,0\nDialogue: 0:00:03.00,0:00:04.00,,{\\p1}m 0 0 l 9 9{\\p0}a\\hb {\\c&HFF&}\\{c\\},0\n",
			[]string{"1000-2000 Hello, you/there @8 [0:10 i #ffff00] [11:16 #ffff00]", "3000-4000 a\u00a0b {c} [5:8 #ff0000]"}, []string{"12 comment", "13 comment", "14 drawing"}}},
		{subtitle.SSA, parseCase{"SSA", "[Script Info]\nScriptType: v4.00\n\n[V4 Styles]\nFormat: Name, PrimaryColour, Bold, Italic, Alignment\nStyle: Default,65535,0,0,6\n\n[Events]\nFormat: Marked, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\nDialogue: Marked=0,0:00:01.00,0:00:02.00,Default,,0,0,0,,Hi\n",
			[]string{"1000-2000 Hi @8 [0:2 #ffff00]"}, nil}},
		{subtitle.TTML, parseCase{"TTML", `<?xml version="1.0"?>
<tt xml:lang="de" xmlns="http://www.w3.org/ns/ttml" ttp:frameRate="25" ttp:tickRate="1000" xmlns:tts="x" xmlns:ttp="y">
<head><styling><style xml:id="s" tts:color="yellow"/></styling><layout><region xml:id="r" tts:displayAlign="before" tts:textAlign="center"/></layout></head>
<body begin="10s"><div><metadata>x</metadata>
<p begin="00:00:01.000" end="00:00:02:05" region="r">Hello <span tts:fontStyle="italic">you</span><br/>
   R&amp;D</p>
<p begin="3000t" dur="25f" style="s">b<!-- c --></p>
<p><span begin="5s" end="6s">one</span> <span begin="6s" end="7s">two</span></p>
</div></body></tt>`, []string{"11000-12200 Hello you/R&D @8 [6:9 i]", "13000-14000 b [0:1 #ffff00]", "15000-16000 one", "16000-17000 two"}, nil}},
	} {
		runParseCases(t, "talk.srt", test.format, []parseCase{test.parseCase})
	}
}

// What is no subtitle file is refused, with the line to look at and a way out.
func TestParse_RefusesOtherFiles(t *testing.T) {
	for _, test := range []struct {
		name, in string
		line     int
		says     string
	}{
		{"nothing", "", 1, "is empty"},
		{"nothing but white", "\ufeff \r\n\n", 1, "is empty"},
		{"prose", "\n\nOnce upon a time\n", 3, "is not a subtitle file"},
		{"a timetable", "10:30 - 11:45 Opening\n12:00 - 13:00 Lunch\n", 1, "is not a subtitle file"},
		{"a web page", "<!DOCTYPE html>\n<html>00:00:01,000 --> 00:00:02,000", 1, "a web page"},
		{"other XML", "<?xml version=\"1.0\"?>\n<rss/>", 1, "outermost element is not tt"},
		{"TTML cut short", "<tt><body><p begin=\"1s\" end=\"2s\">Hello</p><p begin=", 1, "not well-formed"},
		{"a word processor's", `{\rtf1 Hello}`, 0, "RTF"},
		{"SAMI", "<SAMI><BODY></BODY></SAMI>", 1, "SAMI"},
		{"YouTube's own XML", "<?xml version=\"1.0\"?>\n<timedtext format=\"3\"><body><p t=\"1\">x</p></body></timedtext>", 1, "YouTube's own XML"},
		{"MPL2", "[10][25]Hello|there\n", 1, "MPL2"},
		{"table of a recogniser", "start\tend\ttext\n0\t1500\tHello\n", 1, "TSV"},
		{"table of a recogniser with speakers", "start\tend\tspeaker\ttext\n0\t1500\tA\tHello\n", 1, "TSV"},
		{"closed captions", "Scenarist_SCC V1.0\n\n00:00:01:00\t9420 9420 94ae 94ae\n", 1, "SCC"},
		{"lyrics", "[ar: me]\n[00:12.00]Hello\n", 1, "LRC"},
		{"JSON", "{\"start\": \"00:00:01,000 --> 2\"}\n", 1, "JSON"},
		{"binary", "\x1aE\xdf\xa3\x00\x00", 0, ""},
		{"no cue", "WEBVTT\n\n", 1, "without a single caption"},
		{"frames without their rate", "{25}{50}Hello\n", 1, "how many there are in a second"},
		{"more hours than there are", first + "a\n\n2\n00:00:03,000 --> 99999999999999999999:00:01,000\nHello\n", 6, "a time that is too large"},
	} {
		doc, err := subtitle.Parse("talk.srt", []byte(test.in), subtitle.Options{})
		f := inputerr.As(err)
		if f == nil {
			t.Errorf("%s: read as %+v, %v", test.name, doc, err)
		} else if f.File != "talk.srt" || test.line > 0 && f.Line != test.line || !strings.Contains(f.Error(), test.says) || f.Remedy == "" {
			t.Errorf("%s: %v\nis not line %d: …%s…", test.name, f, test.line, test.says)
		}
	}
	if _, err := subtitle.Parse("x", []byte(first+"a\n"), subtitle.Options{MaxBytes: 10}); inputerr.As(err) == nil || !strings.Contains(err.Error(), "more than the 10") {
		t.Errorf("too large a file: %v", err)
	}
}

func TestParse_FormatEncodingLanguageEdition(t *testing.T) {
	doc, err := subtitle.Parse("x.vtt", []byte("WEBVTT\nLanguage: en\n\nNOTE lectern edition abc\n\n00:03.000 --> 00:04.500\nb\n"), subtitle.Options{})
	if err != nil || doc.Language != "en" || doc.Edition != "abc" || doc.Encoding != "utf-8" {
		t.Errorf("%+v, %v", doc, err)
	}
	if got := subtitle.VTTEdition([]byte("\ufeffWEBVTT\r\n\r\nNOTE lectern edition abc\r\n")); got != "abc" {
		t.Errorf("edition %q", got)
	}
}
