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

// nodeKind is what is written for a t: a mapping, a list or a text. A struct whose fields
// have no keys is read from a text.
func nodeKind(t reflect.Type) yaml.Kind {
	switch {
	case t.Kind() == reflect.Map, t.Kind() == reflect.Struct && len(yamlFields(t)) > 0:
		return yaml.MappingNode
	case t.Kind() == reflect.Slice:
		return yaml.SequenceNode
	}
	return yaml.ScalarNode
}

// checkKind refuses a node of another form than t, such as a list where a text belongs.
func checkKind(name, key string, node *yaml.Node, t reflect.Type) error {
	want := nodeKind(t)
	if node.Kind == want {
		return checkScalar(name, key, node, t)
	}
	wrong := kindError(name, key, kindName(node.Kind), kindName(want), node)
	switch {
	case want == yaml.SequenceNode && node.Kind == yaml.ScalarNode:
		return wrong.Hint("Write it in brackets, [%s], or on a line of its own behind a hyphen.", node.Value)
	case want == yaml.SequenceNode:
		return wrong.Hint("Put a hyphen in front of it.")
	case want == yaml.ScalarNode:
		return wrong.Hint("Put it in quotes, if the words begin with a bracket or a brace.")
	case t.Kind() == reflect.Struct:
		return wrong.Hint("Known here: %s.", strings.Join(slices.Sorted(maps.Keys(yamlFields(t))), ", "))
	}
	return wrong.Hint("Write it in braces, {key: value}.")
}

// checkScalar refuses a text that is no number, say, where t is one. What reads itself says
// itself what is wrong.
func checkScalar(name, key string, node *yaml.Node, t reflect.Type) error {
	if node.Kind != yaml.ScalarNode || hasUnmarshaler(t) || node.Decode(reflect.New(t).Interface()) == nil {
		return nil
	}
	want := map[reflect.Kind]string{reflect.Bool: "true or false", reflect.Int: "a whole number", reflect.Float64: "a number", reflect.String: "a text"}[t.Kind()]
	switch {
	case t == reflect.TypeFor[time.Duration]():
		want = "a time such as 30s or 1m30s"
	case want == "":
		return nil
	}
	return kindError(name, key, strconv.Quote(node.Value), want, node)
}

func hasUnmarshaler(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[yaml.Unmarshaler]()) || p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

func kindError(name, key, got, want string, node *yaml.Node) *inputerr.Error {
	if key == "" {
		return inputerr.New(name, "%s stands where %s belongs", got, want).At(node.Line)
	}
	return inputerr.New(name, "%q has %s where %s belongs", key, got, want).At(node.Line)
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
