package targets

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// goApp, in place of a program's path, is the app that a server of this kind is compiled
// with. It becomes the program app in the environment's bin.
const goApp = "."

// goForm matches the path of a Go program with its version.
var goForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._~/-]*@v(?:[0-9][0-9A-Za-z.+-]*|\{version\})$`)

// golang compiles Go programs, with the Go in the environment; without one, with the
// machine's.
type golang struct {
	programs []string
	app      map[string]string // the app's sources, by name
}

// goSources are what an app in Go is compiled of: its files and the profile's.
func goSources(s *Server, profile string) (map[string]string, error) {
	sources := map[string]string{}
	for name, text := range s.Texts(profile) {
		if strings.HasSuffix(name, ".go") {
			sources[name] = text
		}
	}
	for _, f := range kinds()[s.App].sources() {
		text, err := apps.ReadFile(f.path)
		if err != nil {
			return nil, fmt.Errorf("app of %s: %w", s.Name, err)
		}
		sources[f.name] = string(text)
	}
	return sources, nil
}

func digestOf(sources map[string]string) string {
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		_, _ = fmt.Fprintf(sum, "%q %q\n", name, sources[name]) // a hash never fails
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func (g golang) install(ctx context.Context, t tool, run RunProgram, folder string) error {
	bin, cache := filepath.Join(folder, "bin"), filepath.Join(filepath.Dir(filepath.Dir(folder)), "go")
	compiler := goCommand(folder)
	t.env = append(append(t.env, goEnv()...), "GOBIN="+bin, "GOPATH="+cache, "GOCACHE="+filepath.Join(cache, "build"), "CGO_ENABLED=0")
	for _, program := range g.programs {
		build := func() error { return t.step(ctx, run, compiler, "install", program) }
		if program == goApp {
			build = func() error { return g.buildApp(ctx, t, run, folder, compiler) }
		}
		if err := build(); err != nil {
			return err
		}
	}
	return nil
}

// goCommand is the Go of an environment; without one, the machine's.
func goCommand(env string) string {
	if own := filepath.Join(env, "bin", "go"); env != "" && exists(own) {
		return own
	}
	return "go"
}

// goEnv keeps a project's own settings, and downloads of other compilers, out of it.
func goEnv() []string { return []string{"GOFLAGS=-modcacherw", "GOTOOLCHAIN=local", "GOWORK=off"} }

// buildApp names the files, so that they need no go.mod.
func (g golang) buildApp(ctx context.Context, t tool, run RunProgram, folder, compiler string) (err error) {
	source := filepath.Join(folder, "source")
	defer func() { err = errors.Join(err, os.RemoveAll(source)) }()
	if err := os.Mkdir(source, 0o755); err != nil {
		return cacheError(err)
	}
	build := []string{compiler, "build", "-trimpath", "-o", filepath.Join(folder, "bin", "app")}
	for _, name := range slices.Sorted(maps.Keys(g.app)) {
		path := filepath.Join(source, name)
		if err := writeReadable(path, []byte(g.app[name])); err != nil {
			return cacheError(err)
		}
		build = append(build, path)
	}
	return t.step(ctx, run, build...)
}
