package reference

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"benchrun/internal/bench"
)

// options is the command line of a front or of a worker.
type options struct {
	bind     string
	app      string // folder with attempt.json
	workers  int
	watchdog time.Duration
	grace    time.Duration
	recycle  int           // after how many requests a worker ends; 0 = never
	maxWait  time.Duration // for a worker; a request that waited longer is stale: its client is gone
	idle     time.Duration // how long a kept connection may be idle
	flaws    flawSet
	worker   bool // this process is a worker of the front that started it
}

// maxWorkers is the most --workers: enough for any experiment, too few to do harm.
const maxWorkers = 256

// Main runs the reference server and returns the exit code of the process: 0 after
// SIGTERM or SIGINT, otherwise as in docs/contract.md. args are the arguments after
// `benchrun __reference`.
func Main(args []string) int {
	err := run(args, os.Stdout, os.Stderr)
	if err == nil {
		return bench.ExitOK
	}
	fmt.Fprintln(os.Stderr, "benchrun __reference:", err)
	var usage *bench.UsageError
	var env *bench.EnvironmentError
	switch {
	case errors.As(err, &usage):
		return bench.ExitUsage
	case errors.As(err, &env):
		return bench.ExitEnvironment
	}
	return bench.ExitInternal
}

func run(args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stdout)
	if errors.Is(err, pflag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	if o.worker {
		return runWorker(o)
	}
	return runFront(o, stderr)
}

// parse reads the command line. With --help it prints the usage to stdout and returns
// pflag.ErrHelp. Every other error is a bench.UsageError.
func parse(args []string, stdout io.Writer) (options, error) {
	var o options
	var flaws []string
	fs := pflag.NewFlagSet("__reference", pflag.ContinueOnError)
	fs.SetOutput(stdout)
	fs.SortFlags = false
	fs.StringVar(&o.bind, "bind", "", "where to listen, `host:port`; port 0 takes a free one")
	fs.StringVar(&o.app, "app", "", "the `folder` with attempt.json")
	fs.IntVar(&o.workers, "workers", 4, "worker processes, one request each")
	fs.DurationVar(&o.watchdog, "watchdog", 3*time.Second, "kill a worker that is stuck in one request for this long")
	fs.DurationVar(&o.grace, "grace", 3*time.Second, "how long requests in flight may take after SIGTERM")
	fs.IntVar(&o.recycle, "max-requests", 0, "replace a worker after so many requests; 0 = never")
	fs.DurationVar(&o.maxWait, "max-wait", 10*time.Second, "refuse a request that no worker has taken for this long")
	fs.DurationVar(&o.idle, "idle-timeout", 30*time.Second, "close a kept connection that is idle for this long")
	fs.StringArrayVar(&flaws, "flaw", nil, "switch on a planted flaw, by `name` (repeatable)")
	fs.BoolVar(&o.worker, "worker", false, "")
	if err := fs.MarkHidden("worker"); err != nil {
		return o, err
	}
	fs.Usage = func() { usage(stdout, fs) }

	if err := fs.Parse(args); err != nil {
		if errors.Is(err, pflag.ErrHelp) {
			return o, err
		}
		return o, &bench.UsageError{Problem: err.Error(), Hint: "see --help"}
	}
	if fs.NArg() > 0 {
		return o, bench.Usagef("unexpected argument %q", fs.Arg(0))
	}
	var err error
	if o.flaws, err = parseFlaws(flaws); err != nil {
		return o, err
	}
	return o, o.check()
}

func (o options) check() error {
	if o.app == "" {
		return bench.Usagef("--app is missing")
	}
	if o.worker {
		return nil
	}
	if _, _, err := net.SplitHostPort(o.bind); err != nil {
		return bench.Usagef("--bind %q is not host:port", o.bind)
	}
	if o.workers < 1 || o.workers > maxWorkers {
		return bench.Usagef("--workers %d is not between 1 and %d", o.workers, maxWorkers)
	}
	if o.recycle < 0 {
		return bench.Usagef("--max-requests %d is below 0", o.recycle)
	}
	if o.watchdog <= 0 || o.grace <= 0 || o.maxWait <= 0 || o.idle <= 0 {
		return bench.Usagef("--watchdog, --grace, --max-wait and --idle-timeout must be above 0")
	}
	return nil
}

func usage(w io.Writer, fs *pflag.FlagSet) {
	var b strings.Builder
	b.WriteString("benchrun's own app server.\n\nUsage:\n  benchrun __reference --bind HOST:PORT --app DIR [flags]\n\nFlags:\n")
	b.WriteString(fs.FlagUsages())
	b.WriteString("\nFlaws:\n")
	for _, f := range Flaws {
		fmt.Fprintf(&b, "  %-20s %s\n", f.Name, f.Text)
	}
	_, _ = io.WriteString(w, b.String()) // nobody reading the help is not an error
}
