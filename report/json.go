package report

import (
	"io"

	"benchrun/internal/bench"
)

// JSON writes what run.json holds, byte for byte. Texts keep their values:
// unseen characters are written as JSON's own escapes.
func JSON(w io.Writer, run bench.Run) error { return run.Encode(w) }
