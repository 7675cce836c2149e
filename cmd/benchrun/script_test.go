package main

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"benchrun/internal/launch"
	"benchrun/internal/place"
	"benchrun/internal/project"
	"benchrun/targets"
)

// unaware makes a benchrun of a test neither read nor leave notices for others, and look at
// the machine only for a moment. scripts/test sets it for the tests that measure nothing: their
// cells only have to be there, and would otherwise wait for each other.
const unaware = "BENCHRUN_TEST_UNAWARE"

// benchrun starts itself again for its helper processes. In tests, that is the test binary.
func TestMain(m *testing.M) {
	if os.Getenv(unaware) != "" {
		launch.NoticesFolder = func() string { return "" }
		place.LookTime = 20 * time.Millisecond
	}
	if os.Getenv(asMain) != "" || len(os.Args) > 1 && strings.HasPrefix(os.Args[1], "__") {
		os.Exit(run(os.Args[1:]))
	}
	// The parallel tests mostly wait.
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){
		"benchrun": func() { os.Exit(run(os.Args[1:])) },
	})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error { // the path of testscript's own is too long for servers' sockets
			env.Setenv("TMPDIR", os.TempDir())
			repo, err := filepath.Abs("../..")
			env.Setenv("REPO", repo)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
		},
	})
}

// exits CODE COMMAND ARG…: runs the command and compares its exit code. The output goes to the
// files out and err.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARG...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	path, err := exec.LookPath(args[1])
	if err != nil {
		path = ts.Getenv("PATH") // named below
		for _, dir := range strings.Split(path, string(os.PathListSeparator)) {
			if _, err := os.Stat(dir + "/" + args[1]); err == nil {
				path = dir + "/" + args[1]
				break
			}
		}
	}
	cmd := exec.Command(path, args[2:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(os.Environ(), "PATH="+ts.Getenv("PATH"), "HOME="+ts.Getenv("WORK"), "XDG_CONFIG_HOME="+ts.Getenv("WORK")+"/config")
	for _, set := range sourced() {
		cmd.Env = append(cmd.Env, set.variable()+"="+ts.Getenv(set.variable()))
	}
	cmd.Env = append(cmd.Env, project.ConfigVariable+"="+ts.Getenv(project.ConfigVariable), "GITHUB_ACTIONS=")
	if cache := ts.Getenv(targets.CacheVariable); cache != "" {
		cmd.Env = append(cmd.Env, targets.CacheVariable+"="+cache)
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%v: %v", args[1:], err)
	}
	ts.Check(os.WriteFile(ts.MkAbs("out"), out.Bytes(), 0o644))
	ts.Check(os.WriteFile(ts.MkAbs("err"), errs.Bytes(), 0o644))
	ts.Logf("[stdout]\n%s[stderr]\n%s", out.String(), errs.String())
	if got := cmd.ProcessState.ExitCode(); got != want {
		ts.Fatalf("%v exited with %d, want %d", args[1:], got, want)
	}
}
