package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/results"
)

// endsSoon runs benchrun, which must not go on reading, and returns its exit code and
// stderr.
func endsSoon(t *testing.T, args ...string) (code int, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := benchrunCommand(ctx, t, args...)
	var b bytes.Buffer
	cmd.Stderr = &b
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if ctx.Err() != nil {
		t.Errorf("benchrun %v: not ended after a minute", args)
	}
	return cmd.ProcessState.ExitCode(), b.String()
}

// resumable changes a stored run into one that --resume accepts.
func resumable(r *bench.Run) {
	r.Benchrun, r.Asked = benchrunVersion(), &bench.Asked{Attempts: 1, Cells: []bench.AskedCell{{Server: "gunicorn", Profile: "default", Scenario: "wedge-1pct"}}}
}

// unreadable replaces a file with something that is not a regular file of its folder.
func unreadable(t *testing.T, kind, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var err error
	switch kind {
	case "pipe":
		err = syscall.Mkfifo(path, 0o600)
	case "device":
		err = os.Symlink("/dev/zero", path)
	case "folder":
		err = os.Mkdir(path, 0o700)
	case "link":
		to := filepath.Join(t.TempDir(), "secret")
		err = errors.Join(os.WriteFile(to, []byte(secret), 0o600), os.Symlink(to, path))
	}
	if err != nil {
		t.Fatal(err)
	}
}

const secret = "a-text-of-another-folder"

// If a file that the user names is not regular, benchrun says what it is.
func TestNamedFilesAreRegular(t *testing.T) {
	run := storedRun(t)
	for flag, args := range map[string][]string{
		"--gate": {"judge", run, "--gate"}, "--waivers": {"judge", run, "--waivers"}, "--baseline": {"judge", run, "--baseline"},
		"--file": {"waivers", "update", run, "--file"}, "--config": {"--dry-run", "--config"},
		"--server-file": {"--dry-run", "--server-file"}, "judge": {"judge"}, "merge": {"merge", "--out", t.TempDir()}, "--resume": {"--resume"},
	} {
		for kind, want := range map[string]string{"pipe": "is a pipe", "device": "is a device", "folder": "is a directory"} {
			path := filepath.Join(t.TempDir(), "named")
			unreadable(t, kind, path)
			if flag == "--baseline" || flag == "judge" || flag == "merge" || flag == "--resume" {
				want = "is neither a folder nor a regular file"
				if kind == "folder" {
					want = "has no run.json"
				}
			}
			if code, stderr := endsSoon(t, append(args, path)...); code != bench.ExitUsage || !strings.Contains(stderr, path) || !strings.Contains(stderr, want) {
				t.Errorf("%s %s: exit %d, %s; want %q", flag, kind, code, stderr, want)
			}
		}
	}
}

