// Package strictyaml decodes the YAML files that people write for Lectern. It refuses unknown keys
// and values of the wrong kind, with the file, the line and the name that was probably meant.
package strictyaml

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/lectern-av/lectern/internal/inputerr"
)

// Decode decodes data into the struct that into points to, by its yaml tags. Unknown keys are
// errors, and so are an empty file and a second document. Every error is an *inputerr.Error about
// the file name. If the UnmarshalYAML of a value returns an *inputerr.Error, Decode returns it with
// the file, and with the line if it has none.
func Decode(name string, data []byte, into any) error {
	var docs []*yaml.Node
	for in := yaml.NewDecoder(bytes.NewReader(data)); ; {
		doc := new(yaml.Node)
		err := in.Decode(doc)
		if err == io.EOF {
			break
		}
		if err != nil {
			return asInputError(name, err)
		}
		docs = append(docs, doc)
	}
	if len(docs) == 0 || len(docs[0].Content) == 0 {
		return inputerr.New(name, "is empty").Hint("Add some keys, or do not use the file.")
	}
	if len(docs) > 1 {
		return inputerr.New(name, "a second document begins here").At(docs[1].Line).Hint("Remove the line --- above it, or move it to another file.")
	}
	return DecodeNode(name, docs[0].Content[0], into)
}

// DecodeNode decodes node, a part of the file name, into the value that into points to. It refuses
// the same as [Decode], with the same errors.
func DecodeNode(name string, node *yaml.Node, into any) error {
	if err := checkNode(name, "", node, reflect.TypeOf(into)); err != nil {
		return err
	}
	if err := node.Decode(into); err != nil {
		return asInputError(name, err)
	}
	return nil
}

var nodeType = reflect.TypeFor[yaml.Node]()

// asInputError returns an error of the YAML library, or of the UnmarshalYAML of a value, as an
// *inputerr.Error about the file name, with its line.
func asInputError(name string, err error) error {
	var at *yaml.LoadError
	if !errors.As(err, &at) {
		return inputerr.New(name, "%v", err)
	}
	if f := inputerr.As(at); f != nil { // from the UnmarshalYAML of a value
		f.File, f.Line = name, cmp.Or(f.Line, at.Mark.Line)
		return f
	}
	return inputerr.New(name, "%s", at.Message).At(at.Mark.Line)
}

// checkNode returns an error if node has an unknown key or a value of the wrong kind for t, at any
// depth. A null fits every type, and a yaml.Node holds any value. key is the key of the node, or ""
// for the whole file.
func checkNode(name, key string, node *yaml.Node, t reflect.Type) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if t == nodeType || node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null" {
		return nil
	}
	if err := checkKind(name, key, node, t); err != nil {
		return err
	}
	switch nodeKind(t) {
	case yaml.MappingNode:
		return checkMapping(name, node, t)
	case yaml.SequenceNode:
		for _, item := range node.Content {
			if err := checkNode(name, key, item, t.Elem()); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkMapping returns an error for keys of a mapping that t does not have, and for values of the
// wrong kind.
func checkMapping(name string, node *yaml.Node, t reflect.Type) error {
	var all map[string]reflect.Type
	if t.Kind() == reflect.Struct {
		all = yamlFields(t)
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		value, ok := all[key.Value]
		switch {
		case all == nil:
			value = t.Elem()
		case !ok:
			names := slices.Sorted(maps.Keys(all))
			return inputerr.New(name, "unknown key %q%s", key.Value, DidYouMean(key.Value, names)).
				At(key.Line).Hint("Known keys: %s.", strings.Join(names, ", "))
		}
		if err := checkNode(name, key.Value, node.Content[i+1], value); err != nil {
			return err
		}
	}
	return nil
}

// yamlFields returns the types of the fields of the struct t, by the names in their yaml tags.
// Fields without a name there, or with "-", are left out.
func yamlFields(t reflect.Type) map[string]reflect.Type {
	m := make(map[string]reflect.Type)
	for i := range t.NumField() {
		f := t.Field(i)
		if tag, _, _ := strings.Cut(f.Tag.Get("yaml"), ","); tag != "" && tag != "-" {
			m[tag] = f.Type
		}
	}
	return m
}

// DidYouMean returns `, did you mean "…"?` with the name that [Nearest] returns for word, or "" if
// there is none.
func DidYouMean(word string, names []string) string {
	if best, ok := Nearest(word, names); ok {
		return ", did you mean " + strconv.Quote(best) + "?"
	}
	return ""
}

// Nearest returns the name with the smallest edit distance to word. The second result is false if
// that is more than two and more than a third of the length of the name.
func Nearest(word string, names []string) (string, bool) {
	if len(names) == 0 {
		return "", false
	}
	best := slices.MinFunc(names, func(a, b string) int {
		return cmp.Compare(editDistance(word, a), editDistance(word, b))
	})
	return best, editDistance(word, best) <= max(2, len(best)/3)
}

// editDistance returns the restricted Damerau–Levenshtein distance of a and b in bytes: how many
// insertions, deletions, replacements and swaps of neighbours turn one into the other.
func editDistance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			if a[i-1] == b[j-1] {
				rows[i][j] = rows[i-1][j-1]
				continue
			}
			rows[i][j] = 1 + min(rows[i-1][j-1], rows[i-1][j], rows[i][j-1])
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], 1+rows[i-2][j-2])
			}
		}
	}
	return rows[len(a)][len(b)]
}
