package translation

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/conference"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/subtitle/check"
)

// pairedSheet returns a sheet with one translated cue per source cue, each shown for six
// seconds.
func pairedSheet(from, to string, source, target []string) Sheet {
	cues := func(texts []string) (all []conference.Cue) {
		for n, text := range texts {
			at := time.Duration(n) * 6 * time.Second
			all = append(all, conference.Cue{ID: string(rune('a' + n)), Start: at, End: at + 6*time.Second, Text: text, Line: 4*n + 2})
		}
		return all
	}
	s := cues(source)
	return Sheet{From: from, To: to, Units: Units(s, LinkCues(s, cues(target)))}
}

func TestCheck(t *testing.T) {
	const fine = check.Code("")
	for _, c := range []struct {
		name, from, to, source, target string
		want                           check.Code
	}{
		{"a number", "en", "es", "We had 40 telescopes.", "Teníamos 40 telescopios.", fine},
		{"another number", "en", "es", "We had 40 telescopes.", "Teníamos 14 telescopios.", NumberChanged},
		{"no number", "en", "es", "We had 40 telescopes.", "Teníamos telescopios.", NumberMissing},
		{"a number in words", "en", "es", "We had 40 telescopes.", "Teníamos cuarenta telescopios.", fine},
		{"another in words", "en", "es", "We had 40 telescopes.", "Teníamos setenta telescopios.", NumberMissing},
		{"a digit in words", "en", "fi", "We had 3 telescopes.", "Meillä oli kolme kaukoputkea.", fine},
		{"another digit", "en", "es", "We had 3 telescopes.", "Teníamos 4 telescopios.", NumberChanged},
		{"words in digits", "en", "es", "We had forty telescopes.", "Teníamos 40 telescopios.", fine},
		{"thousands by points", "en", "es", "It was 1,000 dollars.", "Eran 1.000 dólares.", fine},
		{"thousands by spaces", "en", "fr", "It was 12,000 dollars.", "C’était 12 000 dollars.", fine},
		{"thousands by nothing", "en", "es", "It was 1,234,567 dollars.", "Eran 1234567 dólares.", fine},
		{"a thousand times as much", "en", "es", "It was 10,000 dollars.", "Eran 10.000.000 dólares.", NumberChanged},
		{"a comma for a point", "en", "de", "It is 2.75 metres.", "Es sind 2,75 Meter.", fine},
		{"no comma for a point", "en", "de", "It is 2.75 metres.", "Es sind 275 Meter.", NumberChanged},
		{"millions", "en", "ja", "It took 1.5 million years.", "150万年かかりました。", fine},
		{"thousands in Japanese", "en", "ja", "There are 35,000 of them.", "3万5000あります。", fine},
		{"Chinese signs", "en", "zh", "I waited 25 minutes.", "我等了二十五分钟。", fine},
		{"milliards", "en", "es", "It has 2 billion users.", "Tiene 2 mil millones de usuarios.", fine},
		{"milliseconds are no thousands", "en", "es", "Wait 250 milliseconds.", "Espera 7530 milisegundos.", NumberChanged},
		{"a time", "en", "de", "Lunch is at 10:30.", "Essen gibt es um 10.30 Uhr.", fine},
		{"a time in French", "en", "fr", "Lunch is at 2:30 PM.", "Le repas est à 14h30.", fine},
		{"another time", "en", "fr", "Lunch is at 2:30 PM.", "Le repas est à 14h45.", NumberChanged},
		{"percent", "en", "es", "It costs 50% more.", "Cuesta un 50 por ciento más.", fine},
		{"Devanagari digits", "en", "hi", "It was 1,250 people.", "वे १,२५० लोग थे।", fine},
		{"other Devanagari digits", "en", "hi", "It was 1,250 people.", "वे १,२६० लोग थे।", NumberChanged},
		{"Arabic-Indic digits", "en", "ar", "It was 1,250.5 metres.", "كان ١٬٢٥٠٫٥ مترا.", fine},
		{"a century", "en", "es", "In the 19th century.", "En el siglo XIX.", fine},
		{"a decade", "en", "es", "Back in the 1990s.", "Por los años 90.", fine},
		{"a number in a word", "en", "es", "We use H.264 here.", "Aquí usamos H264.", fine},

		{"an address", "en", "ja", "Go to https://example.org/a.", "https://example.org/aへどうぞ。", fine},
		{"another address", "en", "es", "Go to https://example.org/a now.", "Ve ahora a https://example.org/b.", AddressChanged},
		{"a longer address", "en", "es", "Go to example.org now.", "Ve ahora a example.org/es.", AddressChanged},
		{"a mailbox", "en", "es", "Write to ann@example.org now.", "Escribe ya a ann@example.com.", AddressChanged},
		{"a code word", "en", "ru", "Then call getUserName here.", "Затем вызовите getUserName здесь.", fine},
		{"a code word translated", "en", "es", "Then call getUserName here.", "Llama aquí a obtenerNombre.", CodeWordChanged},
		{"a code word in other capitals", "en", "es", "Then call getUserName here.", "Luego llama a getUsername aquí.", CodeWordChanged},
		{"an underscore", "en", "es", "Set max_size to that.", "Pon tamaño_max a eso.", CodeWordChanged},
		{"a call", "en", "es", "Then list() is called.", "Luego se llama a lista().", CodeWordChanged},
		{"a file", "en", "es", "Open the index.html file.", "Abre el archivo índice.", CodeWordChanged},
		{"a flag", "en", "es", "Run it with --verbose on.", "Ejecútalo con detalle.", CodeWordChanged},
		{"a dash is no flag", "en", "es", "It was--you know --and then we left.", "Era, ya sabes, y luego nos fuimos.", fine},
		{"an abbreviation", "en", "es", "All of it is HTTP.", "Todo eso es otra cosa.", NameChanged},
		{"a plural of one", "en", "es", "There are many APIs.", "Hay muchas API.", fine},
		{"who speaks", "en", "es", "MARY SMITH: Hello to you.", "Buenos días a todos.", fine},

		{"a bracket", "en", "fr", "He said (very loudly) no.", "Il a dit (très fort non.", Unclosed},
		{"a quotation mark", "en", "fr", "He said “no” to me.", "Il m’a dit «non.", Unclosed},
		{"a straight one", "en", "fr", `He said "no" to me.`, `Il m’a dit "non.`, Unclosed},
		{"no bracket there either", "en", "fr", "1) He said no.", "1) Il a dit non.", fine},
		{"a question", "en", "es", "What is it for?", "Para qué es eso?", Unclosed},
		{"markup", "en", "fr", "He said no.", "Il a dit <i>non.", BrokenMarkup},

		{"a copy", "en", "es", "This is what we found there.", "This is what we found there.", CopyOfSource},
		{"an address is no copy", "en", "es", "www.example.org/about", "www.example.org/about", fine},
		{"nothing", "en", "es", "This is what we found.", "", check.Empty},
		{"far too long", "en", "es", "It is.", strings.Repeat("Y así fue siempre en esta casa\n", 6), MuchTooLong},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := pairedSheet(c.from, c.to, []string{c.source}, []string{c.target})
			var got []check.Code
			for _, f := range Check(s, check.ProfileFor(c.to), nil) {
				if English[f.Detail.Code]+check.English[f.Detail.Code] == "" {
					t.Errorf("detail %s has no text", f.Detail.Code)
				}
				if f.Cue != "a" || f.Line != 2 || f.Message == "" || f.Remedy == "" {
					t.Errorf("the finding is %+v", f)
				}
				if slices.ContainsFunc(rules, func(r rule) bool { return r.code == f.Code }) || f.Severity == check.Error {
					got = append(got, f.Code)
				}
			}
			if len(got) == 0 {
				got = []check.Code{fine}
			}
			if !slices.Contains(got, c.want) || c.want == fine && len(got) > 1 {
				t.Errorf("“%s” → “%s”: found %q, want %q", c.source, c.target, got, c.want)
			}
		})
	}
}

