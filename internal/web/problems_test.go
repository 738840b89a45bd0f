package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lectern-av/lectern/internal/inputerr"
)

func TestProblem_Translated(t *testing.T) {
	m := messages{"es": {
		"problem.zone.unknown":      {Other: "{zone} no es una zona horaria"},
		"problem.zone.unknown.hint": {Other: "Escríbela como Europe/Berlin"},
		"problem.link.language":     {Other: "no puedes traducir al {language}"},
		"problem.field.cut":         {Other: "recorte"},
		"problem.field.zone":        {Other: "zona horaria"},
		"problem.cues.empty":        {One: "{n} subtítulo está vacío", Other: "{n} subtítulos están vacíos"},
	}}
	for _, test := range []struct {
		name   string
		locale string
		err    *inputerr.Error
		want   problemText
	}{
		{
			"text and hint", "es", inputerr.Coded("zone.unknown", "{zone} is not a time zone", "zone", "Mars").Hint("Write it like Europe/Berlin"),
			problemText{Text: "Mars no es una zona horaria. Escríbela como Europe/Berlin"},
		},
		{"file and line", "es", inputerr.Coded("cues.empty", "{n} cues are empty", "n", 2).In("a.srt").At(7), problemText{Text: "a.srt:7: 2 subtítulos están vacíos"}},
		{"language", "es", inputerr.Coded("link.language", "you cannot translate into German", "language", "de"), problemText{Text: "no puedes traducir al alemán"}},
		{
			"kept range", "es", inputerr.Coded("zone.unknown", "{zone} is odd", "zone", "“1.5 s”").In("--cut 0-1"),
			problemText{Text: "recorte 0-1: «1.5 s» no es una zona horaria"},
		},
		{"decimal", "es", inputerr.Coded("zone.unknown", "{zone} is odd", "zone", "1.5 s"), problemText{Text: "1,5 s no es una zona horaria"}},
		{"form field", "es", inputerr.Coded("zone.unknown", "{zone} is not a time zone", "zone", "Mars").In("zone").Hint("Write it like Europe/Berlin"), problemText{Text: "zona horaria: Mars no es una zona horaria. Escríbela como Europe/Berlin"}},
		{"singular", "es", inputerr.Coded("cues.empty", "{n} cues are empty", "n", 1), problemText{Text: "1 subtítulo está vacío"}},
		{"English page", "en", inputerr.Coded("zone.unknown", "{zone} is not a time zone", "zone", "Mars"), problemText{Text: "Mars is not a time zone"}},
		{"code without translation", "es", inputerr.Coded("zone.odd", "{zone} is odd", "zone", "Mars"), problemText{"Mars is odd", "en"}},
		{"hint without translation", "es", inputerr.Coded("cues.empty", "{n} cues are empty", "n", 1).Hint("Fill it"), problemText{"1 cues are empty. Fill it", "en"}},
		{"no code", "es", inputerr.New("a.srt", "is empty"), problemText{"a.srt: is empty", "en"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := m.problem(test.locale, test.err); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

// codedError is a call of inputerr.Coded in the module's code.
type codedError struct {
	pos   token.Position
	text  string   // the English problem
	names []string // of its values
	hint  bool
}

// TestProblems_EveryCodeIsTranslated reads the module's code for errors with a code, and asks
// for the Spanish text of each and for no other.
func TestProblems_EveryCodeIsTranslated(t *testing.T) {
	m, err := loadMessages()
	if err != nil {
		t.Fatal(err)
	}
	spanish := make(map[string]pageText)
	for key, text := range m["es"] {
		if strings.HasPrefix(key, "problem.") && !strings.HasPrefix(key, "problem.field.") {
			spanish[key] = text
		}
	}
	value := regexp.MustCompile(`\{([a-z_]+)\}`)
	onlyEnglish := []string{"only", "name", "state", "kind"}                         // are English words
	said := []string{"cut.invalid", "check.caption_finding", "translation.not_utf8"} // in Spanish in another way
	used := make(map[string]bool)
	for code, errs := range codedErrors(t) {
		for _, e := range errs {
			keys := []string{"problem." + code}
			if e.hint {
				keys = append(keys, "problem."+code+".hint")
			}
			for _, key := range keys {
				used[key] = true
				text, ok := spanish[key]
				if !ok {
					t.Errorf("%v: locales/es/problems.yaml has no %s", e.pos, key)
				}
				for _, name := range value.FindAllStringSubmatch(text.One+text.Other, -1) {
					if !slices.Contains(e.names, name[1]) {
						t.Errorf("%v: %s uses {%s}, and the error has only %q", e.pos, key, name[1], e.names)
					}
				}
			}
			for _, name := range value.FindAllStringSubmatch(e.text, -1) {
				if spanish := spanish["problem."+code].Other; !strings.Contains(spanish, name[0]) && !slices.Contains(onlyEnglish, name[1]) && !slices.Contains(said, code) {
					t.Errorf("%v: problem.%s does not say %s: %q", e.pos, code, name[0], spanish)
				}
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(spanish)) {
		if !used[key] {
			t.Errorf("%s is translated, and no error has this code or hint", key)
		}
	}
}

// TestProblems_PagesShowNoErrorWithoutCode asks for a code on every input error of the packages
// that pages use, so that the error has a Spanish sentence.
func TestProblems_PagesShowNoErrorWithoutCode(t *testing.T) {
	ofCommands := []string{ // reached by commands, and by authors of pipelines
		"../plan/exec.go", "../plan/exec_settings.go",
		"../submission/hash.go", // reads recordings that a command names
		"../subtitle/format.go", // chooses the format of a file that a command writes
	}
	for _, dir := range []string{
		"access", "catalog", "charset", "conductor", "conference", "match", "media", "plan", "planner", "schedule", "service",
		"submission", "subtitle", "translation", "tus", "watchfolder", "web",
	} {
		walkCalls(t, filepath.Join("..", dir), func(pos token.Position, call *ast.CallExpr) {
			fun, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || fun.Sel.Name != "New" || slices.Contains(ofCommands, filepath.ToSlash(pos.Filename)) {
				return
			}
			if pkg, ok := fun.X.(*ast.Ident); ok && pkg.Name == "inputerr" {
				t.Errorf("%v: inputerr.New has no code; use inputerr.Coded and translate it in locales/es/problems.yaml", pos)
			}
		})
	}
}

// codedErrors returns the calls of inputerr.Coded outside tests, by code.
func codedErrors(t *testing.T) map[string][]codedError {
	t.Helper()
	found := make(map[string][]codedError)
	hinted := make(map[*ast.CallExpr]bool)
	for _, dir := range []string{"cmd", "internal", "pipelines", "worker"} {
		walkCalls(t, filepath.Join("..", "..", dir), func(pos token.Position, call *ast.CallExpr) {
			if method, ok := call.Fun.(*ast.SelectorExpr); ok {
				if inner, ok := method.X.(*ast.CallExpr); ok && (method.Sel.Name == "Hint" || hinted[call]) {
					hinted[inner] = true
				}
			}
			if code, text, names := parseCoded(call); code != "" {
				found[code] = append(found[code], codedError{pos: pos, text: text, names: names, hint: hinted[call]})
			}
		})
	}
	if len(found) == 0 {
		t.Fatal("no calls of inputerr.Coded were found, so nothing was checked")
	}
	return found
}

// walkCalls calls visit for every call in the Go files below dir, tests excluded, outer calls
// first.
func walkCalls(t *testing.T, dir string, visit func(token.Position, *ast.CallExpr)) {
	t.Helper()
	files := token.NewFileSet()
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				visit(files.Position(call.Pos()), call)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// parseCoded returns the code, the English problem and the names of the values in a call of
// inputerr.Coded; code is "" if call is none.
func parseCoded(call *ast.CallExpr) (code, text string, names []string) {
	fun, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || fun.Sel.Name != "Coded" || len(call.Args) < 2 {
		return "", "", nil
	}
	if pkg, ok := fun.X.(*ast.Ident); !ok || pkg.Name != "inputerr" {
		return "", "", nil
	}
	for i := 2; i < len(call.Args); i += 2 {
		names = append(names, stringLiteral(call.Args[i]))
	}
	return stringLiteral(call.Args[0]), stringLiteral(call.Args[1]), names
}

func stringLiteral(e ast.Expr) string {
	literal, ok := e.(*ast.BasicLit)
	if !ok {
		return ""
	}
	s, _ := strconv.Unquote(literal.Value)
	return s
}
