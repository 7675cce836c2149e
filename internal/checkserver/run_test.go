package checkserver

import "testing"

func TestWorst(t *testing.T) {
	of := func(verdicts ...Verdict) (out []Result) {
		for _, v := range verdicts {
			out = append(out, Result{Verdict: v})
		}
		return out
	}
	for name, tt := range map[string]struct {
		results []Result
		want    Verdict
	}{
		"none":                      {nil, OK},
		"a claim that differs":      {of(OK, Differs), OK},
		"one that was not measured": {of(OK, Unmeasured, Differs), Unmeasured},
		"one that failed":           {of(Unmeasured, Failed, OK), Failed},
	} {
		if got := Worst(tt.results); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
