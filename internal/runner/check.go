package runner

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
	"benchrun/internal/launch"
	"benchrun/internal/plan"
	"benchrun/scenarios"
)

// FindingVerdict is what a check of a server came to. The zero value says that
// nothing was measured: it never passes.
type FindingVerdict int

// The verdicts of a check.
const (
	FindingUnmeasured FindingVerdict = iota // could not be looked at, or not long enough
	FindingFailed                           // not what docs/contract.md asks for
	FindingDiffers                          // the file's claim is not what was measured: claims explain, so nothing fails
	FindingOK
)

// String is the word in the table.
func (v FindingVerdict) String() string {
	return [...]string{"unmeasured", "failed", "differs", "ok"}[v]
}

// Finding is one check of a server: what was expected, what was seen.
type Finding struct {
	Check, Expected, Seen string
	Verdict               FindingVerdict
}

// ServerCheck looks whether a target does what docs/contract.md asks for.
type ServerCheck struct {
	Lab      *Lab
	Target   *Prepared
	Patience time.Duration // how long a claimed watchdog is waited for, at most
	LogPath  string        // the server's output, of all launches
	On       func(Finding)
	Doing    func(check string) // told before each check; may be nil
}

// Run launches the target several times: for the ordinary requests and the
// stop, for the reload, for each fault, and for its slots and its watchdog. Whatever the
// server does is in the findings; an error means that the harness could not
// do its work.
func (c *ServerCheck) Run(ctx context.Context) error {
	up, err := c.ordinary(ctx)
	if err != nil || !up {
		return err
	}
	if err := c.reload(ctx); err != nil {
		return err
	}
	for _, f := range appFaults() {
		if err := c.fault(ctx, f); err != nil {
			return err
		}
	}
	return c.claims(ctx)
}

// begin tells which check is on.
func (c *ServerCheck) begin(check string) {
	if c.Doing != nil {
		c.Doing(check)
	}
}

// report tells a finding: ok when problem is empty.
func (c *ServerCheck) report(check, expected, seen, problem string) {
	f := Finding{Check: check, Expected: expected, Seen: seen, Verdict: FindingOK}
	if problem != "" {
		f.Seen, f.Verdict = problem, FindingFailed
	}
	c.On(f)
}

// stop sends the server's signal and tells how it went.
func (c *ServerCheck) stop(ctx context.Context, s *stage) {
	grace := c.Target.Profile.Claims.Grace
	window := seconds(grace) + 5*time.Second
	expected := fmt.Sprintf("gone within %g s, nothing left, port free", window.Seconds())
	s.stopTracking()
	signal := c.Target.Server.StopSignal()
	got := launch.Stop(ctx, s.clock, s.group, s.port.Number, unix.SignalNum("SIG"+signal), window, seconds(grace))
	var wrong []string
	for _, w := range []struct {
		is   bool
		text string
	}{
		{got.AlreadyGone, "it had ended before SIG" + signal},
		{got.NeededSIGKILL, fmt.Sprintf("still there after %g s", window.Seconds())},
		{got.Survivors > 0 && !got.NeededSIGKILL, fmt.Sprintf("%d processes left behind", got.Survivors)},
		{!got.PortFreed, "the port could not be bound again"},
	} {
		if w.is {
			wrong = append(wrong, w.text)
		}
	}
	seen := fmt.Sprintf("gone after %.1f s", got.Seconds)
	if got.Exit != nil {
		seen += ", " + exitWords(*got.Exit)
	}
	c.report("stop (SIG"+signal+")", expected, seen, strings.Join(wrong, "; "))
}

// exitWords says how a process ended.
func exitWords(e bench.ExitStatus) string {
	if e.Signal != "" {
		return "by " + e.Signal
	}
	return fmt.Sprintf("exit code %d", e.Code)
}

// slots probes as a run does, and once more with as many requests as the file
// claims slots, where that is more than the probe sends.
func (c *ServerCheck) slots(ctx context.Context, t *Prepared) (bench.Probe, error) {
	p, err := c.Lab.probeSlots(ctx, t, c.LogPath)
	if err != nil {
		return p, err
	}
	step, ok := claimStep(t.Profile.Claims.Slots, p)
	if !ok {
		return p, nil
	}
	held, err := c.Lab.fillSlots(ctx, t, step, c.LogPath)
	if held > p.Slots {
		p.Slots, p.Unbounded = held, held >= step.n
	}
	return p, err
}

