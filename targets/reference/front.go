package reference

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"benchrun/internal/bench"
)

// What the front allows clients to do.
const (
	maxHeaderBytes = 64 << 10
	maxBodyBytes   = 64 << 20
	headerTimeout  = 10 * time.Second // for the whole head
	bodyTimeout    = 10 * time.Second // without one byte of body
	// writeTimeout limits a block of the answer. It is long because the kernel takes
	// megabytes at once, and then nothing until a third of them has been sent: to a
	// client that takes 33 kB a second, that is half a minute.
	writeTimeout = time.Minute
	writeBlock   = 64 << 10 // bytes
)

// front is the leader's HTTP side.
type front struct {
	pool     *pool
	flaws    flawSet
	events   *log.Logger
	inFlight atomic.Int64
	crossed  crossing
}

// runFront is the life of the leader. It serves until SIGTERM or SIGINT, then finishes
// the requests in flight, for at most o.grace, and ends the workers. On SIGHUP it replaces
// the workers. It prints to stderr where it listens.
func runFront(o options, stderr io.Writer) error {
	lines := newEventLog(stderr)
	defer lines.close()
	events := log.New(lines, "benchrun reference: ", 0)
	if o.flaws[blocksOnLog] {
		events.SetOutput(stderr)
	}
	if goOn, err := checkStart(o, events); !goOn {
		return err
	}

	signal.Ignore(syscall.SIGPIPE) // the front goes on if nobody reads stderr
	ends := []os.Signal{os.Interrupt}
	if o.flaws[ignoresSigterm] {
		signal.Ignore(syscall.SIGTERM)
	} else {
		ends = append(ends, syscall.SIGTERM)
	}
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	defer stop()

	listener, err := listen(o)
	if err != nil {
		return &bench.EnvironmentError{Problem: "the reference server cannot listen", Err: err}
	}
	var handedDown *os.File
	if o.flaws[orphansWorkers] || o.flaws[sharesPort] {
		if handedDown, err = duplicate(listener); err != nil {
			return errors.Join(err, listener.Close())
		}
	}
	p := startPool(o, handedDown, events, stop)
	defer p.close()
	events.Printf("listening on %s with %d workers", listener.Addr(), o.workers)
	return serve(ctx, o, listener, p, events)
}

