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

// outputTime is how long the output may stay open when nothing of the program
// is left: a program can hand its end of the pipe to a stranger.
const outputTime = time.Second

// Ended is how a program that Run ran came to its end.
type Ended struct {
	Exit        bench.ExitStatus
	OutOfMemory bool     // the kernel ended some of its processes at the memory limit
	Left        []string // see Group.Left
}

// Run starts a program like a server, waits until its leader has ended or ctx
// does, and then ends everything that is left of it. out gets both its streams;
// of all readers only out can slow the program down. Run returns an error of out,
// but goes on. spec.Log and spec.Output are not used. When ctx ended, the error
// is its cause; else as those of Start and Destroy.
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
			_, _ = io.Copy(io.Discard, read) // a full pipe would stop the program
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
		err = context.Cause(ctx) // the missing time explains the rest
	}
	return ended, errors.Join(err, left)
}
