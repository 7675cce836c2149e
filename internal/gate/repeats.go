package gate

import "slices"

// The comparison of figures that were measured several times. Which test, and
// why these bounds, stands in docs/method.md, "Worse than an earlier run".
const (
	// Margin is the smallest fall of h between two runs that is claimed, in
	// points of a percentage: the smallest loss that one attempt claims.
	Margin = 2.0
	// falseAlarms is how many comparisons of two equal runs may raise an alarm
	// in some cell: one in so many.
	falseAlarms = 20
	// mostRepeats are as many figures of a side as count, the latest ones. No
	// run makes as many; all ways to deal them out still fit in an int64.
	mostRepeats = 20
)

// trial is a test of whether one sample lies below another, in whole numbers:
// ways of all ways to deal the pooled values into groups of these sizes put the
// first one as low as it was seen, or lower.
type trial struct{ ways, all int64 }

// p is the chance of a difference as large as the one seen, in either
// direction, if both samples were drawn from the same distribution.
func (t trial) p() float64 { return min(1, 2*float64(t.ways)/float64(t.all)) }

// significant says whether the difference counts when it is one of so many that
// are looked at: p ≤ 1 / falseAlarms / cells, which is Bonferroni's correction
// (O. J. Dunn, "Multiple Comparisons Among Means", JASA 56, 1961). It asks
// nothing of the cells' independence, and a cell's answer does not hang on
// those of the others.
func (t trial) significant(cells int) bool {
	return 2*t.ways*falseAlarms*int64(max(cells, 1)) <= t.all
}

// lowest is the trial of samples whose values all lie below the other's: no
// trial of these sizes says more.
func lowest(low, high int) trial { return trial{1, choose(low+high, low)} }

// repeatsNeeded is how many values of each side can be significant at all among
// so many cells.
func repeatsNeeded(cells int) int {
	n := 1
	for n < mostRepeats && !lowest(n, n).significant(cells) {
		n++
	}
	return n
}

// rankSum is the exact test of Mann and Whitney ("On a Test of Whether one of
// Two Random Variables is Stochastically Larger than the Other", Annals of
// Mathematical Statistics 18, 1947) for whether low lies below high. It assumes
// nothing of how the values are distributed. Equal values share their mean
// rank, and the ways are counted with these very ties. At most mostRepeats
// values of a side are used.
func rankSum(low, high []float64) trial {
	low, high = latest(low), latest(high)
	all := slices.Concat(low, high)
	sorted := slices.Sorted(slices.Values(all))
	rank := func(v float64) int { // twice the mean rank, a whole number
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
	most := 2 * len(all) * len(low)     // no sum of doubled ranks is above
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

// choose is how many ways there are to take k of n; at most 2·mostRepeats of
// mostRepeats are asked for.
func choose(n, k int) int64 {
	out := int64(1)
	for i := 1; i <= k; i++ {
		out = out * int64(n-k+i) / int64(i)
	}
	return out
}

// median is that of at least one value.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
