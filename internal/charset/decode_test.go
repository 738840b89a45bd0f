package charset

import (
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/lectern-av/lectern/internal/inputerr"
)

const chinese = "1\r\n00:00:01,000 --> 00:00:02,000\r\n大家好，今天我们一起看\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000\r\n一二三四五六七八九十百千万\r\n\r\n"

func TestDecode_DeclaredEncodings(t *testing.T) {
	le, be := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	english, russian := asSRT(talks["en"]), asSRT(talks["ru"])
	tests := []struct {
		name     string
		bytes    string
		hint     Hint
		encoding string
		text     string
	}{
		{"ASCII", "1\r\n", Hint{}, "utf-8", "1\r\n"},
		{"nothing", "", Hint{}, "utf-8", ""},
		{"UTF-8", russian, Hint{}, "utf-8", russian},
		{"UTF-8 with a mark", "\xEF\xBB\xBF" + russian, Hint{}, "utf-8", russian},
		{"UTF-16LE with a mark", encode(t, le.NewEncoder(), "\uFEFF"+russian), Hint{}, "utf-16le", russian},
		{"UTF-16BE with a mark", encode(t, be.NewEncoder(), "\uFEFF"+russian), Hint{}, "utf-16be", russian},
		{"UTF-16LE", encode(t, le.NewEncoder(), english), Hint{}, "utf-16le", english},
		{"UTF-16BE", encode(t, be.NewEncoder(), english), Hint{}, "utf-16be", english},
		{"UTF-16LE of nothing but ASCII", encode(t, le.NewEncoder(), "1\n00:01\nHi\n"), Hint{}, "utf-16le", "1\n00:01\nHi\n"},
		{"Chinese UTF-16LE", encode(t, le.NewEncoder(), chinese), Hint{}, "utf-16le", chinese},
		{"Chinese UTF-16BE", encode(t, be.NewEncoder(), chinese), Hint{}, "utf-16be", chinese},
		{"UTF-16LE beyond the basic plane", encode(t, le.NewEncoder(), "00:01 😀 𠮷\r\n"), Hint{}, "utf-16le", "00:01 😀 𠮷\r\n"},
		{"UTF-32LE", "\xFF\xFE\x00\x00A\x00\x00\x00", Hint{}, "utf-32le", "A"},
		{"ISO-2022-JP", encode(t, japanese.ISO2022JP.NewEncoder(), asSRT(talks["ja"])), Hint{}, "iso-2022-jp", asSRT(talks["ja"])},
		{"asked for", "caf\xE9", Hint{Encoding: "Latin1"}, "windows-1252", "café"},
		{"asked for, by another name", "\x83\x5C", Hint{Encoding: "CP932"}, "shift_jis", "ソ"},
		{"asked for, in the order of its mark", "\xFE\xFF\x00A", Hint{Encoding: "UTF-16"}, "utf-16be", "A"},
		{"asked for, of MS-DOS", "caf\x82", Hint{Encoding: "cp850"}, "cp850", "café"},
		{"asked for against the evidence", "é", Hint{Encoding: "windows-1252"}, "windows-1252", "Ã©"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Decode("talk.srt", []byte(tt.bytes), tt.hint)
			if err != nil {
				t.Fatal(err)
			}
			if got.UTF8 != tt.text || got.Encoding != tt.encoding || !got.Certain || len(got.Notes) != 0 {
				t.Errorf("got %q in %s (sure: %v, notes: %v), want %q in %s, surely and without notes", got.UTF8, got.Encoding, got.Certain, got.Notes, tt.text, tt.encoding)
			}
		})
	}
}

