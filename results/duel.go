package results

import "benchrun/internal/bench"

// DuelFile is the name of a duel in its run's folder.
const DuelFile = "duel.json"

// WriteDuel writes duel.json, whole or not at all.
func (f *Folder) WriteDuel(d bench.Duel) error { return f.atomically(DuelFile, d.Encode) }
