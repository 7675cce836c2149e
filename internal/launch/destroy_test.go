package launch

import (
	"strings"
	"testing"
	"time"
)

func TestDestroyLeavesNothing(t *testing.T) {
	ownTemp(t)
	for _, caps := range available(t) {
		t.Run(string(caps.Level), func(t *testing.T) {
			port, arg := testPort(t)
			g := startPart(t, caps, smallLimits, part("hostile", arg)...)
			eventually(t, "the server is ready", func() bool { return strings.Contains(logOf(g), "ready") })
			pids, err := g.Members()
			if err != nil || len(pids) != daemons+1 {
				t.Fatalf("%d members, want %d (%v)", len(pids), daemons+1, err)
			}
			began := time.Now()
			if err := g.Destroy(t.Context()); err != nil {
				t.Fatal(err)
			}
			t.Logf("destroyed %d processes in %v", len(pids), time.Since(began))
			if left, err := marked(g.scratch.ID); err != nil || len(left) > 0 {
				t.Errorf("left: %v %v", left, err)
			}
			if !PortFree(port) {
				t.Error("the port is not free")
			}
		})
	}
}
