package exchange

import (
	"bytes"
	stdcsv "encoding/csv"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	stdutf16 "unicode/utf16"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/translation"
	"github.com/lectern-av/lectern/internal/translation/translationtest"
)

// testFormat is a format under test.
type testFormat struct {
	name  string
	write func(*bytes.Buffer, translation.Sheet) error
	read  func(string, []byte) (*File, error)
}

var testFormats = []testFormat{
	{"po", func(b *bytes.Buffer, s translation.Sheet) error { return WritePO(b, s, 21) }, ReadPO},
	{"xliff", func(b *bytes.Buffer, s translation.Sheet) error { return WriteXLIFF(b, s, XLIFF2, 21) }, ReadXLIFF},
	{"xliff-1.2", func(b *bytes.Buffer, s translation.Sheet) error { return WriteXLIFF(b, s, XLIFF12, 21) }, ReadXLIFF},
	{"csv", func(b *bytes.Buffer, s translation.Sheet) error { return WriteCSV(b, s, 21) }, ReadCSV},
}

func (x testFormat) export(t testing.TB, s translation.Sheet) string {
	t.Helper()
	var b bytes.Buffer
	if err := x.write(&b, s); err != nil {
		t.Fatalf("%s: %v", x.name, err)
	}
	return b.String()
}

func (x testFormat) merge(t testing.TB, file string, source []conference.Cue, have []translation.Cue) ([]translation.Cue, translation.MergeResult) {
	t.Helper()
	r, err := x.read("talk."+x.name, []byte(file))
	if err != nil {
		t.Fatalf("%v\n%s", err, file)
	}
	cues, taken, err := r.Merge(source, have)
	if err != nil {
		t.Fatalf("%v\n%s", err, file)
	}
	return cues, taken
}

// withoutLines returns cues without their lines in the file.
func withoutLines(cues []translation.Cue) []translation.Cue {
	cues = slices.Clone(cues)
	for n := range cues {
		cues[n].Line = 0
	}
	return cues
}

func sheetOf(source []conference.Cue, cues []translation.Cue) translation.Sheet {
	return translation.Sheet{Talk: "Prototyping “APIs”: 100 % & <more>", From: "en", To: "es-419", Revision: 3, Units: translation.Units(source, cues)}
}

// checkRoundTrip exports a translation, reads it back, and reports any difference.
func (x testFormat) checkRoundTrip(t testing.TB, source []conference.Cue, cues []translation.Cue) {
	t.Helper()
	sheet := sheetOf(source, cues)
	file := x.export(t, sheet)
	got, taken := x.merge(t, file, source, nil)
	want := withoutLines(translation.TargetCues(sheet.Units))
	if got = withoutLines(got); len(got) != len(want) {
		t.Fatalf("%d cues came back of %d", len(got), len(want))
	}
	for n := range want {
		if !reflect.DeepEqual(got[n], want[n]) {
			t.Fatalf("what went out as %+v came back as %+v\n%s", want[n], got[n], excerptNear(file, want[n].ID))
		}
	}
	if taken.Changed != 0 || taken.Emptied != 0 || taken.OtherSource || len(taken.Lost)+len(taken.OrphanNotes) > 0 {
		t.Fatalf("nobody changed anything, and it says %+v", taken)
	}
}

func excerptNear(file, id string) string {
	at := max(0, strings.Index(file, "target "+id))
	return file[max(0, at-600):min(len(file), at+900)]
}

