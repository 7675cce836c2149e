package clients

import (
	"context"
	"io"
	"net"
	"net/http"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"benchrun/internal/bench"
)

func wedge(t *testing.T) Provoker {
	t.Helper()
	return AppFault("wedge", VictimSize)
}

func TestAppFaultOutcomes(t *testing.T) {
	answer := func(text string) func(net.Conn, *http.Request) {
		return func(c net.Conn, r *http.Request) {
			if r.Method != http.MethodGet || r.URL.String() != "/fault/wedge?nonce=f0-31aa0000" {
				t.Errorf("asked %s %s", r.Method, r.URL)
			}
			_, _ = io.WriteString(c, text)
		}
	}
	for name, c := range map[string]struct {
		serve  func(net.Conn, *http.Request)
		want   bench.Outcome
		status int
	}{
		"answered":       {answer(head("200 OK", "Content-Length: 1024") + string(VictimBody("f0-31aa0000"))), bench.Completed, 200},
		"watchdog's 500": {answer(head("500 Oops", "Content-Length: 0")), bench.Completed, 500},
		"closed":         {answer(""), bench.Cut, 0},
		"reset":          {func(c net.Conn, _ *http.Request) { reset(c) }, bench.Cut, 0},
		"body broken":    {answer(head("200 OK", "Content-Length: 9") + "shor"), bench.Cut, 200},
		"malformed":      {answer("oops\r\n\r\n"), bench.Cut, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := provoke(t.Context(), wedge(t), rawServer(t, c.serve))
			if s.Outcome != c.want || s.Status != c.status || (s.Error == "") != (c.want == bench.Completed) {
				t.Errorf("%s, status %d, error %q; want %s, %d", s.Outcome, s.Status, s.Error, c.want, c.status)
			}
			if s.Sent < s.Due || s.Done < s.Sent || s.Role != bench.RoleProvoker || s.Nonce != "f0-31aa0000" {
				t.Errorf("sample %+v", s)
			}
			if want := 7; s.Status != 0 && s.PID != want {
				t.Errorf("pid %d, want %d", s.PID, want)
			}
		})
	}
	if s := provoke(t.Context(), wedge(t), closedPort(t)); s.Outcome != bench.NoConnect {
		t.Errorf("closed port: %s, want provoker_refused", s.Outcome)
	}
}

// held runs a provoker against a server that never answers, and cuts it.
func held(t *testing.T, p Provoker) bench.Sample {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	closed := make(chan struct{})
	addr := rawServer(t, func(c net.Conn, _ *http.Request) {
		cancel()
		untilClosed(c)
		close(closed)
	})
	s := provoke(ctx, p, addr)
	<-closed // the socket is closed with the provocation
	return s
}

func TestAppFaultIsHeldUntilCut(t *testing.T) {
	if s := held(t, wedge(t)); s.Outcome != bench.HeldOpen || s.Done < s.Sent || s.Error != "" {
		t.Errorf("sample %+v, want held_open", s)
	}
	// Cut while it still waits for a connection, so there was none.
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if s := provoke(ctx, wedge(t), fullBacklog(t)); s.Outcome != bench.NoConnect {
		t.Errorf("full backlog: %s, want provoker_refused", s.Outcome)
	}
}

// runWedges starts a ProvokerRun of n wedges, 5 ms apart, against a server that never
// answers.
func runWedges(t *testing.T, stop, cut context.Context, n int) (got *samples, arrived *atomic.Int64, launched chan int) {
	t.Helper()
	arrived = &atomic.Int64{}
	addr := rawServer(t, func(c net.Conn, _ *http.Request) { arrived.Add(1); untilClosed(c) })
	run := ProvokerRun{Clock: bench.NewClock(), Addr: addr, Role: bench.RoleAgeing, Provoker: wedge(t)}
	got = &samples{}
	run.OnSample = got.add
	for i := range n {
		run.Dues = append(run.Dues, Due{At: int64(i+1) * int64(5*time.Millisecond), Nonce: "a" + string(rune('a'+i))})
	}
	launched = make(chan int, 1)
	go func() { launched <- RunProvokers(stop, cut, run) }()
	return got, arrived, launched
}

func TestRunProvokersKeepsItsSchedule(t *testing.T) {
	cut, end := context.WithCancel(t.Context())
	defer end()
	before := runtime.NumGoroutine()
	got, arrived, launched := runWedges(t, t.Context(), cut, 20)
	eventually(t, "all have arrived", func() bool { return arrived.Load() == 20 })
	end()
	if n := <-launched; n != 20 || got.len() != 20 {
		t.Fatalf("launched %d, samples %d, want 20", n, got.len())
	}
	seen := map[uint64]bool{}
	for _, s := range got.all {
		seen[s.Seq] = true
		if s.Outcome != bench.HeldOpen || s.Role != bench.RoleAgeing || s.Nonce != "a"+string(rune('a'+int(s.Seq))) ||
			s.Due != int64(s.Seq+1)*int64(5*time.Millisecond) || s.Sent < s.Due {
			t.Errorf("sample %+v", s)
		}
	}
	if len(seen) != 20 {
		t.Errorf("%d different provocations, want 20", len(seen))
	}
	eventually(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= before+2 }) // two are the server's own
}

func TestStopLetsThoseUnderWayGoOn(t *testing.T) {
	stop, noMore := context.WithCancel(t.Context())
	cut, end := context.WithCancel(t.Context())
	defer end()
	got, arrived, launched := runWedges(t, stop, cut, 26)
	eventually(t, "some have arrived", func() bool { return arrived.Load() >= 5 })
	noMore()
	select {
	case <-launched:
		t.Fatal("stop ended the provocations under way, or the schedule was over before it")
	case <-time.After(120 * time.Millisecond):
	}
	if got.len() != 0 {
		t.Errorf("%d have ended before the cut", got.len())
	}
	end()
	if n := <-launched; n == 0 || n != got.len() {
		t.Errorf("launched %d, samples %d", n, got.len())
	} else if n == 26 {
		t.Log("the machine was too slow for stop to come in between")
	}
}

func TestCutImpliesStop(t *testing.T) {
	cut, end := context.WithCancel(t.Context())
	end()
	got, _, launched := runWedges(t, t.Context(), cut, 3)
	if n := <-launched; n != 0 || got.len() != 0 {
		t.Errorf("launched %d, samples %d after the cut", n, got.len())
	}
}
