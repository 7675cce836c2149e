package runner

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// Readiness: this many answers with the attempt's token in a row, then every
// expected worker seen, for which the server gets up to workersWait more.
const (
	pingsInARow  = 5
	pingTimeout  = time.Second
	pingPause    = 20 * time.Millisecond
	workersWait  = 5 * time.Second
	workersSleep = 50 // ms that a request is held so that the next one finds another worker
)

// ready waits until the target serves. What the server does wrong stands in
// the Boot; an error is the harness's (interrupted, port taken by another).
func (s *stage) ready(ctx context.Context, limit time.Duration) (bench.Boot, error) {
	deadline := time.Now().Add(limit)
	note := s.awaitPings(ctx, deadline)
	boot := bench.Boot{Seconds: s.since(s.launched)}
	if err := ctx.Err(); err != nil {
		return boot, err
	}
	exited := s.group.Exit() // before benchrun ends it itself
	if note != nil {
		if err := s.portLost(ctx); err != nil {
			return boot, err
		}
		if err := s.roomForSockets(); err != nil {
			return boot, err
		}
		boot.Exited = exited
		boot.Note = bench.Excerpt(note.Error())
		boot.LogTail = s.log.tail()
		return boot, nil
	}
	boot.PIDs = s.seeWorkers(ctx, minTime(deadline, time.Now().Add(workersWait)))
	boot.Ready = true
	boot.WorkersSeen = len(boot.PIDs)
	boot.Seconds = s.since(s.launched)
	return boot, ctx.Err()
}

// mostWorkPath is how long the path of a server's folder may be, bytes: that of a
// Unix socket has 107 at most, and mod_wsgi-express adds
// "/mod_wsgi/wsgi.4194304.0.1.sock".
const mostWorkPath = 107 - 32

// roomForSockets says whether a server that did not come up may have lacked room
// for the path of a socket. That is no fault of the server's.
func (s *stage) roomForSockets() error {
	if n := len(s.scratch.Work); n > mostWorkPath {
		return &bench.EnvironmentError{
			Problem: fmt.Sprintf("%s did not come up, and the path of its folder is too long for a socket in it (%d bytes): %s", s.target.Server.Name, n, s.scratch.Work),
			Hint:    "set TMPDIR to a shorter path",
		}
	}
	return nil
}

func (s *stage) since(t int64) float64 { return time.Duration(s.clock.Now() - t).Seconds() }

// awaitPings returns nil once the server answers steadily, else what was seen last.
func (s *stage) awaitPings(ctx context.Context, deadline time.Time) error {
	row, last := 0, errors.New("no connection was ever accepted")
	for time.Now().Before(deadline) && ctx.Err() == nil {
		select {
		case <-s.group.Done():
			return errors.New("the server ended before it was ready")
		default:
		}
		pinging, cancel := context.WithTimeout(ctx, pingTimeout)
		answer, err := clients.Ping(pinging, s.addr)
		cancel()
		switch {
		case err != nil:
			row, last = 0, err
		case answer.Token != s.token:
			return fmt.Errorf("a wrong token was answered on %s", s.addr)
		default:
			row++
		}
		if row == pingsInARow {
			return nil
		}
		sleep(ctx, pingPause)
	}
	return fmt.Errorf("not ready after %.0f s: %w", s.since(s.launched), last)
}

// seeWorkers holds a few requests at a time, so that idle workers must take
// the others, until every expected worker has answered or time is up.
func (s *stage) seeWorkers(ctx context.Context, deadline time.Time) []int {
	seen := map[int]bool{}
	for round := 0; len(seen) < s.workers && time.Now().Before(deadline) && ctx.Err() == nil; round++ {
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i := range 2 * s.workers {
			wg.Go(func() {
				nonce := fmt.Sprintf("%s%d-%d", bootNonce, round, i)
				s.asked.add(nonce)
				path := fmt.Sprintf("/sleep?ms=%d&nonce=%s", workersSleep, nonce)
				_, _, head, err := clients.Ask(ctx, s.addr, path, 2*time.Second)
				if err != nil {
					return
				}
				if pid := workerPID(head); pid > 0 {
					mu.Lock()
					seen[pid] = true
					mu.Unlock()
				}
			})
		}
		wg.Wait()
	}
	pids := make([]int, 0, len(seen))
	for pid := range seen {
		pids = append(pids, pid)
	}
	slices.Sort(pids)
	return pids
}

// workerPID is the process that answered, as it says itself; 0 = it did not.
func workerPID(head http.Header) int {
	pid, err := strconv.Atoi(head.Get(clients.PIDHeader))
	if err != nil {
		return 0
	}
	return pid
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
