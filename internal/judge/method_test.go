package judge

import (
	"os"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// docs/method.md is the specification that users read: it must name every
// verdict, flag and measure, and the numbers that decide.
func TestMethodIsWhole(t *testing.T) {
	b, err := os.ReadFile("../../docs/method.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	var words []string
	for _, spec := range bench.MeasureTable {
		words = append(words, "`"+spec.Name+"`")
	}
	for v := bench.Invalid; v <= bench.Held; v++ {
		words = append(words, "`"+v.String()+"`")
	}
	for _, flag := range bench.FlagTable {
		words = append(words, "`"+flag.Name+"`")
	}
	words = append(words,
		bench.Grouped(heldPercent)+" %", bench.Grouped(degradedPercent)+" %", bench.Grouped(claimPercent)+" %",
		figure(float64(bench.ControlSLO.Milliseconds()), 0)+" ms",
		figure(settleMargin.Seconds(), 2)+" s",
		"`collapse_ratio`", // and what is not measured
	)
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("docs/method.md does not mention %s", w)
		}
	}
}
