package checkserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"benchrun/clients"
	"benchrun/internal/bench"
	"benchrun/internal/place"
	"benchrun/targets"
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
func (c *Check) ordinary(ctx context.Context) (up bool, err error) {
	c.begin("boot")
	err = c.Host.Elsewhere(func() error {
		up, err = c.ordinaryOnce(ctx)
		return err
	})
	return up, err
}

func (c *Check) ordinaryOnce(ctx context.Context) (up bool, err error) {
	p, err := place.Open(ctx, c.Host, c.Target, place.Options{Clock: bench.NewClock(), Journal: &place.Journal{}, LogPath: c.LogPath})
	if err != nil {
		return false, err
	}
	defer func() {
		if cerr := p.Close(ctx); cerr != nil && err == nil {
			err = fmt.Errorf("cleaning up after %s: %w", c.Target.Server.Name, cerr)
		}
	}()
	boot, err := p.Ready(ctx, place.BootPatience)
	if err != nil {
		return false, err
	}
	expected := fmt.Sprintf("answers within %.0f s, from %d workers", place.BootPatience.Seconds(), p.Workers())
	if !boot.Ready {
		c.report("boot", expected, "", lastWords(boot))
		return false, nil
	}
	problem := ""
	seen := fmt.Sprintf("after %.1f s, from %d", boot.Seconds, boot.WorkersSeen)
	if boot.WorkersSeen < p.Workers() {
		problem = seen + " workers only"
	}
	if problem == "" {
		problem = servedOtherwise(c.Target.Server.WhoServes(c.Target.Profile), slices.Contains(boot.PIDs, p.Leader()))
	}
	c.report("boot", expected, seen, problem)
	for _, ask := range c.asks() {
		c.begin(ask.check)
		if ask.do(ctx, p); ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
	}
	c.receipts(p)
	for _, took := range notes(p.Record(), bench.MarkDiskCap) {
		c.report("disk", fmt.Sprintf("files of %d MiB at most", c.Host.Limits.DiskBytes>>20), "", took+", where benchrun ended it")
	}
	return true, ctx.Err()
}

