package judge

import (
	"github.com/HdrHistogram/hdrhistogram-go"

	"benchrun/internal/bench"
)

// The histogram's unit is a microsecond; three significant digits. Nothing
// takes longer than the client's timeout, so a minute is ample.
const (
	micro       = 1000
	longestSeen = 60_000_000
	digits      = 3
)

// latency is that of victims with a whole answer, in ms.
type latency struct {
	p50, p99, max float64
	n             int
}

// latency looks at the valid seconds of the fault phase. It counts from the
// intended send: what a request waited for because the generator or the server
// lagged is part of it (coordinated omission, Gil Tene).
func (v *view) latency(bins []bench.Bin) latency {
	h := hdrhistogram.New(1, longestSeen, digits)
	most := int64(0)
	n := 0
	for _, stretch := range validStretches(bins) {
		for _, s := range within(v.victims, stretch) {
			if s.Done < s.Due || !answered(s.Outcome) {
				continue
			}
			n++
			most = max(most, s.Done-s.Due)
			note(h, s.Done-s.Due)
		}
	}
	ms := func(percentile float64) float64 {
		// A bucket's upper edge may lie above the largest value in it.
		return min(float64(h.ValueAtPercentile(percentile))*micro, float64(most)) / 1e6
	}
	if n == 0 {
		return latency{}
	}
	return latency{ms(50), ms(99), float64(most) / 1e6, n}
}

// note records a time of ns; values outside the histogram's range are clamped to
// it.
func note(h *hdrhistogram.Histogram, ns int64) {
	// It fails only on values out of range, and this is within.
	_ = h.RecordValue(min(max(ns/micro, 0), longestSeen))
}

func answered(o bench.Outcome) bool {
	return o == bench.OK || o == bench.Late || o == bench.HTTP5xx || o == bench.HTTPOther
}

// lateness is the 99th percentile of how late victims of the fault phase were
// sent, in ms, in valid seconds or not: it describes the generator.
func (v *view) lateness() (p99 float64, n int) {
	h := hdrhistogram.New(1, longestSeen, digits)
	most := int64(0)
	for _, s := range within(v.victims, v.fault) {
		if s.Sent == 0 {
			continue
		}
		n++
		most = max(most, s.Sent-s.Due)
		note(h, s.Sent-s.Due)
	}
	return min(float64(h.ValueAtPercentile(99))*micro, float64(most)) / 1e6, n
}
