package targets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"
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

const (
	// probeTimeout bounds a short question to a program ("which version?").
	probeTimeout = 30 * time.Second
	// probeOutput bounds what is kept of the answer, in bytes.
	probeOutput = 64 << 10
	// killDelay is how long an interrupted tool may take to end by itself.
	killDelay = 5 * time.Second
)

// probe runs a program as user, in a server's minimal environment, and gives
// what it printed (both streams, at most probeOutput). The error of a program
// that failed ends with its last meaningful line.
func probe(ctx context.Context, user *RunAs, argv ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	cmd := groupCommand(ctx, argv)
	cmd.Dir = "/"
	cmd.Env = envList(baseEnv(Placeholders{Work: "/nonexistent"}))
	if user != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: user.UID, Gid: user.GID}
	}
	var out bytes.Buffer
	cmd.Stdout = &capped{w: &out, left: probeOutput}
	cmd.Stderr = cmd.Stdout
	err := runGroup(ctx, cmd)
	return out.String(), explain(err, out.String())
}

// tool is one program of an installation: it runs as oneself, with the
// environment of the person who runs benchrun (pip has its settings there),
// and writes to a log.
type tool struct {
	log  *os.File
	lock *os.File // stays locked until the program has ended, even if benchrun is killed
	env  []string // added to the environment
}

func (t tool) run(ctx context.Context, argv ...string) error {
	from, err := t.log.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("log of %s: %w", argv[0], err)
	}
	if _, err := fmt.Fprintf(t.log, "$ %s\n", strings.Join(argv, " ")); err != nil {
		return fmt.Errorf("log of %s: %w", argv[0], err)
	}
	// The caller's umask must not hide what is installed from the run-as user.
	cmd := groupCommand(ctx, append([]string{"/bin/sh", "-c", `umask 022 && exec "$@"`, "sh"}, argv...))
	cmd.Env = append(toolEnv(os.Environ()), t.env...)
	cmd.Stdout, cmd.Stderr = t.log, t.log
	cmd.ExtraFiles = []*os.File{t.lock}
	err = runGroup(ctx, cmd)
	if err == nil {
		return nil
	}
	text, readErr := io.ReadAll(io.NewSectionReader(t.log, from, 16<<20))
	if readErr != nil {
		return err
	}
	return explain(err, string(text))
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

// groupCommand makes a command in a process group of its own: a Ctrl-C of the
// terminal reaches benchrun only, which then ends the whole group.
func groupCommand(ctx context.Context, argv []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = killDelay
	return cmd
}

func runGroup(ctx context.Context, cmd *exec.Cmd) error {
	err := cmd.Run()
	if ctx.Err() != nil {
		if cmd.Process != nil {
			// Whatever of the group did not mind the SIGTERM. None left is fine.
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		}
		return context.Cause(ctx)
	}
	return err
}

// explain adds a program's last meaningful line to its exit status.
func explain(err error, output string) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	if line := meaningfulLine(output); line != "" {
		return fmt.Errorf("%s (%w)", line, err)
	}
	return err
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
