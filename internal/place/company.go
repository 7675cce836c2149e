package place

import "sync"

// company is what the places of one benchrun know of each other: how much CPU each
// has used, so that none takes its neighbours for other programs. The zero value is
// ready, nil knows of nobody, and both are safe for concurrent use.
type company struct {
	mu   sync.Mutex
	used map[*hostWatch]float64 // CPU seconds of each place under way, as it saw itself last
	gone float64                // of those that are over
}

// note takes what a place has used so far. It returns what all others have, those
// that are over included, and how many others are under way.
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

// leave says that a place is over. It may be called of one that never came.
func (c *company) leave(who *hostWatch) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone += c.used[who]
	delete(c.used, who)
}