// oddTranslation returns a source and a translation with every state, field and special
// character.
func oddTranslation() ([]conference.Cue, []translation.Cue) {
	source := translationtest.Cues("Good morning,\neverybody.", "=SUM(A1) is 100% of it: %d", "<i>not</i> italic &amp; so &lt;i> on", "Yes.", "Yes.",
		"-- dash", "'quoted", `back\slash "and" quotes`, "One", "Two", "tab\there", "Left", "{\\an8}", "Gone away")
	source[3].Spans = []conference.Span{{From: 0, To: 3, Italic: true, Bold: true, Underline: true, Colour: "#ffee00"}}
	source[4].Position = 8
	cue := func(at int, id, text string, of ...string) translation.Cue {
		c := translation.Cue{Cue: translationtest.Cues(make([]string, 20)...)[at], SourceIDs: of, State: translation.Draft, SourceHash: hashSources(of, source)}
		c.ID, c.Text = id, text
		return c
	}
	cues := []translation.Cue{
		cue(0, "c0001", "Buenos días\na todos.", "c0001"),
		cue(1, "c0002", "=SUM(A1) es el 100% de todo: %d", "c0002"),
		cue(2, "x-7", "<i>no</i> cursiva &amp; así &lt;i>", "c0003"),
		cue(3, "c0004", "Sí, señor.", "c0004"),
		cue(4, "c0005", "+1", "c0005"),
		cue(5, "c0006", "@casa", "c0006"),
		cue(6, "c0007", "'''-comillas", "c0007"),
		cue(7, "c0008", `atrás\r "y" más`, "c0008"),
		cue(8, "c0009", "Uno y dos", "c0009", "c0010"),
		cue(10, "c0010", "tabula-", "c0011"),
		cue(10, "c0011", "\tdor\n\naquí\x01 ", "c0011"),
		cue(11, "c0012", "Left", "c0012"),
		cue(13, "c0099", "Se ha ido", "gone"),
		cue(14, "c0100", "Algo más"),
	}
	cues[3].Spans = []conference.Span{{From: 0, To: 3, Italic: true}, {From: 3, To: 4, Colour: "#00ff00"}, {From: 5, To: 11, Bold: true, Colour: "#00ff00"}}
	cues[4].Author, cues[6].Author = "Ana", "Luz Ñ"
	cues[4].State, cues[5].State, cues[4].Position = translation.Approved, translation.InReview, 8
	cues[5].Notes = []translation.Note{{Author: "Ana", Text: "¿Es “@”?\nSegunda línea"}, {Author: "", Text: "nadie: <i>lo dijo"}}
	cues[6].State, cues[6].PreviousState, cues[6].PreviousSource, cues[6].SourceHash = translation.NeedsEditing, translation.Approved, "'old\n\nquote", translation.HashText("'old quote")
	cues[7].State, cues[7].PreviousState, cues[7].PreviousSource, cues[7].SourceHash = translation.NeedsEditing, translation.Draft, "back", translation.HashText("back")
	cues[9].Start, cues[9].End = cues[9].Start+1234567, cues[9].Start+800*time.Millisecond
	cues[10].Start, cues[10].Position, cues[10].Spans = cues[9].End, 1, []conference.Span{{From: 0, To: 7, Italic: true}}
	cues[11].State = translation.Untranslated
	cues[12].State, cues[12].PreviousState, cues[12].PreviousSource, cues[12].SourceHash = translation.Obsolete, translation.InReview, "Gone away, was it?", translation.HashText("Gone away, was it?")
	return source, cues
}

func TestRoundTrip(t *testing.T) {
	source, cues := oddTranslation()
	for _, x := range testFormats {
		t.Run(x.name, func(t *testing.T) {
			x.checkRoundTrip(t, source, cues)
			r, err := x.read("talk", []byte(x.export(t, sheetOf(source, cues))))
			if err != nil {
				t.Fatal(err)
			}
			if got := (File{Talk: r.Talk, From: r.From, To: r.To, Revision: r.Revision}); !reflect.DeepEqual(got, File{Talk: "Prototyping “APIs”: 100 % & <more>", From: "en", To: "es-419", Revision: 3}) {
				t.Errorf("the sheet comes back as %+v", got)
			}
		})
	}
}

