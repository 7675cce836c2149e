package bench

import (
	"reflect"
	"testing"
)

// A limit that is added one day differs too.
func TestEveryLimitIsACondition(t *testing.T) {
	limits := reflect.TypeFor[Limits]()
	for i := range limits.NumField() {
		var other Limits
		switch f := reflect.ValueOf(&other).Elem().Field(i); f.Kind() {
		case reflect.Float64:
			f.SetFloat(1)
		case reflect.Int, reflect.Int64:
			f.SetInt(1 << 30)
		case reflect.Uint64:
			f.SetUint(1)
		case reflect.String:
			f.SetString("x")
		default:
			t.Fatalf("%s is of a kind that this test does not know", limits.Field(i).Name)
		}
		d := Differences(Origin{ID: "a"}, Origin{ID: "b", Environment: Environment{Limits: other}})
		if len(d) != 1 || d[0].What != "limits" {
			t.Errorf("%s: %v", limits.Field(i).Name, d)
		}
	}
}
