// Package strictyaml reads the YAML files that people write for Lectern. What it does
// not know it refuses, with the file, the line and the word that was probably meant.
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

// Decode reads data into the struct that into points to, by its yaml tags. Every error is
// a *inputerr.Error of the file called name; a *inputerr.Error that a value's UnmarshalYAML
// returns is that error, and need not know the file.
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
		return inputerr.New(name, "is empty").Hint("Write into it, or leave it out.")
	}
	if len(docs) > 1 {
		return inputerr.New(name, "a second document begins here").At(docs[1].Line).Hint("Take away the line --- above it, or make it a file of its own.")
	}
	return DecodeNode(name, docs[0].Content[0], into)
}

// DecodeNode is Decode for a part of a file that was kept as a node.
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

// asInputError turns an error of the YAML library into a fault.
func asInputError(name string, err error) error {
	var at *yaml.LoadError
	if !errors.As(err, &at) {
		return inputerr.New(name, "%v", err)
	}
	if f := inputerr.As(at); f != nil { // a value's own UnmarshalYAML said what is wrong
		f.File, f.Line = name, cmp.Or(f.Line, at.Mark.Line)
		return f
	}
	return inputerr.New(name, "%s", at.Message).At(at.Mark.Line)
}

// checkNode refuses keys that t's fields do not have, and values that are of another form than
// t, at any depth. key is that of the node, "" for the file as a whole.
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

// checkMapping is known of the keys of a mapping and what they have.
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
				At(key.Line).Hint("Known here: %s.", strings.Join(names, ", "))
		}
		if err := checkNode(name, key.Value, node.Content[i+1], value); err != nil {
			return err
		}
	}
	return nil
}

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

// DidYouMean is `, did you mean "…"?` with the nearest of the names, or nothing where
// none is near.
func DidYouMean(word string, names []string) string {
	if best, ok := Nearest(word, names); ok {
		return ", did you mean " + strconv.Quote(best) + "?"
	}
	return ""
}

// Nearest is the name that word was probably meant to be: the one with the least edits,
// if those are no more than a third of its length, and two at least are allowed.
func Nearest(word string, names []string) (string, bool) {
	if len(names) == 0 {
		return "", false
	}
	best := slices.MinFunc(names, func(a, b string) int {
		return cmp.Compare(editDistance(word, a), editDistance(word, b))
	})
	return best, editDistance(word, best) <= max(2, len(best)/3)
}

// editDistance is how many letters must be put in, left out, replaced or swapped with the next to
// make b of a: the restricted Damerau–Levenshtein distance, in bytes.
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
