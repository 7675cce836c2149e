package runner

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/intake"
	"benchrun/internal/plan"
	"benchrun/scenarios"
	"benchrun/targets"
)

// probeSchema changes whenever probes stop being comparable.
const probeSchema = "benchrun.probe/v3"

// probeAge is how long a probe is believed. What no key can hold changes too: a
// library that apt upgrades, the kernel's settings, what else this machine does.
// A week lets a day's runs share a probe, and costs one a week.
const probeAge = 7 * 24 * time.Hour

// cachedProbe is a probe as it is kept for the next run.
type cachedProbe struct {
	Schema     string      `json:"schema"`
	Target     string      `json:"target"`
	MeasuredAt string      `json:"measured_at"`
	Patience   float64     `json:"patience_s"`
	Probe      bench.Probe `json:"probe"`
}

// probeFile is where a target's probe is kept: keyed by everything that could
// change it.
func (l *Lab) probeFile(root string, t *Prepared) (string, error) {
	key := sha256.New()
	enc := json.NewEncoder(key)
	app, err := targets.AppDigest(t.Server.App)
	if err != nil {
		return "", fmt.Errorf("probe key: %w", err)
	}
	parts := []any{probeSchema, app, scenarios.Watchdog().Version, t.Server, t.Profile, t.ProfileName, t.Installation.Version,
		t.Installation.Python, l.Limits, l.Environment.Testbed, l.Environment.Supervision}
	if t.Server.App == targets.AppBuiltin { // it is its own app
		st, err := os.Stat(l.Self)
		if err != nil {
			return "", fmt.Errorf("own binary: %w", err)
		}
		parts = append(parts, st.Size(), st.ModTime().UnixNano())
	}
	for _, p := range parts {
		if err := enc.Encode(p); err != nil {
			return "", fmt.Errorf("probe key: %w", err)
		}
	}
	return filepath.Join(root, "probes", hex.EncodeToString(key.Sum(nil))[:24]+".json"), nil
}

// loadProbe returns a kept probe that is not too old, and waited for the watchdog at least as long
// as is wanted now. Anything unreadable counts as absent.
func loadProbe(file string, ratio bench.Ratio, mode bench.Mode, claims bench.Claims) (bench.Probe, bool) {
	b, err := intake.ReadSmall("", file)
	if err != nil {
		return bench.Probe{}, false
	}
	var c cachedProbe
	if json.Unmarshal(b, &c) != nil || c.Schema != probeSchema || c.Probe.Slots == 0 {
		return bench.Probe{}, false
	}
	measured, err := time.Parse(time.RFC3339, c.MeasuredAt)
	if age := time.Since(measured); err != nil || age > probeAge || age < -time.Minute { // or the clock was set back
		return bench.Probe{}, false
	}
	if c.Probe.WatchdogCensored && c.Patience < plan.WatchdogPatience(c.Probe.Slots, ratio, mode, claims).Seconds() {
		return bench.Probe{}, false
	}
	return c.Probe, true
}

// keepProbe stores a probe for the next run. A probe with a note is not kept.
func keepProbe(file, target string, p bench.Probe, ratio bench.Ratio, mode bench.Mode, claims bench.Claims) error {
	if p.Note != "" {
		return nil
	}
	b, err := json.MarshalIndent(cachedProbe{
		Schema: probeSchema, Target: target, MeasuredAt: time.Now().UTC().Format(time.RFC3339),
		Patience: plan.WatchdogPatience(p.Slots, ratio, mode, claims).Seconds(), Probe: p,
	}, "", "  ")
	if err != nil {
		return fmt.Errorf("keep probe: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("keep probe: %w", err)
	}
	temp := file + ".new"
	if err := os.WriteFile(temp, append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("keep probe: %w", err)
	}
	return os.Rename(temp, file)
}
