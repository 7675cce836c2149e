package checkserver

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/place"
	"benchrun/internal/plan"
	"benchrun/internal/probe"
	"benchrun/scenarios"
)

// Verdict is what a check of a server came to. The zero value says that
// nothing was measured: it never passes.
type Verdict int

// The verdicts of a check.
const (
	Unmeasured Verdict = iota // could not be looked at, or not long enough
	Failed                    // not what docs/contract.md asks for
	Differs                   // the file's claim is not what was measured: claims explain, so nothing fails
	OK
)

// String is the word in the table.
func (v Verdict) String() string {
	return [...]string{"unmeasured", "failed", "differs", "ok"}[v]
}

// Result is one check of a server: what was expected, what was seen.
type Result struct {
	Check, Expected, Seen string
	Verdict               Verdict
}

// Check looks whether a target does what docs/contract.md asks for.
type Check struct {
	Host     *place.Host
	Target   *place.Target
	Patience time.Duration // how long a claimed watchdog is waited for, at most
	LogPath  string        // the server's output, of all launches
	On       func(Result)
	Doing    func(check string) // told before each check; may be nil
}

// Run launches the target several times: for the ordinary requests and the
// stop, for the endless answer, for the reload, for each fault, and for its slots and its watchdog. Whatever the
// server does is in the results; an error means that the harness could not
// do its work.
func (c *Check) Run(ctx context.Context) error {
	up, err := c.ordinary(ctx)
	if err != nil || !up {
		return err
	}
	if err := c.stream(ctx); err != nil {
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
func (c *Check) begin(check string) {
	if c.Doing != nil {
		c.Doing(check)
	}
}

// report tells a result: ok when problem is empty.
func (c *Check) report(check, expected, seen, problem string) {
	f := Result{Check: check, Expected: expected, Seen: seen, Verdict: OK}
	if problem != "" {
		f.Seen, f.Verdict = problem, Failed
	}
	c.On(f)
}

// stop sends the server's signal and tells how it went.
func (c *Check) stop(ctx context.Context, p *place.Place) {
	window := bench.Seconds(c.Target.Profile.Claims.Grace) + 5*time.Second
	expected := fmt.Sprintf("gone within %g s, nothing left, port free", window.Seconds())
	signal := c.Target.Server.StopSignal()
	got := p.Stop(ctx, window)
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

// claims compares what the file claims with what is measured, of each command
// that cells are probed with.
func (c *Check) claims(ctx context.Context) error {
	for _, l := range c.launches() {
		if err := c.claimsOf(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// launched is a target as it is launched, and what its checks are named after.
type launched struct {
	target *place.Target
	of     string // "" = the profile itself; else ", slow-upload"
}

// launches are the profile's own command, and that of each family whose faults
// hold a slot where the profile has arguments for it that no other one has.
func (c *Check) launches() []launched {
	all := []launched{{target: c.Target}}
	for _, f := range scenarios.All() {
		args := c.Target.Profile.Families[f.ID].Args
		same := func(l launched) bool {
			return slices.Equal(l.target.Profile.Args, slices.Concat(c.Target.Profile.Args, args))
		}
		if f.Traits.HoldsSlot() && !slices.ContainsFunc(all, same) {
			all = append(all, launched{target: c.Target.Under(f.ID), of: ", " + f.ID})
		}
	}
	return all
}

func (c *Check) claimsOf(ctx context.Context, l launched) error {
	claims := c.Target.Profile.Claims
	measured := func(check string, measure func() (Result, error)) error {
		c.begin(check + l.of)
		found, err := measure()
		switch {
		case errors.Is(err, probe.ErrHostStalled):
			found = Result{Check: check, Expected: "a host that does not stall", Seen: err.Error(), Verdict: Unmeasured}
		case err != nil:
			return err
		}
		found.Check += l.of
		c.On(found)
		return nil
	}
	var p bench.Probe
	if err := measured("slots", func() (_ Result, err error) {
		p, err = probe.SlotsUpTo(ctx, c.Host, l.target, claims.Slots, c.LogPath)
		return slotsResult(claims.Slots, p), err
	}); err != nil {
		return err
	}
	return measured("watchdog", func() (Result, error) {
		took, gone, err := probe.Watchdog(ctx, c.Host, l.target, c.patience()(p.Slots), c.LogPath)
		return watchdogResult(claims.Watchdog, took, gone), err
	})
}

// patience is that of the target's claims, no longer than asked for.
func (c *Check) patience() plan.Patience {
	return plan.RefutingPatience(c.Target.Profile.Claims, c.Patience)
}

func slotsResult(claim int, p bench.Probe) Result {
	f := Result{Check: "slots", Expected: "not claimed", Verdict: OK, Seen: fmt.Sprintf("%d at once", p.Slots)}
	if claim > 0 {
		f.Expected = fmt.Sprintf("claimed: %d at once", claim)
	}
	if p.Unbounded {
		f.Seen = fmt.Sprintf("at least %d at once", p.Slots)
	}
	switch {
	case p.Note != "":
		f.Seen, f.Verdict = p.Note, Unmeasured
	case claim > 0 && p.Unbounded && claim > p.Slots:
		f.Verdict = Unmeasured
	case claim > 0 && claim != p.Slots:
		f.Verdict = Differs
	}
	return f
}

// watchdogResult compares in a wide band: a claim is refuted by a watchdog
// that acts before half of its time or later than bench.RefutedAfter.
func watchdogResult(claim, took float64, gone bool) Result {
	f := Result{Check: "watchdog", Expected: "none claimed", Verdict: OK}
	if claim > 0 {
		f.Expected = fmt.Sprintf("claimed: ends a wedge after %g s", claim)
	}
	f.Seen = fmt.Sprintf("nothing within %.0f s", math.Floor(took))
	if gone {
		f.Seen = fmt.Sprintf("ended after %.1f s", took)
	}
	switch {
	case took == 0:
		f.Seen, f.Verdict = "the wedge left no receipt", Unmeasured
	case claim == 0 && gone, claim > 0 && gone && (took < claim/2 || took > bench.RefutedAfter(claim)):
		f.Verdict = Differs
	case claim > 0 && !gone && took < bench.RefutedAfter(claim):
		f.Verdict = Unmeasured
		f.Seen += fmt.Sprintf("; --patience %.0fs waits long enough to see", math.Ceil(bench.RefutedAfter(claim)))
	case claim > 0 && !gone:
		f.Verdict = Differs
	}
	return f
}
