package place

import (
	"slices"
	"sync"

	"benchrun/internal/bench"
)

// Journal gathers the entries of a record from many goroutines.
type Journal struct {
	mu  sync.Mutex
	rec bench.Record
}

// Sample takes in how a request fared.
func (j *Journal) Sample(s bench.Sample) { add(j, &j.rec.Samples, s) }

// Vital takes in a look at the process tree.
func (j *Journal) Vital(v bench.Vital) { add(j, &j.rec.Vitals, v) }

// Proc takes in a birth or a death.
func (j *Journal) Proc(e bench.ProcEvent) { add(j, &j.rec.Procs, e) }

// Receipt takes in what the app, or the observer, says of a request.
func (j *Journal) Receipt(r bench.Receipt) { add(j, &j.rec.Receipts, r) }

// Doubt takes in a reason to disbelieve what is measured.
func (j *Journal) Doubt(d bench.Doubt) { add(j, &j.rec.Doubts, d) }

// Mark takes in an instant with a name, t ns since origin.
func (j *Journal) Mark(t int64, name bench.MarkName, note string) {
	add(j, &j.rec.Marks, bench.Mark{T: t, Name: name, Note: note})
}

func add[T any](j *Journal, to *[]T, v T) {
	j.mu.Lock()
	defer j.mu.Unlock()
	*to = append(*to, v)
}

// Update changes the parts of the record that are single values.
func (j *Journal) Update(change func(*bench.Record)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	change(&j.rec)
}

// Snapshot is a copy that later additions do not touch: the slices only grow.
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
