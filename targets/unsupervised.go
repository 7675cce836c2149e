package targets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// This file runs the system's own programs: dpkg-query, sudo and apt-get. Under supervision
// sudo could not gain rights, and apt-get must not be ended in the middle, which would leave
// Debian's own records half-written.

// killDelay is how long an ended program may keep its output open.
const killDelay = 5 * time.Second

// ask runs a program of the system for at most askTimeout, and returns the first askOutput
// bytes of its stdout.
func ask(ctx context.Context, argv ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // only benchrun handles Ctrl-C
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = killDelay
	var out bytes.Buffer
	cmd.Stdout = &capped{w: &out, left: askOutput}
	err := cmd.Run()
	return out.String(), err
}

// alone runs a program that benchrun never ends: not on Ctrl-C, not when benchrun is
// killed, and not after stepTimeout, when benchrun only stops waiting. When ctx ends, alone
// calls waiting, sends SIGINT and waits. apt-get obeys SIGINT while it downloads and not
// while it installs. The program writes its output to the log itself.
func (t tool) alone(ctx context.Context, waiting func(), argv ...string) error {
	from, err := t.begin(argv)
	if err != nil {
		return err
	}
	// The caller's umask must not make the installed files unreadable for the run-as user.
	cmd := exec.Command("/bin/sh", append([]string{"-c", `umask 022 && exec "$@"`, "sh"}, argv...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Env = append(toolEnv(os.Environ()), t.env...)
	cmd.Stdout, cmd.Stderr = t.log, t.log
	cmd.ExtraFiles = []*os.File{t.lock}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	late := time.NewTimer(stepTimeout)
	defer late.Stop()
	interrupted := ctx.Done()
	for {
		select {
		case err := <-ended:
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return t.explain(err, from)
		case <-interrupted:
			waiting()
			_ = cmd.Process.Signal(os.Interrupt) // under sudo, benchrun may not be allowed to signal it
			interrupted = nil
		case <-late.C:
			return fmt.Errorf("%s did not end within %s; benchrun leaves it running, because ending it would harm the system's packages", clip(strings.Join(argv, " ")), stepTimeout)
		}
	}
}

// explain adds a program's last meaningful line to its exit status.
func (t tool) explain(err error, from int64) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	text, readErr := io.ReadAll(io.NewSectionReader(t.log, from, stepOutput))
	if line := clip(meaningfulLine(string(text))); readErr == nil && line != "" {
		return fmt.Errorf("%s (%w)", line, err)
	}
	return err
}
