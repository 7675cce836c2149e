package calibrate

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"benchrun/internal/bench"
	"benchrun/internal/campaign"
	"benchrun/internal/place"
	"benchrun/targets"
)

// Asked is what the user asked for.
type Asked struct {
	Words []string // families and sabotages; none = all
	Short bool     // the selection for every day instead
}

// Cases are those asked for. The user's own server files have no part in them:
// one might take the place of the reference server.
func (a Asked) Cases() ([]Case, error) {
	if a.Short {
		if len(a.Words) > 0 {
			return nil, &bench.UsageError{Problem: "calibrate: --short selects the cases itself", Hint: "leave it out, or " + strings.Join(a.Words, ", ")}
		}
		a.Words = ShortWords()
	}
	reg, err := targets.Load(targets.LoadOptions{})
	if err != nil {
		return nil, err
	}
	return Cases(reg, a.Words)
}

// Repeat is the command line that does the same again, on any machine.
func (a Asked) Repeat(attempts int, seed uint64) string {
	words := append([]string{"benchrun calibrate"}, a.Words...)
	if a.Short {
		words = append(words, "--short")
	}
	return strings.Join(append(words, fmt.Sprintf("--attempts %d --seed %d", attempts, seed)), " ")
}

// DryRun says what would be run of the cases, whose cells the order has, on a host.
func DryRun(ctx context.Context, h *place.Host, cases []Case, order campaign.Order) (string, error) {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	for i, c := range cases {
		must := c.Expected.String()
		switch why := order.Cells[i].Unsupported; {
		case why != "":
			must = bench.Unsupported.String() + ": " + why
		case c.Cause != "":
			must += ": " + c.Cause
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", c.Cell.Scenario.Name(), c.Cell.Profile, must) // Flush tells
	}
	forecast, err := order.Forecast(ctx, h, 1)
	if err == nil {
		err = w.Flush()
	}
	return b.String() + fmt.Sprintf("%d cases, seed %d: %s\n", len(cases), order.Seed, forecast), err
}