// claims compares what the file claims with what is measured, of each command
// that cells are probed with.
func (c *ServerCheck) claims(ctx context.Context) error {
	for _, l := range c.launches() {
		if err := c.claimsOf(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// launched is a target as it is launched, and what its checks are named after.
type launched struct {
	target *Prepared
	of     string // "" = the profile itself; else ", slow-upload"
}

// launches are the profile's own command, and that of each family whose faults
// hold a slot where the profile has arguments for it that no other one has.
func (c *ServerCheck) launches() []launched {
	all := []launched{{target: c.Target}}
	for _, f := range scenarios.All() {
		args := c.Target.Profile.Families[f.ID].Args
		same := func(l launched) bool {
			return slices.Equal(l.target.Profile.Args, slices.Concat(c.Target.Profile.Args, args))
		}
		if f.Traits.HoldsSlot() && !slices.ContainsFunc(all, same) {
			all = append(all, launched{target: c.Target.under(f.ID), of: ", " + f.ID})
		}
	}
	return all
}

func (c *ServerCheck) claimsOf(ctx context.Context, l launched) error {
	claims := c.Target.Profile.Claims
	on := func(f Finding) {
		f.Check += l.of
		c.On(f)
	}
	c.begin("slots" + l.of)
	p, err := c.slots(ctx, l.target)
	switch {
	case errors.Is(err, errHostStalled):
		on(Finding{Check: "slots", Expected: "a host that does not stall", Seen: err.Error(), Verdict: FindingUnmeasured})
	case err != nil:
		return err
	default:
		on(slotsFinding(claims.Slots, p))
	}
	c.begin("watchdog" + l.of)
	took, gone, err := c.Lab.timeWatchdog(ctx, l.target, c.patience(claims.Watchdog), c.LogPath)
	switch {
	case errors.Is(err, errHostStalled):
		on(Finding{Check: "watchdog", Expected: "a host that does not stall", Seen: err.Error(), Verdict: FindingUnmeasured})
	case err != nil:
		return err
	default:
		on(watchdogFinding(claims.Watchdog, took, gone))
	}
	return nil
}

// mostClaimed is the largest claim of slots that is tried.
const mostClaimed = 3500

// claimStep is one more try at filling a pool, where more slots are claimed
// than the probe's search sends requests. One of those may have come too late.
func claimStep(claim int, p bench.Probe) (step slotStep, ok bool) {
	if most := slotSteps[len(slotSteps)-1].n; p.Slots < most-most/20 || claim <= p.Slots || claim > mostClaimed {
		return step, false
	}
	step = slotStep{n: claim + claim/20, rate: 250}
	step.sleep = step.sending() + 2*time.Second
	return step, true
}

// patience is how long a watchdog is waited for: long enough to contradict the
// claim, never longer than asked for.
func (c *ServerCheck) patience(claim float64) time.Duration {
	return min(max(plan.WatchdogLeast, seconds(latestFor(claim))), max(c.Patience, plan.WatchdogLeast))
}

// latestFor is when a claimed watchdog must have acted. Watchdogs look now and
// then, and what they end takes time to end: half as much again and 2 s.
func latestFor(claim float64) float64 { return 1.5*claim + 2 }

func slotsFinding(claim int, p bench.Probe) Finding {
	f := Finding{Check: "slots", Expected: "not claimed", Verdict: FindingOK, Seen: fmt.Sprintf("%d at once", p.Slots)}
	if claim > 0 {
		f.Expected = fmt.Sprintf("claimed: %d at once", claim)
	}
	if p.Unbounded {
		f.Seen = fmt.Sprintf("%d and more at once", p.Slots)
	}
	switch {
	case p.Note != "":
		f.Seen, f.Verdict = p.Note, FindingUnmeasured
	case claim > 0 && p.Unbounded && claim > p.Slots:
		f.Verdict = FindingUnmeasured
	case claim > 0 && claim != p.Slots:
		f.Verdict = FindingDiffers
	}
	return f
}

// watchdogFinding compares in a wide band: a claim is refuted by a watchdog
// that acts before half of its time or later than latestFor.
func watchdogFinding(claim, took float64, gone bool) Finding {
	f := Finding{Check: "watchdog", Expected: "none claimed", Verdict: FindingOK}
	if claim > 0 {
		f.Expected = fmt.Sprintf("claimed: ends a wedge after %g s", claim)
	}
	f.Seen = fmt.Sprintf("nothing within %.0f s", math.Floor(took))
	if gone {
		f.Seen = fmt.Sprintf("ended after %.1f s", took)
	}
	switch {
	case took == 0:
		f.Seen, f.Verdict = "the wedge left no receipt", FindingUnmeasured
	case claim == 0 && gone, claim > 0 && gone && (took < claim/2 || took > latestFor(claim)):
		f.Verdict = FindingDiffers
	case claim > 0 && !gone && took < latestFor(claim):
		f.Verdict = FindingUnmeasured
		f.Seen += fmt.Sprintf("; --patience %.0fs would tell", math.Ceil(latestFor(claim)))
	case claim > 0 && !gone:
		f.Verdict = FindingDiffers
	}
	return f
}
