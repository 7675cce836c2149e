package launch

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// state is what Sweep must know of a scratch folder whose benchrun has died.
type state struct {
	Boot   string       `json:"boot"` // the boot that pids and start times belong to
	Groups []groupState `json:"groups,omitempty"`
}

// groupState is one started group that has not been destroyed yet.
type groupState struct {
	Name    string   `json:"name"` // of its cgroups: "benchrun-<id>", later ones "benchrun-<id>.2", …
	Level   Level    `json:"level"`
	Cgroups []string `json:"cgroups,omitempty"`
	Private bool     `json:"private,omitempty"` // the server shares nothing that outlives it
	UID     int      `json:"uid"`               // that the server runs as
	Since   int64    `json:"since"`             // Unix seconds
	Shim    identity `json:"shim,omitzero"`
	Leader  identity `json:"leader,omitzero"`
}

// bootID tells this boot from others; "" where the kernel does not say.
func bootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// save writes state.json in one step. The caller holds mu or is alone.
func (s *Scratch) save() error {
	b, err := json.Marshal(s.state)
	if err != nil {
		return err
	}
	file := filepath.Join(s.Dir, stateFile)
	if err := os.WriteFile(file+".new", b, 0o600); err != nil {
		return fmt.Errorf("scratch state: %w", err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		return fmt.Errorf("scratch state: %w", err)
	}
	return nil
}

// nextName names the next group of this folder.
func (s *Scratch) nextName() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.starts++
	if s.starts == 1 {
		return "benchrun-" + s.ID
	}
	return fmt.Sprintf("benchrun-%s.%d", s.ID, s.starts)
}

// remember writes down a group, or what more is known of it.
func (s *Scratch) remember(g groupState) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, old := range s.state.Groups {
		if old.Name == g.Name {
			s.state.Groups[i] = g
			return s.save()
		}
	}
	s.state.Groups = append(s.state.Groups, g)
	return s.save()
}

// forget removes a group when nothing is left of it.
func (s *Scratch) forget(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var rest []groupState
	for _, g := range s.state.Groups {
		if g.Name != name {
			rest = append(rest, g)
		}
	}
	s.state.Groups = rest
	return s.save()
}

// readState reads a folder's state.json. A folder whose benchrun died before
// it wrote one has an empty state.
func readState(dir string) (state, error) {
	b, err := os.ReadFile(filepath.Join(dir, stateFile))
	if os.IsNotExist(err) {
		return state{}, nil
	}
	if err != nil {
		return state{}, err
	}
	var st state
	if err := json.Unmarshal(b, &st); err != nil {
		return state{}, fmt.Errorf("%s: %w", filepath.Join(dir, stateFile), err)
	}
	return st, nil
}
