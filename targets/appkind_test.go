package targets

import (
	"strings"
	"testing"
	"testing/fstest"
)

// goodKind is a kind.yaml without errors; the tests break it.
const goodKind = `schema: benchrun.app/v1
kind: toy
title: a toy
language: Toy
files: [app.toy]
borrows: {lib.toy: other/lib.toy}
tried_with: toyserver/default
blocks: [wedge-spin]
lacks: {wedge-gil: "it has no such lock"}
`

func readToy(text string) (map[AppKind]kind, error) {
	return readKinds(fstest.MapFS{
		"apps/toy/kind.yaml": {Data: []byte(text)}, "apps/toy/app.toy": {}, "apps/other/lib.toy": {},
	})
}

func TestKindErrors(t *testing.T) {
	for _, tt := range []struct{ old, new, want string }{
		{"language: Toy", "tongue: Toy", "4: tongue: unknown field"},
		{"app/v1", "app/v9", "1: schema: "},
		{"kind: toy", "kind: doll", `2: kind: "doll"; want the folder's name, toy`},
		{"title: a toy\n", "", "1: title: missing"},
		{"language: Toy\n", "", "1: language: an app has a language if it has files"},
		{"toyserver/default", "toyserver", `7: tried_with: "toyserver"; want SERVER/PROFILE`},
		{"language: Toy\n", "language: Toy\nloads: worker\n", `5: loads: "worker"; want request, or nothing`},
		{"[app.toy]", "[gone.toy]", "5: files[0]: "},
		{"other/lib.toy", "other/gone.toy", "6: borrows.lib.toy: "},
		{"[wedge-spin]", "[cpu]", `8: blocks[0]: "cpu" is no wedge of an app`},
		{"wedge-gil:", "wedge-gli:", "9: lacks.wedge-gli: no app has such a fault"},
		{`"it has no such lock"`, `" "`, "9: lacks.wedge-gil: want a phrase"},
		{"lacks:", "does: {teleport: up}\nlacks:", "9: does.teleport: no app has such a fault"},
	} {
		text := strings.Replace(goodKind, tt.old, tt.new, 1)
		if text == goodKind {
			t.Fatalf("%q does not stand in the good file", tt.old)
		}
		_, err := readToy(text)
		wantUsage(t, err, "apps/toy/kind.yaml:"+tt.want)
	}
}

func TestKindLacks(t *testing.T) {
	all, err := readToy(goodKind)
	if err != nil {
		t.Fatal(err)
	}
	for fault, want := range map[string]string{"wedge": "", "wedge-gil": "it has no such lock", "telepathy": "no app has it"} {
		if got := all["toy"].lacks(fault); got != want {
			t.Errorf("%s: %q, want %q", fault, got, want)
		}
	}
}

// Each kind that is part of benchrun can be read, and names a server of its own.
func TestKindsAreTriedWithTheirServers(t *testing.T) {
	r, err := Load(LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	eachApp(t, func(t *testing.T, kind AppKind) {
		name, profile, _ := strings.Cut(kinds()[kind].TriedWith, "/")
		s, err := r.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Profile(profile); err != nil || s.App != kind {
			t.Errorf("%s serves %s, %v", name, s.App, err)
		}
	})
}

// Every app has the faults that its kind does not lack, and begins each with a receipt.
func TestEveryAppHasItsFaults(t *testing.T) {
	eachApp(t, func(t *testing.T, kind AppKind) {
		for _, fault := range AppFaults() {
			if kind.Lacks(fault) != "" {
				continue
			}
			a := serveApp(t, kind)
			asked := make(chan struct{})
			go func() {
				defer close(asked)
				if resp, err := a.client.Get(a.url + "/fault/" + fault + "?nonce=f1"); err == nil {
					_ = resp.Body.Close()
				}
			}()
			waitFor(t, fault, func() bool {
				got := readReceipts(t, a.receipts)
				return len(got) > 0 && got[0].Fault == fault && got[0].Event == "start"
			})
			_ = a.cmd.Process.Kill()
			<-asked
		}
	})
}
