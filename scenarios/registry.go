// Package scenarios holds the families, one a file: what misbehaves, why it
// matters, what a good server does, how the fault is made, and what else benchrun
// has to know of it. No other package knows a family by its name.
//
// It imports clients, which make the requests. internal/plan turns names into
// scenarios; an attempt finds the act here.
package scenarios

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// Fault is a family, and what benchrun does with it.
type Fault struct {
	bench.Family
	// Act readies the client that makes the fault in a place, once an attempt. A mix has
	// Parts instead.
	Act   func(Place) clients.Provoker
	Parts []Share
	// Request is what the client of a fault sends that is not the app's, for people:
	// "POST /upload".
	Request string
	Exactly string // the magnitude to the letter, Markdown, for docs/contract.md
	Script  Script // the fault in plain Python, where a request of the app's fault is not all
	// ServersDiffer says that servers make different things of an app that breaks its contract
	// with them: check-server tells what, and fails nothing for it.
	ServersDiffer bool
	// PairSent says that the fault's client sends another request right behind the first
	// one. If a server drops one of the two, check-server tells that and fails nothing.
	PairSent bool
	// Searched are the words by which people report and search what it reproduces:
	// "deadlock". Several families may share one.
	Searched []string
	Gate     string // why @gate has the family; "" = it has not
	// Short is why the calibration for every day and a first job in CI have it: one
	// family of each way in which a server can lose its users; "" = they have not.
	Short     string
	Sabotages []bench.Sabotage // of the harness that are tried on it
	// Demo are the servers that a run without arguments shows the family on: the
	// reference server, sound and flawed, and others as they come.
	Demo     []string
	Light    bool // its cells take little CPU: scripts/cost counts how many an hour holds
	Brief    bool // and little time: it measures some of them one at a time too
	Watchdog bool // its fault is what a target's watchdog is timed with

	order int
}

// Place is what an act may do to a running target, besides asking it.
type Place struct {
	// Reload asks the target's leader to replace its workers, the way that its
	// server file names, and writes down when: the note is the act's nonce.
	Reload func(nonce string) error
	// SignalServing sends a signal to the process that serves a request, never to the
	// leader, and writes down when: the note is the request's nonce. It waits until the
	// app has said which process that is. A process that it stops goes on before the
	// target is asked to end.
	SignalServing func(ctx context.Context, nonce string, signal syscall.Signal) error
	// Stop asks the target to end, in the way that its server file names, writes down when,
	// and waits until it has ended or its time is over.
	Stop func(ctx context.Context, nonce string)
	// Slots is how many requests the target's documentation says it serves at once; 0 = nobody
	// knows.
	Slots int
	// Expect announces a request of whose receipts nothing else is known.
	Expect func(nonce string)
	// Beside writes down what else was under way when the target was asked to end.
	Beside func(bench.Beside)
	// KillLeader kills the leader, writes down when, starts the same command again at once
	// and waits until it serves or has failed to.
	KillLeader func(ctx context.Context, nonce string)
	// Reloads says that the server file names a way to reload.
	Reloads bool
	// SlowApp lets the app take so long to load from now on.
	SlowApp func(load time.Duration) error
	// BreakApp makes the app impossible to load, RepairApp makes it one that can be loaded, and
	// both write down when. The note is the act's nonce if that is the whole fault, otherwise "".
	BreakApp  func(nonce string) error
	RepairApp func() error
	// TakeUp asks the leader to reload, and waits until the repaired app is served or its time
	// is over.
	TakeUp func(ctx context.Context, nonce string)
	// ForbidForks keeps the target from starting any process or thread, until allow is called.
	ForbidForks func() (allow func(), err error)
	// FillTmp leaves no room for any file in the target's folder for temporary files, until
	// empty is called. The family must need such a folder of its own.
	FillTmp func(ctx context.Context) (empty func(), err error)
	// BlockLog leaves unread what the target logs, until release is called, and writes down
	// when. The family must need a piped log.
	BlockLog func(nonce string) (release func(), err error)
	// LockRow takes the lock of the row that the app changes in its database, and
	// StallDatabase stops the database, each once, and until the recovery begins.
	// RestartDatabase ends the database at once, starts it again, writes down when, and waits
	// until it serves.
	LockRow, StallDatabase func(context.Context)
	RestartDatabase        func(ctx context.Context, nonce string)
}

// closeWait is what people search who see what a server keeps of clients that are gone.
const closeWait = "CLOSE_WAIT"

// registered grows while the package is initialised, and never after that.
var registered []Fault

// register adds a family; order is its place among the others. It panics on one
// that is taken, or an id that is: programming errors.
func register(order int, f Fault) struct{} {
	for _, other := range registered {
		if other.ID == f.ID || other.order == order {
			panic(fmt.Sprintf("scenarios: families %q and %q have the same id or order", other.ID, f.ID))
		}
	}
	f.order = order
	if f.Traits.Vanishes { // then nothing may stay of its clients, whatever they do
		f.Searched = append(f.Searched, closeWait)
	}
	registered = append(registered, f)
	slices.SortFunc(registered, func(a, b Fault) int { return cmp.Compare(a.order, b.order) })
	return struct{}{}
}

// All lists every family in the order in which they are reported.
func All() []Fault { return slices.Clone(registered) }

// ByID finds a family, or makes the mix of that name.
func ByID(id string) (Fault, bool) {
	if strings.HasPrefix(id, MixPrefix) {
		f, err := MixByName(id)
		return f, err == nil
	}
	for _, f := range registered {
		if f.ID == id {
			return f, true
		}
	}
	return Fault{}, false
}

// Family is ByID for who needs to know no more of it than that.
func Family(id string) (bench.Family, bool) {
	f, ok := ByID(id)
	return f.Family, ok
}

// Watchdog is the fault that a target's watchdog is timed with. It panics where
// there is none: a programming error.
func Watchdog() Fault {
	for _, f := range registered {
		if f.Watchdog {
			return f
		}
	}
	panic("scenarios: no family to time a watchdog with")
}

// Short are the IDs of the families that represent all others if there is little time.
func Short() []string {
	var ids []string
	for _, f := range registered {
		if f.Short != "" {
			ids = append(ids, f.ID)
		}
	}
	return ids
}
