package checkserver

import (
	"errors"
	"testing"

	"benchrun/internal/bench"
)

func TestVerdict(t *testing.T) {
	of := func(verdicts ...Verdict) (out []Result) {
		for _, v := range verdicts {
			out = append(out, Result{Verdict: v})
		}
		return out
	}
	for name, tt := range map[string]struct {
		results []Result
		want    error
	}{
		"none":                      {nil, nil},
		"a claim that differs":      {of(OK, Differs), nil},
		"one that was not measured": {of(OK, Unmeasured, Differs), bench.ErrUnmeasured},
		"one that failed":           {of(Unmeasured, Failed, OK), bench.ErrCheckFailed},
	} {
		if got := verdict(tt.results); !errors.Is(got, tt.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}
