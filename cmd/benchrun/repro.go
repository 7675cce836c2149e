package main

import (
	"context"

	"github.com/spf13/cobra"

	"benchrun/internal/bench"
	"benchrun/internal/repro"
	"benchrun/report"
)

const reproLong = `repro prints a script that shows the failure of a stored cell by itself, to paste
into an issue of the server's. The script needs bash and Python, and no benchrun.
Only servers of WSGI apps have scripts. Of other servers, attach report.html and
the cell's record to the issue; "benchrun judge RUN --verbose" prints every reason.

It installs the measured version of the server into an environment of its own,
serves a small app with the cell's fault, starts the server with the cell's
command, sends ordinary requests, and makes the cell's faults beside them: requests
at its ratio, signals to the server, a limit or a full folder, or load. It counts
who was answered within a second, and looks at what else the cell failed for, such
as workers that were not replaced. It prints what is expected and what it saw, and
leaves nothing behind. Read it before you run it: its command comes from the run.

CELL is server/profile/scenario. repro takes it from the newest run in --out that
has it, or from the run that you name: RUN/server/profile/scenario. Where a run
has several versions of a server, write server@version.

The script's exit code is 1 if it saw the failure, 0 if it did not, and 125 if it
could not try. Its arguments are installed instead of the measured version: in a
checkout of the server, "git bisect run bash script.bash ." finds the commit that
broke or fixed it. The script has no control that tells a slow machine from a
slow server, and limits neither CPU nor memory: run it on a quiet machine, as an
ordinary user. If root runs it, it starts the server as nobody. A leak takes up to
2 GiB. For oom-kill the script limits no memory: it ends the largest process of the
server, as the kernel would, when all of them have more than 512 MiB.

A script has less than 80 lines. Where a cell needs more, repro leaves out empty
lines and writes short statements on one line; it leaves out no fault. Any two
families of a mix fit, but for garbage, whose texts take a dozen lines. Of three and
more, not all do: then repro prints no script, says how long it would be, and names
the families of the mix, whose own cells have scripts. repro also prints none where
a script would not look at what the cell failed for, such as a full disk. Each time
it says why, and what to do instead. For the families with a database, the script
starts the PostgreSQL that Debian's package postgresql has installed, in a folder of
its own.

The exit code of repro is 0 if it printed a script, and 2 if there is no such cell
or no script can show it.`

const reproExample = `  benchrun repro gunicorn/default/wedge-1pct
  benchrun repro gunicorn/default/wedge-1pct > wedge.bash
  benchrun repro benchrun-out/20261121-120000-3fa9/gunicorn/default/wedge-1pct`

func newReproCommand() *cobra.Command {
	out, files := defaultOut, []string(nil)
	cmd := &cobra.Command{
		Use:     "repro CELL",
		Short:   "print a script that shows a cell's failure without benchrun",
		Long:    reproLong,
		Example: reproExample,
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &bench.UsageError{Problem: "repro wants one cell", Hint: "for example: benchrun repro gunicorn/default/wedge-1pct"}
			}
			return say(cmd, func(ctx context.Context) (string, error) {
				found, err := repro.Find(ctx, out, args[0])
				if err != nil {
					return "", err
				}
				reg, err := found.Registry(files)
				if err != nil {
					return "", err
				}
				text, err := repro.Script(ctx, found, reg)
				if err == nil {
					report.Lines(cmd.ErrOrStderr(), found.Notes())
				}
				return text, err
			})
		},
	}
	declare(cmd.Flags(), "out", &out, "here: where the newest run is looked for")
	declare(cmd.Flags(), "server-file", &files)
	cmd.ValidArgsFunction = completeWords(func() []string { return repro.Known(cmd.Context(), out) })
	return cmd
}
