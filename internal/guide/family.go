package guide

import (
	"fmt"
	"slices"
	"strings"

	"benchrun/internal/bench"
	"benchrun/scenarios"
	"benchrun/targets/reference"
)

func explainFamily(s bench.Scenario) string {
	f := s.Family
	var b strings.Builder
	b.WriteString(heading(f.ID, fmt.Sprintf("family, version %d", f.Version)))
	b.WriteString(wrap("  ", f.Title+"."))
	section := func(title, text string) {
		if text != "" {
			b.WriteString("\n" + title + "\n" + wrap("  ", text))
		}
	}
	section("Why it matters", f.Why)
	section("A good server", f.Good)
	section("Who misbehaves, and how much", who(f)+": "+f.Magnitude+". "+howOften(f.Cadence))
	if len(f.Mix) > 0 {
		b.WriteString("\nWhat comes together\n")
		for _, p := range s.Parts() {
			b.WriteString(labelled(p.Family.ID, fmt.Sprintf("%g %% of the requests: %s.", p.Ratio.Percent(), p.Family.Title)))
		}
	}
	if lines := lackingLines(f, func(kind string) string { return kind }); len(lines) > 0 {
		b.WriteString("\nKinds of apps that have no such fault: unsupported\n")
		for _, line := range lines {
			b.WriteString(wrap("  ", line+"."))
		}
	}
	section("People report it as", strings.Join(known(f).Searched, ", "))
	section("What decides the verdict", deciding(f))
	section("What proves that it can tell", provenBy(f))
	b.WriteString("\nWhat is measured beside the verdict\n")
	for _, name := range MeasuresOf(f) {
		if m, ok := bench.MeasureByName(name); ok {
			b.WriteString(labelled(name, m.Text))
		}
	}
	if len(f.References) > 0 {
		b.WriteString("\nPublic reports\n")
		for _, r := range f.References {
			b.WriteString("  " + r + "\n")
		}
	}
	b.WriteString("\nRun it\n")
	for _, c := range Commands(s) {
		b.WriteString("  " + c + "\n")
	}
	return b.String()
}

// who misbehaves, for the one sentence about a fault's magnitude.
func who(f bench.Family) string {
	switch f.Group {
	case bench.GroupApp:
		return "The app"
	case bench.GroupClient:
		return "The client"
	case bench.GroupResources:
		return "The host"
	case bench.GroupLoad:
		return "The load"
	case bench.GroupMixed:
		return "App and clients"
	case bench.GroupDependency:
		return "The app's database"
	}
	return "The operator"
}

func howOften(c bench.Cadence) string {
	switch {
	case c.Every == bench.Once:
		return "It comes once."
	case c.Every > 0:
		return fmt.Sprintf("It comes every %g s.", c.Every.Seconds())
	}
	return "The magnitude is fixed; the ratio says how many requests do it."
}

// known is how benchrun makes the fault of a family.
func known(f bench.Family) scenarios.Fault {
	fault, _ := scenarios.ByID(f.ID)
	return fault
}

// provenBy names the flaws that a family must find, and what it must find sound.
func provenBy(f bench.Family) string {
	if f.Sound == "" {
		return "calibration, for each of its families."
	}
	var planted []string
	for _, p := range f.Planted() {
		what := ""
		for _, flaw := range reference.Flaws {
			if flaw.Name == p.Profile {
				what = " (" + flaw.Text + ")"
			}
		}
		planted = append(planted, p.Profile+what)
	}
	return fmt.Sprintf("benchrun's own reference server must be held as %s, and failed with the planted flaw %s.", f.Sound, strings.Join(planted, ", with the flaw "))
}

// MeasuresOf names the measures that tell most about a family, in the order of
// bench.MeasureTable. Every cell carries all of them.
func MeasuresOf(f bench.Family) []string {
	names := []string{"h", "longest_outage", "time_to_recover"}
	for _, p := range f.Mix {
		names = append(names, MeasuresOf(p.Family)...)
	}
	switch t := f.Traits; {
	case t.HoldsSlot():
		names = append(names, "slots", "aged_slots", "time_to_collapse")
		if t.Wedges() {
			names = append(names, "watchdog", "reclaimed", "time_to_reclaim")
		}
	case t.Expects == bench.ExpectsDeath, t.Expects == bench.ExpectsReplacement, t.Expects == bench.ExpectsTurnover:
		names = append(names, "blast_radius", "worker_deaths", "worker_births", "live_workers_min")
	}
	if f.Traits.Expects.BySignal() {
		names = append(names, "time_to_replace")
	}
	if f.Traits.Expects == bench.ExpectsRenewal {
		names = append(names, "live_workers_min", "memory_per_fault", "fds_per_fault", "threads_per_fault")
	}
	switch f.Traits.Expects {
	case bench.ExpectsEnd:
		names = append(names, "stop_time", "stop_code", "idle_stop_time", "inflight_lost", "queued_lost", "backlog_reset")
	case bench.ExpectsRefusal:
		names = append(names, "boot_attempts", "boot_cpu", "boot_log", "start_attempts", "start_cpu", "start_log", "worker_deaths", "live_workers_min")
	case bench.ExpectsTakeover:
		names = append(names, "time_to_serve_again")
	}
	if f.Traits.Vanishes {
		names = append(names, "memory_per_fault", "fds_per_fault", "threads_per_fault", "close_wait_per_fault", "files_per_fault", "cpus_kept")
	}
	if f.Cadence.Surge != nil {
		names = append(names, "knee", "goodput_best", "goodput_top", "queueing", "stale_work")
	}
	if f.Traits.Reuses != "" {
		names = append(names, "idle_timeout", "reused", "reused_late", "reused_cut")
	}
	if f.Traits.MustComplete {
		names = append(names, "honest_lost")
	}
	if f.Traits.LeakBytes > 0 {
		names = append(names, "memory_kept", "memory_growth")
	}
	if f.Traits.Leaks.Amount > 0 {
		names = append(names, "leak_kept", "fds_peak", "threads_peak")
	}
	var ordered []string
	for _, m := range bench.MeasureTable {
		if slices.Contains(names, m.Name) {
			ordered = append(ordered, m.Name)
		}
	}
	return ordered
}

// Commands are command lines that run a scenario: on a real server, at a
// smaller ratio, on the flaw of the reference server that it must find, and as
// calibration does.
func Commands(s bench.Scenario) []string {
	out := []string{"benchrun --server gunicorn --scenario " + s.Name()}
	if i := slices.Index(bench.RatioLadder, s.Ratio); i > 0 && !s.Family.Fixed {
		smaller := bench.Scenario{Family: s.Family, Ratio: bench.RatioLadder[i-1]}
		out = append(out, "benchrun --server '*' --scenario "+smaller.Name()+" --dry-run")
	}
	if s.Family.Sound == "" {
		return out
	}
	return append(out,
		"benchrun --server reference --profile "+s.Family.Sound+","+s.Family.Flaw+" --scenario "+s.Name(),
		"benchrun calibrate "+s.Family.ID)
}
