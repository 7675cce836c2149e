package cost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// victimRate is the rate at which clients are compared, requests a second.
const victimRate = 1000

// wrkConnections are few: wrk cannot keep a rate, so it must at least not
// spend its time on contention.
const wrkConnections = 4

// attacked is how an attack of the victim client went.
type attacked struct {
	Requests int   `json:"requests"` // that were due
	Sent     int   `json:"sent"`
	OK       int   `json:"ok"`
	Lateness int64 `json:"lateness_p99_ns"` // sent - due
}

// remark tells of requests that were not answered rightly; "" where all were.
func (a attacked) remark() string {
	if a.OK == a.Requests {
		return ""
	}
	return fmt.Sprintf(" (%s of %s answered rightly)", thousands(a.OK), thousands(a.Requests))
}

// victimsPart drives the client of every attempt: an open loop whose answers
// are held to nonce, digest and framing, and whose samples are all kept.
func victimsPart(ctx context.Context, answer *json.Encoder, addr string, n []int) error {
	var mu sync.Mutex
	var samples []bench.Sample
	clock, rate := bench.NewClock(), n[0]
	loop := clients.OpenLoop{
		Clock: clock, Addr: addr, Role: bench.RoleVictim,
		Beat: bench.Beat{Start: clock.Now() + int64(50*time.Millisecond), Rate: rate},
		SLO:  bench.StandardLoad.SLO, Timeout: bench.StandardLoad.Timeout,
		Nonce:    func(seq uint64) string { return fmt.Sprintf("v%d-9c1e2f03", seq) },
		OnSample: func(s bench.Sample) { mu.Lock(); defer mu.Unlock(); samples = append(samples, s) },
	}
	end := loop.Beat.Start + int64(n[1])*int64(time.Millisecond)
	ctx, cancel := context.WithDeadline(ctx, clock.At(end))
	defer cancel()
	if err := loop.Run(ctx); err != nil {
		return err
	}
	return answer.Encode(tally(samples))
}

func tally(samples []bench.Sample) attacked {
	a := attacked{Requests: len(samples)}
	var late []int64
	for _, s := range samples {
		if s.Outcome == bench.OK {
			a.OK++
		}
		if s.Sent > 0 {
			a.Sent++
			late = append(late, s.Sent-s.Due)
		}
	}
	a.Lateness = percentile(late, 99)
	return a
}

// attack drives victims for a while and gives the CPU time of a request in µs.
func (l *Lab) attack(ctx context.Context, addr string, rate int) (a attacked, perRequest float64, err error) {
	cpu, err := l.ask(ctx, &a, "victims", addr, strconv.Itoa(rate), strconv.FormatInt(l.Scale.Attack.Milliseconds(), 10))
	if err != nil {
		return a, 0, err
	}
	if a.Sent == 0 {
		return a, 0, errors.New("not one victim was sent")
	}
	return a, microseconds(cpu, a.Sent), nil
}

func microseconds(cpu time.Duration, requests int) float64 {
	return float64(cpu.Nanoseconds()) / 1e3 / float64(requests)
}

// client is one of those compared, with what its rounds gave.
type client struct {
	name   string
	attack func(context.Context) (attacked, float64, error)
	cpu    spread // µs a request
	sum    attacked
}

// measureVictims takes the clients in turns, so that what the machine does
// besides hits them alike.
func measureVictims(ctx context.Context, l *Lab) ([]Row, error) {
	server, err := l.serve(ctx)
	if err != nil {
		return nil, err
	}
	defer server.close()
	compared := []*client{{name: "benchrun", attack: func(ctx context.Context) (attacked, float64, error) {
		return l.attack(ctx, server.addr, victimRate)
	}}}
	if path := l.Rivals.Vegeta; path != "" {
		compared = append(compared, &client{name: "vegeta", attack: func(ctx context.Context) (attacked, float64, error) {
			return l.vegeta(ctx, path, server.url())
		}})
	}
	if path := l.Rivals.Wrk; path != "" {
		compared = append(compared, &client{name: "wrk", attack: func(ctx context.Context) (attacked, float64, error) {
			return l.wrk(ctx, path, server.url())
		}})
	}
	for range l.Scale.Rounds {
		for _, c := range compared {
			a, us, err := c.attack(ctx)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			c.cpu, c.sum.Requests, c.sum.OK = append(c.cpu, us), c.sum.Requests+a.Requests, c.sum.OK+a.OK
		}
	}
	return []Row{victimRow(compared)}, nil
}

// mostOverVegeta is the goal for a request's CPU time.
const mostOverVegeta = 1.1

// victimRow compares the first client, which is benchrun's, with the others.
func victimRow(compared []*client) Row {
	ours := compared[0]
	row := Row{
		What:   fmt.Sprintf("CPU of a victim request at %s/s, nonce and body checked", thousands(victimRate)),
		Figure: ours.cpu.in("µs"),
	}
	var beside []string
	for _, c := range compared[1:] {
		text := c.name + " " + c.cpu.in("µs")
		switch c.name {
		case "vegeta":
			ratio := ours.cpu.median() / c.cpu.median()
			row.Figure += fmt.Sprintf(", %.2f × vegeta", ratio)
			row.Goal, row.Missed = "≤ 1.1 × vegeta", ratio > mostOverVegeta
		case "wrk":
			text += " as fast as it can"
		}
		beside = append(beside, text+c.sum.remark())
	}
	row.Figure += ours.sum.remark()
	row.Beside = strings.Join(beside, "; ")
	return row
}

// measureLateness asks how late the generator itself is.
func measureLateness(ctx context.Context, l *Lab) ([]Row, error) {
	server, err := l.serve(ctx)
	if err != nil {
		return nil, err
	}
	defer server.close()
	var rows []Row
	for _, rate := range l.Scale.Rates {
		a, _, err := l.attack(ctx, server.addr, rate)
		if err != nil {
			return rows, err
		}
		rows = append(rows, latenessRow(rate, a))
	}
	return rows, nil
}

func latenessRow(rate int, a attacked) Row {
	return Row{
		What:   fmt.Sprintf("lateness of victims at %s/s, p99", thousands(rate)),
		Figure: number(float64(a.Lateness)/1e6) + " ms" + a.remark(),
	}
}
