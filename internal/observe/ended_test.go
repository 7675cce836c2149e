package observe

import (
	"testing"

	"benchrun/internal/bench"
)

func TestDecodeExit(t *testing.T) {
	for wait, want := range map[int]bench.ExitStatus{
		0: {}, 3 << 8: {Code: 3}, 255 << 8: {Code: 255}, 9: {Signal: "SIGKILL"},
		11 | 0x80: {Signal: "SIGSEGV"}, 15: {Signal: "SIGTERM"}, 34: {Signal: "SIG34"},
	} {
		if got := decodeExit(wait); *got != want {
			t.Errorf("status %#x: %+v, want %+v", wait, *got, want)
		}
	}
}
