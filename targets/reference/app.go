package reference

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"benchrun/internal/bench"
)

const (
	victimBytes = 1024
	maxSleep    = 60 * time.Second
	streamEvery = 100 * time.Millisecond // from one block of an endless answer to the next
)

var nonceShape = regexp.MustCompile(`^[0-9a-z-]{1,64}$`)

// app is the app of docs/contract.md, as one worker runs it. Only one goroutine uses it,
// on one thread.
type app struct {
	token    string
	receipts *receiptsFile
	faults   map[string]func() error
	breaks   map[string]func() error // faults that come in the middle of an answer
}

// upload is what the app must know of a request's body.
type upload struct {
	bytes  int64
	sha256 string // hex
}

// answer serves one request of docs/contract.md. For any other it returns a 404.
func (a *app) answer(q request, body upload) answer {
	query, err := url.ParseQuery(q.Query)
	if err != nil {
		return notFound()
	}
	if q.Method == http.MethodGet && q.Path == "/ping" {
		return a.json(map[string]any{"token": a.token, "pid": os.Getpid(), "tid": syscall.Gettid()})
	}
	nonce := query.Get("nonce")
	if !nonceShape.MatchString(nonce) {
		return notFound()
	}
	switch {
	case q.Method == http.MethodPost && q.Path == "/upload":
		return a.json(map[string]any{"nonce": nonce, "bytes": body.bytes, "sha256": body.sha256})
	case q.Method != http.MethodGet:
		return notFound()
	case q.Path == "/victim":
		return victim(nonce, victimBytes)
	case q.Path == "/download":
		block := bytes.Repeat([]byte("benchrun"), downloadBlock/len("benchrun"))
		return answer{Status: http.StatusOK, Type: "application/octet-stream", Body: block, Repeat: downloadBlocks}
	case q.Path == "/stream":
		return stream(nonce)
	case q.Path == "/sleep":
		ms, err := strconv.Atoi(query.Get("ms"))
		d := time.Duration(ms) * time.Millisecond
		if err != nil || d < 0 || d > maxSleep {
			return notFound()
		}
		return a.misbehave(nonce, "sleep", always(func() { time.Sleep(d) }))
	}
	name, isFault := strings.CutPrefix(q.Path, "/fault/")
	if fault := a.faults[name]; isFault && fault != nil {
		return a.misbehave(nonce, name, fault)
	}
	if fault := a.breaks[name]; isFault && fault != nil {
		return a.breakOff(nonce, name, fault)
	}
	return notFound()
}

// stream is an answer that never ends.
func stream(nonce string) answer {
	ans := victim(nonce, victimBytes)
	ans.Stream = true
	ans.rest = func(send func([]byte) error) error {
		for { // until nobody takes it any more
			time.Sleep(streamEvery)
			if err := send(ans.Body); err != nil {
				return err
			}
		}
	}
	ans.close = func() error { return nil }
	return ans
}

// breakOff is a stream of one block, and where the next one should come the fault does.
// The end receipt shows that the server tells the app when it is done.
func (a *app) breakOff(nonce, name string, fault func() error) answer {
	ans := victim(nonce, victimBytes)
	ans.Stream = true
	ans.rest = func(func([]byte) error) error {
		if err := a.receipts.write(nonce, name, syscall.Gettid(), bench.ReceiptStart); err != nil {
			return err
		}
		return fault()
	}
	ans.close = func() error { return a.receipts.write(nonce, name, syscall.Gettid(), bench.ReceiptEnd) }
	return ans
}

// misbehave runs a fault and writes its receipts before and after. If it cannot write the
// start receipt, it does not run the fault, because nothing would prove its delivery.
func (a *app) misbehave(nonce, name string, fault func() error) answer {
	tid := syscall.Gettid()
	if err := a.receipts.write(nonce, name, tid, bench.ReceiptStart); err != nil {
		return internalError(fmt.Errorf("start receipt of %s: %w", nonce, err))
	}
	failed := fault()
	if err := a.receipts.write(nonce, name, tid, bench.ReceiptEnd); err != nil {
		return internalError(fmt.Errorf("end receipt of %s: %w", nonce, err))
	}
	switch {
	case failed != nil:
		ans := internalError(fmt.Errorf("fault %s: %w", name, failed))
		ans.BrokenPipe, ans.exits = errors.Is(failed, syscall.EPIPE), errors.Is(failed, errExit)
		return ans
	case name == "big-response":
		return victim(nonce, bigResponseBytes)
	case name == "short-body":
		ans := victim(nonce, victimBytes)
		ans.Missing = victimBytes
		return ans
	case name == "long-body":
		ans := victim(nonce, 2*victimBytes)
		ans.Beyond = victimBytes
		return ans
	}
	return victim(nonce, victimBytes)
}

// victim is the ordinary answer: the nonce and a line feed, repeated and cut.
func victim(nonce string, size int) answer {
	body := bytes.Repeat([]byte(nonce+"\n"), size/(len(nonce)+1)+1)[:size]
	return answer{Status: http.StatusOK, Type: "text/plain; charset=utf-8", Body: body}
}

func (a *app) json(v any) answer {
	body, err := json.Marshal(v)
	if err != nil {
		return internalError(err)
	}
	return answer{Status: http.StatusOK, Type: "application/json", Body: body}
}

func notFound() answer {
	return text(http.StatusNotFound, "not found")
}

func internalError(err error) answer {
	return text(http.StatusInternalServerError, err.Error())
}

func text(status int, line string) answer {
	return answer{Status: status, Type: "text/plain; charset=utf-8", Body: []byte(line + "\n")}
}
