package doctor

import (
	"context"
	"fmt"
	"sync"
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
	"benchrun/internal/place"
)

// listening is how long the control is asked, and how often a second.
const (
	listening     = 3 * time.Second
	listeningRate = 20
)

func lookLoad(ctx context.Context, p *patient) []Check {
	out := []Check{load(p.host.Load1, p.host.CPUs)}
	for _, d := range place.Busy(ctx, p.host) {
		out = append(out, Check{Name: d.Name, State: Warn, Text: d.What, Fix: d.Fix})
	}
	return out
}

// load judges the load average of the last minute. It is only a warning: what
// counts is whether the host stalls, second by second.
func load(load1 float64, cpus int) Check {
	c := Check{Name: "load", State: OK, Text: fmt.Sprintf("load average %.2f on %d CPUs", load1, cpus)}
	if load1 > float64(cpus)/2 {
		c.State, c.Fix = Warn, "end what keeps the machine busy: seconds in which it stalls do not count, and too many of them make a verdict invalid"
	}
	return c
}

// lookStalls does for a few seconds what every attempt does: it asks a trivial
// server and sees whether the host lets it answer.
func lookStalls(ctx context.Context, _ *patient) []Check {
	c := Check{Name: "stalls"}
	server, err := clients.StartControl(ctx)
	if err != nil {
		c.Text = "control server: " + problem(err)
		return []Check{c}
	}
	defer server.Close() //nolint:errcheck // it ends with benchrun in any case
	var mu sync.Mutex
	var samples []bench.Sample
	clock := bench.NewClock()
	asking, cancel := context.WithTimeout(ctx, listening)
	defer cancel()
	loop := clients.OpenLoop{
		Clock: clock, Addr: clients.ControlName, Dial: server.Dial, Role: bench.RoleControl,
		Beat: bench.Beat{Start: clock.Now(), Rate: listeningRate}, SLO: bench.ControlSLO, Timeout: bench.StandardLoad.Timeout,
		Nonce: func(seq uint64) string { return fmt.Sprintf("doctor-%d", seq) },
		OnSample: func(s bench.Sample) {
			mu.Lock()
			defer mu.Unlock()
			samples = append(samples, s)
		},
	}
	if err := loop.Run(asking); err != nil {
		c.Text = problem(err)
		return []Check{c}
	}
	return []Check{stalls(samples)}
}

// stalls judges control requests. None at all is no proof of a quiet host.
func stalls(samples []bench.Sample) Check {
	c := Check{Name: "stalls", State: OK}
	missed, worst := 0, time.Duration(0)
	for _, s := range samples {
		if s.Outcome != bench.OK {
			missed++
		}
		if s.Done > s.Due {
			worst = max(worst, time.Duration(s.Done-s.Due))
		}
	}
	c.Text = fmt.Sprintf("%d of %d requests to a trivial server late (over %d ms), the slowest %d ms",
		missed, len(samples), bench.ControlSLO.Milliseconds(), worst.Milliseconds())
	switch {
	case len(samples) == 0:
		c.State, c.Text = Bad, "a trivial server could not be asked"
	case missed > 0:
		c.State, c.Fix = Warn, "end what keeps the machine busy, or measure elsewhere: seconds like these do not count"
	}
	return c
}
