package place

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// A target is ready when it has answered this many times in a row with the
// attempt's token, and then every expected worker has been seen, for which it gets
// up to ServingWait more.
const (
	pingsInARow  = 5
	pingTimeout  = time.Second
	pingPause    = 20 * time.Millisecond
	workersSleep = 50 // ms that each request lasts, so that the next one finds another worker
)

// Ready waits until the target serves. The Boot says what the server did wrong. An
// error is benchrun's or the host's: an interruption, or a port that another program
// took.
func (p *Place) Ready(ctx context.Context, limit time.Duration) (bench.Boot, error) {
	deadline := time.Now().Add(limit)
	note, err := p.awaitBoth(ctx, deadline)
	if err != nil {
		return bench.Boot{}, err
	}
	boot := bench.Boot{Seconds: p.Since(p.launched)}
	if err := ctx.Err(); err != nil {
		return boot, err
	}
	exited := p.group.Exit() // before benchrun ends the target itself
	if note != nil {
		if err := p.portLost(ctx); err != nil {
			return boot, err
		}
		if err := p.roomForSockets(); err != nil {
			return boot, err
		}
		boot.Exited = exited
		boot.Note = bench.Excerpt(note.Error())
		boot.LogTail = p.log.tail()
		if words := p.frontWords(); words != "" {
			boot.LogTail = strings.TrimSpace(boot.LogTail + "\n" + words)
		}
		return boot, nil
	}
	boot.PIDs = p.Serving(ctx, min(time.Until(deadline), ServingWait))
	boot.Ready = true
	boot.WorkersSeen = len(boot.PIDs)
	boot.Seconds = p.Since(p.launched)
	return boot, ctx.Err()
}

// mostWorkPath is how many bytes the path of a server's folder may have. The path
// of a Unix socket has 107 at most, and mod_wsgi-express adds
// "/mod_wsgi/wsgi.4194304.0.1.sock".
const mostWorkPath = 107 - 32

// roomForSockets returns an error if the path of the server's folder is too long
// for a socket. That can keep a server from starting, and is not its fault.
func (p *Place) roomForSockets() error {
	if n := len(p.scratch.Work); n > mostWorkPath {
		return &bench.EnvironmentError{
			Problem: fmt.Sprintf("%s did not start, perhaps because the path of its folder is too long for a socket (%d bytes): %s", p.target.Server.Name, n, p.scratch.Work),
			Hint:    "set TMPDIR to a shorter path",
		}
	}
	return nil
}

// Since is how many seconds ago t is, in ns since origin.
func (p *Place) Since(t int64) float64 { return time.Duration(p.clock.Now() - t).Seconds() }

// awaitBoth waits for the server and then, if there is a front, starts that and waits until
// the server answers through it: a front may ask a server that has refused it again only
// much later. note is what is wrong with the target, at the deadline or before.
func (p *Place) awaitBoth(ctx context.Context, deadline time.Time) (note, err error) {
	if p.front == nil {
		return p.awaitPings(ctx, p.addr, deadline), nil
	}
	if note := p.awaitPings(ctx, p.front.at.Server, deadline); note != nil {
		return note, nil
	}
	if err := p.group.StartBeside(ctx); err != nil && ctx.Err() == nil {
		return nil, err
	}
	return p.awaitPings(ctx, p.addr, deadline), nil
}

// awaitPings returns nil once the target answers steadily at an address. At the deadline
// it returns the last error.
func (p *Place) awaitPings(ctx context.Context, addr string, deadline time.Time) error {
	row, last := 0, errors.New("it never accepted a connection")
	for time.Now().Before(deadline) && ctx.Err() == nil {
		select {
		case <-p.group.Done():
			return errors.New("the server ended before it was ready")
		default:
		}
		if how := p.frontEnded(); how != "" {
			return errors.New(how + " before the two were ready")
		}
		pinging, cancel := context.WithTimeout(ctx, pingTimeout)
		answer, err := clients.Ping(pinging, addr)
		cancel()
		switch {
		case err != nil:
			row, last = 0, err
		case answer.Token != p.token:
			return fmt.Errorf("a wrong token was answered on %s", addr)
		default:
			row++
		}
		if row == pingsInARow {
			return nil
		}
		bench.Sleep(ctx, pingPause)
	}
	return fmt.Errorf("not ready after %.0f s: %w", p.Since(p.launched), last)
}