// Parts of a sentence may be translated in a neighbouring cue.
func TestCheck_NeighbouringCues(t *testing.T) {
	s := pairedSheet("en", "ja",
		[]string{"In 2009 he said \"we", "will never need\" 640 of them.", "Nobody has translated this."},
		[]string{"彼は「640も決して", "必要ない」と2009年に言った。"})
	var got []string
	for _, f := range Check(s, check.ProfileFor("ja"), nil) {
		if f.Severity == check.Error || f.Code == Unclosed || f.Code == NumberMissing {
			got = append(got, string(f.Code)+" "+f.Cue)
		}
	}
	if want := []string{"untranslated c"}; !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}

func TestCheck_ProfileForLanguage(t *testing.T) {
	for tag, want := range map[string]string{"es-419": "netflix-es", "ja": "netflix-ja", "zh-Hant": "netflix-zh", "fr": "ted", "": "ted"} {
		if got := check.ProfileFor(tag).Name; got != want {
			t.Errorf("for %q: %s, want %s", tag, got, want)
		}
	}
}

func TestCheck_Glossary(t *testing.T) {
	const table = "term,es,ru,ja,keep,note\n" +
		"interface,interfaz,интерфейс,インターフェース,,\n" +
		"cloud computing,computación en la nube|informática en la nube,,,,\n" +
		"cloud,nube,,,,in the sky\n" +
		"Go,,,,yes,\n" +
		"bundle,keep,,,,\n"
	g, err := ReadGlossary("glossary.csv", []byte(table))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ to, source, target, want string }{
		{"es", "Two interfaces are enough.", "Dos interfaces bastan.", ""},
		{"es", "Two interfaces are enough.", "Dos pantallas bastan.", "interface"},
		{"es-MX", "One interface is enough.", "Una pantalla basta.", "interface"},
		{"ru", "Two interfaces are enough.", "Двух интерфейсов хватит.", ""},
		{"ja", "Two interfaces are enough.", "インターフェースは二つで十分。", ""},
		{"ja", "Two interfaces are enough.", "二つで十分です。", "interface"},
		{"fr", "Two interfaces are enough.", "Deux suffisent.", ""},
		{"es", "This is cloud\ncomputing at last.", "Por fin es informática en la nube.", ""},
		{"es", "This is cloud computing.", "Esto es computación lejana.", "cloud computing"},
		{"es", "It is in the cloud.", "Está en el cielo.", "cloud"},
		{"es", "We wrote it in Go then.", "Luego lo escribimos en Go.", ""},
		{"es", "We wrote it in Go then.", "Luego lo escribimos en Ir.", "Go"},
		{"es", "We go there.", "Vamos allí.", ""},
		{"es", "All bundles are here.", "Aquí están los bundles.", ""},
		{"es", "All bundles are here.", "Aquí están los paquetes.", "bundle"},
	} {
		var got []string
		for _, f := range Check(pairedSheet("en", c.to, []string{c.source}, []string{c.target}), check.ProfileFor(c.to), g) {
			if f.Code == GlossaryTerm {
				got = append(got, f.Message)
			}
		}
		if found := strings.Join(got, "; "); (c.want == "") != (found == "") || !strings.Contains(found, "translate “"+c.want) {
			if c.want != "" || found != "" {
				t.Errorf("“%s” → “%s”: found %q, want %q", c.source, c.target, found, c.want)
			}
		}
	}
}