func encode(t *testing.T, as interface{ String(string) (string, error) }, text string) string {
	t.Helper()
	encoded, err := as.String(text)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func TestDecode_Notes(t *testing.T) {
	spanish := strings.Repeat("1\n¿Qué pasó aquí? Mañana habrá más información\n", 5)
	latin := func(s string) string { return encode(t, charmap.Windows1252.NewEncoder(), s) }
	tests := []struct {
		name     string
		bytes    string
		hint     Hint
		encoding string
		text     string
		notes    map[int]string // the code, by line
	}{
		{"XML that says how it is encoded", "<?xml version='1.0' encoding='ISO-8859-2'?>\n<p>\xB1</p>\n", Hint{}, "iso-8859-2", "<?xml version='1.0' encoding='ISO-8859-2'?>\n<p>ą</p>\n", nil},
		{"XML that was converted since", "<?xml version=\"1.0\" encoding=\"windows-1250\"?>\n<p>ą</p>\n", Hint{}, "utf-8", "<?xml version=\"1.0\" encoding=\"windows-1250\"?>\n<p>ą</p>\n", nil},
		{"a line of another page in UTF-8", spanish + latin("También allí\n"), Hint{}, "mixed", spanish + "También allí\n", map[int]string{11: MixedEncoding}},
		{"a line of UTF-8 in another page", latin(spanish) + "También allí\n", Hint{}, "mixed", spanish + "También allí\n", map[int]string{11: MixedEncoding}},
		{"both in one line", spanish + "También " + latin("allí\n"), Hint{}, "mixed", spanish + "También allí\n", map[int]string{11: MixedEncoding}},
		{"a line of GBK in UTF-8", chinese + encode(t, simplifiedchinese.GBK.NewEncoder(), "我们来看一下这个问题\n"), Hint{}, "mixed", chinese + "我们来看一下这个问题\n", map[int]string{9: MixedEncoding}},
		{"a character cut off in UTF-8", spanish + "Sí \xE2\x80\r\nno", Hint{}, "utf-8", spanish + "Sí \uFFFD\r\nno", map[int]string{11: UnreadableBytes}},
		{"UTF-8 encoded twice", "a\r\r\ncafÃ© itâ€™s\r\rPrivÃ©\n", Hint{}, "utf-8", "a\r\r\ncafÃ© itâ€™s\r\rPrivÃ©\n", map[int]string{2: DoubleEncoded, 4: DoubleEncoded}},
		{"no UTF-8 encoded twice", "NÃO é “Â”\nLIBERTÉ»\n", Hint{}, "utf-8", "NÃO é “Â”\nLIBERTÉ»\n", nil},
		{"U+FFFD", "a\nb\uFFFD\uFFFD\n", Hint{}, "utf-8", "a\nb\uFFFD\uFFFD\n", map[int]string{2: ReplacementChars}},
		{"a few NULs", "a\rb\x00c and more of it\r", Hint{}, "utf-8", "a\rb\x00c and more of it\r", map[int]string{2: NULCharacters}},
		{"bytes without a meaning", "\x93Qu\xE9\x94\r\nni\xF1o \x81\r\n", Hint{Encoding: "cp1252"}, "windows-1252", "“Qué”\r\nniño \uFFFD\r\n", map[int]string{2: UnreadableBytes}},
		{"bytes that are no Shift-JIS", "\x83\x5C\n\xFF\n", Hint{Encoding: "sjis"}, "shift_jis", "ソ\n\uFFFD\n", map[int]string{2: UnreadableBytes}},
		{"too little to tell", "one\nSi\xF0\n", Hint{}, "", "", map[int]string{2: DoubtfulEncoding}},
		{"half a code unit", "\xFF\xFEa\x00\n\x00b", Hint{}, "utf-16le", "a\n\uFFFD", map[int]string{2: UnreadableBytes}},
		{"two marks", "\xEF\xBB\xBF\xEF\xBB\xBFa", Hint{}, "utf-8", "a", map[int]string{1: ByteOrderMarks}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Decode("talk.srt", []byte(tt.bytes), tt.hint)
			if err != nil {
				t.Fatal(err)
			}
			if tt.encoding != "" && (got.UTF8 != tt.text || got.Encoding != tt.encoding) {
				t.Errorf("got %q in %s,\nwant %q in %s", got.UTF8, got.Encoding, tt.text, tt.encoding)
			}
			for _, n := range got.Notes {
				if tt.notes[n.Line] != n.Code {
					t.Errorf("unexpected note %v", n)
				}
			}
			if len(got.Notes) != len(tt.notes) {
				t.Errorf("notes are %v, want %v", got.Notes, tt.notes)
			}
		})
	}
}