func TestMerge_TranslatorsChanges(t *testing.T) {
	source := translationtest.Cues("Good morning, everybody.", "Begin at the end of it.", "Ten lines are enough.", "Then ask.", "Then ask.")
	cues := translation.LinkCues(source, translationtest.Cues("Buenos días a todos.", "Empieza por el final.", "Diez líneas bastan."))
	cues[0].State = translation.Approved
	cues[1].State, cues[1].PreviousState, cues[1].PreviousSource, cues[1].SourceHash = translation.NeedsEditing, translation.Approved, "Begin at the start of it.", translation.HashText("Begin at the start of it.")
	cues[2].Notes = []translation.Note{{Author: "Ana", Text: "¿bastan?"}}
	out := testFormats[0].export(t, sheetOf(source, cues))
	replaced := func(pairs ...string) string {
		s := out
		for n := 0; n < len(pairs); n += 2 {
			if !strings.Contains(s, pairs[n]) {
				t.Fatalf("there is no %q in\n%s", pairs[n], s)
			}
			s = strings.Replace(s, pairs[n], pairs[n+1], 1)
		}
		return s
	}
	const (
		first, two, three = "c0001 approved Buenos días a todos.", "|c0002 needs-editing Empieza por el final.", "|c0003 draft Diez líneas bastan."
		last              = "msgctxt \"c0005\"\nmsgid \"Then ask.\"\nmsgstr \""
	)
	for _, c := range []struct {
		name, file string
		want       string // of each cue id, state, text
		report     string // changed, emptied, lost, remarks
	}{
		{"nothing", out, first + two + three, "0 0 0 0"},
		{"a new one, of two that say the same", replaced(last, last+"Pregunta."), first + two + three + "|c0005 draft Pregunta.", "1 0 0 0"},
		{"an approved one", replaced("Buenos días a todos.", "Muy buenos días."), "c0001 draft Muy buenos días." + two + three, "1 0 0 0"},
		{"fuzzy, looked at and good", replaced("#, fuzzy\n#| msgid \"Begin at the start of it.\"\n", ""),
			first + "|c0002 draft Empieza por el final." + three, "1 0 0 0"},
		{"fuzzy, and translated anew", replaced("#, fuzzy\n", "", "Empieza por el final.", "Por el final."),
			first + "|c0002 draft Por el final." + three, "1 0 0 0"},
		{"fuzzy, and to be translated better", replaced("Empieza por el final.", "Por el final."),
			first + "|c0002 needs-editing Por el final." + three, "1 0 0 0"},
		{"made fuzzy", replaced("#: source.en:1\n", "#: source.en:1\n#, fuzzy\n"), "c0001 needs-editing Buenos días a todos." + two + three, "1 0 0 0"},
		{"emptied", replaced("\"Diez líneas bastan.\"", "\"\""), first + two, "0 1 0 1"},
		{"two cues of one", replaced("\"Diez líneas bastan.\"", "\"Diez líneas, eso es todo,\\n\"\n\"\\n\"\n\"bastan.\\n\""),
			first + two + "|c0003 draft Diez líneas, eso es todo,|c0006 draft bastan.", "1 0 0 0"},
		{"a remark on what is not translated", replaced("#. source c0005", "# ¿Otra vez?\n#. source c0005"), first + two + three, "0 0 0 1"},
		{"one of nowhere", out + "\nmsgid \"Never said.\"\nmsgstr \"Nunca.\"\n", first + two + three, "0 0 1 0"},
		{"without names", strings.ReplaceAll(replaced(last, last+"Pregunta."), "msgctxt", "#. msgctxt"), first + two + three + "|c0005 draft Pregunta.", "1 0 0 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, taken := testFormats[0].merge(t, c.file, source, nil)
			if is := summary(got); is != c.want {
				t.Errorf("it is\n%s, want\n%s", is, c.want)
			}
			if is := fmt.Sprint(taken.Changed, taken.Emptied, len(taken.Lost), len(taken.OrphanNotes)); is != c.report {
				t.Errorf("it says %s, want %s: %+v", is, c.report, taken)
			}
			for _, c := range got {
				if c.State == translation.Draft && c.SourceHash != hashSources(c.SourceIDs, source) {
					t.Errorf("%s is a draft of something else than the source says: %+v", c.ID, c)
				}
			}
		})
	}
	got, _ := testFormats[0].merge(t, replaced("\"Diez líneas bastan.\"", "\"Diez líneas, eso es todo,\\n\\nbastan.\""), source, nil)
	if a, b := got[2], got[3]; a.Start != 6*time.Second || a.End != b.Start || a.End != 7481*time.Millisecond || b.End != 8*time.Second {
		t.Errorf("of 2 s, 19 and 6 letters have %v-%v and %v-%v", a.Start, a.End, b.Start, b.End)
	}
	if n := got[2].Notes; len(n) != 1 || n[0] != (translation.Note{Author: "Ana", Text: "¿bastan?"}) {
		t.Errorf("the note became %+v", n)
	}
}

