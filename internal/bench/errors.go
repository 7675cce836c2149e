package bench

import (
	"errors"
	"fmt"
)

// Exit codes of the command. Scripts rely on them: they never change meaning.
const (
	ExitOK          = 0   // everything asked for was measured; a failed verdict is a result
	ExitInternal    = 1   // a bug in benchrun
	ExitUsage       = 2   // bad flag, bad file, unknown name
	ExitEnvironment = 3   // this machine cannot do it: install failed, port taken, disk full
	ExitNothing     = 4   // the selection is empty
	ExitUnmeasured  = 5   // some cell is invalid: not everything could be measured
	ExitCheckFailed = 10  // what must hold does not: a rule of the gate, the baseline, a check of check-server, or a verdict of calibrate
	ExitStrict      = 11  // only strict checks failed
	ExitInterrupted = 130 // SIGINT
	ExitTerminated  = 143 // SIGTERM
)

// UsageError says that the user asked for something impossible; Hint says
// what to do next.
type UsageError struct {
	Problem string
	Hint    string
	Err     error // what the problem comes from; Problem says it in words
}

func (e *UsageError) Error() string { return withHint(e.Problem, e.Hint) }

// Unwrap gives the cause.
func (e *UsageError) Unwrap() error { return e.Err }

// EnvironmentError says that the machine cannot do what was asked.
type EnvironmentError struct {
	Problem string
	Hint    string
	Err     error
	Tail    []string // the last lines of what another program printed; Error leaves them out
}

func (e *EnvironmentError) Error() string {
	p := e.Problem
	if e.Err != nil {
		p += ": " + e.Err.Error()
	}
	return withHint(p, e.Hint)
}

// Unwrap gives the cause.
func (e *EnvironmentError) Unwrap() error { return e.Err }

// Tail has the last lines of what the program printed that an error is about; nil = none.
func Tail(err error) []string {
	var env *EnvironmentError
	if errors.As(err, &env) {
		return env.Tail
	}
	return nil
}

// ErrNothingSelected says that a selection matched no cell.
var ErrNothingSelected = errors.New("nothing selected")

// What was measured, or could not be, as errors. Whoever reaches such an end has
// said already what led to it.
var (
	ErrCheckFailed = errors.New("a check failed")                   // of the gate, of a server, of benchrun; or a duel's B is worse
	ErrUnmeasured  = errors.New("not everything could be measured") // something is invalid
	ErrStrict      = errors.New("a strict check failed")            // and nothing else is the matter
)

// Ended is the error of work that came to a verdict (one of the errors above, or
// nil) although broke ended it early: what broke it says more than that something
// was not measured, and a check that failed has failed, whatever else is the matter.
func Ended(verdict, broke error) error {
	if broke != nil && !errors.Is(verdict, ErrCheckFailed) {
		return broke
	}
	return errors.Join(broke, verdict)
}

// withHint keeps both within bounds: a problem may name a path, a list, or what
// another program said, and the hint after it is to be seen.
func withHint(problem, hint string) string {
	if hint == "" {
		return Shorten(problem)
	}
	return fmt.Sprintf("%s; %s", Shorten(problem), Shorten(hint))
}

// Usagef makes a UsageError without a hint.
func Usagef(format string, args ...any) error {
	return &UsageError{Problem: fmt.Sprintf(format, args...)}
}
