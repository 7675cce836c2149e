package reference

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"benchrun/internal/bench"
)

// Descriptors that a worker is started with.
const (
	workerSocketFD   = 3 // its end of the socketpair
	workerListenerFD = 4 // only under orphans-workers
)

// orphanLife bounds how long an orphaned worker stays, so that even the flaw
// leaves nothing behind for ever.
const orphanLife = 10 * time.Minute

// received is a whole request.
type received struct {
	request
	body upload
}

// runWorker is the life of a worker process: it answers what comes in over
// its socket and ends when the front closes it or dies.
//
// The process's main goroutine reads the socket and does nothing else, so that
// the front's end is noticed even while a request is stuck.
func runWorker(o options) error {
	// A signal to the whole group is the front's business.
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	nameProcess("benchrun-worker")

	conn, err := net.FileConn(os.NewFile(workerSocketFD, "front"))
	if err != nil {
		return bench.Usagef("--worker is for the front's own use: %v", err)
	}
	at, err := loadAttempt(o.app)
	if err != nil {
		return err
	}
	receipts, err := openReceipts(at.Receipts)
	if err != nil {
		return err
	}
	a := &app{token: at.Token, receipts: receipts, faults: builtinFaults()}

	requests := make(chan received)
	go serveRequests(a, conn, requests)
	err = readRequests(conn, requests)
	if o.flaws[orphansWorkers] {
		time.Sleep(orphanLife)
	}
	return err
}

// readRequests passes requests on until the front closes the socket or dies.
func readRequests(conn io.Reader, requests chan<- received) error {
	r := bufio.NewReader(conn)
	for { // ends with the front
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

// serveRequests answers requests, one after the other, on one thread: the tid
// that receipts name is the thread that misbehaves. It lives as long as the
// process.
func serveRequests(a *app, conn io.Writer, requests <-chan received) {
	runtime.LockOSThread()
	w := bufio.NewWriter(conn)
	if err := errors.Join(writeFrame(w, nil), w.Flush()); err != nil {
		return // the front is gone, and readRequests sees it too
	}
	for rq := range requests {
		ans := a.answer(rq.request, rq.body)
		ans.PID = os.Getpid()
		if err := writeAnswer(w, ans); err != nil {
			return
		}
	}
}

// nameProcess sets the name that ps and /proc show; re-execution through
// /proc/self/exe would leave it at "exe". It is a label only, so a failure
// changes nothing.
func nameProcess(name string) {
	_ = os.WriteFile("/proc/self/comm", []byte(name), 0)
}

// countingWriter counts what is written to it.
type countingWriter struct{ n int64 }

func (c *countingWriter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}
