package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"benchrun/internal/bench"
)

// everyBlock takes hours and needs an otherwise idle machine.
var everyBlock = flag.Bool("every-block", false, "measure what the examples of README.md and docs/ measure, where otherwise --dry-run is added")

const tutorial = "docs/tutorial.md"

// bash runs every console and sh block of README.md and docs/, each in a new folder that
// contains what the examples name. benchrun is the code under test. Unless -every-block is
// given, some commands are shortened:
//
//   - those that would measure (the main command, duel, calibrate, check-server) get
//     --dry-run: every name, flag, file and rule is resolved, and nothing is launched;
//   - --server '*' with a scenario is --server reference; README.md has all servers with
//     all scenarios;
//   - scripts/bench does not build; scripts/cost gets --help;
//   - sudo apt-get only simulates, with -every-block as well;
//   - cache works on a cache folder of its own, and clear gets --yes, likewise;
//   - the stored runs have one cell from the published results, as if this machine had
//     measured it; the one that --resume continues lacks nothing.
//
// TestMeasuredTutorial runs the tutorial completely.
func TestBlocks(t *testing.T) {
	examples := furnished(t)
	pages := map[string]int{}
	for _, b := range allBlocks(t) {
		pages[b.page]++
		if b.page == tutorial {
			continue
		}
		t.Run(fmt.Sprintf("%s:%d", b.page, b.line), func(t *testing.T) {
			if !*everyBlock { // measurements need the machine to themselves
				t.Parallel()
			}
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(examples)); err != nil {
				t.Fatal(err)
			}
			for _, problem := range runBlocks(t, dir, []docBlock{b}, allowedCodes()).problems {
				t.Error(problem)
			}
		})
	}
	for _, page := range []string{"README.md", "docs/ci.md", "docs/cli.md", "docs/surprises.md", "docs/scenarios.md", tutorial} {
		if pages[page] == 0 {
			t.Errorf("%s: no block was found", page)
		}
	}
}

// The tutorial's blocks run for real, one after another in one session, and the output is
// compared with what the page shows. Every command must succeed, unless the page shows its
// exit code with echo $?. On a busy host a cell may be invalid, which is not the page's
// fault: the test then tries once more.
func TestMeasuredTutorial(t *testing.T) {
	t.Parallel()
	blocks := slices.DeleteFunc(allBlocks(t), func(b docBlock) bool { return b.page != tutorial })
	if len(blocks) == 0 {
		t.Fatalf("%s has no blocks", tutorial)
	}
	got := session{}
	for range 2 {
		dir := t.TempDir()
		writeShim(t, filepath.Join(dir, "bin", "benchrun"), "")
		got = runBlocks(t, dir, blocks, []int{bench.ExitOK})
		if !got.invalid || len(got.problems) == 0 {
			break
		}
		t.Logf("a cell is invalid: the host was busy\n%s", strings.Join(got.problems, "\n"))
	}
	for _, problem := range got.problems {
		t.Error(problem)
	}
}

// allowedCodes are the exit codes that a command may have if the page shows none. What the
// examples measure may fail.
func allowedCodes() []int {
	if *everyBlock {
		return []int{bench.ExitOK, bench.ExitUnmeasured, bench.ExitCheckFailed}
	}
	return []int{bench.ExitOK}
}

// session is the result of a session of bash.
type session struct {
	problems []string
	invalid  bool // the host spoiled some cell or attempt
}

// ifQuiet is what a dry run says besides on a busy machine, which pages do not show.
var ifQuiet = regexp.MustCompile(`, about \S+ if the machine becomes quiet`)

// tellsCode is the command with which a page shows the exit code of the previous one.
const tellsCode = "echo $?"

