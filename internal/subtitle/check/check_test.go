package check_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/subtitle/check"
)

// cue returns a cue that is shown between those seconds.
func cue(from, to float64, text string) conference.Cue {
	return conference.Cue{Start: time.Duration(from * 1e9), End: time.Duration(to * 1e9), Text: text}
}

func profileNamed(t testing.TB, profile string) check.Profile {
	t.Helper()
	p, err := check.ProfileByName(profile)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCheck_Rules(t *testing.T) {
	const length = 100 * time.Second
	fine := cue(1, 3, "Good morning, everyone.")
	for _, c := range []struct {
		what    string
		profile string
		cues    []conference.Cue
		want    []string // cue, severity, code, and message
	}{
		{"a good cue", "ted", []conference.Cue{fine}, nil},
		{"21 characters in a second can be read", "ted", []conference.Cue{cue(1, 2, "123456789 123456789 1")}, nil},
		{"more are too fast", "ted", []conference.Cue{cue(1, 2, "123456789 123456789 12")},
			[]string{"1 warning too-fast: has 22.0 characters a second to read; the maximum is 21 (it needs 1.0 s and is shown for 1.0 s)"}},
		{"more than 25 is an error", "ted", []conference.Cue{cue(1, 2, "123456789 123456789 12345 7")},
			[]string{"1 error too-fast: has 27.0 characters a second to read; the maximum is 21 (it needs 1.3 s and is shown for 1.0 s)"}},
		{"a line break is read as a space", "ted", []conference.Cue{cue(1, 2, "123456789\n123456789\t12")},
			[]string{"1 warning too-fast: has 22.0 characters a second to read; the maximum is 21 (it needs 1.0 s and is shown for 1.0 s)"}},
		{"Spanish is read slower", "netflix-es", []conference.Cue{cue(1, 2, "123456789 12345678")},
			[]string{"1 warning too-fast: has 18.0 characters a second to read; the maximum is 17 (it needs 1.1 s and is shown for 1.0 s)"}},
		{"Japanese counts in full-width characters", "netflix-ja", []conference.Cue{cue(1, 3, "今日は皆さん、元気です")},
			[]string{"1 warning too-fast: has 5.5 full-width characters a second to read; the maximum is 4 (it needs 2.8 s and is shown for 2.0 s)"}},
		{"Chinese reads nine of them", "netflix-zh", []conference.Cue{cue(1, 2, "大家早上好欢迎大家")}, nil},
		{"the BBC counts words", "bbc", []conference.Cue{cue(1, 3, "we do it so as to be in")},
			[]string{"1 warning too-fast: has 240.0 words a minute to read; the maximum is 180 (it needs 2.7 s and is shown for 2.0 s)"}},
		{"long words fit its minute, and not its second", "bbc", []conference.Cue{cue(1, 2, "internationalization measures")},
			[]string{"1 error too-fast: has 29.0 characters a second to read; the maximum is 25 (it needs 1.2 s and is shown for 1.0 s)"}},
		{"a long line", "ted", []conference.Cue{cue(1, 4, "This is a line of forty-three characters ok")},
			[]string{"1 warning long-line: has a line of 43 characters; the maximum is 42"}},
		{"full-width characters take two columns", "ted", []conference.Cue{cue(1, 5, strings.Repeat("字", 22))},
			[]string{"1 warning long-line: has a line of 44 characters; the maximum is 42"}},
		{"13 full-width characters", "netflix-ja", []conference.Cue{cue(1, 8, strings.Repeat("字", 13)+"\nおはようございます")}, nil},
		{"and a half", "netflix-ja", []conference.Cue{cue(1, 5, strings.Repeat("字", 13)+"a")},
			[]string{"1 warning long-line: has a line of 13.5 full-width characters; the maximum is 13"}},
		{"three lines", "ted", []conference.Cue{cue(1, 4, "One,\ntwo,\nthree.")},
			[]string{"1 warning too-many-lines: has 3 lines; the maximum is 2"}},
		{"too short", "ted", []conference.Cue{cue(1, 1.8, "Hello.")},
			[]string{"1 warning too-short: is shown for 800 ms; the minimum is 1.0 s"}},
		{"too long", "ted", []conference.Cue{cue(1, 9, "Hello.")},
			[]string{"1 warning too-long: is shown for 8.0 s; the maximum is 7.0 s"}},
		{"no text", "ted", []conference.Cue{cue(1, 3, " \n ")}, []string{"1 error empty: has no text"}},
		{"no duration", "ted", []conference.Cue{cue(3, 1, "Hello.")},
			[]string{"1 error no-duration: ends at 00:00:01.000, which is not after its start"}},
		{"before the recording", "ted", []conference.Cue{cue(-2, 1, "Hello.")},
			[]string{"1 error outside-recording: starts 2.0 s before the recording"}},
		{"after the recording", "ted", []conference.Cue{cue(101.5, 103, "Hello.")},
			[]string{"1 error outside-recording: starts 1.5 s after the end of the recording, at 00:01:40.000"}},
		{"two at once", "ted", []conference.Cue{fine, cue(2.5, 4, "Hello.")},
			[]string{"2 warning overlap: starts 500 ms before the end of the cue before it"}},
		{"two at once, but in different places", "ted", []conference.Cue{fine, {Start: 2 * time.Second, End: 4 * time.Second, Text: "[door]", Position: 8}}, nil},
		{"a long one under two short ones", "ted", []conference.Cue{cue(1, 7, "Hello."), cue(2, 3, "One."), cue(4, 5, "Two.")},
			[]string{"2 warning overlap: starts 5.0 s before the end of the cue before it", "3 warning overlap: starts 3.0 s before the end of the cue before it"}},
		{"the same twice at a time", "ted", []conference.Cue{fine, fine},
			[]string{"2 warning duplicate: repeats the cue before it while that is still shown"}},
		{"the same twice in turn is what was said", "ted", []conference.Cue{fine, cue(3, 5, fine.Text)}, nil},
		{"out of order", "ted", []conference.Cue{cue(5, 6, "World."), fine},
			[]string{"2 warning order: starts before the cue above it"}},
		{"out of order in the file", "ted", []conference.Cue{{Start: 1e9, End: 2e9, Text: "One.", Line: 6}, {Start: 5e9, End: 6e9, Text: "Two.", Line: 2}},
			[]string{"1 warning order: starts before the cue above it (line 2)"}},
		{"back to back suits TED", "ted", []conference.Cue{fine, cue(3, 5, "Hello.")}, nil},
		{"a flicker", "ted", []conference.Cue{fine, cue(3.05, 5, "Hello.")},
			[]string{"2 note gap: leaves the screen empty for 50 ms, which flickers; close the gap, or leave 100 ms"}},
		{"Netflix wants two frames", "netflix-en", []conference.Cue{fine, cue(3, 5, "Hello.")},
			[]string{"2 note gap: starts 0 ms after the end of the cue before it; the minimum is 83 ms"}},
		{"lines of unlike length", "ted", []conference.Cue{cue(1, 5, "Well,\nthere are forty-two columns in this one ok")},
			[]string{"1 note unbalanced: has lines of 5 and 42 characters, one of them 3 times as long as the other or more"}},
		{"what fits one line may be broken anywhere", "ted", []conference.Cue{cue(1, 4, "Well,\nthat is another matter.")}, nil},
		{"a speaker's name is no line to be balanced", "ted", []conference.Cue{cue(1, 5, "Man:\nthere are forty-two columns in this one ok")}, nil},
		{"nor are turns", "ted", []conference.Cue{cue(1, 5, "- there are forty columns in this line it\n- No.")}, nil},
	} {
		t.Run(c.what, func(t *testing.T) {
			var got []string
			r := check.Check(c.cues, profileNamed(t, c.profile), "en", length)
			for _, f := range r.Findings {
				got = append(got, strings.Join([]string{string('0' + rune(f.Cue)), string(f.Severity), string(f.Code) + ": " + f.Message}, " "))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestColumns(t *testing.T) {
	for text, want := range map[string]int{
		"plain":             5,
		"naïve":             5,
		"nai\u0308ve":       5, // a letter and its mark
		"日本語":               6,
		"ｶﾀｶﾅ":              4, // half-width
		"ＡＢＣ":               6, // full-width
		"한국어":               6,
		"नमस्कार":           5, // न म स् का र
		"שָׁלוֹם":           4, // with points
		"مرحبا":             5,
		"\u200fabc\u200f":   3, // marks of direction take no room
		"👩‍👩‍👧‍👦":           2, // a family is one picture
		"👍🏽":                2,
		"❤️":                2,
		"🇪🇸🇫🇷":              4,
		"“quoted” — dashes": 17,
		"e\u0301\u0302":     1,
	} {
		if got := check.Columns(text); got != want {
			t.Errorf("%q takes %d columns, want %d", text, got, want)
		}
	}
}

// TestCheck_LineBreaks checks where a line may be broken, and the reasons against it.
func TestCheck_LineBreaks(t *testing.T) {
	for _, c := range []struct{ language, text, want string }{
		{"en", "This is the\nhouse.", "an article belongs with its noun"},
		{"en", "This is\nthe house.", ""},
		{"en", "He came with\nhis dog.", "a preposition belongs with what follows it"},
		{"en", "He came\nwith his dog.", ""},
		{"en", "That is what he came for,\nand he left.", ""},
		{"en", "We will\ngo there.", "an auxiliary belongs with its verb"},
		{"en", "You don’t\nwant that.", "an auxiliary belongs with its verb"},
		{"en", "That is how it is\nand will be.", ""},
		{"en", "Now you have\nthe whole picture.", ""},
		{"en", "Bread and\nbutter", "a conjunction belongs with what follows it"},
		{"en", "Bread\nand butter", ""},
		{"en", "I know that\nyou came.", "a conjunction belongs with what follows it"},
		{"en", "all of that\nand more", ""},
		{"en", "and what I\nsaid was", "a pronoun belongs with its verb"},
		{"en", "please ask your\nneighbour", "it belongs with its noun"},
		{"en", "please welcome Dr.\nGundotra", "a title belongs with its name"},
		{"en", "please welcome Lars\nRasmussen.", "the parts of a name belong together"},
		{"en", "please welcome Lars.\nRasmussen is out.", ""},
		{"en", "Please\nWelcome", ""}, // whether it is a name cannot be told
		{"en", "- Where is the\n- Here!", ""},
		{"en-GB", "“the\nhouse", "an article belongs with its noun"},
		{"es", "Esta es la\ncasa.", "an article belongs with its noun"},
		{"es", "Esta es\nla casa.", ""},
		{"es", "director de\nmarketing", "a preposition belongs with what follows it"},
		{"es", "fuimos al\nmercado", "a preposition belongs with what follows it"},
		{"es", "pan y\nmantequilla", "a conjunction belongs with what follows it"},
		{"es", "ya lo ha\nhecho", "an auxiliary belongs with its verb"},
		{"es", "ellos no\nquieren", "an auxiliary belongs with its verb"},
		{"es", "cuando se\nconecta", "a pronoun belongs with its verb"},
		{"es", "pregunta a tu\nvecino", "it belongs with its noun"},
		{"es", "habló la Sra.\nPérez", "a title belongs with its name"},
		{"es", "hoy habla Ángela\nPérez", "the parts of a name belong together"},
		{"es-419", "¿Verdad que no?\nSí.", ""},
		{"de", "Das ist das\nHaus.", ""}, // other languages' words are not known
		{"", "This is the\nhouse.", ""},
	} {
		got := ""
		for _, f := range check.Check([]conference.Cue{cue(1, 5, c.text)}, profileNamed(t, "ted"), c.language, 0).Findings {
			_, why, _ := strings.Cut(f.Message, "”: ")
			got += why
		}
		if got != c.want {
			t.Errorf("%s %q: %q, want %q", c.language, c.text, got, c.want)
		}
	}
}

// TestProfiles compares the profiles with the numbers in Lectern's design.
func TestProfiles(t *testing.T) {
	for _, want := range []struct {
		name    string
		columns int
		speed   float64
		words   float64
	}{{"ted", 42, 21, 0}, {"netflix-en", 42, 20, 0}, {"netflix-es", 42, 17, 0}, {"netflix-ja", 26, 4, 0}, {"netflix-zh", 32, 9, 0}, {"bbc", 37, 0, 180}} {
		p := profileNamed(t, want.name)
		if p.Columns != want.columns || p.Speed != want.speed || p.Words != want.words || p.Lines != 2 {
			t.Errorf("%s is %+v, want %+v", want.name, p, want)
		}
	}
	if names := check.ProfileNames(); names[0] != check.DefaultProfile {
		t.Errorf("profiles are %v, want the default first", names)
	}
	_, err := check.ProfileByName("netflix")
	if f := inputerr.As(err); f == nil || !strings.Contains(f.Error(), "netflix-en") {
		t.Errorf("a profile that is not there gives %v, want a fault that names those that are", err)
	}
}

// TestGrades checks that an error costs the whole cue, a warning a quarter of it, and a note
// nothing.
func TestGrades(t *testing.T) {
	for _, c := range []struct {
		errors, warnings, notes int // in a hundred cues
		want                    string
	}{{0, 0, 0, "A"}, {0, 0, 99, "A"}, {3, 0, 0, "A"}, {0, 12, 0, "A"}, {1, 9, 0, "B"}, {8, 0, 0, "B"}, {9, 0, 0, "C"}, {15, 1, 0, "D"}, {30, 0, 70, "D"}, {31, 0, 0, "F"}, {0, 100, 0, "D"}} {
		var cues []conference.Cue
		for i := range 100 {
			from := float64(10 * i)
			switch {
			case i < c.errors:
				cues = append(cues, cue(from, from+3, ""))
			case i < c.errors+c.warnings:
				cues = append(cues, cue(from, from+0.5, "Hello."))
			case i < c.errors+c.warnings+c.notes:
				cues = append(cues, cue(from, from+5, "Well,\nthere are forty-two columns in this one ok"))
			default:
				cues = append(cues, cue(from, from+3, "Hello."))
			}
		}
		r := check.Check(cues, profileNamed(t, "ted"), "en", 0)
		if r.Grade != c.want || r.Counts.Errors != c.errors || r.Counts.Warnings != c.warnings || r.Counts.Notes != c.notes {
			t.Errorf("%+v: grade %s with %v", c, r.Grade, r.Counts)
		}
	}
}

func TestReport(t *testing.T) {
	cues := []conference.Cue{
		{Start: 1e9, End: 2e9, Line: 2, Text: "far more than anybody in the room\ncould ever read in the one second"},
		{Start: 2e9, End: 4e9, Line: 7, Text: "This is the\nhouse."},
		{Start: 5e9, End: 5.5e9, Line: 11, Text: "Hello.\x1b[2J"},
		{Start: 6e9, End: 8e9, Line: 15},
	}
	r := check.Check(cues, profileNamed(t, "ted"), "en", 0)
	var out strings.Builder
	if err := r.Write(&out, "talk.srt"); err != nil {
		t.Fatal(err)
	}
	want := `talk.srt: grade F by ted: 2 errors and 2 warnings in 4 cues
      1  no text                 add the text, or remove the cue
      1  too fast to read        shorten the text, or show it longer
      1  shown too briefly       show it longer, or merge it with its neighbour
      1  bad line break          move the break

Worst first:
talk.srt:15: “”
    error: has no text
talk.srt:2: “far more than anybody in the room / could ever read in the …”
    error: has 67.0 characters a second to read; the maximum is 21 (it needs 3.2 s and is shown for 1.0 s)
talk.srt:11: “Hello. [2J”
    warning: is shown for 500 ms; the minimum is 1.0 s
talk.srt:7: “This is the / house.”
    warning: breaks the line between “the” and “house.”: an article belongs with its noun
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	printed, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		`{"profile":"ted","language":"en","cues":4,"grade":"F","share":0.625,"counts":{"errors":2,"warnings":2,"notes":0,"codes":{"empty":1,"poor-break":1,"too-fast":1,"too-short":1}},"findings":[{"line":2,"cue":1,"severity":"error","code":"too-fast","message":"has 67.0 `,
		`"worst":[{"line":15,"cue":4,"start_ms":6000,"text":"","findings":[{"line":15,"cue":4,"severity":"error","code":"empty","message":"has no text"}]}`,
	} {
		if !strings.Contains(string(printed), part) {
			t.Errorf("%s\nis without %s", printed, part)
		}
	}
}

// TestCheck_NoCues checks that an empty track does not fail, and that its JSON has empty lists.
func TestCheck_NoCues(t *testing.T) {
	r := check.Check(nil, profileNamed(t, "ted"), "en", time.Hour)
	printed, err := json.Marshal(r)
	if want := `{"profile":"ted","language":"en","cues":0,"grade":"A","share":0,"counts":{"errors":0,"warnings":0,"notes":0,"codes":{}},"findings":[],"worst":[]}`; err != nil || string(printed) != want {
		t.Errorf("got %s, %v, want %s", printed, err, want)
	}
	if cues, changes := check.Fix(nil, profileNamed(t, "ted"), "en"); len(cues) != 0 || changes == nil || len(changes) != 0 {
		t.Errorf("mending nothing gives %v, %v", cues, changes)
	}
}
