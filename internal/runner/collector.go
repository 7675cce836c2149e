package runner

import (
	"slices"
	"sync"

	"benchrun/internal/bench"
)

// collector gathers a record from many goroutines.
type collector struct {
	mu  sync.Mutex
	rec bench.Record
}

func (c *collector) sample(s bench.Sample)   { add(c, &c.rec.Samples, s) }
func (c *collector) vital(v bench.Vital)     { add(c, &c.rec.Vitals, v) }
func (c *collector) proc(e bench.ProcEvent)  { add(c, &c.rec.Procs, e) }
func (c *collector) receipt(r bench.Receipt) { add(c, &c.rec.Receipts, r) }
func (c *collector) doubt(d bench.Doubt)     { add(c, &c.rec.Doubts, d) }
func (c *collector) mark(t int64, name bench.MarkName, note string) {
	add(c, &c.rec.Marks, bench.Mark{T: t, Name: name, Note: note})
}

func add[T any](c *collector, to *[]T, v T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*to = append(*to, v)
}

// update changes the parts of the record that are single values.
func (c *collector) update(change func(*bench.Record)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.rec)
}

// snapshot is a copy that later additions do not touch: the slices only grow.
func (c *collector) snapshot() *bench.Record {
	c.mu.Lock()
	defer c.mu.Unlock()
	rec := c.rec
	rec.Samples = slices.Clip(rec.Samples)
	rec.Vitals = slices.Clip(rec.Vitals)
	rec.Procs = slices.Clip(rec.Procs)
	rec.Receipts = slices.Clip(rec.Receipts)
	rec.Marks = slices.Clip(rec.Marks)
	rec.Doubts = slices.Clip(rec.Doubts)
	return &rec
}