// If a file in a run's folder was replaced, benchrun never waits for it and never follows it
// out of the folder.
func TestStoredFilesAreRegular(t *testing.T) {
	all := []string{results.RunFile, results.CellsFile, "record", "log", results.RecordsDir, results.LogsDir}
	for command, files := range map[string][]string{
		"judge": all, "merge": all, "baseline": {results.RunFile},
		"resume": {results.RunFile, results.CellsFile, results.RecordsDir, results.LogsDir},
	} {
		for _, file := range files {
			for _, kind := range []string{"pipe", "device", "folder", "link"} {
				if kind == "folder" && (file == results.RecordsDir || file == results.LogsDir) {
					continue
				}
				dir, out := storedRun(t, resumable), t.TempDir()
				run, err := results.ReadRun(t.Context(), dir)
				if err != nil {
					t.Fatal(err)
				}
				a := run.Cells[0].Attempts[0]
				rel, ok := map[string]string{"record": a.Record, "log": a.Log}[file]
				if !ok {
					rel = file
				}
				if err := os.RemoveAll(filepath.Join(dir, rel)); err != nil {
					t.Fatal(err)
				}
				if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(rel)), 0o700); err != nil {
					t.Fatal(err)
				}
				unreadable(t, kind, filepath.Join(dir, rel))
				var code int
				var stderr string
				switch command {
				case "judge":
					code, stderr = endsSoon(t, "judge", dir, "--html", filepath.Join(out, "report.html"))
				case "merge":
					code, stderr = endsSoon(t, "merge", dir, "--out", out)
				case "resume":
					code, stderr = endsSoon(t, "--resume", dir)
				case "baseline":
					code, stderr = endsSoon(t, "judge", storedRun(t), "--baseline", dir)
				}
				about := fmt.Sprintf("%s with a %s for %s", command, kind, rel)
				if command == "judge" && file == "log" { // a report without a log is complete
					if code != bench.ExitOK {
						t.Errorf("%s: exit %d, %s", about, code, stderr)
					}
				} else if want := refusedWith(command, file); code != want || !strings.Contains(stderr, dir) || !strings.Contains(stderr, rel) {
					t.Errorf("%s: exit %d, want %d: %s", about, code, want, stderr)
				}
				if err := filepath.WalkDir(out, func(path string, d fs.DirEntry, err error) error {
					if err != nil || !d.Type().IsRegular() {
						return err
					}
					text, err := os.ReadFile(path)
					if strings.Contains(string(text), secret) {
						t.Errorf("%s: %s has what the link led to", about, path)
					}
					return err
				}); err != nil {
					t.Error(err)
				}
				if strings.Contains(stderr, secret) {
					t.Errorf("%s: %s", about, stderr)
				}
			}
		}
	}
}

// refusedWith is the exit code if a stored file cannot be read. An unreadable record does not
// affect the other cells.
func refusedWith(command, file string) int {
	if (command == "judge" || command == "merge") && file == "record" {
		return bench.ExitUnmeasured
	}
	return bench.ExitUsage
}

