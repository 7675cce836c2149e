package campaign

import (
	"errors"
	"sync"
	"testing"

	"benchrun/internal/bench"
	"benchrun/internal/place"
)

// If cells are measured at once, each reports events with its own number, and each
// gets into its place in the run.
func TestCellsTellOfThemselves(t *testing.T) {
	r := earlierRun(t, 1)
	var mu sync.Mutex
	began, concluded := map[int]string{}, map[int]string{}
	r.Tell = func(e bench.Event) {
		mu.Lock()
		defer mu.Unlock()
		switch e := e.(type) {
		case bench.CellBegun:
			began[e.Cell] = e.Name
		case bench.CellConcluded:
			concluded[e.Cell] = e.Result.Name()
		}
	}
	r.Host = &place.Host{}
	r.done, r.begun = make([]*bench.Cell, 2), make([]begun, 2)
	r.failed = map[string]error{r.order.Cells[0].Target(): errors.New("no such release")}
	var all sync.WaitGroup
	for i := range r.order.Cells {
		all.Go(func() {
			if _, err := r.measure(t.Context(), r.underway(i)); err == nil {
				t.Error("what is not installed was measured")
			}
		})
	}
	all.Wait()
	for i, c := range r.order.Cells {
		if began[i+1] != c.Name() || concluded[i+1] != c.Name() || r.run.Cells[i].Name() != c.Name() {
			t.Errorf("cell %d: begun %q, concluded %q, %q in the run", i+1, began[i+1], concluded[i+1], r.run.Cells[i].Name())
		}
	}
}
