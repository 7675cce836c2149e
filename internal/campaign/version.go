package campaign

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"

	"benchrun/internal/intake"
	"benchrun/internal/place"
	"benchrun/internal/plan"
	"benchrun/internal/probe"
	"benchrun/targets"
)

// What is stored of a launch is found by the version of its server. A run asks the server
// for it, and stores it for dry runs, which run nothing.

// versionFile is where the version of an installed target is stored.
func versionFile(c plan.Cell, t *place.Target) (string, error) {
	root, err := targets.CacheFolder()
	if err != nil {
		return "", err
	}
	text, err := json.Marshal([]any{c.Server, c.Profile, c.Version, t.Installation.Python, t.Installation.Env})
	if err != nil {
		return "", err
	}
	key := sha256.Sum256(text)
	return filepath.Join(root, "versions", hex.EncodeToString(key[:])[:24]), nil
}

// keepVersion stores the version of an installed target.
func keepVersion(c plan.Cell, t *place.Target) error {
	file, err := versionFile(c, t)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return probe.Replace(file, []byte(t.Installation.Version))
}

// recallInstalled is a cell's target if everything is installed for it and its version is
// known; nil otherwise.
func recallInstalled(ctx context.Context, h *place.Host, o *targets.Outlook, c plan.Cell, python string) *place.Target {
	t := h.Complete(ctx, o, c, python)
	if t == nil {
		return nil
	}
	if len(c.Server.VersionCommand) == 0 && c.Server.PartKind() == "" { // it is part of benchrun
		t.Installation.Version = h.Version
		return t
	}
	file, err := versionFile(c, t)
	if err != nil {
		return nil
	}
	version, err := intake.ReadSmall("", file)
	if err != nil {
		return nil
	}
	t.Installation.Version = string(version)
	return t
}
