package judge

import (
	"slices"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

// attempts reads judgements from words like "failed:61.2 held". A + after the
// word marks a wrong body.
func attempts(words string) []bench.Judgement {
	var out []bench.Judgement
	for _, w := range strings.Fields(words) {
		word, h, hasH := strings.Cut(w, ":")
		j := bench.Judgement{Reasons: []string{"because of " + w}, Flags: []string{}, Measures: bench.Measures{}}
		j.Measures.SetNone("h")
		if strings.HasSuffix(word, "+") {
			word, j.Flags = strings.TrimSuffix(word, "+"), []string{bench.FlagWrongBody}
		}
		v, err := bench.ParseVerdict(word)
		if err != nil {
			panic(err)
		}
		j.Verdict = v
		if hasH {
			j.Measures.Set("h", float64(h[0]-'0')*10+float64(h[1]-'0'), 1200)
		}
		out = append(out, j)
	}
	return out
}

func TestNext(t *testing.T) {
	tests := []struct {
		made string
		k    int
		want bool
		why  string
	}{
		{"", 1, true, "the first attempt"},
		{"held", 1, false, "held"},
		{"held", 3, false, "held"},
		{"unsupported", 3, false, "unsupported"},
		{"failed", 1, false, "confirmed by 1 of 1"},
		{"failed", 0, false, "confirmed by 1 of 1"},
		{"broken", 1, false, "confirmed by 1 of 1"},
		{"failed", 2, true, "to confirm failed: 1 of 2"},
		{"degraded", 2, true, "to confirm degraded"},
		{"broken", 2, true, "to confirm broken"},
		{"failed failed", 2, false, "confirmed by 2 of 2"},
		{"failed degraded", 2, false, "confirmed by 2 of 2"},
		{"failed held", 2, false, "held"},
		{"failed failed", 3, true, "2 of 3"},
		{"failed failed failed", 3, false, "confirmed by 3 of 3"},
		{"failed held", 3, false, "held"},
		{"failed failed held", 3, false, "held"},
		{"invalid", 1, true, "the last attempt was invalid"},
		{"invalid invalid", 1, true, "invalid"},
		{"invalid invalid invalid", 1, false, "3 attempts were invalid"},
		{"invalid invalid held", 1, false, "held"},
		{"invalid failed", 1, false, "confirmed by 1 of 1"},
		{"invalid failed", 2, true, "to confirm failed: 1 of 2"},
		{"failed invalid", 2, true, "invalid"},
		{"failed invalid invalid", 2, true, "invalid"},
		{"failed invalid invalid invalid", 2, false, "3 attempts were invalid"},
		{"invalid failed invalid invalid", 2, false, "3 attempts were invalid"},
		{"failed invalid failed", 2, false, "confirmed by 2 of 2"},
		{"failed+", 3, false, "a wrong body needs no confirmation"},
		{"failed failed+", 3, false, "a wrong body"},
	}
	for _, tt := range tests {
		again, why := Next(attempts(tt.made), tt.k, MaxInvalid)
		if again != tt.want || !strings.Contains(why, tt.why) {
			t.Errorf("after %q of %d: %v, %q; want %v, %q", tt.made, tt.k, again, why, tt.want, tt.why)
		}
	}
	if again, _ := Next(attempts("invalid"), 1, 0); again {
		t.Error("an invalid attempt was made again where none may be")
	}
}

// However the attempts go, there is an end.
func TestNextEnds(t *testing.T) {
	words := []string{"invalid", "unsupported", "broken", "failed", "degraded", "held", "failed+"}
	for k := range 4 {
		var walk func(made []string)
		walk = func(made []string) {
			if len(made) > k+MaxInvalid+1 {
				t.Fatalf("k = %d: still going after %q", k, made)
			}
			if again, _ := Next(attempts(strings.Join(made, " ")), k, MaxInvalid); !again {
				return
			}
			for _, w := range words {
				walk(append(slices.Clone(made), w))
			}
		}
		walk(nil)
	}
}

// A verdict needs an attempt that no other cells disturbed, however few were asked for.
func TestWanted(t *testing.T) {
	for _, tt := range []struct {
		made      string
		disturbed []int
		k         int
		want      bool
	}{
		{"", nil, 1, true},
		{"failed:60", nil, 1, false},
		{"failed:60", []int{0}, 1, true},
		{"broken", []int{0}, 1, true},
		{"held:99", []int{0}, 1, false},
		{"failed+:99", []int{0}, 1, false},
		{"failed:60 failed:60", []int{0}, 1, false},
		{"failed:60 failed:60", []int{0}, 2, false},
		{"failed:60 failed:60", []int{0}, 3, true},
		{"failed:60 invalid", []int{0}, 1, true},
		{"failed:60 invalid invalid invalid", []int{0}, 1, false},
		{"invalid failed:60", []int{0}, 1, false},
		{"failed:60 failed:60", []int{0, 1}, 1, false}, // it ends in any case
	} {
		made := make([]bench.Attempt, len(strings.Fields(tt.made)))
		for _, i := range tt.disturbed {
			made[i].Disturbed = true
		}
		if got := Wanted(made, attempts(tt.made), tt.k); got != tt.want {
			t.Errorf("%q, disturbed %v, k = %d: %v", tt.made, tt.disturbed, tt.k, got)
		}
	}
	// What was invalid beside other cells is no retry.
	made := []bench.Attempt{{Company: 3, Disturbed: true}, {}, {}}
	if !Wanted(made, attempts("invalid invalid invalid"), 2) || Wanted(append(made, bench.Attempt{}), attempts("invalid invalid invalid invalid"), 2) {
		t.Error("the retries are not two after an attempt in company")
	}
	// A second one is.
	made = []bench.Attempt{{Company: 3, Verdict: bench.Invalid}, {Company: 1, Verdict: bench.Invalid}, {}, {}}
	if !Wanted(made[:3], attempts("invalid invalid invalid"), 1) || Wanted(made, attempts("invalid invalid invalid invalid"), 1) {
		t.Error("the retries are not two after two attempts in company")
	}
}

func TestFold(t *testing.T) {
	tests := []struct {
		made      string
		want      bench.Verdict
		published int
		flags     []string
		reason    string
	}{
		{"", bench.Invalid, -1, nil, "no attempt was made"},
		{"held:99", bench.Held, 0, nil, "because of held:99"},
		{"unsupported", bench.Unsupported, 0, nil, ""},
		{"failed:60", bench.Failed, 0, nil, "because of failed:60"},
		{"broken", bench.Broken, 0, nil, ""},
		{"invalid", bench.Invalid, 0, nil, "because of invalid"},
		{"invalid invalid invalid", bench.Invalid, 2, nil, ""},
		{"invalid held:99", bench.Held, 1, nil, ""},
		{"invalid failed:60", bench.Failed, 1, nil, ""},
		{"failed:60 failed:40", bench.Failed, 1, nil, "because of failed:40"},
		{"failed:60 failed:40 failed:50", bench.Failed, 2, nil, ""},
		{"failed:60 invalid failed:40", bench.Failed, 2, nil, ""},
		{"failed:50 failed:50", bench.Failed, 0, nil, ""},
		{"degraded:96 degraded:97", bench.Degraded, 0, nil, ""},
		{"broken broken", bench.Broken, 0, nil, ""},
		// One of them is not confirmed.
		{"failed:60 held:99", bench.Held, 1, []string{bench.FlagFlaky}, "attempts disagree: failed, held"},
		{"failed:60 failed:70 held:99", bench.Held, 2, []string{bench.FlagFlaky}, "attempts disagree: failed, failed, held"},
		{"failed:60 degraded:96", bench.Degraded, 1, []string{bench.FlagFlaky}, "attempts disagree: failed, degraded"},
		{"degraded:96 failed:60 failed:50", bench.Degraded, 0, []string{bench.FlagFlaky}, ""},
		{"broken failed:60", bench.Failed, 1, []string{bench.FlagFlaky}, ""},
		{"broken held:99", bench.Held, 1, []string{bench.FlagFlaky}, ""},
		// The retries ran out.
		{"failed:60 invalid invalid invalid", bench.Invalid, 0, []string{bench.FlagUnconfirmed}, "failed, but 3 attempts were invalid after it: not confirmed"},
		{"invalid invalid failed:60 invalid", bench.Invalid, 2, []string{bench.FlagUnconfirmed}, "failed, but 1 attempt was invalid after it"},
		{"failed:60 degraded:96 invalid", bench.Invalid, 1, []string{bench.FlagFlaky, bench.FlagUnconfirmed}, "degraded, but 1 attempt was invalid"},
		// A wrong body is no noise.
		{"failed+:99", bench.Failed, 0, []string{bench.FlagWrongBody}, ""},
		{"degraded:96 failed+:99", bench.Failed, 1, []string{bench.FlagWrongBody, bench.FlagFlaky}, "attempts disagree"},
		{"failed:50 failed+:99", bench.Failed, 1, []string{bench.FlagWrongBody}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.made, func(t *testing.T) {
			made := attempts(tt.made)
			f := fold(made, nil)
			if f.Verdict != tt.want || f.Published != tt.published {
				t.Errorf("%v, published %d; want %v, %d", f.Verdict, f.Published, tt.want, tt.published)
			}
			if !slices.Equal(f.Flags, append([]string{}, tt.flags...)) {
				t.Errorf("flags %q, want %q", f.Flags, tt.flags)
			}
			wantReason(t, f.Judgement, tt.reason)
			if again := attempts(tt.made); !slices.EqualFunc(made, again, func(a, b bench.Judgement) bool {
				return slices.Equal(a.Flags, b.Flags) && slices.Equal(a.Reasons, b.Reasons)
			}) {
				t.Error("the attempts were changed")
			}
		})
	}
}

// No order of attempts that Next allows makes a cell worse than its best
// attempt, or better than one of them with a wrong body.
func TestFoldNeverInvents(t *testing.T) {
	words := []string{"invalid", "broken", "failed", "degraded", "held", "failed+"}
	for k := 1; k <= 3; k++ {
		var walk func(made []string)
		walk = func(made []string) {
			js := attempts(strings.Join(made, " "))
			if again, _ := Next(js, k, MaxInvalid); again {
				for _, w := range words {
					walk(append(slices.Clone(made), w))
				}
				return
			}
			f := fold(js, nil)
			valid := 0
			for _, j := range js {
				if j.Verdict != bench.Invalid {
					valid++
				}
				if j.Verdict == bench.Held && f.Verdict != bench.Held {
					t.Fatalf("%q is %v", made, f.Verdict)
				}
			}
			notHeld := f.Verdict == bench.Broken || f.Verdict == bench.Failed || f.Verdict == bench.Degraded
			if notHeld && valid < k && !slices.Contains(made, "failed+") {
				t.Fatalf("k = %d: %q is %v, unconfirmed", k, made, f.Verdict)
			}
			if f.Verdict != bench.Invalid && js[f.Published].Verdict != f.Verdict {
				t.Fatalf("%q is %v with the measures of %v", made, f.Verdict, js[f.Published].Verdict)
			}
		}
		walk(nil)
	}
}
