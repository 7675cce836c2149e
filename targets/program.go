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

// Program is a run of a program that benchrun knows nothing of: an interpreter,
// a version command, a step of an installation, which runs the code of every
// package that it builds.
type Program struct {
	Argv   []string
	Env    []string  // all of its environment
	User   *RunAs    // nil: as oneself
	Builds bool      // it compiles and links, which takes more memory than a server has
	Lock   *os.File  // held while the program lives, even if benchrun is killed; may be nil
	Out    io.Writer // gets both its streams
}

// RunProgram runs a program in / and ends all that it has left behind when it
// has ended, when ctx has, and when benchrun is killed. Out of memory says that
// the limit of its memory was met. An error is that of ctx's cause, or says why
// the program could not be run or watched.
type RunProgram func(ctx context.Context, p Program) (exit bench.ExitStatus, outOfMemory bool, err error)

const (
	// askTimeout bounds a short question to a program ("which version?").
	askTimeout = 30 * time.Second
	// askOutput bounds what is kept of the answer, in bytes.
	askOutput = 64 << 10
	// stepTimeout bounds a step of an installation: the slowest build takes some
	// minutes on a small machine.
	stepTimeout = 30 * time.Minute
	// stepOutput bounds what a step's log keeps from its beginning, in bytes.
	stepOutput = 16 << 20
)

// failedError says how a program ended that did not end well.
type failedError struct {
	line        string // its last meaningful one, "" = none
	exit        bench.ExitStatus
	outOfMemory bool
	printed     string // the end of it
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

// bounded runs a program for at most limit. What it printed is for the error.
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

// ask runs a program as user, in a server's minimal environment, and gives
// what it printed (both streams, at most askOutput). The error of a program
// that failed begins with its last meaningful line.
func (run RunProgram) ask(ctx context.Context, user *RunAs, argv ...string) (string, error) {
	var out bytes.Buffer
	err := run.bounded(ctx, askTimeout, Program{
		Argv: argv, User: user, Env: envList(baseEnv(Placeholders{Work: "/nonexistent"})),
		Out: &capped{w: &out, left: askOutput},
	}, out.String)
	return out.String(), err
}

// capped passes on at most left bytes and swallows the rest.
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

// clip is one line of what another program said, short enough for a message.
func clip(s string) string {
	const most = 300
	if s = strings.ToValidUTF8(strings.Join(strings.Fields(s), " "), "?"); len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
