package results

import (
	"bytes"
	"compress/gzip"
	"reflect"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/scenarios"
)

// headV1Line is an old head with additional members.
func headV1Line(family, members string) string {
	return `{"k":"head","schema":"benchrun.record/v1","family":"` + family + `","family_version":1,` + members + `}`
}

func decodeText(t *testing.T, lines ...string) (*bench.Record, error) {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(strings.Join(lines, "\n") + "\n")); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return decodeRecord(&b)
}

// The families in old records still mean the same: their traits are those that the old words
// stand for. A family of a later version may differ.
func TestVersion1MeansTheFamiliesOfVersion1(t *testing.T) {
	const boot = `{"k":"boot","ready":true,"seconds":1,"workers_seen":1}`
	for family, members := range map[string]string{
		"wedge":         `"effect":"hold","client":"app-fault"`,
		"wedge-spin":    `"effect":"hold","client":"app-fault"`,
		"wedge-native":  `"effect":"hold","client":"app-fault"`,
		"wedge-gil":     `"effect":"hold","client":"app-fault"`,
		"segfault":      `"effect":"kill","client":"app-fault"`,
		"slow-upload":   `"effect":"hold","client":"slow-upload","hold_s":30`,
		"slow-download": `"effect":"hold","client":"slow-download","hold_s":30`,
		"large-upload":  `"effect":"load","client":"large-upload","must_complete":true`,
		"cpu":           `"effect":"load","client":"app-fault"`,
		"io":            `"effect":"load","client":"app-fault"`,
		"cpu-io":        `"effect":"load","client":"app-fault"`,
		"slow":          `"effect":"load","client":"app-fault"`,
		"big-response":  `"effect":"load","client":"app-fault","must_complete":true`,
		"legit-slow":    `"effect":"load","client":"app-fault","must_complete":true`,
		"leak":          `"effect":"load","client":"app-fault","leak_bytes":8388608`,
	} {
		rec, err := decodeText(t, headV1Line(family, members), boot)
		if err != nil {
			t.Errorf("%s: %v", family, err)
			continue
		}
		f, ok := scenarios.ByID(family)
		if !ok {
			t.Errorf("%s is no family any more", family)
			continue
		}
		if f.Version == 1 && !reflect.DeepEqual(rec.Head.Traits, f.Traits) {
			t.Errorf("%s:\n got %+v\nwant %+v", family, rec.Head.Traits, f.Traits)
		}
	}
}

func TestVersion1IsReadStrictly(t *testing.T) {
	const boot = `{"k":"boot","ready":true,"seconds":1,"workers_seen":1}`
	for members, want := range map[string]string{
		`"effect":"hold","client":"telepathy"`:                                    `unknown client "telepathy"`,
		`"effect":"love","client":"app-fault"`:                                    `unknown effect "love"`,
		`"effect":"hold","client":"slow-upload","hold_s":-1`:                      "a hold of -1 s",
		`"effect":"load","client":"app-fault","hold_s":-1`:                        "a hold of -1 s",
		`"effect":"hold","client":"app-fault","traits":{"proof":"receipt"}`:       "a member of a later version",
		`"effect":"hold","client":"app-fault","every_ns":5`:                       "a member of a later version",
		`"effect":"hold","client":"app-fault","ratio":1000,"holds_for":"a while"`: `unknown field "holds_for"`,
	} {
		if _, err := decodeText(t, headV1Line("wedge", members), boot); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", members, err, want)
		}
	}
	later := strings.Replace(headV1Line("wedge", `"effect":"hold","client":"app-fault"`), "/v1", "/v2", 1)
	if _, err := decodeText(t, later, boot); err == nil || !strings.Contains(err.Error(), `unknown field "effect"`) {
		t.Errorf("a head of version 2 with a member of version 1: %v", err)
	}
}
