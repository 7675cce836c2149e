//go:build ignore

// benchrun's app in Go: what a server under test is asked to serve.
//
// Most requests are ordinary ("victims"). Some ask for a fault: the app says so in the
// receipts file, then misbehaves. docs/contract.md, "What an app must serve", is the
// specification. It is app(), an http.Handler; the profile's own file has func main.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

const (
	victimBytes     = 1024
	blockBytes      = 64 << 10
	maxSleepMS      = 60_000
	cpuTurns        = 800_000_000 // as long as an interpreter takes for 10,000,000
	fileBytes       = 16 << 20
	fileReads       = 256
	leakBytes       = 8 << 20
	mostBlocks      = 128 // 1 GiB: more than a server of that family may have
	leakFiles       = 16
	leakedThreads   = 4
	bigResponse     = 100_000
	stackBytes      = 8 << 20
	downloadBlocks  = 256
	clockMonotonic  = 1
	futexWait       = 0
	unmappedAddress = 1 << 20
)

var (
	attempt = readAttempt()
	// Opened once, when the app is loaded: a server that has run out of file descriptors
	// can still tell what happened to it.
	receipts = openReceipts()

	nonceForm     = regexp.MustCompile(`^[0-9a-z-]{1,64}$`)
	downloadBlock = bytes.Repeat([]byte("benchrun"), blockBytes/8)
)

type attemptFile struct {
	Token    string `json:"token"`
	Receipts string `json:"receipts"`
	LoadMS   int    `json:"load_ms"`
}

// readAttempt reads attempt.json in the working folder, which is the app's.
func readAttempt() (a attemptFile) {
	text, err := os.ReadFile("attempt.json")
	if err == nil {
		err = json.Unmarshal(text, &a)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "attempt.json:", err)
		os.Exit(1)
	}
	// Some families ask for an app that takes its time to load.
	time.Sleep(time.Duration(a.LoadMS) * time.Millisecond)
	return a
}

func openReceipts() *os.File {
	f, err := os.OpenFile(attempt.Receipts, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o666)
	if err != nil {
		fmt.Fprintln(os.Stderr, "receipts:", err)
		os.Exit(1)
	}
	return f
}

func writeReceipt(nonce, fault, event string) {
	var now syscall.Timespec
	_, _, _ = syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&now)), 0)
	line, _ := json.Marshal(struct {
		Nonce string `json:"nonce"`
		Fault string `json:"fault"`
		PID   int    `json:"pid"`
		TID   int    `json:"tid"`
		Event string `json:"event"`
		T     int64  `json:"t"`
	}{nonce, fault, os.Getpid(), syscall.Gettid(), event, now.Nano()})
	_, _ = receipts.Write(append(line, '\n'))
}

// faults are the app's faults, by the name after /fault/. Each misbehaves and, if it ever
// comes out of it, returns.
var faults = map[string]func(){
	"wedge":        wedge,
	"wedge-spin":   func() { spin() },
	"wedge-native": wedgeNative,
	"wedge-io":     wedgeIO,
	"wedge-deaf":   func() { signal.Ignore(syscall.SIGTERM); wedge() },
	"segfault":     segfault,
	"exit-1":       func() { os.Exit(1) },
	"exit-3":       func() { os.Exit(3) },
	// As the C library ends a process whose heap is corrupt. The runtime handles the signal:
	// it tells where every goroutine is, and exits with code 2.
	"abort": func() { _ = syscall.Kill(os.Getpid(), syscall.SIGABRT); select {} },
	// As the kernel ends a process when memory runs out.
	"sigkill":        func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL); select {} },
	"stack-overflow": func() { debug.SetMaxStack(stackBytes); recurse([64]int{}) },
	"cpu":            compute,
	"io":             readBigFile,
	"cpu-io":         computeAndRead,
	"slow":           func() { time.Sleep(time.Second) },
	"legit-slow":     func() { time.Sleep(1500 * time.Millisecond) },
	"exception":      func() { panic("the app's own error") },
	"leak":           leak,
	"leak-fd":        leakFD,
	"leak-thread":    leakThreads,
	"leak-child":     leakChild,
	"oom-kill":       takeMemory,
	"short-body":     func() {}, // the answer is all there is to it: see serveFault
	"long-body":      func() {}, // and to this
	"big-response":   func() {}, // and to this
}

