package probe

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"benchrun/internal/bench"
	"benchrun/internal/intake"
	"benchrun/internal/place"
	"benchrun/internal/plan"
	"benchrun/scenarios"
	"benchrun/targets"
)

// schema changes whenever probes stop being comparable.
const schema = "benchrun.probe/v3"

// mostAge is how long a probe is believed. What no key can hold changes too: a
// library that apt upgrades, the kernel's settings, what else this machine does.
// A week lets a day's runs share a probe, and costs one a week.
const mostAge = 7 * 24 * time.Hour

// kept is a probe as it is kept for the next run.
type kept struct {
	Schema     string      `json:"schema"`
	Target     string      `json:"target"`
	MeasuredAt string      `json:"measured_at"`
	Probe      bench.Probe `json:"probe"`
}

// File is where a target's probe is kept, under the root of what benchrun caches:
// keyed by everything that could change it.
func File(root string, h *place.Host, t *place.Target) (string, error) {
	key := sha256.New()
	enc := json.NewEncoder(key)
	app, err := targets.AppDigest(t.Server.App)
	if err != nil {
		return "", fmt.Errorf("probe key: %w", err)
	}
	parts := []any{schema, app, scenarios.Watchdog().Version, t.Server, t.Profile, t.ProfileName, t.Installation.Version,
		t.Installation.Python, h.Limits, h.Environment.Testbed, h.Environment.Supervision}
	if t.Server.App == targets.AppBuiltin { // it is its own app
		st, err := os.Stat(h.Self)
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

// Load returns a kept probe that is not too old and has waited long enough. Anything
// unreadable counts as absent.
func Load(file string, patience plan.Patience) (bench.Probe, bool) {
	b, err := intake.ReadSmall("", file)
	if err != nil {
		return bench.Probe{}, false
	}
	var c kept
	if json.Unmarshal(b, &c) != nil || c.Schema != schema || !patience.Enough(c.Probe) {
		return bench.Probe{}, false
	}
	measured, err := time.Parse(time.RFC3339, c.MeasuredAt)
	if age := time.Since(measured); err != nil || age > mostAge || age < -time.Minute { // or the clock was set back
		return bench.Probe{}, false
	}
	return c.Probe, true
}

// Keep stores a probe for the next run. A probe with a note is not kept.
func Keep(file, target string, p bench.Probe) error {
	if p.Note != "" {
		return nil
	}
	b, err := json.MarshalIndent(kept{
		Schema: schema, Target: target, MeasuredAt: time.Now().UTC().Format(time.RFC3339), Probe: p,
	}, "", "  ")
	if err != nil {
		return fmt.Errorf("keep probe: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("keep probe: %w", err)
	}
	if err := Replace(file, append(b, '\n')); err != nil {
		return fmt.Errorf("keep probe: %w", err)
	}
	return nil
}

// Replace puts content into a file that is kept, whole or not at all, whoever else does so at
// the same time.
func Replace(file string, content []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(file), "new-*")
	if err != nil {
		return err
	}
	_, err = temp.Write(content)
	err = errors.Join(err, temp.Chmod(0o644), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), file)
	}
	if err != nil {
		_ = os.Remove(temp.Name())
	}
	return err
}

// Exclusive does what measures the probe of a file, while no other benchrun does:
// who comes second waits, and finds what the first one has kept. waiting is told
// once if there is something to wait for.
func Exclusive(ctx context.Context, file string, waiting func(), do func() error) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	lock, err := os.OpenFile(file+".lock", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	defer lock.Close() //nolint:errcheck // releases the lock
	if err := targets.AwaitLock(ctx, lock, waiting); err != nil {
		return err
	}
	return do()
}
