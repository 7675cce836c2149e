package launch

import (
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"benchrun/internal/bench"
)

// JanitorArg is the hidden first argument with which the benchrun binary
// becomes the janitor.
const JanitorArg = "__janitor"

// janitorLooks are the times after benchrun's end at which the janitor looks. It looks
// several times, because a dying process releases its pipe, its locks and its children
// one after the other.
var janitorLooks = []time.Duration{0, 50 * time.Millisecond, 150 * time.Millisecond, 350 * time.Millisecond, 600 * time.Millisecond}

// Janitor is a process that outlives a killed benchrun for a moment. The supervisor
// ends the server's processes; the janitor removes the remaining cgroups and folders.
type Janitor struct {
	cmd  *exec.Cmd
	life io.Closer // a pipe, which closes when benchrun ends
}

// StartJanitor starts the janitor. The caller calls Close when benchrun ends normally.
// It returns a bench.EnvironmentError if no process can be started.
func StartJanitor() (*Janitor, error) {
	cmd := exec.Command("/proc/self/exe", JanitorArg)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // so that Ctrl-C does not end it
	life, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, &bench.EnvironmentError{Problem: "cannot start the process that cleans up after a killed benchrun", Err: err}
	}
	return &Janitor{cmd: cmd, life: life}, nil
}

// Close ends the janitor. It has nothing to do if every group was destroyed and every
// scratch folder removed.
func (j *Janitor) Close() {
	_ = j.cmd.Process.Kill() // a child that nobody has waited for: its pid is still its own
	_ = j.life.Close()
	_ = j.cmd.Wait() // the error says that it was killed
}

// Clean is the entry point behind JanitorArg: it waits until benchrun is gone, and
// sweeps up what it left. It returns the exit code of the process.
func Clean() int {
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return 1
	}
	began, code := time.Now(), 0
	for _, at := range janitorLooks {
		time.Sleep(time.Until(began.Add(at)))
		_, err := Sweep()
		if code = 0; err != nil {
			code = 1 // the next look may succeed, or the next benchrun
		}
	}
	return code
}
