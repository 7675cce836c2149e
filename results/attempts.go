package results

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"benchrun/internal/bench"
	"benchrun/internal/intake"
)

// AttemptLine is one line of cells.ndjson: the cell as it would be if this attempt were its
// only one. It has every field of the cell, so a killed run can be restored from its
// lines.
type AttemptLine struct {
	ID string `json:"cell"` // CellID: unique in the run
	bench.Cell
}

// NewAttemptLine makes the line of an attempt. It takes from cell only what the cell is
// (target, scenario, seed, command), and the results from a and j.
func NewAttemptLine(cell bench.Cell, a bench.Attempt, j bench.Judgement) AttemptLine {
	cell.Verdict, cell.Reasons, cell.Flags, cell.Measures = j.Verdict, j.Reasons, j.Flags, j.Measures
	cell.Attempts = []bench.Attempt{a}
	return AttemptLine{ID: CellID(cell), Cell: cell}
}

// Attempt is the attempt that the line is about.
func (l AttemptLine) Attempt() bench.Attempt { return l.Attempts[0] }

// Judgement is the judge's answer for the attempt.
func (l AttemptLine) Judgement() bench.Judgement {
	return bench.Judgement{Verdict: l.Verdict, Reasons: l.Reasons, Flags: l.Flags, Measures: l.Measures}
}

func (l AttemptLine) check() error {
	if len(l.Attempts) != 1 {
		return fmt.Errorf("%d attempts where there must be one", len(l.Attempts))
	}
	if id := CellID(l.Cell); l.ID != id {
		return fmt.Errorf("cell %q has the fields of %q", l.ID, id)
	}
	return checkFiles(l.Attempts)
}

// AppendAttempt adds a line to cells.ndjson and returns when it is on disk. Before that it
// removes an incomplete last line, which a killed run may have left. If writing fails, the
// file stays as it was.
func (f *Folder) AppendAttempt(line AttemptLine) error {
	path := f.Join(CellsFile)
	if err := line.check(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	text, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("write %s: %s: %w", path, line.ID, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	file, err := f.openAttempts()
	if err != nil {
		return writeError(path, err)
	}
	defer func() { _ = file.Close() }() // only read, or synced before
	size, err := mend(file)
	if err != nil {
		return writeError(path, err)
	}
	if _, err := file.Write(append(text, '\n')); err != nil {
		_ = file.Truncate(size) // if this fails too, the next append repairs it
		return writeError(path, err)
	}
	if err := file.Sync(); err != nil {
		return writeError(path, err)
	}
	return nil
}

// openAttempts opens cells.ndjson for appending, if it is a regular file in the folder.
func (f *Folder) openAttempts() (*os.File, error) {
	root, err := os.OpenRoot(f.path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // only opened
	if info, err := root.Lstat(CellsFile); err == nil && !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	return root.OpenFile(CellsFile, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
}

// mend cuts off an incomplete last line and returns the remaining size in bytes. It reads
// from the end, and only one block if the file is whole: a run appends as many times as it
// has attempts.
func mend(file *os.File) (int64, error) {
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	const block = 64 << 10
	buf := make([]byte, block)
	for to := info.Size(); to > 0; to -= block {
		from := max(0, to-block)
		part := buf[:to-from]
		if _, err := file.ReadAt(part, from); err != nil {
			return 0, err
		}
		if end := bytes.LastIndexByte(part, '\n'); end >= 0 {
			whole := from + int64(end) + 1
			if whole < info.Size() {
				return whole, file.Truncate(whole)
			}
			return whole, nil
		}
	}
	return 0, file.Truncate(0)
}

// Damage is a part of a stored run that cannot be read.
type Damage struct {
	Cell string // CellID of its cell; "" = unknown
	Text string // names file and line, and says what is wrong
}

// mostDamaged is how many damaged lines a cells.ndjson may have; with more, it does not
// count as one.
const mostDamaged = 100

// ReadAttempts reads the folder's cells.ndjson. It skips an incomplete last line, which a
// killed run leaves; torn then says so ("" = there was none). It also skips any other line
// with wrong content, and lists it in damaged. Without the file, the run has no attempts. A
// file that is almost entirely damaged is a bench.UsageError.
func (f *Folder) ReadAttempts(ctx context.Context) (lines []AttemptLine, torn string, damaged []Damage, err error) {
	path := f.Join(CellsFile)
	all, err := intake.ReadIn(ctx, f.path, CellsFile, intake.Attempts)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil, nil
	}
	if err != nil {
		return nil, "", nil, err
	}
	if err := checkObjects(all); err != nil {
		return nil, "", nil, bench.Usagef("%s: %v", path, err)
	}
	for n := 1; len(all) > 0; n++ {
		if ctx.Err() != nil {
			return nil, "", nil, context.Cause(ctx)
		}
		text, rest, ended := bytes.Cut(all, []byte{'\n'})
		if !ended {
			torn = fmt.Sprintf("%s: line %d breaks off after %d bytes and was skipped; the %d before it are whole", path, n, len(text), n-1-len(damaged))
			break
		}
		var line AttemptLine
		err := json.Unmarshal(text, &line)
		if err == nil {
			err = line.check()
		}
		if n > mostAttempts {
			return nil, "", nil, bench.Usagef("%s: line %d: more than the %d attempts that a run may have", path, n, mostAttempts)
		}
		if err == nil {
			ofOld(&line.Cell)
			lines = append(lines, line)
		} else {
			damaged = append(damaged, Damage{idOf(text), fmt.Sprintf("%s: line %d: %v", path, n, err)})
		}
		if len(damaged) > mostDamaged {
			return nil, "", nil, bench.Usagef("%s: not a list of attempts, or most of it is damaged", damaged[0].Text)
		}
		all = rest
	}
	return lines, torn, damaged, nil
}

// idOf is the CellID in a damaged line, which benchrun writes at the beginning of a line.
func idOf(text []byte) string {
	rest, ok := bytes.CutPrefix(text, []byte(`{"cell":`))
	if !ok {
		return ""
	}
	var id string
	if json.NewDecoder(bytes.NewReader(rest)).Decode(&id) != nil {
		return ""
	}
	return id
}
