package results

import "benchrun/internal/bench"

// LadderFile is the name of a ladder in its run's folder.
const LadderFile = "ladder.json"

// WriteLadder writes ladder.json, whole or not at all.
func (f *Folder) WriteLadder(l bench.Ladder) error { return f.atomically(LadderFile, l.Encode) }
