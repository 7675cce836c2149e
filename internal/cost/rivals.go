package cost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// vegeta attacks like the victims: the same rate, a fresh connection for each
// request. It gives the CPU time of a request in µs. Its results are written
// and counted afterwards, as its users do.
func (l *Lab) vegeta(ctx context.Context, path, url string, rate int) (a attacked, perRequest float64, err error) {
	results := filepath.Join(l.Dir, "vegeta.bin")
	_, cpu, err := run(ctx, "GET "+url+"\n", path, "attack", "-keepalive=false",
		"-rate="+strconv.Itoa(rate), "-duration="+l.Scale.Attack.String(), "-output="+results)
	if err != nil {
		return a, 0, err
	}
	report, _, err := run(ctx, "", path, "report", "-type=json", results)
	if err != nil {
		return a, 0, err
	}
	if a, err = vegetaServed(report); err != nil {
		return a, 0, err
	}
	return a, microseconds(cpu, a.Sent), nil
}

// vegetaServed reads the requests from vegeta's JSON report.
func vegetaServed(report []byte) (attacked, error) {
	var r struct {
		Requests int            `json:"requests"`
		Codes    map[string]int `json:"status_codes"`
	}
	if err := json.Unmarshal(report, &r); err != nil {
		return attacked{}, fmt.Errorf("vegeta's report: %w", err)
	}
	if r.Requests == 0 {
		return attacked{}, errors.New("vegeta made no request")
	}
	return attacked{Requests: r.Requests, Sent: r.Requests, OK: r.Codes["200"]}, nil
}

// wrkPause is how long a connection of wrk waits, on average, where wrk is to
// keep a rate.
const wrkPause = 20 * time.Millisecond

// wrkPaced makes wrk wait before each request. Its connections wait for
// different times, as they would otherwise all ask at once.
var wrkPaced = fmt.Sprintf("function delay() return math.random(%d, %d) end\n", wrkPause.Milliseconds()/2, wrkPause.Milliseconds()*3/2)

// wrk asks with a fresh connection for each request. It knows no rate: with one,
// as many connections as make it wait between their requests, and with 0 four ask
// as fast as they can, for half as long. It gives the CPU time of a request in µs.
func (l *Lab) wrk(ctx context.Context, path, url string, rate int) (a attacked, perRequest float64, err error) {
	length, connections := l.Scale.Attack/2, 4
	args := []string{"--threads=1", "--header=Connection: close"}
	if rate > 0 {
		length, connections = l.Scale.Attack, max(1, rate*int(wrkPause.Milliseconds())/1000)
		script := filepath.Join(l.Dir, "wrk.lua")
		if err := os.WriteFile(script, []byte(wrkPaced), 0o644); err != nil { //nolint:gosec // nothing to hide
			return a, 0, err
		}
		args = append(args, "--script="+script)
	}
	length = max(time.Second, length).Round(time.Second) // wrk knows whole seconds only
	args = append(args, "--connections="+strconv.Itoa(connections), "--duration="+strconv.Itoa(int(length.Seconds()))+"s", url)
	out, cpu, err := run(ctx, "", path, args...)
	if err != nil {
		return a, 0, err
	}
	if a, err = wrkServed(out); err != nil {
		return a, 0, err
	}
	return a, microseconds(cpu, a.Sent), nil
}

var (
	wrkRequests = regexp.MustCompile(`(?m)^\s*(\d+) requests in `)
	wrkLost     = regexp.MustCompile(`Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)`)
	wrkOther    = regexp.MustCompile(`Non-2xx or 3xx responses: (\d+)`)
)

// wrkServed reads the requests from what wrk prints. It counts socket errors
// beside the requests.
func wrkServed(out []byte) (attacked, error) {
	m := wrkRequests.FindSubmatch(out)
	if m == nil || atoi(m[1]) == 0 {
		return attacked{}, fmt.Errorf("wrk made no request: %.200q", out)
	}
	a := attacked{Requests: atoi(m[1]), Sent: atoi(m[1]), OK: atoi(m[1])}
	if m := wrkOther.FindSubmatch(out); m != nil {
		a.OK -= atoi(m[1])
	}
	if m := wrkLost.FindSubmatch(out); m != nil {
		for _, digits := range m[1:] {
			a.Requests += atoi(digits)
			a.Sent += atoi(digits)
		}
	}
	return a, nil
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
