package campaign

import (
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/campaign/pack"
	"benchrun/results"
	"benchrun/scenarios"
)

var update = flag.Bool("update", false, "rewrite published.txt from docs/results")

// looks are vitals at 5 Hz of a target that uses cpus[i] CPUs in second i.
func looks(cpus ...float64) []bench.Vital {
	out := []bench.Vital{{}}
	for second, cpu := range cpus {
		for fifth := 1; fifth <= 5; fifth++ {
			out = append(out, bench.Vital{
				T:      int64(time.Duration(second)*time.Second + time.Duration(fifth)*200*time.Millisecond),
				CPU:    out[len(out)-1].CPU + cpu/5,
				Memory: int64(second) << 20,
			})
		}
	}
	return out
}

func at(second int, name bench.MarkName) bench.Mark {
	return bench.Mark{T: int64(time.Duration(second) * time.Second), Name: name}
}

func TestLoadOf(t *testing.T) {
	marks := []bench.Mark{at(0, bench.MarkBoot), at(1, bench.MarkBaseline), at(5, bench.MarkFault), {T: int64(6 * time.Second), Name: bench.MarkBadReceipt},
		at(9, bench.MarkRecovery), at(13, bench.MarkShutdown), at(14, bench.MarkEnd)}
	for _, c := range []struct {
		name       string
		cpus       []float64
		cpu, burst float64
	}{
		{"an even load", []float64{.1, .1, .1, .1, .1, .1, .1, .1, .1, .1, .1, .1, .1, .1}, .1, 0},
		{"the busiest phase counts", []float64{0, .1, .1, .1, .1, 1.5, 1.5, 1.5, 1.5, .1, .1, .1, .1, 0}, 1.5, 0},
		{"seconds that differ", []float64{0, .1, .1, .1, .1, .2, .8, .2, .8, .1, .1, .1, .1, 0}, .5, .3},
		{"a boot that bursts", []float64{1.4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 0, 1.4 / math.Sqrt(14)},
	} {
		got := loadOf(&bench.Record{Marks: marks, Vitals: looks(c.cpus...)}, 0.07)
		if math.Abs(got.CPU-c.cpu-0.07) > 1e-9 || math.Abs(got.Burst-c.burst) > 1e-9 || got.Memory != 13<<20 {
			t.Errorf("%s: %+v, want %.3f and 0.07 CPUs, bursts of %.3f, 13 MiB", c.name, got, c.cpu, c.burst)
		}
	}
	if got := loadOf(&bench.Record{}, 0.07); got != (pack.Load{CPU: 0.07}) {
		t.Errorf("of an empty record: %+v", got)
	}
}

// tookOf is how the last valid attempt of each quick cell of a run went: " held 22.8".
func tookOf(t *testing.T, folder *results.Folder) map[string]string {
	t.Helper()
	run, err := folder.Run(t.Context())
	if err != nil || run.Mode != bench.ModeQuick {
		t.Fatalf("a run in mode %q, %v", run.Mode, err)
	}
	out := map[string]string{}
	for _, c := range run.Cells {
		for _, a := range c.Attempts {
			if a.Verdict == bench.Invalid {
				continue
			}
			went := "failed"
			if a.Verdict == bench.Held {
				went = "held"
			}
			out[strings.Join([]string{c.Server, c.Profile, c.Scenario}, "/")] = fmt.Sprintf(" %s %.1f", went, a.Seconds)
		}
	}
	return out
}

// published.txt has the loads of docs/results.
func TestPublishedLoadsAreFresh(t *testing.T) {
	dir := filepath.Join("..", "..", "docs", "results")
	folder, err := results.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "records", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d records: %v", len(files), err)
	}
	took := tookOf(t, folder)
	most := map[string]pack.Load{}
	for _, file := range files {
		rec, err := folder.ReadRecord(t.Context(), "records/"+filepath.Base(file))
		if err != nil {
			t.Fatal(err)
		}
		name := strings.Join([]string{rec.Head.Target.Server, rec.Head.Target.Profile, rec.Head.Scenario}, "/")
		load, was := loadOf(rec, ownCPU), most[name]
		most[name] = pack.Load{CPU: max(load.CPU, was.CPU), Burst: max(load.Burst, was.Burst), Memory: max(load.Memory, was.Memory)}
	}
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(most)) {
		fmt.Fprintf(&text, "%s %.2f %.2f %d%s\n", name, most[name].CPU, most[name].Burst, most[name].Memory>>20+1, took[name])
	}
	if *update {
		if err := os.WriteFile("published.txt", []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if text.String() != publishedText {
		t.Error("published.txt is stale: go test ./internal/campaign -run TestPublishedLoadsAreFresh -update")
	}
}

// Each family has a load, for cells of servers that benchrun has not measured.
func TestEachFamilyHasALoad(t *testing.T) {
	for _, f := range scenarios.All() {
		name := f.Scenario().Name()
		if load, ok := ofScenarios()[name]; !ok || load.CPU <= 0 || load.Memory <= 0 {
			t.Errorf("%s: %+v, %v: run scripts/loads where it has been measured", name, load, ok)
		}
	}
}