func summary(cues []translation.Cue) string {
	all := make([]string, len(cues))
	for n, c := range cues {
		all[n] = fmt.Sprintf("%s %s %s", c.ID, c.State, c.Text)
	}
	return strings.Join(all, "|")
}

// If an editor dropped the comments, the current translation supplies what was in them, or
// else the source.
func TestMerge_DroppedComments(t *testing.T) {
	source := translationtest.Cues("Good morning, everybody.", "Begin at the end of it.", "Ten lines are enough.")
	cues := []translation.Cue{
		{Cue: conference.Cue{ID: "t1", Start: 100 * time.Millisecond, End: 2 * time.Second, Text: "Buenos días a todos."}, SourceIDs: []string{"c0001"}, SourceHash: translation.HashText(source[0].Text), State: translation.Approved},
		{Cue: conference.Cue{ID: "t2", Start: 3 * time.Second, End: 7 * time.Second, Text: "Por el final, con diez líneas."}, SourceIDs: []string{"c0002", "c0003"}, SourceHash: translation.HashText(source[1].Text + " " + source[2].Text), State: translation.InReview},
	}
	out := testFormats[0].export(t, sheetOf(source, cues))
	bare := regexp.MustCompile(`(?m)^#\..*\n`).ReplaceAllString(out, "")
	got, taken := testFormats[0].merge(t, bare, source, nil)
	if is := summary(got); is != "c0001 draft Buenos días a todos.|c0002 draft Por el final, con diez líneas." || taken.OtherSource {
		t.Errorf("by the source alone it is %s, %+v", is, taken)
	}
	if got[1].Start != 3*time.Second || got[1].End != 8*time.Second {
		t.Errorf("by the source, the second is shown %v-%v", got[1].Start, got[1].End)
	}
	got, taken = testFormats[0].merge(t, strings.Replace(bare, "Buenos días a todos.", "Buenas.", 1), source, cues)
	if is := summary(got); is != "t1 draft Buenas.|t2 in-review Por el final, con diez líneas." || taken.Changed != 1 {
		t.Errorf("by the translation as it is, it is %s, %+v", is, taken)
	}
	if got[0].Start != 100*time.Millisecond || !reflect.DeepEqual(withoutLines(got[1:]), cues[1:]) {
		t.Errorf("by the translation as it is, it is %+v", got)
	}
	template := testFormats[0].export(t, sheetOf(source, nil))
	if got, _ = testFormats[0].merge(t, template, source, cues); !reflect.DeepEqual(withoutLines(got), cues) {
		t.Errorf("a template that nobody filled in left of the translation %s", summary(got))
	}
}

// Tools merge equal texts under several references: every cue gets the translation.
func TestReadPO_MergedTexts(t *testing.T) {
	source := translationtest.Cues("Yes.", "We have forty.", "Yes.", "Yes.")
	const all = "c0001 draft Sí.|c0002 draft Tenemos cuarenta.|c0003 draft Sí.|c0004 draft Sí."
	const other = "\n#: b\nmsgid \"We have forty.\"\nmsgstr \"Tenemos cuarenta.\"\n"
	const yes = "msgid \"Yes.\"\nmsgstr \"Sí.\"\n"
	for name, file := range map[string]string{
		"a line each":                     "#: a-->b\n#: c-->d\n#: e-->f\n" + yes + other,
		"one line":                        "#: talk.srt:1 talk.srt:3 talk.srt:4\n" + yes + other,
		"more references than cues":       "#: a b c d e\n" + yes + other,
		"two entries, one of them merged": "#: a\n" + yes + other + "\n#: c\n#: d\n" + yes,
	} {
		got, result := testFormats[0].merge(t, file, source, nil)
		if is := summary(got); is != all || len(result.Lost) > 0 {
			t.Errorf("%s: %s, lost %v", name, is, result.Lost)
		}
	}
}

