package reference

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"benchrun/internal/bench"
)

// The descriptors that a worker inherits.
const (
	workerSocketFD   = 3 // its end of the socketpair
	workerListenerFD = 4 // only with the flaws orphans-workers and shares-port
)

// orphanLife is how long an orphaned worker stays at most, so that even the flaw leaves
// nothing behind for good.
const orphanLife = 10 * time.Minute

// received is a whole request.
type received struct {
	request
	body upload
}

// runWorker is the life of a worker process: it answers the requests that come through its
// socket, and ends when the front closes the socket or dies.
//
// The process's main goroutine only reads the socket, so that it notices the front's end
// even while a request is stuck.
func runWorker(o options) error {
	// The front handles signals to the whole process group.
	signal.Ignore(syscall.SIGINT, syscall.SIGHUP)
	if !o.flaws[asksPolitely] {
		signal.Ignore(syscall.SIGTERM)
	}
	nameProcess("benchrun-worker")

	conn, err := net.FileConn(os.NewFile(workerSocketFD, "front"))
	if err != nil {
		return bench.Usagef("--worker is for the front's own use: %v", err)
	}
	at, err := loadAttempt(o.app)
	if err != nil {
		return err
	}
	time.Sleep(time.Duration(at.LoadMS) * time.Millisecond)
	receipts, err := openReceipts(at.Receipts)
	if err != nil {
		return err
	}
	a := &app{token: at.Token, receipts: receipts, faults: builtinFaults(at.Database), breaks: midstreamFaults()}

	requests := make(chan received)
	go serveRequests(o, a, conn, requests)
	err = readRequests(conn, requests)
	switch {
	case o.flaws[orphansWorkers]:
		time.Sleep(orphanLife)
	case o.flaws[sharesPort]:
		return serveAlone(a)
	}
	return err
}

// readRequests passes requests on until the front closes the socket or dies.
func readRequests(conn io.Reader, requests chan<- received) error {
	r := bufio.NewReader(conn)
	for { // until the front ends
		digest := sha256.New()
		size := new(countingWriter)
		q, err := readRequest(r, io.MultiWriter(digest, size))
		switch {
		case errors.Is(err, errAborted):
			continue
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
			return nil
		case err != nil:
			return fmt.Errorf("worker %d: %w", os.Getpid(), err)
		}
		requests <- received{q, upload{bytes: size.n, sha256: hex.EncodeToString(digest.Sum(nil))}}
	}
}

// serveRequests answers requests one after the other on one thread, so the tid in receipts
// is the thread that misbehaves. It lives as long as the process.
func serveRequests(o options, a *app, conn io.Writer, requests <-chan received) {
	runtime.LockOSThread()
	w := bufio.NewWriter(conn)
	if err := errors.Join(writeFrame(w, nil), w.Flush()); err != nil {
		return // the front is gone, and readRequests notices too
	}
	for rq := range requests {
		ans := a.answer(rq.request, rq.body)
		if o.flaws[diesOfErrors] && ans.Status == http.StatusInternalServerError {
			os.Exit(1)
		}
		if ans.exits {
			if o.flaws[freezesOnExit] {
				select {} // the process ends when the front does
			}
			os.Exit(exitCode)
		}
		ans.PID = os.Getpid()
		if err := writeAnswer(w, ans); err != nil {
			return
		}
		if ans.Stream && serveRest(o, w, ans) != nil {
			return
		}
	}
}

// serveRest runs what the app does after the first block of a stream, and tells the front
// how it ended.
func serveRest(o options, w *bufio.Writer, ans answer) error {
	failed := ans.rest(func(block []byte) error { return errors.Join(writeFrame(w, block), w.Flush()) })
	if !o.flaws[forgetsClose] {
		failed = errors.Join(failed, ans.close())
	}
	end := uint32(0)
	if failed != nil {
		end = abortMark
	}
	return errors.Join(writeLength(w, end), w.Flush())
}

// nameProcess sets the name that ps and /proc show. After executing /proc/self/exe it
// would be "exe". The name is only a label, so a failure does not matter.
func nameProcess(name string) {
	_ = os.WriteFile("/proc/self/comm", []byte(name), 0)
}

// countingWriter counts the bytes that are written to it.
type countingWriter struct{ n int64 }

func (c *countingWriter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}
