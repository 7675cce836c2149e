package cost

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
)

func TestCostPageIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(path, []byte(Table.Begin+"\n"+Table.End+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	page, err := Order{Write: path}.page()
	if err != nil || !strings.HasPrefix(string(page), Table.Begin) {
		t.Errorf("%q, %v", page, err)
	}
	if page, err := (Order{}).page(); err != nil || page != nil {
		t.Errorf("without --write: %q, %v", page, err)
	}
}

func TestCostNamesTheMachine(t *testing.T) {
	at := time.Date(2026, 11, 21, 23, 0, 0, 0, time.FixedZone("", 2*3600))
	got := Order{Versions: "wrk 4"}.machine(bench.Environment{CPUs: 2, CPUModel: "A CPU", Kernel: "6.1", OS: "Debian 12", Load1: 0.25}, at)
	for _, want := range []string{"2026-11-21", "2 × A CPU", "Linux 6.1 (Debian 12)", "beside wrk 4."} {
		if !strings.Contains(got, want) {
			t.Errorf("%q does not say %q", got, want)
		}
	}
}
