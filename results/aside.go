package results

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"

	"benchrun/internal/intake"
)

// asideSuffix ends the names of damaged files that are kept beside their replacements.
const asideSuffix = ".damaged"

// SetAside moves damage out of the way of a run that continues. It renames these records,
// and writes a cells.ndjson with exactly these lines, which the caller has read from the
// old one. It keeps the old one beside it.
func (f *Folder) SetAside(ctx context.Context, records []string, lines []AttemptLine) error {
	old, err := intake.ReadIn(ctx, f.path, CellsFile, intake.Attempts)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err = f.atomically(CellsFile+asideSuffix, func(w io.Writer) error {
		_, err := w.Write(old)
		return err
	})
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(f.path) // cells.ndjson may come from anyone: no path in it may lead out of the folder
	if err != nil {
		return writeError(f.path, err)
	}
	defer func() { _ = root.Close() }() // only opened
	for _, rel := range records {
		if !intake.Inside(rel) {
			continue
		}
		err := root.Rename(rel, rel+asideSuffix)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return writeError(f.Join(rel), err)
		}
	}
	return f.atomically(CellsFile, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		for _, l := range lines {
			if err := enc.Encode(l); err != nil {
				return err
			}
		}
		return nil
	})
}
