package place

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/targets"
)

// loop is a supervisor that every machine has.
func loop() *targets.Supervisor {
	return &targets.Supervisor{
		Name: "loop", Title: "a loop", CommandWords: []string{"/bin/sh", "{work}/loop"},
		Files: map[string]string{
			"loop":    "#!/bin/sh\ntrap 'kill $child; wait $child; exit 0' TERM\nwhile :; do {work}/app/run & child=$!; wait $child; done\n",
			"app/run": "#!/bin/sh\nsleep 0.1\ncd {app}\nexec {command}\n",
		},
		Stop: targets.SupervisorStop{Signal: "TERM"},
	}
}

// everySupervisor has those that this machine has.
func everySupervisor(t *testing.T) []*targets.Supervisor {
	t.Helper()
	all := []*targets.Supervisor{loop()}
	for _, name := range targets.SupervisorNames() {
		by, err := targets.FindSupervisor(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, by)
	}
	return all
}

// processesWith lists the processes whose command line has a text.
func processesWith(t *testing.T, text string) []string {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(file string) bool {
		line, err := os.ReadFile(file)
		return err != nil || !bytes.Contains(line, []byte(text))
	})
}

// A supervisor starts the server, again when its first process is killed, and ends with it
// when it is asked to. One that starts a broken server again and again is ended too, and
// nothing is left.
func TestSupervisors(t *testing.T) {
	host, target := appHost(t)
	for _, by := range everySupervisor(t) {
		t.Run(by.Name, func(t *testing.T) {
			if _, err := os.Stat(by.CommandWords[0]); err != nil {
				t.Skipf("%s is not installed", by.Title)
			}
			under := target("honest")
			under.Server = under.Server.StartedBy(by)
			p, journal := appPlace(t, host, under, bench.NewClock())
			folder := p.scratch.Dir
			boot, err := p.Ready(t.Context(), 15*time.Second)
			if err != nil || !boot.Ready {
				t.Fatalf("%+v, %v", boot, err)
			}
			manager, first := p.group.LeaderPID(), p.Leader()
			if manager == first || !slices.Equal(boot.PIDs, []int{first}) {
				t.Fatalf("pid %d serves %v under pid %d", first, boot.PIDs, manager)
			}
			if s := p.Supervised(); s == nil || s.Name != by.Name || s.Command[0] != by.CommandWords[0] {
				t.Errorf("described as %+v", s)
			}

			a, err := p.KillLeader(t.Context(), "f0")
			if err != nil || !a.Ready || a.Starts != 1 || a.Orphans != 0 || a.Old > 0 || a.Lost > 0 || a.Exited != nil || a.Holder != "" {
				t.Fatalf("%+v, %v", a, err)
			}
			if next := p.Leader(); next == first || next == 0 || p.group.LeaderPID() != manager {
				t.Errorf("pid %d under %d, after pid %d under %d", next, p.group.LeaderPID(), first, manager)
			}
			if marks := journal.Snapshot().Marks; len(marks) != 1 || marks[0].Name != bench.MarkSignal || marks[0].Note != "f0" {
				t.Errorf("marks %+v", marks)
			}

			stop := p.Stop(t.Context(), 10*time.Second)
			if stop.AlreadyGone || stop.NeededSIGKILL || stop.Survivors > 0 || !stop.PortFreed || stop.Exit == nil || *stop.Exit != (bench.ExitStatus{}) {
				t.Errorf("stopped: %+v, %+v", stop, stop.Exit)
			}

			a, err = p.RestartBroken(t.Context(), 4*time.Second)
			if err != nil || a.Ready || a.Exited != nil || a.Starts < 2 {
				t.Errorf("with a broken app: %+v, %v", a, err)
			}
			if len(processesWith(t, folder)) == 0 {
				t.Error("the supervisor cannot be seen among the processes")
			}
			if err := p.Close(t.Context()); err != nil {
				t.Error(err)
			}
			if left := processesWith(t, folder); len(left) > 0 {
				t.Errorf("still running: %q", left)
			}
			if _, err := os.Stat(folder); err == nil {
				t.Error("its folder is left")
			}
			if doubts := besidesBusy(journal.Snapshot().Doubts); len(doubts) > 0 {
				t.Errorf("doubts %+v", doubts)
			}
		})
	}
}

// What the first start leaves behind keeps the port, however often a supervisor starts the
// server again.
func TestSupervisedOrphans(t *testing.T) {
	host, target := appHost(t)
	under := target("honest") // its leader starts the app, and ends when that does
	under.Server.CommandWords = append([]string{"/bin/sh", "-c", `"$@" & wait $!; exit 7`, "sh"}, under.Server.CommandWords...)
	under.Server = under.Server.StartedBy(loop())
	p, _ := appPlace(t, host, under, bench.NewClock())
	if boot, err := p.Ready(t.Context(), 15*time.Second); err != nil || !boot.Ready {
		t.Fatalf("%+v, %v", boot, err)
	}
	a, err := p.KillLeader(t.Context(), "f0")
	if err != nil || a.Ready || a.Exited != nil || a.Starts < 2 || a.Orphans != 1 || a.Holder == "" || a.Note != "a process of the first start answered" {
		t.Errorf("%+v, %v", a, err)
	}
	folder := p.scratch.Dir
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if left := processesWith(t, folder); len(left) > 0 {
		t.Errorf("still running: %q", left)
	}
}
