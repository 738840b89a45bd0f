package strictyaml

import (
	"encoding"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/lectern-av/lectern/internal/inputerr"
)

// nodeKind returns the kind of YAML node in which a value of type t is written. A struct without
// yaml tags is a scalar.
func nodeKind(t reflect.Type) yaml.Kind {
	switch {
	case t.Kind() == reflect.Map, t.Kind() == reflect.Struct && len(yamlFields(t)) > 0:
		return yaml.MappingNode
	case t.Kind() == reflect.Slice:
		return yaml.SequenceNode
	}
	return yaml.ScalarNode
}

// checkKind returns an error if node is not of the kind that t needs (a mapping, a list or a
// scalar), or if it is a scalar that cannot be decoded into t. name is the file, and key the key of
// the node, or "" for the whole file.
func checkKind(name, key string, node *yaml.Node, t reflect.Type) error {
	want := nodeKind(t)
	if node.Kind == want {
		return checkScalar(name, key, node, t)
	}
	kindErr := kindError(name, key, kindName(node.Kind), kindName(want), node)
	switch {
	case want == yaml.SequenceNode && node.Kind == yaml.ScalarNode:
		return kindErr.Hint("Write it in brackets, [%s], or on a line of its own after a hyphen.", node.Value)
	case want == yaml.SequenceNode:
		return kindErr.Hint("Put a hyphen before it.")
	case want == yaml.ScalarNode:
		return kindErr.Hint("If the text begins with a bracket or a brace, put it in quotes.")
	case t.Kind() == reflect.Struct:
		return kindErr.Hint("Known keys: %s.", strings.Join(slices.Sorted(maps.Keys(yamlFields(t))), ", "))
	}
	return kindErr.Hint("Write it in braces, {key: value}.")
}

// checkScalar returns an error for a scalar of the wrong type, such as a text instead of a number.
// Types with an UnmarshalYAML or UnmarshalText of their own report such errors themselves.
func checkScalar(name, key string, node *yaml.Node, t reflect.Type) error {
	if node.Kind != yaml.ScalarNode || hasUnmarshaler(t) || node.Decode(reflect.New(t).Interface()) == nil {
		return nil
	}
	want := map[reflect.Kind]string{reflect.Bool: "true or false", reflect.Int: "a whole number", reflect.Float64: "a number", reflect.String: "a text"}[t.Kind()]
	switch {
	case t == reflect.TypeFor[time.Duration]():
		want = "a duration such as 30s or 1m30s"
	case want == "":
		return nil
	}
	return kindError(name, key, strconv.Quote(node.Value), want, node)
}

// hasUnmarshaler reports whether *t decodes itself, by UnmarshalYAML or UnmarshalText.
func hasUnmarshaler(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[yaml.Unmarshaler]()) || p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// kindError returns an error about the line of node, where the file has got but needs want, both in
// words. The message names the key unless it is "".
func kindError(name, key, got, want string, node *yaml.Node) *inputerr.Error {
	if key == "" {
		return inputerr.New(name, "expected %s, found %s", want, got).At(node.Line)
	}
	return inputerr.New(name, "%q needs %s, not %s", key, want, got).At(node.Line)
}

func kindName(k yaml.Kind) string {
	switch k {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	return "a text"
}
