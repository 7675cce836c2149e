package campaign

import (
	"sync"
	"time"

	"benchrun/internal/place"
)

// meter measures what benchrun itself uses for each running cell. It is safe for
// concurrent use.
type meter struct {
	mu    sync.Mutex
	now   int
	since time.Time
	began float64 // CPU seconds of benchrun when the meter began
	cells float64 // cell seconds until since: the sum of each cell's seconds under way
}

// change says that n more tasks are under way (fewer, if n is negative).
func (m *meter) change(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count()
	m.now += n
}

func (m *meter) count() {
	if m.since.IsZero() {
		m.began = place.OwnCPU()
	} else {
		m.cells += time.Since(m.since).Seconds() * float64(m.now)
	}
	m.since = time.Now()
}

// trusted is how many cell seconds the meter needs before its figure counts.
const trusted = 10

// own is how many CPUs benchrun uses for one cell.
func (m *meter) own() float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count()
	if m.cells < trusted {
		return ownCPU
	}
	return (place.OwnCPU() - m.began) / m.cells
}