func TestDecode_RefusesBinary(t *testing.T) {
	noise := make([]byte, 4096)
	for i, x := 0, uint32(1); i < len(noise); i++ {
		x = x*1664525 + 1013904223
		noise[i] = byte(x >> 24)
	}
	program, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{
		"noise":               string(noise),
		"a PNG image":         "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
		"a zip archive":       "PK\x03\x04\x14\x00",
		"an MP4 or QuickTime": "\x00\x00\x00\x20ftypisom\x00\x00\x02\x00",
		"a program":           string(program[:1<<16]),
		"binary data":         string(program[1<<16 : 1<<17]),
		"of zeroes":           strings.Repeat("\x00", 100),
	}
	for name, bytes := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Decode("talk.srt", []byte(bytes), Hint{})
			if f := inputerr.As(err); f == nil || f.File != "talk.srt" || f.Remedy == "" {
				t.Errorf("got %.20q in %s and error %v, want a fault with the file and a remedy", got.UTF8, got.Encoding, err)
			}
		})
	}
}

func TestDecode_SuggestsSimilarEncodings(t *testing.T) {
	_, err := Decode("talk.srt", []byte("a"), Hint{Encoding: "windows-1225"})
	if f := inputerr.As(err); f == nil || !strings.Contains(f.Remedy, "windows-1252") {
		t.Errorf("error is %v, want a fault that offers windows-1252", err)
	}
}

func TestCutLine(t *testing.T) {
	tests := map[string][]string{
		"":                    {""},
		"a":                   {"a"},
		"a\nb\r\nc\rd\r\r\ne": {"a", "b", "c", "d", "e"},
		"\r\r\n\r\r":          {"", "", "", ""},
		"\n\r":                {"", "", ""},
	}
	for text, want := range tests {
		var got []string
		for rest, more := text, true; more; {
			var line string
			line, rest, more = CutLine(rest)
			got = append(got, line)
		}
		if strings.Join(got, "|") != strings.Join(want, "|") || len(got) != len(want) {
			t.Errorf("%q is cut into %q, want %q", text, got, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for tag, talk := range talks {
		f.Add([]byte(asSRT(talk)), tag, "")
		for _, p := range guessablePages() {
			if encoded, err := p.encoding.NewEncoder().String(talk); err == nil {
				f.Add([]byte(encoded), tag, "")
			}
		}
	}
	f.Add([]byte("\xFF\xFEa\x00\x00\xD8b"), "", "utf-16")
	f.Add([]byte("caf\xC3\xA9 caf\xE9 \xE2\x80"), "en", "")
	f.Fuzz(func(t *testing.T, data []byte, tag, name string) {
		got, err := Decode("fuzz", data, Hint{Language: tag, Encoding: name})
		if err != nil {
			if inputerr.As(err) == nil {
				t.Fatalf("error %v is no fault", err)
			}
			return
		}
		if !utf8.ValidString(got.UTF8) {
			t.Fatalf("%q is not UTF-8", got.UTF8)
		}
		if name == "" && got.Encoding == "utf-8" && utf8.Valid(data) && got.UTF8 != strings.TrimLeft(string(data), byteOrderMark) {
			t.Fatalf("%q became %q", data, got.UTF8)
		}
		lines := strings.Count(got.UTF8, "\n") + strings.Count(got.UTF8, "\r") + 1
		for _, n := range got.Notes {
			if n.Line < 1 || n.Line > lines {
				t.Fatalf("note %v is outside of the %d lines", n, lines)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	for _, bench := range []struct{ name, text, page string }{
		{"UTF-8/English", asSRT(talks["en"]), ""},
		{"UTF-8/French", asSRT(talks["fr"]), ""},
		{"UTF-8/Russian", asSRT(talks["ru"]), ""},
		{"UTF-8/Japanese", asSRT(talks["ja"]), ""},
		{"windows-1251", asSRT(talks["ru"]), "windows-1251"},
		{"shift_jis", asSRT(talks["ja"]), "shift_jis"},
	} {
		b.Run(bench.name, func(b *testing.B) {
			text := strings.Repeat(bench.text, 10<<20/len(bench.text))
			if p, err := lookupPage(bench.page); err == nil {
				if text, _ = p.encoding.NewEncoder().String(text); text == "" {
					b.Fatal("cannot be encoded")
				}
			}
			data := []byte(text)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Decode("talk.srt", data, Hint{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
