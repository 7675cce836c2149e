package report

import (
	"io"

	"benchrun/internal/bench"
)

// JSON writes what run.json contains, byte for byte. Texts keep their values: invisible
// characters are written as JSON escapes.
func JSON(w io.Writer, run bench.Run) error { return run.Encode(w) }
