package reference

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// leakedByReload is how many descriptors a reload of leaks-on-reload leaves open.
const leakedByReload = 4

var errFailsOnStop = errors.New("it was asked to end, and calls that a failure (fails-on-stop)")

// checkStart looks whether workers can load the app. goOn says that the front serves, with
// the flaw retries-at-start even if they cannot.
func checkStart(o options, events *log.Logger) (goOn bool, err error) {
	err = checkApp(o.app)
	switch {
	case err != nil && o.flaws[hidesBrokenStart]:
		events.Print(err)
		return false, nil
	case err != nil && o.flaws[retriesAtStart]:
		events.Print(err)
		return true, nil
	}
	return err == nil, err
}

// listen listens, with the flaw shares-port together with others.
func listen(o options) (net.Listener, error) {
	var with net.ListenConfig
	if o.flaws[sharesPort] {
		with.Control = func(_, _ string, c syscall.RawConn) error {
			var failed error
			err := c.Control(func(fd uintptr) {
				failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
			})
			return errors.Join(err, failed)
		}
	}
	return with.Listen(context.Background(), "tcp", o.bind)
}

// leak is the flaw leaks-on-reload.
func (p *pool) leak() {
	for range leakedByReload {
		f, err := os.Open(os.DevNull)
		if err != nil {
			p.events.Print(err)
			return
		}
		p.leaked = append(p.leaked, f)
	}
}

// ending is how the front's end differs with a flaw: it ends the requests under way when the
// context does.
func (p *pool) ending(o options) (context.Context, context.CancelFunc) {
	switch {
	case o.flaws[waitsForStreams]:
		return context.WithCancel(context.Background())
	case o.flaws[waitsOutGrace]:
		time.Sleep(o.grace + time.Second)
	case o.flaws[dropsQueue]:
		p.dropWaiting()
	}
	return context.WithTimeout(context.Background(), o.grace)
}

// dropWaiting is the flaws drops-queue and drops-backlog: no request that waits gets a worker.
func (p *pool) dropWaiting() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.dropping)
	p.dropping = make(chan struct{})
}

// limitOf is how long a worker may take for a request; 0 = as long as it likes.
func (p *pool) limitOf(j *job) time.Duration {
	switch {
	case p.o.flaws[noWatchdog], p.o.flaws[waitsForStreams], p.o.flaws[freezesOnExit] && j.Path == exitPath:
		return 0
	case p.o.flaws[killsHonest], p.o.flaws[killsOneHonest] && strings.HasPrefix(j.Path, "/fault/") && p.hasty.CompareAndSwap(false, true):
		return min(p.o.watchdog, hastyWatchdog)
	}
	return p.o.watchdog
}

// openConns is the flaw waits-for-clients: it knows what each open connection does.
type openConns struct {
	mu     sync.Mutex
	states map[net.Conn]http.ConnState
}

// note is an http.Server's ConnState.
func (c *openConns) note(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.states[conn] = state; state == http.StateClosed {
		delete(c.states, conn)
	}
}

// wait closes the connections that are idle now, and returns when the others have ended.
func (c *openConns) wait() {
	for first, left := true, 1; left > 0; first = false {
		time.Sleep(10 * time.Millisecond)
		c.mu.Lock()
		left = len(c.states)
		for conn, state := range c.states {
			if first && state == http.StateIdle {
				_ = conn.Close()
			}
		}
		c.mu.Unlock()
	}
}

// serveAlone is the flaw shares-port: a worker whose front is gone serves by itself.
func serveAlone(a *app) error {
	listener, err := net.FileListener(os.NewFile(workerListenerFD, "listener"))
	if err != nil {
		return fmt.Errorf("worker %d: %w", os.Getpid(), err)
	}
	var one sync.Mutex
	srv := &http.Server{ReadHeaderTimeout: headerTimeout, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		one.Lock()
		defer one.Unlock()
		ans := a.answer(request{Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery}, upload{})
		ans.PID = os.Getpid()
		relay(w, http.NewResponseController(w), ans)
	})}
	time.AfterFunc(orphanLife, func() { _ = srv.Close() })
	return srv.Serve(listener)
}
