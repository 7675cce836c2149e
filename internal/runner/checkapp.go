package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
)

// How long single requests of a check may take, and how long a check waits for
// what an app or the kernel says about them.
const (
	checkTimeout = 10 * time.Second
	checkNap     = 300 * time.Millisecond
	checkWait    = 3 * time.Second
	checkHeld    = time.Second // a wedge that lasts as long as this holds
)

// ordinary boots the target, sends it what ordinary clients send, and ends it.
// It tells whether it came up at all.
func (c *ServerCheck) ordinary(ctx context.Context) (up bool, err error) {
	c.begin("boot")
	err = c.Lab.elsewhere(func() error {
		up, err = c.ordinaryOnce(ctx)
		return err
	})
	return up, err
}

func (c *ServerCheck) ordinaryOnce(ctx context.Context) (up bool, err error) {
	s, err := newStage(ctx, c.Lab, c.Target, bench.NewClock(), &collector{}, 0, c.LogPath)
	if err != nil {
		return false, err
	}
	defer func() {
		if cerr := s.close(ctx); cerr != nil && err == nil {
			err = fmt.Errorf("cleaning up after %s: %w", c.Target.Server.Name, cerr)
		}
	}()
	boot, err := s.ready(ctx, probeBoot)
	if err != nil {
		return false, err
	}
	expected := fmt.Sprintf("answers within %.0f s, from %d workers", probeBoot.Seconds(), s.workers)
	if !boot.Ready {
		c.report("boot", expected, "", lastWords(boot))
		return false, nil
	}
	problem := ""
	seen := fmt.Sprintf("after %.1f s, from %d", boot.Seconds, boot.WorkersSeen)
	if boot.WorkersSeen < s.workers {
		problem = seen + " workers only"
	}
	c.report("boot", expected, seen, problem)
	for _, ask := range c.asks() {
		c.begin(ask.check)
		if ask.do(ctx, s); ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
	}
	c.receipts(s)
	for _, took := range notes(s.col.snapshot(), bench.MarkDiskCap) {
		c.report("disk", fmt.Sprintf("files of %d MiB at most", c.Lab.Limits.DiskBytes>>20), "", took+", where benchrun ended it")
	}
	return true, ctx.Err()
}

// lastWords says why a server did not come up.
func lastWords(b bench.Boot) string {
	text := b.Note
	if b.Exited != nil {
		text += " (" + exitWords(*b.Exited) + ")"
	}
	if lines := strings.Split(b.LogTail, "\n"); lines[len(lines)-1] != "" {
		text += "; it said: " + lines[len(lines)-1]
	}
	return text
}

func (c *ServerCheck) ping(ctx context.Context, s *stage) {
	const expected = "200, application/json, this attempt's token, pid and tid"
	status, body, header, err := clients.Ask(ctx, s.addr, "/ping", checkTimeout)
	var p clients.PingAnswer
	var problem string
	switch {
	case err != nil:
		problem = err.Error()
	case status != http.StatusOK:
		problem = clients.Answered(status, body)
	case !clients.IsJSON(header):
		problem = fmt.Sprintf("Content-Type %q", header.Get("Content-Type"))
	case json.Unmarshal(body, &p) != nil:
		problem = "no JSON"
	case p.Token != s.token:
		problem = "another token"
	case p.PID <= 0 || p.TID <= 0:
		problem = fmt.Sprintf("pid %d, tid %d", p.PID, p.TID)
	}
	c.report("/ping", expected, fmt.Sprintf("pid %d, tid %d", p.PID, p.TID), problem)
}

// victim tries nonces of the shortest and the greatest length.
func (c *ServerCheck) victim(_ context.Context, s *stage) {
	for _, nonce := range []string{"a", strings.Repeat("z-9", 21) + "0"} {
		got := clients.AskVictim(s.addr, nonce, bench.StandardLoad)
		problem := ""
		switch {
		case got.Outcome != bench.OK:
			problem = strings.TrimSuffix(fmt.Sprintf("%s (%d): %s", got.Outcome, got.Status, got.Error), ": ")
		case got.Status != http.StatusOK || got.PID <= 0:
			problem = fmt.Sprintf("status %d, pid %d", got.Status, got.PID)
		}
		c.report(fmt.Sprintf("/victim, nonce of %d", len(nonce)), fmt.Sprintf("200, %s, %d bytes of it", clients.PIDHeader, clients.VictimSize),
			fmt.Sprintf("all of it, from pid %d", got.PID), problem)
	}
}

