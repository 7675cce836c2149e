package clients

import (
	"context"
	"sync"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"benchrun/internal/bench"
)

// What one victim costs the harness, in CPU. The server is a process of its
// own, so this process's CPU time is the client's alone. Run with
// -benchtime 5000x: the rate is fixed, so b.N decides the duration.
const benchRate = 1000

func BenchmarkOpenLoop(b *testing.B) {
	o, got := loop(victimServer(b), benchRate)
	o.Beat.Start = o.Clock.Now()
	before := cpu()
	runUntil(b, o, uint64(b.N))
	b.ReportMetric(float64((cpu()-before).Microseconds())/float64(b.N), "cpu-µs/op")
	if n := got.count(bench.OK); n != b.N {
		b.Errorf("%d of %d ok", n, b.N)
	}
}

// BenchmarkVegeta is the same load through vegeta's own client, without
// keep-alive: what the outcomes cost is the difference.
func BenchmarkVegeta(b *testing.B) {
	url := "http://" + victimServer(b) + "/victim?nonce=v0-9c1e2f03"
	attacker := vegeta.NewAttacker(vegeta.KeepAlive(false))
	target := vegeta.NewStaticTargeter(vegeta.Target{Method: "GET", URL: url})
	pace := vegeta.Rate{Freq: benchRate, Per: time.Second}
	before, ok := cpu(), 0
	for r := range attacker.Attack(target, pace, time.Duration(b.N)*time.Second/benchRate, "") {
		if r.Code == 200 {
			ok++
		}
	}
	b.ReportMetric(float64((cpu()-before).Microseconds())/float64(b.N), "cpu-µs/op")
	if ok < b.N*9/10 {
		b.Errorf("%d of %d ok", ok, b.N)
	}
}

// BenchmarkHeldUploads holds b.N slow uploads between two blocks and reports by
// how much each makes this process grow (resident, not forced to collect). Run
// with -benchtime 9000x: half of the descriptors are the server's, which costs
// nothing else.
func BenchmarkHeldUploads(b *testing.B) {
	addr, accepted := bareAcceptor(b)
	u := quickUpload(time.Hour)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	var wg sync.WaitGroup
	before := resident(b)
	for i := range b.N {
		// As in an attempt, few connections are begun at once.
		eventually(b, "most are under way", func() bool { return int(accepted.Load()) > i-20 })
		wg.Go(func() {
			if s := provoke(ctx, u, addr); s.Outcome != bench.HeldOpen {
				b.Errorf("%s: %s", s.Outcome, s.Error)
			}
		})
	}
	eventually(b, "all are under way", func() bool { return int(accepted.Load()) == b.N })
	b.ReportMetric(float64(resident(b)-before)/float64(b.N), "B/upload")
	cancel()
	wg.Wait()
}
