package bench

import (
	"reflect"
	"testing"
)

// Every limit is in the words by which runs are compared: two runs whose limits
// differ must not read alike.
func TestLimitsInWords(t *testing.T) {
	seen := map[string]string{}
	for i := range reflect.TypeFor[Limits]().NumField() {
		var l Limits
		field, name := reflect.ValueOf(&l).Elem().Field(i), reflect.TypeFor[Limits]().Field(i).Name
		switch field.Kind() {
		case reflect.Float64:
			field.SetFloat(1.5)
		case reflect.String:
			field.SetString("x")
		case reflect.Uint64:
			field.SetUint(1 << 30)
		default:
			field.SetInt(1 << 30)
		}
		s := l.String()
		if other, again := seen[s]; s == "none" || again {
			t.Errorf("%s alone is %q, as %s is", name, s, other)
		}
		seen[s] = name
	}
}