// servedOtherwise says that other processes answer than the server file says; "" = they
// do not.
func servedOtherwise(said targets.Serving, leader bool) string {
	switch {
	case said == targets.ServingChildren && leader:
		return "the first process itself answers, and the file says serving: children"
	case said == targets.ServingLeader && !leader:
		return "the first process does not answer, and the file says serving: leader"
	}
	return ""
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

func (c *Check) ping(ctx context.Context, p *place.Place) {
	const expected = "200, application/json, this attempt's token, pid and tid"
	status, body, header, err := clients.Ask(ctx, p.Addr(), "/ping", checkTimeout)
	var said clients.PingAnswer
	var problem string
	switch {
	case err != nil:
		problem = err.Error()
	case status != http.StatusOK:
		problem = clients.Answered(status, body)
	case !clients.IsJSON(header):
		problem = fmt.Sprintf("Content-Type %q", header.Get("Content-Type"))
	case json.Unmarshal(body, &said) != nil:
		problem = "no JSON"
	case said.Token != p.Token():
		problem = "another token"
	case said.PID <= 0 || said.TID <= 0:
		problem = fmt.Sprintf("pid %d, tid %d", said.PID, said.TID)
	}
	c.report("/ping", expected, fmt.Sprintf("pid %d, tid %d", said.PID, said.TID), problem)
}

// victim tries nonces of the shortest and the greatest length.
func (c *Check) victim(_ context.Context, p *place.Place) {
	for _, nonce := range []string{"a", strings.Repeat("z-9", 21) + "0"} {
		got := clients.AskVictim(p.Addr(), nonce, bench.StandardLoad)
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
func (c *Check) sleep(ctx context.Context, p *place.Place) {
	const nonce = "check-sleep"
	p.Expect(nonce)
	began := p.Clock().Now()
	status, body, header, err := clients.Ask(ctx, p.Addr(), fmt.Sprintf("/sleep?nonce=%s&ms=%d", nonce, checkNap.Milliseconds()), checkTimeout)
	took := time.Duration(p.Clock().Now() - began)
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

	start, ok1 := awaitReceipt(ctx, p, nonce, bench.ReceiptStart)
	end, ok2 := awaitReceipt(ctx, p, nonce, bench.ReceiptEnd)
	problem = ""
	switch {
	case !ok1 || !ok2:
		problem = fmt.Sprintf("start %v, end %v", ok1, ok2)
	case start.Fault != "sleep" || end.Fault != "sleep":
		problem = fmt.Sprintf("fault %q and %q", start.Fault, end.Fault)
	case start.PID != clients.WorkerPID(header) || end.PID != start.PID || start.TID <= 0:
		problem = fmt.Sprintf("pids %d and %d, tid %d; the answer came from pid %d", start.PID, end.PID, start.TID, clients.WorkerPID(header))
	case start.T < began || time.Duration(end.T-start.T) < checkNap:
		problem = fmt.Sprintf("times %d ms and %d ms after the request", (start.T-began)/1e6, (end.T-began)/1e6)
	}
	c.report("/sleep receipts", "start and end, by the pid that answered", "both", problem)
}

func (c *Check) upload(ctx context.Context, p *place.Place) {
	problem := ""
	if err := clients.AskUpload(ctx, p.Addr(), "check-upload", checkTimeout); err != nil {
		problem = err.Error()
	}
	c.report("/upload", "200, application/json, nonce, bytes, sha256", "all of it, for 1,000,000 bytes", problem)
}

// largeUpload sends what the family of that name does. A server may have a
// limit and say so, in a whole answer of 4xx: that differs, and is what the
// family is there to measure.
func (c *Check) largeUpload(ctx context.Context, p *place.Place) {
	var body []byte
	got := c.provoke(ctx, p, clients.LargeUpload(), "check-large-upload", func(b []byte) { body = b })
	c.On(uploadResult(got, body))
}

func uploadResult(got bench.Sample, body []byte) Result {
	f := Result{Check: "/upload, large", Expected: "the same, for 20,000,000 bytes", Seen: "all of it, " + took(got), Verdict: OK}
	switch problem := wrongAnswer(got, http.StatusOK); {
	case got.Outcome == bench.Completed && got.Status != http.StatusOK:
		f.Seen, f.Verdict = clients.Answered(got.Status, body)+", "+took(got), Failed
		if got.Status >= 400 && got.Status < 500 {
			f.Seen, f.Verdict = "refused: "+f.Seen, Differs
		}
	case problem != "":
		f.Seen, f.Verdict = problem, Failed
	}
	return f
}

func (c *Check) download(ctx context.Context, p *place.Place) {
	problem := ""
	if err := clients.AskDownload(ctx, p.Addr(), "check-download", loadPatience); err != nil {
		problem = err.Error()
	}
	c.report("/download", "200, application/octet-stream, 16,777,216 bytes, Content-Length", "all of it, every byte right", problem)
}

// stream reads the beginning of the endless answer, of a launch of its own: an app may still
// work on that answer when its client has left, and the stop is to be that of an idle server.
func (c *Check) stream(ctx context.Context) error {
	c.begin("/stream")
	return c.Host.Use(ctx, c.Target, c.LogPath, func(p *place.Place) {
		c.On(streamResult(clients.AskStream(ctx, p.Addr(), "check-stream", checkTimeout)))
	}, func() {
		c.On(Result{Check: "/stream", Expected: "three blocks", Seen: "a second launch did not come up"})
	})
}

// streamResult judges the endless answer. A server that collects an answer before it sends
// any of it can be told apart by its silence: that differs.
func streamResult(err error) Result {
	f := Result{
		Check: "/stream", Expected: "200, text/plain, no Content-Length, blocks like the body of /victim",
		Seen: "three blocks, every byte right", Verdict: OK,
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		f.Verdict, f.Seen = Differs, fmt.Sprintf("nothing of it within %.0f s: %v", checkTimeout.Seconds(), err)
	case err != nil:
		f.Verdict, f.Seen = Failed, err.Error()
	}
	return f
}

// absent asks for what is not in the contract.
func (c *Check) absent(ctx context.Context, p *place.Place) {
	paths := []string{"/", "/no-such-path", "/victim", "/victim?nonce=UPPER", "/sleep?nonce=a&ms=60001", "/fault/no-such-fault?nonce=a"}
	var wrong []string
	for _, path := range paths {
		status, _, _, err := clients.Ask(ctx, p.Addr(), path, checkTimeout)
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
func (c *Check) receipts(p *place.Place) {
	problem, lines := "", 0
	rec := p.Record()
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
func awaitReceipt(ctx context.Context, p *place.Place, nonce string, event bench.ReceiptEvent) (r bench.Receipt, ok bool) {
	poll(ctx, checkWait, func() bool {
		r, ok = p.Server(nonce, event)
		return ok
	})
	return r, ok
}

// awaitDeath waits until the observer has seen a process die. A crash has all the time that
// an answer has: nothing says how soon it must come.
func awaitDeath(ctx context.Context, p *place.Place, pid int) bool {
	return poll(ctx, checkTimeout, func() bool { return len(p.Living([]int{pid})) == 0 })
}

// poll asks until the answer is yes, ctx ends or so much time is over.
func poll(ctx context.Context, most time.Duration, yes func() bool) bool {
	for deadline := time.Now().Add(most); ctx.Err() == nil; bench.Sleep(ctx, 20*time.Millisecond) {
		if yes() {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
	}
	return false
}

// notes are what the marks of a name say.
func notes(rec *bench.Record, name bench.MarkName) (said []string) {
	for _, m := range rec.Marks {
		if m.Name == name {
			said = append(said, m.Note)
		}
	}
	return said
}
