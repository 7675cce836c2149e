package place

import (
	"testing"

	"benchrun/internal/bench"
)

func TestSnapshotStandsStill(t *testing.T) {
	var j Journal
	j.Sample(bench.Sample{Seq: 1})
	shot := j.Snapshot()
	j.Sample(bench.Sample{Seq: 2})
	j.Mark(3, bench.MarkFault, "")
	if len(shot.Samples) != 1 || len(shot.Marks) != 0 || len(j.Snapshot().Samples) != 2 {
		t.Errorf("snapshot has %d samples and %d marks", len(shot.Samples), len(shot.Marks))
	}
}