// runBlocks runs the commands of some blocks in one session of bash, in the folder's work/
// with its bin/ first in PATH, and compares the output with the page.
func runBlocks(t *testing.T, dir string, blocks []docBlock, codes []int) session {
	t.Helper()
	var script strings.Builder
	script.WriteString("code=0\n")
	n := 0
	for _, b := range blocks {
		for _, c := range b.commands {
			fmt.Fprintf(&script, "(exit $code); eval '%s' >%s 2>&1 </dev/null; code=$?; echo $code $SECONDS >%s\n",
				strings.ReplaceAll(c.text, "'", `'\''`), filepath.Join(dir, fmt.Sprint(n, ".out")), filepath.Join(dir, fmt.Sprint(n, ".code")))
			n++
		}
	}
	work := filepath.Join(dir, "work")
	if err := os.MkdirAll(work, 0o755); err != nil {
		t.Fatal(err)
	}
	bash(t, work, script.String(), filepath.Join(dir, "bin"))

	var out session
	n, before := 0, 0
	for _, b := range blocks {
		for i, c := range b.commands {
			where := fmt.Sprintf("%s:%d: %s", b.page, c.line, c.text)
			output, oerr := os.ReadFile(filepath.Join(dir, fmt.Sprint(n, ".out")))
			text, cerr := os.ReadFile(filepath.Join(dir, fmt.Sprint(n, ".code")))
			code, seconds := 0, 0
			_, serr := fmt.Sscan(string(text), &code, &seconds)
			n++
			if err := errors.Join(oerr, cerr, serr); err != nil {
				out.problems = append(out.problems, where+": the session was over before it ended")
				return out
			}
			if seconds > before {
				t.Logf("%s: %d s", where, seconds-before)
			}
			before = seconds
			out.invalid = out.invalid || code == bench.ExitUnmeasured || strings.Contains(string(output), "? invalid")
			told := i+1 < len(b.commands) && b.commands[i+1].text == tellsCode
			if !told && !slices.Contains(codes, code) {
				out.problems = append(out.problems, fmt.Sprintf("%s: exit %d\n%s", where, code, output))
			} else if problem := c.differs(ifQuiet.ReplaceAllString(string(output), "")); problem != "" {
				out.problems = append(out.problems, where+": "+problem)
			}
		}
	}
	return out
}

// bash runs a script. At its time limit it ends the script with everything it has started.
func bash(t *testing.T, dir, script, bin string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	if *everyBlock {
		ctx, cancel = context.WithCancel(t.Context())
	}
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", script)
	cmd.Dir = dir
	for _, v := range os.Environ() { // the user's settings must not change what an example does
		if name, _, _ := strings.Cut(v, "="); !strings.HasPrefix(name, "BENCHRUN_") || name == "BENCHRUN_CACHE" {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "PATH="+bin+":"+os.Getenv("PATH"), "XDG_CONFIG_HOME="+filepath.Join(dir, "..", "config"), "GITHUB_ACTIONS=")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = time.Minute
	if output, err := cmd.CombinedOutput(); err != nil || len(output) > 0 {
		t.Logf("bash: %v\n%s", err, output)
	}
}

// runBlocks reports output that differs from the page, and a session that ends early.
func TestRunBlocks(t *testing.T) {
	commands := func(lines ...string) []docBlock {
		got, err := readCommands(lines, true)
		if err != nil {
			t.Fatal(err)
		}
		return []docBlock{{page: "p.md", commands: got}}
	}
	for _, tt := range []struct {
		blocks  []docBlock
		problem string
	}{
		{commands("$ mkdir a && cd a; x='1  2'", `$ echo "$x"; pwd >&2`, "1  2", "…/a"), ""},
		{commands("$ (exit 7)", "$ echo $?", "7"), ""},
		{commands("$ (exit 7)", "$ echo $?", "0"), `"0"`},
		{commands("$ (exit 7)", "$ true"), "(exit 7): exit 7"},
		{commands("$ no-such-command"), "no-such-command: exit 127"},
		{commands("$ echo 'unclosed"), "exit"},
		{commands("$ cat", "$ x=7; cat <<END", "$x", "END", "7"), ""},
		{commands("$ exit", "$ true"), "exit: the session was over"},
		{append(commands("$ here=1"), commands("$ echo $here", "1")...), ""},
	} {
		got := strings.Join(runBlocks(t, t.TempDir(), tt.blocks, []int{0}).problems, "\n")
		if (got == "") != (tt.problem == "") || !strings.Contains(got, tt.problem) {
			t.Errorf("%+v: %s", tt.blocks, got)
		}
	}
	if !runBlocks(t, t.TempDir(), commands("$ (exit 5)", "$ echo $?", "10"), nil).invalid {
		t.Error("code 5 does not stand for what could not be measured")
	}
}
