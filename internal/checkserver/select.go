package checkserver

import (
	"os"
	"path/filepath"
	"strings"

	"benchrun/internal/plan"
	"benchrun/scenarios"
	"benchrun/targets"
)

// Cells gives a cell for each target to be checked. what is a server, name@version
// or name@path:DIR, or a server file. Without profiles they are those with a
// meaning of their own.
func Cells(what string, profiles []string) ([]plan.Cell, error) {
	var files []string
	if isFile(what) {
		files = []string{what}
	}
	reg, err := targets.Load(targets.DefaultLoadOptions(files))
	if err != nil {
		return nil, err
	}
	servers := []string{what}
	if len(files) > 0 {
		servers = reg.In(files)
	}
	if len(profiles) == 0 {
		profiles = commonProfiles(reg, servers)
	}
	return plan.Cells(reg, plan.Selection{Servers: servers, Profiles: profiles, Scenarios: []string{scenarios.Watchdog().ID}})
}

func isFile(what string) bool {
	ext := filepath.Ext(what)
	return (strings.ContainsRune(what, os.PathSeparator) || ext == ".yaml" || ext == ".yml") && !strings.Contains(what, "@path:")
}

// commonProfiles are those of the profiles with a meaning of their own that the
// servers have; none for a server that is not known, which others will tell.
func commonProfiles(reg *targets.Registry, servers []string) (out []string) {
	for _, word := range servers {
		name, _, _ := strings.Cut(word, "@")
		srv, err := reg.Lookup(name)
		if err != nil {
			return nil
		}
		for _, p := range []string{targets.ProfileDefault, targets.ProfileHardened, targets.ProfileEqual8} {
			if _, ok := srv.Profiles[p]; ok {
				out = append(out, p)
			}
		}
	}
	return out
}
