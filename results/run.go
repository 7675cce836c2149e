package results

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"benchrun/internal/bench"
	"benchrun/internal/intake"
)

// WriteRun writes run.json atomically, over the old one.
func (f *Folder) WriteRun(run bench.Run) error {
	return f.atomically(RunFile, run.Encode)
}

// KeepRun writes run.json while the run goes on, for the case that it is killed: the cells so
// far, all on one line. After a power failure, the old one may be there; cells.ndjson then
// has the rest.
func (f *Folder) KeepRun(run bench.Run) error {
	return f.replace(RunFile, run.EncodeCompact)
}

// WriteReport writes report.html atomically; fill draws it.
func (f *Folder) WriteReport(fill func(io.Writer) error) error {
	return f.atomically(ReportFile, fill)
}

// Run reads the folder's run.json.
func (f *Folder) Run(ctx context.Context) (bench.Run, error) { return ReadRun(ctx, f.path) }

// ReadRun reads a run.json, given the file or the run's folder. It ignores unknown fields,
// because later versions add some. The schema, the words of verdicts and of censoring, and
// the fields that identify a cell must be right; otherwise a bench.UsageError names the
// place with line and column.
func ReadRun(ctx context.Context, path string) (bench.Run, error) {
	file, err := runFile(path)
	if err != nil {
		return bench.Run{}, err
	}
	var text []byte
	if file == path { // the user may have named it in any way, and may use a link
		text, err = intake.Read(ctx, file, intake.Run)
	} else {
		text, err = intake.ReadIn(ctx, path, RunFile, intake.Run)
	}
	if err != nil {
		return bench.Run{}, err
	}
	run, err := decodeRun(text)
	if err != nil {
		return bench.Run{}, &bench.UsageError{Problem: file + ":" + err.Error()}
	}
	return run, nil
}

// decodeRun parses run.json. Its errors begin with the place.
func decodeRun(text []byte) (bench.Run, error) {
	if err := checkObjects(text); err != nil {
		return bench.Run{}, at(text, 0, err)
	}
	var doc struct {
		bench.Run
		Schema *string           `json:"schema"`
		Cells  []json.RawMessage `json:"cells"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return bench.Run{}, atError(text, 0, err)
	}
	if doc.Schema == nil {
		return bench.Run{}, at(text, 0, errors.New(`no "schema": this is not a run.json of benchrun`))
	}
	if *doc.Schema != bench.RunSchema {
		return bench.Run{}, at(text, bytes.Index(text, []byte(`"schema"`)),
			fmt.Errorf("schema %q is not %q; read it with the benchrun that wrote it", *doc.Schema, bench.RunSchema))
	}
	if len(doc.Cells) > mostCells {
		return bench.Run{}, at(text, bytes.Index(text, []byte(`"cells"`)), fmt.Errorf("%d cells are more than the %d that a run may have", len(doc.Cells), mostCells))
	}
	run := doc.Run
	run.Schema = *doc.Schema
	if doc.Cells != nil {
		run.Cells = make([]bench.Cell, 0, len(doc.Cells))
	}
	offset := 0
	for i, raw := range doc.Cells {
		// The cells come in this order in the text, so the next match is this cell.
		offset += bytes.Index(text[offset:], raw)
		var cell bench.Cell
		err := json.Unmarshal(raw, &cell)
		if err == nil {
			err = checkCell(raw, cell)
		}
		if err != nil {
			return bench.Run{}, atError(text, offset, fmt.Errorf("cell %d (%s): %w", i+1, cell.Name(), err))
		}
		ofOld(&cell)
		run.Cells = append(run.Cells, cell)
		offset += len(raw)
	}
	return run, nil
}

// ofOld adds to a cell what older benchruns told by the name of its server.
func ofOld(c *bench.Cell) { c.Own = c.Own || c.Server == bench.ReferenceServer }

// checkCell finds errors that decoding accepts: without a verdict, a cell would read as
// invalid, and without a name, as equal to another one.
func checkCell(raw []byte, c bench.Cell) error {
	if c.Server == "" || c.Profile == "" || c.Scenario == "" {
		return errors.New("server, profile or scenario is missing")
	}
	var has struct {
		Verdict  json.RawMessage
		Attempts []struct{ Verdict json.RawMessage }
	}
	if err := json.Unmarshal(raw, &has); err != nil {
		return err
	}
	if has.Verdict == nil {
		return errors.New("verdict is missing")
	}
	for i, a := range has.Attempts {
		if a.Verdict == nil {
			return fmt.Errorf("attempt %d: verdict is missing", i+1)
		}
	}
	if err := checkFiles(c.Attempts); err != nil {
		return err
	}
	for name, m := range c.Measures {
		if m.Censored != "" && m.Censored != ">" {
			return fmt.Errorf("measure %s: censored %q is neither \"\" nor \">\"", name, m.Censored)
		}
	}
	return nil
}

// checkFiles refuses records and logs outside of the run's folder, because readers of the
// run open them.
func checkFiles(attempts []bench.Attempt) error {
	for i, a := range attempts {
		for what, file := range map[string]string{"record": a.Record, "log": a.Log} {
			if file != "" && !intake.Inside(file) {
				return fmt.Errorf("attempt %d: %s %q is not a path inside the run's folder", i+1, what, file)
			}
		}
	}
	return nil
}

// Limits for the text of a run, so that it cannot make its reader use too much memory or
// time. benchrun writes one object in 200 bytes, and one comma in 17 or more.
const (
	mostObjects  = 1_000_000
	mostCommas   = 5_000_000
	mostCells    = 10_000
	mostAttempts = 5 * mostCells
)

func checkObjects(text []byte) error {
	if n := bytes.Count(text, []byte{'{'}) + bytes.Count(text, []byte("null")); n > mostObjects { // a null may stand for an object
		return fmt.Errorf("%d objects are more than the %d that a run may have", n, mostObjects)
	}
	if n := bytes.Count(text, []byte{','}); n > mostCommas {
		return fmt.Errorf("%d commas are more than the %d that a run may have", n, mostCommas)
	}
	return nil
}

// atError adds the place to an error of encoding/json: its offset counted from base, or base
// if it has none.
func atError(text []byte, base int, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		base += max(int(syntax.Offset)-1, 0) // Offset counts the bytes read, including the wrong one
	case errors.As(err, &kind):
		base += max(int(kind.Offset)-1, 0)
	}
	return at(text, base, err)
}

// at puts "line:column: " before an error. Both count from 1, columns in bytes.
func at(text []byte, offset int, err error) error {
	before := text[:min(max(offset, 0), len(text))]
	line := 1 + bytes.Count(before, []byte{'\n'})
	column := len(before) - bytes.LastIndexByte(before, '\n')
	return fmt.Errorf("%d:%d: %s", line, column, strings.ReplaceAll(err.Error(), "json: ", ""))
}
