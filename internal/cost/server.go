package cost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
	"benchrun/internal/launch"
)

// served is the reference server, launched as for an attempt, without limits.
type served struct {
	addr  string
	close func()
}

// url is what a victim asks for.
func (s served) url() string { return "http://" + s.addr + "/victim?nonce=v0-9c1e2f03" }

// bootPatience is how long the reference server may take to answer.
const bootPatience = 15 * time.Second

// serve starts the reference server and waits until it answers.
func (l *Lab) serve(ctx context.Context) (*served, error) {
	port, err := launch.PickPort()
	if err != nil {
		return nil, err
	}
	s := &served{addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port.Number))}
	_, end, err := confine(ctx, l.Caps, l.Dir, func(app string) ([]string, error) {
		about, err := json.Marshal(map[string]string{"token": "cost", "receipts": filepath.Join(app, "receipts.ndjson")})
		if err != nil {
			return nil, err
		}
		return []string{l.Self, "__reference", "--bind", s.addr, "--app", app},
			os.WriteFile(filepath.Join(app, "attempt.json"), about, 0o644)
	})
	if err != nil {
		port.Release()
		return nil, err
	}
	s.close = func() {
		end()
		port.Release()
	}
	for deadline := time.Now().Add(bootPatience); ; time.Sleep(20 * time.Millisecond) {
		sample := clients.AskVictim(s.addr, "v0-9c1e2f03", bench.StandardLoad)
		if sample.Outcome == bench.OK {
			return s, nil
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			s.close()
			return nil, fmt.Errorf("reference server: %s after %v", sample.Outcome, bootPatience)
		}
	}
}

// confine launches a command as a target is launched. command gets the folder
// that is the target's working folder. end ends whatever it has become.
func confine(ctx context.Context, caps launch.Capabilities, logs string, command func(app string) ([]string, error)) (g *launch.Group, end func(), err error) {
	scratch, err := launch.NewScratch(nil)
	if err != nil {
		return nil, nil, err
	}
	argv, err := command(scratch.App)
	if err == nil {
		g, err = launch.Start(ctx, caps, launch.Spec{
			Argv: argv, Dir: scratch.App, Log: filepath.Join(logs, "target.log"), Scratch: scratch,
		})
	}
	if err != nil {
		return nil, nil, errors.Join(err, scratch.Remove())
	}
	return g, func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), endPatience)
		defer cancel()
		_ = g.Destroy(ending) // what stays is swept up by the next run
		_ = scratch.Remove()
	}, nil
}
