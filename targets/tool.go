package targets

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
)

// RunAs is the unprivileged user that servers run as. nil means the current user.
type RunAs struct {
	Name string // for messages
	UID  uint32
	GID  uint32
}

func (u *RunAs) String() string {
	if u == nil {
		return "the current user"
	}
	return fmt.Sprintf("user %s (uid %d)", u.Name, u.UID)
}

// tool is what the programs of an installation have in common: they run as the current
// user, with the environment of the user who runs benchrun (it contains settings of pip),
// and write to a log.
type tool struct {
	log  *os.File
	lock *os.File // stays locked until the program has ended, even if benchrun is killed
	env  []string // added to the environment
}

// step runs a program under supervision, for at most stepTimeout. The log keeps the first
// stepOutput bytes of its output.
func (t tool) step(ctx context.Context, run RunProgram, argv ...string) error {
	if _, err := t.begin(argv); err != nil {
		return err
	}
	var last tail
	return run.bounded(ctx, stepTimeout, Program{
		Argv: argv, Env: append(toolEnv(os.Environ()), t.env...), Builds: true, Lock: t.lock,
		Out: io.MultiWriter(&capped{w: t.log, left: stepOutput}, &last),
	}, func() string { return string(last.b) })
}

// begin writes the command to the log and returns the offset where its output begins.
func (t tool) begin(argv []string) (from int64, err error) {
	if _, err = fmt.Fprintf(t.log, "$ %s\n", strings.Join(argv, " ")); err == nil {
		from, err = t.log.Seek(0, io.SeekEnd)
	}
	if err != nil {
		return 0, fmt.Errorf("log of %s: %w", argv[0], err)
	}
	return from, nil
}

// toolEnv removes variables that would make pip install somewhere else than into the
// environment that is being built.
func toolEnv(env []string) []string {
	var kept []string
	for _, v := range env {
		switch name, _, _ := strings.Cut(v, "="); name {
		case "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "PIP_USER", "PIP_TARGET", "PIP_PREFIX":
		default:
			kept = append(kept, v)
		}
	}
	return append(kept, "PIP_NO_INPUT=1", "PIP_DISABLE_PIP_VERSION_CHECK=1")
}

// Lines in the output of pip, uv, npm, compilers and apt that name the cause, best first. The
// last line is seldom one of them: it is advice, a note or part of a traceback.
var meaningful = []*regexp.Regexp{
	regexp.MustCompile(`No matching distribution|no version of|E: Unable to locate|No module named|npm error (?:404 Not Found|notarget No matching)|^go: \S+@\S+: |^\S+\.go:\d+:\d+: `),
	regexp.MustCompile(`^\s*(?:\w+\.)*\w*(?:Error|Exception): \S|fatal error:|^E: `),
	regexp.MustCompile(`(?i)^\s*×?\s*error: `),
}

// lastLines are the last lines of a program's output that are not empty.
func lastLines(output string) []string {
	const most = 15
	lines := strings.Split(output, "\n")
	lines = slices.DeleteFunc(lines, func(l string) bool { return strings.TrimSpace(l) == "" })
	lines = lines[max(0, len(lines)-most):]
	for i, l := range lines {
		if l = strings.ToValidUTF8(strings.TrimRight(l, "\r\t "), "?"); len(l) > 300 {
			l = strings.ToValidUTF8(l[:300], "") + "…"
		}
		lines[i] = "| " + l
	}
	return lines
}

func meaningfulLine(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	for _, form := range meaningful {
		for i := len(lines) - 1; i >= 0; i-- {
			line := strings.TrimSpace(lines[i])
			if form.MatchString(line) && !strings.Contains(line, "subprocess-exited-with-error") {
				return line
			}
		}
	}
	return strings.TrimSpace(lines[len(lines)-1])
}
