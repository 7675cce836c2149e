package targets

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"benchrun/internal/bench"
)

// Program is a run of a program that benchrun does not know: an interpreter, a version
// command, or a step of an installation, which runs the code of every package that it
// builds.
type Program struct {
	Argv   []string
	Env    []string  // its whole environment
	User   *RunAs    // nil: the current user
	Builds bool      // it compiles and links, which needs more memory than a server has
	Lock   *os.File  // a lock file that the program keeps open, even if benchrun is killed; may be nil
	Out    io.Writer // gets stdout and stderr
}

// RunProgram runs a program in /. When the program or ctx ends, and when benchrun is
// killed, it ends everything that the program has left. outOfMemory says that the program
// reached its memory limit. The error is the cause of ctx, or says why the program could
// not be run or watched.
type RunProgram func(ctx context.Context, p Program) (exit bench.ExitStatus, outOfMemory bool, err error)

const (
	// askTimeout limits a short question to a program ("which version?").
	askTimeout = 30 * time.Second
	// askOutput is how many bytes of the answer are kept.
	askOutput = 64 << 10
	// stepTimeout limits a step of an installation: the slowest build takes some
	// minutes on a small machine.
	stepTimeout = 30 * time.Minute
	// stepOutput is how many bytes from the beginning of a step's output the log keeps.
	stepOutput = 16 << 20
)

// failedError says how a program failed.
type failedError struct {
	line        string // its last meaningful line, "" = none
	exit        bench.ExitStatus
	outOfMemory bool
	printed     string // the end of its output
}

func (e *failedError) Error() string {
	how := fmt.Sprintf("exit status %d", e.exit.Code)
	if e.exit.Signal != "" {
		how = "ended by " + e.exit.Signal
	}
	if e.outOfMemory {
		how += ", out of memory: the kernel ended what was over the limit"
	}
	if e.line == "" {
		return how
	}
	return fmt.Sprintf("%s (%s)", e.line, how)
}

// bounded runs a program for at most limit. printed returns its output, for the error.
func (run RunProgram) bounded(ctx context.Context, limit time.Duration, p Program, printed func() string) error {
	late := fmt.Errorf("%s did not end within %s, so benchrun ended it", clip(strings.Join(p.Argv, " ")), limit)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, late)
	defer cancel()
	exit, outOfMemory, err := run(ctx, p)
	switch {
	case err != nil:
		return err
	case exit != bench.ExitStatus{}:
		return &failedError{line: clip(meaningfulLine(printed())), exit: exit, outOfMemory: outOfMemory, printed: printed()}
	}
	return nil
}

// ask runs a program as user, in a server's minimal environment, and returns its output
// (stdout and stderr, at most askOutput). If the program fails, the error begins with its
// last meaningful line.
func (run RunProgram) ask(ctx context.Context, user *RunAs, argv ...string) (string, error) {
	var out bytes.Buffer
	err := run.bounded(ctx, askTimeout, Program{
		Argv: argv, User: user, Env: envList(baseEnv(Placeholders{Work: "/nonexistent"})),
		Out: &capped{w: &out, left: askOutput},
	}, out.String)
	return out.String(), err
}

// capped passes on at most left bytes and discards the rest.
type capped struct {
	w    io.Writer
	left int
}

func (c *capped) Write(p []byte) (int, error) {
	n := min(len(p), c.left)
	c.left -= n
	if _, err := c.w.Write(p[:n]); err != nil {
		return 0, err
	}
	return len(p), nil
}

// tail keeps the last bytes of what is written to it, at least tailBytes.
type tail struct{ b []byte }

const tailBytes = 64 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p[max(0, len(p)-tailBytes):]...)
	if len(t.b) > 4*tailBytes {
		t.b = slices.Clone(t.b[len(t.b)-tailBytes:])
	}
	return len(p), nil
}

// clip shortens a line of another program's output for a message.
func clip(s string) string {
	const most = 300
	if s = strings.ToValidUTF8(strings.Join(strings.Fields(s), " "), "?"); len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
