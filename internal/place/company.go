package place

import "sync"

// company is what the places of one benchrun know of each other: how much CPU each
// has used. Without it, a place would take its neighbours for other programs. The
// zero value is ready. nil knows of no neighbours. Both are safe for concurrent use.
type company struct {
	mu   sync.Mutex
	used map[*hostWatch]float64 // CPU seconds of each open place, as of its last look
	gone float64                // CPU seconds of the closed places
}

// note stores what a place has used so far, in CPU seconds. It returns what all
// other places have used, closed ones included, and how many others are open.
func (c *company) note(who *hostWatch, used float64) (others float64, n int) {
	if c == nil {
		return 0, 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.used == nil {
		c.used = map[*hostWatch]float64{}
	}
	c.used[who] = used
	others = c.gone - used
	for _, u := range c.used {
		others += u
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
		total += u
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
	c.gone += c.used[who]
	delete(c.used, who)
}