// A file made from an earlier source is updated; one for another talk is refused.
func TestMerge_OtherSourceVersion(t *testing.T) {
	now := translationtest.Cues("Good evening, everybody.", "3 Welcome.", "63 Begin at the end of it.", "Ten lines are enough.", "Then ask your colleagues.")
	for _, x := range testFormats {
		out := x.export(t, sheetOf(translationtest.English, translation.LinkCues(translationtest.English, translationtest.Spanish)))
		got, taken := x.merge(t, out, now, nil)
		want := "c0001 needs-editing Buenos días a todos.|c0002 draft Empieza por el final.|c0003 draft Diez líneas bastan.|c0004 draft Luego pregunta a tus colegas."
		if is := summary(got); is != want || !taken.OtherSource || got[1].Start != 63*time.Second || !slices.Equal(got[1].SourceIDs, []string{"c0003"}) {
			t.Errorf("%s: it came as %s: %+v", x.name, is, got)
		}
		if len(taken.NeedsEditing) != 1 || taken.NeedsEditing[0].OldSource != translationtest.English[0].Text || taken.Untranslated != 1 {
			t.Errorf("%s: it says %+v", x.name, taken)
		}
		r, err := x.read("talk", []byte(out))
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = r.Merge(translationtest.Cues("Something", "else", "altogether"), nil)
		if f := inputerr.As(err); f == nil || f.Line == 0 || !strings.Contains(f.Error(), "for another talk") {
			t.Errorf("%s: of another talk it says %v", x.name, err)
		}
	}
}

func TestReadCSV_Spreadsheets(t *testing.T) {
	source, cues := oddTranslation()
	csv := testFormats[3]
	out := csv.export(t, sheetOf(source, cues))
	want := withoutLines(translation.TargetCues(translation.Units(source, cues)))
	again := func(comma rune, change func(row []string)) string {
		rows, err := stdcsv.NewReader(strings.NewReader(strings.TrimPrefix(out, "\ufeff"))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		w := stdcsv.NewWriter(&b)
		w.Comma = comma
		for _, row := range rows {
			for _, cell := range row {
				if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
					t.Errorf("a spreadsheet may run %q", cell)
				}
			}
			change(row)
			if err := w.Write(row); err != nil {
				t.Fatal(err)
			}
		}
		w.Flush()
		return b.String()
	}
	leave := func([]string) {}
	for name, file := range map[string]string{
		"semicolons":                  again(';', leave),
		"Excel's first line":          "sep=;\r\n" + again(';', leave),
		"its first line after a mark": "\ufeffSEP=\t\n" + again('\t', leave),
		"Spanish headings": again(',', func(row []string) {
			if row[4] == "source" {
				row[4], row[6] = "Origen", "Traducción"
			}
		}),
		"German headings": "sep=;\n" + again(';', func(row []string) {
			if row[4] == "source" {
				row[0], row[4], row[6] = "Kennung", "Quelltext", "Übersetzung"
			}
		}),
		"UTF-16 with tabs": utf16(again('\t', leave)),
		"times of its own": again(',', func(row []string) { row[1], row[2] = "00:03.0", "00:05.0" }),
		"apostrophes gone": again(',', func(row []string) {
			if !strings.HasPrefix(row[6], "''") {
				row[6] = strings.TrimPrefix(row[6], "'")
			}
		}),
	} {
		if got, _ := csv.merge(t, file, source, nil); !reflect.DeepEqual(withoutLines(got), want) {
			t.Errorf("%s: it came back as %s", name, summary(got))
		}
	}
}

