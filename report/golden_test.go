package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// People should read changes of the golden files. To accept them, run
// go test ./report -update.
var update = flag.Bool("update", false, "rewrite testdata from what the renderers give now")

func golden(t *testing.T, name string, render func(io.Writer) error) string {
	t.Helper()
	var got bytes.Buffer
	if err := render(&got); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s is not what is drawn now:\n%s", path, got.String())
	}
	return got.String()
}

func tableWith(opts TableOptions) func(io.Writer) error {
	return func(w io.Writer) error { return Table(w, sampleView(), opts) }
}

func TestTables(t *testing.T) {
	wide := golden(t, "table-140.txt", tableWith(TableOptions{Width: 140}))
	golden(t, "table-80.txt", tableWith(TableOptions{Width: 80}))
	golden(t, "table-100-verbose.txt", tableWith(TableOptions{Width: 100, Verbose: true}))
	colored := golden(t, "table-140-color.txt", tableWith(TableOptions{Width: 140, Color: true}))
	golden(t, "table-80-color.txt", tableWith(TableOptions{Width: 80, Color: true}))

	if strings.Contains(wide, "\x1b") {
		t.Error("colour that nobody asked for")
	}
	stripped := colored
	for _, code := range []string{"0", "31", "32", "33", "35"} {
		if !strings.Contains(colored, "\x1b["+code+"m") {
			t.Errorf("no text in colour %s", code)
		}
		stripped = strings.ReplaceAll(stripped, "\x1b["+code+"m", "")
	}
	if stripped != wide {
		t.Errorf("colour changes more than colour:\n%s", stripped)
	}
}

func TestMarkdownGolden(t *testing.T) {
	golden(t, "run.md", func(w io.Writer) error { return Markdown(w, sampleView()) })
}

func TestCSVGolden(t *testing.T) {
	text := golden(t, "run.csv", func(w io.Writer) error { return CSV(w, sampleView()) })
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) != 1+len(sampleRun().Cells) {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	first := map[string]string{}
	for i, name := range rows[0] {
		first[name] = rows[1][i]
	}
	for name, want := range map[string]string{"server": "gunicorn", "verdict": "failed", "h": "0", "time_to_recover": "5",
		"censored": "time_to_recover", "memory_peak": "31.4", "boot_time": "", "ratio_pct": "1", "seed": "11"} {
		if got := first[name]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, m := range bench.MeasureTable {
		if _, ok := first[m.Name]; !ok {
			t.Errorf("no column %s", m.Name)
		}
	}
}

func TestJSONIsRunJSON(t *testing.T) {
	text := golden(t, "run.json", func(w io.Writer) error { return JSON(w, sampleRun()) })
	var got bench.Run
	if err := json.Unmarshal([]byte(text), &got); err != nil || !reflect.DeepEqual(got, sampleRun()) {
		t.Errorf("it comes back as %+v, %v", got, err)
	}
}

// Lines fit into every possible width.
func TestLinesFit(t *testing.T) {
	v := sampleView()
	for width := 64; width <= 200; width++ {
		var b strings.Builder
		if err := Table(&b, v, TableOptions{Width: width}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			line = strings.TrimSuffix(line, "\n")
			command := strings.HasPrefix(line, "reproduce") || strings.HasPrefix(line, "judge again") || strings.HasPrefix(line, "results")
			if columns(line) > width && !command {
				t.Errorf("at width %d: %d columns in %q", width, columns(line), line)
			}
			if line != strings.TrimRight(line, " ") {
				t.Errorf("at width %d: spaces at the end of %q", width, line)
			}
		}
		// Every word of a reason is shown, however narrow the terminal is.
		flat := strings.Join(strings.Fields(b.String()), " ")
		for _, row := range v.Rows {
			for _, reason := range row.Reasons {
				if row.Verdict != bench.Held && !strings.Contains(flat, reason) {
					t.Errorf("at width %d the reason %q is not whole", width, reason)
				}
			}
		}
	}
}

func TestTableWithoutCells(t *testing.T) {
	run := sampleRun()
	run.Cells, run.Interrupted = nil, true
	for _, render := range []func(io.Writer) error{
		func(w io.Writer) error { return Table(w, NewView(run), TableOptions{Width: 80}) },
		func(w io.Writer) error { return Markdown(w, NewView(run)) },
	} {
		var b strings.Builder
		if err := render(&b); err != nil {
			t.Fatal(err)
		}
		if flat := strings.Join(strings.Fields(b.String()), " "); !strings.Contains(flat, "no cell was measured") || !strings.Contains(flat, "; interrupted: ") {
			t.Errorf("an empty run reads\n%s", b.String())
		}
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestRenderersReportWriteErrors(t *testing.T) {
	v := sampleView()
	for name, err := range map[string]error{
		"table": Table(brokenPipe{}, v, TableOptions{}), "markdown": Markdown(brokenPipe{}, v),
		"csv": CSV(brokenPipe{}, v), "json": JSON(brokenPipe{}, sampleRun()),
	} {
		if !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%s gave %v", name, err)
		}
	}
}
