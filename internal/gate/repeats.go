package gate

import "slices"

// How figures that were measured several times are compared. docs/method.md, "Worse
// than an earlier run", has the reasons for the test and these bounds.
const (
	// Margin is the smallest fall of h between two runs that benchrun claims, in
	// percentage points. It equals the smallest loss that one attempt claims.
	Margin = 2.0
	// falseAlarms bounds false alarms: two equal runs raise one, in whichever cell,
	// with a probability of at most 1 / falseAlarms.
	falseAlarms = 20
	// mostRepeats is how many figures of a side count, the latest ones. No run
	// makes as many; the number of ways to deal them out still fits in an int64.
	mostRepeats = 20
)

// trial is a test of whether one sample lies below another, as a fraction of whole
// numbers. all is how many ways there are to deal the pooled values into groups of
// these sizes; in ways of them, the first group lies as low as observed or lower.
type trial struct{ ways, all int64 }

// p is the probability (0 to 1) of a difference as large as the observed one, in
// either direction, if both samples came from the same distribution.
func (t trial) p() float64 { return min(1, 2*float64(t.ways)/float64(t.all)) }

// significant says whether the difference counts when this many cells are compared:
// p ≤ 1 / falseAlarms / cells, which is Bonferroni's correction (O. J. Dunn,
// "Multiple Comparisons Among Means", JASA 56, 1961). It does not assume that the
// cells are independent, and the answer for a cell does not depend on the others.
func (t trial) significant(cells int) bool {
	return 2*t.ways*falseAlarms*int64(max(cells, 1)) <= t.all
}

// lowest is the trial of two samples of these sizes if all values of the first lie
// below all of the second. No trial of these sizes is more significant.
func lowest(low, high int) trial { return trial{1, choose(low+high, low)} }

// repeatsNeeded is how many values each side needs before any difference can be
// significant among this many cells.
func repeatsNeeded(cells int) int {
	n := 1
	for n < mostRepeats && !lowest(n, n).significant(cells) {
		n++
	}
	return n
}

// rankSum is the exact test of Mann and Whitney ("On a Test of Whether one of
// Two Random Variables is Stochastically Larger than the Other", Annals of
// Mathematical Statistics 18, 1947) for whether low lies below high. It does not
// assume any distribution of the values. Equal values share their mean rank, and
// the ways are counted with the observed ties. It uses the last mostRepeats values
// of each side.
func rankSum(low, high []float64) trial {
	low, high = latest(low), latest(high)
	all := slices.Concat(low, high)
	sorted := slices.Sorted(slices.Values(all))
	rank := func(v float64) int { // twice the mean rank, which is a whole number
		first, _ := slices.BinarySearch(sorted, v)
		last := first
		for last+1 < len(sorted) && sorted[last+1] == v {
			last++
		}
		return first + last + 2
	}
	seen := 0
	for _, v := range low {
		seen += rank(v)
	}
	most := 2 * len(all) * len(low)     // no sum of doubled ranks is larger
	ways := make([][]int64, len(low)+1) // [size of the group][its sum]
	for i := range ways {
		ways[i] = make([]int64, most+1)
	}
	ways[0][0] = 1
	for _, v := range all {
		r := rank(v)
		for size := len(low); size >= 1; size-- {
			for sum := most; sum >= r; sum-- {
				ways[size][sum] += ways[size-1][sum-r]
			}
		}
	}
	t := trial{all: choose(len(all), len(low))}
	for sum := 0; sum <= min(seen, most); sum++ {
		t.ways += ways[len(low)][sum]
	}
	return t
}

func latest(values []float64) []float64 { return values[max(0, len(values)-mostRepeats):] }

// choose is the number of ways to take k of n. The largest that is used is
// mostRepeats of 2·mostRepeats.
func choose(n, k int) int64 {
	out := int64(1)
	for i := 1; i <= k; i++ {
		out = out * int64(n-k+i) / int64(i)
	}
	return out
}

// median needs at least one value.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
