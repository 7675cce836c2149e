package guide

import (
	"fmt"
	"os"
	"path/filepath"

	"benchrun/internal/bench"
	"benchrun/internal/intake"
	"benchrun/internal/project"
	"benchrun/targets"
)

// contractPage is written by hand, except for two parts.
const contractPage = "contract.md"

// WritePages writes the generated pages into a folder. cli is the page of the command
// line.
func WritePages(folder, cli string) error {
	pages, err := GeneratedPages(folder, cli)
	if err != nil {
		return err
	}
	for name, text := range pages {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil { //nolint:gosec // everybody may read the pages
			return &bench.EnvironmentError{Problem: "docs", Err: err}
		}
	}
	return nil
}

// GeneratedPages are the pages of a folder that the code generates, by file name: some
// whole, and one of which it generates two parts. The user's own server files do not
// influence them.
func GeneratedPages(folder, cli string) (map[string]string, error) {
	reg, err := targets.Load(targets.LoadOptions{})
	if err != nil {
		return nil, err
	}
	servers, err := ServersPage(reg)
	if err != nil {
		return nil, err
	}
	supervisors, err := supervisorsPage(folder)
	if err != nil {
		return nil, err
	}
	schema, err := project.JSONSchema()
	if err != nil {
		return nil, err
	}
	contract := filepath.Join(folder, contractPage)
	page, err := intake.ReadSmall("docs", contract)
	if err != nil {
		return nil, err
	}
	for part, text := range map[Part]string{Faults: FaultsTable(), Kinds: KindsTable()} {
		if page, err = part.Replace(page, text); err != nil {
			return nil, fmt.Errorf("%s: %w", contract, err)
		}
	}
	return map[string]string{
		"benchrun.schema.json": schema,
		supervisorPage:         supervisors,

		"servers.md":   servers,
		"scenarios.md": ScenariosPage(),
		"measures.md":  MeasuresPage(),
		"cli.md":       cli,
		contractPage:   string(page),
	}, nil
}
