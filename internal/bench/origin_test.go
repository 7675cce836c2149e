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

// Each limit is named once.
func TestLimitsOnce(t *testing.T) {
	l := Limits{CPUs: 1.5, MemoryBytes: 2 << 30, PIDs: 4096, NoFile: 8192, DiskBytes: 1 << 30, TmpBytes: 256 << 20, User: "nobody", How: "cgroup-v1"}
	if got, want := l.String(), "1.5 CPUs, 2 GiB, 4096 processes, 8192 files, 1 GiB of disk, 256 MiB of private /tmp, user nobody, by cgroup-v1"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A run that names no PostgreSQL needed none, or was stored before benchrun named it: it stands
// beside every other one.
func TestPostgreSQLIsACondition(t *testing.T) {
	with := func(id, version string) Origin { return Origin{ID: id, Environment: Environment{PostgreSQL: version}} }
	for _, tt := range []struct {
		origins []Origin
		differ  string
		mixed   string
	}{
		{[]Origin{with("a", "15.14"), with("b", "15.14")}, "", "15.14"},
		{[]Origin{with("a", "15.14"), with("b", "")}, "", "15.14"},
		{[]Origin{with("a", ""), with("b", "15.14")}, "", "15.14"},
		{[]Origin{with("a", ""), with("b", "")}, "", ""},
		{[]Origin{with("a", "15.14"), with("b", ""), with("c", "16.2")}, "PostgreSQL 15.14 in a, 16.2 in c", "15.14 + 16.2"},
	} {
		got := ""
		for _, d := range Differences(tt.origins...) {
			got += d.String()
		}
		if e, _, _ := Mixed(tt.origins); got != tt.differ || e.PostgreSQL != tt.mixed {
			t.Errorf("%v: %q, mixed %q", tt, got, e.PostgreSQL)
		}
	}
}
