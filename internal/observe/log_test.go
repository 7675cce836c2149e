package observe

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// log stores what a Watcher reports.
type log struct {
	mu       sync.Mutex
	vitals   []bench.Vital
	procs    []bench.ProcEvent
	receipts []bench.Receipt
	doubts   []bench.Doubt
	changed  chan struct{}
}

func (l *log) keep(e bench.Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch e := e.(type) {
	case bench.Vital:
		l.vitals = append(l.vitals, e)
	case bench.ProcEvent:
		l.procs = append(l.procs, e)
	case bench.Receipt:
		l.receipts = append(l.receipts, e)
	case bench.Doubt:
		l.doubts = append(l.doubts, e)
	}
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

// watch starts a Watcher on an agent; edit may be nil.
func watch(t testing.TB, a *agent, edit func(*Config)) (*Watcher, *log) {
	t.Helper()
	l := &log{changed: make(chan struct{}, 1)}
	cfg := Config{Clock: bench.NewClock(), ShimPID: a.shim, Interval: 50 * time.Millisecond, Tell: l.keep}
	if edit != nil {
		edit(&cfg)
	}
	w, err := Start(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	return w, l
}

// until waits until cond holds for the log.
func (l *log) until(t testing.TB, what string, cond func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		l.mu.Lock()
		ok := cond()
		l.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-l.changed:
		case <-deadline:
			l.mu.Lock()
			defer l.mu.Unlock()
			t.Fatalf("never: %s\nprocs %+v\nreceipts %+v\nlast vitals %+v", what, l.procs, l.receipts, l.vitals[max(0, len(l.vitals)-3):])
		}
	}
}

// event finds an event of a process. It must be called inside until.
func (l *log) event(pid int, state bench.ProcState) *bench.ProcEvent {
	for i := range l.procs {
		if l.procs[i].PID == pid && l.procs[i].Event == state {
			return &l.procs[i]
		}
	}
	return nil
}

func (l *log) untilEvent(t testing.TB, pid int, state bench.ProcState) (e bench.ProcEvent) {
	t.Helper()
	l.until(t, fmt.Sprintf("process %d %s", pid, state), func() bool {
		found := l.event(pid, state)
		if found != nil {
			e = *found
		}
		return found != nil
	})
	return e
}

// untilVital waits for a vital that comes after the call.
func (l *log) untilVital(t testing.TB, what string, cond func(bench.Vital) bool) (v bench.Vital) {
	t.Helper()
	l.mu.Lock()
	from := len(l.vitals)
	l.mu.Unlock()
	l.until(t, "a vital with "+what, func() bool {
		for ; from < len(l.vitals); from++ {
			if cond(l.vitals[from]) {
				v = l.vitals[from]
				return true
			}
		}
		return false
	})
	return v
}
