package subtitle_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/fault"
	"github.com/lectern-av/lectern/internal/subtitle"
)

const ms = time.Millisecond

func cue(id string, start, end time.Duration, text string) conference.Cue {
	return conference.Cue{ID: id, Start: start, End: end, Text: text}
}

// bare is cues without the lines they came from.
func bare(cues []conference.Cue) []conference.Cue {
	for i := range cues {
		cues[i].Line = 0
	}
	return cues
}

func TestRead(t *testing.T) {
	long := strings.Repeat("long ", 20_000)
	tests := []struct {
		name, in string
		want     []conference.Cue
	}{
		{"plain SRT", "1\n00:00:01,000 --> 00:00:02,500\nHello\nworld\n\n2\n00:00:03,000 --> 00:00:04,000\nBye\n",
			[]conference.Cue{cue("c0001", 1000*ms, 2500*ms, "Hello\nworld"), cue("c0002", 3000*ms, 4000*ms, "Bye")}},
		{"byte-order mark, CRLF, no line end at the end", "\ufeff1\r\n00:00:01,000 --> 00:00:02,500\r\nHello\r\n\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000\r\nBye",
			[]conference.Cue{cue("c0001", 1000*ms, 2500*ms, "Hello"), cue("c0002", 3000*ms, 4000*ms, "Bye")}},
		{"points, short hours, no numbers, tight arrows", "0:00:01.000-->0:00:02.500\nHello\n",
			[]conference.Cue{cue("c0001", 1000*ms, 2500*ms, "Hello")}},
		{"overlapping and out of order", "1\n00:00:03,000 --> 00:00:09,000\nthird\n\n2\n00:00:01,000 --> 00:00:04,000\nfirst\n",
			[]conference.Cue{cue("c0001", 1000*ms, 4000*ms, "first"), cue("c0002", 3000*ms, 9000*ms, "third")}},
		{"a line over 64 KiB", "1\n00:00:01,000 --> 00:00:02,500\n" + long + "\n",
			[]conference.Cue{cue("c0001", 1000*ms, 2500*ms, strings.TrimSpace(long))}},
		{"what only looks like markup", "1\n00:00:01,000 --> 00:00:02,500\nList<String> a<b and c>d R&D &amp; Box<I> <v Name>\nx --> y {b}\n42\n",
			[]conference.Cue{cue("c0001", 1000*ms, 2500*ms, "List<String> a<b and c>d R&D &amp; Box<I> <v Name>\nx --> y {b}\n42")}},
		{"markup, made uniform", "1\n00:00:01,000 --> 00:00:02,500\n<I>one\ntwo</I> <b><u>x</b></u><i></i>\n",
			[]conference.Cue{cue("c0001", 1000*ms, 2500*ms, "<i>one</i>\n<i>two</i> <b><u>x</u></b>")}},
		{"WebVTT", "WEBVTT\n\n1\n00:01.000 --> 00:02.500\nR&amp;D &lt;3 List&lt;String&gt; <i>so</i> AT&T &copy 5\n\n01:40:00.000 --> 01:40:01.000\n&nbsp;x\n",
			[]conference.Cue{cue("c0001", 1000*ms, 2500*ms, "R&D <3 List<String> <i>so</i> AT&T &copy 5"), cue("c0002", 6000_000*ms, 6001_000*ms, "\u00a0x")}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cues, err := subtitle.Read("x.srt", []byte(test.in))
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range cues {
				if l := strings.Split(strings.ReplaceAll(test.in, "\r\n", "\n"), "\n")[c.Line-1]; !strings.Contains(l, "-->") {
					t.Errorf("cue %s is said to stand at line %d: %q", c.ID, c.Line, l)
				}
			}
			if got := bare(cues); !reflect.DeepEqual(got, test.want) {
				t.Errorf("%+v\nnot %+v", got, test.want)
			}
		})
	}
}

