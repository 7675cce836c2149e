package targets

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"go.yaml.in/yaml/v3"

	"benchrun/internal/bench"
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
signs: ["toy*"]
gets: the toy
starter: "command: [toy]"
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
		{`["toy*"]`, `["toy["]`, `10: signs[0]: "toy[" is no pattern`},
		{"gets: the toy\n", "", "1: gets: missing"},
		{`starter: "command: [toy]"`, `starter: " "`, "12: starter: missing"},
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

// A command without --app-kind says which kind is assumed, and which one it looks like.
func TestWhichAppACommandServes(t *testing.T) {
	for line, like := range map[string]AppKind{
		"/usr/bin/puma -p {port}":                                "rack",
		"bundle exec unicorn -p {port}":                          "rack",
		"sh -c 'exec /opt/serve --port {port} /x/config.ru'":     "rack",
		"node /srv/serve.mjs {port}":                             "node",
		"{python} -m uvicorn --port {port} app:application":      "asgi",
		"daphne -p {port} app:application":                       "asgi",
		"gunicorn -k uvicorn_worker.UvicornWorker {port}":        "asgi",
		"granian --interface asgi --port {port} app:application": "asgi",
		"hypercorn -b :{port} wsgi:app:application":              "", // hypercorn serves both
		"gunicorn -b :{port} app:application":                    "",
		"granian --interface=wsgi --port {port} app:application": "",
	} {
		words, err := bench.SplitWords(line)
		if err != nil {
			t.Fatal(err)
		}
		want := "wsgi, because --app-kind is not given"
		if like != "" {
			want += "; the command looks like one for " + string(like) + ": add --app-kind " + string(like)
		}
		if got := (Command{Words: words, Unsaid: true}).AppWords(); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
		if got := (Command{Words: words, App: "rack"}).AppWords(); got != "rack" {
			t.Errorf("%s with --app-kind rack: %s", line, got)
		}
	}
}

// What a server file for a kind begins with asks for no other packages than the built-in
// server that the kind is tried with.
func TestStartersInstallWhatIsTried(t *testing.T) {
	r, err := Load(LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	eachApp(t, func(t *testing.T, kind AppKind) {
		var begun struct {
			Install Requirements `yaml:"install"`
		}
		if err := yaml.Unmarshal([]byte(kind.Starter()), &begun); err != nil {
			t.Fatal(err)
		}
		name, _, _ := strings.Cut(kinds()[kind].TriedWith, "/")
		s, err := r.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		tried := s.requirements(Profile{}, s.Version)
		for _, one := range begun.Install.All() {
			if !slices.Contains(tried.All(), one) {
				t.Errorf("%s: %s is not what %s installs: %q", kind, one, name, tried.All())
			}
		}
	})
}

// A server of an app that is compiled must bring what that takes.
func TestCompiledAppsNeedTheirFile(t *testing.T) {
	_, err := ParseCommand("sh {port}", "go", "")
	wantUsage(t, err, "--server-cmd: benchrun compiles the app of --app-kind go with a main.go, which only a server file has; benchrun init server NAME --app-kind go")
	const good = `schema: benchrun.server/v1
name: mine
title: mine
app: go
install: {go: ["."]}
files: {main.go: package main}
command: ["{env}/bin/app"]
profiles: {default: {why: because, workers: 1}}
`
	if _, err := decode("f", []byte(good)); err != nil {
		t.Error(err)
	}
	for old, want := range map[string]string{
		`["."]`:   `profiles.default.install.go: an app of kind go is compiled: want "." here, or in install.go`,
		"main.go": "profiles.default.files: an app of kind go is compiled with main.go: want that file here, or in files",
	} {
		with := map[string]string{`["."]`: "[example.org/x@v1.0.0]", "main.go": "other.go"}[old]
		_, err := decode("f", []byte(strings.Replace(good, old, with, 1)))
		var usage *bench.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
