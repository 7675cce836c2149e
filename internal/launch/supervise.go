package launch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"benchrun/internal/bench"
	"benchrun/internal/console"
)

// SuperviseArg is the hidden first argument with which the benchrun binary
// becomes the supervisor.
const SuperviseArg = "__supervise"

// stageArg is the second argument of the exec stage.
const stageArg = "exec"

// Supervise is the entry point behind SuperviseArg. main calls it before it reads any
// flag. It returns the exit code of the process.
func Supervise() int {
	// The shim forks the server from this thread. If the thread ended, the server's
	// parent-death signal would fire.
	runtime.LockOSThread()
	if len(os.Args) > 2 && os.Args[2] == stageArg {
		return execStage()
	}
	for fd := shimConfig; fd <= shimLog; fd++ {
		unix.CloseOnExec(fd)
	}
	s := &shim{tell: json.NewEncoder(os.NewFile(shimStatus, "status")), empty: make(chan struct{}), buried: map[int]life{}}
	if err := s.run(); err != nil {
		s.report(report{Event: eventFailed, What: "supervise", Error: err.Error()})
		console.Report("supervisor", err)
		return 1
	}
	return 0
}

// shim is the supervisor's state.
type shim struct {
	order  shimOrder
	leader int
	beside int // the first process of the second command; 0 = there is none

	reapMu sync.Mutex    // held while a child is reaped and while children are killed
	buried map[int]life  // the reaped processes, if what they made must be removed
	empty  chan struct{} // closed when there are no more children

	tellMu sync.Mutex
	tell   *json.Encoder
}

func (s *shim) report(r report) {
	s.tellMu.Lock()
	defer s.tellMu.Unlock()
	_ = s.tell.Encode(r) // benchrun may be dead; then the control pipe closes too
}

// run lives until it gets the order to destroy, or benchrun dies. If something fails
// before the leader runs, it ends at once: there is nothing to end except the stage.
func (s *shim) run() error {
	keepSignals()
	if err := json.NewDecoder(os.NewFile(shimConfig, "config")).Decode(&s.order); err != nil {
		return fmt.Errorf("read the order: %w", err)
	}
	if s.order.Stage.Held {
		unix.CloseOnExec(shimHeld)
	}
	if err := enterLevel(s.order); err != nil {
		s.report(report{Event: eventFailed, What: "enter the level", Error: err.Error()})
		s.report(report{Event: eventEmpty}) // nothing was forked
		return nil
	}
	stage, err := s.fork(&s.leader)
	if err != nil {
		return err
	}
	s.report(report{Event: eventForked, PID: s.leader})
	orders := make(chan string)
	go readOrders(orders)
	if word, ok := <-orders; !ok || word != orderGo {
		stage.abandon()
		go s.reap()
		return s.destroy()
	}
	running := stage.release(s.order.Stage)
	go s.reap() // not earlier, so that the leader's start is reported before its exit
	s.report(running)
	if running.Event == eventRunning {
		for word := range orders {
			if word == orderFill || word == orderEmpty {
				s.report(s.room(word))
				continue
			}
			if word == orderDestroy || word == orderAgain && !s.again(orders) || word == orderBeside && !s.startBeside(orders) {
				break
			}
		}
	}
	return s.destroy()
}

// readOrders passes on the lines of the control pipe, and closes the channel at the end
// of the pipe. It lives as long as the process.
func readOrders(to chan<- string) {
	defer close(to)
	b := make([]byte, 64)
	control := os.NewFile(shimControl, "control")
	for {
		n, err := control.Read(b)
		if err != nil {
			return
		}
		for word := range strings.FieldsSeq(string(b[:n])) {
			to <- word
		}
	}
}

// keepSignals makes the shim ignore what a server may send to its parent or to
// everyone. It uses Notify instead of Ignore: exec does not inherit handlers, so the
// server starts with the default for every signal, even under nohup.
func keepSignals() {
	signal.Notify(make(chan os.Signal, 1), unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGPIPE,
		unix.SIGUSR1, unix.SIGUSR2, unix.SIGALRM, unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU)
}

// enterLevel does what the level requires inside the namespaces.
func enterLevel(order shimOrder) error {
	switch order.Level {
	case PIDNamespace, UserNamespace:
		if pid := os.Getpid(); pid != 1 {
			return fmt.Errorf("pid %d in the new namespace, not 1", pid)
		}
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			return fmt.Errorf("make mounts private: %w", err)
		}
		if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
			return fmt.Errorf("mount /proc: %w", err)
		}
		if order.Private != nil {
			if err := order.Private.enter(); err != nil {
				return fmt.Errorf("make private places: %w", err)
			}
		}
		if order.Level == UserNamespace { // processes forked from here have no capability
			if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
				return fmt.Errorf("give up capabilities: %w", err)
			}
		}
	case Subreaper:
		if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
			return fmt.Errorf("become subreaper: %w", err)
		}
	}
	return nil
}

