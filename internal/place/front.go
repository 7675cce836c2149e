package place

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
	"benchrun/internal/intake"
	"benchrun/internal/launch"
	"benchrun/targets"
)

// front is the reverse proxy before a target. It is a second command in the target's group:
// its processes are the target's in every respect but that signals which are meant for the
// server do not go to it.
type front struct {
	*targets.Front
	behind *launch.Port // where the server listens
	at     targets.FrontPlace
}

// frontFolder is the folder of a front in a place's folder.
const frontFolder = "work/front"

// newFront picks the server's own port, and prepares the front's folder. Clients come to the
// place's port, which the front listens on.
func (p *Place) newFront() (err error) {
	f := &front{Front: p.target.Server.Front}
	if f.Front == nil {
		return nil
	}
	if f.behind, err = launch.PickPort(); err != nil {
		return err
	}
	p.front = f
	f.at = targets.FrontPlace{
		Host: loopback, Port: p.port.Number, Server: fmt.Sprintf("%s:%d", loopback, f.behind.Number),
		Work: filepath.Join(p.scratch.Dir, frontFolder),
	}
	if err = os.Mkdir(f.at.Work, 0o755); err == nil {
		err = errors.Join(os.Chmod(f.at.Work, 0o755), own(f.at.Work, p.host.User))
	}
	if err != nil {
		return fmt.Errorf("folder of %s: %w", f.Name, err)
	}
	return f.WriteFiles(f.at)
}

// beside is what starts the front; nil = there is none.
func (f *front) beside() *launch.Beside {
	if f == nil {
		return nil
	}
	argv, env := f.Command(f.at)
	return &launch.Beside{
		Argv: argv, Env: env, Dir: f.at.Work,
		Stop: unix.SignalNum("SIG" + f.Stop.Signal), Grace: bench.Seconds(f.Stop.Grace),
	}
}

// command is the front's command line; nil = there is none.
func (f *front) command() []string {
	if f == nil {
		return nil
	}
	argv, _ := f.Command(f.at)
	return argv
}

// release makes the server's port available to others.
func (f *front) release() {
	if f != nil {
		f.behind.Release()
	}
}

// FrontCommand is the command line of the front; nil = there is none.
func (p *Place) FrontCommand() []string { return p.front.command() }

// serverPort is where the server listens: behind its front, if it has one.
func (p *Place) serverPort() int {
	if p.front != nil {
		return p.front.behind.Number
	}
	return p.port.Number
}

// ports are all that the target listens on.
func (p *Place) ports() []int {
	if p.front != nil {
		return []int{p.port.Number, p.front.behind.Number}
	}
	return []int{p.port.Number}
}

// frontEnded says how the front ended; "" = it runs, or there is none.
func (p *Place) frontEnded() string {
	exit := p.group.BesideExit()
	if p.front == nil || exit == nil {
		return ""
	}
	return fmt.Sprintf("%s, the front, ended with %s", p.front.Title, exitWords(*exit))
}

// frontWords is the end of what the front logged; "" = nothing.
func (p *Place) frontWords() string {
	if p.front == nil || p.front.Log == "" {
		return ""
	}
	// The server may have put a link there: nothing outside of the place's folder is read.
	log, err := intake.OpenIn(context.Background(), p.scratch.Dir, filepath.Join(frontFolder, p.front.Log), intake.Kind{Name: "log", Most: mostLog})
	if err != nil {
		return "" // it has not come to that, or has flooded it
	}
	defer func() { _ = log.Close() }()
	return log.Tail(intake.MostTail)
}

// keepFrontWords appends them to the file that has the server's output.
func (p *Place) keepFrontWords() error {
	words := p.frontWords()
	if words == "" {
		return nil
	}
	to, err := os.OpenFile(p.logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY|unix.O_NOFOLLOW, 0o644)
	if err == nil {
		_, err = fmt.Fprintf(to, "\n# the end of the log of %s, the front:\n%s\n", p.front.Title, words)
		err = errors.Join(err, to.Close())
	}
	if err != nil {
		return fmt.Errorf("log of %s: %w", p.front.Name, err)
	}
	return nil
}
