package cost

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"benchrun/internal/bench"
	"benchrun/internal/console"
)

// PartArg is the hidden first argument under which a binary that measures must
// run Part.
const PartArg = "__cost"

// treeName is the part that is launched as a target is.
const treeName = "tree"

// Part is one process of a measurement; args is what follows PartArg. It ends
// with its stdin, or on SIGTERM, at the latest. It gives the exit code.
func Part(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if len(args) > 0 && args[0] != treeName { // that one ends with its supervisor
		var gone context.CancelFunc
		ctx, gone = context.WithCancel(ctx)
		defer gone()
		go func() { // ends with stdin, at the latest with the process
			_, _ = io.Copy(io.Discard, os.Stdin)
			gone()
		}()
	}
	if err := runPart(ctx, args, json.NewEncoder(os.Stdout)); err != nil { //nolint:forbidigo // a pipe to benchrun
		console.Report("benchrun "+PartArg, err)
		return bench.ExitInternal
	}
	return bench.ExitOK
}

func runPart(ctx context.Context, args []string, answer *json.Encoder) error {
	parts := map[string]struct {
		args int // numbers, or an address and numbers
		run  func(context.Context, *json.Encoder, string, []int) error
	}{
		"victims": {3, victimsPart}, // rate, ms, open loops
		"sink":    {0, sinkPart},
		"uploads": {4, uploadsPart}, // number, a second, bytes of a piece, ms between pieces
		"pieces":  {4, piecesPart},  // the same
		"silent":  {2, silentPart},  // number, a second
		"watch":   {3, watchPart},   // processes, ms, 1 = without a cgroup's memory
		"wake":    {1, wakePart},    // ms
		treeName:  {1, treePart},    // processes
		"idle":    {0, idlePart},
	}
	if len(args) < 2 {
		return fmt.Errorf("want a part and its subject")
	}
	part, ok := parts[args[0]]
	if !ok || len(args)-2 != part.args {
		return fmt.Errorf("no part %q with %d numbers", args[0], len(args)-2)
	}
	numbers := make([]int, part.args)
	for i := range numbers {
		n, err := strconv.Atoi(args[2+i])
		if err != nil || n < 0 {
			return fmt.Errorf("%s: %q is not a number", args[0], args[2+i])
		}
		numbers[i] = n
	}
	return part.run(ctx, answer, args[1], numbers)
}
