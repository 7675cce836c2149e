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

// victimRates are the rates at which clients are compared, requests a second in
// all, and to how many open loops of benchrun each belongs: one cell's, those of
// several cells side by side in one process, and one loop that is in a hurry.
var victimRates = []struct{ rate, loops int }{{100, 1}, {600, 6}, {1000, 1}}

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
	return fmt.Sprintf(" (%s of %s answered rightly)", bench.Grouped(a.OK), bench.Grouped(a.Requests))
}

// victimsPart drives the client of every attempt: n[2] open loops whose answers
// are held to nonce, digest and framing, and whose samples are all kept. Together
// they make n[0] requests a second for n[1] ms.
func victimsPart(ctx context.Context, answer *json.Encoder, addr string, n []int) error {
	var mu sync.Mutex
	var samples []bench.Sample
	clock, loops := bench.NewClock(), n[2]
	if loops < 1 || n[0] < loops {
		return fmt.Errorf("%d requests a second of %d loops", n[0], loops)
	}
	start := clock.Now() + int64(50*time.Millisecond)
	ctx, cancel := context.WithDeadline(ctx, clock.At(start+int64(n[1])*int64(time.Millisecond)))
	defer cancel()
	failed := make(chan error, loops)
	for i := range loops {
		loop := clients.OpenLoop{
			Clock: clock, Addr: addr, Role: bench.RoleVictim,
			// Cells do not begin together.
			Beat: bench.Beat{Start: start + int64(i)*int64(time.Second)/int64(n[0]), Rate: n[0] / loops},
			SLO:  bench.StandardLoad.SLO, Timeout: bench.StandardLoad.Timeout,
			Nonce:    func(seq uint64) string { return fmt.Sprintf("v%d-%d-9c1e2f03", i, seq) },
			OnSample: func(s bench.Sample) { mu.Lock(); defer mu.Unlock(); samples = append(samples, s) },
		}
		go func() { failed <- loop.Run(ctx) }()
	}
	var err error
	for range loops {
		err = errors.Join(err, <-failed)
	}
	if err != nil {
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
func (l *Lab) attack(ctx context.Context, addr string, rate, loops int) (a attacked, perRequest float64, err error) {
	cpu, err := l.ask(ctx, &a, "victims", addr, strconv.Itoa(rate), strconv.FormatInt(l.Scale.Attack.Milliseconds(), 10), strconv.Itoa(loops))
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
	var rows []Row
	for _, at := range victimRates {
		compared := l.compared(server, at.rate, at.loops)
		for range l.Scale.Rounds {
			for _, c := range compared {
				a, us, err := c.attack(ctx)
				if err != nil {
					return rows, fmt.Errorf("%s: %w", c.name, err)
				}
				c.cpu, c.sum.Requests, c.sum.OK = append(c.cpu, us), c.sum.Requests+a.Requests, c.sum.OK+a.OK
			}
		}
		rows = append(rows, victimRow(at.rate, at.loops, compared))
	}
	return rows, nil
}

// The clients beside the victims.
const (
	besideVegeta = "vegeta"
	besideWrk    = "wrk"
	besideHasty  = "wrk as fast as it can"
)

// compared are the clients that are there, benchrun's first.
func (l *Lab) compared(server *served, rate, loops int) []*client {
	all := []*client{{name: "benchrun", attack: func(ctx context.Context) (attacked, float64, error) {
		return l.attack(ctx, server.addr, rate, loops)
	}}}
	if path := l.Rivals.Wrk; path != "" {
		all = append(all,
			&client{name: besideWrk, attack: func(ctx context.Context) (attacked, float64, error) {
				return l.wrk(ctx, path, server.url(), rate)
			}},
			&client{name: besideHasty, attack: func(ctx context.Context) (attacked, float64, error) {
				return l.wrk(ctx, path, server.url(), 0)
			}})
	}
	if path := l.Rivals.Vegeta; path != "" {
		all = append(all, &client{name: besideVegeta, attack: func(ctx context.Context) (attacked, float64, error) {
			return l.vegeta(ctx, path, server.url(), rate)
		}})
	}
	return all
}

// mostOverWrk is the goal for a request's CPU time, beside wrk at the same rate.
const mostOverWrk = 2.0

// victimRow compares the first client, which is benchrun's, with the others.
func victimRow(rate, loops int, compared []*client) Row {
	ours := compared[0]
	what := fmt.Sprintf("CPU of a victim request at %s/s", bench.Grouped(rate))
	if loops > 1 {
		what = fmt.Sprintf("CPU of a victim request at %s/s, of %d cells in one process", bench.Grouped(rate), loops)
	}
	row := Row{What: what + ", nonce and body checked", Figure: ours.cpu.in("µs")}
	var beside []string
	for _, c := range compared[1:] {
		ratio := ours.cpu.median() / c.cpu.median()
		row.Figure += fmt.Sprintf(", %.2f × %s", ratio, c.name)
		if c.name == besideWrk {
			row.Goal, row.Missed = "≤ 2 × wrk at the same rate", ratio > mostOverWrk
		}
		beside = append(beside, c.name+" "+c.cpu.in("µs")+c.sum.remark())
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
		a, _, err := l.attack(ctx, server.addr, rate, 1)
		if err != nil {
			return rows, err
		}
		rows = append(rows, latenessRow(rate, a))
	}
	return rows, nil
}

func latenessRow(rate int, a attacked) Row {
	return Row{
		What:   fmt.Sprintf("lateness of victims at %s/s, p99", bench.Grouped(rate)),
		Figure: number(float64(a.Lateness)/1e6) + " ms" + a.remark(),
	}
}
