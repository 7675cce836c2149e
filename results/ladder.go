package results

import (
	"context"
	"encoding/json"

	"benchrun/internal/bench"
	"benchrun/internal/intake"
)

// LadderFile is the name of a ladder in its run's folder.
const LadderFile = "ladder.json"

// WriteLadder writes ladder.json, whole or not at all.
func (f *Folder) WriteLadder(l bench.Ladder) error { return f.atomically(LadderFile, l.Encode) }

// Ladder reads ladder.json. It is false if there is none that can be read: the verdicts of a
// run do not need it.
func (f *Folder) Ladder(ctx context.Context) (l bench.Ladder, ok bool) {
	text, err := intake.ReadIn(ctx, f.path, LadderFile, intake.Kind{Most: intake.Small})
	if err != nil || json.Unmarshal(text, &l) != nil || l.Schema != bench.LadderSchema {
		return bench.Ladder{}, false
	}
	return l, true
}
