package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"benchrun/internal/bench"
)

// outputTime is how long Run waits for the output to close once nothing of the program
// is left: a program can pass its end of the pipe to a foreign process.
const outputTime = time.Second

// Ended says how a program that Run started has ended.
type Ended struct {
	Exit        bench.ExitStatus
	OutOfMemory bool     // the kernel ended some of its processes at the memory cap
	Left        []string // see Group.Left
}

// Run starts a program like a server, waits until its leader or ctx has ended, and
// then ends everything that is left of it. out gets both streams; only a slow out can
// slow the program down. If out fails, Run goes on and returns that error at the end. It
// does not use spec.Log and spec.Output. If ctx ended, the error is its cause;
// otherwise errors are those of Start and Destroy.
func Run(ctx context.Context, caps Capabilities, spec Spec, out io.Writer) (Ended, error) {
	var ended Ended
	read, write, err := os.Pipe()
	if err != nil {
		return ended, fmt.Errorf("output of %s: %w", spec.Argv[0], err)
	}
	spec.Output = write
	g, err := Start(ctx, caps, spec)
	err = errors.Join(err, write.Close())
	copied := make(chan error, 1)
	go func() {
		_, err := io.Copy(out, read)
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			_, _ = io.Copy(io.Discard, read) // otherwise a full pipe would stop the program
			copied <- fmt.Errorf("output of %s: %w", spec.Argv[0], err)
		}
		close(copied)
	}()
	var left error
	if g != nil {
		select {
		case <-g.Done():
		case <-ctx.Done():
		}
		if exit := g.Exit(); exit != nil {
			ended.Exit = *exit
		}
		n, _ := g.OOMKills()
		ended.OutOfMemory = n > 0
		err, left = errors.Join(err, g.Err()), g.Destroy(ctx)
		ended.Left = g.Left()
	}
	err = errors.Join(err, read.SetReadDeadline(time.Now().Add(outputTime)), <-copied, read.Close())
	if ctx.Err() != nil {
		err = context.Cause(ctx) // the lack of time explains the rest
	}
	return ended, errors.Join(err, left)
}
