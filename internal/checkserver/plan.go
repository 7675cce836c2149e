package checkserver

import (
	"context"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/place"
	"benchrun/internal/plan"
	"benchrun/scenarios"
)

// ask is a check of the first launch.
type ask struct {
	check string
	do    func(context.Context, *place.Place)
}

// asks are the checks of the first launch, in order; the last one ends it.
func (c *Check) asks() []ask {
	return []ask{
		{"/ping", c.ping}, {"/victim", c.victim}, {"/sleep", c.sleep}, {"/upload", c.upload},
		{"/upload, large", c.largeUpload}, {"/download", c.download}, {"anything else", c.absent}, {"stop", c.stop},
	}
}

// appFaults are the families whose fault is the app's.
func appFaults() (out []scenarios.Fault) {
	for _, f := range scenarios.All() {
		if f.Group == bench.GroupApp && f.Traits.Proof.ByReceipt() {
			out = append(out, f)
		}
	}
	return out
}

// faultCheck names the check of a family's fault.
func faultCheck(f scenarios.Fault) string { return "/fault/" + f.Traits.Receipt }

// usually is what a profile's checks take, without the wait for a watchdog.
const usually = 50 * time.Second

// probingAgain is what looking for the slots of one more launch takes.
const probingAgain = 5 * time.Second

// Plan names the checks in their order and says about how long they take,
// installing aside. Of the target it needs server and profile alone, and it
// launches nothing.
func (c *Check) Plan() (checks []string, about time.Duration) {
	checks = []string{"boot"}
	for _, a := range c.asks() {
		checks = append(checks, a.check)
	}
	checks = append(checks, "/stream")
	if signal := c.Target.Server.ReloadSignal(c.Target.Profile); signal != "" {
		checks = append(checks, "reload (SIG"+signal+")")
	}
	for _, f := range appFaults() {
		if c.Target.Server.App.Lacks(f.Needs.AppFault) == "" {
			checks = append(checks, faultCheck(f))
		}
	}
	claim := bench.Seconds(c.Target.Profile.Claims.Watchdog)
	wait := min(max(claim, plan.WatchdogLeast), c.patience()(c.Target.Profile.Claims.Slots))
	about = usually
	for i, l := range c.launches() {
		checks = append(checks, "slots"+l.of, "watchdog"+l.of)
		if about += wait; i > 0 {
			about += probingAgain
		}
	}
	return checks, about
}
