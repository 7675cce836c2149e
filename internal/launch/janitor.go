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

// janitorLooks is when, after benchrun's end, the janitor looks. More than
// once, because a dying process lets go of the pipe, of its locks and of its
// children one after the other; until it has swept up, because a benchrun has
// one target at a time.
var janitorLooks = []time.Duration{0, 50 * time.Millisecond, 150 * time.Millisecond, 350 * time.Millisecond, 600 * time.Millisecond}

// Janitor is a process that outlives a killed benchrun for a moment. The
// supervisor ends the server's processes; the janitor removes the cgroups and
// folders that are left.
type Janitor struct {
	cmd  *exec.Cmd
	life io.Closer // its end is benchrun's
}

// StartJanitor starts it. The caller calls Close when benchrun ends normally. It
// fails (environment) where no process can be started.
func StartJanitor() (*Janitor, error) {
	cmd := exec.Command("/proc/self/exe", JanitorArg)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // Ctrl-C is not for it
	life, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, &bench.EnvironmentError{Problem: "cannot start the process that cleans up after a killed benchrun", Err: err}
	}
	return &Janitor{cmd: cmd, life: life}, nil
}

// Close ends the janitor, which has nothing to do when every group was
// destroyed and every scratch folder removed.
func (j *Janitor) Close() {
	_ = j.cmd.Process.Kill() // it is our child and not waited for: this is no other process
	_ = j.life.Close()
	_ = j.cmd.Wait() // says that it was killed
}

// Clean is the entry point behind JanitorArg: it waits until benchrun is gone
// and sweeps up behind it. It returns the exit code of the process.
func Clean() int {
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return 1
	}
	began, code := time.Now(), 0
	for _, at := range janitorLooks {
		time.Sleep(time.Until(began.Add(at)))
		swept, err := Sweep()
		if code = 0; err != nil {
			code = 1 // perhaps the next look does better; else the next benchrun
		} else if len(swept) > 0 {
			break
		}
	}
	return code
}
