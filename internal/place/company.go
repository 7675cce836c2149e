package place

import "sync"

// company is what the places of one benchrun know of each other: how much CPU each
// has used and how much memory it takes. Without it, a place would take its neighbours
// for other programs. The zero value is ready. nil knows of no neighbours. Both are
// safe for concurrent use.
type company struct {
	mu   sync.Mutex
	used map[*hostWatch]use // of each open place, as of its last look
	gone float64            // CPU seconds of the closed places
}

// use is what a place uses.
type use struct {
	cpu    float64 // CPU seconds, so far
	memory int64   // bytes, now
}

// note stores what a place uses. It returns the CPU seconds of all other places,
// closed ones included, and how many others are open.
func (c *company) note(who *hostWatch, used use) (others float64, n int) {
	if c == nil {
		return 0, 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.used == nil {
		c.used = map[*hostWatch]use{}
	}
	used.cpu = max(used.cpu, c.used[who].cpu) // a cgroup that is gone says 0
	c.used[who] = used
	others = c.gone - used.cpu
	for _, u := range c.used {
		others += u.cpu
	}
	return others, len(c.used) - 1
}

// total is what all places have used so far, in CPU seconds, closed ones included.
func (c *company) total() float64 {
	if c == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	total := c.gone
	for _, u := range c.used {
		total += u.cpu
	}
	return total
}

// memory is how many bytes the open places take.
func (c *company) memory() int64 {
	if c == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	total := int64(0)
	for _, u := range c.used {
		total += u.memory
	}
	return total
}

// leave marks a place as closed. It does nothing for a place that never called
// note.
func (c *company) leave(who *hostWatch) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone += c.used[who].cpu
	delete(c.used, who)
}