// brokenOff are the faults that come in the middle of an answer.
var brokenOff = map[string]func(){
	"wedge-midstream":     wedge,
	"crash-midstream":     segfault,
	"exception-midstream": func() { panic("the app's own error") },
}

// wedge takes a lock twice. The runtime finds such a deadlock only if no goroutine at all
// can go on.
func wedge() {
	var mu sync.Mutex
	mu.Lock()
	mu.Lock()
}

// spin loops without an end, and burns all the CPU that it gets.
func spin() {
	for {
	}
}

// wedgeNative is stuck in the kernel, as a lock of a C library is that is taken twice: a
// thread of its own waits, deaf to signals.
func wedgeNative() {
	var word uint32
	for {
		_, _, _ = syscall.Syscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(&word)), futexWait, 0, 0, 0, 0)
	}
}

// wedgeIO waits for a peer that has accepted the connection and never answers.
func wedgeIO() {
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	client := must(net.Dial("tcp", listener.Addr().String()))
	peer := must(listener.Accept())
	_ = listener.Close()
	_, _ = client.Read(make([]byte, 1))
	_ = peer.Close()
}

// segfault reads where nothing is mapped. The runtime makes a panic of a read near address
// 0, which net/http recovers from; from this one nothing does, and the process ends.
func segfault() { _ = readByte(unmappedAddress) }

//go:noinline
func readByte(address uintptr) byte { return **(**byte)(unsafe.Pointer(&address)) }

// recurse calls itself without an end. The sum keeps the compiler from making it a loop.
func recurse(frame [64]int) int {
	frame[0]++
	return recurse(frame) + frame[63]
}

func compute() {
	turn := 0
	for turn < cpuTurns {
		turn++
	}
	runtime.KeepAlive(turn)
}

func temporary(size int64) *os.File {
	file := must(os.CreateTemp("", "benchrun"))
	check(os.Remove(file.Name()))
	check(file.Truncate(size)) // sparse, so that it takes no room on the disk
	return file
}

func readBigFile() {
	file, block := temporary(fileBytes), make([]byte, blockBytes)
	defer file.Close()
	for range fileReads {
		for at := int64(0); at < fileBytes; at += blockBytes {
			must(file.ReadAt(block, at))
		}
	}
}

// computeAndRead computes in a goroutine and does small reads beside it.
func computeAndRead() {
	done := make(chan struct{})
	go func() { compute(); close(done) }()
	file, block := temporary(4096), make([]byte, 4096)
	defer file.Close()
	for {
		select {
		case <-done:
			return
		default:
			must(file.ReadAt(block, 0))
		}
	}
}

var leaked struct {
	sync.Mutex
	memory [][]byte
	files  []*os.File
	pipes  []io.WriteCloser
}

func leak() {
	leaked.Lock()
	defer leaked.Unlock()
	leaked.memory = append(leaked.memory, bytes.Repeat([]byte{1}, leakBytes)) // not zeros: every page is written to
}

// leakFD opens files and forgets them. If there is no descriptor left, the request fails.
func leakFD() {
	leaked.Lock()
	defer leaked.Unlock()
	for range leakFiles {
		leaked.files = append(leaked.files, must(os.Open(os.DevNull)))
	}
}

// leakThreads starts goroutines that want a thread each, as code for C libraries does, and
// wait for work until the process ends.
func leakThreads() {
	started := make(chan struct{})
	for range leakedThreads {
		go func() {
			runtime.LockOSThread()
			started <- struct{}{}
			select {}
		}()
		<-started
	}
}

// leakChild starts a helper and never asks it to end. The helper ends when it has read the
// last of its input: when the process at the other end of the pipe is gone.
func leakChild() {
	cat := exec.Command("cat")
	input := must(cat.StdinPipe())
	check(cat.Start())
	leaked.Lock()
	defer leaked.Unlock()
	leaked.pipes = append(leaked.pipes, input)
}

