package attempt

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
	"benchrun/scenarios"
)

func family(t *testing.T, id string) bench.Family {
	t.Helper()
	f, ok := scenarios.Family(id)
	if !ok {
		t.Fatalf("no family %s", id)
	}
	return f
}

// Without a sabotage an attempt does what it always did.
func TestNothingIsSpoiledByItself(t *testing.T) {
	dues := []clients.Due{{At: 1, Nonce: "f0"}, {At: 2, Nonce: "f1"}, {At: 3, Nonce: "f2"}}
	phases := bench.PhasesFor(bench.ModeFull, 0, 0)
	if got := unspoiled("", dues); !slices.Equal(got, dues) {
		t.Errorf("of %v %v are left", dues, got)
	}
	if late := lateness(""); late != 0 {
		t.Errorf("victims are sent %v late", late)
	}
	if got := faultCap("", phases); got != phases.FaultCap {
		t.Errorf("the cap is %v, not %v", got, phases.FaultCap)
	}
	if got := asked(t, bench.Scenario{Family: family(t, "wedge")}); got != "/fault/wedge" {
		t.Errorf("the app is asked for %s", got)
	}
}

func TestSpoiledRequests(t *testing.T) {
	dues := []clients.Due{{At: 1, Nonce: "f0"}, {At: 2, Nonce: "f1"}, {At: 3, Nonce: "f2"}}
	if got := unspoiled(bench.SabotageFaultsUnsent, dues); len(got) != 0 {
		t.Errorf("%v are sent", got)
	}
	if got := unspoiled(bench.SabotageFaultsHalved, dues); !slices.Equal(got, []clients.Due{dues[0], dues[2]}) {
		t.Errorf("half of %v is %v", dues, got)
	}
	late := lateness(bench.SabotageLateGenerator)
	if late <= bench.MaxLateness || late >= bench.StandardLoad.SLO {
		t.Errorf("%v is either not late, or late enough to cost victims", late)
	}
	s := bench.Scenario{Family: family(t, "wedge"), Sabotage: bench.SabotageAppWithoutFault}
	if got := asked(t, s); got == "/fault/wedge" || !strings.HasPrefix(got, "/fault/") {
		t.Errorf("the app is asked for %s", got)
	}
	if quick := bench.PhasesFor(bench.ModeQuick, 0, 0); faultCap(bench.SabotageDeadControl, quick) <= quick.Fault {
		t.Error("a sabotaged fault phase has no time to see what it should")
	}
}

// asked is the path that a scenario's provoker asks a server for.
func asked(t *testing.T, s bench.Scenario) string {
	t.Helper()
	path := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { path <- r.URL.Path }))
	defer server.Close()
	provoker, err := provokerOf(s, scenarios.Place{})
	if err != nil {
		t.Fatal(err)
	}
	provoker.Provoke(t.Context(), clients.Provocation{
		Clock: bench.NewClock(), Addr: strings.TrimPrefix(server.URL, "http://"), Nonce: "f0", Role: bench.RoleProvoker,
	})
	return <-path
}

// A control that is stopped does not answer until it goes on; one that is killed
// is known to have ended.
func TestSpoiledControl(t *testing.T) {
	answers := func(c *clients.ControlServer) bool {
		deadline := time.Now().Add(500 * time.Millisecond)
		conn, err := c.Dial(t.Context(), deadline)
		if err != nil {
			return false
		}
		defer conn.Close() //nolint:errcheck // read only
		_ = conn.SetDeadline(deadline)
		_, _ = conn.Write([]byte("GET /victim?nonce=c0 HTTP/1.1\r\nHost: control\r\n\r\n"))
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		return err == nil && resp.StatusCode == http.StatusOK
	}
	eventually := func(what string, ok func() bool) {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("not within 10 s: %s", what)
			}
		}
	}
	control, err := clients.StartControl(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = control.Close() }()
	spoilControl("", control)()
	eventually("an unspoiled control answers", func() bool { return answers(control) })
	undo := spoilControl(bench.SabotageStalledControl, control)
	eventually("a stopped control is silent", func() bool { return !answers(control) })
	undo()
	eventually("it answers when it goes on", func() bool { return answers(control) })
	spoilControl(bench.SabotageDeadControl, control)()
	select {
	case <-control.Done():
	case <-time.After(10 * time.Second):
		t.Error("the control outlived being killed")
	}
}
