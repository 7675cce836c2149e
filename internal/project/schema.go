package project

import (
	"encoding/json"
	"reflect"
	"strings"
)

// JSONSchema is the JSON schema of benchrun.yaml, for editors.
func JSONSchema() (string, error) {
	properties := map[string]any{}
	t := reflect.TypeFor[File]()
	for i := range t.NumField() {
		f := t.Field(i)
		p := map[string]any{"description": f.Tag.Get("doc")}
		switch f.Type.Kind() {
		case reflect.Slice:
			p["type"], p["items"], p["minItems"] = "array", map[string]any{"type": "string", "minLength": 1}, 1
		case reflect.Bool:
			p["type"] = "boolean"
		case reflect.Int, reflect.Uint64:
			p["type"], p["minimum"] = "integer", 0
		default:
			p["type"], p["minLength"] = "string", 1
		}
		properties[f.Tag.Get("yaml")] = p
	}
	set := func(name, key string, value any) {
		properties[name].(map[string]any)[key] = value //nolint:forcetypeassert // made above
	}
	set("schema", "const", Schema)
	set("mode", "enum", []string{"quick", "full"})
	set("attempts", "minimum", 1)
	set("attempts", "maximum", MostAttempts)
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": FileName, "type": "object",
		"additionalProperties": false, "required": []string{"schema"}, "properties": properties,
	})
	return b.String(), err
}
