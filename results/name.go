package results

import (
	"fmt"
	"hash/fnv"
	"strings"

	"benchrun/internal/bench"
)

const (
	recordSuffix = ".ndjson.gz"
	tempSuffix   = ".tmp"
	// maxStem keeps file names below the limit of file systems, 255 bytes.
	maxStem = 150
)

// CellID names a cell uniquely in a run: "gunicorn@23.0.0/default/wedge-1pct".
// bench.Cell.Name lacks the version, and two cells of a run may differ
// only in that.
func CellID(c bench.Cell) string {
	id := c.Server
	if c.Version != "" {
		id += "@" + c.Version
	}
	id += "/" + c.Profile + "/" + c.Scenario
	return id
}

// fileName makes "gunicorn-23.0.0_default_wedge-1pct-1.log" from a cell's name. Names come
// from files that users write, so it keeps only characters without a meaning for shells
// and file systems. If it drops more than separators, it adds a hash, so that two names
// never get the same file.
func fileName(cell string, attempt int, suffix string) string {
	lossy := false
	stem := strings.Map(func(r rune) rune {
		switch {
		case r == '/':
			return '_'
		case r == '@' || r == '+':
			return '-'
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
			return r
		}
		lossy = true
		return '-'
	}, cell)
	if stem == "" || strings.HasPrefix(stem, ".") || strings.HasPrefix(stem, "-") {
		stem, lossy = "x"+stem, true
	}
	if len(stem) > maxStem {
		stem, lossy = stem[:maxStem], true
	}
	if lossy {
		h := fnv.New32a()
		_, _ = h.Write([]byte(cell)) // never fails
		stem += fmt.Sprintf("-%08x", h.Sum32())
	}
	return fmt.Sprintf("%s-%d%s", stem, attempt, suffix)
}

// isTemporary says whether a file name is that of an unfinished file.
func isTemporary(name string) bool { return strings.HasSuffix(name, tempSuffix) }