// stagePipes are the shim's ends of the exec stage's pipes.
type stagePipes struct{ config, status *os.File }

// fork starts the exec stage, which waits for its order. pid is where its pid goes.
func (s *shim) fork(pid *int) (*stagePipes, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	configR, configW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	statusR, statusW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	logFD := shimLog
	if s.order.Again || s.order.Beside != nil {
		if logFD, err = unix.FcntlInt(shimLog, unix.F_DUPFD_CLOEXEC, 0); err != nil {
			return nil, err
		}
	}
	log := os.NewFile(uintptr(logFD), "log")
	files := []uintptr{null.Fd(), log.Fd(), log.Fd(), configR.Fd(), statusW.Fd()}
	if s.order.Stage.Held {
		files = append(files, shimHeld)
	}
	*pid, err = syscall.ForkExec("/proc/self/exe", []string{"benchrun", SuperviseArg, stageArg}, &syscall.ProcAttr{
		Dir: "/", Env: []string{},
		Files: files,
		Sys:   &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL},
	})
	if err != nil {
		return nil, fmt.Errorf("fork the exec stage: %w", err)
	}
	err = errors.Join(null.Close(), log.Close(), configR.Close(), statusW.Close())
	return &stagePipes{config: configW, status: statusR}, err
}

// abandon makes the waiting stage end.
func (p *stagePipes) abandon() { _ = p.config.Close() }

// release lets the stage exec, and returns its report.
func (p *stagePipes) release(order stageOrder) report {
	err := errors.Join(json.NewEncoder(p.config).Encode(order), p.config.Close())
	if err != nil {
		return report{Event: eventFailed, What: "order the exec stage", Error: err.Error()}
	}
	ready := report{Event: eventFailed, What: "confine the server", Error: "the exec stage died"}
	for dec := json.NewDecoder(p.status); ; {
		var r report
		if err := dec.Decode(&r); errors.Is(err, io.EOF) {
			break // exec or the stage's end has closed it
		} else if err != nil {
			return report{Event: eventFailed, What: "hear of the exec stage", Error: err.Error()}
		}
		ready = r
	}
	if ready.Event == eventReady {
		ready.Event = eventRunning
	}
	return ready
}

// reap reaps every child that dies, until there is none; it reports the leader's exit
// status first. It waits without reaping, and reaps under the lock. destroy holds the
// lock too, so it never kills a pid that another process has got meanwhile.
func (s *shim) reap() {
	for {
		var info childInfo
		err := unix.Waitid(unix.P_ALL, 0, (*unix.Siginfo)(unsafe.Pointer(&info)), unix.WEXITED|unix.WNOWAIT|unix.WALL, nil)
		if errors.Is(err, unix.ECHILD) {
			s.reapMu.Lock()
			over := s.childless()
			if over {
				close(s.empty)
			}
			s.reapMu.Unlock()
			if over {
				return
			}
			continue
		}
		if err != nil {
			continue
		}
		s.reapMu.Lock()
		var ws unix.WaitStatus
		if s.order.Private == nil {
			if was, ok := lifeOf(int(info.PID)); ok {
				s.buried[int(info.PID)] = was
			}
		}
		pid, err := unix.Wait4(int(info.PID), &ws, unix.WNOHANG|unix.WALL, nil)
		leader, beside := s.leader, s.beside
		s.reapMu.Unlock()
		exit := exitStatus(ws)
		switch {
		case err != nil:
		case pid == leader:
			s.report(report{Event: eventExited, Code: exit.Code, Signal: exit.Signal})
		case pid == beside:
			s.report(report{Event: eventBesideExited, Code: exit.Code, Signal: exit.Signal})
		}
	}
}

// childInfo is the beginning of the siginfo_t that waitid fills in, with space for the
// rest.
type childInfo struct {
	_   [3]int32
	_   [0]uintptr // what follows is aligned like a pointer
	PID int32
	_   [128]byte
}

func exitStatus(ws unix.WaitStatus) bench.ExitStatus {
	if ws.Signaled() {
		return bench.ExitStatus{Signal: unix.SignalName(ws.Signal())}
	}
	return bench.ExitStatus{Code: ws.ExitStatus()}
}
