package cijob

import (
	"fmt"
	"path/filepath"
	"slices"

	"benchrun/internal/bench"
	"benchrun/targets"
	"benchrun/templates"
)

// WriteServer writes a server file that is to be filled in, NAME.yaml in dir, and returns
// what to do next. app is the kind of app that the server serves.
func WriteServer(dir, name, app string, force bool) (string, error) {
	var kinds []templates.AppKind
	for _, k := range targets.AppKinds() {
		kinds = append(kinds, templates.AppKind{Name: k, Title: targets.AppKind(k).Title()})
	}
	if !slices.Contains(targets.AppKinds(), app) {
		return "", &bench.UsageError{Problem: fmt.Sprintf("unknown --app-kind %q", app), Hint: bench.DidYouMean(app, targets.AppKinds())}
	}
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
	if err := writeNew("init server", path, templates.Server(name, app, targets.AppKind(app).Starter(), kinds), force); err != nil {
		return "", err
	}
	return fmt.Sprintf("wrote %s\nnext:\n  - fill in each TODO; see what is left: benchrun check-server %s --dry-run\n", path, bench.JoinWords([]string{path})), nil
}
