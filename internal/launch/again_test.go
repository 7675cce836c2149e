package launch

import (
	"strings"
	"syscall"
	"testing"
)

// The command runs once more among what the first one left, and how it ended is known like that
// of the first.
func TestAgain(t *testing.T) {
	ownTemp(t)
	for _, caps := range available(t) {
		for name, script := range map[string]string{
			"beside an orphan": "sleep 1000 & echo up=$$.; exec sleep 1000",
			"alone":            "echo up=$$.; exec sleep 1000",
		} {
			t.Run(string(caps.Level)+"/"+name, func(t *testing.T) {
				g := startAgain(t, caps, "sh", "-c", script)
				ups := func() int { return strings.Count(logOf(g), "up=") }
				eventually(t, "it is up", func() bool { return ups() == 1 })
				if err := g.Again(t.Context()); err == nil {
					t.Fatal("it was started again beside itself")
				}
				for round := 2; round <= 3; round++ {
					before := g.LeaderHostPID()
					if err := g.Signal(syscall.SIGKILL); err != nil {
						t.Fatal(err)
					}
					<-g.Done()
					if err := g.Again(t.Context()); err != nil {
						t.Fatal(err)
					}
					eventually(t, "it is up again", func() bool { return ups() == round })
					if g.Exit() != nil || g.LeaderHostPID() == before {
						t.Errorf("exit %+v; leader %d, before %d", g.Exit(), g.LeaderHostPID(), before)
					}
				}
				members, err := g.Members()
				if want := map[bool]int{true: 4, false: 1}[name == "beside an orphan"]; err != nil || len(members) != want {
					t.Errorf("%d processes, want %d; %v", len(members), want, err)
				}
				if err := g.Signal(syscall.SIGTERM); err != nil {
					t.Fatal(err)
				}
				<-g.Done()
				if e := g.Exit(); e == nil || e.Signal != "SIGTERM" || g.Err() != nil {
					t.Errorf("the last one ended %+v, %v", e, g.Err())
				}
			})
		}
	}
}
