package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"benchrun/internal/bench"
	"benchrun/internal/plan"
	"benchrun/results"
	"benchrun/targets"
)

// writeShim writes a command that runs the code under test; first is shell code that may
// change its arguments.
func writeShim(t *testing.T, path, first string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	writeFiles(t, map[string]string{path: fmt.Sprintf("#!/bin/bash\n%s\n%s=1 exec '%s' \"$@\"\n", first, asMain, self)})
}

func writeFiles(t *testing.T, files map[string]string) {
	t.Helper()
	for path, text := range files {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil { //nolint:gosec // a shim must be executable
			t.Fatal(err)
		}
	}
}

// dryly adds --dry-run to commands that measure. A resumed run has nothing left to measure.
// A scenario for all servers, which each family's page shows, is resolved for one.
const dryly = `[ "$1 $2 $3" != "--server * --scenario" ] || set -- --server reference "${@:3}"
case "$1" in cache | judge | list | explain | doctor | merge | init | show | waivers | repro) ;;
ladder) set -- "$@" --dry-run ;;
*) case " $* " in *" --resume "*) ;; *) set -- "$@" --dry-run ;; esac ;;
esac`

// ownCache keeps examples about the cache away from that of whoever runs the tests, and
// answers the question that no terminal can answer.
const ownCache = `case "$1" in cache) export BENCHRUN_CACHE="$PWD/cache"; [ "$2" != clear ] || set -- "$@" --yes ;; esac
`

// exampleFiles are the files, besides runs, that the examples name.
var exampleFiles = map[string]string{
	"work/benchrun.server.yaml":  exampleServer,
	"work/my.yaml":               exampleServer,
	"work/server.py":             "",
	"bin/myserver":               "#!/bin/sh\nexec python3 -m wsgiref.simple_server\n",
	"work/gate.txt":              "verdict >= failed\n",
	"work/ci/gate.txt":           "verdict >= failed\n",
	"work/ci/waivers.yaml":       exampleWaivers,
	"work/docs/calibration.md":   "", // its folder must exist
	"work/benchrun.waivers.yaml": exampleWaivers,

	"work/cache/envs/gunicorn-0000000000000001/.complete": `{"server":"gunicorn","requirements":["gunicorn==23.0.0"]}`,
	"work/cache/envs/uwsgi-0000000000000002/.complete":    `{"server":"uwsgi","requirements":["uwsgi==2.0.31"]}`,
}

const exampleServer = `schema: benchrun.server/v1
name: my
title: the reference server under another name
app: builtin
command: ["{benchrun}", __reference, --bind, "{host}:{port}", --app, "{app}", "{args}"]
profiles:
  default: {why: an example, args: [--workers, 2, --watchdog, 2s], workers: 2, claims: {slots: 2, watchdog_s: 2}}
  hardened: {why: an example, args: [--workers, 8, --watchdog, 2s], workers: 8, claims: {slots: 8, watchdog_s: 2}}
`

const exampleWaivers = `schema: benchrun.waivers/v1
waivers:
  - {cell: gunicorn/default/wedge-*, verdict: failed, reason: the stock configuration has one worker, expires: 2099-01-31}
`

// exampleRuns are the folders of stored runs that the examples name.
var exampleRuns = []string{
	"work/benchrun-out/20261121-120000-3fa9", "work/benchrun-out/20261121-130000-77c2", "work/benchrun-out/last-release",
	"work/monday", "work/tuesday", exampleLadder,
}

const exampleLadder = "work/benchrun-out/20261121-140000-1a2b"

