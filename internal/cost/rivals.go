package cost

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// vegeta attacks like the victims: the same rate, a fresh connection for each
// request. It gives the CPU time of a request in µs. Its results are written
// and counted afterwards, as its users do.
func (l *Lab) vegeta(ctx context.Context, path, url string) (float64, error) {
	results := filepath.Join(l.Dir, "vegeta.bin")
	_, cpu, err := run(ctx, "GET "+url+"\n", path, "attack", "-keepalive=false",
		"-rate="+strconv.Itoa(victimRate), "-duration="+l.Scale.Attack.String(), "-output="+results)
	if err != nil {
		return 0, err
	}
	report, _, err := run(ctx, "", path, "report", "-type=json", results)
	if err != nil {
		return 0, err
	}
	n, err := vegetaServed(report)
	if err != nil {
		return 0, err
	}
	return microseconds(cpu, n), nil
}

// rivalsMayLose is the share of a rival's requests that may fail before its
// figure says nothing.
const rivalsMayLose = 0.05

// vegetaServed is the number of requests in vegeta's JSON report. It fails where
// too many of them were not answered.
func vegetaServed(report []byte) (int, error) {
	var r struct {
		Requests int      `json:"requests"`
		Success  float64  `json:"success"`
		Errors   []string `json:"errors"`
	}
	if err := json.Unmarshal(report, &r); err != nil {
		return 0, fmt.Errorf("vegeta's report: %w", err)
	}
	if r.Requests == 0 || r.Success < 1-rivalsMayLose {
		return 0, fmt.Errorf("vegeta had %.1f %% of %d requests answered: %q", 100*r.Success, r.Requests, r.Errors)
	}
	return r.Requests, nil
}

// wrk asks as fast as it can, a fresh connection for each request, for half as
// long. It gives the CPU time of a request in µs.
func (l *Lab) wrk(ctx context.Context, path, url string) (float64, error) {
	length := max(time.Second, l.Scale.Attack/2).Round(time.Second) // wrk knows whole seconds only
	out, cpu, err := run(ctx, "", path, "--threads=1", "--connections="+strconv.Itoa(wrkConnections),
		"--duration="+strconv.Itoa(int(length.Seconds()))+"s", "--header=Connection: close", url)
	if err != nil {
		return 0, err
	}
	n, err := wrkServed(out)
	if err != nil {
		return 0, err
	}
	return microseconds(cpu, n), nil
}

var (
	wrkRequests = regexp.MustCompile(`(?m)^\s*(\d+) requests in `)
	wrkLost     = regexp.MustCompile(`Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)`)
	wrkOther    = regexp.MustCompile(`Non-2xx or 3xx responses: (\d+)`)
)

// wrkServed is the number of requests in what wrk prints. It fails where too
// many of them were not answered.
func wrkServed(out []byte) (int, error) {
	m := wrkRequests.FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("wrk printed no number of requests: %.200q", out)
	}
	n, lost := atoi(m[1]), 0
	for _, m := range [][][]byte{wrkLost.FindSubmatch(out), wrkOther.FindSubmatch(out)} {
		for _, digits := range m[min(1, len(m)):] {
			lost += atoi(digits)
		}
	}
	if n == 0 || float64(lost) > rivalsMayLose*float64(n) {
		return 0, fmt.Errorf("wrk lost %d of %d requests", lost, n)
	}
	return n, nil
}

func atoi(digits []byte) int {
	n, _ := strconv.Atoi(string(digits)) // the expression matched digits
	return n
}

// slowPace is the pace at which slow clients are compared: slowhttptest knows
// whole seconds only. A piece of it is at most slowPiece bytes.
const (
	slowPace  = time.Second
	slowPiece = 32
)

// slowHTTPTest is the command line for a crowd in one of its modes: "-B" sends
// a body slowly, "-H" a head.
func (l *Lab) slowHTTPTest(mode, addr string, pace time.Duration) []string {
	whole := l.Scale.Hold + l.ramp() + time.Minute
	return []string{mode, "-c", strconv.Itoa(l.Scale.Crowd), "-r", strconv.Itoa(l.Scale.Arrivals),
		"-i", strconv.Itoa(int(pace.Seconds())), "-l", strconv.Itoa(int(whole.Seconds())), "-x", strconv.Itoa(slowPiece),
		"-s", "1000000", "-p", "600", "-v", "0", "-u", "http://" + addr + "/upload?nonce=s"}
}
