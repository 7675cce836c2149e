package launch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"benchrun/internal/bench"
)

// Spec says what to start and how to confine it.
type Spec struct {
	Argv    []string     // Argv[0]: a path (relative to Dir), or a name to look up in Env's PATH
	Env     []string     // all of the server's environment, except for the marker BENCHRUN_SCRATCH
	Dir     string       // working folder, absolute
	Log     string       // file that gets stdout and stderr, appended to; made when it is not there
	Output  *os.File     // gets stdout and stderr instead of Log
	Held    *os.File     // open in the supervisor and the leader for as long as each lives: a lock; may be nil
	User    *User        // nil: whoever runs benchrun
	Limits  bench.Limits // zero fields are not limited; User and How are ignored
	Scratch *Scratch
}

func (s Spec) check() error {
	switch {
	case len(s.Argv) == 0 || s.Argv[0] == "":
		return errors.New("launch: no command")
	case s.Scratch == nil:
		return errors.New("launch: no scratch folder")
	case !filepath.IsAbs(s.Dir):
		return fmt.Errorf("launch %s: working folder %q is not absolute", s.Argv[0], s.Dir)
	case s.Log == "" && s.Output == nil:
		return fmt.Errorf("launch %s: no log file", s.Argv[0])
	}
	return nil
}

// The inherited descriptors of the shim.
const (
	shimConfig  = 3 // JSON of shimOrder until the end of the pipe
	shimControl = 4 // orders, one a line; its end says that benchrun is dead
	shimStatus  = 5 // JSON of report, one a line
	shimLog     = 6
	shimHeld    = 7 // only where the order says so
)

// The inherited descriptors of the exec stage.
const (
	stageConfig = 3 // JSON of stageOrder until the end of the pipe, then go
	stageStatus = 4 // JSON of report; closed by a successful exec
	stageHeld   = 5 // only where the order says so; stays open
)

// The orders on the control pipe.
const (
	orderGo      = "go"      // the leader's host pid is known: let it exec
	orderDestroy = "destroy" // end everything
)

// shimOrder is what benchrun tells the shim.
type shimOrder struct {
	Level   Level      `json:"level"`
	Scratch string     `json:"scratch"` // id, the marker's value
	Private *private   `json:"private"` // nil: the server shares what everybody shares
	UID     int        `json:"uid"`     // that the server runs as
	Stage   stageOrder `json:"stage"`
}

// stageOrder is what the shim tells the exec stage.
type stageOrder struct {
	Argv    []string `json:"argv"`
	Env     []string `json:"env"`
	Dir     string   `json:"dir"`
	Cgroups []string `json:"cgroups"` // folders to join
	NoFile  uint64   `json:"nofile"`  // 0: as inherited
	Longest uint64   `json:"longest"` // file, bytes; 0: as inherited
	Nice    bool     `json:"nice"`
	User    *User    `json:"user"`
	Held    bool     `json:"held"`
}

// event is the kind of a report.
type event string

const (
	eventForked  event = "forked"  // the exec stage is there and waits; PID
	eventReady   event = "ready"   // limits are set, exec comes next; NoFile, Niced
	eventRunning event = "running" // exec succeeded; NoFile, Niced
	eventFailed  event = "failed"  // What, Error
	eventExited  event = "exited"  // the leader; Code, Signal
	eventEmpty   event = "empty"   // proof: no process is left
)

// report is one line of what the exec stage tells the shim and the shim tells
// benchrun.
type report struct {
	Event  event  `json:"event"`
	PID    int    `json:"pid,omitempty"` // in the shim's namespace
	NoFile uint64 `json:"nofile,omitempty"`
	Niced  bool   `json:"niced,omitempty"`
	What   string `json:"what,omitempty"` // what could not be done
	Error  string `json:"error,omitempty"`
	Code   int    `json:"code,omitempty"`
	Signal string `json:"signal,omitempty"`
}
