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

// schema changes whenever stored probes cannot be compared with new ones.
const schema = "benchrun.probe/v3"

// mostAge is how long benchrun believes a stored probe. Some changes are in no key:
// a library that apt upgrades, the kernel's settings, what else this machine does.
// Within a week the runs of each day share one probe.
const mostAge = 7 * 24 * time.Hour

// kept is how a probe is stored.
type kept struct {
	Schema     string      `json:"schema"`
	Target     string      `json:"target"`
	MeasuredAt string      `json:"measured_at"`
	Probe      bench.Probe `json:"probe"`
}

// File is the path of a target's probe under root, benchrun's cache. Its name
// depends on everything that could change the probe.
func File(root string, h *place.Host, t *place.Target) (string, error) {
	key := sha256.New()
	enc := json.NewEncoder(key)
	app, err := targets.AppDigest(t.Server.App)
	if err != nil {
		return "", fmt.Errorf("probe key: %w", err)
	}
	parts := []any{schema, app, scenarios.Watchdog().Version, t.Server, t.Profile, t.ProfileName, t.Installation.Version,
		t.Installation.Python, h.Limits, h.Environment.Testbed, h.Environment.Supervision}
	if t.Server.App == targets.AppBuiltin { // the server is its own app
		st, err := os.Stat(h.Self)
		if err != nil {
			return "", fmt.Errorf("own binary: %w", err)
		}
		parts = append(parts, st.Size(), st.ModTime().UnixNano())
	}
	if len(t.Server.VersionCommand) == 0 { // no version tells one state of its programs from another
		command, _, err := t.Server.Command(t.ProfileName, targets.Placeholders{})
		if err != nil {
			return "", fmt.Errorf("probe key: %w", err)
		}
		for _, word := range command {
			if st, err := os.Stat(word); err == nil && filepath.IsAbs(word) {
				parts = append(parts, st.Size(), st.ModTime().UnixNano())
			}
		}
	}
	for _, p := range parts {
		if err := enc.Encode(p); err != nil {
			return "", fmt.Errorf("probe key: %w", err)
		}
	}
	return filepath.Join(root, "probes", hex.EncodeToString(key.Sum(nil))[:24]+".json"), nil
}

// Load returns a stored probe, if it is not older than mostAge and its watchdog was
// waited for with at least this patience. Anything unreadable counts as absent.
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
	if age := time.Since(measured); err != nil || age > mostAge || age < -time.Minute { // negative: the clock was set back
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

// Replace writes content to a file in the cache. Readers see the old or the new
// content as a whole, however many processes write at the same time.
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

// Exclusive calls do, which measures the probe of a file, while no other benchrun
// measures it. Whoever comes second waits, and then finds the stored probe.
// Exclusive calls waiting once if it has to wait.
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
