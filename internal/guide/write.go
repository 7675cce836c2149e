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

// Pages that are written by hand, except for some parts.
const (
	contractPage    = "contract.md"
	frontsPage      = "fronts.md"
	supervisorsPage = "supervisors.md"
)

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
// whole, and some of which it generates parts. The user's own server files do not
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
	schema, err := project.JSONSchema()
	if err != nil {
		return nil, err
	}
	contract, err := withParts(folder, contractPage, map[Part]string{Faults: FaultsTable(), Kinds: KindsTable()})
	if err != nil {
		return nil, err
	}
	fronts, err := withParts(folder, frontsPage, map[Part]string{Fronts: FrontsTable(reg)})
	if err != nil {
		return nil, err
	}
	supervisors, err := withParts(folder, supervisorsPage, map[Part]string{Supervisors: SupervisorsTable()})
	if err != nil {
		return nil, err
	}
	return map[string]string{
		"benchrun.schema.json": schema,

		"servers.md":    servers,
		"scenarios.md":  ScenariosPage(),
		"measures.md":   MeasuresPage(),
		"cli.md":        cli,
		contractPage:    contract,
		frontsPage:      fronts,
		supervisorsPage: supervisors,
	}, nil
}

// withParts is a page of a folder with these texts in its parts.
func withParts(folder, name string, texts map[Part]string) (string, error) {
	path := filepath.Join(folder, name)
	page, err := intake.ReadSmall("docs", path)
	if err != nil {
		return "", err
	}
	for part, text := range texts {
		if page, err = part.Replace(page, text); err != nil {
			return "", fmt.Errorf("%s: %w", path, err)
		}
	}
	return string(page), nil
}
