package place

import (
	"slices"
	"sync"

	"benchrun/internal/bench"
)

// Journal gathers the entries of one record. It is safe for concurrent use.
type Journal struct {
	mu  sync.Mutex
	rec bench.Record
}

// Add stores an entry.
func (j *Journal) Add(e bench.Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch e := e.(type) {
	case bench.Sample:
		j.rec.Samples = append(j.rec.Samples, e)
	case bench.Vital:
		j.rec.Vitals = append(j.rec.Vitals, e)
	case bench.ProcEvent:
		j.rec.Procs = append(j.rec.Procs, e)
	case bench.Receipt:
		j.rec.Receipts = append(j.rec.Receipts, e)
	case bench.Mark:
		j.rec.Marks = append(j.rec.Marks, e)
	case bench.Doubt:
		j.rec.Doubts = append(j.rec.Doubts, e)
	}
}

// Sample stores what became of a request.
func (j *Journal) Sample(s bench.Sample) { j.Add(s) }

// Doubt stores a reason to disbelieve the measurement.
func (j *Journal) Doubt(d bench.Doubt) { j.Add(d) }

// Mark stores a named instant, t ns since origin.
func (j *Journal) Mark(t int64, name bench.MarkName, note string) {
	j.Add(bench.Mark{T: t, Name: name, Note: note})
}

// Update changes those parts of the record that are single values.
func (j *Journal) Update(change func(*bench.Record)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	change(&j.rec)
}

// Snapshot is a copy that later additions leave as it is: the slices only grow.
func (j *Journal) Snapshot() *bench.Record {
	j.mu.Lock()
	defer j.mu.Unlock()
	rec := j.rec
	rec.Samples = slices.Clip(rec.Samples)
	rec.Vitals = slices.Clip(rec.Vitals)
	rec.Procs = slices.Clip(rec.Procs)
	rec.Receipts = slices.Clip(rec.Receipts)
	rec.Marks = slices.Clip(rec.Marks)
	rec.Doubts = slices.Clip(rec.Doubts)
	return &rec
}