// serve runs the HTTP server on listener until ctx ends.
func serve(ctx context.Context, o options, listener net.Listener, p *pool, events *log.Logger) error {
	srv := &http.Server{
		Handler:           &front{pool: p, flaws: o.flaws, events: events},
		MaxHeaderBytes:    maxHeaderBytes,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       o.idle,
		ErrorLog:          events,
	}
	switch {
	case o.flaws[keepsReset]:
		listener = planted{listener, keeping(wasReset...)}
	case o.flaws[keepsSome]:
		listener = planted{listener, keepingSome}
	case o.flaws[keepsBuffers]:
		listener = planted{listener, keepingBuffers}
	case o.flaws[keepsClosed]:
		listener = planted{listener, keeping(io.EOF)}
	case o.flaws[leavesThreads]:
		listener = leavingListener(listener, leaveThread)
	case o.flaws[leavesFiles]:
		listener = leavingListener(listener, leaveFile)
	case o.flaws[spinsWhenLeft]:
		listener = spinningListener(listener)
	case o.flaws[answersAnother]:
		listener = planted{listener, (&lastAnswer{}).conn}
	case o.flaws[hangsOnNegative]:
		listener = planted{listener, func(c net.Conn) net.Conn { return hangingConn{c} }}
	case o.flaws[diesEachTime]:
		listener = planted{listener, func(c net.Conn) net.Conn { return costlyConn{c, p.killOne} }}
	case o.flaws[retiresEachTime]:
		listener = planted{listener, func(c net.Conn) net.Conn { return costlyConn{c, p.retireOne} }}
	case o.flaws[forgetsPipelined]:
		listener = planted{listener, func(c net.Conn) net.Conn { return forgetfulConn{c} }}
	case o.flaws[idleTimerRunsOn]:
		listener = planted{listener, func(c net.Conn) net.Conn { return &timedConn{Conn: c, idle: o.idle} }}
	case o.flaws[freezesWhenFull]:
		listener = &freezing{freezer: newFreezer(listener)}
	case o.flaws[stopsAccepting]:
		listener = shortOfFiles{newFreezer(listener)}
	case o.flaws[spinsWithoutFiles]:
		listener = &hasty{Listener: listener, failed: func() {}}
	case o.flaws[floodsWithoutFiles]:
		listener = &hasty{Listener: listener, failed: func() {
			events.Print("no descriptor is free: ", strings.Repeat("accept ", floodLine/len("accept ")))
			time.Sleep(time.Millisecond)
		}}
	case o.flaws[diesOfGarbage]:
		listener = planted{listener, func(c net.Conn) net.Conn { return &mortalConn{c, p} }}
	}
	if o.flaws[noHeaderTimeout] {
		srv.ReadHeaderTimeout, srv.IdleTimeout = 0, 0
		listener = newFewConns(listener)
	}
	open := openConns{states: map[net.Conn]http.ConnState{}}
	if o.flaws[waitsForClients] {
		srv.ConnState = open.note
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("reference server: %w", err)
	case <-ctx.Done():
	}
	switch {
	case o.flaws[dropsOnStop]:
		return srv.Close()
	case o.flaws[waitsForClients]:
		_ = listener.Close()
		open.wait()
		return nil
	}
	grace, cancel := p.ending(o)
	defer cancel()
	if err := srv.Shutdown(grace); err != nil {
		events.Print("the grace is over, requests in flight are cut")
		_ = srv.Close() // cuts its connections; nothing more can be done about an error
	}
	if o.flaws[failsOnStop] {
		return errFailsOnStop
	}
	return nil
}

// checkApp checks, before anything starts, whether workers could load the app.
func checkApp(dir string) error {
	at, err := loadAttempt(dir)
	if err != nil {
		return err
	}
	receipts, err := openReceipts(at.Receipts)
	if err != nil {
		return err
	}
	return receipts.f.Close()
}

// ServeHTTP reads a whole request, has a worker answer it and sends the answer on.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.inFlight.Add(1)
	defer f.inFlight.Add(-1)
	if f.flaws[blocksOnLog] {
		f.events.Print(r.Method, " ", r.URL)
	}
	control := http.NewResponseController(w)
	j := &job{
		request:  request{Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery},
		answered: make(chan answer, 1),
		relayed:  make(chan struct{}),
	}
	defer close(j.relayed)
	switch {
	case r.ContentLength == 0:
	case f.flaws[unbufferedUpload]:
		j.body, j.atClientsPace = r.Body, true
	default:
		body, err := readBody(w, r, control)
		if err != nil {
			if f.flaws[keepsBodies] {
				holdBody(body)
			}
			relay(w, control, refusal(err))
			return
		}
		if err := f.spool(body); err != nil {
			relay(w, control, text(http.StatusInternalServerError, err.Error()))
			return
		}
		if f.flaws[truncatesUploads] {
			body = cut(body, shortUpload)
		}
		j.body = bytes.NewReader(body)
	}
	ans := f.pool.do(r.Context().Done(), j)
	if f.flaws[dropsHalfClosed] && r.Context().Err() != nil {
		panic(http.ErrAbortHandler)
	}
	if f.flaws[crossTalk] && j.Path == "/victim" && ans.Status == http.StatusOK {
		ans.Body = f.crossed.swap(ans.Body, f.inFlight.Load() > 1)
	}
	if f.flaws[truncatesResponses] {
		ans.Body, ans.Repeat = cut(ans.Body, shortResponse), 0
	}
	if f.flaws[padsAnswers] && ans.Missing > 0 {
		ans.Body, ans.Missing = append(ans.Body, make([]byte, ans.Missing)...), 0
	}
	if f.flaws[hangsOnExit] && j.Path == exitPath {
		<-r.Context().Done()
	}
	if f.flaws[dropsBrokenPipes] && ans.BrokenPipe {
		panic(http.ErrAbortHandler)
	}
	if f.flaws[sendsBeyond] && ans.Beyond > 0 {
		sendBeyond(control, ans)
		return
	}
	ans.Body, ans.Beyond = ans.Body[:len(ans.Body)-ans.Beyond], 0
	if ans.Stream {
		f.relayStream(w, control, ans)
		return
	}
	relay(w, control, ans)
}