// sleep looks at the answer, its time and both receipts.
func (c *ServerCheck) sleep(ctx context.Context, s *stage) {
	const nonce = "check-sleep"
	s.asked.add(nonce)
	began := s.clock.Now()
	status, body, header, err := clients.Ask(ctx, s.addr, fmt.Sprintf("/sleep?nonce=%s&ms=%d", nonce, checkNap.Milliseconds()), checkTimeout)
	took := time.Duration(s.clock.Now() - began)
	problem := ""
	if err == nil {
		err = clients.CheckEcho(nonce, status, body, header)
	}
	switch {
	case err != nil:
		problem = err.Error()
	case took < checkNap:
		problem = fmt.Sprintf("answered after %d ms", took.Milliseconds())
	}
	c.report("/sleep", fmt.Sprintf("like /victim, after %d ms", checkNap.Milliseconds()), fmt.Sprintf("after %d ms", took.Milliseconds()), problem)

	start, ok1 := s.awaitReceipt(ctx, nonce, bench.ReceiptStart)
	end, ok2 := s.awaitReceipt(ctx, nonce, bench.ReceiptEnd)
	problem = ""
	switch {
	case !ok1 || !ok2:
		problem = fmt.Sprintf("start %v, end %v", ok1, ok2)
	case start.Fault != "sleep" || end.Fault != "sleep":
		problem = fmt.Sprintf("fault %q and %q", start.Fault, end.Fault)
	case start.PID != workerPID(header) || end.PID != start.PID || start.TID <= 0:
		problem = fmt.Sprintf("pids %d and %d, tid %d; the answer came from pid %d", start.PID, end.PID, start.TID, workerPID(header))
	case start.T < began || time.Duration(end.T-start.T) < checkNap:
		problem = fmt.Sprintf("times %d ms and %d ms after the request", (start.T-began)/1e6, (end.T-began)/1e6)
	}
	c.report("/sleep receipts", "start and end, by the pid that answered", "both", problem)
}

func (c *ServerCheck) upload(ctx context.Context, s *stage) {
	problem := ""
	if err := clients.AskUpload(ctx, s.addr, "check-upload", checkTimeout); err != nil {
		problem = err.Error()
	}
	c.report("/upload", "200, application/json, nonce, bytes, sha256", "all of it, for 1,000,000 bytes", problem)
}

// largeUpload sends what the family of that name does. A server may have a
// limit and say so, in a whole answer of 4xx: that differs, and is what the
// family is there to measure.
func (c *ServerCheck) largeUpload(ctx context.Context, s *stage) {
	var body []byte
	got := c.provoke(ctx, s, clients.LargeUpload(), "check-large-upload", func(b []byte) { body = b })
	c.On(uploadFinding(got, body))
}

func uploadFinding(got bench.Sample, body []byte) Finding {
	f := Finding{Check: "/upload, large", Expected: "the same, for 20,000,000 bytes", Seen: "all of it, " + took(got), Verdict: FindingOK}
	switch problem := wrongAnswer(got); {
	case got.Outcome == bench.Completed && got.Status != http.StatusOK:
		f.Seen, f.Verdict = clients.Answered(got.Status, body)+", "+took(got), FindingFailed
		if got.Status >= 400 && got.Status < 500 {
			f.Seen, f.Verdict = "refused: "+f.Seen, FindingDiffers
		}
	case problem != "":
		f.Seen, f.Verdict = problem, FindingFailed
	}
	return f
}

func (c *ServerCheck) download(ctx context.Context, s *stage) {
	problem := ""
	if err := clients.AskDownload(ctx, s.addr, "check-download", loadPatience); err != nil {
		problem = err.Error()
	}
	c.report("/download", "200, application/octet-stream, 16,777,216 bytes, Content-Length", "all of it, every byte right", problem)
}

// absent asks for what is not in the contract.
func (c *ServerCheck) absent(ctx context.Context, s *stage) {
	paths := []string{"/", "/no-such-path", "/victim", "/victim?nonce=UPPER", "/sleep?nonce=a&ms=60001", "/fault/no-such-fault?nonce=a"}
	var wrong []string
	for _, path := range paths {
		status, _, _, err := clients.Ask(ctx, s.addr, path, checkTimeout)
		switch {
		case err != nil:
			wrong = append(wrong, err.Error())
		case status != http.StatusNotFound:
			wrong = append(wrong, fmt.Sprintf("%s: %d", path, status))
		}
	}
	c.report("anything else", "404", fmt.Sprintf("404 for %d paths", len(paths)), strings.Join(wrong, "; "))
}

// receipts looks whether anything else stands in the receipts file.
func (c *ServerCheck) receipts(s *stage) {
	problem, lines := "", 0
	rec := s.col.snapshot()
	for _, m := range rec.Marks {
		if m.Name == bench.MarkBadReceipt {
			problem = "this is none: " + m.Note
		}
	}
	for _, r := range rec.Receipts {
		if r.Event == bench.ReceiptStart || r.Event == bench.ReceiptEnd {
			lines++
		}
	}
	c.report("receipts file", "nothing but receipts", fmt.Sprintf("%d receipts", lines), problem)
}

// awaitReceipt waits for a receipt of the app.
func (s *stage) awaitReceipt(ctx context.Context, nonce string, event bench.ReceiptEvent) (r bench.Receipt, ok bool) {
	poll(ctx, func() bool {
		for _, r = range s.col.snapshot().Receipts {
			if r.Nonce == nonce && r.Event == event {
				ok = true
				return true
			}
		}
		return false
	})
	return r, ok
}

// awaitDeath waits until the observer has seen a process die.
func (s *stage) awaitDeath(ctx context.Context, pid int) bool {
	return poll(ctx, func() bool {
		for _, e := range s.col.snapshot().Procs {
			if e.PID == pid && e.Event == bench.Died {
				return true
			}
		}
		return false
	})
}

// poll asks until the answer is yes, ctx ends or checkWait is over.
func poll(ctx context.Context, yes func() bool) bool {
	for deadline := time.Now().Add(checkWait); ctx.Err() == nil; sleep(ctx, 20*time.Millisecond) {
		if yes() {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
	}
	return false
}
