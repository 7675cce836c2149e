package checkserver

import (
	"os"
	"path/filepath"
	"strings"

	"benchrun/internal/plan"
	"benchrun/scenarios"
	"benchrun/targets"
)

// Wanted says which targets are to be checked.
type Wanted struct {
	What     string          // a server, name/profile, name@version or name@path:DIR, or a server file; "" = that of Command
	Profiles []string        // unless given: those with a meaning of their own, or all
	Command  targets.Command // --server-cmd
	Args     []string        // of the user's own
	Part     plan.Part       // to run with the server as one target
	Drafts   bool            // fields of the file may still have to be filled in
}

// Cells gives a cell for each target to be checked.
func Cells(w Wanted) ([]plan.Cell, error) {
	var files []string
	if isFile(w.What) {
		files = []string{w.What}
	}
	opts := targets.DefaultLoadOptions(files)
	opts.Command = w.Command
	reg, err := targets.Load(opts)
	if err != nil {
		return nil, err
	}
	servers := []string{w.What}
	if len(files) > 0 || w.What == "" {
		servers = reg.In(files)
	}
	if len(w.Profiles) == 0 {
		w.Profiles = commonProfiles(reg, servers)
	}
	cells, err := plan.Cells(reg, plan.Selection{
		Servers: servers, Profiles: w.Profiles, Scenarios: []string{scenarios.Watchdog().ID}, Drafts: w.Drafts,
	})
	if err != nil {
		return nil, err
	}
	if cells, err = w.Part.With(reg, cells); err != nil {
		return nil, err
	}
	return plan.WithArgs(cells, w.Args)
}

// isFile says that a word names a file. One with a slash may also be server/profile.
func isFile(what string) bool {
	switch ext := filepath.Ext(what); {
	case strings.Contains(what, "@path:"):
		return false
	case ext == ".yaml", ext == ".yml", strings.HasPrefix(what, "/"), strings.HasPrefix(what, "."):
		return true
	}
	_, err := os.Stat(what)
	return err == nil && strings.ContainsRune(what, os.PathSeparator)
}

// commonProfiles are those of the profiles with a meaning of their own that the
// servers have, or all if they have none; none for a server that is not known, which
// others will tell.
func commonProfiles(reg *targets.Registry, servers []string) (out []string) {
	for _, word := range servers {
		srv, err := reg.Lookup(plan.ParseTargetWord(word).Server)
		if err != nil {
			return nil
		}
		for _, p := range []string{targets.ProfileDefault, targets.ProfileHardened, targets.ProfileEqual8} {
			if _, ok := srv.Profiles[p]; ok {
				out = append(out, p)
			}
		}
		if len(out) == 0 {
			out = srv.ProfileNames()
		}
	}
	return out
}
