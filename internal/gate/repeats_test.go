package gate

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
)

func TestRankSumKnown(t *testing.T) {
	up := func(from, n int) (out []float64) {
		for i := range n {
			out = append(out, float64(from+i))
		}
		return out
	}
	for _, tt := range []struct {
		name      string
		low, high []float64
		p         float64
	}{
		{"1 v 1", up(1, 1), up(2, 1), 1},
		{"3 v 3 bottoms out", up(1, 3), up(4, 3), 2.0 / 20},
		{"4 v 4", up(1, 4), up(5, 4), 2.0 / 70},
		{"5 v 5", up(1, 5), up(6, 5), 2.0 / 252},
		{"9 v 1", up(1, 9), up(10, 1), 2.0 / 10},
		{"one pair changed places", []float64{1, 2, 3, 5}, []float64{4, 6, 7, 8}, 4.0 / 70},
		{"the other way round", up(5, 4), up(1, 4), 1},
		{"all the same", []float64{0, 0, 0, 0}, []float64{0, 0, 0, 0}, 1},
		{"ties across", []float64{1, 1, 2, 2}, []float64{2, 3, 3, 3}, 6.0 / 70},
	} {
		if got := rankSum(tt.low, tt.high).p(); math.Abs(got-tt.p) > 1e-12 {
			t.Errorf("%s: p = %v, want %v", tt.name, got, tt.p)
		}
	}
}

// The table of ways gives the same as trying every way to deal the values out.
func TestRankSumAgainstEnumeration(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		n, k := 2+random.IntN(9), 1
		k += random.IntN(n - 1)
		all := make([]float64, n)
		for i := range all {
			all[i] = float64(random.IntN(6)) // with ties
		}
		pairs := func(inLow func(i int) bool) (u int) { // twice the number of pairs in which low is above high
			for i := range all {
				for j := range all {
					if inLow(i) && !inLow(j) && all[i] > all[j] {
						u += 2
					} else if inLow(i) && !inLow(j) && all[i] == all[j] {
						u++
					}
				}
			}
			return u
		}
		seen := pairs(func(i int) bool { return i < k })
		want := trial{}
		for set := range uint(1) << n {
			if bits.OnesCount(set) != k {
				continue
			}
			want.all++
			if pairs(func(i int) bool { return set>>i&1 == 1 }) <= seen {
				want.ways++
			}
		}
		if got := rankSum(all[:k], all[k:]); got != want {
			t.Fatalf("%v | %v: %+v, want %+v", all[:k], all[k:], got, want)
		}
	}
}

// Two samples of one distribution differ no more often than falseAlarms allows, in
// all cells together.
func TestFalseAlarmsAreRare(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	const runs, cells, n = 400, 6, 6
	alarms := 0
	for range runs {
		alarm := false
		for range cells {
			a, b := make([]float64, n), make([]float64, n)
			for i := range n {
				a[i], b[i] = random.Float64(), random.Float64()
			}
			alarm = alarm || rankSum(a, b).significant(cells)
		}
		if alarm {
			alarms++
		}
	}
	if alarms > runs/falseAlarms {
		t.Errorf("%d of %d comparisons of equals raised an alarm", alarms, runs)
	}
}

func TestRepeatsNeeded(t *testing.T) {
	for _, tt := range []struct{ cells, want int }{
		{0, 4}, {1, 4}, {2, 5}, {6, 5}, {7, 6}, {23, 6}, {24, 7}, {85, 7}, {86, 8}, {321, 8}, {322, 9}, {100_000, 13},
	} {
		if got := repeatsNeeded(tt.cells); got != tt.want {
			t.Errorf("%d cells: %d, want %d", tt.cells, got, tt.want)
		}
	}
	// At the boundary: two ways of 560, times 14 cells, is 1 in 20 exactly.
	if edge := lowest(3, 13); edge.all != 560 || !edge.significant(14) || edge.significant(15) {
		t.Errorf("%+v", edge)
	}
	// The oldest figures are cut off.
	many := make([]float64, 3*mostRepeats)
	many[0] = 1e9
	if got := rankSum(many, many); got.all != choose(2*mostRepeats, mostRepeats) || got.ways != got.all {
		t.Errorf("%+v", got)
	}
}

// The table of docs/method.md says what the code needs.
func TestMethodTellsRepeats(t *testing.T) {
	page, err := os.ReadFile("../../docs/method.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(page), "| cells compared |")
	lines := strings.SplitN(table, "\n", 4)
	if !ok || len(lines) < 4 {
		t.Fatal("no table of repeats")
	}
	cells, needed := strings.Split(lines[0], "|"), strings.Split(lines[2], "|")[2:]
	checked := 0
	for i, span := range cells[:len(cells)-1] {
		first, last, _ := strings.Cut(strings.ReplaceAll(strings.TrimSpace(span), ",", ""), "–")
		for _, text := range []string{first, last} {
			if text == "" {
				continue
			}
			n, err := strconv.Atoi(text)
			if err != nil {
				t.Fatal(err)
			}
			checked++
			if want := fmt.Sprint(repeatsNeeded(n)); strings.TrimSpace(needed[i]) != want {
				t.Errorf("%d cells: the page says %s, needed are %s", n, needed[i], want)
			}
		}
	}
	if checked < 11 {
		t.Errorf("only %d figures were looked at", checked)
	}
}