// A path that is stored in a run must lie in the run's folder.
func TestStoredPathsStayInside(t *testing.T) {
	for _, path := range []string{"../../../etc/passwd", "/etc/passwd", "records/../../x", "records/./x", ".."} {
		for _, what := range []string{"record", "log"} {
			dir := storedRun(t, resumable)
			for _, file := range []string{results.RunFile, results.CellsFile} {
				at := filepath.Join(dir, file)
				text, err := os.ReadFile(at)
				if err != nil {
					t.Fatal(err)
				}
				key := []byte(fmt.Sprintf("%q:", what))
				changed := bytes.Replace(bytes.ReplaceAll(text, []byte(`": "`), []byte(`":"`)), append(key, '"'), []byte(fmt.Sprintf("%s%q,\"was\":\"", key, path)), 1)
				if bytes.Equal(changed, text) {
					t.Fatalf("%s has no %s", file, what)
				}
				if err := os.WriteFile(at, changed, 0o600); err != nil {
					t.Fatal(err)
				}
				commands, want := [][]string{{"judge", dir}, {"merge", dir, "--out", t.TempDir()}, {"--resume", dir}}, bench.ExitUsage
				if file == results.CellsFile { // the line is damaged, but run.json knows the cell
					commands, want = commands[:1], bench.ExitUnmeasured
				}
				for _, args := range commands {
					code, stderr := endsSoon(t, args...)
					place := at + ":"
					if code != want || !strings.Contains(stderr, place) || !strings.Contains(stderr, "not a path inside the run's folder") {
						t.Errorf("%s %s in %s, %v: exit %d, %s", what, path, file, args, code, stderr)
					}
				}
				if err := os.WriteFile(at, text, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// zippedLines writes a record with a head, a boot and then n times a line.
func zippedLines(t *testing.T, path, line string, n int) {
	t.Helper()
	var lines []string
	old, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(old)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err := errors.Join(err, old.Close()); err != nil {
		t.Fatal(err)
	}
	for l := range strings.Lines(string(text)) {
		if strings.HasPrefix(l, `{"k":"head"`) || strings.HasPrefix(l, `{"k":"boot"`) {
			lines = append(lines, l)
		}
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := gzip.NewWriterLevel(f, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(w, strings.Join(lines, ""))
	block := strings.Repeat(line, 1000)
	for range n / 1000 {
		if err == nil {
			_, err = io.WriteString(w, block)
		}
	}
	if err := errors.Join(err, w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// A file far larger than any run's is refused before it takes memory or time.
func TestStoredFilesAreBounded(t *testing.T) {
	record := func(dir string) string {
		run, err := results.ReadRun(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		return filepath.Join(dir, run.Cells[0].Attempts[0].Record)
	}
	for name, tt := range map[string]struct {
		spoil func(dir string)
		want  string
		code  int
	}{
		"millions of vitals":    {func(dir string) { zippedLines(t, record(dir), `{"k":"vital","t":1}`+"\n", 3_900_000) }, `more "vital" entries than`, bench.ExitUnmeasured},
		"a line without an end": {func(dir string) { zippedLines(t, record(dir), strings.Repeat("0", 1<<12), 2000) }, "over the 1048576 bytes that a line may have", bench.ExitUnmeasured},
		"a huge line":           {func(dir string) { truncated(t, filepath.Join(dir, results.CellsFile), 1<<30) }, "more than 64 MiB", bench.ExitUsage},
		"a huge run.json":       {func(dir string) { truncated(t, filepath.Join(dir, results.RunFile), 1<<30) }, "more than 64 MiB", bench.ExitUsage},
		"a huge record":         {func(dir string) { truncated(t, record(dir), 1<<30) }, "more than 64 MiB", bench.ExitUnmeasured},
		"millions of objects": {func(dir string) {
			text := `{"schema":"benchrun.run/v1","cells":[{"attempts":[` + strings.Repeat("{},", 5_000_000) + `{}]}]}`
			if err := os.WriteFile(filepath.Join(dir, results.RunFile), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "objects are more than the 1000000 that a run may have", bench.ExitUsage},
	} {
		dir := storedRun(t)
		tt.spoil(dir)
		code, stderr := endsSoon(t, "judge", dir)
		if code != tt.code || !strings.Contains(stderr, tt.want) || !strings.Contains(stderr, dir) {
			t.Errorf("%s: exit %d, %.500s; want %q", name, code, stderr, tt.want)
		}
	}
}

// truncated makes a file of this size that takes no space.
func truncated(t *testing.T, path string, size int64) {
	t.Helper()
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

// A million rules, or a wrong file of settings, is refused at once.
func TestSettingsAreBounded(t *testing.T) {
	run, dir := storedRun(t), t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	large := file("zeros", "")
	truncated(t, large, 10<<30)
	rules := file("rules.txt", strings.Repeat("survivors == 0\n", 1_000_000))
	short := file("short.txt", strings.Repeat("h >= 9\n", 100_000))
	config := file("benchrun.yaml", "schema: benchrun.config/v1\nrules:\n"+strings.Repeat("  - h >= 9\n", 5000))
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"judge", run, "--gate", rules}, "rules.txt: more than 1 MiB"},
		{[]string{"judge", run, "--gate", short}, "short.txt:1001: more than 1000 rules"},
		{[]string{"--config", config, "--dry-run", "--server", "reference"}, "more than 1000 rules"},
		{[]string{"judge", run, "--fail-on", "survivors == " + strings.Repeat("0", 100_000)}, "100013 bytes are too long for a rule"},
		{[]string{"judge", run, "--waivers", large}, "zeros: more than 1 MiB"},
		{[]string{"--config", large}, "zeros: more than 1 MiB"},
		{[]string{"--server-file", large, "--dry-run"}, "zeros: more than 1 MiB"},
		{[]string{"judge", run, "--baseline", large}, "zeros: more than 64 MiB"},
	} {
		if code, stderr := endsSoon(t, tt.args...); code != bench.ExitUsage || !strings.Contains(stderr, tt.want) {
			t.Errorf("%.200v: exit %d, %.300s; want %q", tt.args, code, stderr, tt.want)
		}
	}
}
