package clients

import (
	"context"
	"sync"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"benchrun/internal/bench"
)

// These benchmarks measure the CPU time that one victim costs the harness. The server is
// a separate process, so this process's CPU time is the client's alone. Run them with
// -benchtime 5000x: the rate is fixed, so b.N decides the duration.
const benchRate = 1000

func BenchmarkOpenLoop(b *testing.B) {
	b.ReportMetric(victimsCost(b, victimServer(b), b.N), "cpu-µs/op")
}

// victimsCost is the CPU time of a victim in µs.
func victimsCost(t testing.TB, addr string, n int) float64 {
	t.Helper()
	o, got := loop(addr, benchRate)
	before := cpu()
	runUntil(t, o, uint64(n))
	cost := float64((cpu() - before).Microseconds()) / float64(n)
	if ok := got.count(bench.OK); ok != n {
		t.Errorf("%d of %d ok", ok, n)
	}
	return cost
}

// BenchmarkVegeta sends the same load with vegeta's own client, without keep-alive.
func BenchmarkVegeta(b *testing.B) {
	b.ReportMetric(vegetaCost(b, victimServer(b), b.N), "cpu-µs/op")
}

// vegetaCost is the CPU time of a request by vegeta's own client in µs.
func vegetaCost(t testing.TB, addr string, n int) float64 {
	t.Helper()
	attacker := vegeta.NewAttacker(vegeta.KeepAlive(false))
	target := vegeta.NewStaticTargeter(vegeta.Target{Method: "GET", URL: "http://" + addr + "/victim?nonce=v0-9c1e2f03"})
	pace := vegeta.Rate{Freq: benchRate, Per: time.Second}
	before, ok := cpu(), 0
	for r := range attacker.Attack(target, pace, time.Duration(n)*time.Second/benchRate, "") {
		if r.Code == 200 {
			ok++
		}
	}
	if ok < n*9/10 {
		t.Errorf("%d of %d ok", ok, n)
	}
	return float64((cpu() - before).Microseconds()) / float64(n)
}

// A victim is checked more thoroughly than a request by vegeta's own client, and costs
// half as much. The test measures them in turns, so both meet the same machine.
func TestMeasuredVictimsAreCheap(t *testing.T) {
	const n, most = 500, 0.7
	addr := victimServer(t)
	var ours, theirs float64
	for range 4 {
		ours += victimsCost(t, addr, n) / 4
		theirs += vegetaCost(t, addr, n) / 4
	}
	t.Logf("a victim takes %.0f µs of CPU, a request of vegeta's %.0f: %.2f ×", ours, theirs, ours/theirs)
	if ours > most*theirs {
		t.Errorf("more than %.2f ×", most)
	}
}

// BenchmarkHeldUploads holds b.N slow uploads between two blocks and reports by how much
// each makes this process grow (resident memory, without a forced collection). Run it
// with -benchtime 9000x. The server is in this process and has half of the descriptors,
// but costs nothing else.
func BenchmarkHeldUploads(b *testing.B) {
	addr, accepted := bareAcceptor(b)
	u := quickUpload(time.Hour)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	var wg sync.WaitGroup
	before := resident(b)
	for i := range b.N {
		// As in an attempt, only a few connections begin at once.
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