// relayStream sends an answer of unknown length in chunks. If it breaks off, the
// connection ends without the last chunk, so that the client can tell.
func (f *front) relayStream(w http.ResponseWriter, control *http.ResponseController, ans answer) {
	_ = control.SetWriteDeadline(time.Now().Add(writeTimeout))
	w.Header().Set("Content-Type", ans.Type)
	w.Header().Set("X-Benchrun-Pid", strconv.Itoa(ans.PID))
	w.WriteHeader(ans.Status)
	_, err := w.Write(ans.Body)
	err = errors.Join(err, control.Flush())
	for open := true; open && err == nil; {
		select {
		case block := <-ans.blocks:
			_ = control.SetWriteDeadline(time.Now().Add(writeTimeout))
			_, err = w.Write(block)
			err = errors.Join(err, control.Flush())
		case err = <-ans.ended:
			open = false
		}
	}
	if err != nil && !f.flaws[hidesTruncation] {
		panic(http.ErrAbortHandler)
	}
}

// readBody reads a whole body, or with an error what has come of it. A client may be as slow
// as it likes, but it must not stop sending for bodyTimeout.
func readBody(w http.ResponseWriter, r *http.Request, control *http.ResponseController) ([]byte, error) {
	var body bytes.Buffer
	limited := http.MaxBytesReader(w, r.Body, maxBodyBytes)
	if _, err := body.ReadFrom(patientReader{limited, control}); err != nil {
		return body.Bytes(), err
	}
	// Remove the deadline: when it passed, the client would seem to be gone.
	return body.Bytes(), control.SetReadDeadline(time.Time{})
}

// patientReader allows each read of a body the same time.
type patientReader struct {
	body    io.Reader
	control *http.ResponseController
}

func (p patientReader) Read(b []byte) (int, error) {
	if err := p.control.SetReadDeadline(time.Now().Add(bodyTimeout)); err != nil {
		return 0, err
	}
	return p.body.Read(b)
}

// refusal is the answer to a request whose body could not be read.
func refusal(err error) answer {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return text(http.StatusRequestEntityTooLarge, err.Error())
	case errors.Is(err, os.ErrDeadlineExceeded):
		return text(http.StatusRequestTimeout, "no more body came")
	}
	return text(http.StatusBadRequest, "the body broke off")
}

// relay sends a whole answer. If bytes of it are missing, net/http ends the connection. A client may be as slow as it likes, but it must take a
// block within writeTimeout. If the client has left, that is no error.
func relay(w http.ResponseWriter, control *http.ResponseController, ans answer) {
	_ = control.SetWriteDeadline(time.Now().Add(writeTimeout))
	h := w.Header()
	times := max(1, ans.Repeat)
	h.Set("Content-Type", ans.Type)
	h.Set("Content-Length", strconv.Itoa(times*len(ans.Body)+ans.Missing))
	if ans.PID != 0 {
		h.Set("X-Benchrun-Pid", strconv.Itoa(ans.PID))
	}
	w.WriteHeader(ans.Status)
	for range times {
		for block := range slices.Chunk(ans.Body, writeBlock) {
			_ = control.SetWriteDeadline(time.Now().Add(writeTimeout))
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}
}