func TestReadCSV_SpreadsheetErrors(t *testing.T) {
	const head = "sep=,\nid,source,translation\nc0001,Yes.,Sí.\n"
	for _, cell := range []string{"#NAME?", "#¿NOMBRE?", "#¡VALOR!", "#BEZUG!", "#DIV/0!", "#ДЕЛ/0!", "#N/A", "#Н/Д", "#NV", "Err:508", "Fehler:502"} {
		_, err := ReadCSV("talk.csv", []byte(head+"c0002,- Hello,"+cell+"\n"))
		if err == nil || !strings.HasPrefix(err.Error(), "talk.csv:4: has the spreadsheet error "+cell) {
			t.Errorf("%s: %v", cell, err)
		}
	}
	for _, cell := range []string{"#1", "#golang", "N/A", "¡#GRANDE! dijo", "#HASHTAG"} {
		if _, err := ReadCSV("talk.csv", []byte(head+"c0002,- Hello,"+cell+"\n")); err != nil {
			t.Errorf("%s: %v", cell, err)
		}
	}
	if _, err := ReadCSV("talk.csv", []byte(head+"c0002,#NAME?,#NAME?\n")); err != nil {
		t.Error("a source that shows an error:", err)
	}
}

func TestDetectReader_Sheets(t *testing.T) {
	for text, want := range map[string]bool{
		"source,translation\n": true, "id;translation\n": true, "sep=;\nid;Origen;Traducci\xf3n\n": true, "\ufeffid,source\n": true,
		"1\n00:00:01,000 --> 00:00:02,000\nid, source\n": false, "WEBVTT\n": false, "source\n": false,
	} {
		if got := DetectReader([]byte(text)) != nil; got != want {
			t.Errorf("%q: a sheet: %v", text, got)
		}
	}
	_, err := ReadCSV("talk.csv", []byte("sep=;\nid;Traducción\nc0001;Sí\n"))
	if err == nil || !strings.HasPrefix(err.Error(), "talk.csv:2: has no column “source”") {
		t.Error(err)
	}
}

func utf16(s string) string {
	b := []byte{0xff, 0xfe}
	for _, u := range stdutf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return string(b)
}

// Errors have the line and say what to do.
func TestRead_DamagedFiles(t *testing.T) {
	const head = "msgid \"\"\nmsgstr \"Content-Type: text/plain; charset=UTF-8\\n\"\n\n"
	for _, c := range []struct {
		name, file, want string
	}{
		{"po", head, "talk.po:1: has no texts. "},
		{"po", head + "msgctxt \"c0001\"\nmsgid \"a\n", "talk.po:5: a string is not closed"},
		{"po", head + "msgctxt \"c0001\"\nmsgid \"a\"\nmsgctxt \"c0002\"\n", "talk.po:6: the msgid before this line has no msgstr"},
		{"po", head + "msgctxt \"c0001\"\nmsgid \"a\"\n", "talk.po:4: the entry is incomplete"},
		{"po", head + "1\n00:00:01,000 --> 00:00:02,000\nHello.\n", "talk.po:4: “1” is not PO syntax"},
		{"po", head + strings.Repeat("msgctxt \"c0001\"\nmsgid \"a\"\nmsgstr \"b\"\n", 2), "talk.po:7: repeats c0001 of line 4"},
		{"xliff", "", "talk.xliff:1: is not valid XML: it ends too early. "},
		{"xliff", "<tmx>\n</tmx>", "talk.xliff:1: is not XLIFF: it begins with <tmx>"},
		{"xliff", "<xliff>\n<file>\n<unit>\n</xliff>", "talk.xliff:4: is not valid XML: element <unit> closed by </xliff>. "},
		{"xliff", "<xliff>\n</xliff>", "talk.xliff:1: has no texts"},
		{"csv", "id,text\nc0001,a\n", "talk.csv:1: has no column “source”. Restore the first line"},
		{"csv", "id,source,translation\nc0001,a,\"b\n", "talk.csv:2: is not valid CSV"},
		{"csv", "id,source,translation\n", "talk.csv:1: has no translations"},
		{"csv", "id,source,translation\nc1,a,b\nc1,a,b\n", "talk.csv:3: repeats c1 of line 2"},
	} {
		n := slices.IndexFunc(testFormats, func(x testFormat) bool { return x.name == c.name })
		_, err := testFormats[n].read("talk."+c.name, []byte(c.file))
		if f := inputerr.As(err); f == nil || !strings.Contains(f.Error(), c.want) || f.Remedy == "" {
			t.Errorf("of %q it says %v, want %q", c.file, err, c.want)
		}
	}
}
