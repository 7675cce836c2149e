package report

import (
	"io"

	"benchrun/internal/bench"
)

// JSON writes what run.json holds, byte for byte. Text is not cleaned: it is
// for programs, and JSON escapes ASCII control characters by itself.
func JSON(w io.Writer, run bench.Run) error { return run.Encode(w) }