// furnished is a folder with everything that the examples name, to be copied for each block.
func furnished(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{}
	for path, text := range exampleFiles {
		files[filepath.Join(dir, path)] = text
	}
	writeFiles(t, files)
	first := ownCache + dryly
	if *everyBlock {
		first = ownCache
	}
	writeShim(t, filepath.Join(dir, "bin", "benchrun"), first)
	writeShim(t, filepath.Join(dir, "work", "scripts", "bench"), first)
	writeFiles(t, map[string]string{filepath.Join(dir, "bin", "sudo"): "#!/bin/bash\nexec \"$1\" --simulate \"${@:2}\"\n"})
	cost, err := filepath.Abs("../../scripts/cost")
	if err != nil {
		t.Fatal(err)
	}
	if !*everyBlock {
		cost += "' '--help"
	}
	writeFiles(t, map[string]string{filepath.Join(dir, "work", "scripts", "cost"): "#!/bin/bash\nexec '" + cost + "'\n"})
	for id, path := range exampleRuns {
		exampleRun(t, filepath.Join(dir, path), fmt.Sprintf("20261121-1%d0000-3fa9", id))
	}
	checkoutOf(t, filepath.Join(dir, "gunicorn"))
	return dir
}

// exampleRun stores a complete run of one cell, gunicorn/default/wedge-1pct, with its record
// from the published results, as if this machine and this benchrun had measured it.
func exampleRun(t *testing.T, dir, id string) {
	t.Helper()
	const published = "../../docs/results"
	run, err := results.ReadRun(t.Context(), published)
	if err != nil {
		t.Fatal(err)
	}
	cell := cellOf(t, run, "gunicorn/default/wedge-1pct")
	run.ID, run.Benchrun, run.Cells = id, benchrunVersion(), []bench.Cell{cell}
	reg, err := targets.Load(targets.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cells, err := plan.Cells(reg, plan.Selection{Servers: []string{cell.Server}, Profiles: []string{cell.Profile}, Scenarios: []string{cell.Scenario}})
	if err != nil {
		t.Fatal(err)
	}
	here, err := settings{}.here(t.Context(), cells)()
	if err != nil {
		t.Fatal(err)
	}
	run.Environment = here[0].Environment
	if run.Asked, err = plan.Asked(cells, len(cell.Attempts), "", nil); err != nil {
		t.Fatal(err)
	}
	run.Asked.Ladder = strings.HasSuffix(dir, exampleLadder)
	var text, lines strings.Builder
	if err := run.Encode(&text); err != nil {
		t.Fatal(err)
	}
	all, err := os.ReadFile(filepath.Join(published, results.CellsFile))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(all)) {
		if strings.HasPrefix(line, `{"cell":"`+results.CellID(cell)+`"`) {
			lines.WriteString(line)
		}
	}
	files := map[string]string{filepath.Join(dir, results.RunFile): text.String(), filepath.Join(dir, results.CellsFile): lines.String()}
	for _, a := range cell.Attempts {
		record, err := os.ReadFile(filepath.Join(published, a.Record))
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Join(dir, a.Record)] = string(record)
	}
	writeFiles(t, files)
}

// checkoutOf makes a folder that benchrun accepts as a checkout of gunicorn, or downloads
// the real source if it must be installed.
func checkoutOf(t *testing.T, dir string) {
	t.Helper()
	if !*everyBlock {
		writeFiles(t, map[string]string{filepath.Join(dir, "pyproject.toml"): "[project]\nname = \"gunicorn\"\nversion = \"1\"\n"})
		return
	}
	source := t.TempDir()
	get := exec.Command("bash", "-ec", `python3 -m venv env
env/bin/pip download -q --no-deps --no-binary gunicorn gunicorn
mkdir gunicorn && tar xzf gunicorn-*.tar.gz -C gunicorn --strip-components=1`)
	get.Dir = source
	if output, err := get.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if err := os.Rename(filepath.Join(source, "gunicorn"), dir); err != nil {
		t.Fatal(err)
	}
}

// The stored runs of the examples are complete, and the judge says the same of them as was
// published.
func TestFurnished(t *testing.T) {
	dir := furnished(t)
	for _, path := range exampleRuns {
		run, notes, err := judgedAgain(t, filepath.Join(dir, path))
		if err != nil || len(notes) > 0 || len(run.Cells) != 1 || run.Cells[0].Verdict != bench.Failed {
			t.Errorf("%s: %+v, %q, %v", path, run.Cells, notes, err)
		}
	}
}
