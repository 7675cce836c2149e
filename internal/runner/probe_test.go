package runner

import (
	"testing"

	"benchrun/internal/bench"
	"benchrun/targets"
)

func TestUnderAFamily(t *testing.T) {
	server := &targets.Server{Profiles: map[string]targets.Profile{"default": {
		Args: []string{"-w"}, Families: map[string]targets.ForFamily{"leak": {Args: []string{"-m"}}},
	}}}
	prepared := &Prepared{Server: server, Profile: server.Profiles["default"], ProfileName: "default"}
	if got := prepared.under("leak"); len(got.Profile.Args) != 2 || len(got.Server.Profiles["default"].Args) != 2 {
		t.Errorf("under leak: %+v", got)
	}
	if len(prepared.Profile.Args) != 1 || len(server.Profiles["default"].Args) != 1 {
		t.Errorf("the target has changed: %+v", prepared)
	}
}

func TestMostHeld(t *testing.T) {
	r := func(t int64, nonce string, e bench.ReceiptEvent) bench.Receipt {
		return bench.Receipt{T: t, Nonce: nonce, Event: e}
	}
	s, e, g := bench.ReceiptStart, bench.ReceiptEnd, bench.ReceiptProcessGone
	for _, tt := range []struct {
		name string
		in   []bench.Receipt
		want int
	}{
		{"none", nil, 0},
		{"one after the other", []bench.Receipt{r(1, "hold-0", s), r(2, "hold-0", e), r(2, "hold-1", s), r(3, "hold-1", e)}, 1},
		{"two at once", []bench.Receipt{r(1, "hold-0", s), r(2, "hold-1", s), r(3, "hold-0", e), r(4, "hold-2", s)}, 2},
		{"a dead process frees its slot", []bench.Receipt{r(1, "hold-0", s), r(2, "hold-0", g), r(3, "hold-1", s)}, 1},
		{"others do not count", []bench.Receipt{r(1, "hold-0", s), r(1, "v-1", s)}, 1},
		{"told twice", []bench.Receipt{r(1, "hold-0", s), r(1, "hold-0", s)}, 1},
		{"out of order in the file", []bench.Receipt{r(5, "hold-1", s), r(1, "hold-0", s), r(2, "hold-0", e)}, 1},
	} {
		if got := mostHeld(tt.in); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}
