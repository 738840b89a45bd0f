package subtitle

import (
	"go/ast"
	goparser "go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lectern-av/lectern/internal/message"
)

// placeholder is a name in braces in a sentence.
var placeholder = regexp.MustCompile(`\{([a-z]+)\}`)

// usedKeys returns the message keys that the package's functions are called with, and the
// names of the values that are passed with each.
func usedKeys(t *testing.T) map[string][]string {
	t.Helper()
	used := make(map[string][]string)
	names, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if !strings.HasSuffix(name.Name(), ".go") || strings.HasSuffix(name.Name(), "_test.go") {
			continue
		}
		file, err := goparser.ParseFile(token.NewFileSet(), name.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			at, ok := map[string]int{"New": 0, "add": 1, "addOnce": 1, "addLoss": 1, "fail": 1}[method.Sel.Name]
			if x, isName := method.X.(*ast.Ident); !ok || at >= len(call.Args) || isName && method.Sel.Name == "New" && x.Name != "message" {
				return true
			}
			if n, isName := call.Args[at].(*ast.Ident); isName && n.Name == "n" {
				at++ // of the writer, whose second argument is the number of a cue
			}
			if key, ok := literal(call.Args[at]); ok {
				used[key] = append(used[key], "")
				for _, arg := range call.Args[at+1:] {
					if name, ok := literal(arg); ok {
						used[key] = append(used[key], name)
					}
				}
			}
			return true
		})
	}
	return used
}

func literal(e ast.Expr) (s string, ok bool) {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(l.Value)
	return s, err == nil
}

func TestMessages_EveryKeyHasASentence(t *testing.T) {
	used := usedKeys(t)
	for key, names := range used {
		s, ok := sentences[key]
		if !ok {
			t.Errorf("%s has no sentence", key)
			continue
		}
		for _, m := range placeholder.FindAllStringSubmatch(s.text, -1) {
			if !slices.Contains(names, m[1]) && m[1] != "cue" {
				t.Errorf("%s: %q has no value in its calls, which pass %q", key, m[0], names)
			}
		}
	}
	if len(used) < 80 {
		t.Errorf("only %d keys were found in the calls", len(used))
	}
}

func TestDiagnostic_MessageIsMadeOfKeyAndValues(t *testing.T) {
	for name, sample := range samples {
		for _, odd := range []string{"", "\n\n<i>x\x07</b> &amp; {\\an8}{\\be1}<font face=a>\n", "\n00:00:01,5 -> 00:00:02\n\n4\n\na <br> <v Ada>b\n"} {
			doc, err := Parse(name, []byte(sample+odd), Options{})
			if err != nil {
				continue // TTML with text behind its end
			}
			for _, d := range doc.Diagnostics {
				if d.Key == "" || codeOf(d.Key) != d.Code || d.Message != Sentence(English, d.Detail()) || placeholder.MatchString(d.Message) {
					t.Errorf("%s: %+v", name, d)
				}
			}
		}
	}
}

func TestSentence_InAnotherLanguage(t *testing.T) {
	spanish := message.Templates{
		"stray-number": "el número {number} no tiene subtítulo",
		moreListed:     "{sentence} (y {more} más, hasta la línea {last})",
		moreUnlisted:   "{more} más de este tipo, hasta la línea {last}",
	}
	for _, tc := range []struct {
		name string
		m    message.Message
		want string
	}{
		{"one", message.New("stray-number", "number", "7"), "el número 7 no tiene subtítulo"},
		{"the first of several", message.New("stray-number", "number", "7", "more", "3", "last", "90"), "el número 7 no tiene subtítulo (y 3 más, hasta la línea 90)"},
		{"those not listed", message.New(moreUnlisted, "more", "3", "last", "90"), "3 más de este tipo, hasta la línea 90"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := Sentence(spanish, tc.m); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
