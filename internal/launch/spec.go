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
	Env     []string     // the whole environment of the server, except the marker BENCHRUN_SCRATCH
	Dir     string       // working folder, absolute
	Log     string       // gets stdout and stderr, appended; created if it does not exist
	Output  *os.File     // gets stdout and stderr instead of Log
	Held    *os.File     // a lock file that the supervisor and the leader keep open as long as each lives; may be nil
	User    *User        // nil: the user who runs benchrun
	Limits  bench.Limits // zero fields are not limited; User and How are ignored
	Scratch *Scratch
	Again   bool    // Group.Again may start the command once more; the supervisor then keeps Output open
	Beside  *Beside // a second command, which Group.StartBeside starts; nil = there is only one
	Tmp     string  // the server's folder for temporary files, which Group.FillTmp can fill; may be ""
}

func (s Spec) check() error {
	switch {
	case len(s.Argv) == 0 || s.Argv[0] == "":
		return errors.New("launch: no command")
	case s.Scratch == nil:
		return errors.New("launch: no scratch folder")
	case !filepath.IsAbs(s.Dir):
		return fmt.Errorf("launch %s: working folder %q is not absolute", s.Argv[0], s.Dir)
	case s.Beside != nil && (len(s.Beside.Argv) == 0 || s.Beside.Argv[0] == ""):
		return errors.New("launch: no second command")
	case s.Beside != nil && !filepath.IsAbs(s.Beside.Dir):
		return fmt.Errorf("launch %s: working folder %q is not absolute", s.Beside.Argv[0], s.Beside.Dir)
	case s.Log == "" && s.Output == nil:
		return fmt.Errorf("launch %s: no log file", s.Argv[0])
	}
	return nil
}

// The inherited descriptors of the shim.
const (
	shimConfig  = 3 // JSON of shimOrder until the end of the pipe
	shimControl = 4 // orders, one on each line; when it closes, benchrun is dead
	shimStatus  = 5 // JSON of report, one on each line
	shimLog     = 6
	shimHeld    = 7 // only if the order says so
)

// The inherited descriptors of the exec stage.
const (
	stageConfig = 3 // JSON of stageOrder; when the pipe closes, the stage goes on
	stageStatus = 4 // JSON of report; a successful exec closes it
	stageHeld   = 5 // only if the order says so; stays open
)

// The orders on the control pipe.
const (
	orderGo      = "go"      // benchrun knows the leader's host pid: it may exec
	orderAgain   = "again"   // the leader has ended: start the command once more
	orderBeside  = "beside"  // start the second command
	orderFill    = "fill"    // leave no room in the folder for temporary files
	orderEmpty   = "empty"   // give the room back
	orderDestroy = "destroy" // end everything
)

// shimOrder is what benchrun sends to the shim.
type shimOrder struct {
	Level   Level      `json:"level"`
	Scratch string     `json:"scratch"` // its id, which is the marker's value
	Private *private   `json:"private"` // nil: the server shares these places with everybody
	UID     int        `json:"uid"`     // the server's user
	Again   bool       `json:"again"`   // the order to start again may come
	Tmp     string     `json:"tmp"`     // the folder that the orders to fill and to empty are about
	Stage   stageOrder `json:"stage"`

	Beside *stageOrder `json:"beside,omitempty"` // the second command, which an order starts
}

// stageOrder is what the shim sends to the exec stage.
type stageOrder struct {
	Argv    []string `json:"argv"`
	Env     []string `json:"env"`
	Dir     string   `json:"dir"`
	Cgroups []string `json:"cgroups"` // folders to join
	NoFile  uint64   `json:"nofile"`  // 0: as inherited
	Longest uint64   `json:"longest"` // bytes, the largest file; 0: as inherited
	Nice    bool     `json:"nice"`
	User    *User    `json:"user"`
	Held    bool     `json:"held"`
}

// event is the kind of a report.
type event string

const (
	eventForked  event = "forked"  // the exec stage has started and waits; PID
	eventReady   event = "ready"   // limits are set, exec comes next; NoFile, Niced
	eventRunning event = "running" // exec succeeded; NoFile, Niced
	eventFailed  event = "failed"  // What, Error
	eventExited  event = "exited"  // the leader ended; Code, Signal
	// eventBesideExited: the first process of the second command ended; Code, Signal.
	eventBesideExited event = "beside-exited"

	eventFilled  event = "filled"  // the folder for temporary files has no room
	eventEmptied event = "emptied" // it has room again
	eventEmpty   event = "empty"   // proof: no process is left
)

// report is one line that the exec stage sends to the shim, and the shim to benchrun.
type report struct {
	Event  event  `json:"event"`
	PID    int    `json:"pid,omitempty"` // in the shim's namespace
	NoFile uint64 `json:"nofile,omitempty"`
	Niced  bool   `json:"niced,omitempty"`
	What   string `json:"what,omitempty"` // what failed
	Error  string `json:"error,omitempty"`
	Code   int    `json:"code,omitempty"`
	Signal string `json:"signal,omitempty"`
}
