package launch

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"benchrun/internal/procfs"
)

// state is what Sweep must know about a scratch folder whose benchrun has died.
type state struct {
	Boot   string       `json:"boot"` // the boot for which pids and start times are valid
	Groups []groupState `json:"groups,omitempty"`
}

// groupState is one started group that has not been destroyed yet.
type groupState struct {
	Name    string   `json:"name"` // of its cgroups: "benchrun-<id>", for later groups "benchrun-<id>.2", …
	Level   Level    `json:"level"`
	Cgroups []string `json:"cgroups,omitempty"`
	Private bool     `json:"private,omitempty"` // nothing that the server shares outlives it
	UID     int      `json:"uid"`               // the server's user
	Since   int64    `json:"since"`             // Unix seconds
	Shim    identity `json:"shim,omitzero"`
	Leader  identity `json:"leader,omitzero"`
}

// bootID identifies this boot; "" if the kernel does not say.
func bootID() string {
	id, _ := procfs.Sysctl("kernel/random/boot_id")
	return id
}

// save writes state.json atomically. The caller holds mu or is alone.
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

// remember stores a group, or replaces what is stored of it.
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

// forget removes a group when nothing of it is left.
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

// readState reads a folder's state.json. If benchrun died before it wrote one, the state
// is empty.
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
