package targets

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

// RunAs is the unprivileged user that servers run as. Nil means: as oneself.
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

// tool is what the programs of an installation have in common: they run as
// oneself, with the environment of the person who runs benchrun (pip has its
// settings there), and write to a log.
type tool struct {
	log  *os.File
	lock *os.File // stays locked until the program has ended, even if benchrun is killed
	env  []string // added to the environment
}

// step runs a program under supervision, for at most stepTimeout. The log keeps
// the first stepOutput bytes of what it prints.
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

// begin writes the command into the log and says where its output begins.
func (t tool) begin(argv []string) (from int64, err error) {
	if _, err = fmt.Fprintf(t.log, "$ %s\n", strings.Join(argv, " ")); err == nil {
		from, err = t.log.Seek(0, io.SeekEnd)
	}
	if err != nil {
		return 0, fmt.Errorf("log of %s: %w", argv[0], err)
	}
	return from, nil
}

// toolEnv takes out what would send pip somewhere else than into the
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

// What says the cause in the output of pip, uv, compilers and apt, best first.
// They end with advice, notes and tracebacks rather than with it.
var meaningful = []*regexp.Regexp{
	regexp.MustCompile(`No matching distribution|no version of|E: Unable to locate|No module named`),
	regexp.MustCompile(`^\s*(?:\w+\.)*\w*(?:Error|Exception): \S|fatal error:|^E: `),
	regexp.MustCompile(`(?i)^\s*×?\s*error: `),
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
