package bench

import (
	"math"
	"math/big"
	"testing"
	"time"
)

var beatRates = []int{1, 3, 7, 10, 100, 333, 999, 1000, 3000, 1_000_003, int(time.Second)}

// Request seq is due at exactly floor(seq·10⁹/rate), for any rate, also after a
// year: nothing adds up.
func TestABeatDoesNotDrift(t *testing.T) {
	for _, rate := range beatRates {
		b := Beat{Start: 5, Rate: rate}
		for _, seq := range []uint64{0, 1, 2, uint64(rate) - 1, uint64(rate), uint64(rate) + 1, uint64(rate)*86400*365 + 17} {
			want := new(big.Int).Mul(new(big.Int).SetUint64(seq), big.NewInt(int64(time.Second)))
			want.Add(want.Div(want, big.NewInt(int64(rate))), big.NewInt(5))
			if got := b.Due(seq); got != want.Int64() {
				t.Errorf("at %d a second request %d is due at %d, want %s", rate, seq, got, want)
			}
		}
	}
}

// Next gives a time at which a request is due, not before the one asked about,
// and no request is due between the two.
func TestNextIsTheFirstOnTheBeat(t *testing.T) {
	for _, rate := range beatRates {
		b := Beat{Start: 1_000, Rate: rate}
		for _, seq := range []uint64{0, 1, 2, 41, uint64(rate) - 1, uint64(rate), 3*uint64(rate) + 1, uint64(rate) * 86400} {
			due, after := b.Due(seq), b.Due(seq+1)
			asked := map[int64]int64{due: due, due + 1: after, after: after}
			if after-1 > due { // else the two are a nanosecond apart
				asked[after-1] = after
			}
			for at, want := range asked {
				if got := b.Next(at); got != want {
					t.Errorf("at %d a second the next request from %d on is due at %d, want %d", rate, at, got, want)
				}
			}
		}
		if got := b.Next(-5); got != b.Start {
			t.Errorf("at %d a second the first request is due at %d, want %d", rate, got, b.Start)
		}
	}
}

// A damaged record may say anything: times stay where they can be compared.
func TestABeatDoesNotOverflow(t *testing.T) {
	for _, rate := range []int{math.MinInt, -1, 0, 1, int(time.Second), math.MaxInt} {
		b := Beat{Start: 1 << 60, Rate: rate}
		if due := b.Due(math.MaxUint64); due < b.Start || due > 1<<62 {
			t.Errorf("rate %d: the last request is due at %d", rate, due)
		}
		if next := b.Next(1<<61 + 1); next < 1<<61+1-int64(time.Second) || next > 1<<62 {
			t.Errorf("rate %d: the next request is due at %d", rate, next)
		}
	}
}

func TestTheControlIsProbedAtATenth(t *testing.T) {
	for rate, want := range map[int]int{1: 1, 9: 1, 10: 1, 100: 10, 1000: 100} {
		if got := ControlRate(rate); got != want {
			t.Errorf("beside %d victims a second the control is asked %d times, want %d", rate, got, want)
		}
	}
}
