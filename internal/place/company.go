package place

import "sync"

// company is what the places of one benchrun know of each other: how much CPU each
// has used, so that none takes its neighbours for other programs. The zero value is
// ready, nil knows of nobody, and both are safe for concurrent use.
type company struct {
	mu   sync.Mutex
	used map[*hostWatch]float64 // CPU seconds of each place under way, as it saw itself last
	gone float64                // of places that are closed
}

// note stores what a place has used so far. It returns what all others have used,
// including places that are closed, and how many others are open.
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

// leave says that a place is closed. It does nothing for a place that never
// called note.
func (c *company) leave(who *hostWatch) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone += c.used[who]
	delete(c.used, who)
}
