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

func (c *collector) sample(s bench.Sample) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rec.Samples = append(c.rec.Samples, s)
}

func (c *collector) vital(v bench.Vital) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rec.Vitals = append(c.rec.Vitals, v)
}

func (c *collector) proc(e bench.ProcEvent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rec.Procs = append(c.rec.Procs, e)
}

func (c *collector) receipt(r bench.Receipt) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rec.Receipts = append(c.rec.Receipts, r)
}

func (c *collector) doubt(d bench.Doubt) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rec.Doubts = append(c.rec.Doubts, d)
}

func (c *collector) mark(t int64, name bench.MarkName, note string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rec.Marks = append(c.rec.Marks, bench.Mark{T: t, Name: name, Note: note})
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
