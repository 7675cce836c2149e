package observe

import (
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"benchrun/internal/bench"
)

func TestHost(t *testing.T) {
	e, err := Host()
	if err != nil {
		t.Fatal(err)
	}
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	kernel, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		t.Fatal(err)
	}
	if e.Hostname != name || e.Kernel != strings.TrimSpace(string(kernel)) || e.CPUs != runtime.NumCPU() {
		t.Errorf("%+v, want host %s, kernel %s, %d CPUs", e, name, kernel, runtime.NumCPU())
	}
	if e.OS == "" || e.CPUModel == "" || e.MemoryBytes < 64<<20 || e.Load1 < 0 || e.Somaxconn < 1 {
		t.Errorf("incomplete: %+v", e)
	}
	if !regexp.MustCompile(`^[0-9a-f]{12}$`).MatchString(e.Testbed) {
		t.Errorf("testbed %q", e.Testbed)
	}
	if again, err := Host(); err != nil || again.Testbed != e.Testbed {
		t.Errorf("testbed %s, then %s (%v)", e.Testbed, again.Testbed, err)
	}
}

func TestTestbed(t *testing.T) {
	base := bench.Environment{Kernel: "6.18.44-fc", CPUModel: "EPYC", CPUs: 2, MemoryBytes: 16 << 30, OS: "Debian"}
	same := map[string]func(*bench.Environment){
		"patch level":   func(e *bench.Environment) { e.Kernel = "6.18.45" },
		"some memory":   func(e *bench.Environment) { e.MemoryBytes -= 100 << 20 },
		"another name":  func(e *bench.Environment) { e.Hostname = "other" },
		"a higher load": func(e *bench.Environment) { e.Load1 = 9 },
	}
	other := map[string]func(*bench.Environment){
		"kernel": func(e *bench.Environment) { e.Kernel = "6.19.0" },
		"CPU":    func(e *bench.Environment) { e.CPUModel = "Xeon" },
		"CPUs":   func(e *bench.Environment) { e.CPUs = 4 },
		"memory": func(e *bench.Environment) { e.MemoryBytes = 32 << 30 },
		"system": func(e *bench.Environment) { e.OS = "Ubuntu" },
	}
	want := testbed("vm", base)
	for what, edit := range same {
		e := base
		if edit(&e); testbed("vm", e) != want {
			t.Errorf("%s made another testbed", what)
		}
	}
	for what, edit := range other {
		e := base
		if edit(&e); testbed("vm", e) == want {
			t.Errorf("another %s, but the same testbed", what)
		}
	}
	if testbed("laptop", base) == want {
		t.Error("another machine, but the same testbed")
	}
}