func TestReadGlossary_Refused(t *testing.T) {
	for _, c := range []struct {
		table, want string
		line        int
	}{
		{"", "is empty", 0},
		{"word,es\n", "has no column “term”", 1},
		{"term,klingonese\n", "has a column “klingonese”, which is not a language", 1},
		{"term,es,es\n", "has two columns “es”", 1},
		{"term,es\ncue,subtítulo\n,pista\n", "has no term", 3},
		{"term,es\ncue,subtítulo\ncue,entrada\n", "repeats the term “cue” of line 2", 3},
		{"term,es\ncue,\n", "has no translation of “cue”", 2},
		{"term,es\ncue,uno,dos\n", "has 3 cells for 2 columns", 2},
		{"term;keep\ncue;perhaps\n", "has “perhaps” in column keep", 2},
		{"term,es\n\"cue,subtítulo\n", "is not valid CSV", 2},
		{"term,es\n\xff,x\n", "is not UTF-8", 0},
	} {
		_, err := ReadGlossary("g.csv", []byte(c.table))
		f := inputerr.As(err)
		if f == nil || f.Line != c.line || !strings.Contains(f.Problem, c.want) || f.Remedy == "" {
			t.Errorf("%q: %v, want line %d: %s", c.table, err, c.line, c.want)
		}
	}
}

// The documentation tells people to copy this example.
func TestReadGlossary_Example(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "glossary.csv"))
	if err != nil {
		t.Fatal(err)
	}
	g, err := ReadGlossary("glossary.csv", data)
	if err != nil || len(g.terms) < 5 {
		t.Fatalf("%d terms, %v", len(g.terms), err)
	}
}
