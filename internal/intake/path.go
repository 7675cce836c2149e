package intake

import (
	"path"
	"path/filepath"
	"strings"
)

// Inside says whether a stored path names a file inside the folder that it is
// stored in, and says so plainly: relative, without "..", in one spelling.
func Inside(rel string) bool {
	return rel != "." && filepath.IsLocal(rel) && path.Clean(rel) == rel && !strings.ContainsRune(rel, 0)
}