// takeMemory takes memory until the kernel ends a process of the server. The kernel is asked
// to take this process first, so that it is the same in each attempt.
func takeMemory() {
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0) // where it is forbidden, the largest one ends
	var taken [][]byte
	for range mostBlocks {
		taken = append(taken, bytes.Repeat([]byte{1}, leakBytes))
	}
	runtime.KeepAlive(taken)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func misbehave(nonce, name string, fault func()) {
	writeReceipt(nonce, name, "start")
	defer writeReceipt(nonce, name, "end") // also of a panic
	fault()
}

// app is the handler of all requests.
func app() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		nonce := r.URL.Query().Get("nonce")
		name, isFault := strings.CutPrefix(r.URL.Path, "/fault/")
		what := r.Method + " " + r.URL.Path
		switch {
		case what == "GET /ping":
			replyJSON(w, map[string]any{"token": attempt.Token, "pid": os.Getpid(), "tid": syscall.Gettid()})
		case !nonceForm.MatchString(nonce):
			http.NotFound(w, r)
		case what == "GET /victim":
			reply(w, pattern(nonce, victimBytes), victimBytes)
		case what == "GET /sleep":
			serveSleep(w, r, nonce)
		case what == "POST /upload":
			serveUpload(w, r, nonce)
		case what == "GET /download":
			serveDownload(w)
		case what == "GET /stream":
			serveStream(w, r, nonce)
		case r.Method == "GET" && isFault:
			serveFault(w, r, nonce, name)
		default:
			http.NotFound(w, r)
		}
	})
}

func serveSleep(w http.ResponseWriter, r *http.Request, nonce string) {
	ms, err := strconv.Atoi(r.URL.Query().Get("ms"))
	if err != nil || ms < 0 || ms > maxSleepMS {
		http.NotFound(w, r)
		return
	}
	misbehave(nonce, "sleep", func() { time.Sleep(time.Duration(ms) * time.Millisecond) })
	reply(w, pattern(nonce, victimBytes), victimBytes)
}

func serveUpload(w http.ResponseWriter, r *http.Request, nonce string) {
	digest := sha256.New()
	n, err := io.Copy(digest, r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	replyJSON(w, map[string]any{"nonce": nonce, "bytes": n, "sha256": hex.EncodeToString(digest.Sum(nil))})
}

// serveDownload answers with 16 MiB out of one block, so that only the server holds more of
// it.
func serveDownload(w http.ResponseWriter) {
	head(w, "application/octet-stream", downloadBlocks*len(downloadBlock))
	for range downloadBlocks {
		if _, err := w.Write(downloadBlock); err != nil {
			return // the client is gone
		}
	}
}

// serveStream answers without an end, a block each tenth of a second.
func serveStream(w http.ResponseWriter, r *http.Request, nonce string) {
	head(w, "text/plain", -1)
	for {
		if _, err := w.Write(pattern(nonce, victimBytes)); err != nil {
			return
		}
		w.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func serveFault(w http.ResponseWriter, r *http.Request, nonce, name string) {
	if fault, ok := brokenOff[name]; ok {
		head(w, "text/plain", -1)
		_, _ = w.Write(pattern(nonce, victimBytes))
		w.(http.Flusher).Flush()
		misbehave(nonce, name, fault)
		return
	}
	fault, ok := faults[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	misbehave(nonce, name, fault)
	switch name {
	case "big-response":
		reply(w, pattern(nonce, bigResponse), bigResponse)
	case "short-body": // the other half never comes
		reply(w, pattern(nonce, victimBytes), 2*victimBytes)
	case "long-body": // the other half comes nevertheless
		reply(w, pattern(nonce, 2*victimBytes), victimBytes)
	default:
		reply(w, pattern(nonce, victimBytes), victimBytes)
	}
}

func pattern(nonce string, size int) []byte {
	return []byte(strings.Repeat(nonce+"\n", size/(len(nonce)+1)+1)[:size])
}

func head(w http.ResponseWriter, kind string, length int) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("X-Benchrun-Pid", strconv.Itoa(os.Getpid()))
	if length >= 0 {
		w.Header().Set("Content-Length", strconv.Itoa(length))
	}
}

func reply(w http.ResponseWriter, body []byte, length int) {
	head(w, "text/plain", length)
	_, _ = w.Write(body) // an error is the client's, or the fault itself
}

func replyJSON(w http.ResponseWriter, value any) {
	text := must(json.Marshal(value))
	head(w, "application/json", len(text))
	_, _ = w.Write(text)
}
