package clients

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"benchrun/internal/bench"
)

// pingTimeout limits a Ping whose context has no earlier deadline.
const pingTimeout = 2 * time.Second

// Ask sends one GET for path (with its query) to addr (host:port), on a connection of
// its own, reads the whole answer and closes the connection. Some servers answer in
// several packets, and some keep a worker waiting until the peer closes. timeout limits
// all of it. Any complete answer is a success, whatever its status; body holds at most
// 64 KiB of it. An error says what was missing.
func Ask(ctx context.Context, addr, path string, timeout time.Duration) (status int, body []byte, header http.Header, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	conn, err := dial(ctx, addr, time.Time{})
	if err != nil {
		return 0, nil, nil, fmt.Errorf("GET %s: %w", path, err)
	}
	defer endWith(ctx, conn)()
	_, _ = conn.Write(getRequest(path, addr)) // if this failed, reading will say why
	a := readAnswer(conn, bufio.NewReader(nil), make([]byte, maxBody))
	if a.fate != whole {
		return a.status, a.body, a.header, fmt.Errorf("GET %s: %s: %w", path, a.fate, a.err)
	}
	return a.status, a.body, a.header, nil
}

// PingAnswer is an app's answer to GET /ping.
type PingAnswer struct {
	Token string `json:"token"` // of the attempt, from attempt.json
	PID   int    `json:"pid"`   // as the process itself sees it
	TID   int    `json:"tid"`
}

// Ping asks the app at addr (host:port) which process answers. It returns an error if
// there is no answer within 2 s, if the status is not 200, or if the answer names no
// process.
func Ping(ctx context.Context, addr string) (PingAnswer, error) {
	status, body, _, err := Ask(ctx, addr, "/ping", pingTimeout)
	if err != nil {
		return PingAnswer{}, err
	}
	if status != http.StatusOK {
		return PingAnswer{}, fmt.Errorf("GET /ping: status %d", status)
	}
	var p PingAnswer
	if err := json.Unmarshal(body, &p); err != nil {
		return PingAnswer{}, fmt.Errorf("GET /ping: %w", err)
	}
	if p.PID <= 0 || p.Token == "" {
		return PingAnswer{}, fmt.Errorf("GET /ping: no pid or no token in %q", bench.Excerpt(string(body)))
	}
	return p, nil
}

// WorkerPID is the pid of the process that answered, from the answer's head; 0 = the head
// has none.
func WorkerPID(head http.Header) int {
	pid, err := strconv.Atoi(head.Get(PIDHeader))
	if err != nil {
		return 0
	}
	return pid
}
