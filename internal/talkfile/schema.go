package talkfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// schemaTypes maps the file names that [Schema] knows, without extension, to the types they are
// decoded into.
var schemaTypes = map[string]reflect.Type{
	"talk":       reflect.TypeFor[Talk](),
	"conference": reflect.TypeFor[Conference](),
}

// schemaProvider is implemented by types whose YAML differs from their Go kind.
type schemaProvider interface {
	schema() map[string]any
}

// Schema returns the JSON Schema (draft 2020-12) of files of a kind, "talk" or "conference".
// Editors complete, explain and check them with it. Any other kind is an error.
func Schema(file string) ([]byte, error) {
	t, ok := schemaTypes[file]
	if !ok {
		return nil, fmt.Errorf("there is no schema for %q", file)
	}
	s := typeSchema(t)
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = file + ".yaml"
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(s)
	return b.Bytes(), err
}

func typeSchema(t reflect.Type) map[string]any {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if s, ok := reflect.Zero(t).Interface().(schemaProvider); ok {
		return s.schema()
	}
	switch t.Kind() {
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int:
		return map[string]any{"type": "integer"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": typeSchema(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": typeSchema(t.Elem())}
	case reflect.Struct:
		return objectSchema(t)
	}
	panic(fmt.Sprintf("talkfile: no schema for %v", t)) // a new kind of field: the tests fail, too
}

func objectSchema(t reflect.Type) map[string]any {
	properties := make(map[string]any)
	for i := range t.NumField() {
		field := t.Field(i)
		name := field.Tag.Get("yaml")
		if name == "" {
			continue
		}
		property := typeSchema(field.Type)
		property["description"] = field.Tag.Get("doc")
		properties[name] = property
	}
	return map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
}
