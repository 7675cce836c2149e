// Command benchrun tells which web app server keeps serving when some requests
// wedge, crash or crawl. Run it with --help.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"benchrun/clients"
	"benchrun/internal/bench"
	"benchrun/internal/console"
	"benchrun/internal/cost"
	"benchrun/internal/launch"
	"benchrun/targets/reference"
)

func main() { os.Exit(run(os.Args[1:])) }

// run returns the exit code. A hidden first argument makes this process one of benchrun's own
// helper processes.
func run(args []string) (code int) {
	if len(args) > 0 {
		switch args[0] {
		case launch.SuperviseArg:
			return launch.Supervise()
		case launch.JanitorArg:
			return launch.Clean()
		case "__control":
			return clients.ControlMain()
		case "__reference":
			return reference.Main(args[1:])
		case cost.PartArg:
			return cost.Part(args[1:])
		case cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd:
			os.Stderr = nil // cobra itself writes completion messages there, which shells discard
		}
	}
	stdout, stderr := console.Standard()
	log.SetOutput(stderr) // for messages of the standard library
	defer func() {
		if p := recover(); p != nil { // Go would exit with 2, which means usage here
			tellPanic(stderr, p)
			code = bench.ExitInternal
		}
		_ = stderr.Flush() // nothing can be done about an error
	}()
	ctx, stop := untilSignal(context.Background())
	defer stop()
	return exitCode(ctx, execute(ctx, args, stdout, stderr))
}

// tellPanic prints what went wrong, and where.
func tellPanic(stderr io.Writer, p any) {
	console.Tell(stderr, "benchrun", fmt.Sprintf("internal error: %v", p))
	_, _ = stderr.Write(debug.Stack()) // nothing can be done about an error
}

// execute carries out a command line and prints its error.
func execute(ctx context.Context, args []string, stdout, stderr *console.Writer) error {
	cmd := newRootCommand()
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	err := cmd.ExecuteContext(ctx)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) { // the user interrupted it, so an error about that is no news
		err = context.Cause(ctx)
	}
	if ferr := stdout.Flush(); ferr != nil && err == nil {
		err = fmt.Errorf("stdout: %w", ferr)
	}
	if err != nil && !errors.Is(err, bench.ErrUnmeasured) && !errors.Is(err, bench.ErrCheckFailed) && !errors.Is(err, bench.ErrStrict) {
		console.Tell(stderr, "benchrun", strings.Join(append([]string{err.Error()}, bench.Tail(err)...), "\n"))
	}
	return err
}

// exitCode is the only place where an error becomes an exit code.
func exitCode(ctx context.Context, err error) int {
	var (
		usage *bench.UsageError
		env   *bench.EnvironmentError
	)
	switch {
	case ctx.Err() != nil:
		return signalCode(context.Cause(ctx))
	case err == nil:
		return bench.ExitOK
	case errors.As(err, &usage):
		return bench.ExitUsage
	case errors.Is(err, bench.ErrNothingSelected):
		return bench.ExitNothing
	case errors.Is(err, bench.ErrCheckFailed): // a broken rule has priority over other problems
		return bench.ExitCheckFailed
	case errors.Is(err, bench.ErrUnmeasured):
		return bench.ExitUnmeasured
	case errors.Is(err, bench.ErrStrict):
		return bench.ExitStrict
	case errors.As(err, &env), errors.Is(err, syscall.ENOSPC):
		return bench.ExitEnvironment
	}
	return bench.ExitInternal
}