func TestParseSaysWhatElseIsThere(t *testing.T) {
	doc, err := subtitle.Parse("x.vtt", []byte("WEBVTT\nKind: captions\nLanguage: en\n\nNOTE lectern edition abc\n\n00:03.000 --> 00:04.500\nb\n\n00:01.000 --> 00:02.500\na\n"), subtitle.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if doc.Format != subtitle.WebVTT || doc.Language != "en" || doc.Edition != "abc" || doc.Cues[0].Text != "a" {
		t.Errorf("%+v", doc)
	}
	if len(doc.Diagnostics) != 1 || doc.Diagnostics[0].Line != 10 || !strings.Contains(doc.Diagnostics[0].Message, "line 7") {
		t.Errorf("notes %+v", doc.Diagnostics)
	}
	if got := subtitle.EditionOf([]byte("\ufeffWEBVTT\r\n\r\nNOTE lectern edition abc\r\n")); got != "abc" {
		t.Errorf("edition %q", got)
	}
}

// What cannot be kept is refused, with the line to look at.
func TestReadRefuses(t *testing.T) {
	const ok = "1\n00:00:01,000 --> 00:00:02,000\nHello\n\n"
	const vtt = "WEBVTT\n\n"
	tests := []struct {
		name, in string
		line     int
		says     string
	}{
		{"empty", "", 1, "is empty"},
		{"blank", "\ufeff \r\n\n", 1, "is empty"},
		{"prose", "\n\nOnce upon a time\n", 3, "is not a subtitle file"},
		{"a web page", "<!DOCTYPE html>\n<html>", 1, "a web page"},
		{"SBV", "0:00:01.000,0:00:02.000\nHello\n", 1, "a YouTube SBV file"},
		{"ASS", "[Script Info]\nTitle: x\n", 1, "SSA or ASS"},
		{"TTML", "<?xml version=\"1.0\"?>\n<tt xmlns=\"x\">", 1, "TTML"},
		{"binary", "\x1aE\xdf\xa3\x00\x00", 1, "holds NUL"},
		{"a NUL in the text", ok + "2\n00:00:03,000 --> 00:00:04,000\na\x00b\n", 7, "holds NUL"},
		{"UTF-16", "\xff\xfe1\x00\n\x00", 1, "iconv -f UTF-16"},
		{"a Windows code page", ok + "2\n00:00:03,000 --> 00:00:04,000\ncaf\xe9\n", 7, "iconv -f WINDOWS-1252"},
		{"a lone carriage return", ok + "2\n00:00:03,000 --> 00:00:04,000\na\rb\n", 7, "carriage return"},
		{"no cue", vtt, 1, "without a single cue"},
		{"a thin arrow", ok + "2\n00:00:03,000 -> 00:00:04,000\nBye\n", 6, "“->” between two times"},
		{"a thin arrow everywhere", "1\n00:00:03,000 -> 00:00:04,000\nBye\n", 2, "“->” between two times"},
		{"a dash for an arrow, no blank line", "1\n00:00:01,000 --> 00:00:02,000\nHello\n2\n00:00:03,000 –> 00:00:04,000\nBye\n", 5, "inside the text of another"},
		{"no blank line", "1\n00:00:01,000 --> 00:00:02,000\nHello\n2\n00:00:03,000 --> 00:00:04,000\nBye\n", 5, "inside the text of another"},
		{"a blank line in a cue", "1\n00:00:01,000 --> 00:00:02,000\nHello\n \nworld\n\n" + ok, 5, "belongs to no cue: “world”"},
		{"a blank line under the times", "1\n00:00:01,000 --> 00:00:02,000\n\nHello\n", 2, "a cue without text"},
		{"text before the first cue", "A talk\n\n" + ok, 1, "which is no cue"},
		{"text for a number", "Intro\n00:00:01,000 --> 00:00:02,000\nHello\n", 1, "“Intro” where only the number"},
		{"a number alone", ok + "2\n", 5, "the number 2 and no cue"},
		{"only white to see", "1\n00:00:01,000 --> 00:00:02,000\n<i>\u00a0</i>\n", 2, "a cue without text"},
		{"end before start", "1\n00:00:03,000 --> 00:00:02,000\nHello\n", 2, "ends before it starts"},
		{"no time at all", "1\n00:00:02,000 --> 00:00:02,000\nHello\n", 2, "lasts no time"},
		{"sixty seconds", "1\n00:00:01,000 --> 00:00:60,000\nHello\n", 2, "out of range"},
		{"more hours than there are", "1\n00:00:01,000 --> 99999999999999999999:00:01,000\nHello\n", 2, "out of range"},
		{"tenths", "1\n00:00:01,5 --> 00:00:02,000\nHello\n", 2, "cannot be read"},
		{"a letter for a digit", ok + "2\n00:00:O3,000 --> 00:00:04,000\nBye\n", 6, "cannot be read"},
		{"a placed cue", ok + "2\n00:00:03,000 --> 00:00:04,000 X1:10 X2:20\nBye\n", 6, "places the cue"},
		{"settings", vtt + "00:01.000 --> 00:02.000 align:start\nx\n", 3, "places the cue"},
		{"an override", "1\n00:00:01,000 --> 00:00:02,000\nHello\n{\\an8}there\n", 4, "“{\\an8}”"},
		{"a font", "1\n00:00:01,000 --> 00:00:02,000\n<font color=\"red\">Hello</font>\n", 3, "<font"},
		{"a tag left open", "1\n00:00:01,000 --> 00:00:02,000\nHello\n<i>there\n", 4, "without its other half"},
		{"a voice", vtt + "00:01.000 --> 00:02.000\nx\n<v Ada>Hello\n", 5, "“<v Ada>”"},
		{"a class", vtt + "00:01.000 --> 00:02.000\n<c.loud>x</c>\n", 4, "“<c.loud>”"},
		{"karaoke", vtt + "00:01.000 --> 00:02.000\na <00:01.500>b\n", 4, "“<00:01.500>”"},
		{"a comment", vtt + "NOTE to self\n\n00:01.000 --> 00:02.000\nx\n", 3, "NOTE block"},
		{"a style", vtt + "STYLE\n::cue { color: red }\n\n00:01.000 --> 00:02.000\nx\n", 3, "STYLE block"},
		{"a region", vtt + "REGION\nid:a\n\n00:01.000 --> 00:02.000\nx\n", 3, "REGION block"},
		{"an identifier", vtt + "intro\n00:01.000 --> 00:02.000\nx\n", 3, "“intro” where only the number"},
		{"a title", "WEBVTT - My talk\n\n00:01.000 --> 00:02.000\nx\n", 1, "a title in the WEBVTT line"},
		{"a time map", "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:900000\n\n00:01.000 --> 00:02.000\nx\n", 2, "a header that would be lost"},
		{"no blank line under WEBVTT", "WEBVTT\n00:01.000 --> 00:02.000\nx\n", 2, "no blank line"},
		{"markup in entities", vtt + "00:01.000 --> 00:02.000\n&lt;b&gt;x&lt;/b&gt;\n", 4, "with entities"},
		{"a line end in entities", vtt + "00:01.000 --> 00:02.000\nx&#10;&#10;y\n", 4, "with entities"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cues, err := subtitle.Read("talk.srt", []byte(test.in))
			f := fault.Of(err)
			if f == nil {
				t.Fatalf("read as %+v, %v", cues, err)
			}
			if f.File != "talk.srt" || f.Line != test.line || !strings.Contains(f.Error(), test.says) {
				t.Errorf("%v\nis not line %d: …%s…", f, test.line, test.says)
			}
		})
	}
}
