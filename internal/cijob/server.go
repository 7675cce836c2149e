package cijob

import (
	"fmt"
	"path/filepath"

	"benchrun/internal/bench"
	"benchrun/targets"
	"benchrun/templates"
)

// WriteServer writes a server file that is to be filled in, NAME.yaml in dir, and returns
// what to do next.
func WriteServer(dir, name string, force bool) (string, error) {
	if err := targets.CheckName(name); err != nil {
		return "", err
	}
	reg, err := targets.Load(targets.LoadOptions{})
	if err != nil {
		return "", err
	}
	if _, err := reg.Lookup(name); err == nil {
		return "", &bench.UsageError{
			Problem: "benchrun has a server called " + name,
			Hint:    fmt.Sprintf("choose another name, or copy its file: benchrun show %s > my.yaml", name),
		}
	}
	path := filepath.Join(dir, name+".yaml")
	if err := writeNew("init server", path, templates.Server(name), force); err != nil {
		return "", err
	}
	return fmt.Sprintf("wrote %s\nnext:\n  - fill in each TODO; see what is left: benchrun check-server %s --dry-run\n", path, bench.JoinWords([]string{path})), nil
}
